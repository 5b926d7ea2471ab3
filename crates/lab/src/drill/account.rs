//! What became of all requests of all travellers: right, refused, failed; and what was wrong.
//!
//! Limits: failures and wrong answers that are told one by one; all are counted.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use hdrhistogram::Histogram;

/// Failures that are remembered one by one.
const FAILURES_MAX: usize = 20_000;
/// Wrong answers that are.
const WRONG_MAX: usize = 20;

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Create,
    Poll,
    Ledger,
    List,
}

/// A request without a right answer.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    /// Since the account was opened.
    pub(crate) at: Duration,
    pub(crate) kind: Kind,
    pub(crate) why: String,
}

/// Counts of everything.
#[derive(Debug)]
pub(crate) struct Account {
    opened: Instant,
    kept: Mutex<Kept>,
}

/// What is counted.
#[derive(Debug)]
pub(crate) struct Kept {
    /// Requests by kind, refused ones too.
    pub(crate) asked: BTreeMap<Kind, u64>,
    /// Refused with 429 and a time to come back.
    pub(crate) refused: u64,
    pub(crate) failed: u64,
    pub(crate) failures: Vec<Failure>,
    /// Answers that were not what they must be.
    pub(crate) wrong: u64,
    pub(crate) wrong_told: Vec<String>,
    /// Microseconds of requests that got a right answer.
    pub(crate) micros: Histogram<u64>,
    /// The longest wait for a right answer, over requests that failed meanwhile, and when it ended.
    pub(crate) longest: (Duration, Duration),
    /// Searches complete; meant to be compared with the truth; compared; compared whole; without most
    /// of their partners.
    pub(crate) complete: u64,
    pub(crate) meant: u64,
    pub(crate) checked: u64,
    pub(crate) checked_whole: u64,
    pub(crate) thin: u64,
    /// Searches begun again by another life of a cell or by another cell.
    pub(crate) begun_again: u64,
    /// When a right answer was last given.
    pub(crate) last_right: Duration,
}

impl Account {
    /// Nothing yet.
    pub(crate) fn open() -> Result<Self> {
        let kept = Kept {
            asked: BTreeMap::new(),
            refused: 0,
            failed: 0,
            failures: Vec::new(),
            wrong: 0,
            wrong_told: Vec::new(),
            micros: Histogram::new(3)?,
            longest: (Duration::ZERO, Duration::ZERO),
            complete: 0,
            meant: 0,
            checked: 0,
            checked_whole: 0,
            thin: 0,
            begun_again: 0,
            last_right: Duration::ZERO,
        };
        Ok(Self { opened: Instant::now(), kept: Mutex::new(kept) })
    }

    /// What is counted so far.
    pub(crate) fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Time since it was opened.
    pub(crate) fn time(&self) -> Duration {
        self.opened.elapsed()
    }

    pub(crate) fn on_right(&self, kind: Kind, took: Duration, waited: Duration) {
        let now = self.time();
        let mut kept = self.kept();
        *kept.asked.entry(kind).or_default() += 1;
        let _ = kept.micros.record(took.as_micros() as u64);
        kept.longest = kept.longest.max((waited, now));
        kept.last_right = now;
    }

    pub(crate) fn on_refused(&self, kind: Kind) {
        let mut kept = self.kept();
        *kept.asked.entry(kind).or_default() += 1;
        kept.refused += 1;
    }

    pub(crate) fn on_failed(&self, kind: Kind, why: String) {
        let at = self.time();
        let mut kept = self.kept();
        *kept.asked.entry(kind).or_default() += 1;
        kept.failed += 1;
        if kept.failures.len() < FAILURES_MAX {
            kept.failures.push(Failure { at, kind, why });
        }
    }

    pub(crate) fn on_wrong(&self, what: String) {
        let at = self.time();
        let mut kept = self.kept();
        kept.wrong += 1;
        if kept.wrong_told.len() < WRONG_MAX {
            kept.wrong_told.push(format!("{:.1} s: {what}", at.as_secs_f64()));
        }
    }
}

impl Kept {
    /// Requests of all kinds.
    pub(crate) fn requests(&self) -> u64 {
        self.asked.values().sum()
    }

    /// The part of requests that were not refused and got a right answer.
    pub(crate) fn availability(&self) -> f64 {
        let judged = self.requests() - self.refused;
        1.0 - self.failed as f64 / judged.max(1) as f64
    }

    /// Failures by what was said, the most frequent first.
    pub(crate) fn reasons(&self) -> Vec<(String, usize)> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for failure in &self.failures {
            *counts.entry(format!("{:?}: {}", failure.kind, failure.why)).or_default() += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_with_a_time_to_come_back_is_no_failure_and_no_success() {
        let account = Account::open().unwrap();
        let second = Duration::from_secs(1);
        for _ in 0..3 {
            account.on_right(Kind::Poll, second, second);
        }
        account.on_failed(Kind::Poll, "502".to_owned());
        account.on_refused(Kind::Create);
        let kept = account.kept();
        assert_eq!((kept.requests(), kept.refused, kept.failed), (5, 1, 1));
        assert!((kept.availability() - 0.75).abs() < 1e-9);
        assert_eq!(kept.reasons(), [("Poll: 502".to_owned(), 1)]);
    }
}
