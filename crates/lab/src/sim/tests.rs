use super::checks::Rule;
use super::faults::{Fault, Kind};
use super::queue::SECOND;
use super::settings::{Broken, Script};
use super::*;

fn settings(seed: u64, seconds: u64) -> WorldSettings {
    WorldSettings::new(seed, seconds, 4, 24).unwrap()
}

/// A fault of region 0: begins at a second, lasts so many.
fn fault(kind: Kind, cell: u8, (at, lasts): (u64, u64), strength: u64) -> Fault {
    Fault { kind, at: at * SECOND, lasts: lasts * SECOND, region: 0, cell, zone: 0, strength }
}

/// A world breaks no rule while all policies are in force, and this one as soon as one is not.
fn noticed(broken: Broken, rule: Rule, faults: &[Fault]) {
    // In the evening, when most travellers come.
    let script = Script { begins: 20 * 3_600 * SECOND, faults: faults.to_vec() };
    let well = WorldSettings { script: Some(script), ..settings(1, 240) };
    let outcome = world(well.clone()).unwrap();
    assert!(outcome.violations.is_empty(), "{:?}", outcome.violations);
    let ill = world(WorldSettings { broken: Some(broken), ..well }).unwrap();
    let noticed = ill.violations.iter().any(|violation| violation.rule == rule);
    assert!(noticed, "nobody noticed {broken:?}: {:?}", ill.violations);
}

#[test]
fn the_same_seed_is_the_same_world_and_another_is_not() {
    let trace = |seed| world(settings(seed, 240)).unwrap().trace;
    assert_eq!(trace(7), trace(7));
    assert_ne!(trace(7), trace(8));
}

#[test]
fn worlds_of_any_shape_hold_all_rules() {
    for (seed, regions, cells) in [(1, 1, 3), (2, 2, 10), (3, 4, 24)] {
        let outcome = world(WorldSettings::new(seed, 300, regions, cells).unwrap()).unwrap();
        assert!(outcome.violations.is_empty(), "{regions} x {cells}: {:?}", outcome.violations);
        assert!(outcome.tally.served > 0);
    }
}

#[test]
fn edges_that_send_again_without_a_budget_are_noticed() {
    let faults = [fault(Kind::FlakyNetwork, 0, (60, 60), 100)];
    noticed(Broken::RetryBudget, Rule::Retries, &faults);
}

#[test]
fn cells_that_admit_whatever_comes_are_noticed() {
    let faults = [fault(Kind::Flood, 0, (60, 60), 100)];
    noticed(Broken::Admission, Rule::Deadline, &faults);
    noticed(Broken::Admission, Rule::Recovery, &faults);
}

#[test]
fn edges_that_never_look_at_cells_are_noticed() {
    let kills = (0..5).map(|cell| fault(Kind::Kill, cell, (60 + 10 * u64::from(cell), 3), 0));
    noticed(Broken::Probes, Rule::Recovery, &kills.collect::<Vec<_>>());
}

#[test]
fn lost_searches_that_find_no_new_home_are_noticed() {
    let faults = [fault(Kind::Interrupted, 0, (60, 120), 0)];
    noticed(Broken::Rehoming, Rule::Acknowledged, &faults);
}

#[test]
fn drains_that_leave_too_little_are_noticed() {
    let drains = [fault(Kind::Drain, 0, (60, 90), 0), fault(Kind::Drain, 1, (70, 90), 0)];
    noticed(Broken::Capacity, Rule::Capacity, &drains);
    let losses = [0, 1].map(|cell| fault(Kind::Interrupted, cell, (60, 90), 0));
    let faults = [losses[0], losses[1], fault(Kind::Drain, 2, (80, 60), 0)];
    noticed(Broken::Capacity, Rule::Capacity, &faults);
}

#[test]
fn cells_that_carry_less_than_is_declared_are_noticed() {
    let losses = [0, 1].map(|cell| fault(Kind::Interrupted, cell, (60, 120), 0));
    noticed(Broken::DeclaredPeak, Rule::Capacity, &losses);
}

#[test]
fn edges_that_use_any_table_are_noticed() {
    // A table that is whole and signed for, and moves nearly everything.
    let faults = [fault(Kind::Poisoned, 0, (60, 20), 1)];
    noticed(Broken::TakeUp, Rule::Tables, &faults);
}

#[test]
fn a_log_that_acknowledges_too_early_is_noticed() {
    let faults = [fault(Kind::Interrupted, 0, (60, 120), 0)];
    noticed(Broken::Acknowledging, Rule::Acknowledged, &faults);
}

#[test]
fn a_cell_that_takes_others_with_it_is_noticed() {
    let faults = [fault(Kind::Kill, 0, (60, 3), 0)];
    noticed(Broken::Isolation, Rule::BlastRadius, &faults);
}

#[test]
fn rollouts_that_do_not_look_are_noticed() {
    // A release of which many requests fail.
    noticed(Broken::Judging, Rule::Rollout, &[fault(Kind::Deploy, 0, (60, 60), 5)]);
}

#[test]
fn a_bad_release_of_every_kind_goes_back_and_a_good_one_arrives() {
    for (strength, good) in [(0, true), (4, false), (5, false), (6, false), (7, false)] {
        let script = Script {
            begins: 20 * 3_600 * SECOND,
            faults: vec![fault(Kind::Deploy, 0, (60, 60), strength)],
        };
        let settings = WorldSettings { script: Some(script), ..settings(1, 600) };
        let outcome = world(settings).unwrap();
        assert!(outcome.violations.is_empty(), "{strength}: {:?}", outcome.violations);
        let Tally { good_done, bad_returned, .. } = outcome.tally;
        assert_eq!((good_done, bad_returned), (u64::from(good), u64::from(!good)), "{strength}");
        assert!(!good || outcome.tally.failed == 0);
    }
}

#[test]
fn a_dead_control_plane_and_a_cut_are_not_noticed_by_travellers() {
    let faults = [
        fault(Kind::Partition, 0, (60, 100), 0),
        fault(Kind::ControlDead, 0, (70, 100), 1),
        fault(Kind::Kill, 2, (100, 3), 0),
    ];
    let script = Script { begins: 20 * 3_600 * SECOND, faults: faults.to_vec() };
    let outcome = world(WorldSettings { script: Some(script), ..settings(1, 240) }).unwrap();
    assert!(outcome.violations.is_empty(), "{:?}", outcome.violations);
    assert_eq!(outcome.tally.failed, 0);
    assert!(outcome.tally.recreated > 0);
}

#[test]
fn shapes_that_cannot_be_are_refused_by_name() {
    let refused =
        |regions, cells| WorldSettings::new(1, 600, regions, cells).unwrap_err().to_string();
    assert_eq!(refused(4, 23), "cells: 23 do not spread evenly over 4 regions");
    assert_eq!(refused(4, 8), "cells: 2 a region are outside 3..=16");
    assert_eq!(refused(0, 8), "regions: 0 is outside 1..=8");
    assert!(WorldSettings::new(1, 5, 1, 3).is_err());
}
