//! Calls that stand between the log and the indexes, so that a snapshot knows from where on the log
//! holds what it may not have.
//!
//! ```text
//! generation 1: calls …      end of the log noted ─▶ generation 2: calls …
//! all of generation 1 ended ─▶ what stands on the log before that end is in the indexes
//! ```
//!
//! Nobody who remembers waits: calls of the new generation go on while those of the old one end.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedRwLockReadGuard, RwLock};

/// The calls of a memory.
#[derive(Debug)]
pub(super) struct Calls {
    current: Mutex<Generation>,
    /// Where the first generation began of which a call reached the log, but not the indexes.
    missed_from: Arc<AtomicU64>,
}

#[derive(Clone, Debug)]
struct Generation {
    /// Its calls append at this offset or later.
    from: u64,
    /// Read by calls that are under way.
    under_way: Arc<RwLock<()>>,
}

/// A call under way. Dropped before it is [done](Call::done) it counts as missing in the indexes.
#[derive(Debug)]
pub(super) struct Call {
    _under_way: OwnedRwLockReadGuard<()>,
    from: u64,
    missed_from: Arc<AtomicU64>,
    done: bool,
}

impl Call {
    /// What the call put on the log is in the indexes.
    pub(super) fn done(mut self) {
        self.done = true;
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.done {
            self.missed_from.fetch_min(self.from, Ordering::SeqCst);
        }
    }
}

impl Calls {
    /// `from` is an offset before everything that will be appended.
    pub(super) fn new(from: u64) -> Self {
        let current = Mutex::new(Generation { from, under_way: Arc::default() });
        Self { current, missed_from: Arc::new(AtomicU64::new(u64::MAX)) }
    }

    /// Begins a call, before it appends.
    pub(super) async fn begin(&self) -> Call {
        loop {
            let Generation { from, under_way } = self.current().clone();
            let held = Arc::clone(&under_way).read_owned().await;
            // A generation that ended meanwhile is not waited for any more.
            if Arc::ptr_eq(&self.current().under_way, &under_way) {
                let missed_from = Arc::clone(&self.missed_from);
                return Call { _under_way: held, from, missed_from, done: false };
            }
        }
    }

    /// Waits until everything that stands on the log before `end`, its end just now, is in the
    /// indexes; the offset before which that is so.
    pub(super) async fn turn(&self, end: u64) -> u64 {
        let next = Generation { from: end, under_way: Arc::default() };
        let old = std::mem::replace(&mut *self.current(), next);
        drop(old.under_way.write_owned().await);
        end.min(self.missed_from.load(Ordering::SeqCst))
    }

    fn current(&self) -> MutexGuard<'_, Generation> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_turn_waits_for_the_calls_before_it_and_for_no_other() {
        let calls = Calls::new(3);
        let old = calls.begin().await;
        let turn = calls.turn(10);
        tokio::pin!(turn);
        assert!(tokio::time::timeout(Duration::from_millis(20), &mut turn).await.is_err());
        let new = calls.begin().await;
        old.done();
        assert_eq!(turn.await, 10);
        new.done();
        assert_eq!(calls.turn(12).await, 12);
    }

    #[tokio::test]
    async fn what_a_broken_call_may_have_put_on_the_log_stays_to_be_read() {
        let calls = Calls::new(3);
        assert_eq!(calls.turn(10).await, 10);
        let broken = calls.begin().await;
        drop(broken);
        assert_eq!(calls.turn(20).await, 10, "it appended after the turn at 10");
        assert_eq!(calls.turn(30).await, 10);
    }
}
