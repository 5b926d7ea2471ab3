//! A part of the store: the questions whose keys fall into it, under one lock.

use std::collections::BTreeSet;

use domain::QuestionKey;
use runtime::FixedMap;
use runtime::maps::shrink;

use super::entry::Entry;
use super::{StoreSize, Taken};
use crate::block::Block;
use crate::codec::CodecError;

/// What the ordered set needs for a question: its key, the time, and a share of its nodes.
const BY_AGE_BYTES: usize = 64;

/// A place of the map: key, pointer and mark.
const PLACE_BYTES: usize = 16 + 16 + 1;

/// Questions and their entries.
#[derive(Debug, Default)]
pub(super) struct Shard {
    entries: FixedMap<QuestionKey, Box<Entry>>,
    /// Questions by when their newest answer was seen: who goes first at the limit.
    by_age: BTreeSet<(i64, QuestionKey)>,
    /// Bytes of the entries.
    entry_bytes: usize,
    /// Answers seen until then had to go; none so old is taken again.
    floor_ms: Option<i64>,
}

impl Shard {
    pub(super) fn get(&self, key: QuestionKey) -> Option<&Entry> {
        self.entries.get(&key).map(|entry| &**entry)
    }

    /// Takes answers to a question.
    pub(super) fn take(
        &mut self,
        key: QuestionKey,
        block: Block,
        taken: &mut Taken,
    ) -> Result<(), CodecError> {
        if block.answers_len() == 0 {
            return Ok(());
        }
        let mut entry = match self.entries.remove(&key) {
            Some(entry) => {
                self.leave(key, &entry);
                entry
            }
            None => Box::new(Entry::new(&block.question()?)),
        };
        let done = entry.take(block, self.floor_ms, taken);
        self.enter(key, entry);
        done
    }

    fn leave(&mut self, key: QuestionKey, entry: &Entry) {
        self.entry_bytes -= entry.bytes();
        self.by_age.remove(&(entry.newest_ms(), key));
    }

    /// Puts an entry in its place; one without answers is gone.
    pub(super) fn enter(&mut self, key: QuestionKey, entry: Box<Entry>) {
        if !entry.slots().is_empty() {
            self.entry_bytes += entry.bytes();
            self.by_age.insert((entry.newest_ms(), key));
            self.entries.insert(key, entry);
        }
    }

    /// Lets go of the questions seen longest ago until the rest fits; returns how many.
    pub(super) fn evict(&mut self, bytes_max: usize) -> usize {
        let mut evicted = 0;
        while self.bytes() > bytes_max {
            let Some((newest_ms, key)) = self.by_age.pop_first() else { break };
            self.floor_ms = self.floor_ms.max(Some(newest_ms));
            if let Some(entry) = self.entries.remove(&key) {
                self.entry_bytes -= entry.bytes();
            }
            evicted += 1;
        }
        shrink(&mut self.entries);
        evicted
    }

    /// Answers seen until then had to go.
    pub(super) fn floor_ms(&self) -> Option<i64> {
        self.floor_ms
    }

    /// Sets what had to go.
    pub(super) fn set_floor_ms(&mut self, floor_ms: Option<i64>) {
        self.floor_ms = floor_ms;
        if let Some(floor_ms) = floor_ms {
            self.retain(|entry| match entry.newest_ms() <= floor_ms {
                true => entry.forget_before(i64::MAX),
                false => 0,
            });
        }
    }

    fn bytes(&self) -> usize {
        // as a map of that many entries has it that only grew; a larger one is shrunk below
        let places = (self.entries.len() * 8 / 7 + 4).next_power_of_two();
        self.entry_bytes + places * PLACE_BYTES + self.by_age.len() * BY_AGE_BYTES
    }

    /// Lets every entry forget; returns the sum of what they return.
    pub(super) fn retain(&mut self, mut forget: impl FnMut(&mut Entry) -> usize) -> usize {
        let mut forgotten = 0;
        let (by_age, entry_bytes) = (&mut self.by_age, &mut self.entry_bytes);
        self.entries.retain(|&key, entry| {
            let (bytes, newest_ms) = (entry.bytes(), entry.newest_ms());
            let count = forget(entry);
            if count == 0 {
                return true;
            }
            forgotten += count;
            *entry_bytes -= bytes;
            by_age.remove(&(newest_ms, key));
            let stays = !entry.slots().is_empty();
            if stays {
                *entry_bytes += entry.bytes();
                by_age.insert((entry.newest_ms(), key));
            }
            stays
        });
        shrink(&mut self.entries);
        forgotten
    }

    pub(super) fn size(&self) -> StoreSize {
        let slots = || self.entries.values().flat_map(|entry| entry.slots());
        StoreSize {
            questions: self.entries.len(),
            answers: slots().count(),
            offers: slots().map(|slot| slot.offers.len()).sum(),
            bytes: self.bytes(),
        }
    }

    pub(super) fn same_as(&self, other: &Self) -> bool {
        self.entries.len() == other.entries.len()
            && self.floor_ms == other.floor_ms
            && self
                .entries
                .iter()
                .all(|(&key, entry)| other.get(key).is_some_and(|others| entry.same_as(others)))
    }

    /// Some questions in the order of their keys, starting after one; shared, not copied.
    pub(super) fn page(&self, keys: &[QuestionKey]) -> Vec<Entry> {
        keys.iter().filter_map(|&key| self.get(key)).map(Entry::share).collect()
    }

    /// The keys, ascending.
    pub(super) fn keys(&self) -> Vec<QuestionKey> {
        let mut keys: Vec<QuestionKey> = self.entries.keys().copied().collect();
        keys.sort_unstable();
        keys
    }
}
