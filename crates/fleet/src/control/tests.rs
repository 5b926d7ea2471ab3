use super::*;
use crate::topology::OverrideKind;
use crate::topology::tests::{fleet_of, region};

fn laptop() -> Fleet {
    Fleet::new(fleet_of(vec![region("local", 1..=3, 100)]))
}

#[test]
fn a_drain_changes_the_topology_and_not_the_table() {
    let current = laptop();
    let plan = plan(&current, &[Change::Drain(CellId(2))]).unwrap();
    assert!(plan.fleet.topology.cell(CellId(2)).unwrap().draining);
    assert_eq!(plan.fleet.topology.version, current.topology.version + 1);
    assert_eq!(plan.fleet.topology.table, current.topology.table);
    assert_eq!(plan.moves[0].moved, 0);
    plan.check_capacity().unwrap();
}

#[test]
fn a_second_drain_would_break_the_rule_of_two_and_is_refused() {
    let once = plan(&laptop(), &[Change::Drain(CellId(2))]).unwrap().fleet;
    let twice = plan(&once, &[Change::Drain(CellId(3))]).unwrap();
    let error = twice.check_capacity().unwrap_err().to_string();
    assert!(error.contains("region local: after one further loss 0 of a peak of 100"), "{error}");
    let mended = plan(&twice.fleet, &[Change::Undrain(CellId(3))]).unwrap();
    mended.check_capacity().unwrap();
}

#[test]
fn a_cell_that_is_out_for_a_moment_is_not_drained_because_nothing_gets_worse() {
    let mut drained = plan(&laptop(), &[Change::Drain(CellId(3))]).unwrap().fleet;
    let seen = [1, 2].map(|id| (CellId(id), SeenHealth::Unreachable));
    assert!(note_health(&mut drained.topology, &seen));
    let error = plan(&drained, &[Change::Drain(CellId(1))]).unwrap().check_capacity().unwrap_err();
    assert!(error.to_string().contains("after one further loss 0"), "{error}");
}

#[test]
fn a_fleet_that_is_too_small_can_grow() {
    let small = Fleet::new(fleet_of(vec![region("local", 1..=1, 100)]));
    let mut cell = small.topology.regions[0].cells[0].clone();
    (cell.id, cell.address) = (CellId(2), ([127, 0, 0, 1], 9_999).into());
    let added = plan(&small, &[Change::Add { region: "local".to_owned(), cell }]).unwrap();
    added.check_capacity().unwrap();
    assert!(added.moves[0].moved.abs_diff(32_768) < 656, "{:?}", added.moves);
}

#[test]
fn removing_a_cell_moves_its_buckets_only() {
    let six = Fleet::new(fleet_of(vec![region("local", 1..=6, 100)]));
    let before = six.table.regions()[0].loads()[3].1;
    let plan = plan(&six, &[Change::Remove(CellId(4))]).unwrap();
    plan.check_capacity().unwrap();
    let [moved] = &plan.moves[..] else { panic!("one region") };
    assert!(moved.moved.abs_diff(before) <= 100, "{moved:?}");
    assert_eq!(moved.loads[3], (CellId(4), before, 0));
}

#[test]
fn what_is_not_there_is_named() {
    let told = |change| plan(&laptop(), &[change]).unwrap_err().to_string();
    assert_eq!(told(Change::Drain(CellId(9))), "there is no cell-9");
    let cell = laptop().topology.regions[0].cells[0].clone();
    assert_eq!(
        told(Change::Add { region: "moon".to_owned(), cell }),
        "there is no region \"moon\""
    );
    assert_eq!(told(Change::Weight(CellId(1), 2_000)), "the fleet would be wrong");
}

#[test]
fn what_is_seen_of_cells_makes_a_new_version_only_if_it_is_new() {
    let mut topology = laptop().topology;
    let seen = [(CellId(1), SeenHealth::Ready), (CellId(9), SeenHealth::Ready)];
    assert!(note_health(&mut topology, &seen));
    assert_eq!(topology.version, 2);
    assert!(!note_health(&mut topology, &seen));
    assert_eq!(topology.version, 2);
}

#[test]
fn a_change_reads_as_an_operator_writes_it() {
    let read = |text: &str| serde_json::from_str::<Vec<Change>>(text);
    assert_eq!(
        read(r#"[{"drain":2},{"weight":[3,50]}]"#).unwrap(),
        [Change::Drain(CellId(2)), Change::Weight(CellId(3), 50)]
    );
    assert!(read(r#"[{"dry":2}]"#).is_err());
}

#[test]
fn overrides_are_added_one_by_one_never_over_another_and_taken_back_bucket_by_bucket() {
    let entry = |kind, first, last| Override { kind, first, last, cell: CellId(2) };
    let change = |fleet: &Fleet, change| plan(fleet, &[change]).map(|plan| plan.fleet);
    let quarantined = entry(OverrideKind::Quarantine, 5, 9);
    let fleet = change(&laptop(), Change::Override(quarantined.clone())).unwrap();
    assert_eq!(fleet.topology.overrides, [quarantined]);
    // The table is as it was.
    assert_eq!(fleet.topology.table, laptop().topology.table);
    let pinned = Change::Override(entry(OverrideKind::Pinned, 9, 12));
    let refused = change(&fleet, pinned.clone()).unwrap_err();
    let ChangeError::Topology(TopologyError::Overlap { bucket: 9, .. }) = refused else {
        panic!("{refused:?}")
    };
    let fleet = change(&fleet, Change::FollowTable { first: 7, last: 9 }).unwrap();
    assert_eq!(fleet.topology.overrides, [entry(OverrideKind::Quarantine, 5, 6)]);
    let fleet = change(&fleet, pinned).unwrap();
    assert_eq!(fleet.topology.overrides.len(), 2);
    // A cell that somebody is sent to is not removed.
    assert!(change(&fleet, Change::Remove(CellId(2))).is_err());
    let all = Change::FollowTable { first: 0, last: u16::MAX };
    let fleet = change(&fleet, all).unwrap();
    assert_eq!(fleet.topology.overrides, []);
    change(&fleet, Change::Remove(CellId(2))).unwrap();
}
