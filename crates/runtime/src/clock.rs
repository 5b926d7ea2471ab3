//! The one clock.
//!
//! [`now`] is tokio's clock, so a paused runtime drives it; [`unix_ms`] is the wall clock read once
//! and carried forward by [`now`], so it stands still with it and never runs backwards. In a simulation
//! (feature `turmoil`) both are the simulator's.

#[cfg(not(feature = "turmoil"))]
use std::sync::OnceLock;
use std::time::Duration;
#[cfg(not(feature = "turmoil"))]
use std::time::{SystemTime, UNIX_EPOCH};

/// A point on the process's monotonic clock.
pub type Moment = tokio::time::Instant;

/// The present moment.
#[must_use]
pub fn now() -> Moment {
    Moment::now()
}

/// Milliseconds since 1970-01-01T00:00Z.
#[cfg(not(feature = "turmoil"))]
#[must_use]
pub fn unix_ms() -> i64 {
    static ANCHOR: OnceLock<(i64, Moment)> = OnceLock::new();
    let (wall_ms, moment) = *ANCHOR.get_or_init(|| {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        (wall.as_millis() as i64, now())
    });
    wall_ms + now().saturating_duration_since(moment).as_millis() as i64
}

/// The same in a simulation.
#[cfg(feature = "turmoil")]
#[must_use]
pub fn unix_ms() -> i64 {
    crate::simulated::unix_ms()
}

/// The moment by which a piece of work must be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Moment);

impl Deadline {
    /// This long from a moment.
    #[must_use]
    pub fn after(start: Moment, within: Duration) -> Self {
        Self(start + within)
    }

    /// Time left; zero once it has passed.
    #[must_use]
    pub fn left(self, now: Moment) -> Duration {
        self.0.saturating_duration_since(now)
    }

    /// Whether it has passed.
    #[must_use]
    pub fn passed(self, now: Moment) -> bool {
        now >= self.0
    }

    /// The earlier of two.
    #[must_use]
    pub fn sooner(self, other: Self) -> Self {
        Self(self.0.min(other.0))
    }

    /// The moment itself, to sleep until.
    #[must_use]
    pub fn moment(self) -> Moment {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_wall_clock_follows_virtual_time() {
        let before = unix_ms();
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!(unix_ms() - before, 3_000);
    }

    #[test]
    fn a_passed_deadline_has_no_time_left() {
        let start = now();
        let deadline = Deadline::after(start, Duration::from_millis(50));
        assert_eq!(deadline.left(start), Duration::from_millis(50));
        assert!(!deadline.passed(start));
        let later = start + Duration::from_millis(50);
        assert!(deadline.passed(later));
        assert_eq!(deadline.left(later), Duration::ZERO);
    }
}
