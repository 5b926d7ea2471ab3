//! How late the process begins what is due.
//!
//! A task sleeps for a moment again and again; how much longer it slept than it asked for is the time
//! that runnable tasks wait for a thread. It sees what the process cannot keep up with, whatever the
//! reason: too many requests, a neighbour on the same processors, a long computation.
//!
//! Cost: a timer every 10 ms, about a thousandth of a core.

use std::time::Duration;

use crate::clock::now;
use crate::tasks::Shutdown;

/// Time between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Least length of a window.
const WINDOW: Duration = Duration::from_millis(100);

/// What was seen in one window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lateness {
    /// The least lateness of all looks.
    pub least: Duration,
    /// Length of the window: at least 100 ms, longer where the looks themselves came late.
    pub window: Duration,
}

/// Tells of every window, one after another, until `shutdown` begins.
///
/// A window ends by the clock and not after so many looks: a process that is late is looked at seldom,
/// and among many late looks is always one that was lucky.
pub async fn watch_lateness(shutdown: Shutdown, mut on_window: impl FnMut(Lateness)) {
    loop {
        let (begun, mut least) = (now(), Duration::MAX);
        let window = loop {
            let due = now() + LOOK_EVERY;
            tokio::select! {
                biased;
                () = shutdown.begun() => return,
                () = tokio::time::sleep_until(due) => {}
            }
            let woken = now();
            least = least.min(woken.saturating_duration_since(due));
            let window = woken.saturating_duration_since(begun);
            if window >= WINDOW {
                break window;
            }
        };
        on_window(Lateness { least, window });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// The windows seen while `work` runs on the same thread.
    async fn windows(work: impl Future<Output = ()>) -> Vec<Lateness> {
        let (seen, shutdown) = (Arc::new(Mutex::new(Vec::new())), Shutdown::default());
        let (note, stop) = (Arc::clone(&seen), shutdown.clone());
        let watch = watch_lateness(stop, move |seen| note.lock().unwrap().push(seen));
        let ((), ()) = tokio::join!(watch, async {
            work.await;
            shutdown.begin();
        });
        std::mem::take(&mut *seen.lock().unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_process_is_on_time() {
        let seen = windows(tokio::time::sleep(Duration::from_millis(550))).await;
        // The timer counts whole milliseconds.
        assert_eq!(seen.len(), 5, "{seen:?}");
        assert!(seen.iter().all(|seen| seen.least <= Duration::from_millis(1)), "{seen:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_thread_that_is_held_up_all_the_time_is_late_in_every_look() {
        let busy = async {
            for _ in 0..20 {
                // The clock goes on while nothing else runs.
                tokio::time::advance(Duration::from_millis(60)).await;
            }
        };
        let seen = windows(busy).await;
        assert!(!seen.is_empty());
        assert!(seen.iter().all(|seen| seen.least >= Duration::from_millis(40)), "{seen:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_window_lasts_as_long_as_its_one_look_where_a_thread_is_hardly_ever_free() {
        let busy = async {
            for _ in 0..5 {
                tokio::time::advance(Duration::from_millis(700)).await;
            }
        };
        let seen = windows(busy).await;
        assert!(!seen.is_empty());
        assert!(seen.iter().all(|seen| seen.least >= Duration::from_millis(600)), "{seen:?}");
        assert!(seen.iter().all(|seen| seen.window >= Duration::from_millis(690)), "{seen:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn one_long_computation_leaves_no_window_late() {
        let once = async {
            tokio::time::advance(Duration::from_millis(80)).await;
            tokio::time::sleep(Duration::from_millis(300)).await;
        };
        let seen = windows(once).await;
        assert!(seen.iter().all(|seen| seen.least <= Duration::from_millis(1)), "{seen:?}");
    }
}
