//! Remembers prices for good: on the log first, then in every index.
//!
//! ```text
//! remember(&[Seen]) ─ encode ─▶ log ─ on disk ─▶ store, indicative prices   (acknowledged)
//! forget(partner, route, carrier) ─▶ log ─▶ the same indexes, and again at every replay
//! start:  snapshot, then log ─ replay from there, oldest first ─▶ the same indexes, which answer already
//! ```
//!
//! The log is the truth: the indexes can be thrown away and come back the same. Answers of one call
//! are one batch of the topic [`TOPIC`], so flights they share stand on disk once. Batches carry the
//! writer's stamp: a batch repeated after an error is appended once.
//!
//! With [cells beside it](crate::region), what changes of the indicative prices is told on a topic of its
//! own, and what they tell is taken from theirs.
//!
//! With a [second level](crate::shared), what is remembered goes there too, and what is read from
//! there goes into the indexes, but not on the log: it stands on the log of whoever asked.
//!
//! If the log refuses three times, the answers are used all the same, because asking every partner again
//! would be worse, and the caller is told that they will not survive.
//!
//! It starts no task and reads no clock but `runtime`'s. Limits: those of log, store and index.

mod calls;
mod keep;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use events::log::{Compression, Log, LogError, Record, StoredBatch, TopicWriter};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use runtime::Workers;
use thiserror::Error;

use crate::codec::{Batch, CodecError};
use crate::indicative::{DIGESTS_MAX, Digest, Forget, Indicative};
use crate::region;
use crate::seen::Seen;
use crate::shared::{SharedPrices, Wish};
use crate::store::{Invalidation, PriceStore};
use calls::Calls;

pub use keep::{KeepError, KeepSettings, Kept, KeptParts};

/// Topic of price batches.
pub const TOPIC: &str = "prices";
/// Id of the schema of a record's value: a packed [`Batch`].
pub const SCHEMA: u32 = 1;
/// Id of the schema of what is to be forgotten: an [`Invalidation`] and until when it was seen.
pub const SCHEMA_FORGET: u32 = 2;
/// Bytes of the log read at once while replaying.
const READ_BYTES: usize = 2 << 20;
/// Reads of the log that are worked on at once while replaying.
const REPLAYED_AT_ONCE: usize = 4;

/// Prices could not be made durable.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MemoryError {
    /// They do not fit into a batch.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// The log refused; the prices are used, but do not survive a restart.
    #[error("prices are not durable: {0}")]
    Log(#[from] LogError),
}

/// What a replay brought back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Batches read.
    pub batches: u64,
    /// Answers in them.
    pub answers: u64,
    /// Prices in them.
    pub prices: u64,
    /// Times something was forgotten.
    pub forgotten: u64,
    /// What could not be read, one sentence each.
    pub lost: Vec<String>,
}

/// Log, store and indexes as one.
#[derive(Debug)]
pub struct Memory {
    log: Arc<dyn Log>,
    own: TopicWriter,
    /// Where other cells read what changes; none if nobody is told.
    told: Option<TopicWriter>,
    /// Prices of which others could not be told.
    untold: AtomicU64,
    indexes: Indexes,
    calls: Calls,
    /// The first offset that the indexes lack at the start.
    since: u64,
    /// Whether the log has been read from there.
    is_complete: AtomicBool,
    workers: Option<Workers>,
}

/// Everything that is made from the log.
#[derive(Clone, Debug)]
struct Indexes {
    store: Arc<PriceStore>,
    indicative: Arc<Indicative>,
    shared: Option<Arc<SharedPrices>>,
}

impl From<Invalidation> for Forget {
    fn from(what: Invalidation) -> Self {
        match what {
            Invalidation::Partner(partner) => Self::Partner(partner),
            Invalidation::Route { origin, destination } => Self::Route(origin, destination),
            Invalidation::Carrier(carrier) => Self::Carrier(carrier),
        }
    }
}

impl Indexes {
    fn take(&self, batch: Batch, seen: &[Seen]) -> Result<(), CodecError> {
        self.store.take_batch(batch)?;
        self.indicative.take(seen, runtime::unix_ms());
        Ok(())
    }

    /// The same; what changed for others.
    fn take_and_digest(&self, batch: Batch, seen: &[Seen]) -> Result<Vec<Digest>, CodecError> {
        self.store.take_batch(batch)?;
        Ok(self.indicative.take_and_digest(seen, runtime::unix_ms()).1)
    }

    /// Forgets; how many answers.
    fn forget(&self, what: Invalidation, until_ms: i64) -> usize {
        if let Some(shared) = &self.shared {
            shared.forget(what, until_ms);
        }
        self.indicative.forget(what.into(), until_ms);
        self.store.invalidate(what, until_ms)
    }

    fn replay(&self, batches: &[StoredBatch]) -> Replayed {
        let mut replayed = Replayed::default();
        for batch in batches {
            replayed.batches += 1;
            match batch.records() {
                Ok(records) => {
                    for record in &records {
                        if let Err(error) = self.replay_record(record, &mut replayed) {
                            replayed.lost.push(error.to_string());
                        }
                    }
                }
                Err(error) => replayed.lost.push(error.to_string()),
            }
        }
        replayed
    }

    fn replay_record(&self, record: &Record, replayed: &mut Replayed) -> Result<(), CodecError> {
        if record.schema() == Some(SCHEMA_FORGET) {
            let (what, until_ms) = Invalidation::from_bytes(&record.value)?;
            self.forget(what, until_ms);
            replayed.forgotten += 1;
            return Ok(());
        }
        let batch = Batch::from_bytes(&record.value)?;
        let seen = batch.seen()?;
        self.take(batch, &seen)?;
        replayed.answers += seen.len() as u64;
        replayed.prices += seen.iter().map(|one| one.answer.offers().len() as u64).sum::<u64>();
        Ok(())
    }
}

/// A record of a schema, written now.
fn record_of(bytes: Vec<u8>, schema: u32) -> Record {
    Record::of(bytes, runtime::unix_ms()).with_schema(schema)
}

/// Whether a batch holds a record that forgets.
fn forgets_something(batch: &StoredBatch) -> bool {
    let records = batch.records().unwrap_or_default();
    records.iter().any(|record| record.schema() == Some(SCHEMA_FORGET))
}

impl Replayed {
    fn add(&mut self, more: Self) {
        self.batches += more.batches;
        self.answers += more.answers;
        self.prices += more.prices;
        self.forgotten += more.forgotten;
        self.lost.extend(more.lost);
    }
}

impl Memory {
    /// Joins a log and empty indexes; packing and indexing run on the workers, if there are any.
    /// `writer` is unique among those who write to the log; it takes
    /// up a new epoch, so that a writer of the same number that still runs elsewhere is refused.
    ///
    /// # Errors
    /// [`LogError`] if the log cannot be read.
    pub async fn open(
        log: Arc<dyn Log>,
        writer: u64,
        store: Arc<PriceStore>,
        indicative: Arc<Indicative>,
        workers: Option<Workers>,
    ) -> Result<Self, LogError> {
        let own = TopicWriter::open(Arc::clone(&log), TOPIC, writer).await?;
        let end = log.bounds(own.partition()).await?.end;
        Ok(Self {
            log,
            own,
            told: None,
            untold: AtomicU64::new(0),
            indexes: Indexes { store, indicative, shared: None },
            calls: Calls::new(end),
            since: 0,
            is_complete: AtomicBool::new(false),
            workers,
        })
    }

    /// The same, telling other cells what changes: see [`crate::region`].
    ///
    /// # Errors
    /// [`LogError`] if the log cannot be read.
    pub async fn telling(mut self) -> Result<Self, LogError> {
        self.told = Some(self.own.beside(region::TOPIC).await?);
        Ok(self)
    }

    /// Prices of which other cells could not be told, since the start.
    #[must_use]
    pub fn untold(&self) -> u64 {
        self.untold.load(Ordering::Relaxed)
    }

    /// The same with indexes that [were kept](Kept): a replay begins at this offset.
    #[must_use]
    pub fn since(mut self, offset: u64) -> Self {
        self.since = offset;
        self
    }

    /// Whether the log has been read into the indexes.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.is_complete.load(Ordering::SeqCst)
    }

    /// The same, sharing answers with other processes. Say so before replaying.
    #[must_use]
    pub fn sharing(mut self, shared: Arc<SharedPrices>) -> Self {
        self.indexes.shared = Some(shared);
        self
    }

    /// The answers by question.
    #[must_use]
    pub fn store(&self) -> &Arc<PriceStore> {
        &self.indexes.store
    }

    /// The cheapest prices by route and days.
    #[must_use]
    pub fn indicative(&self) -> &Arc<Indicative> {
        &self.indexes.indicative
    }

    /// Remembers answers. When this returns without an error they are on disk.
    ///
    /// # Errors
    /// [`MemoryError`]; after [`MemoryError::Log`] they are in the indexes nevertheless.
    pub async fn remember(&self, seen: Vec<Seen>) -> Result<(), MemoryError> {
        if seen.is_empty() {
            return Ok(());
        }
        // Made columns once, for the log and for the store.
        let pack = move || {
            let batch = Batch::of(&seen)?;
            Ok((batch.to_bytes()?, batch, seen))
        };
        let (bytes, batch, seen) = self.work(pack).await?;
        let call = self.calls.begin().await;
        let durable = self.own.append(record_of(bytes, SCHEMA), Compression::None).await;
        let (indexes, tells) = (self.indexes.clone(), self.told.is_some());
        let take = move || {
            let digests = if tells {
                indexes.take_and_digest(batch, &seen)?
            } else {
                indexes.take(batch, &seen)?;
                Vec::new()
            };
            let now_ms = runtime::unix_ms();
            let values = indexes.shared.map(|shared| shared.values(&indexes.store, &seen, now_ms));
            Ok((values, digests))
        };
        let (values, digests) = self.work(take).await?;
        call.done();
        self.tell(&digests).await;
        if let (Some(shared), Some(values)) = (&self.indexes.shared, values) {
            shared.write(values).await;
        }
        Ok(durable?)
    }

    /// Tells other cells; what cannot be told is counted.
    async fn tell(&self, digests: &[Digest]) {
        let Some(told) = self.told.as_ref().filter(|_| !digests.is_empty()) else { return };
        for digests in digests.chunks(DIGESTS_MAX) {
            let bytes = Digest::to_bytes(digests);
            let record = record_of(bytes, region::SCHEMA);
            if told.append(record, Compression::Lz4).await.is_err() {
                self.untold.fetch_add(digests.len() as u64, Ordering::Relaxed);
            }
        }
    }

    /// Of the answers a search could use, those it is worth [looking for](Memory::look_for) elsewhere.
    /// None without a second level.
    #[must_use]
    pub fn worth_looking_for(
        &self,
        wishes: &mut dyn Iterator<Item = Wish>,
        now_ms: i64,
    ) -> Vec<Wish> {
        match &self.indexes.shared {
            None => Vec::new(),
            Some(shared) => shared.worth_reading(&self.indexes.store, wishes, now_ms),
        }
    }

    /// Takes answers from the second level, as far as they are there. Ends soon, whatever happens.
    pub async fn look_for(&self, wishes: Vec<Wish>) {
        let Some(shared) = self.indexes.shared.clone() else { return };
        let read = shared.read(wishes).await;
        if read.is_empty() {
            return;
        }
        let (indexes, decode_max) = (self.indexes.clone(), shared.decode_max());
        let take = move || {
            let seen = shared.understand(&read, runtime::unix_ms());
            indexes.take(Batch::of(&seen)?, &seen)
        };
        // Beyond the time, or without a worker that has room, the search goes on without them.
        let _ = tokio::time::timeout(decode_max, self.work(take)).await;
    }

    /// Forgets what was seen until now of a partner, a route or a carrier; how many answers. A restart
    /// forgets it again, and processes that share answers are told. Of the cheapest prices by day also those seen within the same second may go.
    ///
    /// # Errors
    /// [`MemoryError::Log`]: it is forgotten, but comes back with a restart.
    pub async fn forget(&self, what: Invalidation) -> Result<usize, MemoryError> {
        let until_ms = runtime::unix_ms();
        let call = self.calls.begin().await;
        let record = record_of(what.to_bytes(until_ms), SCHEMA_FORGET);
        if let Some(told) = &self.told
            && told.append(record.clone(), Compression::None).await.is_err()
        {
            // The operator's word goes to every cell by itself; this is for those that start later.
            self.untold.fetch_add(1, Ordering::Relaxed);
        }
        let durable = self.own.append(record, Compression::None).await;
        let indexes = self.indexes.clone();
        let forgotten = self.work(move || Ok(indexes.forget(what, until_ms))).await?;
        call.done();
        if let Some(shared) = &self.indexes.shared {
            shared.tell_forgotten().await;
        }
        durable?;
        Ok(forgotten)
    }

    /// Runs a piece of work on a worker thread, here if there is none.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, CodecError> + Send + 'static,
    ) -> Result<T, MemoryError> {
        match &self.workers {
            None => Ok(work()?),
            Some(workers) => match workers.run(work).await {
                Ok(done) => Ok(done?),
                Err(_) => Err(MemoryError::Log(LogError::Closed)),
            },
        }
    }

    /// Reads the log into the indexes: from its oldest record, or from where those [that were
    /// kept](Memory::since) stand, to its present end. Answers that come in meanwhile and are newer stay.
    ///
    /// # Errors
    /// [`LogError`] if the log cannot be read at all; damaged ranges are skipped and told.
    pub async fn replay(&self) -> Result<Replayed, LogError> {
        let bounds = self.log.bounds(self.own.partition()).await?;
        let mut replayed = Replayed::default();
        let mut offset = bounds.start.max(self.since);
        // Batches may come in any order, but not across a record that forgets.
        let mut under_way = FuturesUnordered::new();
        while offset < bounds.end {
            let fetched = match self.log.read(self.own.partition(), offset, READ_BYTES).await {
                Ok(fetched) => fetched,
                Err(LogError::Lost(lost)) => {
                    replayed.lost.push(lost.to_string());
                    // Never backwards, whatever the range says.
                    offset = lost.offsets.end.max(offset + 1);
                    continue;
                }
                // Retention was faster.
                Err(LogError::Gone { start }) if start > offset => {
                    offset = start;
                    continue;
                }
                Err(error) => return Err(error),
            };
            if fetched.next <= offset {
                break;
            }
            offset = fetched.next;
            let forgets = fetched.batches.iter().any(forgets_something);
            while under_way.len() >= if forgets { 1 } else { REPLAYED_AT_ONCE } {
                if let Some(done) = under_way.next().await {
                    replayed.add(done?);
                }
            }
            let indexes = self.indexes.clone();
            let work = self.work(move || Ok(indexes.replay(&fetched.batches)));
            let work = async { work.await.map_err(|_| LogError::Closed) };
            if forgets {
                replayed.add(work.await?);
            } else {
                under_way.push(work);
            }
        }
        while let Some(done) = under_way.next().await {
            replayed.add(done?);
        }
        self.is_complete.store(true, Ordering::SeqCst);
        Ok(replayed)
    }

    /// Forgets what is too old; call it every minute.
    pub fn expire(&self, now_ms: i64) {
        self.indexes.store.expire(now_ms);
        self.indexes.indicative.expire(now_ms);
    }
}

#[cfg(test)]
mod tests;
