//! What goes wrong in a world, and when: drawn from its seed.

use std::time::Duration;

use runtime::Random;
use runtime::simulated::turmoil::Sim;

use super::ground::MARKET;
use super::hosts::CELLS;

/// Longest time of a message while all is well.
pub(super) const LATENCY: Duration = Duration::from_millis(20);
/// The same on a slow way.
pub(super) const SLOW: Duration = Duration::from_millis(400);
/// Of a hundred messages on a bad way so many are lost, each with those under way.
const LOST_PERCENT: u64 = 15;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A host loses power, and is started again. Whoever waits for its answer hears nothing; whoever
    /// sends something more, or connects, is refused.
    Dies,
    /// Messages between two hosts are lost.
    CutOff,
    /// They are held back, and all come in the end.
    Held,
    /// They take long.
    Slow,
    /// Some are lost.
    Lossy,
}

impl Kind {
    /// All of them.
    pub(super) const ALL: [Self; 5] =
        [Self::Dies, Self::CutOff, Self::Held, Self::Slow, Self::Lossy];
}

/// Where it goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A cell, or the way between it and the edge.
    Cell(u32),
    /// The market, or the way between it and a cell.
    Market(u32),
    /// The edge.
    Edge,
}

/// One thing that goes wrong for a while; times in milliseconds of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) kind: Kind,
    pub(super) place: Place,
    pub(super) from: u64,
    pub(super) until: u64,
}

fn all_hosts() -> impl Iterator<Item = String> {
    let cells = (1..=CELLS).map(|id| format!("cell-{id}"));
    cells.chain([MARKET, "edge", "travellers"].map(str::to_owned))
}

const ON_A_WAY: [Kind; 4] = [Kind::CutOff, Kind::Held, Kind::Slow, Kind::Lossy];

impl Fault {
    fn drawn(random: &mut Random, place: Place, begins: (u64, u64)) -> Self {
        let dies = place == Place::Edge || random.below(5) == 0;
        let kind = if dies { Kind::Dies } else { ON_A_WAY[random.below(4) as usize] };
        let from = begins.0 + random.below(begins.1 - begins.0);
        let lasts = if place == Place::Edge { 200 } else { 300 + random.below(1_500) };
        Self { kind, place, from, until: from + lasts }
    }

    /// Milliseconds.
    pub(super) const fn lasts(&self) -> u64 {
        self.until - self.from
    }

    /// The names of the host, and of the one it is joined to.
    fn hosts(&self) -> (String, String) {
        let cell = |id: u32| format!("cell-{id}");
        match self.place {
            Place::Cell(id) => (cell(id), "edge".to_owned()),
            Place::Market(id) => (MARKET.to_owned(), cell(id)),
            Place::Edge => ("edge".to_owned(), cell(1)),
        }
    }

    /// `others` go on.
    pub(super) fn begin(&self, sim: &mut Sim<'_>, others: &[Fault]) {
        let (a, b) = self.hosts();
        match self.kind {
            Kind::Dies => {
                // The runtime drops its tasks in no order that could be repeated, and each says good-bye to
                // its peer: nobody is to hear that.
                let peers = || all_hosts().filter(|host| *host != a);
                peers().for_each(|peer| sim.partition(a.as_str(), peer));
                sim.crash(a.as_str());
                peers().for_each(|peer| sim.repair(a.as_str(), peer));
                let on_a_way = others.iter().filter(|other| other.kind != Kind::Dies);
                on_a_way.for_each(|other| other.begin(sim, &[]));
            }
            Kind::CutOff => sim.partition(a, b),
            Kind::Held => sim.hold(a, b),
            Kind::Slow => sim.set_link_max_message_latency(a, b, SLOW),
            Kind::Lossy => sim.set_link_fail_rate(a, b, LOST_PERCENT as f64 / 100.0),
        }
    }

    pub(super) fn end(&self, sim: &mut Sim<'_>) {
        let (a, b) = self.hosts();
        match self.kind {
            Kind::Dies => sim.bounce(a),
            Kind::CutOff => sim.repair(a, b),
            Kind::Held => sim.release(a, b),
            Kind::Slow => sim.set_link_max_message_latency(a, b, LATENCY),
            Kind::Lossy => {
                sim.set_link_fail_rate(a.as_str(), b.as_str(), 0.0);
                sim.repair(a, b);
            }
        }
    }
}

/// What goes wrong in the world of a seed: a cell is disturbed early and, later, a cell or the edge; of
/// every two worlds one has a disturbed market besides.
pub(super) fn drawn(seed: u64) -> Vec<Fault> {
    let mut random = Random::from_seed(seed ^ 0xfa17);
    let mut any_cell = || 1 + random.below(u64::from(CELLS)) as u32;
    let (first, second, third) = (any_cell(), any_cell(), any_cell());
    let second = if random.below(5) == 0 { Place::Edge } else { Place::Cell(second) };
    let mut faults = vec![
        Fault::drawn(&mut random, Place::Cell(first), (1_000, 2_000)),
        Fault::drawn(&mut random, second, (5_500, 6_500)),
    ];
    if random.below(2) == 0 {
        faults.push(Fault::drawn(&mut random, Place::Market(third), (1_000, 6_000)));
    }
    faults
}
