//! Collects what partners answer to one fan-out and says when it is over.
//!
//! ```text
//! part of an answer ─▶ on_part ─┐
//! end of an ask     ─▶ on_end  ─┼─▶ version, rows of the ledger, answers so far
//! deadline          ─▶ on_deadline
//! ```
//!
//! Pure: no socket, clock or task, so any order of answers can be replayed. No answer that comes after
//! the end changes anything.
//!
//! Limits: offers and bytes of one search; a part that would pass them is left out, and its
//! partner's row says so. The two extra questions of a self-transfer have a quarter as much besides
//! ([`EXTRA_SHARE`]), so that they never push out answers to the question itself.

use std::sync::Arc;

use domain::Answer;

use crate::ledger::AskedRow;
use crate::merge::ANSWERS_MAX;
use crate::remembered::Source;

/// Code in the row of a partner whose offers were left out because the search is full.
pub(crate) const FULL: &str = "search_full";
/// Code in the row of a partner that had not ended at the deadline.
pub(crate) const TIMED_OUT: &str = "partner_timeout";

/// The extra questions may hold one in so many of what the question itself may.
const EXTRA_SHARE: usize = 4;

/// What an ask is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Role {
    /// The whole question.
    Whole,
    /// From the origin to the hub of a self-transfer.
    First,
    /// From the hub to the destination.
    Second,
}

/// One ask: a partner and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ask {
    /// Index of the partner in the set.
    pub(crate) partner: u16,
    pub(crate) role: Role,
}

/// What one search may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CollectLimits {
    pub(crate) offers: usize,
    pub(crate) bytes: usize,
}

impl CollectLimits {
    fn of(self, role: Role) -> Self {
        let share = if role == Role::Whole { 1 } else { EXTRA_SHARE };
        Self { offers: self.offers / share, bytes: self.bytes / share }
    }
}

/// What is held.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    offers: usize,
    bytes: usize,
}

/// How an ask ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AskEnd {
    pub(crate) ms: u32,
    pub(crate) fault: Option<&'static str>,
}

/// Whether a search goes on, and how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Partners are still awaited.
    Incomplete,
    /// Every partner has answered, failed or missed the deadline, and at least one of them had
    /// something to say; or no partner sells what is asked, which no other try would change.
    Complete,
    /// Nobody had anything to say: every partner that was asked failed without an offer, or there
    /// is no partner to ask at all.
    Failed,
}

impl Status {
    /// Name in answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Incomplete => "incomplete",
            Self::Complete => "complete",
            Self::Failed => "failed",
        }
    }
}

/// The state of one fan-out.
#[derive(Debug)]
pub(crate) struct Collecting {
    asks: Vec<(Ask, bool)>,
    rows: Vec<AskedRow>,
    open: usize,
    answers: [Vec<Arc<Answer>>; 3],
    /// Who gave each of them.
    sources: [Vec<Source>; 3],
    /// For the question itself, and for the extra ones.
    held: [Held; 2],
    version: u32,
    limits: CollectLimits,
    any_partner: bool,
}

impl Collecting {
    /// Waits for these asks. `any_partner` says whether there was a partner to choose from.
    pub(crate) fn new(asks: &[Ask], any_partner: bool, limits: CollectLimits) -> Self {
        let mut rows: Vec<AskedRow> = Vec::with_capacity(asks.len());
        for ask in asks {
            let only_part = ask.role != Role::Whole;
            match rows.iter_mut().find(|row| row.partner == ask.partner) {
                Some(row) => row.only_part &= only_part,
                None => rows.push(AskedRow {
                    partner: ask.partner,
                    only_part,
                    offers: 0,
                    ms: None,
                    fault: None,
                    seen_ms: None,
                    version: 0,
                }),
            }
        }
        Self {
            asks: asks.iter().map(|&ask| (ask, true)).collect(),
            rows,
            open: asks.len(),
            answers: Default::default(),
            sources: Default::default(),
            held: Default::default(),
            version: 0,
            limits,
            any_partner,
        }
    }

    /// Takes up an answer that was seen before in place of asking. Returns whether anything changed.
    pub(crate) fn on_remembered(
        &mut self,
        ask: usize,
        answer: Arc<Answer>,
        seen_ms: i64,
        room: usize,
    ) -> bool {
        let mut changed = self.add(ask, answer, Some(seen_ms), room);
        changed |= self.on_end(ask, AskEnd { ms: 0, fault: None });
        if let Some(row) = self.row_of(ask) {
            row.seen_ms = Some(seen_ms);
        }
        changed
    }

    /// Takes up a part of an answer, if it has at most `room` bytes. Returns whether anything
    /// changed.
    pub(crate) fn on_part(&mut self, ask: usize, answer: Arc<Answer>, room: usize) -> bool {
        self.add(ask, answer, None, room)
    }

    fn add(&mut self, ask: usize, answer: Arc<Answer>, seen_ms: Option<i64>, room: usize) -> bool {
        let Some(&(Ask { partner, role }, true)) = self.asks.get(ask) else { return false };
        let (offers, bytes) = (answer.offers().len(), answer.heap_bytes());
        if offers == 0 {
            return false;
        }
        let parts: usize = self.answers.iter().map(Vec::len).sum();
        let (held, limits) =
            (&mut self.held[usize::from(role != Role::Whole)], self.limits.of(role));
        let full = held.offers + offers > limits.offers
            || held.bytes + bytes > limits.bytes
            || bytes > room
            || parts + 1 >= ANSWERS_MAX;
        if !full {
            held.offers += offers;
            held.bytes += bytes;
        }
        self.version += 1;
        let version = self.version;
        if let Some(row) = self.row_of(ask) {
            row.version = version;
            if full {
                row.fault = Some(FULL);
            } else {
                row.offers += offers as u32;
            }
        }
        if !full {
            self.answers[role as usize].push(answer);
            self.sources[role as usize].push(Source { partner, seen_ms });
        }
        true
    }

    /// Notes that an ask has ended. Returns whether anything changed.
    pub(crate) fn on_end(&mut self, ask: usize, end: AskEnd) -> bool {
        match self.asks.get_mut(ask) {
            Some((_, open)) if *open => *open = false,
            _ => return false,
        }
        self.open -= 1;
        self.version += 1;
        let version = self.version;
        if let Some(row) = self.row_of(ask) {
            row.version = version;
            // One that is asked for anything counts as asked.
            row.seen_ms = None;
            row.ms = Some(end.ms.max(row.ms.unwrap_or(0)));
            row.fault = row.fault.or(end.fault);
        }
        true
    }

    /// Ends every ask that is still open. Returns whether anything changed.
    pub(crate) fn on_deadline(&mut self, ms: u32) -> bool {
        let mut changed = false;
        for ask in 0..self.asks.len() {
            changed |= self.on_end(ask, AskEnd { ms, fault: Some(TIMED_OUT) });
        }
        changed
    }

    /// Flights that were shown have departed: what is there is to be merged anew.
    pub(crate) fn on_departed(&mut self) {
        self.version += 1;
    }

    /// The row an ask counts in. A partner that is asked for the whole question counts by that
    /// alone; what it is asked besides shows in no row.
    fn row_of(&mut self, ask: usize) -> Option<&mut AskedRow> {
        let (Ask { partner, role }, _) = *self.asks.get(ask)?;
        let row = self.rows.iter_mut().find(|row| row.partner == partner)?;
        (row.only_part || role == Role::Whole).then_some(row)
    }

    /// Whether an ask has not ended.
    pub(crate) fn awaits(&self, ask: usize) -> bool {
        self.asks.get(ask).is_some_and(|&(_, open)| open)
    }

    pub(crate) fn version(&self) -> u32 {
        self.version
    }

    pub(crate) fn is_over(&self) -> bool {
        self.open == 0
    }

    pub(crate) fn status(&self) -> Status {
        if self.open > 0 {
            return Status::Incomplete;
        }
        let failed = match self.rows.is_empty() {
            true => !self.any_partner,
            false => self.offers() == 0 && self.rows.iter().all(|row| row.fault.is_some()),
        };
        if failed { Status::Failed } else { Status::Complete }
    }

    pub(crate) fn rows(&self) -> &[AskedRow] {
        &self.rows
    }

    /// What was answered to the asks of a role.
    pub(crate) fn answers(&self, role: Role) -> &[Arc<Answer>] {
        &self.answers[role as usize]
    }

    /// Who gave each of them, and when if it was remembered.
    pub(crate) fn sources(&self, role: Role) -> &[Source] {
        &self.sources[role as usize]
    }

    pub(crate) fn offers(&self) -> usize {
        self.held.iter().map(|held| held.offers).sum()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.held.iter().map(|held| held.bytes).sum()
    }
}

#[cfg(test)]
mod tests;
