//! Topologies: taken up, refused, kept.

use fleet::control::{Change, plan};
use fleet::{CellId, Fleet, Signer};

use crate::world::{World, fleet_of};

#[tokio::test]
async fn an_edge_starts_and_routes_without_the_control_plane_from_what_it_kept() {
    let mut world = World::start().await;
    let weighed = plan(&world.fleet, &[Change::Weight(CellId(1), 300)]).unwrap().fleet;
    world.control.offer(&weighed);
    world.until(|| async { world.edge.version() == Some(2) }).await;
    world
        .until(|| async {
            world
                .disk
                .bytes("topology.json")
                .is_some_and(|kept| kept == world.control.offers.lock().unwrap().0)
        })
        .await;
    world.control.die().await;
    world.restart_edge().await;
    assert_eq!(world.edge.version(), Some(2));
    let table = &weighed.table.regions()[0];
    for key in (0..65_000).step_by(9_000) {
        assert_eq!(Some(CellId(world.cell_of_key(key).await)), table.first(key as u16));
    }
}

#[tokio::test]
async fn what_is_forged_older_or_poisoned_changes_nothing() {
    let world = World::start().await;
    let good = plan(&world.fleet, &[Change::Drain(CellId(1))]).unwrap().fleet;
    world.control.offer(&good);
    world.until(|| async { world.edge.version() == Some(2) }).await;
    let forger = Signer::new(&[1; 32]).unwrap();
    let mut topology = good.topology.clone();
    topology.version = 9;
    let pulls = std::time::Duration::from_millis(300);
    let offers = [
        // By somebody else.
        (forger.sign(&topology).unwrap(), good.table.encode()),
        // The one before.
        (crate::world::signer().sign(&world.fleet.topology).unwrap(), world.fleet.table.encode()),
        // Signed, but with another table than it names.
        {
            let other = Fleet::new(fleet_of(&[(1, world.cell(1).address)]).topology);
            topology.table = other.table.sum();
            (crate::world::signer().sign(&topology).unwrap(), other.table.encode())
        },
        (b"{".to_vec(), Vec::new()),
    ];
    for offer in offers {
        *world.control.offers.lock().unwrap() = offer;
        tokio::time::sleep(pulls).await;
        assert_eq!(world.edge.version(), Some(2));
        assert_eq!(world.get("/new").await.status, 200);
    }
    let next = plan(&good, &[Change::Undrain(CellId(1))]).unwrap().fleet;
    world.control.offer(&next);
    world.until(|| async { world.edge.version() == Some(3) }).await;
}
