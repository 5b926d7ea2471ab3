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
/// Looks in a window.
const LOOKS: u32 = 10;

/// Tells the least lateness of every window of about 100 ms, until `shutdown` begins.
pub async fn watch_lateness(shutdown: Shutdown, mut on_window: impl FnMut(Duration)) {
    loop {
        let mut least = Duration::MAX;
        for _ in 0..LOOKS {
            let due = now() + LOOK_EVERY;
            tokio::select! {
                biased;
                () = shutdown.begun() => return,
                () = tokio::time::sleep_until(due) => {}
            }
            least = least.min(now().saturating_duration_since(due));
        }
        on_window(least);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// The windows seen while `work` runs on the same thread.
    async fn windows(work: impl Future<Output = ()>) -> Vec<Duration> {
        let (seen, shutdown) = (Arc::new(Mutex::new(Vec::new())), Shutdown::default());
        let (note, stop) = (Arc::clone(&seen), shutdown.clone());
        let watch = watch_lateness(stop, move |least| note.lock().unwrap().push(least));
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
        assert!(seen.iter().all(|&least| least <= Duration::from_millis(1)), "{seen:?}");
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
        assert!(seen.iter().all(|&least| least >= Duration::from_millis(40)), "{seen:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn one_long_computation_leaves_no_window_late() {
        let once = async {
            tokio::time::advance(Duration::from_millis(80)).await;
            tokio::time::sleep(Duration::from_millis(300)).await;
        };
        let seen = windows(once).await;
        assert!(seen.iter().all(|&least| least <= Duration::from_millis(1)), "{seen:?}");
    }
}
