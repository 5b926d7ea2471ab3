//! The control plane's process: keeps and signs the topology, looks at the cells, takes the
//! operator's changes.
//!
//! `GET /fleet/topology`, `GET /fleet/table/SUM` for edges; `GET /fleet/wanted` for the parent: which
//! release each cell is to run. For the operator: `POST /fleet/plan` and `POST /fleet/change` with
//! `{"changes": [{"drain": 2}], "force": false}`; `GET` and `POST /fleet/rollout`, `/fleet/rollback`,
//! `/fleet/freeze`; `GET /fleet/shown`, which is all of it for the console. Nothing serves travellers here: edges and cells run on without it.

mod answers;
mod diary;
mod looks;
mod seen;
mod shown;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, bail};
use edge::Upstream;
use fleet::control::{Change, ChangeError, Plan, note_health, plan};
use fleet::happened::{Happened, Told, What, between};
use fleet::kept::{self, Kept};
use fleet::topology::{CellSite, Region, SeenHealth};
use fleet::{CellId, Fleet, Signer, Topology};
use http::HeaderValue;
use hyper::service::service_fn;
use runtime::{HttpLimits, Shutdown, TaskSet, Workers, serve_http};
use storage::disk::{RealDisk, replace_whole};

use self::looks::{Looker, run_looks};
pub(super) use self::seen::Said;
use self::seen::Seen;
use super::layout::Place;
use super::machine::Machine;
use super::papers;
use super::play::{Until, operator};
use super::release::Releases;
use super::rollouts::{self, Rollouts};
use crate::api_client::ApiClient;
use crate::data_folder::DataFolder;
use crate::platform::bind;
use crate::settings::Settings;

/// The public key, within the control plane's folder.
pub(super) const PUBLIC_KEY: &str = "fleet.pub";
/// Where the parent learns which release each cell is to run.
const WANTED_PATH: &str = "/fleet/wanted";
/// Connections at once: edges and operators.
const CONNECTIONS_MAX: usize = 256;

/// The fleet as the control plane has it.
pub(super) struct ControlRoom {
    signer: Signer,
    pub(super) disk: RealDisk,
    pub(super) releases: Releases,
    kept: Mutex<Arc<Kept>>,
    rollouts: Mutex<Rollouts>,
    seen: Mutex<Seen>,
    diary: Mutex<Happened>,
}

/// Plays the role until it is over.
pub(super) async fn play(
    settings: &Settings,
    machine: &Path,
    data: &DataFolder,
    until: Until,
) -> Result<()> {
    let listener = bind(settings.server.listen).await?;
    let room = Arc::new(ControlRoom::open(settings, machine, data)?);
    let (tasks, shutdown) = (TaskSet::default(), Shutdown::default());
    let workers = Workers::start("work", 1, 1)?;
    let upstream = papers::upstream(settings, machine, "control", &workers, (&tasks, &shutdown))?;
    let token = std::fs::read_to_string(machine.join("operator.token"))?;
    let looks = Looks {
        room: Arc::clone(&room),
        upstream,
        operator: HeaderValue::from_str(token.trim())?,
        settings: settings.clone(),
    };
    let (every, until_over) = (settings.fleet.look_ms.ms(), shutdown.clone());
    tasks.spawn(async move { run_looks(&looks, every, &until_over).await });
    let desk = Arc::new(answers::Desk { room, operator: operator(machine)? });
    let service = service_fn(move |request| {
        let desk = Arc::clone(&desk);
        async move { Ok(desk.answer(request).await) }
    });
    let limits = HttpLimits { connections: CONNECTIONS_MAX, ..HttpLimits::default() };
    tasks.spawn(serve_http(listener, service, limits, tasks.clone(), shutdown.clone()));
    until.over_and_drained(&tasks, &shutdown, settings).await;
    Ok(())
}

impl ControlRoom {
    /// Goes on from what is kept, with the cells that this machine has now.
    fn open(settings: &Settings, machine: &Path, data: &DataFolder) -> Result<Self> {
        let releases = Releases::of(machine);
        let machine = &Machine::read(machine)?;
        let (secret, _) = data.secret("fleet.key")?;
        let signer = Signer::new(&secret)?;
        let disk = RealDisk::open(data.path())?;
        replace_whole(&disk, PUBLIC_KEY, signer.verifier().render().as_bytes())?;
        let before = kept::read(&disk, &signer.verifier())
            .with_context(|| format!("the fleet in {} cannot be read", data.path().display()))?;
        let before = before.map(|kept| kept.fleet);
        let topology = topology_of(settings, machine, before.as_ref().map(|fleet| &fleet.topology));
        let fleet = Fleet::new(topology);
        let mut told = vec![Told::all(What::Started, "the control plane was started")];
        told.extend(before.iter().flat_map(|before| between(before, &fleet)));
        let kept = Kept { signed: signer.sign(&fleet.topology)?, fleet };
        kept::write(&disk, &kept)?;
        let rollouts = Mutex::new(Rollouts::read(&disk)?);
        let (kept, seen) = (Mutex::new(Arc::new(kept)), Mutex::default());
        let diary = Mutex::new(diary::read(&disk));
        let room = Self { signer, disk, releases, kept, rollouts, seen, diary };
        room.tell(told);
        Ok(room)
    }

    pub(super) fn kept(&self) -> Arc<Kept> {
        Arc::clone(&self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Arc<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn rollouts(&self) -> MutexGuard<'_, Rollouts> {
        self.rollouts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes an operator's changes, unless all is frozen.
    pub(super) fn change(&self, changes: &[Change], force: bool) -> Result<Plan> {
        if changes.iter().any(|change| matches!(change, Change::Run(..))) {
            bail!("a cell goes to another release by a rollout only");
        }
        self.rollouts().allow(changes, force)?;
        self.make(changes, force)
    }

    /// Makes changes, unless they break N+2 and are not forced.
    pub(super) fn make(&self, changes: &[Change], force: bool) -> Result<Plan> {
        let mut kept = self.lock();
        let plan = plan(&kept.fleet, changes)?;
        if !force {
            plan.check_capacity()?;
        }
        self.publish(&mut kept, plan.fleet.clone())?;
        Ok(plan)
    }

    /// What changes would do.
    pub(super) fn plan(&self, changes: &[Change]) -> Result<Plan, ChangeError> {
        plan(&self.kept().fleet, changes)
    }

    fn note(&self, seen: &[(CellId, SeenHealth)]) -> Result<()> {
        let mut kept = self.lock();
        let mut fleet = kept.fleet.clone();
        if note_health(&mut fleet.topology, seen) {
            self.publish(&mut kept, fleet)?;
        }
        Ok(())
    }

    /// On disk first: what edges have seen must never be forgotten.
    fn publish(&self, kept: &mut Arc<Kept>, fleet: Fleet) -> Result<()> {
        let signed = self.signer.sign(&fleet.topology)?;
        let next = Kept { fleet, signed };
        kept::write(&self.disk, &next).context("the topology cannot be kept")?;
        let before = std::mem::replace(kept, Arc::new(next));
        self.tell(between(&before.fleet, &kept.fleet));
        Ok(())
    }
}

/// The topology of this machine. A cell that was known keeps its release, its weight and
/// whether it drains.
fn topology_of(settings: &Settings, machine: &Machine, before: Option<&Topology>) -> Topology {
    let site = |(id, address), place: &Place| {
        let known = before.and_then(|before| before.cell(id));
        CellSite {
            id,
            zone: place.zone.clone(),
            address,
            weight: known.map_or(100, |known| known.weight),
            tested_max: settings.fleet.tested_max.get() as u32,
            version: known.map_or_else(|| machine.release.clone(), |known| known.version.clone()),
            draining: known.is_some_and(|known| known.draining),
            health: SeenHealth::Unknown,
        }
    };
    let mut regions: Vec<Region> = Vec::new();
    for (cell, place) in machine.reached(settings.fleet.reached_port.get()).zip(&machine.places) {
        if regions.last().is_none_or(|region| region.name != place.region) {
            let (name, peak) = (place.region.clone(), settings.fleet.peak.get() as u32);
            regions.push(Region { name, zones: Vec::new(), peak, cells: Vec::new() });
        }
        let Some(region) = regions.last_mut() else { continue };
        if !region.zones.contains(&place.zone) {
            region.zones.push(place.zone.clone());
        }
        region.cells.push(site(cell, place));
    }
    let known = |id: CellId| machine.cells.iter().any(|&(cell, _)| cell == id);
    let overrides = before.map(|before| before.overrides.clone()).unwrap_or_default();
    Topology {
        version: before.map_or(1, |before| before.version + 1),
        table: fleet::TableSum::default(),
        regions,
        overrides: overrides.into_iter().filter(|entry| known(entry.cell)).collect(),
    }
}

/// Looks at the cells for the control room.
struct Looks {
    room: Arc<ControlRoom>,
    upstream: Upstream,
    operator: HeaderValue,
    settings: Settings,
}

impl Looker for Looks {
    type Found = (SeenHealth, Said);

    fn cells(&self) -> Vec<CellSite> {
        let kept = self.room.kept();
        let cells = || kept.fleet.topology.cells().map(|(_, cell)| cell);
        self.upstream.expect(cells().map(|cell| (cell.id, cell.address)));
        self.room.seen().keep_only(|id| cells().any(|cell| cell.id == id));
        cells().cloned().collect()
    }

    async fn look(&self, cell: CellSite) -> Self::Found {
        rollouts::look(&self.upstream, &cell, &self.operator, &self.settings).await
    }

    fn on_look(&self, cell: CellId, (health, said): Self::Found) {
        // It was removed while it was looked at.
        if self.room.kept().fleet.topology.cell(cell).is_none() {
            return;
        }
        let told = self.room.seen().take_up(cell, said, now_ms());
        self.room.tell(told);
        report(self.room.note(&[(cell, health)]));
    }

    fn on_round(&self) {
        let views = self.room.seen().views();
        report(self.room.step_rollout(&views, now_ms()));
    }
}

fn report(noted: Result<()>) {
    if let Err(error) = noted {
        tracing::error!(error = format!("{error:#}"), "what is seen of the cells is not kept");
    }
}

/// Milliseconds since 1970.
pub(super) fn now_ms() -> u64 {
    runtime::unix_ms().max(0) as u64
}

/// Which release each cell is to run, as the control plane says.
pub(super) async fn wanted_releases(control: SocketAddr) -> Result<BTreeMap<CellId, String>> {
    let wanted = ApiClient::new(control).get(WANTED_PATH).await?;
    serde_json::from_value(wanted).context("what cells are to run is not understood")
}
