//! Counts of all searches of a process together.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::answer_counts::AnswerCounts;

/// Bytes held by all searches, and how many there may be; answers of partners by for whom they came.
#[derive(Debug)]
pub(crate) struct Meter {
    pub(super) used: AtomicUsize,
    most: usize,
    pub(crate) answers: AnswerCounts,
}

impl Meter {
    pub(crate) fn new(most: usize) -> Self {
        Self { used: AtomicUsize::new(0), most, answers: AnswerCounts::default() }
    }

    pub(crate) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    pub(crate) fn most(&self) -> usize {
        self.most
    }
}
