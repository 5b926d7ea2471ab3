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
//! [`Log`] is the contract, [`FileLog`] the embedded backend, drawn above; `KafkaLog` (feature `kafka`)
//! is the other, on brokers; [`open`] chooses by URL. [`ReadLog`] is its half for readers: [`FollowedLog`]
//! reads the files of another process, and [`wire`] carries what a reader is answered to a third. `conformance.rs` holds what every backend must
//! pass. Acknowledged means on disk, or on all in-sync replicas. A batch repeated under the same [`Stamp`] is
//! appended once, across restarts too. Readers never see what is not yet durable.
//!
//! What goes wrong with files and what then happens:
//! - **torn tail** (a crash in the middle of a write): cut at opening, told by [`FileLog::report`];
//! - **damage in the middle**: those offsets are refused with [`LogError::Lost`], which names offsets
//!   and bytes; everything else is served;
//! - **full, read-only or failing disk**: appending fails with [`LogError::Stopped`], reading goes
//!   on, and the next append after [`LogSettings::retry_ms`] tries again.
//!
//! It does not know what records mean. Files do not copy themselves to other machines: whoever must not
//! lose a disk puts the log on Kafka.

pub mod batch;
mod commit;
mod contract;
mod error;
mod file;
mod followed;
mod index;
#[cfg(feature = "kafka")]
mod kafka;
mod partition;
mod place;
mod scan;
mod segment;
mod settings;
mod topic_writer;
mod view;
pub mod wire;
mod writers;

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod tests;

pub use batch::{Batch, BatchError, Compression, Header, Record, Stamp};
pub use contract::{
    Answer, Appended, Appending, Fetched, Log, ReadLog, StoredBatch, TopicPartition,
};
pub use error::{LogError, Lost};
pub use file::{FileLog, LogReport, TornTail};
pub use followed::FollowedLog;
#[cfg(feature = "kafka")]
pub use kafka::KafkaLog;
pub use place::{KafkaPlace, PlaceError, open, open_at};
pub use settings::{KafkaSettings, LogSettings};
pub use topic_writer::TopicWriter;
