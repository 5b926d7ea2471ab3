//! Whether cells of a new release do worse than those of the old one.
//!
//! The test: each question is a share (failed, refused, prices that changed, answers that take more
//! than 1.4 times the old release's median, and more than 1.4 times its 95th percentile, and at least
//! 25 ms more), and whether
//! the new release's share is greater is asked of **Fisher's exact test**, one-sided. That a difference
//! is not chance is not enough:
//!
//! - it must be large enough to matter (`least`),
//! - and the new release must be worse than the worst cell of the old one by as much, because cells
//!   differ among themselves and a test of pooled counts does not know that. For the same reason the
//!   medians are those of the slowest old cell.
//!
//! A bake is judged [`LOOKS`] times and a rollout bakes a few times; the chance of a false alarm is
//! that of the whole rollout, [`FALSE_ALARM`], shared equally among all tests (Bonferroni).
//!
//! Source of the test: R. A. Fisher, "On the interpretation of chi-squared from contingency tables",
//! 1922. Its hypergeometric tail comes from `statrs`.

use serde::{Deserialize, Serialize};
use statrs::distribution::{DiscreteCDF, Hypergeometric};

use super::evidence::Evidence;

/// How often a bake is judged, and once more where it had to wait for requests.
pub const LOOKS: u64 = 8;
/// Chance that a rollout of a release which is as good as the old one is stopped by chance.
pub const FALSE_ALARM: f64 = 0.01;
/// Waves of a rollout that share it.
const WAVES: f64 = 3.0;
/// Buckets of times by which answers must be slower to count: `2^(2/4)` is 1.4 times.
const SLOWER_BY: usize = 2;
/// Microseconds by which they must be slower besides: nobody notices less.
const SLOWER_BY_US: u64 = 25_000;
/// Largest counts that the test is given; larger ones are scaled down, which makes it careful.
const COUNT_MAX: u64 = 200_000;

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Answers that say that the cell failed.
    Failed,
    /// Requests that were turned away.
    Refused,
    /// Prices that did not hold when they were followed.
    Changed,
    /// Answers that take much longer than the old release's median.
    SlowerHalf,
    /// Answers that take much longer than the old release's 95th percentile.
    SlowerTail,
}

impl Question {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Failed, Self::Refused, Self::Changed, Self::SlowerHalf, Self::SlowerTail];

    /// As it is printed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed answers",
            Self::Refused => "requests turned away",
            Self::Changed => "prices that did not hold",
            Self::SlowerHalf => "answers beyond 1.4 times the old release's median",
            Self::SlowerTail => "answers beyond 1.4 times the old release's 95th percentile",
        }
    }

    /// Difference of shares that matters.
    fn least(self) -> f64 {
        match self {
            Self::Failed => 0.002,
            Self::Refused => 0.02,
            Self::Changed => 0.03,
            Self::SlowerHalf => 0.15,
            Self::SlowerTail => 0.03,
        }
    }

    /// How many there are, and how many of them are bad.
    fn count(self, seen: &Evidence, old: &[Evidence]) -> (u64, u64) {
        let slow = |percent| {
            let slowest = old.iter().map(|cell| cell.quantile(percent)).max().unwrap_or(0);
            let noticed = Evidence::bucket(Evidence::end_us(slowest) + SLOWER_BY_US);
            (seen.timed(), seen.slower_than(noticed.max(slowest + SLOWER_BY)))
        };
        match self {
            Self::Failed => (seen.requests, seen.failed),
            Self::Refused => (seen.requests, seen.refused),
            Self::Changed => (seen.followed, seen.changed),
            Self::SlowerHalf => slow(50),
            Self::SlowerTail => slow(95),
        }
    }
}

/// Why the new release is worse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Worse {
    /// What is.
    pub question: Question,
    /// The new release's share, 0 to 1.
    pub new: f64,
    /// The old release's share, 0 to 1.
    pub old: f64,
    /// The chance of such a difference between equals.
    pub chance: f64,
}

impl std::fmt::Display for Worse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { question, new, old, chance } = self;
        let (new, old) = (100.0 * new, 100.0 * old);
        write!(f, "{}: {new:.2}% against {old:.2}% (chance {chance:.1e})", question.name())
    }
}

/// How the new release stands beside the old one in one question.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// What is compared.
    pub question: Question,
    /// The new release's share, 0 to 1.
    pub new: f64,
    /// The old release's share, 0 to 1.
    pub old: f64,
    /// The share from which the new release can be worse: that of the worst old cell, and what matters.
    pub limit: f64,
    /// The chance of such a difference between equals; only computed where the limit is reached.
    pub chance: Option<f64>,
}

impl Compared {
    /// Whether the new release is worse.
    #[must_use]
    pub fn is_worse(&self) -> bool {
        let level = FALSE_ALARM / (WAVES * (LOOKS + 1) as f64 * Question::ALL.len() as f64);
        self.chance.is_some_and(|chance| chance < level)
    }
}

/// Compares in one question; `None` where there is nothing to compare.
#[must_use]
pub fn compared(new: &Evidence, old: &[Evidence], question: Question) -> Option<Compared> {
    let mut all = Evidence::default();
    old.iter().for_each(|cell| all.add(cell));
    let (of_new, bad_new) = question.count(new, old);
    let (of_old, bad_old) = question.count(&all, old);
    if of_new == 0 || of_old == 0 {
        return None;
    }
    let worst = old.iter().map(|cell| share(question.count(cell, old)));
    let limit = worst.fold(share((of_old, bad_old)), f64::max) + question.least();
    let (new, old) = (share((of_new, bad_new)), share((of_old, bad_old)));
    let chance = (new >= limit).then(|| chance_of_as_many((of_new, bad_new), (of_old, bad_old)));
    Some(Compared { question, new, old, limit, chance })
}

/// The first of these questions in which the new release is worse than the old one, which is given
/// cell by cell.
#[must_use]
pub fn worse(new: &Evidence, old: &[Evidence], questions: &[Question]) -> Option<Worse> {
    let mut found = questions.iter().filter_map(|&question| compared(new, old, question));
    let Compared { question, new, old, chance, limit: _ } = found.find(Compared::is_worse)?;
    Some(Worse { question, new, old, chance: chance.unwrap_or_default() })
}

fn share((of, bad): (u64, u64)) -> f64 {
    bad as f64 / of.max(1) as f64
}

/// Fisher's exact test, one-sided: the chance that at least so many of the bad ones are among the new.
fn chance_of_as_many(new: (u64, u64), old: (u64, u64)) -> f64 {
    let most = new.0.max(old.0).div_ceil(COUNT_MAX).max(1);
    let scaled = |(of, bad): (u64, u64)| (of / most, (bad / most).min(of / most));
    let (new, old) = (scaled(new), scaled(old));
    if new.1 == 0 {
        return 1.0;
    }
    match Hypergeometric::new(new.0 + old.0, new.1 + old.1, new.0) {
        Ok(chances) => chances.sf(new.1 - 1),
        // Counts that contradict each other say nothing.
        Err(_) => 1.0,
    }
}

#[cfg(test)]
mod tests;
