//! Real code in a simulated network (feature `turmoil`): an edge, three cells, the market and travellers are
//! hosts of one thread, whose clocks stand until they are moved on. At moments drawn from a seed hosts crash
//! and start again, ways between them are cut, hold messages back, are slow or lose some.
//!
//! ```text
//! travellers ─▶ edge ─▶ cell-1, cell-2, cell-3 ─▶ market
//!                        all of it as their processes run it, over `runtime::net`
//! ```
//!
//! Real: the edge (door, routing, retries, re-creation, looks at cells, kept topology), the cells (API,
//! engine, fan-out, merging, tokens), the asker with its pool and three protocols, the market's server. Not in it:
//! the log and remembered prices (written by a thread), TLS, the control plane, processes and signals. Jobs of
//! `runtime::Workers` run where they are asked for. What policy does in large fleets is the affair of the
//! other simulator, `crates/lab/src/sim`.
//!
//! `cargo xtask test --only hosts`; a world again: `FAREWAY_TEST_SEED=7 cargo test -p fareway --features turmoil
//! --bin fareway simulated::one_world`.

mod faults;
mod ground;
mod hosts;
mod judge;
mod traveller;
mod world;

use faults::{Fault, Kind, Place};
use hosts::DEADLINE_MS;
use runtime::Limited;
use world::{Lived, live, live_with};

use crate::settings::Settings;

/// Worlds of a run.
const WORLDS: u64 = 50;

/// What a failure says first: how to see it again.
fn how_to_repeat(seed: u64) -> String {
    format!(
        "FAREWAY_TEST_SEED={seed} cargo test -p fareway --features turmoil --bin fareway simulated::one_world"
    )
}

fn assert_good(seed: u64, lived: &Lived) {
    let repeat = how_to_repeat(seed);
    assert!(
        lived.broken.is_empty(),
        "{repeat}\n{:#?}\n{} broken, first:\n{}",
        lived.faults,
        lived.broken.len(),
        lived.broken.iter().take(5).cloned().collect::<Vec<_>>().join("\n")
    );
}

/// The same seed is the same world.
fn assert_same(seed: u64, one: &Lived, other: &Lived) {
    let pairs = one.told.iter().zip(&other.told);
    let differ = pairs.enumerate().find(|(_, (one, other))| one != other);
    let repeat = how_to_repeat(seed);
    assert!(differ.is_none() && one.trace == other.trace, "{repeat}\n{differ:#?}");
}

#[test]
fn one_world() {
    #[expect(clippy::disallowed_methods, reason = "the seed of a test, no setting")]
    let seed = std::env::var("FAREWAY_TEST_SEED").map_or(1, |seed| seed.parse().unwrap());
    let lived = live(seed);
    println!("{:#?}\n{:?} {:016x}", lived.faults, lived.tally, lived.trace);
    assert_good(seed, &lived);
    assert!(lived.tally.searches > 20 && lived.compared > 100, "a thin world: {lived:?}");
    assert_same(seed, &lived, &live(seed));
}

/// All worlds of a run, twice: in two threads that know nothing of each other, and in opposite order.
fn all_worlds() -> [Vec<(u64, Lived)>; 2] {
    let lives = |seeds: Vec<u64>| {
        move || -> Vec<(u64, Lived)> {
            let mut lived: Vec<_> = seeds.into_iter().map(|seed| (seed, live(seed))).collect();
            lived.sort_by_key(|&(seed, _)| seed);
            lived
        }
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(lives((1..=WORLDS).rev().collect()));
        [lives((1..=WORLDS).collect())(), other.join().unwrap()]
    })
}

#[test]
fn in_fifty_worlds_cells_fail_alone_and_travellers_see_no_error() {
    let [all, again] = all_worlds();
    let broken = |(seed, lived): &(u64, Lived)| {
        let first: Vec<&str> = lived.broken.iter().take(3).map(String::as_str).collect();
        let (repeat, faults) = (how_to_repeat(*seed), &lived.faults);
        (!first.is_empty()).then(|| format!("{repeat}\n  {}\n  {faults:?}", first.join("\n  ")))
    };
    let broken: Vec<String> = all.iter().filter_map(broken).collect();
    assert!(broken.is_empty(), "{} worlds broke a rule:\n{}", broken.len(), broken.join("\n"));
    for ((seed, one), (_, other)) in all.iter().zip(&again) {
        assert_same(*seed, one, other);
    }
    let sum = |of: fn(&Lived) -> usize| all.iter().map(|(_, lived)| of(lived)).sum::<usize>();
    let (searches, compared) = (sum(|lived| lived.tally.searches), sum(|lived| lived.compared));
    let (disturbed, moved) = (sum(|lived| lived.tally.disturbed), sum(|lived| lived.tally.moved));
    println!("{searches} searches, {disturbed} waits, {moved} moves, {compared} offers compared");
    assert!(searches > 2_000 && compared > 1_000_000, "thin worlds: {searches} {compared}");
    assert!(disturbed > 100 && moved > 50, "quiet worlds: {disturbed} {moved}");
    for kind in Kind::ALL {
        let met = |(_, lived): &(u64, Lived)| lived.faults.iter().any(|fault| fault.kind == kind);
        assert!(all.iter().any(met), "no world has {kind:?}");
    }
}

/// A world with a fault breaks no rule, and this one once something is set so that it cannot hold.
fn noticed(fault: Fault, change: fn(&mut Settings), rule: &str) {
    let well = live_with(1, vec![fault], |_| ());
    assert_eq!(well.broken, Vec::<String>::new());
    let ill = live_with(1, vec![fault], change);
    let noticed = ill.broken.iter().any(|broken| broken.starts_with(rule));
    assert!(noticed, "nobody noticed: {rule}; {:#?}", ill.broken);
}

#[test]
fn a_search_that_outlives_its_deadline_is_noticed() {
    let fault = Fault { kind: Kind::Held, place: Place::Market(1), from: 1_000, until: 6_000 };
    let longer = |settings: &mut Settings| {
        settings.search.deadline_ms = Limited::literal(2 * DEADLINE_MS);
    };
    noticed(fault, longer, "the search is past its deadline");
}

#[test]
fn an_edge_that_does_not_look_at_its_cells_is_noticed() {
    let fault = Fault { kind: Kind::Held, place: Place::Cell(1), from: 1_000, until: 6_000 };
    let blind = |settings: &mut Settings| settings.edge.probe_ms = Limited::literal(60_000);
    noticed(fault, blind, "in the end only");
}

#[test]
fn an_edge_that_sends_nothing_again_is_noticed() {
    let fault = Fault { kind: Kind::Lossy, place: Place::Cell(1), from: 1_000, until: 6_000 };
    let never = |settings: &mut Settings| {
        settings.edge.retry_percent = Limited::literal(0);
        settings.edge.retry_reserve = Limited::literal(0);
    };
    noticed(fault, never, "a traveller saw an error");
}
