use super::checks::Rule;
use super::settings::Broken;
use super::*;

fn settings(seed: u64, minutes: u64) -> WorldSettings {
    WorldSettings::new(seed, minutes * 60, 4, 24).unwrap()
}

#[test]
fn the_same_seed_is_the_same_world_and_another_is_not() {
    let trace = |seed| world(settings(seed, 4)).unwrap().trace;
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

/// Breaks one rule on purpose; some world must show it.
fn noticed(broken: Broken, rule: Rule) {
    for seed in 1..=40 {
        let settings = WorldSettings { broken: Some(broken), ..settings(seed, 10) };
        let outcome = world(settings).unwrap();
        if outcome.violations.iter().any(|violation| violation.rule == rule) {
            return;
        }
    }
    panic!("nobody noticed {broken:?}");
}

#[test]
fn edges_that_send_again_without_a_budget_are_noticed() {
    noticed(Broken::RetryBudget, Rule::Retries);
}

#[test]
fn cells_that_admit_whatever_comes_are_noticed() {
    noticed(Broken::Admission, Rule::Deadline);
}

#[test]
fn edges_that_never_look_at_cells_are_noticed() {
    noticed(Broken::Probes, Rule::Recovery);
}

#[test]
fn lost_searches_that_find_no_new_home_are_noticed() {
    noticed(Broken::Rehoming, Rule::Acknowledged);
}

#[test]
fn forced_drains_are_noticed() {
    noticed(Broken::Capacity, Rule::Capacity);
}

#[test]
fn cells_that_carry_less_than_is_declared_are_noticed() {
    noticed(Broken::DeclaredPeak, Rule::Capacity);
}

#[test]
fn edges_that_use_any_table_are_noticed() {
    noticed(Broken::TakeUp, Rule::Tables);
}

#[test]
fn a_log_that_acknowledges_too_early_is_noticed() {
    noticed(Broken::Acknowledging, Rule::Acknowledged);
}

#[test]
fn a_cell_that_takes_others_with_it_is_noticed() {
    noticed(Broken::Isolation, Rule::BlastRadius);
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
