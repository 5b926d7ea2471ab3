//! Counts of all searches of a process together.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::answer_counts::AnswerCounts;
use crate::pace::Pace;

/// Bytes held by all searches, and how many there may be; answers of partners by for whom they came, and
/// whether they come later than usual.
#[derive(Debug)]
pub(crate) struct Meter {
    pub(super) used: AtomicUsize,
    most: usize,
    pub(crate) answers: AnswerCounts,
    pace: Mutex<Pace>,
}

impl Meter {
    pub(crate) fn new(most: usize) -> Self {
        let (used, pace) = (AtomicUsize::new(0), Mutex::default());
        Self { used, most, answers: AnswerCounts::default(), pace }
    }

    pub(crate) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    pub(crate) fn most(&self) -> usize {
        self.most
    }

    pub(crate) fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
