//! The durable log: batches of records by topic and partition.
//!
//! ```text
//! append ─ Batch::encode ─▶ queue ─▶ one thread: place, write, one sync a group ─▶ acknowledged
//!                                        │
//!                 segments of Kafka record batches on a Disk, a sparse index of offset and time
//!                                        │
//! read, offset_at ◀── only what is durable, each checksum compared again
//! ```
//!
//! [`Log`] is the contract, [`FileLog`] the embedded backend; `conformance.rs` holds what every
//! backend must pass. Acknowledged means on disk. A batch repeated under the same [`Stamp`] is
//! appended once, across restarts too. Readers never see what is not yet durable.
//!
//! What goes wrong and what then happens:
//! - **torn tail** (a crash in the middle of a write): cut at opening, told by [`FileLog::report`];
//! - **damage in the middle**: those offsets are refused with [`LogError::Lost`], which names offsets
//!   and bytes; everything else is served;
//! - **full, read-only or failing disk**: appending fails with [`LogError::Stopped`], reading goes
//!   on, and the next append after [`LogSettings::retry_ms`] tries again.
//!
//! It does not know what records mean, and does not copy itself to other machines: a region puts
//! its topics on Kafka.

pub mod batch;
mod commit;
mod contract;
mod error;
mod file;
mod index;
mod partition;
mod scan;
mod segment;
mod settings;
mod view;
mod writers;

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod tests;

pub use batch::{Batch, BatchError, Compression, Header, Record, Stamp};
pub use contract::{Answer, Appended, Appending, Fetched, Log, StoredBatch, TopicPartition};
pub use error::{LogError, Lost};
pub use file::{FileLog, LogReport, TornTail};
pub use settings::LogSettings;
