//! What is due next: events by their time, those of one time in the order they were planned.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::event::Event;

/// Microseconds since the world began.
pub(crate) type At = u64;

/// One second.
pub(crate) const SECOND: At = 1_000_000;
/// One millisecond.
pub(crate) const MS: At = 1_000;

#[derive(Debug)]
struct Entry {
    at: At,
    serial: u64,
    event: Event,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.serial).cmp(&(other.at, other.serial))
    }
}

/// Events that are planned.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    heap: BinaryHeap<Reverse<Entry>>,
    serial: u64,
}

impl Queue {
    /// Plans an event.
    pub(crate) fn plan(&mut self, at: At, event: Event) {
        self.serial += 1;
        self.heap.push(Reverse(Entry { at, serial: self.serial, event }));
    }

    /// Takes the next one.
    pub(crate) fn next(&mut self) -> Option<(At, Event)> {
        self.heap.pop().map(|Reverse(entry)| (entry.at, entry.event))
    }
}
