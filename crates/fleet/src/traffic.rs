//! What a cell does at present, from counts that only grow since its process began.
//!
//! Each look at a cell is a sample; the newest against the oldest of the last ten seconds gives rates,
//! shares and times. A process that was started again counts from nothing.
//!
//! Pure: whoever looks tells the time. Limits: [`WINDOW_MS`], [`SAMPLES_MAX`] samples of half a
//! kilobyte.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::rollout::Evidence;

/// How far back is looked, milliseconds.
pub const WINDOW_MS: u64 = 10_000;
/// Samples that are kept.
pub const SAMPLES_MAX: usize = 128;

/// What is remembered of one cell.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    samples: VecDeque<Sample>,
}

/// One look at a cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// When, milliseconds since 1970.
    pub at: u64,
    /// When its process began, as it says.
    pub process: u64,
    /// Searches created since then.
    pub searches: u64,
    /// What it did since then.
    pub done: Evidence,
}

/// What a cell did lately.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    /// The time that was looked at, milliseconds.
    pub over_ms: u64,
    /// Requests of the API answered a second.
    pub requests_per_second: f64,
    /// Searches created a second.
    pub searches_per_second: f64,
    /// Requests whose answer says that the cell failed, percent; nothing without requests.
    pub failed_percent: Option<f64>,
    /// Requests that were turned away, percent.
    pub refused_percent: Option<f64>,
    /// Time to the head of an answer within which half of them came, milliseconds, rounded up by at
    /// most a fifth. Polls that wait for news take up to a second.
    pub p50_ms: Option<f64>,
    /// The same for 99 of a hundred.
    pub p99_ms: Option<f64>,
}

impl Traffic {
    /// Takes up a look.
    pub fn note(&mut self, sample: Sample) {
        let goes_on = |last: &Sample| last.process == sample.process && last.at <= sample.at;
        if !self.samples.back().is_none_or(goes_on) {
            self.samples.clear();
        }
        self.samples.push_back(sample);
        let newest = self.samples.back().map_or(0, |last| last.at);
        // One from before the window stays, so that the window is filled.
        let is_old = |sample: Option<&Sample>| {
            sample.is_some_and(|sample| newest.saturating_sub(sample.at) >= WINDOW_MS)
        };
        while is_old(self.samples.get(1)) || self.samples.len() > SAMPLES_MAX {
            self.samples.pop_front();
        }
    }

    /// What it did lately; `None` before two looks, and when the last one is long ago.
    #[must_use]
    pub fn rates(&self, now: u64) -> Option<Rates> {
        let (first, last) = (self.samples.front()?, self.samples.back()?);
        let over_ms = last.at.checked_sub(first.at).filter(|&ms| ms > 0)?;
        if now.saturating_sub(last.at) > WINDOW_MS {
            return None;
        }
        let done = last.done.since(&first.done);
        let seconds = over_ms as f64 / 1_000.0;
        let share = |bad: u64| {
            let percent = 100.0 * bad as f64 / done.requests as f64;
            (done.requests > 0).then(|| (percent * 100.0).round() / 100.0)
        };
        let within = |percent| {
            let ms = Evidence::end_us(done.quantile(percent)) as f64 / 1_000.0;
            (done.timed() > 0).then(|| tenth(ms))
        };
        let searches = last.searches.saturating_sub(first.searches);
        Some(Rates {
            over_ms,
            requests_per_second: tenth(done.requests as f64 / seconds),
            searches_per_second: tenth(searches as f64 / seconds),
            failed_percent: share(done.failed),
            refused_percent: share(done.refused),
            p50_ms: within(50),
            p99_ms: within(99),
        })
    }
}

/// Rounded to a tenth: more digits would promise what a count over ten seconds cannot keep.
fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(at: u64, process: u64, searches: u64, requests: u64) -> Sample {
        let mut done = Evidence { requests, failed: requests / 10, ..Evidence::default() };
        (0..requests).for_each(|_| done.note_time(2_000));
        Sample { at, process, searches, done }
    }

    #[test]
    fn two_looks_give_rates_shares_and_times() {
        let mut traffic = Traffic::default();
        traffic.note(look(1_000, 7, 0, 0));
        assert_eq!(traffic.rates(1_000), None);
        traffic.note(look(3_000, 7, 10, 50));
        let expected = Rates {
            over_ms: 2_000,
            requests_per_second: 25.0,
            searches_per_second: 5.0,
            failed_percent: Some(10.0),
            refused_percent: Some(0.0),
            p50_ms: Some(2.0),
            p99_ms: Some(2.0),
        };
        assert_eq!(traffic.rates(3_000), Some(expected));
    }

    #[test]
    fn a_quiet_cell_has_rates_of_nothing_and_no_shares() {
        let mut traffic = Traffic::default();
        traffic.note(look(0, 7, 3, 9));
        traffic.note(look(2_000, 7, 3, 9));
        let rates = traffic.rates(2_000).unwrap();
        assert_eq!((rates.requests_per_second, rates.failed_percent), (0.0, None));
        assert_eq!((rates.p50_ms, rates.p99_ms), (None, None));
    }

    #[test]
    fn another_process_counts_from_nothing_and_a_cell_that_is_silent_has_no_rates() {
        let mut traffic = Traffic::default();
        traffic.note(look(0, 7, 100, 1_000));
        traffic.note(look(2_000, 8, 0, 0));
        assert_eq!(traffic.rates(2_000), None);
        traffic.note(look(4_000, 8, 2, 4));
        let rates = traffic.rates(4_000).unwrap();
        assert_eq!((rates.over_ms, rates.requests_per_second), (2_000, 2.0));
        assert_eq!(traffic.rates(4_001 + WINDOW_MS), None);
        // A clock that was set back.
        traffic.note(look(3_000, 8, 2, 4));
        assert_eq!(traffic.rates(3_000), None);
    }

    #[test]
    fn only_the_window_counts_and_few_samples_are_kept() {
        let mut traffic = Traffic::default();
        for at in 0..1_000 {
            // Busy at first, quiet for the last twenty seconds.
            traffic.note(look(at * 100, 7, 0, at.min(800)));
            assert!(traffic.samples.len() <= SAMPLES_MAX);
        }
        let rates = traffic.rates(99_900).unwrap();
        assert_eq!((rates.over_ms, rates.requests_per_second), (WINDOW_MS, 0.0));
        let mut crowded = Traffic::default();
        (0..10_000).for_each(|at| crowded.note(look(at, 7, 0, 0)));
        assert_eq!(crowded.samples.len(), SAMPLES_MAX);
    }
}
