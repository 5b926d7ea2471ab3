//! Where bytes are kept.
//!
//! ```text
//! events::log ─┐
//!              ├─▶ disk::Disk ─▶ RealDisk (a folder)  or  FaultDisk (memory, faults on demand)
//! snapshots ───┘
//! ```
//!
//! Nothing above this crate opens a file by itself, so every way in which a disk can fail can be
//! played through in a test. Knows nothing of what the bytes mean. Start reading at [`mod@disk`].

pub mod disk;
