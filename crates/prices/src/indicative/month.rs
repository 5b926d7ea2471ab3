//! The prices of one route in one month of departure, and the cheapest of each kind.
//!
//! Kinds, each indirect and direct: one way; return; return within the month of departure, because
//! "there and back in May" is asked most.
//!
//! Invariant: entries ascend by slot; `best[kind]` is the price and place of the cheapest entry of
//! that kind, seen recently or not, the first slot among equals.

use super::entry::{Entry, Slot};
use super::when::Month;

/// No price of this kind.
const NONE: u32 = u32::MAX;

const KINDS: usize = 6;
/// First kind of a shape; the direct one follows it.
const ONE_WAY: usize = 0;
const RETURN: usize = 2;
const RETURN_WITHIN: usize = 4;

#[derive(Clone, Debug)]
pub(super) struct RouteMonth {
    pub(super) month: Month,
    /// Days since 1970.
    pub(super) first_day: i32,
    best_at: [u16; KINDS],
    best: [u32; KINDS],
    entries: Vec<Entry>,
}

const _: () = assert!(size_of::<RouteMonth>() <= 72, "a scan of a route reads one a month");

/// What became of an offered price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    /// It stands where none stood.
    Added,
    /// It stands instead of another.
    Replaced,
    /// What stood before stays.
    Kept,
}

/// Which days count and how long ago a price may have been seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filter {
    /// Departure, days since 1970, both included.
    pub(super) out: (i32, i32),
    /// Return flight, if the trip has one.
    pub(super) back: Option<(i32, i32)>,
    /// Seen after this second.
    pub(super) seen_after_s: u32,
}

impl RouteMonth {
    pub(super) fn new(month: Month) -> Self {
        let first_day = month.first_day().days();
        Self { month, first_day, best_at: [0; KINDS], best: [NONE; KINDS], entries: Vec::new() }
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>()
    }

    /// A lower bound for the price of the cheapest entry, direct or not, that passes the filter.
    pub(super) fn at_least(&self, direct: bool, filter: &Filter) -> u32 {
        self.best[self.kind(direct, filter)]
    }

    /// The narrowest kind that has all entries that pass the filter.
    fn kind(&self, direct: bool, filter: &Filter) -> usize {
        let shape = match filter.back {
            None => ONE_WAY,
            Some((_, last)) if last < self.first_day + self.month.days() as i32 => RETURN_WITHIN,
            Some(_) => RETURN,
        };
        shape + usize::from(direct)
    }

    /// The kinds of an entry.
    fn kinds(&self, slot: Slot) -> impl Iterator<Item = usize> + use<> {
        let direct = usize::from(slot.direct());
        let (kind, within) = match slot.stay() {
            None => (ONE_WAY, false),
            Some(stay) => (RETURN, u32::from(slot.day() + stay) < self.month.days()),
        };
        [Some(kind + direct), within.then_some(RETURN_WITHIN + direct)].into_iter().flatten()
    }

    /// Offers a price; `seen_again` says whether the answer it comes from has the given price's
    /// itinerary from the same seller. The rule stands at [`Indicative`](super::Indicative).
    pub(super) fn put(
        &mut self,
        new: Entry,
        seen_after_s: u32,
        seen_again: impl FnOnce(&Entry) -> bool,
    ) -> Put {
        match self.entries.binary_search_by_key(&new.slot, |entry| entry.slot) {
            Err(at) => {
                self.insert(at, new);
                Put::Added
            }
            Ok(at) => {
                let old = &self.entries[at];
                let newer = new.seen_s >= old.seen_s;
                let replaces = if old.seen_s <= seen_after_s {
                    true
                } else if new.eur < old.eur {
                    newer || !new.same_offer(old)
                } else {
                    newer && seen_again(old)
                };
                if !replaces {
                    return Put::Kept;
                }
                self.replace(at, new);
                Put::Replaced
            }
        }
    }

    /// Fills an empty month; `false` if it is not empty, or the entries are none or out of order.
    pub(super) fn fill(&mut self, mut entries: Vec<Entry>) -> bool {
        let ascend = entries.is_sorted_by(|one, next| one.slot < next.slot);
        if !self.entries.is_empty() || entries.is_empty() || !ascend {
            return false;
        }
        entries.shrink_to_fit();
        self.entries = entries;
        self.summarise();
        true
    }

    fn insert(&mut self, at: usize, new: Entry) {
        let length = self.entries.len();
        if length == self.entries.capacity() {
            // A quarter more instead of twice as much: most months stop growing early.
            self.entries.reserve_exact((length / 4).max(2));
        }
        self.entries.insert(at, new);
        for (best_at, best) in self.best_at.iter_mut().zip(&self.best) {
            if *best != NONE && usize::from(*best_at) >= at {
                *best_at += 1;
            }
        }
        self.compete(at);
    }

    fn replace(&mut self, at: usize, new: Entry) {
        let was_best = self
            .kinds(new.slot)
            .any(|kind| self.best[kind] != NONE && usize::from(self.best_at[kind]) == at);
        let dearer = new.eur > self.entries[at].eur;
        self.entries[at] = new;
        if was_best && dearer {
            self.summarise();
        } else {
            self.compete(at);
        }
    }

    /// Takes note of an entry that may be the cheapest of its kinds.
    fn compete(&mut self, at: usize) {
        let (eur, slot) = (self.entries[at].eur, self.entries[at].slot);
        let at = at as u16;
        for kind in self.kinds(slot) {
            if self.best[kind] == NONE || (eur, at) < (self.best[kind], self.best_at[kind]) {
                self.best[kind] = eur;
                self.best_at[kind] = at;
            }
        }
    }

    fn summarise(&mut self) {
        self.best = [NONE; KINDS];
        for at in 0..self.entries.len() {
            self.compete(at);
        }
    }

    /// Keeps the entries that pass; returns how many went.
    pub(super) fn retain(&mut self, keep: impl FnMut(&Entry) -> bool) -> usize {
        let before = self.entries.len();
        self.entries.retain(keep);
        let gone = before - self.entries.len();
        if gone > 0 {
            if self.entries.capacity() > self.entries.len() * 2 {
                self.entries.shrink_to_fit();
            }
            self.summarise();
        }
        gone
    }

    /// The cheapest entry, direct or not, that passes the filter.
    pub(super) fn cheapest(&self, direct: bool, filter: &Filter) -> Option<&Entry> {
        let kind = self.kind(direct, filter);
        if self.best[kind] == NONE {
            return None;
        }
        let best = &self.entries[usize::from(self.best_at[kind])];
        if filter.passes(best, self.first_day) {
            return Some(best);
        }
        self.matching(*filter)
            .map(|(_, entry)| entry)
            .filter(|entry| entry.slot.direct() == direct)
            .min_by_key(|entry| (entry.eur, entry.slot))
    }

    /// All entries that pass the filter, by slot, each with its place.
    pub(super) fn matching(&self, filter: Filter) -> impl Iterator<Item = (usize, &Entry)> {
        let (returns, first_day) = (filter.back.is_some(), self.first_day);
        let day = |day: i32| day.saturating_sub(first_day).clamp(-1, 31);
        let (first, last) = (day(filter.out.0).max(0), day(filter.out.1));
        let (start, end) = if last < 0 {
            (Slot(0), Slot(0))
        } else {
            Slot::range(returns, first as u16, last as u16)
        };
        let from = self.entries.partition_point(|entry| entry.slot < start);
        let entries = self.entries.get(from..).unwrap_or_default();
        (from..)
            .zip(entries)
            .take_while(move |(_, entry)| entry.slot < end)
            .filter(move |(_, entry)| filter.passes(entry, first_day))
    }
}

impl Filter {
    /// Whether the entry is recent, of the asked shape, and flies on asked days.
    pub(super) fn passes(&self, entry: &Entry, first_day: i32) -> bool {
        let departs = first_day + i32::from(entry.slot.day());
        let within = |(first, last): (i32, i32), day: i32| first <= day && day <= last;
        entry.seen_s > self.seen_after_s
            && within(self.out, departs)
            && match (self.back, entry.slot.stay()) {
                (None, None) => true,
                (Some(back), Some(stay)) => within(back, departs + i32::from(stay)),
                _ => false,
            }
    }
}
