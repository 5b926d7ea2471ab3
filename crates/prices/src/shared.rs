//! The second level of price memory: what the processes of one cell tell each other.
//!
//! ```text
//! remember ─▶ own log and indexes ─▶ a value for each (question, partner), for its lifetime ─▶ cache
//! a search needs an answer that is not known here ─▶ one read, bounded ─▶ own indexes, not the log
//! ```
//!
//! - One value for each answer, not for each question: processes that asked different partners never
//!   write over each other's answers, each value lives as long as its answer is fresh, and what is
//!   read is exactly what the search would otherwise ask for. Flights that partners share are stored
//!   more than once; a value is 1 to 5 KB.
//! - A value is a [batch](codec::Batch) of one answer behind a version and a checksum over key and bytes, because
//!   a server shared with others may hold anything. What does not fit is ignored, counted and told.
//! - How long an answer is fresh is decided here from the time it was seen, whatever the cache says.
//! - What was [forgotten](Forgotten) is not taken back from there, here at once and in other processes
//!   a second later: a value of its own says what was.
//!
//! The loss of the cache costs warmth, nothing else: every answer is on the log of whoever asked.
//! Limits: [`READ_MAX`] for a read, [`DECODE_MAX`] for taking up what came, [`WRITE_MAX`] for each
//! write of [`WRITE_BYTES`].

mod forgotten;

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use domain::{PartnerId, QuestionKey};
use runtime::{Deadline, FixedMap};
use storage::cache::{Cache, CacheEntry, CacheError, KEYS_MAX, VALUE_BYTES_MAX};
use thiserror::Error;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::codec::{self, CodecError};
use crate::seen::Seen;
use crate::store::{Invalidation, Known, PriceStore};
use forgotten::Forgotten;

/// Version of keys and values; others are not read.
const VERSION: u8 = 1;
/// Longest wait for a read.
pub const READ_MAX: Duration = Duration::from_millis(20);
/// Longest wait until what was read is taken up.
pub const DECODE_MAX: Duration = Duration::from_millis(20);
/// Longest wait for a write.
pub const WRITE_MAX: Duration = Duration::from_millis(50);
/// Bytes after which a write is begun, so that none takes long.
const WRITE_BYTES: usize = 1 << 20;
/// How far clocks of two machines may differ.
const SKEW_MS: i64 = 60_000;
/// How often it is looked what other processes have forgotten.
const LEARN_EVERY_MS: i64 = 1_000;
/// Tries to tell others, since two may tell at the same time.
const TELL_TRIES: usize = 3;
/// Where it stands what was forgotten.
const FORGOTTEN_KEY: &str = "fareway:prices:1:forgotten";
/// No answer is fresh for longer than twice a week.
const FORGOTTEN_LIFETIME: Duration = Duration::from_secs(15 * 86_400);
/// How often trouble is told.
const TELL_EVERY_MS: i64 = 60_000;

/// An answer a search could use.
pub type Wish = (QuestionKey, PartnerId);

/// A value is not what its key says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ValueError {
    /// It is cut short, of another version, or its checksum is wrong.
    #[error("a shared price value is damaged or of another version")]
    Damaged,
    /// Its bytes are no answer.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// It is an answer of somebody else, to something else, or from the future.
    #[error("a shared price value is not the answer its key names")]
    Another,
}

/// What came of the second level so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SharedCounts {
    /// Answers taken from it.
    pub found: u64,
    /// Answers it did not have.
    pub missing: u64,
    /// Values ignored because they are not what they should be.
    pub damaged: u64,
    /// Answers given to it.
    pub given: u64,
    /// Reads and writes that came to nothing.
    pub failed: u64,
}

/// Prices on a cache that other processes read too.
#[derive(Debug)]
pub struct SharedPrices {
    cache: Arc<dyn Cache>,
    forgotten: Mutex<Forgotten>,
    found: AtomicU64,
    missing: AtomicU64,
    damaged: AtomicU64,
    given: AtomicU64,
    failed: AtomicU64,
    told_ms: AtomicI64,
    /// When it was last looked what others have forgotten.
    learned_ms: AtomicI64,
    read_max: Duration,
    decode_max: Duration,
}

impl SharedPrices {
    /// Prices on this cache.
    #[must_use]
    pub fn new(cache: Arc<dyn Cache>) -> Self {
        let zero = AtomicU64::default;
        Self {
            cache,
            forgotten: Mutex::default(),
            found: zero(),
            missing: zero(),
            damaged: zero(),
            given: zero(),
            failed: zero(),
            told_ms: AtomicI64::new(i64::MIN / 2),
            learned_ms: AtomicI64::new(i64::MIN / 2),
            read_max: READ_MAX,
            decode_max: DECODE_MAX,
        }
    }

    /// Waits so long for a read, and as long again until it is taken up: for those who would rather
    /// wait than ask.
    #[must_use]
    pub fn patient(self, wait: Duration) -> Self {
        Self { read_max: wait, decode_max: wait, ..self }
    }

    /// Time for taking up what a read brought.
    pub(crate) fn decode_max(&self) -> Duration {
        self.decode_max
    }

    /// What came of it so far.
    #[must_use]
    pub fn counts(&self) -> SharedCounts {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        SharedCounts {
            found: of(&self.found),
            missing: of(&self.missing),
            damaged: of(&self.damaged),
            given: of(&self.given),
            failed: of(&self.failed),
        }
    }

    /// Of the answers a search could use, those worth a read: not fresh in the own store. None while
    /// the cache is left alone. Wishes for one question should follow each other.
    #[must_use]
    pub fn worth_reading(
        &self,
        store: &PriceStore,
        wishes: &mut dyn Iterator<Item = Wish>,
        now_ms: i64,
    ) -> Vec<Wish> {
        if !self.cache.is_ready() {
            return Vec::new();
        }
        let mut known: Option<(QuestionKey, Vec<Known>)> = None;
        let mut unknown = |&(key, partner): &Wish| {
            if known.as_ref().is_none_or(|(last, _)| *last != key) {
                known = Some((key, store.known(key)));
            }
            let fresh = |one: &Known| one.partner == partner && now_ms < one.fresh_until_ms;
            !known.as_ref().is_some_and(|(_, known)| known.iter().any(fresh))
        };
        wishes.filter(|wish| unknown(wish)).take(KEYS_MAX).collect()
    }

    /// Reads answers; those that are there, unread.
    pub(crate) async fn read(&self, wishes: Vec<Wish>) -> Vec<(Wish, Bytes)> {
        let keys: Vec<String> = wishes.iter().map(key_of).collect();
        let deadline = Deadline::after(runtime::now(), self.read_max);
        self.learn(deadline).await;
        let values = match self.cache.get_many(&keys, deadline).await {
            Ok(values) => values,
            Err(error) => {
                self.note_failed(&error);
                return Vec::new();
            }
        };
        let there = |(wish, value): (Wish, Option<Bytes>)| value.map(|value| (wish, value));
        let all: Vec<_> = wishes.into_iter().zip(values).filter_map(there).collect();
        self.missing.fetch_add((keys.len() - all.len()) as u64, Ordering::Relaxed);
        all
    }

    /// Understands what was read, leaving out what is damaged or was forgotten.
    pub(crate) fn understand(&self, read: &[(Wish, Bytes)], now_ms: i64) -> Vec<Seen> {
        let mut all = Vec::with_capacity(read.len());
        for (wish, value) in read {
            match from_value(wish, value, now_ms) {
                Ok(seen) if self.forgotten().concerns(&seen) => {}
                Ok(seen) => all.push(seen),
                Err(error) => self.note_damaged(&error, wish),
            }
        }
        self.found.fetch_add(all.len() as u64, Ordering::Relaxed);
        all
    }

    /// Makes values of answers that the store has just taken, each for as long as it is fresh there.
    pub(crate) fn values(&self, store: &PriceStore, seen: &[Seen], now_ms: i64) -> Vec<CacheEntry> {
        let mut known: FixedMap<QuestionKey, Vec<Known>> = FixedMap::default();
        let mut values = Vec::with_capacity(seen.len());
        for one in seen {
            let key = one.question.key();
            let known = known.entry(key).or_insert_with(|| store.known(key));
            let newest =
                known.iter().find(|it| it.partner == one.partner && it.seen_ms == one.at_ms);
            let left_ms = newest.map_or(0, |newest| newest.fresh_until_ms - now_ms);
            // An answer too large for a value stays where it is.
            if let (Ok(lifetime_ms @ 1..), Ok(value)) = (u64::try_from(left_ms), to_value(key, one))
                && value.len() <= VALUE_BYTES_MAX
            {
                let lifetime = Duration::from_millis(lifetime_ms);
                values.push(CacheEntry { key: key_of(&(key, one.partner)), value, lifetime });
            }
        }
        values
    }

    /// Writes values, as many as the cache takes.
    pub(crate) async fn write(&self, values: Vec<CacheEntry>) {
        let mut rest = values.as_slice();
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = |value: &&CacheEntry| {
                let begun = bytes;
                bytes += value.value.len();
                begun < WRITE_BYTES
            };
            let count = rest.iter().take(KEYS_MAX).take_while(fits).count();
            let (now, later) = rest.split_at(count);
            let deadline = Deadline::after(runtime::now(), WRITE_MAX);
            if let Err(error) = self.cache.set_many(now, deadline).await {
                self.note_failed(&error);
                return;
            }
            self.given.fetch_add(count as u64, Ordering::Relaxed);
            rest = later;
        }
    }

    /// Takes nothing back that is concerned and was seen until then.
    pub(crate) fn forget(&self, what: Invalidation, until_ms: i64) {
        self.forgotten().add(what, until_ms);
    }

    /// Tells the processes that share this cache what to forget, as far as the cache takes it. One that
    /// is not told goes on taking what was shared until it is stale.
    pub(crate) async fn tell_forgotten(&self) {
        for _ in 0..TELL_TRIES {
            let deadline = Deadline::after(runtime::now(), WRITE_MAX);
            let theirs = match self.read_forgotten(deadline).await {
                Ok(theirs) => theirs,
                Err(error) => return self.note_failed(&error),
            };
            let all = {
                let mut own = self.forgotten();
                if theirs.as_ref().is_some_and(|theirs| theirs.has_all_of(&own)) {
                    return;
                }
                own.add_all(&theirs.unwrap_or_default());
                own.to_bytes()
            };
            let entry = CacheEntry {
                key: FORGOTTEN_KEY.to_owned(),
                value: all.into(),
                lifetime: FORGOTTEN_LIFETIME,
            };
            if let Err(error) = self.cache.set_many(&[entry], deadline).await {
                return self.note_failed(&error);
            }
        }
    }

    /// Takes note of what others have forgotten, now and then.
    async fn learn(&self, deadline: Deadline) {
        let (now_ms, last_ms) = (runtime::unix_ms(), self.learned_ms.load(Ordering::Relaxed));
        let relaxed = Ordering::Relaxed;
        if now_ms - last_ms < LEARN_EVERY_MS
            || self.learned_ms.compare_exchange(last_ms, now_ms, relaxed, relaxed).is_err()
        {
            return;
        }
        match self.read_forgotten(deadline).await {
            Ok(Some(theirs)) => self.forgotten().add_all(&theirs),
            Ok(None) => {}
            Err(error) => self.note_failed(&error),
        }
    }

    /// What stands there; nothing if that makes no sense.
    async fn read_forgotten(&self, deadline: Deadline) -> Result<Option<Forgotten>, CacheError> {
        let values = self.cache.get_many(&[FORGOTTEN_KEY.to_owned()], deadline).await?;
        let Some(value) = values.into_iter().flatten().next() else { return Ok(None) };
        let read = Forgotten::from_bytes(&value);
        if read.is_none() {
            self.damaged.fetch_add(1, Ordering::Relaxed);
            self.tell(|_| tracing::warn!(key = FORGOTTEN_KEY, "a shared value is damaged"));
        }
        Ok(read)
    }

    fn forgotten(&self) -> MutexGuard<'_, Forgotten> {
        // changed by steps that leave it whole
        self.forgotten.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_failed(&self, error: &CacheError) {
        self.failed.fetch_add(1, Ordering::Relaxed);
        // The rest says nothing that the failures before it have not said.
        if !matches!(error, CacheError::Resting { .. }) {
            self.tell(|counts| {
                tracing::warn!(%error, failed = counts.failed, "prices are not shared with other processes for now");
            });
        }
    }

    fn note_damaged(&self, error: &ValueError, wish: &Wish) {
        self.damaged.fetch_add(1, Ordering::Relaxed);
        self.tell(|counts| {
            let key = key_of(wish);
            tracing::warn!(%error, key, damaged = counts.damaged, "shared prices are ignored");
        });
    }

    /// Once a minute.
    fn tell(&self, tell: impl FnOnce(SharedCounts)) {
        let (now_ms, told_ms) = (runtime::unix_ms(), self.told_ms.load(Ordering::Relaxed));
        let (told, relaxed) = (&self.told_ms, Ordering::Relaxed);
        if now_ms - told_ms >= TELL_EVERY_MS
            && told.compare_exchange(told_ms, now_ms, relaxed, relaxed).is_ok()
        {
            tell(self.counts());
        }
    }
}

/// Where an answer is kept. The braces put all answers to a question on one node of a cluster.
fn key_of((key, partner): &Wish) -> String {
    format!("fareway:prices:{VERSION}:{{{:032x}}}:{partner}", key.0)
}

/// Version, checksum, packed batch.
fn to_value(key: QuestionKey, seen: &Seen) -> Result<Bytes, CodecError> {
    let packed = codec::encode(std::slice::from_ref(seen))?;
    let mut value = Vec::with_capacity(9 + packed.len());
    value.push(VERSION);
    value.extend(checksum(&(key, seen.partner), &packed).to_le_bytes());
    value.extend(packed);
    Ok(value.into())
}

fn from_value(wish: &Wish, value: &[u8], now_ms: i64) -> Result<Seen, ValueError> {
    let (&version, rest) = value.split_first().ok_or(ValueError::Damaged)?;
    let (sum, packed) = rest.split_first_chunk().ok_or(ValueError::Damaged)?;
    if version != VERSION || u64::from_le_bytes(*sum) != checksum(wish, packed) {
        return Err(ValueError::Damaged);
    }
    let mut seen = codec::decode(packed)?;
    match (seen.pop(), seen.is_empty()) {
        (Some(one), true)
            if (one.question.key(), one.partner) == *wish && one.at_ms <= now_ms + SKEW_MS =>
        {
            Ok(one)
        }
        _ => Err(ValueError::Another),
    }
}

fn checksum(wish: &Wish, packed: &[u8]) -> u64 {
    xxh3_64_with_seed(packed, xxh3_64(key_of(wish).as_bytes()))
}

#[cfg(test)]
mod compat;
#[cfg(test)]
mod tests;
