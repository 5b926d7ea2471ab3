//! How much a cell has to do: a queue as a fluid.
//!
//! ```text
//! work of running searches, spread over their time ─▶ backlog ─▶ done at the cell's speed
//! lateness = backlog / speed
//! ```
//!
//! A real cell has hundreds of searches at once whose work comes in small pieces as partners answer; a
//! flow stands for that better than a few large pieces would. All in whole numbers.

use std::time::Duration;

use runtime::Lateness;

use super::queue::{At, SECOND};

/// Parts of a processor in a whole one.
pub(crate) const WHOLE: u64 = 1_000_000;
/// No cell is looked at as later than this: it does not answer at all.
const LATE_MAX: At = 3_600 * SECOND;

/// The work of one cell.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    at: At,
    /// Microseconds of a whole processor, in millionths.
    backlog: u64,
    /// Parts of a processor that come in.
    rate: u64,
    /// Parts of a processor that get done.
    speed: u64,
    /// Least backlog since the window began.
    least: u64,
    window: At,
}

impl Work {
    /// Nothing to do.
    pub(crate) fn new(now: At) -> Self {
        Self { at: now, backlog: 0, rate: 0, speed: WHOLE, least: 0, window: now }
    }

    fn advance(&mut self, now: At) {
        let passed = now.saturating_sub(self.at);
        self.at = now;
        let more = self.backlog + passed * self.rate;
        self.backlog = more.saturating_sub(passed * self.speed);
        // It rises or falls evenly in between.
        self.least = self.least.min(self.backlog);
    }

    /// A search is begun whose work comes in at a rate.
    pub(crate) fn begin(&mut self, now: At, rate: u64) {
        self.advance(now);
        self.rate += rate;
    }

    /// No more work comes in for it.
    pub(crate) fn end(&mut self, now: At, rate: u64) {
        self.advance(now);
        self.rate -= rate.min(self.rate);
    }

    /// Work that comes at once, in microseconds of a processor.
    pub(crate) fn add(&mut self, now: At, micros: u64) {
        self.advance(now);
        self.backlog += micros * WHOLE;
    }

    /// From now on the cell is so fast.
    pub(crate) fn set_speed(&mut self, now: At, speed: u64) {
        self.advance(now);
        self.speed = speed;
    }

    /// How long what comes now waits.
    pub(crate) fn late(&mut self, now: At) -> At {
        self.advance(now);
        self.lateness_of(self.backlog)
    }

    fn lateness_of(&self, backlog: u64) -> At {
        backlog.checked_div(self.speed).map_or(LATE_MAX, |late| late.min(LATE_MAX))
    }

    /// Ends a window and tells of it.
    pub(crate) fn window(&mut self, now: At) -> Lateness {
        self.advance(now);
        let least = Duration::from_micros(self.lateness_of(self.least));
        let window = Duration::from_micros(now - self.window);
        (self.least, self.window) = (self.backlog, now);
        Lateness { least, window }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_done_at_once_makes_the_rest_late() {
        let mut work = Work::new(0);
        work.begin(0, WHOLE / 2);
        assert_eq!(work.late(SECOND), 0);
        work.begin(SECOND, WHOLE);
        assert_eq!(work.late(3 * SECOND), SECOND);
        work.end(3 * SECOND, WHOLE);
        assert_eq!(work.late(4 * SECOND), SECOND / 2);
        work.set_speed(4 * SECOND, WHOLE / 4);
        assert_eq!(work.late(4 * SECOND), 2 * SECOND);
        assert_eq!(work.late(8 * SECOND), 6 * SECOND);
    }

    #[test]
    fn the_least_lateness_of_a_window_counts() {
        let mut work = Work::new(0);
        work.add(0, SECOND / 10);
        assert_eq!(work.window(SECOND / 20).least, Duration::ZERO);
        assert_eq!(work.window(SECOND / 10).least, Duration::ZERO);
        work.begin(SECOND / 10, 2 * WHOLE);
        let seen = work.window(SECOND / 5);
        assert_eq!(seen, Lateness { least: Duration::ZERO, window: Duration::from_millis(100) });
        assert_eq!(work.window(SECOND * 3 / 10).least, Duration::from_millis(100));
    }
}
