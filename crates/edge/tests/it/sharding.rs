//! Work of an API key reaches few cells, whatever it does to them.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use runtime::Limited;

use crate::world::World;

/// A world in which a tenant sees two of three cells.
async fn world() -> World {
    World::start_with(|settings| settings.shards.cells_per_key = Limited::literal(2)).await
}

/// The cells that work of a tenant gets to.
async fn cells_of(world: &World, tenant: u64, path: &str) -> BTreeSet<u32> {
    let mut cells = BTreeSet::new();
    for at in 0..24 {
        let path = path.replace('*', &at.to_string());
        let got = world.call("GET", &path, &[("x-tenant", &tenant.to_string())]).await;
        assert_eq!(got.status, 200);
        cells.insert(got.cell());
    }
    cells
}

/// Two tenants with other cells.
async fn two_tenants(world: &World) -> (u64, u64) {
    let first = cells_of(world, 1, "/new").await;
    for tenant in 2..99 {
        if cells_of(world, tenant, "/new").await != first {
            return (1, tenant);
        }
    }
    panic!("all have the same cells")
}

#[tokio::test]
async fn a_key_whose_work_ruins_cells_reaches_no_others_and_the_other_keys_are_served() {
    let world = world().await;
    let (poisonous, other) = two_tenants(&world).await;
    let shard = cells_of(&world, poisonous, "/new").await;
    assert_eq!(shard.len(), 2);
    let out_of_reach = (1..=3).find(|cell| !shard.contains(cell)).unwrap();
    let seen = || world.cell(out_of_reach).seen.load(Ordering::SeqCst);
    let name = poisonous.to_string();
    for _ in 0..60 {
        let before = seen();
        let got = world.call("GET", "/poison", &[("x-tenant", &name)]).await;
        assert!([502, 503].contains(&got.status), "{got:?}");
        assert_eq!(seen(), before, "poison came to cell {out_of_reach}");
        let served = world.call("GET", "/new", &[("x-tenant", &other.to_string())]).await;
        assert_eq!(served.status, 200);
        assert_eq!(world.get("/new").await.status, 200);
    }
}

#[tokio::test]
async fn what_may_be_kept_is_asked_within_the_shard_too_and_kept_work_of_its_cell() {
    let world = world().await;
    let shard = cells_of(&world, 7, "/new").await;
    assert_eq!(cells_of(&world, 7, "/pages/*").await, shard);
    for cell in 1..=3 {
        let path = format!("/kept/{cell}/5");
        assert_eq!(cells_of(&world, 7, &path).await, [cell].into());
    }
    // Its cell gone, it stays within the shard.
    let lost = *shard.first().unwrap();
    world.cell(lost).die().await;
    let home = cells_of(&world, 7, &format!("/kept/{lost}/*")).await;
    assert!(home.is_subset(&shard) && !home.contains(&lost), "{home:?} of {shard:?}");
}

#[tokio::test]
async fn switched_off_a_key_reaches_every_cell() {
    let off =
        |settings: &mut edge::EdgeSettings| settings.shards.cells_per_key = Limited::literal(0);
    let world = World::start_with(off).await;
    assert_eq!(cells_of(&world, 7, "/new").await.len(), 3);
}
