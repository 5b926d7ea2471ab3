//! What edges and the control plane do on their own: look at cells, ask for news.

use anyhow::Result;
use fleet::health::Probed;
use fleet::topology::SeenHealth;

use super::requests::Request;
use super::{PROBE, PULL, WATCH, World};
use crate::sim::cell::State;
use crate::sim::checks::Rule;
use crate::sim::edge::Pulled;
use crate::sim::event::{Event, Reply};
use crate::sim::queue::{At, MS, SECOND};
use crate::sim::settings::Broken;
use crate::sim::slab::Key;

/// Time for a cell to answer a look. Source: the default of `edge.probe_within_ms`.
const PROBE_WITHIN: At = SECOND;

impl World {
    /// Plans what an edge does again and again, from its start.
    pub(super) fn plan_edge(&mut self, edge: u8) {
        let life = self.edges[usize::from(edge)].life;
        // Not all at the same moment.
        let apart = u64::from(edge) * 13 * MS;
        self.plan_in(apart, Event::Probe { edge, life });
        self.plan_in(apart + PULL, Event::Pull { edge, life });
    }

    pub(super) fn probe(&mut self, edge: u8, life: u32) {
        let now = self.now;
        let known = &self.edges[usize::from(edge)];
        if known.life != life || self.settings.breaks(Broken::Probes) {
            return;
        }
        let slower = self.weather[usize::from(known.region)].slower;
        let within = PROBE_WITHIN.saturating_sub(2 * slower);
        for cell in 0..self.cells.len() as u8 {
            if self.edges[usize::from(edge)].unanswered[usize::from(cell)] {
                continue;
            }
            let looked_at = &mut self.cells[usize::from(cell)];
            let (probed, refuses) = (looked_at.look(now, within), looked_at.state == State::Closed);
            let known = &mut self.edges[usize::from(edge)];
            if probed == Probed::Unreachable && !refuses {
                known.unanswered[usize::from(cell)] = true;
                self.plan_in(PROBE_WITHIN, Event::Unanswered { edge, life, cell });
            } else {
                known.looks.push((cell, probed));
            }
        }
        self.plan_in(2 * slower + MS, Event::Probed { edge, life });
        self.plan_in(PROBE, Event::Probe { edge, life });
    }

    pub(super) fn probed(&mut self, edge: u8, life: u32) {
        let moment = self.moment();
        let known = &mut self.edges[usize::from(edge)];
        if known.life != life {
            return;
        }
        known.on_probed(moment);
        self.give_up_gone(edge);
    }

    pub(super) fn unanswered(&mut self, edge: u8, life: u32, cell: u8) {
        let moment = self.moment();
        let known = &mut self.edges[usize::from(edge)];
        if known.life != life {
            return;
        }
        known.on_unanswered(cell, moment);
        self.give_up_gone(edge);
    }

    /// What waits for a cell that was found gone waits no longer, if it can be asked elsewhere.
    pub(super) fn give_up_gone(&mut self, edge: u8) {
        let moment = self.moment();
        for cell in self.edges[usize::from(edge)].found_gone(moment) {
            let waits = |request: &Request| {
                let there = request.at.is_some_and(|(_, at)| at == cell);
                there && request.edge == edge && request.attempts.may_be_lost()
            };
            let waiting: Vec<(Key, u8)> = self
                .requests
                .iter()
                .filter(|(_, request)| waits(request))
                .map(|(key, request)| (key, request.attempt))
                .collect();
            for (request, attempt) in waiting {
                self.at_edge(request, attempt, Reply::Gone);
            }
        }
    }

    pub(super) fn pull(&mut self, edge: u8, life: u32) -> Result<()> {
        let moment = self.moment();
        let known = &mut self.edges[usize::from(edge)];
        if known.life != life {
            return Ok(());
        }
        if self.control.up && !known.cut_off {
            let pulled = known.pull(self.control.offered(), moment)?;
            if pulled != Pulled::Known {
                let version = known.fleet().topology.version;
                self.trace.note(self.now, 102, u64::from(edge), version);
                self.look_at_table(edge);
            }
            self.tally.tables_refused += u64::from(pulled == Pulled::Refused);
        }
        self.plan_in(PULL, Event::Pull { edge, life });
        Ok(())
    }

    /// Whether an edge uses a table of the control plane.
    pub(super) fn look_at_table(&mut self, edge: u8) {
        let used = self.edges[usize::from(edge)].fleet().table.sum();
        if !self.control.sums.contains(&used) {
            self.broken.add(self.now, Rule::Tables, || {
                format!("edge {edge} uses table {used}, which the control plane never made")
            });
        }
    }

    /// The control plane looks at the cells.
    pub(super) fn watch(&mut self) -> Result<()> {
        let now = self.now;
        if self.control.up {
            let cells = self.cells.iter_mut();
            let seen: Vec<_> = cells
                .map(|cell| {
                    let health = match cell.look(now, PROBE_WITHIN) {
                        Probed::Ready => SeenHealth::Ready,
                        Probed::NotReady => SeenHealth::NotReady,
                        Probed::Unreachable => SeenHealth::Unreachable,
                    };
                    (cell.id, health)
                })
                .collect();
            self.control.note(&seen)?;
            self.step_deploy(&seen)?;
        }
        self.plan_in(WATCH, Event::Watch);
        Ok(())
    }
}
