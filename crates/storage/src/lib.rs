//! Where bytes are kept.
//!
//! ```text
//! events::log ─┐
//!              ├─▶ disk::Disk ─▶ RealDisk (a folder)  or  FaultDisk (memory, faults on demand)
//! snapshots ───┘
//! prices shared between processes ─▶ cache::Cache ─▶ MemoryCache  or  RedisCache (a server)
//! ```
//!
//! Nothing above this crate opens a file by itself, so every way in which a disk can fail can be
//! played through in a test. Knows nothing of what the bytes mean. Start reading at [`mod@disk`] for
//! what must survive, at [`mod@cache`] for what may be lost.

pub mod cache;
pub mod disk;
