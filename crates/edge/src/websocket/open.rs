//! WebSockets that are open: how many, whose, and what became of those before.

use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use http::StatusCode;
use runtime::FixedMap;
use runtime::serve::household_of;
use serde_json::{Value, json};

use super::settings::WebSocketSettings;
use crate::rules::Turned;

/// Who may have only so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Holder {
    /// A client, as [`household_of`] names it.
    Client(u64),
    /// An API key, by its hash.
    Key(u64),
}

/// Counts WebSockets.
#[derive(Debug)]
pub(crate) struct WebSockets {
    settings: WebSocketSettings,
    held: Mutex<Held>,
    opened: AtomicU64,
    refused: AtomicU64,
    ended: [AtomicU64; Ended::ALL.len()],
    /// Bytes from clients, and to them.
    bytes: [AtomicU64; 2],
}

#[derive(Debug, Default)]
struct Held {
    all: usize,
    /// Only those who hold some.
    by: FixedMap<Holder, usize>,
}

/// How a WebSocket ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// Both sides have closed.
    Closed,
    /// One side broke off.
    Broken,
    /// The client was gone before it was open.
    Unopened,
    /// Nothing passed for too long.
    Idle,
    /// It was open for too long.
    Old,
    /// Its cell was found gone.
    CellGone,
    /// The edge stops.
    Stopping,
}

impl Ended {
    const ALL: [Self; 7] = [
        Self::Closed,
        Self::Broken,
        Self::Unopened,
        Self::Idle,
        Self::Old,
        Self::CellGone,
        Self::Stopping,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Broken => "broken",
            Self::Unopened => "unopened",
            Self::Idle => "idle",
            Self::Old => "old",
            Self::CellGone => "cell_gone",
            Self::Stopping => "stopping",
        }
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One that is open or about to be, until this is dropped.
#[derive(Debug)]
pub(super) struct Open {
    all: Arc<WebSockets>,
    holders: [Option<Holder>; 2],
}

impl WebSockets {
    pub(crate) fn new(settings: WebSocketSettings) -> Arc<Self> {
        Arc::new(Self {
            settings,
            held: Mutex::default(),
            opened: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            ended: Default::default(),
            bytes: Default::default(),
        })
    }

    /// Whether any are let through.
    pub(crate) fn are_passed(&self) -> bool {
        self.settings.open_max.get() > 0
    }

    pub(super) const fn settings(&self) -> &WebSocketSettings {
        &self.settings
    }

    /// Takes a place for one.
    pub(super) fn enter(
        self: &Arc<Self>,
        client: Option<IpAddr>,
        tenant: Option<u64>,
    ) -> Result<Open, Turned> {
        let holders =
            [client.map(|client| Holder::Client(household_of(client))), tenant.map(Holder::Key)];
        self.hold(&holders).inspect_err(|_| {
            self.refused.fetch_add(1, Ordering::Relaxed);
        })?;
        Ok(Open { all: Arc::clone(self), holders })
    }

    fn hold(&self, holders: &[Option<Holder>; 2]) -> Result<(), Turned> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.all >= self.settings.open_max.size() {
            return Err(Turned::for_now("websockets_full", "Too many WebSockets are open."));
        }
        for holder in holders.iter().flatten() {
            let most = match holder {
                Holder::Client(_) => self.settings.per_client_max.size(),
                Holder::Key(_) => self.settings.per_key_max.size(),
            };
            if held.by.get(holder).is_some_and(|&open| open >= most) {
                return Err(too_many(*holder, most));
            }
        }
        held.all += 1;
        for holder in holders.iter().flatten() {
            *held.by.entry(*holder).or_default() += 1;
        }
        Ok(())
    }

    fn open(&self) -> usize {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).all
    }

    /// For the operator.
    pub(crate) fn render(&self) -> Value {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let ended: Value = Ended::ALL
            .iter()
            .map(|ended| (ended.name(), json!(count(&self.ended[*ended as usize]))))
            .collect();
        let [from_clients, to_clients] = &self.bytes;
        json!({
            "open": self.open(),
            "opened": count(&self.opened),
            "refused": count(&self.refused),
            "ended": ended,
            "bytes_from_clients": count(from_clients),
            "bytes_to_clients": count(to_clients),
        })
    }
}

fn too_many(holder: Holder, most: usize) -> Turned {
    let (code, who) = match holder {
        Holder::Client(_) => ("client_websockets", "client"),
        Holder::Key(_) => ("key_websockets", "API key"),
    };
    let sentence = format!("One {who} may have {most} WebSockets open at once.");
    Turned::new(StatusCode::TOO_MANY_REQUESTS, code, sentence)
}

impl Open {
    /// The cell has opened it.
    pub(super) fn on_opened(&self) {
        self.all.opened.fetch_add(1, Ordering::Relaxed);
    }

    /// So many bytes came from the client.
    pub(super) fn on_bytes_from_client(&self, bytes: usize) {
        self.all.bytes[0].fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// So many came from the cell.
    pub(super) fn on_bytes_to_client(&self, bytes: usize) {
        self.all.bytes[1].fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn on_ended(&self, ended: Ended) {
        self.all.ended[ended as usize].fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut held = self.all.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.all -= 1;
        for holder in self.holders.iter().flatten() {
            if let Some(open) = held.by.get_mut(holder) {
                *open -= 1;
                if *open == 0 {
                    held.by.remove(holder);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
