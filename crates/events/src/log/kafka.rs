//! The log on Kafka: the same contract on brokers that keep the records.
//!
//! ```text
//! append ─ queue ─▶ one thread: stamps known? ─▶ librdkafka ─▶ brokers, all in-sync replicas ─▶ acknowledged
//! read, offset_at, bounds ─▶ reading threads ─▶ connections that fetch ahead ─▶ batches put together
//! ```
//!
//! Topics are made when they are first appended to, with the retention of [`LogSettings`]. A record
//! of a batch is a record of the topic, readable by any program; what makes several records one batch,
//! the stamp, and times before 1970 stand in one more header (`mark.rs`). Batches come back with the
//! same records, offsets and stamps, not with the same bytes: brokers and librdkafka group and pack
//! records as they like ([`KafkaSettings::lz4`](super::KafkaSettings::lz4), not
//! [`Batch::compression`](super::Batch::compression)).
//!
//! What is promised:
//! - **Acknowledged** means that all in-sync replicas have it. How many these are is the topic's
//!   `min.insync.replicas`; a broker alone has it in memory and on disk when the system writes it.
//! - **Once**: a batch repeated under its stamp is appended once while the log is open, whatever
//!   happens to brokers and connections: librdkafka keeps a batch until it is acknowledged and sends
//!   it under the number by which brokers know it, and a repeat waits for the one under way. Except
//!   for records of long ago: a broker forgets the numbers of whoever sent nothing for a day
//!   (`producer.id.expiration.ms`), and when it starts again after a crash it measures that by the
//!   times of the records. A batch under way whose records are older than that may stand twice then;
//!   whoever appends such and cannot bear it compares stamps. After
//!   closing or a crash, what was acknowledged is known by the stamps at the end of the partition
//!   ([`KafkaSettings::tail_bytes`](super::KafkaSettings::tail_bytes)); a batch that was not
//!   acknowledged then may still arrive within the time a broker needs for a request it has already
//!   received, and a repeat sent within that time appends it twice. Writers that take a new epoch at
//!   each start, as `prices` does, do not repeat.
//! - **Fenced**: a writer whose later life has appended is refused, if the log was opened after that.
//!   Kafka does not tell an open log what another process writes: number living writers differently.
//! - **Whole**: a batch of several records is seen whole or not at all.
//!
//! What goes wrong and what then happens:
//! - **brokers gone, or too few replicas**: appending fails with [`LogError::Stopped`] after
//!   `answer_ms`, from then on at once; batches under way are sent when brokers are back (at most
//!   `queued_bytes`), and then appending goes on by itself. Reading fails with
//!   [`LogError::Unreadable`] after `answer_ms`, and works again when brokers do.
//! - **a record that cannot be one of ours** (too large, too many headers): [`LogError::Lost`] for
//!   its offset; reading goes on after it.
//!
//! Offsets that hold nothing to be read (what a crash left of a batch, markers of transactions) are
//! stepped over: [`Fetched::next`] may be beyond the last batch.
//!
//! Limits: `queued_bytes` under way, `fetch_bytes` fetched ahead for each of `readers` + 1 idle
//! connections, 16 MiB a batch. Plaintext only: neither TLS nor passwords.

mod client;
mod flights;
mod mark;
mod reader;
mod topics;
mod writer;

use std::fmt;
use std::io;
use std::ops::Range;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use runtime::{NamedThread, Random, Workers, now};
use tokio::sync::oneshot;

use self::client::{Dial, Said};
use self::writer::{Shared, Waiting, Writer};
use super::batch::{
    BATCH_BYTES_MAX, Batch, BatchError, Compression, HEADERS_MAX, RECORDS_MAX, Stamp,
};
use super::contract::{Answer, Appending, Fetched, Log, ReadLog, TopicPartition};
use super::error::LogError;
use super::place::KafkaPlace;
use super::settings::LogSettings;

/// Jobs that may wait for a reading thread.
const READS_QUEUED: usize = 1_024;
/// How often a waiting reader asks whether others have appended.
const ASK_EVERY: Duration = Duration::from_millis(200);
/// What a record needs beside its bytes while it is under way.
const RECORD_BYTES: usize = 256;

/// A log on Kafka.
///
/// ```no_run
/// use events::log::{Batch, KafkaLog, KafkaPlace, Log, LogSettings, ReadLog, Record, TopicPartition};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let place = KafkaPlace::parse("kafka://localhost:9092/fareway")?;
/// let log = KafkaLog::open(place, LogSettings::default())?;
/// let prices = TopicPartition::new("prices", 0)?;
/// let batch = Batch::one(Record::of("EDI-SIN 431.20", 1_764_000_000_000));
/// let offset = log.append(&prices, &batch).await?.offsets.start;
/// let fetched = log.read(&prices, offset, 1 << 20).await?;
/// assert_eq!(fetched.batches[0].records()?[0].value, "EDI-SIN 431.20");
/// # Ok(())
/// # }
/// ```
pub struct KafkaLog {
    shared: Arc<Shared>,
    readers: Workers,
    queue: Option<mpsc::Sender<Waiting>>,
    thread: Option<NamedThread>,
}

impl fmt::Debug for KafkaLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaLog").field("place", &self.shared.dial.place).finish_non_exhaustive()
    }
}

impl KafkaLog {
    /// Starts the threads. Brokers are reached when they are first needed.
    ///
    /// # Errors
    /// [`LogError::Unreadable`] if librdkafka or the operating system refuses.
    pub fn open(place: KafkaPlace, settings: LogSettings) -> Result<Self, LogError> {
        let refused = |error: io::Error| LogError::unreadable(&error);
        let shared = Arc::new(Shared::new(Dial { place, settings, said: Said::default() })?);
        let threads = shared.dial.settings.readers.size();
        let readers = Workers::start("log-kafka-read", threads, READS_QUEUED).map_err(refused)?;
        let first_attempt = Random::secret_bytes().map(u64::from_be_bytes).map_err(refused)?;
        let writer = Writer::new(Arc::clone(&shared), first_attempt);
        let (queue, waiting) = mpsc::channel();
        let thread = NamedThread::start("log-kafka-write", move || writer.run(&waiting));
        let thread = Some(thread.map_err(refused)?);
        Ok(Self { shared, readers, queue: Some(queue), thread })
    }

    async fn on_reader<T: Send + 'static>(
        &self,
        of: &TopicPartition,
        run: impl FnOnce(&Shared, &TopicPartition) -> Result<T, LogError> + Send + 'static,
    ) -> Result<T, LogError> {
        let (shared, of) = (Arc::clone(&self.shared), of.clone());
        self.readers.run(move || run(&shared, &of)).await.unwrap_or(Err(LogError::Closed))
    }
}

/// Bytes a batch is counted as, if it can be appended.
fn weigh(batch: &Batch) -> Result<usize, BatchError> {
    if batch.records.is_empty() {
        return Err(BatchError::Empty);
    }
    if batch.records.len() > RECORDS_MAX
        || batch.records.iter().any(|record| record.headers.len() > HEADERS_MAX)
    {
        return Err(BatchError::TooMany);
    }
    let bytes: usize = batch.records.iter().map(|record| record.bytes_max()).sum();
    if bytes > BATCH_BYTES_MAX {
        // Whether packing helps is known only afterwards.
        match batch.compression {
            Compression::None => return Err(BatchError::TooLarge),
            Compression::Lz4 => drop(batch.encode()?),
        }
    }
    Ok(bytes + batch.records.len() * RECORD_BYTES)
}

impl ReadLog for KafkaLog {
    fn read<'a>(
        &'a self,
        from: &'a TopicPartition,
        offset: u64,
        bytes_max: usize,
    ) -> Answer<'a, Fetched> {
        Box::pin(self.on_reader(from, move |shared, from| {
            let within = || -> Result<Range<u64>, LogError> {
                let bounds = shared.bounds(from)?;
                match offset {
                    _ if offset < bounds.start => Err(LogError::Gone { start: bounds.start }),
                    _ if offset > bounds.end => Err(LogError::Beyond { end: bounds.end }),
                    _ => Ok(bounds),
                }
            };
            let bounds = within()?;
            if offset == bounds.end {
                return Ok(Fetched { batches: Vec::new(), next: offset });
            }
            let fetched = shared.readers.read(from, offset, &bounds, bytes_max);
            // Retention may have been faster.
            fetched.or_else(|error| within().and(Err(error)))
        }))
    }

    fn offset_at<'a>(&'a self, of: &'a TopicPartition, at_ms: i64) -> Answer<'a, Option<u64>> {
        Box::pin(self.on_reader(of, move |shared, of| shared.topics.offset_at(of, at_ms)))
    }

    fn bounds<'a>(&'a self, of: &'a TopicPartition) -> Answer<'a, Range<u64>> {
        Box::pin(self.on_reader(of, Shared::bounds))
    }

    fn reaches<'a>(&'a self, of: &'a TopicPartition, offset: u64) -> Answer<'a, ()> {
        Box::pin(async move {
            let partition = self.shared.flights.partition(of);
            let mut end = partition.watch_end();
            loop {
                let reached = tokio::time::timeout(ASK_EVERY, end.wait_for(|end| *end > offset));
                if let Ok(reached) = reached.await {
                    return reached.map(|_| ()).map_err(|_| LogError::Closed);
                }
                self.bounds(of).await?;
            }
        })
    }
}

impl Log for KafkaLog {
    fn append(&self, to: &TopicPartition, batch: &Batch) -> Appending {
        let bytes = match weigh(batch) {
            Ok(bytes) => bytes,
            Err(error) => return Appending::known(Err(error.into())),
        };
        if let Some(error) = self.shared.refuses() {
            return Appending::known(Err(error));
        }
        if !self.shared.flights.enter(bytes, self.shared.dial.settings.queued_bytes.size()) {
            return Appending::known(Err(LogError::Busy));
        }
        let (reply, receiver) = oneshot::channel();
        let (of, batch) = (to.clone(), batch.clone());
        let waiting = Waiting { of, batch, bytes, since: now(), reply };
        let sent = self.queue.as_ref().is_some_and(|queue| queue.send(waiting).is_ok());
        if !sent {
            self.shared.flights.leave(bytes);
        }
        Appending::waiting(receiver)
    }

    fn last_stamp<'a>(&'a self, of: &'a TopicPartition, writer: u64) -> Answer<'a, Option<Stamp>> {
        Box::pin(self.on_reader(of, move |shared, of| {
            shared.look(of, false)?;
            Ok(shared.flights.partition(of).last(writer))
        }))
    }
}

impl Drop for KafkaLog {
    /// Waits a bounded time for what is under way, then closes.
    fn drop(&mut self) {
        self.queue = None;
        self.thread = None;
    }
}

#[cfg(test)]
mod tests;
