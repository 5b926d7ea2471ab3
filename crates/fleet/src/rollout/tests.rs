mod corpus;
mod world;

use super::*;
use crate::topology::tests::{fleet_of, region};
use world::{Character, World};

fn laptop() -> Topology {
    fleet_of(vec![region("local", 1..=3, 100)])
}

fn regions() -> Topology {
    fleet_of(vec![region("north", 1..=6, 400), region("south", 7..=12, 300)])
}

fn quick() -> RolloutSettings {
    RolloutSettings {
        bake_ms: Limited::literal(60_000),
        warm_up_ms: Limited::literal(5_000),
        requests_min: Limited::literal(100),
        ..RolloutSettings::default()
    }
}

fn begin(topology: &Topology) -> Rollout {
    Rollout::plan(topology, "2", quick(), false, 0).unwrap()
}

#[test]
fn a_good_release_reaches_every_cell_one_by_one_and_none_twice() {
    let mut world = World::new(laptop(), Character::GOOD, 1);
    let mut rollout = begin(&world.topology);
    world.run(&mut rollout, 600);
    assert_eq!(rollout.stage, Stage::Done);
    assert_eq!(world.releases(), ["2", "2", "2"]);
    assert_eq!((world.most_out, world.starts), (1, 3));
    assert!(world.topology.cells().all(|(_, cell)| !cell.draining));
    let notes: Vec<&str> = rollout.notes.iter().map(|(_, note)| &**note).collect();
    assert!(notes.contains(&"wave 1 is in and bakes") && notes.ends_with(&["every cell runs 2"]));
}

#[test]
fn it_never_takes_out_more_than_its_share_of_a_region() {
    let mut world = World::new(regions(), Character::GOOD, 2);
    let mut rollout = begin(&world.topology);
    rollout.settings.out_percent = Limited::literal(34);
    world.run(&mut rollout, 900);
    assert_eq!((rollout.stage, world.starts), (Stage::Done, 12));
    assert_eq!(world.most_out, 2);
}

#[test]
fn a_release_that_does_not_start_stops_at_one_cell() {
    let mut world = World::new(regions(), Character { starts: false, ..Character::GOOD }, 3);
    let mut rollout = begin(&world.topology);
    world.run(&mut rollout, 600);
    let Stage::Returned { why } = &rollout.stage else { panic!("{:?}", rollout.stage) };
    assert_eq!(why, "cell-7 is not ready as 2 after 120 s");
    assert_eq!(world.most_new, 1);
    assert!(world.releases().iter().all(|release| release == "0.1.0"));
}

#[test]
fn a_release_that_fails_stops_at_one_cell_and_all_is_as_before_within_a_minute() {
    let mut world = World::new(regions(), Character { failed: 300, ..Character::GOOD }, 4);
    let mut rollout = begin(&world.topology);
    world.run(&mut rollout, 600);
    let Stage::Returned { why } = &rollout.stage else { panic!("{:?}", rollout.stage) };
    assert!(why.starts_with("failed answers: "), "{why}");
    assert_eq!(world.most_new, 1);
    assert!(world.releases().iter().all(|release| release == "0.1.0"));
    let at =
        |start: &str| rollout.notes.iter().find(|(_, note)| note.starts_with(start)).unwrap().0;
    assert!(at("every cell runs what") - at("going back") <= 60_000);
}

#[test]
fn a_release_that_dies_while_it_bakes_goes_back() {
    let mut world = World::new(laptop(), Character { dies_after: Some(20), ..Character::GOOD }, 5);
    let mut rollout = begin(&world.topology);
    world.run(&mut rollout, 600);
    let Stage::Returned { why } = &rollout.stage else { panic!("{:?}", rollout.stage) };
    assert_eq!(why, "cell-1 was started again by itself");
}

#[test]
fn one_lost_look_is_no_reason_to_go_back_and_a_cell_that_stays_away_is() {
    let mut world = World::new(laptop(), Character::GOOD, 6);
    let mut rollout = begin(&world.topology);
    while !matches!(rollout.stage, Stage::Baking { .. }) {
        world.second(&mut rollout);
    }
    world.hide(CellId(1), 3);
    (0..10).for_each(|_| world.second(&mut rollout));
    assert!(matches!(rollout.stage, Stage::Baking { .. }), "{:?}", rollout.notes);
    world.hide(CellId(1), 30);
    (0..10).for_each(|_| world.second(&mut rollout));
    let Stage::Returning { why, .. } = &rollout.stage else { panic!("{:?}", rollout.stage) };
    assert_eq!(why, "cell-1 was not ready for 5 s");
    // What is away is started again at once: there is nothing to wait for.
    assert_eq!(world.releases()[0], "0.1.0");
}

#[test]
fn the_controller_may_die_after_any_step_and_goes_on_from_what_it_kept() {
    let character = Character { failed: 300, ..Character::GOOD };
    let whole = |dies_at: Option<usize>| {
        let mut world = World::new(laptop(), character, 7);
        let mut rollout = begin(&world.topology);
        for second in 0..600 {
            if dies_at == Some(second) {
                // It was kept and its actions were not done; nobody looks for a while.
                let kept = serde_json::to_vec(&rollout).unwrap();
                let _ = rollout.step(&world.topology, &world.views(), world.now);
                (0..7).for_each(|_| world.pass());
                rollout = serde_json::from_slice(&kept).unwrap();
            }
            world.second(&mut rollout);
        }
        (matches!(rollout.stage, Stage::Returned { .. }), world.releases(), world.most_new)
    };
    let expected = (true, vec!["0.1.0".to_owned(); 3], 1);
    assert_eq!(whole(None), expected);
    for dies_at in (1..90).step_by(3) {
        assert_eq!(whole(Some(dies_at)), expected, "at {dies_at}");
    }
}

#[test]
fn an_operator_turns_it_back_from_any_wave() {
    let mut world = World::new(regions(), Character::GOOD, 8);
    let mut rollout = begin(&world.topology);
    while rollout.wave < 2 {
        world.second(&mut rollout);
    }
    (0..40).for_each(|_| world.second(&mut rollout));
    rollout.turn_back("told to", world.now);
    world.run(&mut rollout, 600);
    assert_eq!(rollout.stage, Stage::Returned { why: "told to".to_owned() });
    assert!(world.releases().iter().all(|release| release == "0.1.0"));
    rollout.turn_back("again", world.now);
    assert_eq!(rollout.stage, Stage::Returned { why: "told to".to_owned() });
}

#[test]
fn a_cell_that_an_operator_drained_stays_drained_and_counts_as_out() {
    let mut world = World::new(laptop(), Character::GOOD, 9);
    world.topology.cell_mut(CellId(2)).unwrap().draining = true;
    let mut rollout = begin(&world.topology);
    // Cell 1 would be a second one of three that is out.
    (0..60).for_each(|_| world.second(&mut rollout));
    assert_eq!(world.releases(), ["0.1.0", "0.1.0", "0.1.0"]);
    world.topology.cell_mut(CellId(2)).unwrap().draining = false;
    rollout.drained_before.clear();
    world.run(&mut rollout, 600);
    assert_eq!((rollout.stage, world.releases()), (Stage::Done, vec!["2".to_owned(); 3]));
}

#[test]
fn a_bake_waits_for_the_requests_it_needs_and_says_so_once() {
    let mut world = World::new(laptop(), Character::GOOD, 10);
    world.requests = 0;
    let mut rollout = begin(&world.topology);
    (0..300).for_each(|_| world.second(&mut rollout));
    assert!(matches!(rollout.stage, Stage::Baking { .. }));
    let held: Vec<_> = rollout.notes.iter().filter(|(_, note)| note.starts_with("held")).collect();
    assert_eq!(held.len(), 1);
    assert_eq!(held[0].1, "held: 0 of 100 requests that a bake needs");
    world.requests = 20;
    world.run(&mut rollout, 600);
    assert_eq!(rollout.stage, Stage::Done);
}

#[test]
fn a_bake_shows_what_it_is_judged_by_before_the_verdict() {
    let mut world = World::new(laptop(), Character { failed: 300, ..Character::GOOD }, 14);
    let mut rollout = begin(&world.topology);
    assert_eq!(rollout.watched(&world.views()), None);
    let mut last = None;
    while !matches!(rollout.stage, Stage::Returning { .. }) {
        world.second(&mut rollout);
        last = rollout.watched(&world.views()).or(last);
    }
    let last = last.unwrap();
    let failed = last.compared.iter().find(|one| one.question == judge::Question::Failed).unwrap();
    assert!(last.requests > 0 && failed.is_worse(), "{last:?}");
    assert!(failed.new >= failed.limit && failed.old < failed.limit, "{failed:?}");
    let Stage::Returning { why, .. } = &rollout.stage else { panic!("it goes back") };
    assert!(why.starts_with(failed.question.name()), "{why}");
}

#[test]
fn nothing_to_do_and_mixed_releases_are_said() {
    let mut topology = laptop();
    let plan = |topology: &Topology, force| Rollout::plan(topology, "2", quick(), force, 0);
    topology.cell_mut(CellId(1)).unwrap().version = "2".to_owned();
    let error = plan(&topology, false).unwrap_err().to_string();
    assert_eq!(
        error,
        "cells run different releases (0.1.0, 2); bring them to one first, with force"
    );
    assert_eq!(plan(&topology, true).unwrap().from.len(), 2);
    topology.regions[0].cells.iter_mut().for_each(|cell| cell.version = "2".to_owned());
    assert_eq!(plan(&topology, false).unwrap_err().to_string(), "every cell runs 2 already");
}

#[test]
fn a_cell_that_is_removed_meanwhile_holds_nothing_up() {
    let mut world = World::new(laptop(), Character::GOOD, 12);
    let mut rollout = begin(&world.topology);
    world.topology.regions[0].cells.remove(2);
    world.run(&mut rollout, 600);
    assert_eq!((rollout.stage, world.releases()), (Stage::Done, vec!["2".to_owned(); 2]));
}

#[test]
fn going_back_waits_for_no_cell_that_it_never_touched_and_leaves_drains_of_others_alone() {
    let mut world = World::new(regions(), Character { failed: 300, ..Character::GOOD }, 13);
    let mut rollout = begin(&world.topology);
    while !matches!(rollout.stage, Stage::Baking { .. }) {
        world.second(&mut rollout);
    }
    world.topology.cell_mut(CellId(2)).unwrap().draining = true;
    world.hide(CellId(3), 10_000);
    world.run(&mut rollout, 300);
    assert!(matches!(rollout.stage, Stage::Returned { .. }), "{:?}", rollout.notes);
    assert!(world.topology.cell(CellId(2)).unwrap().draining);
}
