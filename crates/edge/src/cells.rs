//! What an edge knows of the cells, and what it keeps between requests.
//!
//! The ways are made anew for each topology and swapped whole; what was learnt of a cell is taken
//! over while it stays at its address.

use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use fleet::health::{Outcome, Probed};
use fleet::moved::Moved;
use fleet::retry_budget::RetryBudget;
use fleet::{CellHealth, CellId, Fleet, Place, Routes, Standing, Usable, Verifier};
use http::HeaderValue;
use http::uri::Authority;
use runtime::{FixedMap, Moment, Priority, Random, Shutdown, TaskSet, Workers, watch_lateness};
use storage::disk::Disk;
use tokio::sync::{Notify, Semaphore};

use crate::allowance::Allowances;
use crate::cache::Cache;
use crate::desk::Told;
use crate::follow::{self, ControlPlane};
use crate::probe::run_probes;
use crate::rules::Rules;
use crate::settings::EdgeSettings;
use crate::shed::Shedding;
use crate::tls::Shown;
use crate::upstream::Upstream;
use crate::websocket::WebSockets;

/// Where an edge stands.
#[derive(Clone, Debug, Default)]
pub struct Here {
    /// Its region.
    pub region: String,
    /// Its zone; empty: all zones are equally near.
    pub zone: String,
}

/// What an edge is made of.
pub struct EdgeParts {
    /// `[edge]` of the settings.
    pub settings: EdgeSettings,
    /// What it must be told about requests.
    pub rules: Rules,
    /// Connections to cells.
    pub upstream: Upstream,
    /// Where it stands.
    pub here: Here,
    /// The certificate its door shows; `None`: plain HTTP.
    pub tls: Option<Arc<Shown>>,
    /// Where topologies come from.
    pub control: ControlPlane,
    /// Who signs them.
    pub verifier: Verifier,
    /// Keeps the last good one.
    pub disk: Arc<dyn Disk>,
    /// Threads for the disk.
    pub workers: Workers,
    /// Where its loops run.
    pub tasks: TaskSet,
    /// When to stop.
    pub shutdown: Shutdown,
}

impl fmt::Debug for EdgeParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EdgeParts").field("here", &self.here).finish_non_exhaustive()
    }
}

/// A running edge without its listener, which is [`crate::Door`]'s affair.
#[derive(Debug)]
pub struct Edge {
    pub(crate) parts: EdgeParts,
    pub(crate) shedding: Arc<Shedding>,
    pub(crate) allowances: Allowances,
    pub(crate) cache: Arc<Cache>,
    pub(crate) held_bytes: Arc<AtomicU64>,
    pub(crate) websockets: Arc<WebSockets>,
    pub(crate) told: Told,
    ways: RwLock<Option<Arc<Ways>>>,
    moved: Mutex<Moved>,
    budget: Mutex<RetryBudget>,
    seed: u64,
    count: AtomicU64,
}

/// A topology, ready to be used.
#[derive(Debug)]
pub(crate) struct Ways {
    pub(crate) fleet: Fleet,
    pub(crate) routes: Routes,
    pub(crate) cells: FixedMap<CellId, Arc<CellState>>,
    usable: RwLock<Arc<Usable>>,
}

/// What is known of one cell.
#[derive(Debug)]
pub(crate) struct CellState {
    pub(crate) address: SocketAddr,
    pub(crate) authority: Authority,
    /// The value of `x-cell`.
    pub(crate) name: HeaderValue,
    pub(crate) room: Arc<Semaphore>,
    health: Mutex<CellHealth>,
    /// Whether nothing answers there; for those who wait for an answer.
    gone: AtomicBool,
    /// Wakes them in the order in which they came; a `watch` would by chance.
    told: Notify,
    pub(crate) answered: AtomicU64,
    pub(crate) failed: AtomicU64,
    /// Refused here because it would have refused them.
    pub(crate) spared: AtomicU64,
}

impl Edge {
    /// Starts with what is kept on disk and what the control plane says within a second; without
    /// either, requests are turned away until it speaks.
    ///
    /// # Errors
    /// If the operating system gives no random bytes.
    pub async fn start(parts: EdgeParts) -> std::io::Result<Arc<Self>> {
        let settings = &parts.settings;
        let moved_s = std::time::Duration::from_secs(settings.moved_s.get());
        let edge = Arc::new(Self {
            shedding: Arc::new(Shedding::new(settings.requests_max.size(), settings.late_ms.ms())),
            allowances: Allowances::new(&settings.allowance),
            cache: Cache::new(&settings.cache),
            held_bytes: Arc::default(),
            websockets: WebSockets::new(settings.websockets.clone()),
            told: Told::default(),
            ways: RwLock::default(),
            moved: Mutex::new(Moved::new(settings.moved_max.size(), moved_s)),
            budget: Mutex::new(RetryBudget::new(
                settings.retry_percent.get() as u32,
                settings.retry_reserve.get() as u32,
            )),
            seed: u64::from_le_bytes(Random::secret_bytes()?),
            count: AtomicU64::new(0),
            parts,
        });
        follow::start(&edge).await;
        let (tasks, shutdown) = (&edge.parts.tasks, &edge.parts.shutdown);
        tasks.spawn(follow::run_follow(Arc::clone(&edge), shutdown.clone()));
        tasks.spawn(run_probes(Arc::clone(&edge), shutdown.clone()));
        let shedding = Arc::clone(&edge.shedding);
        tasks.spawn(watch_lateness(shutdown.clone(), move |seen| shedding.on_window(seen)));
        Ok(edge)
    }

    /// The version of the topology in use; `None` before there is one.
    #[must_use]
    pub fn version(&self) -> Option<u64> {
        self.ways().map(|ways| ways.fleet.topology.version)
    }

    pub(crate) fn ways(&self) -> Option<Arc<Ways>> {
        self.ways.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Uses a fleet from now on.
    pub(crate) fn adopt(&self, fleet: Fleet) {
        let before = self.ways();
        let settings = &self.parts.settings;
        let routes = Routes::new(&fleet, &self.parts.here.region, &self.parts.here.zone);
        self.parts.upstream.expect(routes.places().map(|place| {
            let route = routes.at(place);
            (route.id, route.address)
        }));
        let cells = routes.places().filter_map(|place| {
            let route = routes.at(place);
            let known = before.as_ref().and_then(|ways| ways.cells.get(&route.id));
            let known = known.filter(|known| known.address == route.address).cloned();
            let state = known.or_else(|| CellState::new(route.id, route.address, settings));
            state.map(|state| (route.id, state))
        });
        let cells: FixedMap<_, _> = cells.collect();
        let usable = RwLock::new(Arc::new(usable_of(&routes, &cells, settings)));
        tracing::info!(version = fleet.topology.version, cells = cells.len(), "a topology is used");
        let ways = Arc::new(Ways { fleet, routes, cells, usable });
        *self.ways.write().unwrap_or_else(PoisonError::into_inner) = Some(ways);
    }

    /// [`Ways::is_lost`] for whoever waits longer than a topology lasts.
    pub(crate) async fn is_lost(&self, cell: &CellState) {
        let settings = &self.parts.settings;
        let mostly_there = || self.ways().is_some_and(|ways| ways.are_mostly_there(settings));
        cell.is_lost(settings, mostly_there).await;
    }

    pub(crate) fn moved(&self) -> MutexGuard<'_, Moved> {
        self.moved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn budget(&self) -> MutexGuard<'_, RetryBudget> {
        self.budget.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// 128 bits no other request has.
    pub(crate) fn chance(&self) -> u128 {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        xxhash_rust::xxh3::xxh3_128_with_seed(&count.to_le_bytes(), self.seed)
    }
}

impl Ways {
    pub(crate) fn usable(&self) -> Arc<Usable> {
        Arc::clone(&self.usable.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The cell at a place.
    pub(crate) fn cell(&self, place: Place) -> Option<&Arc<CellState>> {
        self.cells.get(&self.routes.at(place).id)
    }

    /// Comes to its end when a cell is found gone while most others are not. If most are, it is rather
    /// that all are slow: then waiting is better than asking twice.
    pub(crate) async fn is_lost(&self, cell: &CellState, settings: &EdgeSettings) {
        cell.is_lost(settings, || self.are_mostly_there(settings)).await;
    }

    fn are_mostly_there(&self, settings: &EdgeSettings) -> bool {
        let gone = self.cells.values().filter(|cell| cell.standing() == Standing::Gone).count();
        let there = (self.cells.len() - gone) as u64 * 100;
        there >= self.cells.len() as u64 * settings.health.panic_percent.get()
    }

    /// Looks anew who is usable.
    pub(crate) fn refresh(&self, settings: &EdgeSettings) {
        let usable = Arc::new(usable_of(&self.routes, &self.cells, settings));
        *self.usable.write().unwrap_or_else(PoisonError::into_inner) = usable;
    }
}

fn usable_of(
    routes: &Routes,
    cells: &FixedMap<CellId, Arc<CellState>>,
    settings: &EdgeSettings,
) -> Usable {
    let standing = |id: CellId| cells.get(&id).map_or(Standing::Gone, |cell| cell.standing());
    routes.usable(standing, settings.health.panic_percent.get())
}

impl CellState {
    fn new(id: CellId, address: SocketAddr, settings: &EdgeSettings) -> Option<Arc<Self>> {
        let health = CellHealth::new(settings.health.clone(), runtime::now());
        Some(Arc::new(Self {
            address,
            authority: address.to_string().parse().ok()?,
            name: HeaderValue::try_from(id.to_string()).ok()?,
            room: Arc::new(Semaphore::new(settings.cell_requests_max.size())),
            health: Mutex::new(health),
            gone: AtomicBool::new(false),
            told: Notify::new(),
            answered: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            spared: AtomicU64::new(0),
        }))
    }

    fn health(&self) -> MutexGuard<'_, CellHealth> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn standing(&self) -> Standing {
        self.health().standing(runtime::now())
    }

    pub(crate) fn on_probe(&self, probed: Probed) {
        let mut health = self.health();
        health.on_probe(probed, runtime::now());
        self.tell_if_gone(&health);
    }

    /// Comes to its end when the cell is found gone.
    pub(crate) async fn is_gone(&self) {
        loop {
            // Before the look, so that nothing is told in between unheard.
            let told = self.told.notified();
            if self.gone.load(Ordering::SeqCst) {
                return;
            }
            told.await;
        }
    }

    /// The same while others are there.
    async fn is_lost(&self, settings: &EdgeSettings, are_mostly_there: impl Fn() -> bool) {
        loop {
            self.is_gone().await;
            if are_mostly_there() {
                return;
            }
            tokio::time::sleep(settings.probe_ms.ms()).await;
        }
    }

    /// Under the lock of the health, so that what is told last is so.
    fn tell_if_gone(&self, health: &CellHealth) {
        let gone = health.standing(runtime::now()) == Standing::Gone;
        if self.gone.swap(gone, Ordering::SeqCst) != gone {
            self.told.notify_waiters();
        }
    }

    /// Counts what became of a request; gives whether the cell may stand otherwise now.
    pub(crate) fn on_outcome(&self, outcome: Outcome) -> bool {
        let counter = match outcome {
            Outcome::Answered | Outcome::Declined | Outcome::Overloaded => &self.answered,
            Outcome::Failed | Outcome::Refused => &self.failed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        let mut health = self.health();
        health.on_outcome(outcome, runtime::now());
        self.tell_if_gone(&health);
        !matches!(outcome, Outcome::Answered | Outcome::Overloaded)
    }

    /// Whether it is sent a request that it may refuse for want of room.
    pub(crate) fn is_sent(&self, priority: Priority, chance: u64) -> bool {
        let sends = self.health().sends(priority, chance, runtime::now());
        if !sends {
            self.spared.fetch_add(1, Ordering::Relaxed);
        }
        sends
    }

    /// It took such a request, or refused it.
    pub(crate) fn on_taken(&self, priority: Priority, taken: bool) {
        self.health().on_taken(priority, taken, runtime::now());
    }

    /// Whether it has refused nothing for want of room lately.
    pub(crate) fn takes_all(&self, now: Moment) -> bool {
        self.health().takes_all(now)
    }
}
