use proptest::prelude::*;

use super::*;
use crate::control::{Change, plan};
use crate::health::Standing;
use crate::take_up::Fleet;
use crate::topology::tests::{fleet_of, region};
use crate::topology::{CellId, Override, OverrideKind, Topology};

const UP: Standing = Standing::Up { share: 255 };

fn routes(topology: Topology) -> Routes {
    Routes::new(&Fleet::new(topology), "north", "")
}

/// Two regions of twelve cells.
fn four_and_twenty() -> Topology {
    fleet_of(vec![region("north", 1..=12, 100), region("south", 21..=32, 100)])
}

fn all_up(routes: &Routes) -> Usable {
    routes.usable(|_| UP, 50)
}

fn ids(routes: &Routes, usable: &Usable, tenant: Tenant) -> Vec<u32> {
    routes.shard(usable, tenant).map(|place| routes.at(place).id.0).collect()
}

/// A topology of some regions with some cells each, and how many cells a tenant sees.
fn fleets() -> impl Strategy<Value = (Topology, usize)> {
    (prop::collection::vec(1_u32..=16, 1..=4), 1_usize..=20).prop_map(|(sizes, cells)| {
        let names = ["north", "south", "east", "west"];
        let regions = names.iter().zip(0..).zip(sizes);
        let regions = regions.map(|((name, at), size)| {
            let first = at * 100 + 1;
            region(name, first..first + size, 100)
        });
        (fleet_of(regions.collect()), cells)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_tenant_sees_exactly_its_number_of_cells_or_all_and_those_of_its_region_first(
        (topology, cells) in fleets(),
        hash: u64,
    ) {
        let all = topology.cells().count();
        let own = topology.regions[0].cells.len();
        let routes = routes(topology);
        let usable = all_up(&routes);
        let tenant = Tenant { hash, cells };
        let shard = ids(&routes, &usable, tenant);
        prop_assert_eq!(shard.len(), cells.min(all));
        let near = shard.iter().filter(|&&id| id <= 100).count();
        prop_assert_eq!(near, cells.min(own));
        prop_assert_eq!(&ids(&routes, &usable, tenant), &shard);
        // Nor does any work of it reach another cell.
        for key in (0..300).map(|key: u64| key.wrapping_mul(0x9E37_79B9_7F4A_7C15)) {
            let place = routes.choose_for(&usable, tenant, key, &[]).unwrap();
            prop_assert!(shard.contains(&routes.at(place).id.0));
        }
    }

    #[test]
    fn however_cells_fail_a_tenant_does_not_get_others(
        (topology, cells) in fleets(),
        hash: u64,
        down: u64,
    ) {
        let routes = routes(topology);
        let tenant = Tenant { hash, cells };
        let shard = ids(&routes, &all_up(&routes), tenant);
        // Any of its own cells: what its work can bring about.
        let at = |id| shard.iter().position(|&known| known == id).filter(|at| down >> at & 1 == 1);
        let standing = |id: CellId| at(id.0).map_or(UP, |_| Standing::Gone);
        let usable = routes.usable(standing, 50);
        prop_assert_eq!(ids(&routes, &usable, tenant), shard.clone());
        let (mut tried, left) = (Vec::new(), shard.iter().filter(|&&id| at(id).is_none()).count());
        while let Some(place) = routes.choose_for(&usable, tenant, hash ^ 5, &tried) {
            prop_assert!(shard.contains(&routes.at(place).id.0));
            tried.push(place);
        }
        prop_assert_eq!(tried.len(), left);
    }

    #[test]
    fn a_new_cell_takes_the_place_of_one_at_most(
        (topology, cells) in fleets(),
        hash: u64,
        zone in 0_usize..3,
    ) {
        prop_assume!(topology.regions[0].cells.len() < crate::topology::CELLS_MAX);
        let mut new = topology.regions[0].cells[0].clone();
        new.id = CellId(99);
        new.zone = ["a", "b", "c"][zone].to_owned();
        new.address.set_port(9);
        let change = Change::Add { region: "north".to_owned(), cell: new };
        let grown = plan(&Fleet::new(topology.clone()), &[change]).unwrap().fleet.topology;
        let (before, after) = (routes(topology), routes(grown));
        let tenant = Tenant { hash, cells };
        let before = ids(&before, &all_up(&before), tenant);
        let after = ids(&after, &all_up(&after), tenant);
        let gone = before.iter().filter(|id| !after.contains(id)).count();
        let come: Vec<_> = after.iter().filter(|id| !before.contains(id)).collect();
        prop_assert!(gone <= 1 && come.iter().all(|&&id| id == 99), "{before:?} {after:?}");
    }
}

/// All shards, each with how many tenants of so many have it.
fn shards(
    routes: &Routes,
    cells: usize,
    tenants: u64,
) -> std::collections::BTreeMap<Vec<u32>, u64> {
    let usable = all_up(routes);
    let mut counts = std::collections::BTreeMap::new();
    for hash in (0..tenants).map(|tenant| xxh3_64_with_seed(&tenant.to_le_bytes(), 7)) {
        *counts.entry(ids(routes, &usable, Tenant { hash, cells })).or_default() += 1;
    }
    counts
}

#[test]
fn two_tenants_seldom_have_the_same_cells_and_every_cell_has_as_many_tenants() {
    // Twelve cells in three zones, four of them: two of one zone and one of each other, which is
    // 3 x C(4,2) x 4 x 4 = 288 shards in each of two regions; the edge's own region counts.
    let counts = shards(&routes(four_and_twenty()), 4, 100_000);
    assert_eq!(counts.len(), 288);
    let pairs = |count: u64| count * (count - 1) / 2;
    let same: u64 = counts.values().map(|&count| pairs(count)).sum();
    let share = same as f64 / pairs(100_000) as f64;
    println!("two of 24 cells' tenants share all four: 1 in {:.0}, expected 1 in 288", 1.0 / share);
    assert!((0.9..1.1).contains(&(share * 288.0)), "{share}");
    for cell in 1..=12 {
        let seen: u64 =
            counts.iter().filter(|(shard, _)| shard.contains(&cell)).map(|(_, count)| count).sum();
        assert!((32_500..34_200).contains(&seen), "cell {cell} is in {seen} of 100,000 shards");
    }
    // Six cells, three of them: one of each zone.
    let small = shards(&routes(fleet_of(vec![region("north", 1..=6, 100)])), 3, 10_000);
    assert_eq!(small.len(), 8);
}

#[test]
fn a_new_cell_changes_few_shards() {
    let before = routes(fleet_of(vec![region("north", 1..=11, 100)]));
    let after = routes(fleet_of(vec![region("north", 1..=12, 100)]));
    let (old, new) = (all_up(&before), all_up(&after));
    let changed = (0..10_000_u64).filter(|tenant| {
        let tenant = Tenant { hash: tenant.wrapping_mul(0x9E37_79B9_7F4A_7C15), cells: 4 };
        ids(&before, &old, tenant) != ids(&after, &new, tenant)
    });
    // It is in a third of all shards then.
    let changed = changed.count();
    assert!((3_000..3_700).contains(&changed), "{changed}");
}

#[test]
fn no_zone_takes_a_whole_shard_with_it() {
    let routes = routes(four_and_twenty());
    let usable = all_up(&routes);
    for hash in (0..500_u64).map(|hash| hash << 40) {
        let shard = ids(&routes, &usable, Tenant { hash, cells: 3 });
        let mut zones: Vec<u32> = shard.iter().map(|id| (id - 1) % 3).collect();
        zones.sort_unstable();
        assert_eq!(zones, [0, 1, 2], "{shard:?}");
    }
}

#[test]
fn the_loss_of_a_region_that_one_tenant_cannot_ruin_sends_it_to_the_next() {
    let two = fleet_of(vec![region("north", 1..=6, 100), region("south", 21..=26, 100)]);
    let routes = routes(two);
    let tenant = Tenant { hash: 5, cells: 3 };
    let north_is_lost = routes.usable(|id| if id.0 < 20 { Standing::Gone } else { UP }, 50);
    let chosen = |key| routes.choose_for(&north_is_lost, tenant, key, &[]);
    let cells: std::collections::BTreeSet<u32> =
        (0..999_u64).filter_map(|key| Some(routes.at(chosen(key << 50)?).id.0)).collect();
    assert_eq!(cells.len(), 3);
    assert!(cells.iter().all(|&cell| cell > 20));
    // With no more cells than a shard has, it may have done it itself.
    let small = fleet_of(vec![region("north", 1..=2, 100), region("south", 21..=26, 100)]);
    let routes = Routes::new(&Fleet::new(small), "north", "");
    let north_is_lost = routes.usable(|id| if id.0 < 20 { Standing::Gone } else { UP }, 50);
    let shard = ids(&routes, &north_is_lost, tenant);
    assert_eq!(shard, ids(&routes, &all_up(&routes), tenant));
    assert_eq!(shard.len(), 3);
}

#[test]
fn a_draining_cell_is_in_no_shard_and_another_takes_its_place() {
    let fleet = Fleet::new(four_and_twenty());
    let drained = plan(&fleet, &[Change::Drain(CellId(4))]).unwrap().fleet;
    let drained = Routes::new(&drained, "north", "");
    let usable = all_up(&drained);
    for hash in (0..200_u64).map(|hash| hash << 33) {
        let shard = ids(&drained, &usable, Tenant { hash, cells: 4 });
        assert!(shard.len() == 4 && !shard.contains(&4), "{shard:?}");
    }
}

#[test]
fn work_that_lost_its_cell_stays_in_the_shard() {
    let routes = routes(four_and_twenty());
    let tenant = Tenant { hash: 9, cells: 3 };
    let shard = ids(&routes, &all_up(&routes), tenant);
    let usable = routes.usable(|id| if id.0 == shard[0] { Standing::Gone } else { UP }, 50);
    for work in 0..300 {
        let home = routes.rehome_for(&usable, (Some(tenant), None), work, &[]).unwrap();
        assert!(shard[1..].contains(&routes.at(home).id.0));
        let home = routes.rehome_for(&usable, (None, None), work, &[]);
        assert_eq!(home, routes.rehome(&usable, work, &[]));
    }
}

#[test]
fn a_tenant_goes_by_its_own_override_and_who_is_quarantined_stays_so() {
    let (tenant, visit) = (Tenant { hash: 77 << 48, cells: 3 }, 500_u64 << 48);
    let entry = |kind, bucket, cell| Override { kind, first: bucket, last: bucket, cell };
    let mut topology = four_and_twenty();
    // A cell of weight 0 sees nothing but what it is told to.
    topology.cell_mut(CellId(32)).unwrap().weight = 0;
    topology = fleet_of(topology.regions);
    topology.overrides = vec![
        entry(OverrideKind::Quarantine, 77, CellId(32)),
        entry(OverrideKind::Pinned, 500, CellId(21)),
    ];
    let routes = routes(topology);
    let up = all_up(&routes);
    let at = |place: Option<Place>| place.map(|place| routes.at(place).id.0);
    // Where its routing key would be pinned, the tenant's quarantine counts.
    assert_eq!(at(routes.choose_for(&up, tenant, visit, &[])), Some(32));
    assert_eq!(at(routes.choose(&up, visit, &[])), Some(21));
    let other = Tenant { hash: 78 << 48, ..tenant };
    assert!(at(routes.choose_for(&up, other, visit, &[])).is_some_and(|cell| cell < 20));
    let lost = routes.usable(|id| if id.0 == 32 { Standing::Gone } else { UP }, 50);
    assert_eq!(at(routes.choose_for(&lost, tenant, visit, &[])), None);
    assert_eq!(at(routes.rehome_for(&lost, (Some(tenant), None), 5, &[])), None);
    assert_eq!(at(routes.rehome_for(&lost, (None, Some(tenant.hash)), 5, &[])), None);
    assert_eq!(at(routes.rehome_for(&up, (None, Some(visit)), 5, &[])), Some(21));
}

#[test]
fn without_a_number_a_tenant_sees_all_cells() {
    let routes = routes(four_and_twenty());
    let usable = all_up(&routes);
    let tenant = Tenant { hash: 3, cells: 0 };
    assert_eq!(ids(&routes, &usable, tenant).len(), 24);
    for key in (0..99_u64).map(|key| key << 55) {
        let place = routes.choose(&usable, key, &[]);
        assert_eq!(routes.choose_for(&usable, tenant, key, &[]), place);
    }
}
