//! What is counted for whoever reads the result.

use std::collections::BTreeMap;

use super::checks::Violation;
use super::faults::Kind;
use super::queue::At;

/// Counts of one world.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) events: u64,
    /// Travellers who began to search.
    pub(crate) travellers: u64,
    /// Those who saw all their prices.
    pub(crate) served: u64,
    /// Those who gave up after being refused.
    pub(crate) turned_away: u64,
    /// Those who gave up after errors.
    pub(crate) failed: u64,
    pub(crate) requests: u64,
    pub(crate) sent_again: u64,
    pub(crate) errors: u64,
    pub(crate) refused: u64,
    pub(crate) recreated: u64,
    pub(crate) tables_refused: u64,
    pub(crate) drains_refused: u64,
    pub(crate) facts: u64,
    /// Good releases that reached every cell, and that were sent back.
    pub(crate) good_done: u64,
    pub(crate) good_returned: u64,
    /// The same of bad ones.
    pub(crate) bad_done: u64,
    pub(crate) bad_returned: u64,
    pub(crate) faults: BTreeMap<Kind, u64>,
    /// Longest time of a search in a cell.
    pub(crate) longest: At,
    /// Longest time from the first request of a traveller to all prices.
    pub(crate) longest_wait: At,
}

impl Tally {
    pub(crate) fn add(&mut self, other: &Self) {
        self.events += other.events;
        self.travellers += other.travellers;
        self.served += other.served;
        self.turned_away += other.turned_away;
        self.failed += other.failed;
        self.requests += other.requests;
        self.sent_again += other.sent_again;
        self.errors += other.errors;
        self.refused += other.refused;
        self.recreated += other.recreated;
        self.tables_refused += other.tables_refused;
        self.drains_refused += other.drains_refused;
        self.facts += other.facts;
        self.good_done += other.good_done;
        self.good_returned += other.good_returned;
        self.bad_done += other.bad_done;
        self.bad_returned += other.bad_returned;
        for (&kind, &count) in &other.faults {
            *self.faults.entry(kind).or_default() += count;
        }
        self.longest = self.longest.max(other.longest);
        self.longest_wait = self.longest_wait.max(other.longest_wait);
    }
}

/// What became of a world.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) seed: u64,
    pub(crate) tally: Tally,
    /// Least share of requests without an error in a minute, of a million.
    pub(crate) worst: u64,
    pub(crate) trace: u64,
    pub(crate) violations: Vec<Violation>,
    pub(crate) broken: u64,
}
