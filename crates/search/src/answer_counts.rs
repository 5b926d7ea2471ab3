//! For whom partners' answers were worked on: decoded and taken up, which is most of what a search costs.

use std::sync::atomic::{AtomicU64, Ordering};

/// Parts of answers that came since the start.
#[derive(Debug, Default)]
pub(crate) struct AnswerCounts {
    wanted: AtomicU64,
    late: AtomicU64,
    unwatched: AtomicU64,
}

/// The same at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AnswersFor {
    /// Somebody waited for them.
    pub wanted: u64,
    /// They came when their search was over.
    pub late: u64,
    /// Nobody had looked at their search for a while.
    pub unwatched: u64,
}

impl AnswerCounts {
    /// Counts one.
    pub(crate) fn count(&self, late: bool, watched: impl FnOnce() -> bool) {
        let counter = match late {
            true => &self.late,
            false if watched() => &self.wanted,
            false => &self.unwatched,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// What was counted.
    pub(crate) fn read(&self) -> AnswersFor {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        AnswersFor {
            wanted: read(&self.wanted),
            late: read(&self.late),
            unwatched: read(&self.unwatched),
        }
    }
}
