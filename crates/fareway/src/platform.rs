//! Joins the crates into a running platform: sandbox market, partners, memory, engine, cell, listener.
//!
//! It decides nothing: limits come from the settings, policy from the crates.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use cell::OperatorToken;
use domain::CurrencyCode;
use events::fact::{Origin, Recorder};
use events::log::Log;
use fleet::CellId;
use hyper_util::service::TowerToHyperService;
use partners::asker::AskerParts;
use partners::{Asker, Registry};
use runtime::net::{self, TcpListener};
use runtime::{Deadline, HttpLimits, Processors, Shutdown, TaskSet, Workers};
use search::{Busy, Engine, EngineParts, LeastWait, Leaving, TokenKeys, roster_of};

use crate::data_folder::DataFolder;
use crate::fleet_of_processes::visit_of;
use crate::front_door::{self, Tls};
use crate::log_reader::Neighbour;
use crate::market::{self, OpenMarket, PartnerFiles};
use crate::partner_freshness;
use crate::remembering::{Here, Remembering};
use crate::settings::Settings;

/// The number of a cell that is alone.
pub(crate) const ONLY_CELL: u32 = 1;
/// The release of a process that no parent started.
pub(crate) const OWN_RELEASE: &str = env!("CARGO_PKG_VERSION");
/// Time in which an edge hears that a cell leaves.
const HEARD: Duration = Duration::from_secs(2);
/// Time between two looks whether it has nothing left.
const LEAVE_LOOK: Duration = Duration::from_millis(100);
/// Time for the last facts to become durable.
const FACTS_WITHIN: Duration = Duration::from_secs(1);
/// Requests of an edge at once that are nobody's but its own.
const LOOKS: u32 = 64;
/// Jobs waiting for a worker thread.
const JOBS_QUEUED: usize = 4_096;

/// What a platform is made of besides its settings.
pub(crate) struct PlatformParts<'a> {
    /// Sign tokens and links.
    pub(crate) keys: TokenKeys,
    /// Where page, API and console shall be.
    pub(crate) listen: SocketAddr,
    /// Where it writes; without one nothing is remembered.
    pub(crate) data: Option<&'a DataFolder>,
    /// Who may do what only the operator may.
    pub(crate) operator: OperatorToken,
    /// The number of this cell, unique in the fleet.
    pub(crate) cell: u32,
    /// The release that this process is.
    pub(crate) release: String,
    /// TLS at its listener; `None`: plain HTTP.
    pub(crate) tls: Option<Tls>,
    /// Partners of a market that another process serves; without them this one does, if the settings
    /// say so.
    pub(crate) market: Option<PartnerFiles>,
    /// The cells beside this one, besides those in the settings.
    pub(crate) beside: Vec<Neighbour>,
    /// Whether edges stand before it: each sends all its requests over one connection.
    pub(crate) behind_edges: bool,
}

/// Everything that runs in this process.
#[derive(Debug)]
pub(crate) struct Platform {
    /// Where page, API and console are.
    pub(crate) address: SocketAddr,
    /// The simulated market, if this process serves one.
    pub(crate) market: Option<OpenMarket>,
    /// Partners that can be asked.
    pub(crate) partners: usize,
    /// What was wrong with partner files, one sentence each.
    pub(crate) partner_errors: Vec<String>,
    engine: Arc<Engine>,
    facts: Recorder,
    tasks: TaskSet,
    shutdown: Shutdown,
    drain: Duration,
}

impl Platform {
    /// Starts everything and listens.
    pub(crate) async fn start(settings: &Settings, parts: PlatformParts<'_>) -> Result<Self> {
        let PlatformParts { keys, listen, data, operator, cell, release, .. } = parts;
        let PlatformParts { tls, market, beside, behind_edges, .. } = parts;
        let (tasks, shutdown) = (TaskSet::default(), Shutdown::default());
        // Bound first: a busy port is known before a world is made.
        let listener = bind(listen).await?;
        let address = listener.local_addr()?;
        let workers = Workers::start("work", settings.server.worker_threads.size(), JOBS_QUEUED)?;
        // Here, so that the first traveller does not pay for building the index of places.
        workers.run(|| atlas::atlas().warm()).await?;
        let asker = open_asker(settings, &workers, &tasks, &shutdown)?;
        let registry = Arc::new(Registry::open(partners_folder(settings)?, asker.clone()));
        let market = match market {
            None => market::open(&settings.sandbox, &registry, &workers, &tasks, &shutdown).await?,
            Some(files) => {
                market::register(&registry, files)?;
                None
            }
        };
        tasks.spawn(Arc::clone(&registry).run(Some(workers.clone()), shutdown.clone()));
        let roster = roster_of(Arc::clone(&registry));
        let here = data.map(|data| Here { data: data.path(), cell, beside });
        let remembering =
            Remembering::open(&settings.prices, here, &workers, &tasks, &shutdown).await?;
        follow_freshness(settings, &remembering, &registry, (&tasks, &shutdown));
        let facts = open_facts(settings, cell, remembering.log.clone()).await?;
        let engine = Engine::new(EngineParts {
            settings: settings.search.clone(),
            roster: Arc::clone(&roster),
            memory: remembering.memory.clone().map(|memory| Arc::new(memory) as _),
            atlas: atlas::atlas(),
            workers: workers.clone(),
            least_wait: least_wait(&workers, &asker),
            busy: busy(),
            tasks: tasks.clone(),
            shutdown: shutdown.clone(),
            keys,
            cell,
            facts: facts.clone(),
        })
        .context("the search engine cannot start")?;
        let router = cell::router(cell::CellParts {
            engine: Arc::clone(&engine),
            cell,
            release,
            roster,
            workers: workers.clone(),
            shutdown: shutdown.clone(),
            prices: remembering.indexes,
            memory: remembering.memory,
            operator,
            visit: visit_of,
            secure: settings.tls.is_on(),
            settings: settings.cell.clone(),
        });
        let (limits, service) =
            (limits_of(settings, behind_edges), TowerToHyperService::new(router));
        front_door::listen((listener, tls), service, limits, &workers, (&tasks, &shutdown));
        tasks.spawn(facts.clone().run(shutdown.clone()));
        Ok(Self {
            address,
            market,
            partners: registry.snapshot().partners().len(),
            partner_errors: registry.errors().iter().map(ToString::to_string).collect(),
            engine,
            facts,
            tasks,
            shutdown,
            drain: settings.server.drain_ms.ms(),
        })
    }

    /// Begins nothing new, and waits until what is there has ended and whoever sends work has heard of
    /// it, but no longer than `within`.
    pub(crate) async fn leave(&self, why: Leaving, within: Duration) {
        self.engine.leave(why);
        let (now, most) = (runtime::now(), Deadline::after(runtime::now(), within));
        let heard = Deadline::after(now, HEARD.min(within));
        while !most.passed(runtime::now()) {
            if heard.passed(runtime::now()) && self.engine.load().running == 0 {
                return;
            }
            tokio::time::sleep(LEAVE_LOOK).await;
        }
    }

    /// Stops accepting, lets open requests finish, and returns whether all did in time.
    pub(crate) async fn stop(self) -> bool {
        self.shutdown.begin();
        let drained = self.tasks.drain(self.drain).await;
        // What was told while others ended.
        let told = tokio::time::timeout(FACTS_WITHIN, self.facts.flush()).await;
        drained && told.is_ok()
    }
}

/// Keeps what partners say of the freshness of their prices in step with their files.
fn follow_freshness(
    settings: &Settings,
    remembering: &Remembering,
    registry: &Arc<Registry>,
    (tasks, shutdown): (&TaskSet, &Shutdown),
) {
    let Some(store) = remembering.store.clone() else { return };
    let (everybody, registry) = (settings.prices.freshness.clone(), Arc::clone(registry));
    tasks.spawn(partner_freshness::follow(store, everybody, registry, shutdown.clone()));
}

/// Where facts are told: in the log of the cell, if there is one.
async fn open_facts(settings: &Settings, cell: u32, log: Option<Arc<dyn Log>>) -> Result<Recorder> {
    let Some(log) = log.filter(|_| settings.facts.enabled) else { return Ok(Recorder::default()) };
    let origin = Origin { cell: CellId(cell).to_string(), region: settings.fleet.region.clone() };
    Recorder::open(log, u64::from(cell), origin, settings.facts.clone())
        .await
        .context("facts cannot be told")
}

fn limits_of(settings: &Settings, behind_edges: bool) -> HttpLimits {
    let connections = settings.server.connections_max.size();
    let usual = HttpLimits::default();
    let streams = match behind_edges {
        // All that an edge may have in flight to one cell, and its looks at it.
        true => settings.edge.cell_requests_max.get() as u32 + LOOKS,
        false => usual.streams,
    };
    HttpLimits { connections, streams, ..usual }
}

/// How long work waits for a thread or for a connection to a partner, whichever is longer.
fn least_wait(workers: &Workers, asker: &Asker) -> LeastWait {
    let (workers, asker) = (workers.clone(), asker.clone());
    Arc::new(move |since| workers.least_wait(since).max(asker.least_wait(since)))
}

/// Where partner files are; none if there is no such folder, as in a fresh installation.
fn partners_folder(settings: &Settings) -> Result<Option<&Path>> {
    let folder = settings.partners.folder.as_path();
    if folder.exists() && !folder.is_dir() {
        bail!("partners.folder = {:?} is not a folder", folder.display().to_string());
    }
    Ok(folder.is_dir().then_some(folder))
}

/// How busy the machine is.
fn busy() -> Busy {
    let processors = Processors::default();
    Arc::new(move || processors.busy())
}

/// An asker as the settings want it.
pub(crate) fn open_asker(
    settings: &Settings,
    workers: &Workers,
    tasks: &TaskSet,
    shutdown: &Shutdown,
) -> Result<Asker> {
    Asker::new(AskerParts {
        settings: settings.partners.asking.clone(),
        decimals: minor_digits,
        workers: Some(workers.clone()),
        tasks: tasks.clone(),
        shutdown: shutdown.clone(),
    })
    .context("connections to partners cannot be set up")
}

/// Minor digits of a currency.
pub(crate) fn minor_digits(currency: CurrencyCode) -> Option<u8> {
    atlas::atlas().currency(currency).map(|known| known.decimals)
}

/// Binds a port, saying in one sentence what is wrong.
pub(crate) async fn bind(address: SocketAddr) -> Result<TcpListener> {
    net::listen(address).await.map_err(|error| cannot_listen(address, &error))
}

/// Binds a port for a moment, to know whether that can be done.
pub(crate) fn listen_now(address: SocketAddr) -> Result<std::net::TcpListener> {
    std::net::TcpListener::bind(address).map_err(|error| cannot_listen(address, &error))
}

fn cannot_listen(address: SocketAddr, error: &std::io::Error) -> anyhow::Error {
    match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            anyhow!("{address} is in use: stop what listens there or choose another with --listen")
        }
        _ => anyhow!("{address} cannot be listened on: {error}"),
    }
}

/// The signing keys of a data folder, made at the first start.
pub(crate) fn open_keys(path: &Path) -> Result<TokenKeys> {
    Ok(TokenKeys::open_or_create(path)?)
}
