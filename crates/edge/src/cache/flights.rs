//! Equal requests at once are one: the first is sent, the others wait for its answer.
//!
//! ```text
//! join ─┬─▶ Lead    goes to a cell, and says how it ended; dropped: whoever waits begins anew
//!       ├─▶ Wait    for that word
//!       └─▶ Alone   too many wait
//! ```

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hashbrown::HashMap;
use tokio::sync::watch;

use super::key::Key;

/// What tells equal requests from others: the address, and what answers of it differ by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FlightName {
    pub(crate) key: Key,
    pub(crate) selected: Vec<Option<Box<[u8]>>>,
}

/// How the first request ended, for those that waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Landed {
    /// Its answer is kept.
    Kept,
    /// There is nothing for others; they go themselves.
    Apart,
    /// It was given up before it ended: one of those who waited begins anew.
    Vanished,
}

type Word = watch::Receiver<Option<Landed>>;
/// Keys come from strangers, so the hasher has a secret.
type UnderWay = HashMap<FlightName, Word, foldhash::quality::RandomState>;

/// Requests under way.
#[derive(Debug)]
pub(crate) struct Flights {
    under_way: Mutex<UnderWay>,
    waiting: AtomicUsize,
    waiters_max: usize,
}

/// One that was sent, for as long as others wait for it.
#[derive(Debug)]
pub(crate) struct Lead {
    flights: Arc<Flights>,
    name: Option<FlightName>,
    word: watch::Sender<Option<Landed>>,
}

/// Part of a request in the common way.
#[derive(Debug)]
pub(crate) enum Joined {
    /// It goes.
    Lead(Lead),
    /// It waits.
    Wait(Waiter),
    /// It goes, and nobody waits for it.
    Alone,
}

/// One that waits.
#[derive(Debug)]
pub(crate) struct Waiter {
    flights: Arc<Flights>,
    word: Word,
}

impl Flights {
    pub(crate) fn new(waiters_max: usize) -> Arc<Self> {
        let (under_way, waiting) = (Mutex::default(), AtomicUsize::new(0));
        Arc::new(Self { under_way, waiting, waiters_max })
    }

    /// Joins equal requests.
    pub(crate) fn join(self: &Arc<Self>, name: FlightName) -> Joined {
        let mut under_way = self.under_way();
        if let Some(word) = under_way.get(&name) {
            let word = word.clone();
            drop(under_way);
            let before = self.waiting.fetch_add(1, Ordering::Relaxed);
            let waiter = Waiter { flights: Arc::clone(self), word };
            return if before < self.waiters_max { Joined::Wait(waiter) } else { Joined::Alone };
        }
        Joined::Lead(self.lead(&mut under_way, name))
    }

    /// Goes first, unless an equal one is under way.
    pub(crate) fn lead_only(self: &Arc<Self>, name: FlightName) -> Option<Lead> {
        let mut under_way = self.under_way();
        (!under_way.contains_key(&name)).then(|| self.lead(&mut under_way, name))
    }

    fn lead(self: &Arc<Self>, under_way: &mut UnderWay, name: FlightName) -> Lead {
        let (word, heard) = watch::channel(None);
        under_way.insert(name.clone(), heard);
        Lead { flights: Arc::clone(self), name: Some(name), word }
    }

    fn under_way(&self) -> MutexGuard<'_, UnderWay> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lead {
    /// Says how it ended.
    pub(crate) fn land(mut self, landed: Landed) {
        self.leave();
        self.word.send_replace(Some(landed));
    }

    /// Nobody joins it any more.
    fn leave(&mut self) {
        if let Some(name) = self.name.take() {
            self.flights.under_way().remove(&name);
        }
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Waiter {
    /// Waits for the word of the first, at most so long.
    pub(crate) async fn landed(mut self, within: Duration) -> Landed {
        let word = self.word.wait_for(Option::is_some);
        match tokio::time::timeout(within, word).await {
            Ok(Ok(word)) => word.unwrap_or(Landed::Apart),
            Ok(Err(_)) => Landed::Vanished,
            Err(_) => Landed::Apart,
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.flights.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
