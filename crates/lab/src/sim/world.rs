//! The world: everything there is, and what happens next.

mod cells;
mod clients;
mod deploys;
mod edges;
mod requests;
mod trouble;

use std::time::Duration;

use anyhow::Result;
use fleet::kept::Kept;
use runtime::{Moment, Random};
use search::TokenKeys;

use self::clients::Client;
use self::requests::Request;
use super::cell::Cell;
use super::checks::{Blast, Retries, Service, Violations};
use super::control::Control;
use super::deploy::{Character, Deploy};
use super::edge::Edge;
use super::event::Event;
use super::faults::{self, Fault, Kind};
use super::load::Load;
use super::queue::{At, MS, Queue, SECOND};
use super::settings::{WorldSettings, ZONES};
use super::slab::Slab;
use super::tally::{Outcome, Tally};
use super::trace::Trace;

/// Time between two windows of a cell's lateness.
const WINDOW: At = 100 * MS;
/// Time between two looks of an edge. Source: the default of `edge.probe_ms`.
const PROBE: At = 500 * MS;
/// Time between two questions for news. Source: the default of `edge.pull_ms`.
const PULL: At = SECOND;
/// Time between two looks of the control plane.
const WATCH: At = 2 * SECOND;
/// Time between two clearings of a cell.
const SWEEP: At = 60 * SECOND;
/// Time that is left to travellers after the last has come.
const AFTER: At = 60 * SECOND;

/// Streams of chance, each for its own, so that a fault more does not change who travels.
#[derive(Debug)]
struct Chance {
    load: Random,
    clients: Random,
    partners: Random,
    network: Random,
}

/// What a region's network and travellers are like just now.
#[derive(Clone, Copy, Debug, Default)]
struct Weather {
    /// Added to every message between edges and cells.
    slower: At,
    /// Connections that break, percent.
    breaks: u64,
    /// Travellers ask again at once.
    impatient: bool,
    /// Searches with a partner that never answers, percent.
    silent_partners: u64,
}

/// Everything.
#[derive(Debug)]
pub(crate) struct World {
    settings: WorldSettings,
    /// Where its time begins; only differences to it count.
    origin: Moment,
    now: At,
    queue: Queue,
    chance: Chance,
    loads: Vec<Load>,
    weather: Vec<Weather>,
    cells: Vec<Cell>,
    edges: Vec<Edge>,
    control: Control,
    deploy: Option<Deploy>,
    deploys: u64,
    clients: Slab<Client>,
    requests: Slab<Request>,
    faults: Vec<Fault>,
    keys: TokenKeys,
    blast: Blast,
    service: Service,
    retries: Retries,
    broken: Violations,
    tally: Tally,
    trace: Trace,
}

impl World {
    /// A world at its beginning.
    ///
    /// # Errors
    /// If the fleet cannot be made.
    pub(crate) fn new(settings: WorldSettings) -> Result<Self> {
        let mut seed = Random::from_seed(settings.seed);
        let drawn = faults::draw(&settings, &mut seed.fork());
        let chance = Chance {
            load: seed.fork(),
            clients: seed.fork(),
            partners: seed.fork(),
            network: seed.fork(),
        };
        let begins = seed.below(24 * 3_600) * SECOND;
        let (begins, faults) = match &settings.script {
            Some(script) => (script.begins, script.faults.clone()),
            None => (begins, drawn),
        };
        let origin = runtime::now();
        let control = Control::new(&settings)?;
        let kept = Kept { fleet: control.fleet.clone(), signed: control.signed().to_vec() };
        let each = settings.cells_a_region();
        let cells = (0..settings.cells)
            .map(|at| Cell::new(u32::from(at) + 1, at / each, at % each % ZONES as u8, &settings));
        let mut edges = Vec::new();
        for region in 0..settings.regions {
            for at in 0..settings.edges_a_region {
                let here = (region, at % ZONES as u8);
                edges.push(Edge::new(here, &kept, control.verifier(), &settings, origin)?);
            }
        }
        let regions = 0..settings.regions;
        let mut world = Self {
            origin,
            now: 0,
            queue: Queue::default(),
            chance,
            loads: regions.map(|at| Load::new(settings.region_peak(), at, begins)).collect(),
            weather: vec![Weather::default(); usize::from(settings.regions)],
            cells: cells.collect(),
            edges,
            control,
            deploy: None,
            deploys: 0,
            clients: Slab::default(),
            requests: Slab::default(),
            faults,
            keys: TokenKeys::single(&[9; 32]),
            blast: Blast::default(),
            service: Service::new(settings.regions),
            retries: Retries::new(&settings),
            broken: Violations::default(),
            tally: Tally::default(),
            trace: Trace::default(),
            settings,
        };
        world.begin();
        Ok(world)
    }

    fn begin(&mut self) {
        for region in 0..self.settings.regions {
            self.queue.plan(0, Event::Arrive { region });
        }
        for cell in 0..self.cells.len() as u8 {
            self.plan_cell(cell);
        }
        for edge in 0..self.edges.len() as u8 {
            self.plan_edge(edge);
        }
        self.queue.plan(WATCH, Event::Watch);
        self.queue.plan(SECOND, Event::Second);
        for (index, fault) in (0..).zip(&self.faults) {
            self.queue.plan(fault.at, Event::Fault { index });
        }
    }

    /// Prints what will go wrong, and with what releases.
    pub(crate) fn tell_faults(&self) {
        for fault in &self.faults {
            let Fault { kind, at, lasts, region, cell, zone, strength } = fault;
            let (at, lasts) = (at / SECOND, lasts / SECOND);
            let what = match kind {
                Kind::Deploy => format!("deploy of {:?}", Character::draw(*strength)),
                kind => kind.name().to_owned(),
            };
            say!(
                "{at:>6} s, {lasts} s: {what}; region {region}, cell {cell}, zone {zone}, strength {strength}"
            );
        }
    }

    /// Lets everything happen.
    ///
    /// # Errors
    /// If the world itself is wrong; what breaks a rule is part of the outcome.
    pub(crate) fn run(mut self) -> Result<Outcome> {
        let end = self.settings.lasts + AFTER;
        while let Some((at, event)) = self.queue.next() {
            if at > end {
                break;
            }
            self.now = at;
            self.tally.events += 1;
            self.happen(event)?;
        }
        self.look_at_what_is_left();
        self.tally.facts = self.cells.iter().map(|cell| cell.log.acknowledged()).sum();
        self.tally.drains_refused = self.control.refused;
        Ok(Outcome {
            seed: self.settings.seed,
            worst: self.service.worst,
            trace: self.trace.hash(),
            broken: self.broken.count,
            violations: self.broken.kept,
            tally: self.tally,
        })
    }

    fn happen(&mut self, event: Event) -> Result<()> {
        match event {
            Event::Arrive { region } => self.arrive(region),
            Event::Ask { client } => self.ask(client),
            Event::AtCell { request, attempt } => self.at_cell(request, attempt),
            Event::AtEdge { request, attempt, reply } => self.at_edge(request, attempt, reply),
            Event::GiveUp { request } => self.give_up(request),
            Event::Heard { cell, life, search } => self.heard(cell, life, search),
            Event::Finished { cell, life, search } => self.finished(cell, life, search),
            Event::Flush { cell, life } => self.flush(cell, life),
            Event::Window { cell, life } => self.window(cell, life),
            Event::Sweep { cell, life } => self.sweep(cell, life),
            Event::Probe { edge, life } => self.probe(edge, life),
            Event::Probed { edge, life } => self.probed(edge, life),
            Event::Unanswered { edge, life, cells } => self.unanswered(edge, life, cells),
            Event::Pull { edge, life } => self.pull(edge, life)?,
            Event::Watch => self.watch()?,
            Event::Fault { index } => self.fault(index)?,
            Event::FaultEnd { index } => self.fault_end(index)?,
            Event::Taken { cell, life } => self.taken(cell, life),
            Event::Back { cell, life } => self.back(cell, life),
            Event::Dies { cell, life } => self.dies(cell, life),
            Event::EdgeBack { edge, life } => self.edge_back(edge, life)?,
            Event::Second => self.second(),
        }
        Ok(())
    }

    /// The present on the clock that policy code is given.
    fn moment(&self) -> Moment {
        self.origin + Duration::from_micros(self.now)
    }

    fn plan_in(&mut self, after: At, event: Event) {
        self.queue.plan(self.now + after, event);
    }

    fn second(&mut self) {
        let each = usize::from(self.settings.cells_a_region());
        let out: Vec<usize> = self
            .cells
            .chunks(each)
            .map(|region| region.iter().filter(|cell| !cell.is_ready()).count())
            .collect();
        for region in 0..self.settings.regions {
            if !self.edges.iter().any(|edge| edge.up && edge.region == region) {
                // Its travellers come through the doors of others.
                self.service.on_shock(None, self.now);
            }
        }
        if out.contains(&each) {
            self.service.on_shock(None, self.now);
        }
        self.blast.on_second(self.now, &mut self.broken);
        if self.now <= self.settings.lasts {
            self.service.on_second(self.now, &out, &mut self.broken);
        }
        self.retries.on_second(self.now);
        self.plan_in(SECOND, Event::Second);
    }
}
