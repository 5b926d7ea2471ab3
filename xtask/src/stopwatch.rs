//! Elapsed time and waiting: the only place of xtask that reads a clock.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Time since it was started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(
        clippy::disallowed_methods,
        reason = "xtask depends on no crate of ours, so not on `runtime`"
    )]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// Waits before looking again.
#[expect(clippy::disallowed_methods, reason = "xtask is one thread that waits for processes")]
pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// Days since 1970 in UTC.
#[expect(
    clippy::disallowed_methods,
    reason = "xtask depends on no crate of ours, so not on `runtime`"
)]
pub(crate) fn unix_days() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs() / 86_400).unwrap_or_default()
}
