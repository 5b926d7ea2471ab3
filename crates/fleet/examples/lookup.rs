//! What finding a cell costs: from a visit's name to the place of its cell, against the hash alone.
//!
//! `cargo run --release -p fleet --example lookup`
#![expect(clippy::print_stdout, reason = "an example prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]

use std::hint::black_box;
use std::net::SocketAddr;
use std::time::Instant;

use fleet::topology::{CellSite, Region, SeenHealth};
use fleet::{CellId, Fleet, Routes, Standing, TableSum, Topology, Usable};
use xxhash_rust::xxh3::xxh3_64;

const REGIONS: u32 = 4;
const CELLS_A_REGION: u32 = 6;
const VISITS: usize = 65_536;
const ROUNDS: u32 = 5;

fn main() {
    let regions = (0..REGIONS).map(|region| Region {
        name: format!("region-{region}"),
        zones: ["a", "b", "c"].map(str::to_owned).to_vec(),
        peak: 400,
        cells: (1..=CELLS_A_REGION).map(|cell| site(region * CELLS_A_REGION + cell)).collect(),
    });
    let regions = regions.collect();
    let topology = Topology { version: 1, table: TableSum::default(), regions, overrides: vec![] };
    let started = Instant::now();
    let fleet = Fleet::new(topology);
    println!(
        "table of {REGIONS} x {CELLS_A_REGION} cells: {:.0} ms, {} KiB",
        started.elapsed().as_secs_f64() * 1e3,
        fleet.table.encode().len() >> 10
    );
    let visits: Vec<String> = (0..VISITS).map(|visit| format!("{:032x}", visit * 7_919)).collect();
    let hash = best(&visits, |visit| xxh3_64(visit.as_bytes()));
    println!("hash of a visit            {hash:6.1} ns");
    for (what, zone, down) in [
        ("all cells up, no zone", "", 0),
        ("all cells up, own zone", "b", 0),
        ("two cells of the region gone", "", 2),
        ("the region gone", "", CELLS_A_REGION),
    ] {
        let routes = Routes::new(&fleet, "region-0", zone);
        let standing = |cell: CellId| match cell.0 <= down {
            true => Standing::Gone,
            false => Standing::Up { share: 255 },
        };
        let usable: Usable = routes.usable(standing, 50);
        let choose = |visit: &String| {
            routes
                .choose(&usable, xxh3_64(visit.as_bytes()), &[])
                .map_or(0, |at| u64::from(routes.at(at).id.0))
        };
        let ns = best(&visits, choose);
        println!("hash and cell: {what:<30} {ns:6.1} ns, {:.1} x the hash", ns / hash);
    }
}

/// Nanoseconds a call, of the best round.
fn best(visits: &[String], call: impl Fn(&String) -> u64) -> f64 {
    let round = || {
        let started = Instant::now();
        let sum = visits.iter().fold(0_u64, |sum, visit| sum.wrapping_add(call(black_box(visit))));
        black_box(sum);
        started.elapsed().as_secs_f64() * 1e9 / visits.len() as f64
    };
    (0..ROUNDS).map(|_| round()).fold(f64::INFINITY, f64::min)
}

fn site(number: u32) -> CellSite {
    CellSite {
        id: CellId(number),
        zone: ["a", "b", "c"][number as usize % 3].to_owned(),
        address: SocketAddr::from(([127, 0, 0, 1], 10_000 + number as u16)),
        weight: 100,
        tested_max: 100,
        version: "0.1.0".to_owned(),
        draining: false,
        health: SeenHealth::Unknown,
    }
}
