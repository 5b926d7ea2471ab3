//! A token bucket: so many requests a second, with a burst.
//!
//! Pure: the caller says what time it is. Written here because libraries read the clock themselves,
//! which breaks replay.

use std::time::Duration;

use crate::clock::Moment;

/// Allows `per_second` takes a second on average and `burst` at once.
#[derive(Clone, Debug)]
pub struct TokenBucket {
    per_second: f64,
    burst: f64,
    tokens: f64,
    filled_at: Moment,
}

impl TokenBucket {
    /// A full bucket.
    #[must_use]
    pub fn new(per_second: f64, burst: f64, now: Moment) -> Self {
        let burst = burst.max(1.0);
        Self { per_second: per_second.max(0.0), burst, tokens: burst, filled_at: now }
    }

    /// Takes one token, or says how long until there is one.
    ///
    /// # Errors
    /// The time to wait, at most an hour.
    pub fn take(&mut self, now: Moment) -> Result<(), Duration> {
        let passed = now.saturating_duration_since(self.filled_at).as_secs_f64();
        self.tokens = (self.tokens + passed * self.per_second).min(self.burst);
        self.filled_at = self.filled_at.max(now);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        let wait = (1.0 - self.tokens) / self.per_second.max(1e-9);
        Err(Duration::from_secs_f64(wait.min(3_600.0)))
    }

    /// Tokens that were left at the last take.
    #[must_use]
    pub fn left(&self) -> f64 {
        self.tokens
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, proptest};

    use super::*;

    #[test]
    fn an_empty_bucket_says_how_long_to_wait() {
        let start = crate::now();
        let mut bucket = TokenBucket::new(10.0, 2.0, start);
        assert_eq!(bucket.take(start), Ok(()));
        assert_eq!(bucket.take(start), Ok(()));
        let wait = bucket.take(start).unwrap_err();
        assert!((wait.as_secs_f64() - 0.1).abs() < 1e-6);
        assert_eq!(bucket.take(start + Duration::from_millis(101)), Ok(()));
    }

    proptest! {
        #[test]
        fn never_more_than_rate_and_burst_allow(gaps in proptest::collection::vec(0_u64..200, 1..200)) {
            let start = crate::now();
            let mut bucket = TokenBucket::new(20.0, 5.0, start);
            let (mut elapsed_ms, mut taken) = (0, 0.0);
            for gap in gaps {
                elapsed_ms += gap;
                if bucket.take(start + Duration::from_millis(elapsed_ms)).is_ok() { taken += 1.0; }
            }
            prop_assert!(taken <= 5.0 + elapsed_ms as f64 / 1_000.0 * 20.0 + 1e-6);
        }
    }
}
