//! What cells did, as counts that can be compared: requests, failures, refusals, prices that held, and
//! how long answers took.

use serde::{Deserialize, Serialize};

/// Buckets of times. Bucket `n` ends at `2^(n/4)` milliseconds, each a fifth wider than the one
/// before; the last has everything beyond 30 s.
pub const TIME_BUCKETS: usize = 61;

/// What a cell did since its process began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Evidence {
    /// Requests that were answered in whatever way.
    pub requests: u64,
    /// Those whose answer says that the cell failed (5xx but for refusals).
    pub failed: u64,
    /// Those that were turned away because the cell had no room (429, 503).
    pub refused: u64,
    /// Prices that were asked anew when a traveller followed one to its seller.
    pub followed: u64,
    /// Those that were another or gone.
    pub changed: u64,
    /// Requests by the time to the head of their answer; [`TIME_BUCKETS`] of them, or none.
    pub times: Vec<u64>,
}

impl Evidence {
    /// The bucket of a time in microseconds.
    #[must_use]
    pub fn bucket(us: u64) -> usize {
        let ms = us as f64 / 1_000.0;
        let at = if ms <= 1.0 { 0.0 } else { (4.0 * ms.log2()).ceil() };
        (at as usize).min(TIME_BUCKETS - 1)
    }

    /// Where a bucket ends, microseconds.
    #[must_use]
    pub fn end_us(bucket: usize) -> u64 {
        (1_000.0 * (bucket as f64 / 4.0).exp2()) as u64
    }

    /// A request took so long, in microseconds.
    pub fn note_time(&mut self, us: u64) {
        self.times.resize(TIME_BUCKETS, 0);
        self.times[Self::bucket(us)] += 1;
    }

    /// What came since an earlier look at the same process.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let minus = |now: u64, then: u64| now.saturating_sub(then);
        let then = |at: usize| earlier.times.get(at).copied().unwrap_or(0);
        Self {
            requests: minus(self.requests, earlier.requests),
            failed: minus(self.failed, earlier.failed),
            refused: minus(self.refused, earlier.refused),
            followed: minus(self.followed, earlier.followed),
            changed: minus(self.changed, earlier.changed),
            times: self.times.iter().enumerate().map(|(at, &n)| minus(n, then(at))).collect(),
        }
    }

    /// Counts the other's with its own.
    pub fn add(&mut self, other: &Self) {
        let sum = |mine: &mut u64, more: u64| *mine = mine.saturating_add(more);
        sum(&mut self.requests, other.requests);
        sum(&mut self.failed, other.failed);
        sum(&mut self.refused, other.refused);
        sum(&mut self.followed, other.followed);
        sum(&mut self.changed, other.changed);
        let length = self.times.len().max(other.times.len()).min(TIME_BUCKETS);
        self.times.resize(length, 0);
        for (mine, &more) in self.times.iter_mut().zip(&other.times) {
            sum(mine, more);
        }
    }

    /// Requests whose time is known.
    #[must_use]
    pub fn timed(&self) -> u64 {
        self.times.iter().sum()
    }

    /// The bucket in which the given share of requests is reached, in percent.
    #[must_use]
    pub fn quantile(&self, percent: u64) -> usize {
        let wanted = (self.timed() * percent).div_ceil(100);
        let mut seen = 0;
        let found = self.times.iter().position(|&count| {
            seen += count;
            seen >= wanted
        });
        found.unwrap_or(0)
    }

    /// Requests that took longer than a bucket.
    #[must_use]
    pub fn slower_than(&self, bucket: usize) -> u64 {
        self.times.iter().skip(bucket + 1).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_grow_by_a_fifth_and_the_last_has_the_rest() {
        assert_eq!(Evidence::bucket(0), 0);
        assert_eq!(Evidence::bucket(1_000), 0);
        assert_eq!(Evidence::bucket(1_001), 1);
        assert_eq!(Evidence::bucket(2_000), 4);
        assert_eq!(Evidence::bucket(1_000_000), 40);
        assert_eq!(Evidence::bucket(u64::MAX), TIME_BUCKETS - 1);
        assert_eq!((Evidence::end_us(0), Evidence::end_us(40)), (1_000, 1_024_000));
    }

    #[test]
    fn what_came_since_is_added_up_again() {
        let mut before = Evidence { requests: 5, failed: 1, ..Evidence::default() };
        before.note_time(1_500);
        let mut after = before.clone();
        after.requests += 3;
        after.changed += 2;
        after.note_time(1_500);
        after.note_time(90_000);
        let since = after.since(&before);
        assert_eq!((since.requests, since.failed, since.changed, since.timed()), (3, 0, 2, 2));
        before.add(&since);
        assert_eq!(before, after);
    }

    #[test]
    fn quantiles_are_buckets() {
        let mut seen = Evidence::default();
        (0..90).for_each(|_| seen.note_time(2_000));
        (0..10).for_each(|_| seen.note_time(64_000));
        assert_eq!(seen.quantile(50), 4);
        assert_eq!(seen.quantile(95), 24);
        assert_eq!(seen.slower_than(4), 10);
        assert_eq!(Evidence::default().quantile(50), 0);
    }
}
