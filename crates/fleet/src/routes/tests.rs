use super::*;
use crate::BUCKETS;
use crate::control::{Change, plan};
use crate::topology::tests::{fleet_of, region};
use crate::topology::{Override, Topology};

const UP: Standing = Standing::Up { share: 255 };

fn two_regions() -> Topology {
    fleet_of(vec![region("north", 1..=6, 100), region("south", 11..=13, 100)])
}

struct World {
    routes: Routes,
    down: Vec<(u32, Standing)>,
}

impl World {
    fn new(topology: Topology, region: &str, zone: &str) -> Self {
        Self { routes: Routes::new(&Fleet::new(topology), region, zone), down: Vec::new() }
    }

    fn usable(&self) -> Usable {
        let standing = |cell: CellId| {
            self.down.iter().find(|&&(id, _)| id == cell.0).map_or(UP, |&(_, standing)| standing)
        };
        self.routes.usable(standing, 50)
    }

    fn chosen(&self, key: u64) -> Option<u32> {
        self.routes.choose(&self.usable(), key, &[]).map(|place| self.routes.at(place).id.0)
    }

    fn all_chosen(&self) -> Vec<Option<u32>> {
        keys().map(|key| self.chosen(key)).collect()
    }

    fn place(&self, id: u32) -> Place {
        self.routes.place_of(CellId(id)).unwrap()
    }
}

/// One key of every 16th bucket.
fn keys() -> impl Iterator<Item = u64> {
    (0..BUCKETS as u64 / 16).map(|bucket| (bucket * 16) << 48 | 7)
}

#[test]
fn work_of_an_edge_without_a_zone_follows_the_table() {
    let fleet = Fleet::new(two_regions());
    let world = World::new(two_regions(), "north", "");
    let table = fleet.table.region("north").unwrap();
    for key in keys() {
        assert_eq!(world.chosen(key), table.first(bucket_of_hash(key)).map(|id| id.0));
    }
}

#[test]
fn the_own_zone_comes_first_then_the_region_and_other_regions_only_when_it_fails() {
    // Zone b of north has cells 2 and 5.
    let mut world = World::new(two_regions(), "north", "b");
    assert!(world.all_chosen().iter().all(|cell| matches!(cell, Some(2 | 5))));
    world.down = vec![(2, Standing::Gone), (5, Standing::NotReady)];
    let elsewhere = world.all_chosen();
    assert!(elsewhere.iter().all(|cell| matches!(cell, Some(1 | 3 | 4 | 6))));
    assert!([1, 3, 4, 6].iter().all(|&cell| elsewhere.contains(&Some(cell))));
    world.down.extend([1, 3, 4, 6].map(|id| (id, Standing::Gone)));
    assert!(world.all_chosen().iter().all(|cell| matches!(cell, Some(11..=13))));
    world.down.extend([11, 12, 13].map(|id| (id, Standing::Gone)));
    assert!(world.all_chosen().iter().all(Option::is_none));
    assert!(!world.usable().any());
}

#[test]
fn what_a_zone_loses_is_carried_by_the_other_zones_not_by_what_is_left_of_it() {
    let lots = |key: u64| (0..256).map(move |lot| key | lot << 8);
    let all_keys = || keys().step_by(16).flat_map(lots);
    let mut loads = [0_u32; 7];
    for zone in ["a", "b", "c"] {
        let mut world = World::new(two_regions(), "north", zone);
        world.down = vec![(2, Standing::Gone)];
        let usable = world.usable();
        for key in all_keys() {
            let place = world.routes.choose(&usable, key, &[]).unwrap();
            loads[world.routes.at(place).id.0 as usize] += 1;
        }
    }
    // Every zone sends the same; five cells are left, and none gets far more than its share.
    let share = loads.iter().sum::<u32>() / 5;
    assert_eq!(loads[2], 0);
    assert!([1, 3, 4, 5, 6].iter().all(|&cell| loads[cell] < share * 11 / 10), "{loads:?}");
}

#[test]
fn a_zone_with_few_cells_keeps_no_more_than_they_are_of_the_region() {
    // Cells 1 and 4 in zone a, 2 and 5 in b, 3 alone in c.
    let world = World::new(fleet_of(vec![region("north", 1..=5, 100)]), "north", "c");
    let usable = world.usable();
    let lots = |key: u64| (0..256).map(move |lot| key | lot << 8);
    let chosen = keys().step_by(64).flat_map(lots);
    let (mut own, mut all) = (0, 0);
    for key in chosen {
        let place = world.routes.choose(&usable, key, &[]).unwrap();
        own += u32::from(world.routes.at(place).id == CellId(3));
        all += 1;
    }
    // Three fifths stay, and none of the rest comes back.
    assert!((58..63).contains(&(own * 100 / all)), "{own} of {all}");
}

#[test]
fn only_the_work_of_a_failed_or_draining_cell_goes_elsewhere() {
    let mut world = World::new(two_regions(), "north", "");
    let before = world.all_chosen();
    world.down = vec![(3, Standing::Gone)];
    let failed = world.all_chosen();
    let fleet = plan(&Fleet::new(two_regions()), &[Change::Drain(CellId(3))]).unwrap().fleet;
    let drained = Routes::new(&fleet, "north", "");
    let up = drained.usable(|_| UP, 50);
    for ((key, before), after) in keys().zip(before).zip(failed) {
        assert_ne!(after, Some(3));
        assert!(before == after || before == Some(3));
        let place = drained.choose(&up, key, &[]).unwrap();
        assert_eq!(Some(drained.at(place).id.0), after);
    }
}

#[test]
fn what_was_tried_is_not_chosen_again() {
    let world = World::new(two_regions(), "north", "");
    let key = 9 << 48;
    let mut tried = Vec::new();
    while let Some(place) = world.routes.choose(&world.usable(), key, &tried) {
        assert!(!tried.contains(&place));
        tried.push(place);
    }
    assert_eq!(tried.len(), 9);
}

#[test]
fn a_cell_in_slow_start_passes_on_what_is_beyond_its_share() {
    let mut world = World::new(fleet_of(vec![region("north", 1..=2, 1)]), "north", "");
    world.down = vec![(1, Standing::Up { share: 63 })];
    // All lots of buckets that come to cell 1 first.
    let all = |key: u64| (0..256).map(move |lot| key & !0xFF | lot);
    let table = Fleet::new(fleet_of(vec![region("north", 1..=2, 1)])).table;
    let firsts =
        keys().filter(|&key| table.regions()[0].first(bucket_of_hash(key)) == Some(CellId(1)));
    let chosen: Vec<_> = firsts.take(20).flat_map(all).map(|key| world.chosen(key)).collect();
    let kept = chosen.iter().filter(|&&cell| cell == Some(1)).count();
    assert_eq!(kept * 4, chosen.len());
    // Alone, it takes everything.
    world.down.push((2, Standing::Gone));
    assert!(world.all_chosen().iter().all(|&cell| cell == Some(1)));
}

#[test]
fn in_a_panic_ejected_cells_are_used_but_never_those_that_are_gone() {
    let mut world = World::new(fleet_of(vec![region("north", 1..=4, 1)]), "north", "");
    world.down = vec![(1, Standing::Ejected), (2, Standing::Ejected)];
    assert!(world.all_chosen().iter().all(|cell| matches!(cell, Some(3 | 4))));
    world.down.push((3, Standing::Gone));
    let chosen = world.all_chosen();
    assert!(chosen.contains(&Some(1)) && chosen.contains(&Some(2)) && !chosen.contains(&Some(3)));
}

#[test]
fn an_override_goes_before_the_table_and_a_quarantine_is_never_broken() {
    let entry = |kind, first, last, cell| Override { kind, first, last, cell: CellId(cell) };
    let mut topology = two_regions();
    topology.overrides = vec![
        entry(OverrideKind::Quarantine, 300, 300, 13),
        entry(OverrideKind::Pinned, 100, 199, 12),
    ];
    let mut world = World::new(topology, "north", "a");
    let in_bucket = |bucket: u64| bucket << 48;
    for (bucket, expected) in [(100, 12), (199, 12), (300, 13)] {
        assert_eq!(world.chosen(in_bucket(bucket)), Some(expected));
    }
    for bucket in [99, 200, 299, 301] {
        assert!(matches!(world.chosen(in_bucket(bucket)), Some(1 | 4)), "zone a");
    }
    world.down = vec![(12, Standing::Gone), (13, Standing::Gone)];
    assert!(matches!(world.chosen(in_bucket(150)), Some(1 | 4)));
    assert_eq!(world.chosen(in_bucket(300)), None);
}

#[test]
fn lost_work_finds_the_same_home_from_every_zone_and_spreads() {
    let mut world = World::new(two_regions(), "north", "a");
    let mut other = World::new(two_regions(), "north", "c");
    for world in [&mut world, &mut other] {
        world.down = vec![(2, Standing::Gone)];
    }
    let mut counts = [0; 7];
    for work in 0..5_000 {
        let home = world.routes.rehome(&world.usable(), work, &[]).unwrap();
        assert_eq!(other.routes.rehome(&other.usable(), work, &[]), Some(home));
        counts[world.routes.at(home).id.0 as usize] += 1;
        // A second loss moves only what was there.
        let tried = world.place(5);
        let next = world.routes.rehome(&world.usable(), work, &[tried]).unwrap();
        assert!(next == home || home == tried);
    }
    assert_eq!(counts[2], 0);
    assert!([1, 3, 4, 5, 6].iter().all(|&cell| (850..1_150).contains(&counts[cell])), "{counts:?}");
}
