//! One topic of the log as its only writer sees it: each batch with the next stamp, tried again.

use std::sync::Arc;
use std::time::Duration;

use runtime::{Fault, Retry};
use tokio::sync::Mutex;

use super::batch::{Batch, Compression, Record, Stamp};
use super::contract::{Log, TopicPartition};
use super::error::LogError;

/// Times a batch is offered to a log that refuses it for the moment.
const RETRIES: u32 = 3;
/// Longest wait between two of them.
const RETRY_MAX: Duration = Duration::from_millis(500);

/// A writer of a topic.
#[derive(Debug)]
pub struct TopicWriter {
    log: Arc<dyn Log>,
    partition: TopicPartition,
    /// The stamp of the next batch. Held while a batch is handed to the log, so that stamps stand
    /// there in order.
    stamp: Mutex<Stamp>,
}

impl TopicWriter {
    /// Takes up a new epoch, so that a writer of the same number that still runs elsewhere is refused.
    ///
    /// # Errors
    /// [`LogError`] if the log cannot be read, or the writer's number is too large.
    pub async fn open(log: Arc<dyn Log>, topic: &str, writer: u64) -> Result<Self, LogError> {
        let partition = TopicPartition::new(topic, 0)?;
        let last = log.last_stamp(&partition, writer).await?;
        let stamp = match last {
            Some(last) => last.next_epoch(),
            None => Stamp::new(writer, 0, 0),
        };
        let stamp = stamp.ok_or_else(|| LogError::Name(format!("writer {writer}")))?;
        Ok(Self { log, partition, stamp: Mutex::new(stamp) })
    }

    /// The same writer on another topic of the log.
    ///
    /// # Errors
    /// As [`TopicWriter::open`].
    pub async fn beside(&self, topic: &str) -> Result<Self, LogError> {
        let writer = self.stamp.lock().await.writer();
        Self::open(Arc::clone(&self.log), topic, writer).await
    }

    /// What it writes to.
    #[must_use]
    pub fn partition(&self) -> &TopicPartition {
        &self.partition
    }

    /// Appends one record; when this returns without an error, it is durable.
    ///
    /// # Errors
    /// [`LogError`] if the log refuses it three times; it may be there all the same.
    pub async fn append(&self, record: Record, compression: Compression) -> Result<(), LogError> {
        let mut batch = Batch { compression, ..Batch::one(record) };
        for attempt in 1.. {
            let appending = {
                let mut next = self.stamp.lock().await;
                if batch.stamp.is_none() {
                    batch.stamp = Some(*next);
                    *next = next.next().ok_or(LogError::Closed)?;
                }
                self.log.append(&self.partition, &batch)
            };
            let Err(error) = appending.await else { return Ok(()) };
            match error.retry() {
                Retry::After(wait) if attempt < RETRIES => {
                    tokio::time::sleep(wait.min(RETRY_MAX)).await;
                }
                _ => return Err(error),
            }
        }
        Err(LogError::Closed)
    }
}
