//! Faults begin and end.

use anyhow::Result;
use fleet::control::Change;
use fleet::topology::{CellSite, SeenHealth};

use super::World;
use crate::sim::cell::{State, normal_speed};
use crate::sim::checks::Rule;
use crate::sim::control::Changed;
use crate::sim::deploy::Character;
use crate::sim::event::Event;
use crate::sim::faults::{Fault, Kind, NOTICE, RECOVERY};
use crate::sim::queue::{At, MS, SECOND};
use crate::sim::settings::{Broken, CELL_PEAK, ZONES};
use crate::sim::work::WHOLE;

/// Percent of what a region's cells carry that is asked at most.
const FLOOD_MOST: u64 = 300;

impl World {
    pub(super) fn fault(&mut self, index: u32) -> Result<()> {
        let fault = self.faults[index as usize];
        *self.tally.faults.entry(fault.kind).or_default() += 1;
        self.trace.note(self.now, 200 + fault.kind as u64, u64::from(fault.cell), fault.strength);
        self.note_trouble(&fault);
        let ends = self.now + fault.lasts;
        self.queue.plan(ends, Event::FaultEnd { index });
        self.strike(&fault, ends)
    }

    fn note_trouble(&mut self, fault: &Fault) {
        if fault.kind.disturbs() {
            self.service.on_fault(Some(fault.region));
            self.blast.on_other_trouble(Some(fault.region));
        }
    }

    fn strike(&mut self, fault: &Fault, ends: At) -> Result<()> {
        let Fault { region, cell, zone, strength, .. } = *fault;
        match fault.kind {
            Kind::Kill => self.lose_cells(&[cell], State::Closed, ends),
            Kind::Interrupted => self.lose_cells(&[cell], State::Silent, ends),
            Kind::Notice => self.notice(cell),
            Kind::ZoneLost => self.lose_zone(region, zone, ends),
            Kind::EdgeLost => self.lose_edge(self.edge_of(region, strength), ends),
            Kind::Partition => self.cut_off(region, true),
            Kind::ControlDead => {
                self.control.up = false;
                // In the middle of it.
                let edge = self.edge_of(region, strength);
                self.lose_edge(edge, self.now + fault.lasts / 2);
            }
            Kind::Poisoned => self.control.poison(fault.poison())?,
            Kind::ClockSkew => {
                self.cells[usize::from(cell)].skew_s = strength as i64 * 6 - 300;
            }
            Kind::Drain => self.drain(fault)?,
            Kind::Deploy => self.deploy(fault),
            Kind::SlowNetwork => self.weather(region).slower = (20 + strength * 2) * MS,
            Kind::FlakyNetwork => self.weather(region).breaks = 5 + strength * 2 / 5,
            Kind::Partners => self.weather(region).silent_partners = 10 + strength / 2,
            Kind::RetryStorm => {
                self.weather(region).impatient = true;
                self.flood(region, 150 + strength);
            }
            Kind::Flood => self.flood(region, FLOOD_MOST / 2 + strength * FLOOD_MOST / 200),
            Kind::SlowCell => {
                let (now, speed) = (self.now, WHOLE * (10 + strength / 2) / 100);
                let known = &mut self.cells[usize::from(cell)];
                known.work.set_speed(now, speed);
                known.slow_until = ends + RECOVERY;
            }
        }
        Ok(())
    }

    pub(super) fn fault_end(&mut self, index: u32) -> Result<()> {
        let fault = self.faults[index as usize];
        let Fault { region, cell, zone, .. } = fault;
        match fault.kind {
            Kind::ZoneLost => self.find_zone(region, zone),
            Kind::Partition => self.cut_off(region, false),
            Kind::ControlDead => self.control.up = true,
            Kind::Poisoned => self.control.heal(),
            Kind::Drain => self.undrain(index)?,
            Kind::SlowNetwork => self.weather(region).slower = 0,
            Kind::FlakyNetwork => self.weather(region).breaks = 0,
            Kind::Partners => self.weather(region).silent_partners = 0,
            Kind::RetryStorm => {
                self.weather(region).impatient = false;
                self.loads[usize::from(region)].flood = None;
            }
            Kind::Flood => self.loads[usize::from(region)].flood = None,
            Kind::SlowCell => {
                let (now, speed) = (self.now, normal_speed(&self.settings));
                self.cells[usize::from(cell)].work.set_speed(now, speed);
            }
            Kind::Notice => {
                let life = self.cells[usize::from(cell)].life;
                self.back(cell, life);
            }
            Kind::Kill | Kind::Interrupted | Kind::EdgeLost | Kind::ClockSkew | Kind::Deploy => {}
        }
        if fault.kind.disturbs() {
            self.service.on_fault_end(Some(region), self.now);
        }
        Ok(())
    }

    fn weather(&mut self, region: u8) -> &mut super::Weather {
        &mut self.weather[usize::from(region)]
    }

    /// So many percent of what the cells of a region carry is asked.
    fn flood(&mut self, region: u8, percent: u64) {
        let carries = u64::from(self.settings.cells_a_region()) * u64::from(CELL_PEAK);
        let peak = u64::from(self.settings.region_peak());
        self.loads[usize::from(region)].flood = Some(percent * carries / peak.max(1));
    }

    fn edge_of(&self, region: u8, strength: u64) -> u8 {
        let each = u64::from(self.settings.edges_a_region);
        (u64::from(region) * each + strength % each) as u8
    }

    /// Cells of one region die at once; they, or their replacements, come back later.
    pub(super) fn lose_cells(&mut self, cells: &[u8], state: State, back: At) {
        let mut lost: Vec<u8> = cells.to_vec();
        lost.retain(|&cell| self.cells[usize::from(cell)].serves());
        let Some(&first) = lost.first() else { return };
        let region = self.cells[usize::from(first)].region;
        let mut in_flight = 0;
        for &cell in &lost {
            in_flight += self.lose_cell(cell, state, back);
        }
        self.service.on_shock(Some(region), self.now);
        // In other trouble a death is not what harms alone, and cannot be judged.
        if !self.service.is_disturbed(region) {
            let of = (self.settings.cells_a_region(), in_flight);
            self.blast.on_death(self.now, region, &lost, of);
        }
        if self.settings.breaks(Broken::Isolation) {
            let each = self.settings.cells_a_region();
            for cell in region * each..(region + 1) * each {
                if self.cells[usize::from(cell)].serves() {
                    self.lose_cell(cell, State::Closed, self.now + 10 * SECOND);
                }
            }
        }
    }

    fn lose_cell(&mut self, cell: u8, state: State, back: At) -> u64 {
        let known = &mut self.cells[usize::from(cell)];
        known.lose(state);
        if state == State::Silent {
            known.log.on_machine_lost();
        } else {
            known.log.on_process_lost();
        }
        let life = known.life;
        self.queue.plan(back, Event::Back { cell, life });
        self.look_at_log(cell);
        self.break_off(cell)
    }

    fn notice(&mut self, cell: u8) {
        let known = &mut self.cells[usize::from(cell)];
        if known.state == State::Up {
            known.state = State::Noticed;
            let life = known.life;
            self.plan_in(NOTICE, Event::Taken { cell, life });
        }
    }

    pub(super) fn taken(&mut self, cell: u8, life: u32) {
        if self.cells[usize::from(cell)].life == life {
            // The fault's end brings the replacement.
            self.lose_cells(&[cell], State::Silent, At::MAX);
        }
    }

    pub(super) fn back(&mut self, cell: u8, life: u32) {
        let (now, region) = (self.now, self.cells[usize::from(cell)].region);
        let known = &mut self.cells[usize::from(cell)];
        if known.life != life || known.serves() || known.character == Character::NeverStarts {
            return;
        }
        let planned = std::mem::take(&mut known.restarts);
        known.start(now, &self.settings);
        self.trace.note(now, 103, u64::from(cell), u64::from(life));
        self.plan_cell(cell);
        self.begin_release(cell);
        self.look_at_log(cell);
        if !planned {
            self.service.on_shock(Some(region), now);
        }
    }

    fn lose_zone(&mut self, region: u8, zone: u8, ends: At) {
        let each = self.settings.cells_a_region();
        let all = region * each..(region + 1) * each;
        for cell in all.clone() {
            self.cells[usize::from(cell)].log.on_zone_lost(usize::from(zone) % ZONES);
        }
        let lost: Vec<u8> =
            all.filter(|&cell| self.cells[usize::from(cell)].zone == zone).collect();
        self.lose_cells(&lost, State::Silent, ends);
        for edge in 0..self.edges.len() as u8 {
            let known = &self.edges[usize::from(edge)];
            if known.region == region && known.zone == zone {
                self.lose_edge(edge, ends);
            }
        }
    }

    fn find_zone(&mut self, region: u8, zone: u8) {
        let each = self.settings.cells_a_region();
        for cell in region * each..(region + 1) * each {
            let known = &mut self.cells[usize::from(cell)];
            if known.zone != zone {
                known.log.on_back(usize::from(zone) % ZONES);
            }
            self.look_at_log(cell);
        }
    }

    fn lose_edge(&mut self, edge: u8, back: At) {
        let known = &mut self.edges[usize::from(edge)];
        if !known.up {
            return;
        }
        let region = known.region;
        known.lose();
        let life = known.life;
        self.queue.plan(back, Event::EdgeBack { edge, life });
        self.lose_requests(edge);
        self.service.on_shock(Some(region), self.now);
    }

    pub(super) fn edge_back(&mut self, edge: u8, life: u32) -> Result<()> {
        let moment = self.moment();
        let known = &mut self.edges[usize::from(edge)];
        if known.life != life || known.up {
            return Ok(());
        }
        let region = known.region;
        known.start(&self.settings, moment)?;
        // It knows of no death yet, so what it sends to the dead is no spread of theirs.
        self.blast.on_other_trouble(Some(region));
        self.trace.note(self.now, 104, u64::from(edge), u64::from(life));
        self.plan_edge(edge);
        self.look_at_table(edge);
        Ok(())
    }

    fn cut_off(&mut self, region: u8, cut_off: bool) {
        let edges = self.edges.iter_mut().filter(|edge| edge.region == region);
        edges.for_each(|edge| edge.cut_off = cut_off);
    }

    /// An operator drains a cell.
    fn drain(&mut self, fault: &Fault) -> Result<()> {
        if !self.control.up {
            return Ok(());
        }
        let id = self.cells[usize::from(fault.cell)].id;
        let Changed::Made(capacity) = self.control.change(Change::Drain(id), &self.settings)?
        else {
            return Ok(());
        };
        self.service.on_shock(Some(fault.region), self.now);
        self.look_at_what_serves(fault.region);
        for (before, after) in capacity {
            if before.holds() && !after.holds() {
                self.broken.add(self.now, Rule::Capacity, || {
                    format!(
                        "draining {id} left region {} {:.2} of its peak after the losses that must be survivable",
                        after.region,
                        after.ratio()
                    )
                });
            }
        }
        Ok(())
    }

    /// Whether what the operator could see to be there carries the peak without what is drained.
    fn look_at_what_serves(&mut self, region: u8) {
        let Some(known) = self.control.fleet.topology.regions.get(usize::from(region)) else {
            return;
        };
        let out =
            |cell: &CellSite| matches!(cell.health, SeenHealth::NotReady | SeenHealth::Unreachable);
        let serving = known.cells.iter().filter(|cell| !cell.draining && !out(cell));
        let carried: u32 = serving.map(|cell| cell.tested_max).sum();
        let peak = known.peak;
        if carried < peak {
            self.broken.add(self.now, Rule::Capacity, || {
                format!("a drain left {carried} of a peak of {peak} in region {region}")
            });
        }
    }

    /// The operator takes it back, once there is somebody to tell.
    fn undrain(&mut self, index: u32) -> Result<()> {
        let id = self.cells[usize::from(self.faults[index as usize].cell)].id;
        if !self.control.up {
            self.plan_in(10 * SECOND, Event::FaultEnd { index });
            return Ok(());
        }
        if self.control.fleet.topology.cell(id).is_some_and(|site| site.draining) {
            self.control.change(Change::Undrain(id), &self.settings)?;
        }
        Ok(())
    }
}
