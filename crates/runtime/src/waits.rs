//! How long work waits in a queue of ours, for a thread or a connection, that no late task shows.
//!
//! Measured in real time: threads do not stand still when a test pauses the clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Stands for "nothing was begun".
const NONE: u64 = u64::MAX;

/// What is known of the waits of one queue.
#[derive(Debug)]
pub struct Waits {
    waiting: AtomicUsize,
    least_us: AtomicU64,
}

impl Default for Waits {
    fn default() -> Self {
        Self { waiting: AtomicUsize::new(0), least_us: AtomicU64::new(NONE) }
    }
}

impl Waits {
    /// The least wait of what was begun since it was last taken; `since` if nothing was, though some
    /// waits; zero if nothing waits.
    pub fn take_least(&self, since: Duration) -> Duration {
        match self.least_us.swap(NONE, Ordering::Relaxed) {
            NONE if self.waiting.load(Ordering::Relaxed) > 0 => since,
            NONE => Duration::ZERO,
            least_us => Duration::from_micros(least_us),
        }
    }
}

/// One that waits, until it begins or gives up: then the value is dropped.
#[derive(Debug)]
pub struct Wait {
    waits: Arc<Waits>,
    since: Instant,
}

impl Wait {
    #[expect(clippy::disallowed_methods, reason = "the time of threads is real")]
    /// Begins to wait.
    #[must_use]
    pub fn begin(waits: &Arc<Waits>) -> Self {
        waits.waiting.fetch_add(1, Ordering::Relaxed);
        Self { waits: Arc::clone(waits), since: Instant::now() }
    }

    /// What waited begins.
    pub fn end(self) {
        let waited_us = u64::try_from(self.since.elapsed().as_micros()).unwrap_or(NONE - 1);
        self.waits.least_us.fetch_min(waited_us, Ordering::Relaxed);
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.waits.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
