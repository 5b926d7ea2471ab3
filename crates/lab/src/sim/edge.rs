//! One edge: real ways, health, attempts, budget and take-up; what is simulated is the network.

use std::time::Duration;

use anyhow::{Context, Result};
use fleet::attempts::{Attempt, Attempts};
use fleet::health::{HealthSettings, Outcome, Probed};
use fleet::kept::{self, Kept};
use fleet::moved::Moved;
use fleet::retry_budget::RetryBudget;
use fleet::take_up::Offer;
use fleet::throttle::Throttle;
use fleet::{CellHealth, CellId, Fleet, Place, Routes, Standing, Usable, Verifier};
use runtime::{Moment, Priority};
use storage::disk::FaultDisk;

use super::control::{Offered, ZONE_NAMES, region_name};
use super::settings::{Broken, RETRY_PERCENT, RETRY_RESERVE, WorldSettings};

/// Moved work that is remembered, and how long. Source: the defaults of `[edge]`.
const MOVED_MAX: usize = 100_000;
const MOVED: Duration = Duration::from_secs(3_600);

/// What an edge keeps in memory.
#[derive(Debug)]
struct Memory {
    fleet: Fleet,
    routes: Routes,
    usable: Usable,
    health: Vec<CellHealth>,
    /// Those whose end was told.
    gone: Vec<bool>,
    throttles: Vec<Throttle>,
    moved: Moved,
}

/// An edge.
#[derive(Debug)]
pub(crate) struct Edge {
    pub(crate) region: u8,
    pub(crate) zone: u8,
    pub(crate) up: bool,
    pub(crate) life: u32,
    /// Whether the control plane cannot be reached from here.
    pub(crate) cut_off: bool,
    pub(crate) budget: RetryBudget,
    /// What looks have found that were answered and are on their way back, by cell.
    pub(crate) looks: Vec<(u8, Probed)>,
    /// Cells that have not answered a look yet: they are not looked at again meanwhile.
    pub(crate) unanswered: Vec<bool>,
    memory: Memory,
    disk: FaultDisk,
    verifier: Verifier,
    considered: u64,
    settings: HealthSettings,
    broken: Option<Broken>,
}

impl Edge {
    /// An edge that starts with what is kept.
    pub(crate) fn new(
        (region, zone): (u8, u8),
        kept: &Kept,
        verifier: Verifier,
        settings: &WorldSettings,
        now: Moment,
    ) -> Result<Self> {
        let disk = FaultDisk::from_seed(settings.seed);
        kept::write(&disk, kept)?;
        let health = HealthSettings::default();
        let memory = Memory::new((region, zone), kept.fleet.clone(), &health, now);
        Ok(Self {
            region,
            zone,
            up: true,
            life: 0,
            cut_off: false,
            budget: budget(settings),
            looks: Vec::new(),
            unanswered: vec![false; memory.health.len()],
            memory,
            disk,
            verifier,
            considered: 0,
            settings: health,
            broken: settings.broken,
        })
    }

    /// Loses what is in memory; what was not synced too.
    pub(crate) fn lose(&mut self) {
        self.up = false;
        self.life += 1;
        self.disk.crash();
        self.disk.reboot();
    }

    /// Starts with what is kept on disk, whether or not the control plane is there.
    pub(crate) fn start(&mut self, settings: &WorldSettings, now: Moment) -> Result<()> {
        let kept = kept::read(&self.disk, &self.verifier)?.context("an edge kept no topology")?;
        let health = self.settings.clone();
        self.memory = Memory::new((self.region, self.zone), kept.fleet, &health, now);
        self.budget = budget(settings);
        self.looks.clear();
        self.unanswered.fill(false);
        (self.up, self.considered) = (true, 0);
        self.life += 1;
        Ok(())
    }

    pub(crate) fn fleet(&self) -> &Fleet {
        &self.memory.fleet
    }

    /// The next cell for a request.
    pub(crate) fn next(&self, attempts: &Attempts, now: Moment) -> Option<(Attempt, CellId)> {
        let memory = &self.memory;
        let attempt = attempts.next((&memory.routes, &memory.usable), &memory.moved, now)?;
        if attempt.moves.is_some() && self.broken == Some(Broken::Rehoming) {
            return None;
        }
        Some((attempt, memory.routes.at(attempt.place).id))
    }

    /// What became of an attempt, as far as the cell is to blame.
    pub(crate) fn on_outcome(&mut self, place: Place, outcome: Outcome, now: Moment) {
        let id = self.memory.routes.at(place).id;
        if let Some(health) = self.memory.health.get_mut(index(id)) {
            health.on_outcome(outcome, now);
        }
        if outcome != Outcome::Answered {
            self.refresh(now);
        }
    }

    /// Whether a new search is sent to a cell, or refused here as that would. `chance`: from 0 to 1.
    pub(crate) fn lets(&mut self, id: CellId, chance: f64, now: Moment) -> bool {
        let throttle = self.memory.throttles.get_mut(index(id));
        throttle.is_none_or(|throttle| throttle.passes(Priority::Asked, chance, now))
    }

    /// Whether a cell of the same region is left that takes nearly all it is sent; it is the next one then.
    pub(crate) fn is_taken_elsewhere(
        &mut self,
        attempts: &mut Attempts,
        refused: Place,
        now: Moment,
    ) -> bool {
        attempts.skip(refused);
        loop {
            let next = self.next(attempts, now);
            let Some((attempt, id)) = next.filter(|(next, _)| next.place.is_near(refused)) else {
                return false;
            };
            let throttle = self.memory.throttles.get_mut(index(id));
            if throttle.is_some_and(|throttle| throttle.takes_all(Priority::Asked, now)) {
                return true;
            }
            attempts.skip(attempt.place);
        }
    }

    /// Whether a cell took a new search that it was sent.
    pub(crate) fn on_created(&mut self, place: Place, taken: bool, now: Moment) {
        let id = self.memory.routes.at(place).id;
        if let Some(throttle) = self.memory.throttles.get_mut(index(id)) {
            throttle.on_answer(Priority::Asked, taken, now);
        }
    }

    /// Work found another home.
    pub(crate) fn on_moved(&mut self, work: u64, place: Place, now: Moment) {
        let id = self.memory.routes.at(place).id;
        self.memory.moved.on_moved(work, id, now);
    }

    /// Looks were answered.
    pub(crate) fn on_probed(&mut self, now: Moment) {
        for (cell, probed) in std::mem::take(&mut self.looks) {
            self.note(cell, probed, now);
        }
        self.refresh(now);
    }

    /// A look was not answered in time.
    pub(crate) fn on_unanswered(&mut self, cell: u8, now: Moment) {
        self.unanswered[usize::from(cell)] = false;
        self.note(cell, Probed::Unreachable, now);
        self.refresh(now);
    }

    fn note(&mut self, cell: u8, probed: Probed, now: Moment) {
        if let Some(health) = self.memory.health.get_mut(usize::from(cell)) {
            health.on_probe(probed, now);
        }
    }

    /// Cells that were found gone since it was last asked. If most are, it is rather that all are slow:
    /// then it gives none.
    pub(crate) fn found_gone(&mut self, now: Moment) -> Vec<u8> {
        let memory = &mut self.memory;
        let is_gone = |health: &CellHealth| health.standing(now) == Standing::Gone;
        let gone: Vec<bool> = memory.health.iter().map(is_gone).collect();
        let there = gone.iter().filter(|&&gone| !gone).count() as u64 * 100;
        if there < gone.len() as u64 * self.settings.panic_percent.get() {
            return Vec::new();
        }
        let news = (0..).zip(gone.iter().zip(&memory.gone));
        let news = news.filter(|&(_, (now, before))| *now && !before).map(|(at, _)| at).collect();
        memory.gone = gone;
        news
    }

    fn refresh(&mut self, now: Moment) {
        self.memory.refresh(&self.settings, now);
    }

    /// Looks at what the control plane offers; gives whether it was taken up, or refused.
    pub(crate) fn pull(&mut self, offered: &Offered, now: Moment) -> Result<Pulled> {
        if self.considered == offered.serial {
            return Ok(Pulled::Known);
        }
        self.considered = offered.serial;
        let at_hand = &self.memory.fleet;
        let fleet = match Fleet::consider(Some(at_hand), &offered.signed, &self.verifier) {
            Ok(Offer::Known) => return Ok(Pulled::Known),
            Ok(Offer::Ready(fleet)) => *fleet,
            Ok(Offer::NeedsTable(topology)) => {
                let compared = (self.broken != Some(Broken::TakeUp)).then_some(at_hand);
                match Fleet::with_table(compared, *topology, &offered.table) {
                    Ok(fleet) => fleet,
                    Err(_) => return Ok(Pulled::Refused),
                }
            }
            Err(_) => return Ok(Pulled::Refused),
        };
        kept::write(&self.disk, &Kept { fleet: fleet.clone(), signed: offered.signed.to_vec() })?;
        let here = (self.region, self.zone);
        self.memory.routes = routes(here, &fleet);
        self.memory.fleet = fleet;
        self.refresh(now);
        Ok(Pulled::TakenUp)
    }
}

/// What came of asking for news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pulled {
    /// Nothing is new.
    Known,
    /// What is offered is used now.
    TakenUp,
    /// It is not.
    Refused,
}

impl Memory {
    fn new(here: (u8, u8), fleet: Fleet, settings: &HealthSettings, now: Moment) -> Self {
        let routes = routes(here, &fleet);
        let cells = fleet.topology.cells().count();
        let health = vec![CellHealth::new(settings.clone(), now); cells];
        let gone = vec![false; cells];
        let throttles = (0..cells).map(|_| Throttle::default()).collect();
        let usable = routes.usable(|_| Standing::Gone, 0);
        let moved = Moved::new(MOVED_MAX, MOVED);
        let mut memory = Self { fleet, routes, usable, health, gone, throttles, moved };
        memory.refresh(settings, now);
        memory
    }

    fn refresh(&mut self, settings: &HealthSettings, now: Moment) {
        let health = &self.health;
        let standing =
            |id: CellId| health.get(index(id)).map_or(Standing::Gone, |cell| cell.standing(now));
        self.usable = self.routes.usable(standing, settings.panic_percent.get());
    }
}

/// Cells of the world are numbered from 1.
pub(crate) fn index(id: CellId) -> usize {
    (id.0 as usize).wrapping_sub(1)
}

fn routes((region, zone): (u8, u8), fleet: &Fleet) -> Routes {
    Routes::new(fleet, &region_name(region), ZONE_NAMES[usize::from(zone) % ZONE_NAMES.len()])
}

fn budget(settings: &WorldSettings) -> RetryBudget {
    if settings.breaks(Broken::RetryBudget) {
        RetryBudget::new(100, 1_000_000)
    } else {
        RetryBudget::new(RETRY_PERCENT, RETRY_RESERVE)
    }
}
