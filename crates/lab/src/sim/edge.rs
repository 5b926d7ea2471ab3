//! One edge: real ways, health, attempts, budget and take-up; what is simulated is the network.

use std::time::Duration;

use anyhow::{Context, Result};
use fleet::attempts::{Attempt, Attempts};
use fleet::health::{HealthSettings, Outcome, Probed};
use fleet::kept::{self, Kept};
use fleet::moved::{Moved, Named};
use fleet::retry_budget::RetryBudget;
use fleet::take_up::Offer;
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
    /// What the looks of the round that is under way have found, cell by cell; none where no look has
    /// ended yet.
    pub(crate) looks: Vec<Option<Probed>>,
    /// Cells whose look is still awaited, one bit each.
    pub(crate) awaited: u64,
    /// Cells that were found gone, and whose requests need not wait for them; one bit each.
    told: u64,
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
            awaited: 0,
            told: 0,
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
        (self.up, self.considered) = (true, 0);
        (self.awaited, self.told) = (0, 0);
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

    /// Work found another home.
    pub(crate) fn on_moved(&mut self, named: Named, place: Place, now: Moment) {
        let id = self.memory.routes.at(place).id;
        self.memory.moved.on_moved(named, id, now);
    }

    /// Whether a new search is sent to a cell that may refuse it.
    pub(crate) fn sends(&mut self, place: Place, chance: u64, now: Moment) -> bool {
        let id = self.memory.routes.at(place).id;
        let health = self.memory.health.get_mut(index(id));
        health.is_none_or(|health| health.sends(Priority::Asked, chance, now))
    }

    /// A cell took a new search, or refused it for want of room.
    pub(crate) fn on_taken(&mut self, place: Place, taken: bool, now: Moment) {
        let id = self.memory.routes.at(place).id;
        if let Some(health) = self.memory.health.get_mut(index(id)) {
            health.on_taken(Priority::Asked, taken, now);
        }
    }

    /// Whether a request that a cell had no room for goes to another one.
    pub(crate) fn finds_room(
        &mut self,
        attempts: &mut Attempts,
        place: Place,
        now: Moment,
    ) -> bool {
        let Memory { routes, usable, health, .. } = &self.memory;
        let takes_all = |id| health.get(index(id)).is_some_and(|cell| cell.takes_all(now));
        attempts.finds_room(place, (routes, usable), takes_all, &mut self.budget)
    }

    /// A round of looks is over, but for the cells that are awaited.
    pub(crate) fn on_probed(&mut self, now: Moment) {
        for (health, probed) in self.memory.health.iter_mut().zip(&self.looks) {
            if let Some(probed) = *probed {
                health.on_probe(probed, now);
            }
        }
        self.refresh(now);
    }

    /// These cells did not answer in time, one bit each.
    pub(crate) fn on_unanswered(&mut self, cells: u64, now: Moment) {
        self.awaited &= !cells;
        for (at, health) in self.memory.health.iter_mut().enumerate() {
            if cells & 1 << at != 0 {
                health.on_probe(Probed::Unreachable, now);
            }
        }
        self.refresh(now);
    }

    /// Cells that were found gone just now, one bit each. While most are gone it is rather that all are
    /// slow: nobody is told then.
    pub(crate) fn newly_gone(&mut self, now: Moment) -> u64 {
        let health = (0..).zip(&self.memory.health);
        let is_gone = health.filter(|(_, cell)| cell.standing(now) == Standing::Gone);
        let gone = is_gone.fold(0_u64, |mask, (at, _)| mask | 1 << at);
        let all = self.memory.health.len() as u64;
        let there = all - u64::from(gone.count_ones());
        self.told &= gone;
        if there * 100 < all * self.settings.panic_percent.get() {
            return 0;
        }
        let newly = gone & !self.told;
        self.told = gone;
        newly
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
        let usable = routes.usable(|_| Standing::Gone, 0);
        let moved = Moved::new(MOVED_MAX, MOVED);
        let mut memory = Self { fleet, routes, usable, health, moved };
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
