//! Whose requests are answered when not all can be.
//!
//! Requests of running searches are turned away by nothing but the limit of all requests: their
//! partners were asked already. New work finds an eighth of that limit taken, what browsers fetch ahead half,
//! machines three quarters; and if the edge itself is late, [`runtime::Admission`] lets in what can be
//! done, the most important first.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fleet::attempts::Work;
use runtime::{Admission, Lateness, Moment, Priority, now};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::rules::Turned;

/// An edge takes what comes at once: its work is small, and a page asks for much of it together.
const BURST: f64 = 100_000.0;

/// Counts requests, and turns away.
pub(crate) struct Shedding {
    places: Arc<Semaphore>,
    most: usize,
    admission: Arc<Mutex<Admission>>,
}

impl fmt::Debug for Shedding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shedding").field("in_flight", &self.in_flight()).finish_non_exhaustive()
    }
}

/// A request that was let in, until it is dropped.
pub(crate) struct Entered {
    _place: OwnedSemaphorePermit,
    begun: Moment,
    admission: Option<Arc<Mutex<Admission>>>,
}

impl Entered {
    /// Its work is done, though it keeps its place: what is open for hours says nothing of how much can be
    /// done in a second.
    pub(crate) fn on_done(&mut self) {
        if let Some(admission) = self.admission.take() {
            let took = now().saturating_duration_since(self.begun);
            lock(&admission).on_done(1.0, took);
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.on_done();
    }
}

impl Shedding {
    /// At most so many requests at once; late is what begins later than `late` after it was due.
    pub(crate) fn new(most: usize, late: Duration) -> Self {
        let admission = Admission::new(late).with_burst(BURST);
        Self {
            places: Arc::new(Semaphore::new(most)),
            most,
            admission: Arc::new(Mutex::new(admission)),
        }
    }

    /// Lets a request in.
    pub(crate) fn enter(&self, work: Work, priority: Priority) -> Result<Entered, Turned> {
        let full = || Turned::for_now("edge_full", "Too many requests are in flight.");
        let new = matches!(work, Work::New { .. });
        if new {
            if self.in_flight() >= self.share_of(priority) {
                return Err(full());
            }
            if !lock(&self.admission).admits(priority) {
                return Err(Turned::for_now("edge_late", "There is more to do than can be done."));
            }
        }
        let admission = new.then(|| Arc::clone(&self.admission));
        match Arc::clone(&self.places).try_acquire_owned() {
            Ok(place) => Ok(Entered { _place: place, begun: now(), admission }),
            Err(_) => {
                if let Some(admission) = admission {
                    lock(&admission).on_given_up();
                }
                Err(full())
            }
        }
    }

    /// Requests at once of which new work of a priority may be the last.
    fn share_of(&self, priority: Priority) -> usize {
        let eighths = match priority {
            Priority::Asked => 7,
            Priority::Prefetch => 4,
            Priority::Bot => 2,
        };
        (self.most * eighths / 8).max(1)
    }

    /// Takes up how late the edge was.
    pub(crate) fn on_window(&self, seen: Lateness) {
        let mut admission = lock(&self.admission);
        let before = admission.is_open();
        admission.on_window(seen);
        let after = admission.is_open();
        drop(admission);
        if before && !after {
            let late_ms = seen.least.as_millis() as u64;
            tracing::warn!(late_ms, "the edge has more to do than can be done in time");
        } else if !before && after {
            tracing::info!("the edge is back on time");
        }
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.most - self.places.available_permits()
    }

    /// Turned away because the edge was late, by priority.
    pub(crate) fn refused(&self) -> [(Priority, u64); 3] {
        let admission = lock(&self.admission);
        Priority::ALL.map(|priority| (priority, admission.refused(priority)))
    }
}

fn lock(admission: &Mutex<Admission>) -> MutexGuard<'_, Admission> {
    admission.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
