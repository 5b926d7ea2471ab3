//! One step: what is seen of the cells gives what is to be done now.

use std::collections::BTreeMap;

use super::evidence::Evidence;
use super::judge::{LOOKS, Question, worse};
use super::{CellView, Rollout, Stage, Way};
use crate::topology::{CellId, CellSite, Region, SeenHealth, Topology};

/// Edges have heard of a drain by then; before, a cell without work proves nothing.
const HEARD_MS: u64 = 2_000;
/// How long a cell that bakes may be away without being taken for broken: looks get lost.
const AWAY_MS: u64 = 5_000;
/// Share of a region that goes back at once, percent.
const RETURN_PERCENT: u64 = 34;

/// What is to be done. Doing it twice does no harm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// The cell is to finish what it has; `force`: whatever capacity remains.
    Drain {
        /// The cell.
        cell: CellId,
        /// A cell that does harm is drained all the same.
        force: bool,
    },
    /// The cell is to run a release.
    Run {
        /// The cell.
        cell: CellId,
        /// The release.
        release: String,
    },
    /// The cell is to take work again.
    Undrain(CellId),
}

impl Rollout {
    /// Looks at the cells and gives what is to be done; the rollout must be kept before it is done.
    #[must_use]
    pub fn step(
        &mut self,
        topology: &Topology,
        seen: &BTreeMap<CellId, CellView>,
        now: u64,
    ) -> Vec<Action> {
        let view = View { topology, seen, now };
        let mut actions = Vec::new();
        match self.stage.clone() {
            Stage::Done | Stage::Returned { .. } => {}
            Stage::Moving => {
                if self.move_cells(&view, &mut actions) {
                    self.note(now, format!("wave {} is in and bakes", self.wave + 1));
                    self.stage = Stage::Baking { since: now };
                    (self.looks, self.base) = (0, BTreeMap::new());
                    self.ways.clear();
                }
            }
            Stage::Baking { since } => self.bake(&view, since),
            Stage::Returning { why, .. } => {
                if self.move_cells(&view, &mut actions) {
                    self.note(now, "every cell runs what it ran before".to_owned());
                    self.stage = Stage::Returned { why };
                }
            }
        }
        actions
    }

    /// A step that could not be made, and why.
    pub fn held(&mut self, why: &str, now: u64) {
        let text = format!("held: {why}");
        if self.notes.back().is_none_or(|(_, last)| *last != text) {
            self.note(now, text);
        }
    }

    /// The cells that are to run the new release by now.
    #[must_use]
    pub fn new_cells(&self) -> Vec<CellId> {
        self.waves.iter().take(self.wave + 1).flatten().copied().collect()
    }

    /// Brings cells on their way; whether all have arrived.
    fn move_cells(&mut self, view: &View<'_>, actions: &mut Vec<Action>) -> bool {
        let back = matches!(self.stage, Stage::Returning { .. });
        let (cells, percent) = match back {
            true => (self.touched.iter().copied().collect(), RETURN_PERCENT),
            false => (self.new_cells(), self.settings.out_percent.get()),
        };
        let mut rooms: BTreeMap<&str, Room> = BTreeMap::new();
        let mut all_in = true;
        for cell in cells {
            let Some((region, site)) = view.site(cell) else {
                // It was removed meanwhile.
                self.ways.remove(&cell);
                continue;
            };
            let target = if back { self.from[&cell].clone() } else { self.to.clone() };
            if self.is_in(view, site, &target) {
                if self.ways.remove(&cell).is_some() {
                    self.note(view.now, format!("{cell} runs {target}"));
                }
                continue;
            }
            all_in = false;
            let room = rooms.entry(&region.name).or_insert_with(|| Room::of(view, region, percent));
            self.move_on(view, (site, &target, back), room, actions);
            if matches!(self.stage, Stage::Returning { .. }) != back {
                return false;
            }
        }
        all_in
    }

    fn is_in(&self, view: &View<'_>, site: &CellSite, target: &str) -> bool {
        let drained = site.draining && !self.drained_before.contains(&site.id);
        site.version == target && view.runs(site.id, target) && !drained
    }

    /// The next thing that a cell needs.
    fn move_on(
        &mut self,
        view: &View<'_>,
        (site, target, back): (&CellSite, &str, bool),
        room: &mut Room,
        actions: &mut Vec<Action>,
    ) {
        let (cell, now) = (site.id, view.now);
        if site.version == target {
            if view.runs(cell, target) {
                actions.push(Action::Undrain(cell));
                return;
            }
            let since = match self.ways.get(&cell) {
                Some(&Way::Starting(since)) => since,
                _ => now,
            };
            self.ways.insert(cell, Way::Starting(since));
            let ready_ms = self.settings.ready_ms.get();
            // On the way back there is nothing better than to wait.
            if !back && now.saturating_sub(since) > ready_ms {
                let seconds = ready_ms / 1_000;
                self.turn_back(format!("{cell} is not ready as {target} after {seconds} s"), now);
            }
            return;
        }
        let is_out = site.draining || !view.ready(cell);
        if !is_out && !room.take() {
            return;
        }
        let does_no_work = back && !view.ready(cell);
        if !site.draining && !does_no_work {
            self.touched.insert(cell);
            actions.push(Action::Drain { cell, force: back });
            return;
        }
        let since = match self.ways.get(&cell) {
            Some(&Way::Draining(since)) => since,
            _ => now,
        };
        self.ways.insert(cell, Way::Draining(since));
        let drained = now.saturating_sub(since);
        let heard = drained >= HEARD_MS.min(self.settings.drain_ms.get());
        let idle = heard && view.seen.get(&cell).is_none_or(|seen| seen.open == 0);
        if does_no_work || idle || drained >= self.settings.drain_ms.get() {
            self.touched.insert(cell);
            self.ways.insert(cell, Way::Starting(now));
            self.note(now, format!("{cell} is started again as {target}"));
            actions.push(Action::Run { cell, release: target.to_owned() });
        }
    }

    fn bake(&mut self, view: &View<'_>, since: u64) {
        let now = view.now;
        let new = self.new_cells();
        for &cell in new.iter().filter(|&&cell| view.site(cell).is_some()) {
            if let Some(broken) = self.broken(view, cell) {
                return self.turn_back(broken, now);
            }
        }
        let baked = now.saturating_sub(since);
        let Some(counted) = baked.checked_sub(self.settings.warm_up_ms.get()) else { return };
        if self.base.is_empty() {
            let base =
                view.seen.iter().map(|(&cell, seen)| (cell, (seen.process, seen.evidence.clone())));
            self.base = base.collect();
            return;
        }
        let due = (counted * LOOKS / self.settings.bake_ms.get()).min(LOOKS);
        let (of_new, of_old) = self.counts(view, &new);
        let enough = of_new.requests >= self.settings.requests_min.get();
        let last = due == LOOKS && enough;
        if due <= self.looks && !last {
            return;
        }
        self.looks = due;
        let beside = !of_old.is_empty();
        if beside {
            self.old = of_old;
        }
        // Without an old cell beside it, what depends on the hour cannot be compared.
        let questions = if beside { &Question::ALL[..] } else { &[Question::Failed] };
        if let Some(worse) = worse(&of_new, &self.old, questions) {
            return self.turn_back(worse.to_string(), now);
        }
        if due == LOOKS && !enough {
            let (seen, wanted) = (of_new.requests, self.settings.requests_min.get());
            return self.held(&format!("{seen} of {wanted} requests that a bake needs"), now);
        }
        if last {
            let requests = of_new.requests;
            self.note(now, format!("wave {} passed with {requests} requests", self.wave + 1));
            self.wave += 1;
            self.stage = Stage::Moving;
            if self.wave == self.waves.len() {
                self.note(now, format!("every cell runs {}", self.to));
                (self.wave, self.stage) = (self.waves.len() - 1, Stage::Done);
            }
        }
    }

    /// Why a cell that bakes is no good, whatever it answers.
    fn broken(&mut self, view: &View<'_>, cell: CellId) -> Option<String> {
        let process = view.seen.get(&cell).filter(|_| view.ready(cell)).map(|seen| seen.process);
        match (process, self.base.get(&cell)) {
            (Some(process), Some(&(before, _))) if process != before => {
                return Some(format!("{cell} was started again by itself"));
            }
            (Some(_), _) => {
                self.ways.remove(&cell);
                return None;
            }
            (None, _) => {}
        }
        let away = match self.ways.get(&cell) {
            Some(&Way::Away(away)) => away,
            _ => view.now,
        };
        self.ways.insert(cell, Way::Away(away));
        let gone = view.now.saturating_sub(away) > AWAY_MS;
        gone.then(|| format!("{cell} was not ready for {} s", AWAY_MS / 1_000))
    }

    /// What new cells did together and old ones each since counting began.
    fn counts(&mut self, view: &View<'_>, new: &[CellId]) -> (Evidence, Vec<Evidence>) {
        let (mut of_new, mut of_old) = (Evidence::default(), Vec::new());
        for (&cell, seen) in view.seen {
            let runs_new = new.contains(&cell);
            let beside = !runs_new && self.from.contains_key(&cell) && view.ready(cell);
            let base = self.base.entry(cell);
            let base = base.or_insert_with(|| (seen.process, seen.evidence.clone()));
            if base.0 != seen.process {
                if runs_new {
                    // It died, which is judged when it is back or stays away.
                    continue;
                }
                // An old cell was started again: it is counted from now on.
                *base = (seen.process, seen.evidence.clone());
            }
            let done = seen.evidence.since(&base.1);
            if runs_new {
                of_new.add(&done);
            } else if beside {
                of_old.push(done);
            }
        }
        (of_new, of_old)
    }
}

/// What is looked at.
struct View<'a> {
    topology: &'a Topology,
    seen: &'a BTreeMap<CellId, CellView>,
    now: u64,
}

impl<'a> View<'a> {
    fn site(&self, cell: CellId) -> Option<(&'a Region, &'a CellSite)> {
        self.topology.cells().find(|(_, site)| site.id == cell)
    }

    fn ready(&self, cell: CellId) -> bool {
        self.seen.get(&cell).is_some_and(|seen| seen.health == SeenHealth::Ready)
    }

    fn runs(&self, cell: CellId, release: &str) -> bool {
        let seen = self.seen.get(&cell);
        self.ready(cell) && seen.is_some_and(|seen| seen.runs.as_deref() == Some(release))
    }
}

/// How many more cells of a region may go out.
struct Room(u64);

impl Room {
    fn of(view: &View<'_>, region: &Region, percent: u64) -> Self {
        let most = (region.cells.len() as u64 * percent / 100).max(1);
        let out = region.cells.iter().filter(|cell| cell.draining || !view.ready(cell.id)).count();
        Self(most.saturating_sub(out as u64))
    }

    fn take(&mut self) -> bool {
        let left = self.0.checked_sub(1);
        self.0 = left.unwrap_or(0);
        left.is_some()
    }
}
