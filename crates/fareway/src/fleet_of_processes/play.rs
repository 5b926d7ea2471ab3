//! What a child does: one role, until the parent stops it or is gone.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use cell::OperatorToken;
use edge::{ControlPlane, Door, Edge, EdgeParts, Here};
use fleet::{CellId, Verifier};
use runtime::{Deadline, NamedThread, Shutdown, TaskSet, Workers, now};
use search::Leaving;
use storage::disk::RealDisk;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use super::machine::Machine;
use super::{control, logs, papers, rules, spot};
use crate::cli::Role;
use crate::data_folder::{DataFolder, read_secret};
use crate::front_door;
use crate::market::{self, PartnerFiles};
use crate::platform::{Platform, PlatformParts, bind, open_keys};
use crate::settings::Settings;

/// Files of the market's partners, within the sandbox's folder.
const PARTNERS: &str = "partners.json";
/// Time for the market to be made.
const MARKET_WITHIN: Duration = Duration::from_secs(60);
/// Time between two looks for it.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Jobs waiting for a worker thread.
const JOBS_QUEUED: usize = 64;

/// Plays a role until told to stop. `machine` is the parent's data folder.
pub(crate) async fn play(
    settings: &Settings,
    role: Role,
    (cell, release): (u32, String),
    machine: &Path,
) -> Result<()> {
    let data = DataFolder::open(&settings.server.data)?;
    let until = Until::told()?;
    match role {
        Role::Cell => play_cell(settings, (CellId(cell), release), machine, &data, until).await,
        Role::Sandbox => play_sandbox(settings, &data, until).await,
        Role::Control => control::play(settings, machine, &data, until).await,
        Role::Logs => logs::play(settings, machine, until).await,
        Role::Edge => play_edge(settings, machine, &data, until).await,
    }
}

async fn play_cell(
    settings: &Settings,
    (cell, release): (CellId, String),
    machine: &Path,
    data: &DataFolder,
    until: Until,
) -> Result<()> {
    // Whoever cannot be this cell learns it before a world is read.
    let places = Machine::read(machine)?;
    places.cell(cell)?;
    let market = match settings.sandbox.enabled {
        true => await_partners(&machine.join("sandbox").join(PARTNERS)).await?,
        false => PartnerFiles::new(),
    };
    let parts = PlatformParts {
        keys: open_keys(&machine.join("token.key"))?,
        listen: settings.server.listen,
        data: Some(data),
        operator: operator(machine)?,
        cell: cell.0,
        release,
        tls: papers::cell_door(&settings.tls, machine, cell)?,
        market: Some(market),
        beside: places.beside(cell, &settings.prices.log_url),
        behind_edges: true,
    };
    let platform = Platform::start(settings, parts).await?;
    for error in &platform.partner_errors {
        tracing::error!(%error, "a partner file is refused");
    }
    let end = tokio::select! {
        biased;
        end = until.end() => end,
        within = spot::notice(&settings.fleet.spot) => End::Leave(Leaving::Spot, Some(within)),
    };
    if let End::Leave(why, within) = end {
        let most = settings.fleet.leave_ms.ms();
        platform.leave(why, within.map_or(most, |within| within.min(most))).await;
    }
    platform.stop().await;
    Ok(())
}

async fn play_sandbox(settings: &Settings, data: &DataFolder, until: Until) -> Result<()> {
    let (tasks, shutdown) = (TaskSet::default(), Shutdown::default());
    let workers = Workers::start("work", 1, JOBS_QUEUED)?;
    let mut sandbox = settings.sandbox.clone();
    sandbox.listen = settings.server.listen;
    let (_, files) = market::open_alone(&sandbox, &workers, &tasks, &shutdown).await?;
    let path = data.path().to_owned();
    let write = move || -> std::io::Result<()> {
        let bytes = serde_json::to_vec(&files)?;
        storage::disk::replace_whole(&RealDisk::open(path)?, PARTNERS, &bytes)
    };
    workers.run(write).await?.context("the partners' files cannot be written")?;
    until.over_and_drained(&tasks, &shutdown, settings).await;
    Ok(())
}

async fn play_edge(
    settings: &Settings,
    machine: &Path,
    data: &DataFolder,
    until: Until,
) -> Result<()> {
    let listener = bind(settings.server.listen).await?;
    let key = machine.join("control").join(control::PUBLIC_KEY);
    let key = std::fs::read_to_string(&key)
        .with_context(|| format!("the fleet's key {} cannot be read", key.display()))?;
    let tls = front_door::open(&settings.tls, machine)?;
    let (tasks, shutdown) = (TaskSet::default(), Shutdown::default());
    let workers = Workers::start("work", 1, JOBS_QUEUED)?;
    let upstream = papers::upstream(settings, machine, "edge", &workers, (&tasks, &shutdown))?;
    let edge = Edge::start(EdgeParts {
        upstream,
        settings: settings.edge.clone(),
        rules: rules::rules(operator(machine)?),
        here: Here { region: settings.fleet.region.clone(), zone: settings.fleet.zone.clone() },
        tls: tls.as_ref().map(|tls| Arc::clone(&tls.shown)),
        control: ControlPlane { address: Machine::read(machine)?.control },
        verifier: Verifier::parse(&key)?,
        disk: Arc::new(RealDisk::open(data.path())?),
        workers: workers.clone(),
        tasks: tasks.clone(),
        shutdown: shutdown.clone(),
    })
    .await?;
    let limits = Door::limits(&settings.edge);
    let door = Door::new(edge);
    front_door::listen((listener, tls), door, limits, &workers, (&tasks, &shutdown));
    until.over_and_drained(&tasks, &shutdown, settings).await;
    Ok(())
}

pub(super) fn operator(machine: &Path) -> Result<OperatorToken> {
    Ok(OperatorToken::new(read_secret(&machine.join("operator.token"))?))
}

/// Waits for the market to be made, and reads the files of its partners.
async fn await_partners(path: &Path) -> Result<PartnerFiles> {
    let deadline = Deadline::after(now(), MARKET_WITHIN);
    loop {
        match std::fs::read(path) {
            Ok(bytes) => {
                let describe = || format!("{} is damaged", path.display());
                return serde_json::from_slice(&bytes).with_context(describe);
            }
            Err(error) if deadline.passed(now()) => {
                return Err(error).with_context(|| format!("{} is missing", path.display()));
            }
            Err(_) => tokio::time::sleep(LOOK_EVERY).await,
        }
    }
}

/// The end of a role: a signal, or the end of standard input, which the parent holds open.
pub(super) struct Until {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    orphaned: oneshot::Receiver<()>,
}

impl Until {
    fn told() -> Result<Self> {
        let (tell, orphaned) = oneshot::channel();
        let listen = move || {
            let mut nothing = [0; 64];
            let mut input = std::io::stdin();
            while input.read(&mut nothing).is_ok_and(|read| read > 0) {}
            let _ = tell.send(());
        };
        // It ends with the process: dropping it would wait for the parent.
        std::mem::forget(NamedThread::start("fareway-parent", listen)?);
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).context("Ctrl-C cannot be heard")?,
            terminate: signal(SignalKind::terminate()).context("SIGTERM cannot be heard")?,
            orphaned,
        })
    }

    /// Waits for the end, then stops what runs in `tasks` and gives it the time that stopping has.
    pub(super) async fn over_and_drained(
        self,
        tasks: &TaskSet,
        shutdown: &Shutdown,
        settings: &Settings,
    ) {
        self.over().await;
        shutdown.begin();
        tasks.drain(settings.server.drain_ms.ms()).await;
    }

    async fn over(self) {
        self.end().await;
    }

    async fn end(mut self) -> End {
        tokio::select! {
            biased;
            _ = self.interrupt.recv() => End::Now,
            _ = self.terminate.recv() => End::Leave(Leaving::Told, None),
            _ = self.orphaned => End::Now,
        }
    }
}

/// How a role ends.
enum End {
    /// Open requests may finish.
    Now,
    /// The machine goes: what was begun may finish too, within this time or the one that is set.
    Leave(Leaving, Option<Duration>),
}
