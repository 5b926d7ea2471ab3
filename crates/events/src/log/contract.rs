//! The contract every log keeps, whatever carries it.

use std::fmt;
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::sync::oneshot;

use super::batch::{self, Batch, BatchError, BatchHead, Record, Stamp};
use super::error::LogError;

/// Longest name of a topic.
const TOPIC_BYTES_MAX: usize = 100;

/// A topic and one of its partitions, written `prices-3`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicPartition {
    topic: Arc<str>,
    partition: u32,
}

impl TopicPartition {
    /// A topic of small letters, digits, `.`, `_` and `-`, and the number of a partition.
    ///
    /// # Errors
    /// [`LogError::Name`] for any other name.
    pub fn new(topic: &str, partition: u32) -> Result<Self, LogError> {
        let allowed =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
        let starts = topic.as_bytes().first().is_some_and(u8::is_ascii_lowercase);
        if !starts || topic.len() > TOPIC_BYTES_MAX || !topic.bytes().all(allowed) {
            return Err(LogError::Name(topic.chars().take(TOPIC_BYTES_MAX).collect()));
        }
        Ok(Self { topic: topic.into(), partition })
    }

    /// Reads what [`fmt::Display`] writes.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (topic, partition) = text.rsplit_once('-')?;
        let read = Self::new(topic, partition.parse().ok()?).ok()?;
        (read.to_string() == text).then_some(read)
    }

    /// The topic.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// The partition.
    #[must_use]
    pub fn partition(&self) -> u32 {
        self.partition
    }
}

impl fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.topic, self.partition)
    }
}

impl fmt::Debug for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What became of an appended batch: it is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The offsets of its records.
    pub offsets: Range<u64>,
    /// Whether it had been there before, known by its stamp.
    pub repeated: bool,
}

/// A batch on its way to disk or brokers. Await it, or [`Appending::wait`] where nothing is awaited.
/// Dropping it does not take the batch back.
#[derive(Debug)]
pub struct Appending(State);

#[derive(Debug)]
enum State {
    Known(Option<Result<Appended, LogError>>),
    Waiting(oneshot::Receiver<Result<Appended, LogError>>),
}

impl Appending {
    pub(super) fn known(result: Result<Appended, LogError>) -> Self {
        Self(State::Known(Some(result)))
    }

    pub(super) fn waiting(receiver: oneshot::Receiver<Result<Appended, LogError>>) -> Self {
        Self(State::Waiting(receiver))
    }

    /// Holds the thread until the batch is durable.
    ///
    /// # Errors
    /// Why it is not.
    ///
    /// # Panics
    /// Inside an asynchronous task: await it there.
    pub fn wait(self) -> Result<Appended, LogError> {
        match self.0 {
            State::Known(result) => result.unwrap_or(Err(LogError::Closed)),
            State::Waiting(receiver) => receiver.blocking_recv().unwrap_or(Err(LogError::Closed)),
        }
    }
}

impl Future for Appending {
    type Output = Result<Appended, LogError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            State::Known(result) => Poll::Ready(result.take().unwrap_or(Err(LogError::Closed))),
            State::Waiting(receiver) => Pin::new(receiver)
                .poll(context)
                .map(|answer| answer.unwrap_or(Err(LogError::Closed))),
        }
    }
}

/// A batch as the log keeps it; its checksum was compared when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredBatch {
    head: BatchHead,
    bytes: Bytes,
}

impl StoredBatch {
    pub(super) fn new(head: BatchHead, bytes: Bytes) -> Self {
        Self { head, bytes }
    }

    /// Its header.
    #[must_use]
    pub fn head(&self) -> &BatchHead {
        &self.head
    }

    /// The offsets of its records.
    #[must_use]
    pub fn offsets(&self) -> Range<u64> {
        self.head.base_offset..self.head.end_offset()
    }

    /// Who wrote it.
    #[must_use]
    pub fn stamp(&self) -> Option<Stamp> {
        self.head.stamp
    }

    /// The bytes of the Kafka record batch; from brokers, made anew from its records.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Its records; the first has the offset `offsets().start`. Values are not copied unless the
    /// batch is packed.
    ///
    /// # Errors
    /// If the writer wrote something else than records.
    pub fn records(&self) -> Result<Vec<Record>, BatchError> {
        batch::decode_records(&self.bytes)
    }
}

/// What one read gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fetched {
    /// Batches in order; the first holds the asked offset and may begin before it. Offsets between
    /// them that are missing hold nothing to be read: on brokers only. Empty at the end of the log.
    pub batches: Vec<StoredBatch>,
    /// Where to read next; beyond the last batch if nothing that can be read follows it. If there is
    /// no batch and this is the asked offset, the log ends there or what comes is not whole yet.
    pub next: u64,
}

/// An answer that may have to wait for a disk or a broker.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, LogError>> + Send + 'a>>;

/// What can be read of a log, whoever writes it: batches by topic and partition. A partition that
/// nobody has appended to is empty.
pub trait ReadLog: Send + Sync + fmt::Debug {
    /// Reads from an offset: at least one batch if there is one, and then as many as fit into
    /// `bytes_max`.
    ///
    /// Fails with [`LogError::Gone`] before the start, [`LogError::Beyond`] after the end and
    /// [`LogError::Lost`] in a damaged range; the reader decides whether to go on after it.
    fn read<'a>(
        &'a self,
        from: &'a TopicPartition,
        offset: u64,
        bytes_max: usize,
    ) -> Answer<'a, Fetched>;

    /// The offset of the first record at or after a time, if there is one.
    fn offset_at<'a>(&'a self, of: &'a TopicPartition, at_ms: i64) -> Answer<'a, Option<u64>>;

    /// The first offset that is kept and the one the next record will get.
    fn bounds<'a>(&'a self, of: &'a TopicPartition) -> Answer<'a, Range<u64>>;

    /// Waits until the log ends after an offset: then it can be read.
    fn reaches<'a>(&'a self, of: &'a TopicPartition, offset: u64) -> Answer<'a, ()>;
}

/// An append-only log of batches by topic and partition.
pub trait Log: ReadLog {
    /// Appends a batch. The order of calls from one thread is the order in the partition.
    ///
    /// The answer says the batch is durable. After an error it may or may not be there; appending it
    /// again with the same stamp is harmless.
    fn append(&self, to: &TopicPartition, batch: &Batch) -> Appending;

    /// The newest stamp of a writer, from which a restarted writer takes its next epoch.
    fn last_stamp<'a>(&'a self, of: &'a TopicPartition, writer: u64) -> Answer<'a, Option<Stamp>>;
}
