//! What must hold in every world, whatever goes wrong.
//!
//! Told of everything that matters to them, the checkers collect what broke a rule. Each can fail:
//! `tests.rs` breaks each rule on purpose.

mod blast;
mod service;

use std::fmt;

use super::queue::{At, MS, SECOND};
use super::settings::{RETRY_PERCENT, RETRY_RESERVE, WorldSettings};

pub(crate) use blast::Blast;
pub(crate) use service::Service;

/// Violations of a rule that are kept; one is enough to fail.
const KEPT_MAX: usize = 3;
/// Window over which retries are counted.
const RETRY_WINDOW: At = 10 * SECOND;
/// Time by which the last work of a search may come after its deadline: admission lets a queue run
/// empty within six seconds. Two are reached in a flood, four where a zone is lost in one, nearly six
/// where cells change their release in one.
pub(crate) const LATE_MAX: At = 6_000 * MS;

/// A rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// What was acknowledged is never lost: facts on the log, and searches that have a token.
    Acknowledged,
    /// No search runs past its deadline.
    Deadline,
    /// A dead cell harms its share of travellers and those in flight, and nobody for long.
    BlastRadius,
    /// With any two cells of a region lost, the rest carries the peak.
    Capacity,
    /// What is sent twice is at most a tenth of what is sent.
    Retries,
    /// All is well 30 s after a fault.
    Recovery,
    /// Edges use tables of the control plane only.
    Tables,
    /// A bad release reaches one cell at once and is gone within a minute.
    Rollout,
}

/// A rule that was broken.
#[derive(Clone, Debug)]
pub(crate) struct Violation {
    pub(crate) at: At,
    pub(crate) rule: Rule,
    pub(crate) what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.at as f64 / SECOND as f64;
        write!(f, "{seconds:.3} s: {:?}: {}", self.rule, self.what)
    }
}

/// All that was broken.
#[derive(Clone, Debug, Default)]
pub(crate) struct Violations {
    pub(crate) kept: Vec<Violation>,
    pub(crate) count: u64,
}

impl Violations {
    pub(crate) fn add(&mut self, at: At, rule: Rule, what: impl FnOnce() -> String) {
        self.count += 1;
        let alike = self.kept.iter().filter(|kept| kept.rule == rule).count();
        if alike < KEPT_MAX {
            self.kept.push(Violation { at, rule, what: what() });
        }
    }
}

/// Counts what edges send twice.
#[derive(Clone, Debug)]
pub(crate) struct Retries {
    since: At,
    sent: u64,
    again: u64,
    /// What all edges may send twice at once.
    reserve: u64,
}

impl Retries {
    pub(crate) fn new(settings: &WorldSettings) -> Self {
        let edges = u64::from(settings.regions) * u64::from(settings.edges_a_region);
        Self { since: 0, sent: 0, again: 0, reserve: edges * u64::from(RETRY_RESERVE) }
    }

    pub(crate) fn on_sent(&mut self) {
        self.sent += 1;
    }

    pub(crate) fn on_sent_again(&mut self, now: At, broken: &mut Violations) {
        self.again += 1;
        let (sent, again) = (self.sent, self.again);
        if again > sent * u64::from(RETRY_PERCENT) / 100 + self.reserve {
            broken.add(now, Rule::Retries, || {
                format!("{again} of {sent} requests were sent twice within a few seconds")
            });
            (self.sent, self.again) = (0, 0);
        }
    }

    pub(crate) fn on_second(&mut self, now: At) {
        if now >= self.since + RETRY_WINDOW {
            (self.since, self.sent, self.again) = (now, 0, 0);
        }
    }
}
