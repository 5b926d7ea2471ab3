//! What edges and the control plane do on their own: look at cells, ask for news.

use anyhow::Result;
use fleet::health::Probed;
use fleet::topology::SeenHealth;

use super::{PROBE, PULL, WATCH, World};
use crate::sim::cell::State;
use crate::sim::checks::Rule;
use crate::sim::edge::Pulled;
use crate::sim::event::Event;
use crate::sim::queue::{At, MS, SECOND};
use crate::sim::settings::Broken;

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
        let (awaited, mut silent) = (known.awaited, 0_u64);
        let looks = self.cells.iter_mut().enumerate().map(|(at, cell)| {
            if awaited & 1 << at != 0 {
                return None;
            }
            let probed = cell.look(now, within);
            // Who is closed says so at once; of who is silent, or late, nothing is heard.
            if probed == Probed::Unreachable && cell.state != State::Closed {
                silent |= 1 << at;
                return None;
            }
            Some(probed)
        });
        let looks = looks.collect();
        let known = &mut self.edges[usize::from(edge)];
        known.looks = looks;
        known.awaited |= silent;
        if silent != 0 {
            self.plan_in(PROBE_WITHIN, Event::Unanswered { edge, life, cells: silent });
        }
        self.plan_in((2 * slower + MS).min(PROBE), Event::Probed { edge, life });
        self.plan_in(PROBE, Event::Probe { edge, life });
    }

    pub(super) fn probed(&mut self, edge: u8, life: u32) {
        let moment = self.moment();
        let known = &mut self.edges[usize::from(edge)];
        if known.life == life {
            known.on_probed(moment);
            self.found_gone(edge);
        }
    }

    pub(super) fn unanswered(&mut self, edge: u8, life: u32, cells: u64) {
        let moment = self.moment();
        let known = &mut self.edges[usize::from(edge)];
        if known.life == life {
            known.on_unanswered(cells, moment);
            self.found_gone(edge);
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
