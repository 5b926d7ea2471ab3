//! Holds what travellers saw against what may happen: pure, from a diary and the list of faults.
//!
//! - No error, ever, except while the edge itself is away: what a cell does not answer, another does.
//! - A disturbed request waits once, for a known time: until its cell is known to be gone, or, if it is
//!   not, as long as cells have to answer. An undisturbed one hardly waits.
//! - Only requests of a cell that is disturbed are, and new searches until the edge knows of it: one cell of
//!   n, and what is in flight. Only those searches change their cell, and only once.
//! - A search is over by its deadline, wherever it lives; without any answer only if the market was disturbed.
//! - What one life of a cell says of a search only grows.
//! - Shortly after a fault all is as before.

use std::collections::BTreeMap;

use super::faults::{Fault, Kind, Place};
use super::hosts::{ANSWER_MS, DEADLINE_MS};
use super::traveller::{Diary, Entry, Outcome, State, What};

/// A request takes at most so long while nothing is wrong: four ways, and two to connect.
const USUAL_MS: u64 = 200;
/// After so long the edge knows that nothing answers there: two looks.
const KNOWN_MS: u64 = 2 * (200 + 300) + USUAL_MS;
/// After so long all is as before: the looks and the slow start.
pub(super) const HEALED_MS: u64 = 800;
/// Longest wait for a cell of which nobody knows that it is disturbed: its time, then another's.
const WAIT_MS: u64 = ANSWER_MS + 500 + USUAL_MS;
/// Longest way from a create to the end of a search that lived twice.
const TWICE_MS: u64 = 2 * (DEADLINE_MS + WAIT_MS);

/// What a judged world was like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) searches: usize,
    pub(super) requests: usize,
    /// Requests that waited longer than usual.
    pub(super) disturbed: usize,
    /// Searches that found another cell.
    pub(super) moved: usize,
    /// Searches that got no answer from the market.
    pub(super) failed: usize,
    /// The longest wait, milliseconds.
    pub(super) longest: u64,
}

/// What broke a rule, one sentence each.
pub(super) fn judge(diary: &Diary, faults: &[Fault]) -> (Tally, Vec<String>) {
    let mut broken = diary.wrong.clone();
    let mut tally = Tally { requests: diary.entries.len(), ..Tally::default() };
    let mut searches: BTreeMap<(u32, u32), Vec<&Entry>> = BTreeMap::new();
    for entry in &diary.entries {
        searches.entry(entry.search).or_default().push(entry);
        tally.longest = tally.longest.max(entry.came - entry.sent);
    }
    tally.searches = searches.len();
    for entries in searches.values() {
        let mut search = Search { faults, tally: &mut tally, broken: &mut broken, life: None };
        search.follow(entries);
    }
    (tally, broken)
}

/// Whether a fault may show in what happens between two moments.
fn shows(fault: &Fault, from: u64, until: u64) -> bool {
    fault.from <= until && from <= fault.until + HEALED_MS
}

/// A cell keeps a search, since a request that was answered at this moment.
#[derive(Clone, Copy)]
struct Life {
    cell: u32,
    begun: u64,
    version: u64,
    total: u64,
}

struct Search<'a> {
    faults: &'a [Fault],
    tally: &'a mut Tally,
    broken: &'a mut Vec<String>,
    life: Option<Life>,
}

impl Search<'_> {
    fn follow(&mut self, entries: &[&Entry]) {
        let moved_before = self.tally.moved;
        for entry in entries {
            self.judge_wait(entry);
            if let Some(cell) = entry.outcome.cell() {
                self.judge_cell(entry, cell);
            }
            if let Outcome::Page { state, version, total, .. } = entry.outcome {
                self.judge_page(entry, state, (version, total));
            }
        }
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return };
        let edge = self.any(first.sent, last.came, |fault| fault.place == Place::Edge);
        if last.came - first.sent > TWICE_MS && !edge {
            self.breaks(last, "the search took too long");
        }
        let state = match last.outcome {
            Outcome::Page { state, .. } => Some(state),
            _ => None,
        };
        let market = |fault: &Fault| matches!(fault.place, Place::Market(_));
        match state {
            Some(State::Complete) => {}
            Some(State::Failed) if self.any(first.sent, last.came, market) => {
                self.tally.failed += 1
            }
            _ => self.breaks(last, "the search was not over in the end"),
        }
        if self.tally.moved - moved_before > 1 && !edge {
            self.breaks(last, "the search moved twice");
        }
    }

    fn breaks(&mut self, entry: &Entry, rule: &str) {
        self.broken.push(format!("{rule}: {entry:?}"));
    }

    fn any(&self, from: u64, until: u64, which: impl Fn(&Fault) -> bool) -> bool {
        self.faults.iter().any(|fault| which(fault) && shows(fault, from, until))
    }

    /// Whether a request may be disturbed.
    fn may_wait(&self, entry: &Entry) -> bool {
        let home = self.life.map(|life| life.cell);
        self.any(entry.sent, entry.came, |fault| match (fault.place, entry.what) {
            (Place::Edge, _) => true,
            (Place::Market(_), _) => false,
            (Place::Cell(cell), What::Poll) => home == Some(cell),
            // A cell that is known to be gone gets no new search.
            (Place::Cell(_), What::Create) => match fault.kind {
                Kind::Slow | Kind::Lossy => true,
                Kind::Dies | Kind::CutOff | Kind::Held => entry.sent <= fault.from + KNOWN_MS,
            },
        })
    }

    /// A request waits for a cell until that is known to be gone, but where it is disturbed for a shorter
    /// time or not wholly, nobody knows.
    fn longest_wait(&self, entry: &Entry) -> u64 {
        let unknown = |fault: &Fault| {
            let partly = matches!(fault.kind, Kind::Slow | Kind::Lossy);
            matches!(fault.place, Place::Cell(_)) && (partly || fault.lasts() < KNOWN_MS)
        };
        let unknown = self.any(entry.sent, entry.came, unknown);
        if unknown { WAIT_MS } else { KNOWN_MS + USUAL_MS }
    }

    fn judge_wait(&mut self, entry: &Entry) {
        let edge = self.any(entry.sent, entry.came, |fault| fault.place == Place::Edge);
        if entry.outcome.cell().is_none() && !edge {
            self.breaks(entry, "a traveller saw an error");
        }
        let took = entry.came - entry.sent;
        if took <= USUAL_MS {
            return;
        }
        self.tally.disturbed += 1;
        if took > self.longest_wait(entry) && !edge {
            self.breaks(entry, "an answer took too long");
        }
        if !self.may_wait(entry) {
            self.breaks(entry, "an answer was late though nothing was wrong with its cell");
        }
    }

    fn judge_cell(&mut self, entry: &Entry, cell: u32) {
        let life = Life { cell, begun: entry.came, version: 0, total: 0 };
        let Some(before) = self.life.replace(life) else { return };
        let dead = |fault: &Fault| fault.kind == Kind::Dies && fault.place == Place::Cell(cell);
        if before.cell == cell && !self.any(before.begun, entry.came, dead) {
            self.life = Some(before);
            return;
        }
        if before.cell == cell {
            return;
        }
        self.tally.moved += 1;
        let lost = |fault: &Fault| [Place::Cell(before.cell), Place::Edge].contains(&fault.place);
        if !self.any(before.begun, entry.came, lost) {
            self.breaks(entry, &format!("a search left cell {} for nothing", before.cell));
        }
    }

    fn judge_page(&mut self, entry: &Entry, state: State, (version, total): (u64, u64)) {
        let Some(life) = self.life.as_mut() else { return };
        let shrunk = version < life.version || total < life.total;
        (life.version, life.total) = (version, total);
        let late = entry.sent > life.begun + DEADLINE_MS;
        if shrunk {
            self.breaks(entry, "an answer shrank");
        }
        if late && state == State::Incomplete {
            self.breaks(entry, "the search is past its deadline");
        }
    }
}
