//! Cells in seconds, with counts drawn from a seed: just enough of a world for a rollout.

use std::collections::BTreeMap;

use runtime::Random;

use super::super::*;

/// Seconds until a process is ready.
const STARTS_S: u64 = 4;

/// How a release behaves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Character {
    pub(super) starts: bool,
    /// Of ten thousand answers.
    pub(super) failed: u64,
    pub(super) refused: u64,
    /// Of ten thousand prices that are followed.
    pub(super) changed: u64,
    /// Its times as a multiple, percent.
    pub(super) times: u64,
    /// Of ten thousand answers, those that take a second longer.
    pub(super) late: u64,
    /// Seconds after which its process dies each time.
    pub(super) dies_after: Option<u64>,
}

impl Character {
    pub(super) const GOOD: Self = Self {
        starts: true,
        failed: 10,
        refused: 30,
        changed: 300,
        times: 100,
        late: 50,
        dies_after: None,
    };
}

struct Cell {
    release: String,
    began: u64,
    hidden_until: u64,
    open: u64,
    evidence: Evidence,
    /// Cells differ: percent of the release's times.
    pace: u64,
}

pub(super) struct World {
    pub(super) topology: Topology,
    pub(super) now: u64,
    /// Requests a second and cell.
    pub(super) requests: u64,
    /// Cells of one region that took no work at once.
    pub(super) most_out: usize,
    /// Cells that ran the new release at once.
    pub(super) most_new: usize,
    pub(super) starts: usize,
    character: Character,
    cells: BTreeMap<CellId, Cell>,
    random: Random,
}

impl World {
    pub(super) fn new(topology: Topology, character: Character, seed: u64) -> Self {
        let mut random = Random::from_seed(seed);
        let cells = topology.cells().map(|(_, site)| {
            let pace = 90 + random.below(21);
            let cell = Cell {
                release: site.version.clone(),
                began: 0,
                hidden_until: 0,
                open: 0,
                evidence: Evidence::default(),
                pace,
            };
            (site.id, cell)
        });
        let cells = cells.collect();
        let (most_out, most_new, starts) = (0, 0, 0);
        let now = 1_000_000;
        Self { topology, now, requests: 20, most_out, most_new, starts, character, cells, random }
    }

    pub(super) fn run(&mut self, rollout: &mut Rollout, seconds: usize) {
        for _ in 0..seconds {
            if rollout.is_over() {
                return;
            }
            self.second(rollout);
        }
    }

    pub(super) fn second(&mut self, rollout: &mut Rollout) {
        self.pass();
        let actions = rollout.step(&self.topology, &self.views(), self.now);
        actions.into_iter().for_each(|action| self.act(action));
        let topology = &self.topology;
        let out = topology.regions.iter().map(|region| {
            let out = |site: &&crate::topology::CellSite| site.draining || !self.is_up(site.id);
            region.cells.iter().filter(out).count()
        });
        self.most_out = self.most_out.max(out.max().unwrap_or(0));
        let new = self.topology.cells().filter(|(_, site)| site.version == rollout.to).count();
        self.most_new = self.most_new.max(new);
    }

    /// Nobody hears of the cell for some seconds.
    pub(super) fn hide(&mut self, cell: CellId, seconds: u64) {
        self.cells.get_mut(&cell).unwrap().hidden_until = self.now + seconds * 1_000;
    }

    pub(super) fn releases(&self) -> Vec<String> {
        self.topology.cells().map(|(_, site)| site.version.clone()).collect()
    }

    pub(super) fn views(&self) -> BTreeMap<CellId, CellView> {
        let view = |(&id, cell): (&CellId, &Cell)| {
            let up = self.is_up(id) && self.now >= cell.hidden_until;
            let health = if up { SeenHealth::Ready } else { SeenHealth::Unreachable };
            let view = CellView {
                health,
                runs: up.then(|| cell.release.clone()),
                process: cell.began,
                open: if up { cell.open } else { 0 },
                evidence: cell.evidence.clone(),
            };
            (id, view)
        };
        self.cells.iter().map(view).collect()
    }

    fn is_up(&self, id: CellId) -> bool {
        let cell = &self.cells[&id];
        let starts = cell.release != "2" || self.character.starts;
        starts && self.now >= cell.began + STARTS_S * 1_000
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Drain { cell, .. } => self.topology.cell_mut(cell).unwrap().draining = true,
            Action::Undrain(cell) => self.topology.cell_mut(cell).unwrap().draining = false,
            Action::Run { cell, release } => {
                self.topology.cell_mut(cell).unwrap().version.clone_from(&release);
                self.starts += 1;
                self.start(cell, release);
            }
        }
    }

    fn start(&mut self, id: CellId, release: String) {
        let began = self.now;
        let cell = self.cells.get_mut(&id).unwrap();
        (cell.release, cell.began, cell.open) = (release, began, 0);
        cell.evidence = Evidence::default();
    }

    /// A second passes.
    pub(super) fn pass(&mut self) {
        self.now += 1_000;
        let sites: Vec<_> = self.topology.cells().map(|(_, site)| site.clone()).collect();
        for site in sites {
            let character = match self.cells[&site.id].release.as_str() {
                "2" => self.character,
                _ => Character::GOOD,
            };
            let ran = self.now - self.cells[&site.id].began;
            if character.dies_after.is_some_and(|seconds| ran > seconds * 1_000) {
                self.start(site.id, self.cells[&site.id].release.clone());
            }
            if !self.is_up(site.id) {
                continue;
            }
            let requests = if site.draining { 0 } else { self.requests };
            let random = &mut self.random;
            let cell = self.cells.get_mut(&site.id).unwrap();
            cell.open = if site.draining { cell.open.saturating_sub(7) } else { requests };
            let mut of = |share: u64| u64::from(random.below(10_000) < share);
            for _ in 0..requests {
                let seen = &mut cell.evidence;
                seen.requests += 1;
                seen.failed += of(character.failed);
                seen.refused += of(character.refused);
                if of(2_000) == 1 {
                    seen.followed += 1;
                    seen.changed += of(character.changed);
                }
                let late = of(character.late) * 1_000_000;
                // Ten to forty milliseconds.
                let us = 10_000 + 300 * (0..100).map(|_| of(5_000)).sum::<u64>();
                seen.note_time(us * character.times * cell.pace / 10_000 + late);
            }
        }
    }
}
