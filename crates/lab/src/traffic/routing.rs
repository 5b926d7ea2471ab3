//! `bench routing`: by what new work is spread over the cells of a region: by its visit, or by its route.
//!
//! A visit goes to any cell, so each cell remembers what it happened to be asked. A route goes to one cell,
//! so whatever was asked of it before is remembered there; but the cells of popular routes have more to
//! do. Both are measured on the same questions: which share of partner calls remembered answers
//! save, and how much the busiest cell has beside the mean.
//!
//! The table of `fleet` says which cell. A cell's memory holds as many questions as 8 GiB of full answers
//! do; who was not asked for lately goes first. Lifetimes are the defaults, not adapted. As in the
//! rest of the mix nobody looks twice: a traveller who does is saved the calls by either key.

use std::collections::VecDeque;
use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use fleet::topology::{CELLS_MAX, CellSite, Region, SeenHealth};
use fleet::{CellId, Fleet, Routes, Standing, TableSum, Topology};
use runtime::{FixedMap, Random};
use xxhash_rust::xxh3::xxh3_64;

use super::mix::{Asked, EXPONENT, Mix};
use super::{MEAN_PER_SECOND, MEMORY_BYTES, STEEP, question_bytes};
use crate::report::Report;

const HOUR: f64 = 3_600.0;
const DAY: f64 = 24.0 * HOUR;
/// Regions of the fleet, equally busy.
const REGIONS: f64 = 4.0;

/// What to simulate.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct RoutingArgs {
    /// Cells of the region.
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=16))]
    cells: u32,
    /// Searches a second in the region; without it a quarter of the mean of 424.
    #[arg(long)]
    per_second: Option<f64>,
    /// Virtual hours before measuring.
    #[arg(long, default_value_t = 12)]
    warm_hours: u32,
    /// Virtual hours measured.
    #[arg(long, default_value_t = 6)]
    measure_hours: u32,
    /// Seed of everything.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// By what work is spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Visit,
    Route,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Outcome {
    searches: u64,
    /// Share of partner calls that remembered answers saved.
    saved: f64,
    /// The busiest cell over the mean, by searches and by partner calls made.
    searches_max: f64,
    calls_max: f64,
    /// Share of the busiest route in its cell's searches.
    busiest_route: f64,
}

/// Simulates and writes one result file.
pub(crate) fn run(wanted: &RoutingArgs) -> Result<()> {
    let per_second = wanted.per_second.unwrap_or(MEAN_PER_SECOND / REGIONS);
    ensure!(per_second > 0.0 && per_second <= 1e5, "--per-second: 0 to 100000");
    let mut report = Report::new("routing");
    report.setting("seed", wanted.seed);
    report.setting("cells", wanted.cells);
    report.setting("searches_a_second", per_second);
    report.setting("warm_hours", wanted.warm_hours);
    report.setting("measure_hours", wanted.measure_hours);
    report.setting("questions_a_cell_remembers", questions_a_cell());
    for (mix_name, exponent) in [("zipf 0.69", EXPONENT), ("zipf 1.0", STEEP)] {
        let mix = Mix::new(exponent)?;
        for (key_name, key) in [("visit", Key::Visit), ("route", Key::Route)] {
            let outcome = simulate(&mix, key, wanted, per_second)?;
            let name = format!("{mix_name}, by {key_name}");
            report.figure(&format!("{name}: searches measured"), outcome.searches);
            report.figure(&format!("{name}: share of calls saved"), outcome.saved);
            report.figure(&format!("{name}: searches, busiest cell / mean"), outcome.searches_max);
            report.figure(&format!("{name}: calls made, busiest cell / mean"), outcome.calls_max);
            let busiest = outcome.busiest_route;
            report.figure(&format!("{name}: busiest route, share of its cell"), busiest);
        }
    }
    report.write()
}

fn questions_a_cell() -> usize {
    (MEMORY_BYTES / question_bytes()) as usize
}

fn simulate(mix: &Mix, key: Key, wanted: &RoutingArgs, per_second: f64) -> Result<Outcome> {
    let routes = routes(wanted.cells)?;
    let usable = routes.usable(|_| Standing::Up { share: u8::MAX }, 0);
    let mut random = Random::from_seed(wanted.seed);
    let mut cells: FixedMap<CellId, Memory> = FixedMap::default();
    let mut by_route: FixedMap<usize, u64> = FixedMap::default();
    let warm = f64::from(wanted.warm_hours) * HOUR;
    let end = warm + f64::from(wanted.measure_hours) * HOUR;
    let mut now = 0.0;
    loop {
        now -= (1.0 - random.unit()).ln() / per_second;
        if now >= end {
            break;
        }
        let asked = mix.draw(&mut random);
        let visit = random.bits();
        let hash = match key {
            Key::Visit => visit,
            Key::Route => xxh3_64(&asked.pair.to_le_bytes()),
        };
        let place = routes.choose(&usable, hash, &[]).context("no cell")?;
        let memory =
            cells.entry(routes.at(place).id).or_insert_with(|| Memory::new(questions_a_cell()));
        let saved = memory.ask(mix.name(&asked, (now / DAY) as usize), now, lifetime(&asked));
        if now >= warm {
            memory.searches += 1;
            memory.saved += u64::from(saved);
            *by_route.entry(asked.pair).or_default() += 1;
        }
    }
    let sum = |of: fn(&Memory) -> u64| cells.values().map(of).sum::<u64>();
    let most = |of: fn(&Memory) -> u64| cells.values().map(of).max().unwrap_or_default() as f64;
    let mean = |all: u64| (all as f64 / f64::from(wanted.cells)).max(1.0);
    let searches = sum(|cell| cell.searches);
    let (busiest, count) =
        by_route.iter().max_by_key(|&(&pair, &count)| (count, pair)).context("nobody asked")?;
    // By visit a route is everywhere; then a cell has an equal part of it.
    let its_cell = match key {
        Key::Visit => searches as f64,
        Key::Route => {
            let hash = xxh3_64(&busiest.to_le_bytes());
            let place = routes.choose(&usable, hash, &[]).context("no cell")?;
            cells.get(&routes.at(place).id).map_or(1.0, |cell| cell.searches as f64)
        }
    };
    Ok(Outcome {
        searches,
        saved: sum(|cell| cell.saved) as f64 / searches.max(1) as f64,
        searches_max: most(|cell| cell.searches) / mean(searches),
        calls_max: most(Memory::made) / mean(sum(Memory::made)),
        busiest_route: *count as f64 / its_cell.max(1.0),
    })
}

/// Seconds that answers are fresh. Source: the defaults of `[prices.freshness]`.
fn lifetime(asked: &Asked) -> f64 {
    HOUR * match asked.days {
        ..7 => 4.0,
        7..30 => 24.0,
        _ => 36.0,
    }
}

/// The ways of an edge before one region.
fn routes(cells: u32) -> Result<Routes> {
    ensure!((1..=CELLS_MAX as u32).contains(&cells), "1 to {CELLS_MAX} cells");
    let cell = |id: u32| CellSite {
        id: CellId(id),
        zone: "a".to_owned(),
        address: SocketAddr::from(([127, 0, 0, 1], 10_000 + id as u16)),
        weight: 100,
        tested_max: 100,
        version: "1".to_owned(),
        draining: false,
        health: SeenHealth::Ready,
    };
    let region = Region {
        name: "one".to_owned(),
        zones: vec!["a".to_owned()],
        peak: 100,
        cells: (1..=cells).map(cell).collect(),
    };
    let (table, regions) = (TableSum::default(), vec![region]);
    let fleet = Fleet::new(Topology { version: 1, table, regions, overrides: Vec::new() });
    Ok(Routes::new(&fleet, "one", ""))
}

/// What a cell remembers: until when each question is fresh.
struct Memory {
    most: usize,
    fresh: FixedMap<u64, Known>,
    /// In the order in which they go, but for those asked for since.
    order: VecDeque<u64>,
    searches: u64,
    saved: u64,
}

struct Known {
    until: f64,
    asked_again: bool,
}

impl Memory {
    fn new(most: usize) -> Self {
        let (fresh, order) = (FixedMap::default(), VecDeque::new());
        Self { most, fresh, order, searches: 0, saved: 0 }
    }

    /// Searches whose partners were asked.
    fn made(&self) -> u64 {
        self.searches - self.saved
    }

    /// Asks a question; gives whether nobody else had to be asked.
    fn ask(&mut self, question: u64, now: f64, lifetime: f64) -> bool {
        if let Some(known) = self.fresh.get_mut(&question) {
            known.asked_again = true;
            if now < known.until {
                return true;
            }
            known.until = now + lifetime;
            return false;
        }
        self.make_room();
        self.fresh.insert(question, Known { until: now + lifetime, asked_again: false });
        self.order.push_back(question);
        false
    }

    fn make_room(&mut self) {
        while self.fresh.len() >= self.most {
            let Some(oldest) = self.order.pop_front() else { return };
            match self.fresh.get_mut(&oldest) {
                Some(known) if known.asked_again => {
                    known.asked_again = false;
                    self.order.push_back(oldest);
                }
                Some(_) | None => drop(self.fresh.remove(&oldest)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn short(cells: u32) -> RoutingArgs {
        RoutingArgs { cells, per_second: None, warm_hours: 1, measure_hours: 1, seed: 1 }
    }

    #[test]
    fn routes_find_what_was_asked_before_and_visits_are_even() {
        let mix = Mix::new(STEEP).unwrap();
        let by = |key| simulate(&mix, key, &short(6), 20.0).unwrap();
        let (visit, route) = (by(Key::Visit), by(Key::Route));
        assert_eq!(visit, by(Key::Visit));
        assert_eq!(visit.searches, route.searches);
        assert!(route.saved > 1.5 * visit.saved, "{route:?} {visit:?}");
        assert!(visit.searches_max < 1.05, "{visit:?}");
        assert!(route.searches_max > visit.searches_max, "{route:?}");
    }

    #[test]
    fn one_cell_saves_the_same_by_either_key() {
        let mix = Mix::new(STEEP).unwrap();
        let by = |key| simulate(&mix, key, &short(1), 5.0).unwrap();
        let (visit, route) = (by(Key::Visit), by(Key::Route));
        assert!((visit.saved - route.saved).abs() < f64::EPSILON, "{visit:?} {route:?}");
    }

    #[test]
    fn what_was_asked_for_again_stays_longer_and_what_is_stale_is_asked_anew() {
        let mut memory = Memory::new(2);
        assert!(!memory.ask(1, 0.0, 10.0));
        assert!(!memory.ask(2, 1.0, 10.0));
        assert!(memory.ask(1, 2.0, 10.0));
        assert!(!memory.ask(3, 3.0, 10.0));
        assert!(memory.ask(1, 4.0, 10.0));
        assert!(!memory.ask(2, 5.0, 10.0));
        assert!(!memory.ask(1, 10.0, 10.0) && memory.ask(1, 19.0, 10.0));
    }
}
