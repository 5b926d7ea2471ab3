//! What happened in the fleet in the last hour, for people: one sentence each, with its time.
//!
//! Most of it is the difference between a fleet and the one before ([`between`]), so that nothing
//! that changes the topology can be forgotten here; the rest is told by whoever sees it.
//!
//! Pure. Limits: [`HOUR_MS`], [`EVENTS_MAX`] entries, [`SENTENCE_BYTES_MAX`] each; the oldest go first.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::take_up::Fleet;
use crate::topology::{CellId, CellSite, SeenHealth};

/// How long an event is kept, milliseconds.
pub const HOUR_MS: u64 = 3_600_000;
/// Events that are kept.
pub const EVENTS_MAX: usize = 500;
/// Longest sentence that is kept.
pub const SENTENCE_BYTES_MAX: usize = 400;

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A cell does not answer.
    CellDown,
    /// A cell answers and takes no work.
    CellNotReady,
    /// A cell takes work again.
    CellBack,
    /// A cell's process is another one.
    CellRestarted,
    /// A cell was told to leave, and does.
    CellLeaves,
    /// The machine of a cell is taken away.
    SpotNotice,
    /// A cell is drained.
    Drained,
    /// A cell takes new work again.
    Undrained,
    /// Cells, their weights or their zones are others.
    CellsChanged,
    /// Buckets have other cells.
    TableChanged,
    /// A cell is to run another release.
    Release,
    /// A step of a rollout.
    Rollout,
    /// A rollout goes back.
    Rollback,
    /// Nothing may change.
    Frozen,
    /// Changes are allowed again.
    Unfrozen,
    /// A process that keeps this list was started.
    Started,
    /// Something that only a later release has a word for.
    #[serde(other)]
    Other,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When, milliseconds since 1970.
    pub at: u64,
    /// What kind of thing.
    pub what: What,
    /// The cell it is about, if it is about one.
    pub cell: Option<String>,
    /// For people.
    pub sentence: String,
}

/// An event before anybody has said when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What kind of thing.
    pub what: What,
    /// The cell it is about.
    pub cell: Option<CellId>,
    /// For people.
    pub sentence: String,
}

impl Told {
    /// Something about one cell.
    #[must_use]
    pub fn of(cell: CellId, what: What, sentence: impl Into<String>) -> Self {
        Self { what, cell: Some(cell), sentence: sentence.into() }
    }

    /// Something about all of it.
    #[must_use]
    pub fn all(what: What, sentence: impl Into<String>) -> Self {
        Self { what, cell: None, sentence: sentence.into() }
    }
}

/// The events of the last hour.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Happened {
    events: VecDeque<Event>,
}

impl Happened {
    /// Takes up what happened now.
    pub fn note(&mut self, told: Told, now: u64) {
        let Told { what, cell, sentence } = told;
        let cell = cell.map(|cell| cell.to_string());
        self.events.push_back(Event { at: now, what, cell, sentence: clipped(sentence) });
        self.forget(now);
    }

    /// Those of the last hour, the newest first.
    pub fn newest(&self, now: u64) -> impl Iterator<Item = &Event> {
        self.events.iter().rev().filter(move |event| !is_over(event, now))
    }

    /// Forgets what is older than an hour, and the oldest of too many.
    fn forget(&mut self, now: u64) {
        let too_many = self.events.len().saturating_sub(EVENTS_MAX);
        self.events.drain(..too_many);
        while self.events.front().is_some_and(|event| is_over(event, now)) {
            self.events.pop_front();
        }
    }
}

fn is_over(event: &Event, now: u64) -> bool {
    now.saturating_sub(event.at) > HOUR_MS
}

fn clipped(mut sentence: String) -> String {
    if sentence.len() > SENTENCE_BYTES_MAX {
        sentence.truncate(sentence.floor_char_boundary(SENTENCE_BYTES_MAX));
        sentence.push('…');
    }
    sentence
}

/// What happened between a fleet and the next.
#[must_use]
pub fn between(before: &Fleet, after: &Fleet) -> Vec<Told> {
    let mut told = Vec::new();
    for (region, cell) in after.topology.cells() {
        match before.topology.cell(cell.id) {
            Some(known) => changes(known, cell, &mut told),
            None => {
                let sentence = format!("{} is new in region {}", cell.id, region.name);
                told.push(Told::of(cell.id, What::CellsChanged, sentence));
            }
        }
    }
    for (region, cell) in before.topology.cells() {
        if after.topology.cell(cell.id).is_none() {
            let sentence = format!("{} is no more in region {}", cell.id, region.name);
            told.push(Told::of(cell.id, What::CellsChanged, sentence));
        }
    }
    if before.topology.table != after.topology.table {
        let of_region = |name: &str| before.table.region(name);
        let moved = after.table.regions().iter().map(|new| match of_region(new.name()) {
            Some(old) => old.moved(new),
            None => crate::BUCKETS,
        });
        let (moved, version) = (moved.sum::<usize>(), after.topology.version);
        let sentence = format!("topology {version} has another table: {moved} buckets moved");
        told.push(Told::all(What::TableChanged, sentence));
    }
    if before.topology.overrides != after.topology.overrides {
        let sentence = format!("{} overrides of buckets hold", after.topology.overrides.len());
        told.push(Told::all(What::TableChanged, sentence));
    }
    told
}

fn changes(before: &CellSite, after: &CellSite, told: &mut Vec<Told>) {
    let id = after.id;
    match (before.draining, after.draining) {
        (false, true) => {
            let sentence = format!("{id} is drained: it finishes what it has and gets nothing new");
            told.push(Told::of(id, What::Drained, sentence));
        }
        (true, false) => {
            told.push(Told::of(id, What::Undrained, format!("{id} gets new work again")));
        }
        _ => {}
    }
    if before.version != after.version {
        let sentence = format!("{id} is to run {} instead of {}", after.version, before.version);
        told.push(Told::of(id, What::Release, sentence));
    }
    if before.weight != after.weight {
        let sentence = format!("{id} has weight {} instead of {}", after.weight, before.weight);
        told.push(Told::of(id, What::CellsChanged, sentence));
    }
    if before.health != after.health {
        let told_of = match (before.health, after.health) {
            // The first look after a start is no news.
            (SeenHealth::Unknown, _) | (_, SeenHealth::Unknown) => None,
            (_, SeenHealth::Unreachable) => {
                Some((What::CellDown, "does not answer the control plane"))
            }
            (_, SeenHealth::NotReady) => Some((What::CellNotReady, "answers and takes no work")),
            (_, SeenHealth::Ready) => Some((What::CellBack, "takes work now")),
        };
        if let Some((what, sentence)) = told_of {
            told.push(Told::of(id, what, format!("{id} {sentence}")));
        }
    }
}

#[cfg(test)]
mod tests;
