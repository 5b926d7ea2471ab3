//! Gathers the facts of a process and writes them to its log.
//!
//! ```text
//! record(fact) ─▶ rows of its kind, in memory ─ every flush_ms, or when they are many ─▶ one record a kind
//! record_gold(fact) ─▶ one record, at once ─▶ acknowledged when it is durable
//! ```
//!
//! Whoever records never waits for a disk, but for gold. A log that refuses for the moment is tried again
//! with the same facts: one can be written twice, and tables count an id once. What does not fit into
//! [`FactSettings::held_bytes`] meanwhile is dropped, bronze first, and counted.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow_schema::ArrowError;
use runtime::{Fault, Limited, Retry, Shutdown};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::sync::Notify;

use super::batch::{FactBatch, Origin};
use super::id::FactIds;
use super::kind::{Kind, Profile};
use super::kinds;
use super::lines::Unfit;
use super::rows::{Fact, Rows, Stamped};
use crate::log::{Compression, Log, LogError, Record, TopicWriter};

/// Time between two complaints that the log takes nothing, milliseconds.
const COMPLAIN_EVERY_MS: i64 = 60_000;
/// Bytes of rows that become a record of their own, before the time is over.
const ROWS_BYTES: usize = 1 << 20;

/// How facts are gathered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FactSettings {
    /// Whether facts are recorded.
    pub enabled: bool,
    /// Longest time that a fact waits before it is written, milliseconds.
    pub flush_ms: Limited<10, 60_000>,
    /// Bytes of facts that wait; bronze may fill half of it.
    pub held_bytes: Limited<65_536, 4_294_967_296>,
}

impl Default for FactSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            flush_ms: Limited::literal(250),
            held_bytes: Limited::literal(64 << 20),
        }
    }
}

/// A fact that is not durable.
#[derive(Debug, Error)]
pub enum RecordError {
    /// It does not fit its kind.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// Arrow cannot write it.
    #[error("a fact cannot be written: {0}")]
    Arrow(#[from] ArrowError),
    /// The log refused it.
    #[error("a fact is not durable: {0}")]
    Log(#[from] LogError),
}

/// What became of the facts of one kind since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KindCounts {
    /// Durable.
    pub written: u64,
    /// Dropped because too many waited.
    pub dropped: u64,
    /// Refused because they do not fit their kind.
    pub unfit: u64,
}

/// Records facts; clones are one. The default records nothing.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    inner: Option<Arc<Inner>>,
}

#[derive(Debug)]
pub(super) struct Inner {
    settings: FactSettings,
    origin: Origin,
    ids: FactIds,
    /// One a kind.
    gathered: Vec<Arc<Gathered>>,
    /// Bytes of all rows, and of records that a log refused.
    held: AtomicUsize,
    /// What is to be offered to the log again.
    refused: tokio::sync::Mutex<VecDeque<Waiting>>,
    /// By [`Profile::ALL`].
    topics: [TopicWriter; Profile::ALL.len()],
    many: Notify,
    /// When it was last said that the log takes nothing.
    complained_ms: AtomicI64,
    /// Bronze facts that were looked at while memory filled up.
    sampled: AtomicU64,
    /// Lines of others that were refused.
    pub(super) refused_one: AtomicU64,
}

#[derive(Debug)]
pub(super) struct Gathered {
    kind: &'static Kind,
    open: Mutex<Open>,
    pub(super) written: AtomicU64,
    pub(super) dropped: AtomicU64,
    unfit: AtomicU64,
}

/// Facts of one kind that are not written.
#[derive(Debug)]
struct Open {
    rows: Rows,
    /// What was many enough for a record of its own, with the bytes it held.
    full: Vec<(FactBatch, usize)>,
}

/// A record of facts that is to be written.
#[derive(Debug)]
struct Waiting {
    gathered: Arc<Gathered>,
    facts: u64,
    held: usize,
    record: Record,
}

impl Recorder {
    /// Records on a log, as its only writer of that number.
    ///
    /// # Errors
    /// [`LogError`] if the log cannot be read, or the operating system gives no random bytes.
    pub async fn open(
        log: Arc<dyn Log>,
        writer: u64,
        origin: Origin,
        settings: FactSettings,
    ) -> Result<Self, LogError> {
        let gold = TopicWriter::open(log, Profile::Gold.topic(), writer).await?;
        let silver = gold.beside(Profile::Silver.topic()).await?;
        let bronze = gold.beside(Profile::Bronze.topic()).await?;
        let gathered = kinds::ALL.iter().map(|kind| Arc::new(Gathered::new(kind)));
        let inner = Inner {
            ids: FactIds::new().map_err(|error| LogError::Unreadable(error.to_string()))?,
            gathered: gathered.collect(),
            settings,
            origin,
            held: AtomicUsize::new(0),
            refused: tokio::sync::Mutex::default(),
            topics: [gold, silver, bronze],
            many: Notify::new(),
            complained_ms: AtomicI64::new(0),
            sampled: AtomicU64::new(0),
            refused_one: AtomicU64::new(0),
        };
        Ok(Self { inner: Some(Arc::new(inner)) })
    }

    /// Records a fact that happened now, of a visit if it belongs to one.
    pub fn record<F: Fact>(&self, fact: &F, visit: Option<u128>) {
        self.record_of(fact, runtime::unix_ms(), visit);
    }

    /// Records a fact that happened at a time, Unix milliseconds.
    pub fn record_of<F: Fact>(&self, fact: &F, happened_ms: i64, visit: Option<u128>) {
        let Some(inner) = &self.inner else { return };
        let Some(gathered) = inner.of(F::KIND) else { return };
        if !inner.samples(F::KIND) {
            return;
        }
        let stamped = Stamped { happened_ms, ..inner.stamp(visit) };
        let mut open = gathered.open();
        let before = open.rows.bytes();
        let pushed = open.rows.push(stamped, fact);
        let after = open.rows.bytes();
        if after >= ROWS_BYTES {
            open.close(&inner.origin);
            inner.many.notify_one();
        }
        // Before anybody can write them, and take away again what they hold.
        inner.held.fetch_add(after - before, Ordering::Relaxed);
        drop(open);
        if let Err(unfit) = pushed {
            gathered.unfit.fetch_add(1, Ordering::Relaxed);
            tracing::debug!(kind = F::KIND.name, %unfit, "a fact does not fit its kind");
        }
    }

    /// Records a fact that must not be lost; when this returns without an error, it is durable.
    ///
    /// # Errors
    /// [`RecordError`].
    pub async fn record_gold<F: Fact>(
        &self,
        fact: &F,
        visit: Option<u128>,
    ) -> Result<(), RecordError> {
        let Some(inner) = &self.inner else { return Ok(()) };
        let Some(gathered) = inner.of(F::KIND) else { return Ok(()) };
        let mut rows = Rows::new(F::KIND);
        if let Err(unfit) = rows.push(inner.stamp(visit), fact) {
            gathered.unfit.fetch_add(1, Ordering::Relaxed);
            return Err(unfit.into());
        }
        let record = rows.take(inner.origin.clone()).to_record(runtime::unix_ms())?;
        match inner.topic(F::KIND.profile).append(record, Compression::None).await {
            Ok(()) => {
                gathered.written.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            Err(error) => {
                gathered.dropped.fetch_add(1, Ordering::Relaxed);
                Err(error.into())
            }
        }
    }

    /// Writes what is gathered, again and again; once more when `shutdown` begins.
    pub async fn run(self, shutdown: Shutdown) {
        let Some(inner) = &self.inner else { return };
        loop {
            tokio::select! {
                biased;
                () = shutdown.begun() => break,
                () = inner.many.notified() => {}
                () = tokio::time::sleep(inner.settings.flush_ms.ms()) => {}
            }
            self.flush().await;
        }
        self.flush().await;
    }

    /// Writes what is gathered. What the log refuses is kept.
    pub async fn flush(&self) {
        let Some(inner) = &self.inner else { return };
        // One at a time, so that nothing overtakes.
        let mut refused = inner.refused.lock().await;
        inner.pack(&mut refused);
        while let Some(waiting) = refused.front() {
            let (kind, gathered) = (waiting.gathered.kind, &waiting.gathered);
            let topic = inner.topic(kind.profile);
            let counter = match topic.append(waiting.record.clone(), Compression::Lz4).await {
                Ok(()) => &gathered.written,
                Err(error) if matches!(error.retry(), Retry::After(_)) => {
                    inner.complain(kind, &error);
                    return;
                }
                Err(error) => {
                    tracing::error!(kind = kind.name, %error, "facts are lost");
                    &gathered.dropped
                }
            };
            counter.fetch_add(waiting.facts, Ordering::Relaxed);
            inner.held.fetch_sub(waiting.held, Ordering::Relaxed);
            refused.pop_front();
        }
    }

    pub(super) fn inner(&self) -> Option<&Inner> {
        self.inner.as_deref()
    }

    /// Lines of others that were refused since the start.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.inner().map_or(0, |inner| inner.refused_one.load(Ordering::Relaxed))
    }

    /// Bytes of facts that wait.
    #[must_use]
    pub fn held(&self) -> usize {
        self.inner.as_ref().map_or(0, |inner| inner.held.load(Ordering::Relaxed))
    }

    /// What became of the facts of each kind.
    pub fn counts(&self) -> impl Iterator<Item = (&'static Kind, KindCounts)> + '_ {
        self.inner.iter().flat_map(|inner| &inner.gathered).map(|gathered| {
            let counts = KindCounts {
                written: gathered.written.load(Ordering::Relaxed),
                dropped: gathered.dropped.load(Ordering::Relaxed),
                unfit: gathered.unfit.load(Ordering::Relaxed),
            };
            (gathered.kind, counts)
        })
    }
}

impl Inner {
    pub(super) fn of(&self, kind: &Kind) -> Option<&Arc<Gathered>> {
        self.gathered.iter().find(|gathered| gathered.kind.number == kind.number)
    }

    pub(super) fn topic(&self, profile: Profile) -> &TopicWriter {
        &self.topics[profile as usize]
    }

    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Bytes that may wait before facts of a profile are dropped.
    fn most(&self, profile: Profile) -> usize {
        match profile {
            Profile::Bronze => self.settings.held_bytes.size() / 2,
            Profile::Silver | Profile::Gold => self.settings.held_bytes.size(),
        }
    }

    /// Whether one more fact of a kind is taken into memory. Of bronze, when half of its room is taken, as
    /// many as the rest has room for: none when it is full. What is not taken is counted as dropped.
    pub(super) fn samples(&self, kind: &Kind) -> bool {
        let (most, held) = (self.most(kind.profile), self.held.load(Ordering::Relaxed));
        let thinned = kind.profile == Profile::Bronze && held > most / 2 && held < most;
        let taken = match thinned {
            // Evenly: the golden ratio's multiples are spread as evenly as can be.
            true => {
                let count = self.sampled.fetch_add(1, Ordering::Relaxed);
                let spread = count.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
                let room = ((most - held) as u64) << 32;
                spread < room / (most - most / 2) as u64
            }
            false => held < most,
        };
        if !taken && let Some(gathered) = self.of(kind) {
            gathered.dropped.fetch_add(1, Ordering::Relaxed);
        }
        taken
    }

    /// Takes rows into memory; gives whether there was room.
    pub(super) fn gather(&self, gathered: &Gathered, mut rows: Rows) -> bool {
        let (facts, bytes) = (rows.len() as u64, rows.bytes());
        if self.held.load(Ordering::Relaxed) + bytes > self.most(rows.kind().profile) {
            gathered.dropped.fetch_add(facts, Ordering::Relaxed);
            return false;
        }
        let batch = rows.take(self.origin.clone());
        let mut open = gathered.open();
        open.full.push((batch, bytes));
        self.held.fetch_add(bytes, Ordering::Relaxed);
        drop(open);
        if bytes >= ROWS_BYTES {
            self.many.notify_one();
        }
        true
    }

    pub(super) fn stamp(&self, visit: Option<u128>) -> Stamped {
        let now_ms = runtime::unix_ms();
        Stamped { id: self.ids.next(now_ms), happened_ms: now_ms, received_ms: now_ms, visit }
    }

    fn complain(&self, kind: &Kind, error: &LogError) {
        let now_ms = runtime::unix_ms();
        let last_ms = self.complained_ms.load(Ordering::Relaxed);
        if now_ms - last_ms >= COMPLAIN_EVERY_MS {
            self.complained_ms.store(now_ms, Ordering::Relaxed);
            let dropped = self.gathered.iter().map(|one| one.dropped.load(Ordering::Relaxed));
            let dropped: u64 = dropped.sum();
            tracing::warn!(kind = kind.name, %error, dropped, "facts wait for the log");
        }
    }

    /// Makes records of what is gathered.
    fn pack(&self, waiting: &mut VecDeque<Waiting>) {
        for gathered in &self.gathered {
            let batches = {
                let mut open = gathered.open();
                if !open.rows.is_empty() {
                    open.close(&self.origin);
                }
                std::mem::take(&mut open.full)
            };
            for (batch, held) in batches {
                let facts = batch.len() as u64;
                match batch.to_record(runtime::unix_ms()) {
                    Ok(record) => {
                        let gathered = Arc::clone(gathered);
                        waiting.push_back(Waiting { gathered, facts, held, record });
                    }
                    Err(error) => {
                        gathered.dropped.fetch_add(facts, Ordering::Relaxed);
                        self.held.fetch_sub(held, Ordering::Relaxed);
                        tracing::error!(kind = batch.kind().name, %error, "facts are lost");
                    }
                }
            }
        }
    }
}

impl Gathered {
    fn new(kind: &'static Kind) -> Self {
        Self {
            kind,
            open: Mutex::new(Open { rows: Rows::new(kind), full: Vec::new() }),
            written: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            unfit: AtomicU64::new(0),
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn close(&mut self, origin: &Origin) {
        let held = self.rows.bytes();
        self.full.push((self.rows.take(origin.clone()), held));
    }
}
