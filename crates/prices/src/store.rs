//! The price store: what every partner last answered to every question, in bounded memory.
//!
//! ```text
//! take(&[Seen]) ─▶ one block a question ─▶ shard by question ─▶ entry: a slot for each partner
//!                                                               ├─▶ recall: answers, with age
//!                                                               └─▶ latest: one price, in place
//! ```
//!
//! - Primary are the answers; the latest price of (itinerary, seller, question) is read from them in
//!   place, so the two cannot disagree. Of two answers of a partner to a question the later stays,
//!   whatever order they come in; equal times keep the first.
//! - Stale answers stay until they are [`keep_hours`](StoreSettings::keep_hours) old or the journey
//!   has begun, and are given out only to those who ask for them.
//! - At the memory limit the question whose newest answer is oldest goes first, whole. Each shard has
//!   an equal part of the limit. What goes depends on content alone, not on reading.
//! - [`PriceStore::snapshot`] may run while answers are taken: it holds at least what was taken before
//!   it began. Taking later answers again from the log changes nothing that is newer already.
//! - Expiry and invalidation change what is remembered, so a replay repeats them: an invalidation is
//!   [a record of the log](Invalidation::to_bytes), and expiry goes by the clock alone.
//!
//! Pure: no files, no clock. Limits: [`StoreSettings`], and those of [`crate::codec`].
//! Cost: see `examples/price_store_speed.rs`; about 10 bytes a price in large answers.

mod entry;
mod invalidation;
mod shard;
mod snapshot;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use domain::{AgentId, Answer, Date, ItineraryKey, Money, PartnerId, QuestionKey};
use runtime::Limited;
use serde::{Deserialize, Serialize};

use crate::block::Block;
use crate::codec::{Batch, CodecError};
use crate::freshness::{Age, Freshness};
use crate::seen::Seen;
use entry::Entry;
use shard::Shard;

pub use invalidation::Invalidation;
pub use snapshot::RestoreError;

/// Shards: enough that two cores seldom meet.
const SHARDS: usize = 64;

/// `[prices.store]`: what memory may be used for how long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StoreSettings {
    /// Memory for remembered answers, all of it counted.
    pub memory_mib: Limited<1, 1_048_576>,
    /// How long an answer is kept, fresh or stale.
    pub keep_hours: Limited<1, 1_000>,
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self { memory_mib: Limited::literal(1_024), keep_hours: Limited::literal(96) }
    }
}

/// Which remembered answers are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Only fresh ones.
    Fresh,
    /// Stale ones too; whoever shows them marks them.
    Any,
}

/// A remembered answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// Who answered.
    pub partner: PartnerId,
    /// When it was seen, milliseconds since 1970 UTC.
    pub seen_ms: i64,
    /// From when on it is stale.
    pub fresh_until_ms: i64,
    /// What was answered.
    pub answer: Arc<Answer>,
}

/// That an answer is remembered, without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Who answered.
    pub partner: PartnerId,
    /// When it was seen, milliseconds since 1970 UTC.
    pub seen_ms: i64,
    /// From when on it is stale.
    pub fresh_until_ms: i64,
    /// Offers in it.
    pub offers: u32,
}

/// The latest price of an itinerary at a seller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latest {
    /// The seller's cheapest for the itinerary, for the whole party.
    pub price: Money,
    /// When it was seen, milliseconds since 1970 UTC.
    pub seen_ms: i64,
    /// The partner who said so.
    pub partner: PartnerId,
}

/// What became of taken answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Answers now remembered.
    pub answers: usize,
    /// Their offers.
    pub offers: usize,
    /// Answers that were not newer than what was known.
    pub older: usize,
    /// Questions that had to go to stay within memory.
    pub evicted: usize,
}

/// How much is remembered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreSize {
    /// Questions.
    pub questions: usize,
    /// Answers.
    pub answers: usize,
    /// Offers.
    pub offers: usize,
    /// Bytes, all of it counted.
    pub bytes: usize,
}

/// Remembered answers by question.
///
/// ```
/// use std::sync::Arc;
/// use domain::{Answer, AirportCode, Cabin, CountryCode, Date, PartnerId, Place, PlaceSet, Question,
///     QuestionLeg, Travellers};
/// use prices::store::{PriceStore, StoreSettings, Wanted};
/// use prices::{Seen, freshness::Freshness};
///
/// let airport = |code| {
///     let code = AirportCode::literal(code);
///     PlaceSet { asked: Place::Airport(code), airports: vec![code] }
/// };
/// let leg = QuestionLeg {
///     origin: airport("EDI"), destination: airport("SIN"), date: Date::from_days(20_000),
/// };
/// let question = Arc::new(Question {
///     legs: vec![leg],
///     cabin: Cabin::Economy,
///     travellers: Travellers::one_adult(),
///     market: CountryCode::literal("GB"),
/// });
/// let store = PriceStore::new(StoreSettings::default(), Freshness::default());
/// let at_ms = 1_700_000_000_000;
/// let seen = Seen {
///     partner: PartnerId::literal("acme"),
///     question: Arc::clone(&question),
///     at_ms,
///     answer: Arc::new(Answer::default()),
/// };
/// store.take(&[seen])?;
/// let hour = 3_600_000;
/// assert_eq!(store.recall(question.key(), at_ms + hour, Wanted::Fresh).len(), 1);
/// assert_eq!(store.recall(question.key(), at_ms + 48 * hour, Wanted::Fresh).len(), 0);
/// assert_eq!(store.recall(question.key(), at_ms + 48 * hour, Wanted::Any).len(), 1);
/// # Ok::<(), prices::codec::CodecError>(())
/// ```
#[derive(Debug)]
pub struct PriceStore {
    shards: Box<[Mutex<Shard>]>,
    freshness: RwLock<Arc<Freshness>>,
    settings: StoreSettings,
    evicted: AtomicU64,
}

impl PriceStore {
    /// An empty store.
    #[must_use]
    pub fn new(settings: StoreSettings, freshness: Freshness) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        let freshness = RwLock::new(Arc::new(freshness));
        Self { shards, freshness, settings, evicted: AtomicU64::new(0) }
    }

    /// The rules in use.
    #[must_use]
    pub fn freshness(&self) -> Arc<Freshness> {
        Arc::clone(&self.freshness.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Uses other rules from now on, also for what is remembered already.
    pub fn set_freshness(&self, freshness: Freshness) {
        *self.freshness.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(freshness);
    }

    /// Takes answers. Their order matters only at the memory limit.
    ///
    /// # Errors
    /// [`CodecError::TooLarge`] beyond the limits of a batch; then nothing is taken.
    pub fn take(&self, seen: &[Seen]) -> Result<Taken, CodecError> {
        self.take_batch(Batch::of(seen)?)
    }

    /// Takes a batch that was made for the log, or read from it.
    ///
    /// # Errors
    /// None that is known: a batch was checked when it was made.
    pub fn take_batch(&self, batch: Batch) -> Result<Taken, CodecError> {
        let mut taken = Taken::default();
        for (key, block) in batch.blocks {
            self.take_block(key, block, &mut taken)?;
        }
        Ok(taken)
    }

    fn take_block(
        &self,
        key: QuestionKey,
        block: Block,
        taken: &mut Taken,
    ) -> Result<(), CodecError> {
        let mut shard = self.shard(key);
        shard.take(key, block, taken)?;
        let evicted = shard.evict(self.shard_bytes());
        taken.evicted += evicted;
        self.evicted.fetch_add(evicted as u64, Ordering::Relaxed);
        Ok(())
    }

    /// The answers to a question, by partner.
    #[must_use]
    pub fn recall(&self, key: QuestionKey, now_ms: i64, wanted: Wanted) -> Vec<Remembered> {
        let Some(held) = self.shard(key).get(key).map(Entry::share) else { return Vec::new() };
        let rules = self.freshness();
        // reading the blocks needs no lock
        let chosen =
            |slot: &entry::Slot| wanted == Wanted::Any || now_ms < fresh_until(&rules, &held, slot);
        let mut remembered: Vec<Remembered> = held
            .answers(chosen)
            .into_iter()
            .map(|(slot, answer)| Remembered {
                partner: slot.partner,
                seen_ms: slot.at_ms,
                fresh_until_ms: fresh_until(&rules, &held, slot),
                answer: Arc::new(answer),
            })
            .collect();
        remembered.sort_unstable_by_key(|one| one.partner);
        remembered
    }

    /// Whether a price may be sold as it is, or must be asked for again first.
    #[must_use]
    pub fn may_be_bought(&self, partner: PartnerId, seen_ms: i64, now_ms: i64) -> bool {
        self.freshness().may_be_bought(partner, seen_ms, now_ms)
    }

    /// Which partners' answers to a question are remembered, by partner, without reading them.
    #[must_use]
    pub fn known(&self, key: QuestionKey) -> Vec<Known> {
        let rules = self.freshness();
        let shard = self.shard(key);
        let Some(entry) = shard.get(key) else { return Vec::new() };
        let known = |slot: &entry::Slot| Known {
            partner: slot.partner,
            seen_ms: slot.at_ms,
            fresh_until_ms: fresh_until(&rules, entry, slot),
            offers: slot.offers.len() as u32,
        };
        entry.slots().iter().map(known).collect()
    }

    /// The latest price of an itinerary at a seller: from the newest answer that has one, fresh or
    /// stale; of answers seen at the same moment that of the first partner.
    #[must_use]
    pub fn latest(
        &self,
        itinerary: ItineraryKey,
        agent: AgentId,
        question: QuestionKey,
    ) -> Option<Latest> {
        let held = self.shard(question).get(question).map(Entry::share)?;
        held.latest(itinerary, agent)
    }

    /// Forgets what shall not be believed any more, as far as it was seen until a moment; returns how
    /// many answers. Looks at every question.
    pub fn invalidate(&self, what: Invalidation, until_ms: i64) -> usize {
        let forget =
            |shard: &Mutex<Shard>| lock(shard).retain(|entry| entry.forget(what, until_ms));
        self.shards.iter().map(forget).sum()
    }

    /// Forgets what is too old, and journeys that have begun; returns how many answers. Looks at every
    /// question, so once a minute is enough.
    pub fn expire(&self, now_ms: i64) -> usize {
        let keep_ms = self.settings.keep_hours.get() as i64 * 3_600_000;
        let today = now_ms.div_euclid(86_400_000).clamp(i32::MIN.into(), i32::MAX.into()) as i32;
        let forget = |shard: &Mutex<Shard>| {
            lock(shard).retain(|entry| {
                // a day begins and ends later west of UTC
                let begun = entry.departs() < Date::from_days(today).plus_days(-1);
                entry.forget_before(if begun { i64::MAX } else { now_ms.saturating_sub(keep_ms) })
            })
        };
        self.shards.iter().map(forget).sum()
    }

    /// How much is remembered. Looks at every question.
    #[must_use]
    pub fn size(&self) -> StoreSize {
        self.shards.iter().fold(StoreSize::default(), |sum, shard| {
            let size = lock(shard).size();
            StoreSize {
                questions: sum.questions + size.questions,
                answers: sum.answers + size.answers,
                offers: sum.offers + size.offers,
                bytes: sum.bytes + size.bytes,
            }
        })
    }

    /// Questions that had to go because memory was at its limit, since the start.
    #[must_use]
    pub fn evicted(&self) -> u64 {
        self.evicted.load(Ordering::Relaxed)
    }

    /// Whether two stores remember the same: the same answers, seen at the same times, with the same
    /// paces. Compares every answer, however it is packed.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        let same = |(one, other): (&Mutex<Shard>, &Mutex<Shard>)| {
            std::ptr::eq(one, other) || lock(one).same_as(&lock(other))
        };
        self.shards.iter().zip(&other.shards).all(same)
    }

    fn shard(&self, key: QuestionKey) -> MutexGuard<'_, Shard> {
        lock(&self.shards[(key.0 >> 64) as usize % SHARDS])
    }

    fn shard_bytes(&self) -> usize {
        (self.settings.memory_mib.size() << 20) / SHARDS
    }
}

fn fresh_until(rules: &Freshness, entry: &Entry, slot: &entry::Slot) -> i64 {
    rules.fresh_until_ms(&Age {
        partner: slot.partner,
        departs: entry.departs(),
        at_ms: slot.at_ms,
        has_offers: !slot.offers.is_empty(),
        pace: slot.pace,
    })
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    // a shard is changed by steps that leave it whole
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
