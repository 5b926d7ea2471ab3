//! Leaves a server alone that failed several times in a row.
//!
//! ```text
//! closed ─ FAILURES in a row ─▶ open for a while ─▶ one call is let through ─ good ─▶ closed
//!                                  ▲───────────── bad: twice as long, at most REST_MAX ─┘
//! ```
//!
//! Pure: time is an argument.

use std::time::Duration;

use runtime::Moment;

/// Failures in a row that open it.
const FAILURES: u32 = 3;
/// How long it stays open the first time.
const REST_MIN: Duration = Duration::from_millis(250);
/// How long it stays open at most.
const REST_MAX: Duration = Duration::from_secs(2);

/// Counts failures.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    failed: u32,
    rest: Option<Rest>,
}

#[derive(Clone, Copy, Debug)]
struct Rest {
    until: Moment,
    long: Duration,
    /// Whether a call was let through that has not ended.
    trying: bool,
}

impl Breaker {
    /// Whether a call may be made now; if not, how long until one may. Letting one through after a
    /// rest keeps others away until it has ended, or until another rest has passed.
    pub(super) fn allow(&mut self, now: Moment) -> Result<(), Duration> {
        match &mut self.rest {
            None => Ok(()),
            Some(rest) if now < rest.until => Err(rest.until.saturating_duration_since(now)),
            Some(rest) => {
                *rest = Rest { until: now + rest.long, trying: true, ..*rest };
                Ok(())
            }
        }
    }

    /// Whether a call would be let through.
    pub(super) fn would_allow(&self, now: Moment) -> bool {
        self.rest.is_none_or(|rest| now >= rest.until)
    }

    /// A call was good.
    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// A call failed. Returns whether this began a rest.
    pub(super) fn failed(&mut self, now: Moment) -> bool {
        self.failed = self.failed.saturating_add(1);
        let long = match self.rest {
            None if self.failed < FAILURES => return false,
            None => REST_MIN,
            Some(rest) if rest.trying => (rest.long * 2).min(REST_MAX),
            // It was under way when the rest began and says nothing new.
            Some(_) => return false,
        };
        self.rest = Some(Rest { until: now + long, long, trying: false });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn three_failures_in_a_row_begin_a_rest_and_one_good_call_ends_it() {
        let (mut breaker, now) = (Breaker::default(), runtime::now());
        assert!(!breaker.failed(now) && !breaker.failed(now));
        breaker.succeeded();
        assert!(!breaker.failed(now) && !breaker.failed(now));
        assert_eq!(breaker.allow(now), Ok(()));
        assert!(breaker.failed(now));
        assert_eq!(breaker.allow(now), Err(REST_MIN));
        let later = now + REST_MIN;
        assert!(breaker.would_allow(later));
        assert_eq!(breaker.allow(later), Ok(()), "one is let through");
        assert_eq!(breaker.allow(later), Err(REST_MIN), "the others wait for it");
        breaker.succeeded();
        assert_eq!(breaker.allow(later), Ok(()));
        assert_eq!(breaker.allow(later), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn rests_grow_with_each_try_that_fails_but_not_with_calls_that_were_under_way() {
        let (mut breaker, mut now) = (Breaker::default(), runtime::now());
        for _ in 0..100 {
            breaker.failed(now);
        }
        assert_eq!(breaker.allow(now), Err(REST_MIN));
        for long in [500, 1_000, 2_000, 2_000].map(Duration::from_millis) {
            now += breaker.allow(now).unwrap_err();
            assert_eq!(breaker.allow(now), Ok(()));
            assert!(breaker.failed(now));
            assert_eq!(breaker.allow(now), Err(long));
        }
    }
}
