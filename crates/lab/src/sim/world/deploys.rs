//! Releases walk through the fleet: what the real rollout asks for is done, and looked at.

use std::collections::BTreeMap;

use anyhow::Result;
use fleet::control::Change;
use fleet::rollout::{Action, CellView, Evidence, Rollout, Stage};
use fleet::topology::SeenHealth;
use fleet::{CellId, control::plan};

use super::World;
use crate::sim::cell::State;
use crate::sim::checks::Rule;
use crate::sim::deploy::{Character, Deploy, STARTS, settings};
use crate::sim::edge::index;
use crate::sim::event::{Event, Reply};
use crate::sim::faults::{Fault, RECOVERY};
use crate::sim::queue::{At, MS, SECOND};
use crate::sim::settings::Broken;
use crate::sim::work::WHOLE;

/// Looks of the control plane in which a release that is bad must be gone again: a minute.
const RETURN_LOOKS: u64 = 30;

impl World {
    /// An operator begins a rollout, if there is none.
    pub(super) fn deploy(&mut self, fault: &Fault) {
        if self.deploy.is_some() || !self.control.up {
            return;
        }
        self.deploys += 1;
        let to = (self.deploys + 1).to_string();
        let topology = &self.control.fleet.topology;
        let now = self.now / MS;
        let Ok(rollout) = Rollout::plan(topology, &to, settings(), true, now) else { return };
        let character = Character::draw(fault.strength);
        let mut deploy = Deploy { rollout, character, region: fault.region, returning: 0 };
        if let Some(first) = deploy.first() {
            deploy.region = self.cells[index(first)].region;
        }
        self.deploy = Some(deploy);
    }

    /// The control plane has looked at the cells: the rollout's next step.
    pub(super) fn step_deploy(&mut self, health: &[(CellId, SeenHealth)]) -> Result<()> {
        let Some(mut deploy) = self.deploy.take() else { return Ok(()) };
        let views = self.views(health);
        let actions = deploy.rollout.step(&self.control.fleet.topology, &views, self.now / MS);
        for action in actions {
            self.act(&deploy, action)?;
        }
        self.judge(&mut deploy);
        if deploy.rollout.is_over() {
            self.end_deploy(&deploy);
        } else {
            self.deploy = Some(deploy);
        }
        Ok(())
    }

    fn views(&self, health: &[(CellId, SeenHealth)]) -> BTreeMap<CellId, CellView> {
        let blind = self.settings.breaks(Broken::Judging);
        let view = |&(id, health): &(CellId, SeenHealth)| {
            let cell = &self.cells[index(id)];
            let heard = health != SeenHealth::Unreachable;
            let evidence = if blind { busy(self.now) } else { cell.evidence.clone() };
            let view = CellView {
                health,
                runs: heard.then(|| cell.release.clone()),
                process: if blind { 0 } else { u64::from(cell.life) },
                open: cell.running(),
                evidence,
            };
            (id, view)
        };
        health.iter().map(view).collect()
    }

    fn act(&mut self, deploy: &Deploy, action: Action) -> Result<()> {
        match action {
            Action::Drain { cell, force } => {
                let plan = plan(&self.control.fleet, &[Change::Drain(cell)])?;
                if force || plan.check_capacity().is_ok() {
                    self.control.take(plan)?;
                }
            }
            Action::Undrain(cell) => {
                let plan = plan(&self.control.fleet, &[Change::Undrain(cell)])?;
                self.control.take(plan)?;
            }
            Action::Run { cell, release } => {
                let plan = plan(&self.control.fleet, &[Change::Run(cell, release.clone())])?;
                self.control.take(plan)?;
                let new = deploy.is_new(&release);
                let character = if new { deploy.character } else { Character::Good };
                self.restart(index(cell) as u8, release, character);
            }
        }
        Ok(())
    }

    /// A process ends in good order and another one comes; a machine that is away comes back as it.
    fn restart(&mut self, cell: u8, release: String, character: Character) {
        let known = &mut self.cells[usize::from(cell)];
        (known.release, known.character) = (release, character);
        let region = known.region;
        if character != Character::Good && !known.excused {
            // From here on travellers of the region may notice it.
            known.excused = true;
            self.service.on_fault(Some(region));
            self.blast.on_other_trouble(Some(region));
        }
        let known = &mut self.cells[usize::from(cell)];
        if known.state == State::Silent {
            return;
        }
        known.lose(State::Closed);
        known.log.on_process_lost();
        known.restarts = true;
        let life = known.life;
        // What was answered is on its way; what comes now finds nobody and goes elsewhere.
        self.plan_in(STARTS, Event::Back { cell, life });
        self.look_at_log(cell);
        self.service.on_restart(region, self.now);
    }

    /// What a cell's release does from its start on.
    pub(super) fn begin_release(&mut self, cell: u8) {
        let now = self.now;
        let known = &mut self.cells[usize::from(cell)];
        let (life, region) = (known.life, known.region);
        if known.excused && known.character == Character::Good {
            known.excused = false;
            known.slow_until = now + RECOVERY;
            self.service.on_fault_end(Some(region), now);
        }
        let known = &mut self.cells[usize::from(cell)];
        match known.character {
            Character::Slow(percent) => {
                known.work.set_speed(now, WHOLE * percent / 100);
                known.slow_until = At::MAX;
            }
            Character::Dies(seconds) => self.plan_in(seconds * SECOND, Event::Dies { cell, life }),
            Character::Good | Character::NeverStarts | Character::Fails(_) => {}
        }
    }

    /// A process dies of its release.
    pub(super) fn dies(&mut self, cell: u8, life: u32) {
        if self.cells[usize::from(cell)].life == life {
            self.lose_cells(&[cell], State::Closed, self.now + STARTS);
        }
    }

    /// Whether a cell's release makes a request fail, whatever the request is.
    pub(super) fn fails(&mut self, cell: u8) -> bool {
        let Character::Fails(percent) = self.cells[usize::from(cell)].character else {
            return false;
        };
        self.chance.network.below(100) < percent
    }

    /// A cell has answered.
    pub(super) fn note_evidence(&mut self, cell: u8, reply: Reply, took: At) {
        let evidence = &mut self.cells[usize::from(cell)].evidence;
        evidence.requests += 1;
        evidence.note_time(took);
        match reply {
            Reply::Broken => evidence.failed += 1,
            Reply::Overloaded | Reply::Declined => evidence.refused += 1,
            Reply::Created
            | Reply::Running
            | Reply::Complete
            | Reply::Spared
            | Reply::Refused
            | Reply::Gone => {}
        }
    }

    fn judge(&mut self, deploy: &mut Deploy) {
        if deploy.character == Character::Good {
            return;
        }
        let cells = self.control.fleet.topology.cells();
        let new = cells.filter(|(_, site)| deploy.is_new(&site.version)).count();
        if new > 1 {
            self.broken.add(self.now, Rule::Rollout, || {
                format!("{new} cells run a release that is bad: {:?}", deploy.character)
            });
        }
        if matches!(deploy.rollout.stage, Stage::Returning { .. }) {
            deploy.returning += 1;
            if deploy.returning == RETURN_LOOKS {
                self.broken.add(self.now, Rule::Rollout, || {
                    format!("going back takes longer than a minute: {:?}", deploy.rollout.notes)
                });
            }
        }
    }

    fn end_deploy(&mut self, deploy: &Deploy) {
        let done = deploy.rollout.stage == Stage::Done;
        let good = deploy.character == Character::Good;
        match (good, done) {
            (true, true) => self.tally.good_done += 1,
            (true, false) => self.tally.good_returned += 1,
            (false, true) => self.tally.bad_done += 1,
            (false, false) => self.tally.bad_returned += 1,
        }
        if !good && done {
            self.broken.add(self.now, Rule::Rollout, || {
                format!("a bad release is everywhere: {:?}", deploy.character)
            });
        }
    }
}

/// What a blind controller is told: much was done and nothing was wrong.
fn busy(now: At) -> Evidence {
    Evidence { requests: now / MS, ..Evidence::default() }
}
