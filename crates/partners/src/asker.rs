//! Asks partners over sockets: one for the whole process, 1,200 partners and more.
//!
//! ```text
//! ask ─▶ paused? ─▶ quota ─▶ place (per partner) ─▶ connection (per partner, counted for all)
//!     ─▶ request ─▶ chunks ─▶ unpack ─▶ decode (here or on workers) ─▶ parts to the sink
//! ```
//!
//! Everything ends by the deadline: the sooner of the search's and the partner's own. A partner that
//! says `retry-after` is not asked before that. Nothing is retried, except once when a kept
//! connection turns out to be closed before it said a word, or a token turns out to be stale.
//!
//! Limits: open connections of all partners together ([`AskerSettings::connections_max`], and a
//! third of the file descriptors the process may open), of one partner (`concurrency` and
//! `idle_connections`), bytes of an answer, of a line, of a head; waiting requests of one partner
//! (four times its concurrency). When all connections are taken, the one unused longest is closed.
//!
//! Cost: HTTP/1.1 connections are driven by the asking task itself, without a task of their own.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use runtime::{Limited, Shutdown, TaskSet, Workers};
use serde::{Deserialize, Serialize};

use crate::contract::Partner;
use crate::protocol::Decimals;
use crate::settings::PartnerSettings;

mod body;
mod connect;
mod exchange;
mod http_partner;
mod limits;
mod pool;
mod resolve;
mod retry_after;
mod shared;
mod token;

use connect::Connector;
use http_partner::HttpPartner;
use pool::Pool;

/// `[partners]` in the settings file: limits of asking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AskerSettings {
    /// Connections to all partners together, kept ones included.
    pub connections_max: Limited<16, 60_000>,
    /// Time to connect, TLS included, milliseconds.
    pub connect_ms: Limited<50, 30_000>,
    /// How long the addresses of a name are remembered, milliseconds.
    pub names_ms: Limited<0, 3_600_000>,
    /// Answers larger than this are decoded on worker threads, bytes.
    pub worker_bytes: Limited<1_024, 134_217_728>,
}

impl Default for AskerSettings {
    fn default() -> Self {
        Self {
            connections_max: Limited::literal(4_000),
            connect_ms: Limited::literal(3_000),
            names_ms: Limited::literal(60_000),
            worker_bytes: Limited::literal(65_536),
        }
    }
}

/// What an [`Asker`] works with.
pub struct AskerParts {
    /// Limits.
    pub settings: AskerSettings,
    /// Minor digits of currencies.
    pub decimals: Decimals,
    /// Where large answers are decoded; on the asking task if absent.
    pub workers: Option<Workers>,
    /// Counts the tasks of HTTP/2 connections.
    pub tasks: TaskSet,
    /// Ends those tasks.
    pub shutdown: Shutdown,
}

impl fmt::Debug for AskerParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AskerParts").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// What all partners share.
struct Inner {
    settings: AskerSettings,
    decimals: Decimals,
    workers: Option<Workers>,
    tasks: TaskSet,
    shutdown: Shutdown,
    connector: Connector,
    pool: Pool,
    next_key: AtomicU64,
}

/// Makes partners that are asked over HTTP. Clones share connections and limits.
#[derive(Clone)]
pub struct Asker(Arc<Inner>);

impl fmt::Debug for Asker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asker").field("connections", &self.connections()).finish_non_exhaustive()
    }
}

/// Connections at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connections {
    /// Open, in use or kept.
    pub open: usize,
    /// Kept for the next request.
    pub idle: usize,
    /// Open at most.
    pub max: usize,
}

impl Asker {
    /// An asker without connections.
    ///
    /// # Errors
    /// If TLS cannot be set up.
    pub fn new(parts: AskerParts) -> std::io::Result<Self> {
        let AskerParts { settings, decimals, workers, tasks, shutdown } = parts;
        let connector = Connector::new(&settings)?;
        let pool = Pool::new(limits::connections_max(settings.connections_max.size()));
        Ok(Self(Arc::new(Inner {
            settings,
            decimals,
            workers,
            tasks,
            shutdown,
            connector,
            pool,
            next_key: AtomicU64::new(0),
        })))
    }

    /// A partner asked over HTTP by its settings. It keeps its own quota, pauses and connections.
    #[must_use]
    pub fn partner(&self, settings: PartnerSettings) -> Arc<dyn Partner> {
        let key = self.0.next_key.fetch_add(1, Ordering::Relaxed);
        Arc::new(HttpPartner::new(Arc::clone(&self.0), key, settings))
    }

    /// Minor digits of currencies, as given.
    #[must_use]
    pub fn decimals(&self) -> Decimals {
        self.0.decimals
    }

    /// Connections now.
    #[must_use]
    pub fn connections(&self) -> Connections {
        self.0.pool.count()
    }

    /// How long requests have waited for a free connection, at the least, since it was last asked; at
    /// least `since` if some wait and none got one.
    #[must_use]
    pub fn least_wait(&self, since: Duration) -> Duration {
        self.0.pool.least_wait(since)
    }

    /// Closes connections unused for longer than their partner allows. Call it now and then.
    pub fn sweep(&self) {
        self.0.pool.sweep(runtime::now());
    }
}
