//! What can go wrong with a log, for people and machines.

use std::fmt;
use std::io;
use std::ops::Range;
use std::time::Duration;

use runtime::{Blame, Fault, Retry};
use thiserror::Error;

use super::batch::BatchError;

/// A range of offsets that cannot be served any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The offsets: reading can go on at the end of the range.
    pub offsets: Range<u64>,
    /// The file, within the log's folder.
    pub file: String,
    /// The bytes of the file that are damaged; empty if they are not there at all.
    pub bytes: Range<u64>,
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { offsets, file, bytes } = self;
        write!(
            f,
            "offsets {}..{} are lost (bytes {}..{} of {file})",
            offsets.start, offsets.end, bytes.start, bytes.end
        )
    }
}

/// The log did not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LogError {
    /// The batch cannot be appended by anyone.
    #[error("not a batch to append: {0}")]
    Batch(#[from] BatchError),
    /// A topic's name or number is not allowed.
    #[error("not a topic and partition: {0}")]
    Name(String),
    /// No further partition is allowed.
    #[error("more than {0} partitions")]
    TooManyPartitions(u64),
    /// The queue of batches waiting to become durable is full.
    #[error("too many batches wait to become durable")]
    Busy,
    /// Disk or brokers take nothing at present; nothing is acknowledged, reading goes on.
    #[error("the log takes nothing at present: {reason}")]
    Stopped {
        /// What they said.
        reason: String,
        /// When it will be tried again.
        retry_after: Duration,
    },
    /// A later life of the same writer has appended.
    #[error("writer {writer} lives on in epoch {epoch}")]
    Fenced {
        /// The writer.
        writer: u64,
        /// Its present epoch.
        epoch: u16,
    },
    /// Too far behind the writer's newest batch to tell whether it was appended.
    #[error("sequence {sequence} of writer {writer} is too old to tell whether it is repeated")]
    TooOld {
        /// The writer.
        writer: u64,
        /// The sequence.
        sequence: u32,
    },
    /// The offset is before what is still kept.
    #[error("kept from offset {start} on")]
    Gone {
        /// The first offset there is.
        start: u64,
    },
    /// The offset is after the end.
    #[error("the log ends at offset {end}")]
    Beyond {
        /// The offset the next record will get.
        end: u64,
    },
    /// The offset is in a damaged range.
    #[error("{0}")]
    Lost(Lost),
    /// Disk or brokers do not give what they hold.
    #[error("the log cannot be read: {0}")]
    Unreadable(String),
    /// Another process has the log.
    #[error("another process has this log")]
    InUse,
    /// The log was closed before it was done.
    #[error("the log is closed")]
    Closed,
}

impl LogError {
    pub(super) fn unreadable(error: &io::Error) -> Self {
        Self::Unreadable(error.to_string())
    }
}

impl Fault for LogError {
    fn code(&self) -> &'static str {
        match self {
            Self::Batch(_) => "log_batch",
            Self::Name(_) => "log_name",
            Self::TooManyPartitions(_) => "log_partitions",
            Self::Busy => "log_busy",
            Self::Stopped { .. } => "log_stopped",
            Self::Fenced { .. } => "log_fenced",
            Self::TooOld { .. } => "log_too_old",
            Self::Gone { .. } => "log_gone",
            Self::Beyond { .. } => "log_beyond",
            Self::Lost(_) => "log_lost",
            Self::Unreadable(_) => "log_unreadable",
            Self::InUse => "log_in_use",
            Self::Closed => "log_closed",
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::Batch(_)
            | Self::Name(_)
            | Self::TooManyPartitions(_)
            | Self::Fenced { .. }
            | Self::TooOld { .. }
            | Self::Gone { .. }
            | Self::Beyond { .. } => Blame::Caller,
            Self::Stopped { .. } | Self::Lost(_) | Self::Unreadable(_) => Blame::Dependency,
            Self::Busy | Self::InUse | Self::Closed => Blame::Us,
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Busy => Retry::After(Duration::from_millis(10)),
            Self::Stopped { retry_after, .. } => Retry::After(*retry_after),
            _ => Retry::Never,
        }
    }
}
