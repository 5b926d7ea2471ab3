//! Kept HTTP/1.1 connections of all partners, counted together with the ones in use.
//!
//! Each partner reuses its newest connection. When a new one is wanted and all are taken, the one
//! unused longest, whosever it is, is closed.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use runtime::waits::{Wait, Waits};
use runtime::{FixedMap, Moment};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use super::Connections;
use super::connect::Http1;

struct Kept {
    stamp: u64,
    until: Moment,
    connection: Box<Http1>,
}

#[derive(Default)]
struct Shelves {
    /// By partner, oldest first.
    kept: FixedMap<u64, VecDeque<Kept>>,
    /// Partner by stamp: the first is unused longest.
    order: BTreeMap<u64, u64>,
    next_stamp: u64,
    /// Requests that wait for room: while there are any, nothing is kept.
    waiting: usize,
}

pub(super) struct Pool {
    shelves: Mutex<Shelves>,
    room: Arc<Semaphore>,
    waits: Arc<Waits>,
    max: usize,
}

impl Pool {
    pub(super) fn new(max: usize) -> Self {
        Self {
            shelves: Mutex::default(),
            room: Arc::new(Semaphore::new(max)),
            waits: Arc::default(),
            max,
        }
    }

    pub(super) fn count(&self) -> Connections {
        let idle = self.lock().order.len();
        Connections { open: self.max - self.room.available_permits(), idle, max: self.max }
    }

    /// A kept connection of this partner that is still good.
    pub(super) fn take(&self, partner: u64, now: Moment) -> Option<Box<Http1>> {
        loop {
            let Kept { until, mut connection, .. } = {
                let mut shelves = self.lock();
                let kept = shelves.kept.get_mut(&partner)?.pop_back()?;
                shelves.order.remove(&kept.stamp);
                kept
            };
            // Polled outside the lock: it reads the socket.
            if until > now && connection.is_usable() {
                return Some(connection);
            }
        }
    }

    /// Keeps a connection for this partner's next request, if it has room for it.
    pub(super) fn put(&self, partner: u64, connection: Box<Http1>, keep: Keep, now: Moment) {
        let Keep { connections_max, lasts } = keep;
        if connections_max == 0 {
            return;
        }
        let mut shelves = self.lock();
        if shelves.waiting > 0 {
            drop(shelves);
            // Closing it makes room for the one that waits.
            return drop(connection);
        }
        let stamp = shelves.next_stamp;
        shelves.next_stamp += 1;
        let shelf = shelves.kept.entry(partner).or_default();
        let dropped = if shelf.len() >= connections_max { shelf.pop_front() } else { None };
        shelf.push_back(Kept { stamp, until: now + lasts, connection });
        if let Some(dropped) = &dropped {
            shelves.order.remove(&dropped.stamp);
        }
        shelves.order.insert(stamp, partner);
        drop(shelves);
    }

    /// Room for a new connection; closes the one unused longest if there is none.
    pub(super) async fn room(&self) -> Result<OwnedSemaphorePermit, AcquireError> {
        let wait = Wait::begin(&self.waits);
        let permit = match Arc::clone(&self.room).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => {
                let (oldest, _waiting) = Waiting::join(self);
                drop(oldest);
                Arc::clone(&self.room).acquire_owned().await?
            }
        };
        wait.end();
        Ok(permit)
    }

    /// How long requests have waited for room, at the least, since it was last asked.
    pub(super) fn least_wait(&self, since: Duration) -> Duration {
        self.waits.take_least(since)
    }

    /// Closes what has been kept too long.
    pub(super) fn sweep(&self, now: Moment) {
        let mut closed = Vec::new();
        let mut shelves = self.lock();
        let Shelves { kept, order, .. } = &mut *shelves;
        kept.retain(|_, shelf| {
            while let Some(first) = shelf.front()
                && first.until <= now
            {
                order.remove(&first.stamp);
                closed.extend(shelf.pop_front());
            }
            !shelf.is_empty()
        });
        drop(shelves);
        // Sockets are closed outside the lock.
        drop(closed);
    }

    /// Closes all kept connections of a partner that is gone.
    pub(super) fn forget(&self, partner: u64) {
        let mut shelves = self.lock();
        let shelf = shelves.kept.remove(&partner).unwrap_or_default();
        for kept in &shelf {
            shelves.order.remove(&kept.stamp);
        }
        drop(shelves);
        drop(shelf);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Shelves> {
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelves {
    fn take_oldest(&mut self) -> Option<Kept> {
        let (_, partner) = self.order.pop_first()?;
        self.kept.get_mut(&partner)?.pop_front()
    }
}

/// One request that waits for room, until it is dropped.
struct Waiting<'p>(&'p Pool);

impl<'p> Waiting<'p> {
    /// Joins those that wait, and takes the kept connection that is unused longest: both at once,
    /// so that none is put back unseen in between.
    fn join(pool: &'p Pool) -> (Option<Kept>, Self) {
        let mut shelves = pool.lock();
        shelves.waiting += 1;
        (shelves.take_oldest(), Self(pool))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.lock().waiting -= 1;
    }
}

/// How many connections a partner keeps, and how long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keep {
    pub(super) connections_max: usize,
    pub(super) lasts: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(3_600);

    #[tokio::test]
    async fn waiting_for_room_shows_and_giving_up_ends_it() {
        let pool = Pool::new(1);
        let first = pool.room().await.unwrap();
        assert!(pool.least_wait(WINDOW) < WINDOW, "there was room at once");
        let second = tokio::time::timeout(Duration::from_millis(5), pool.room());
        let third = async {
            tokio::task::yield_now().await;
            pool.least_wait(WINDOW)
        };
        let (second, waited) = tokio::join!(second, third);
        assert!(second.is_err(), "there is no room");
        assert_eq!(waited, WINDOW, "one waits and none was let in");
        assert_eq!(pool.least_wait(WINDOW), Duration::ZERO, "it has given up");
        drop(first);
        drop(pool.room().await.unwrap());
        assert!(pool.least_wait(WINDOW) < WINDOW);
    }
}
