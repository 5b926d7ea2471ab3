//! Two tickets of two partners that know nothing of each other become one marked combination.

use domain::Transfer;
use search::{SearchSettings, Status, self_transfer::choose_hub};

use crate::world::{Seller, World, display, finish, ledger, request, within};

fn with_combinations(settings: &mut SearchSettings) {
    settings.self_transfer.enabled = true;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_tickets_become_one_marked_combination_with_both_sellers() {
    // Where the hub lies is the engine's choice; the partners fly wherever they are asked.
    let world = World::with(vec![
        Seller::new("early", &[(1, 300, 150, 5_000)]),
        Seller::new("late", &[(2, 1_200, 900, 40_000)]),
    ])
    .await;
    let engine = world.engine(with_combinations);
    let opened = within(engine.create(request("EDI", "SIN"), display())).await.unwrap();
    let (_, snapshot) = finish(&engine, &opened.token).await;
    assert_eq!(snapshot.status, Status::Complete);
    assert_eq!(ledger(&snapshot), ["early 1 -", "late 1 -"]);
    let hub = choose_hub(&snapshot.question, atlas::atlas()).unwrap().airports;

    let merged = &snapshot.merged;
    let mut combined = Vec::new();
    for itinerary in merged.itineraries() {
        for option in merged.options(itinerary).iter().filter(|o| merged.is_combination(o)) {
            let leg = merged.legs(itinerary).next().unwrap();
            let stop = leg.segments().next().unwrap().destination;
            let offer = merged.offer(option);
            let mut parts = Vec::new();
            for (index, part) in offer.parts().enumerate() {
                let mut link = String::new();
                snapshot.write_link(itinerary, &offer, index as u8 + 1, &mut link);
                let followed = within(engine.follow(&opened.token, &link)).await.unwrap();
                assert_eq!(followed.address, part.link());
                parts.push((part.agent().to_string(), part.amount()));
            }
            combined.push((stop, offer.transfer(), offer.amount, parts));
        }
    }
    let parts = vec![("early".to_owned(), 5_000), ("late".to_owned(), 40_000)];
    let [(stop, transfer, amount, sold)] = &combined[..] else { panic!("{combined:?}") };
    assert!(hub.contains(stop), "{stop}");
    assert_eq!((*transfer, *amount, sold), (Transfer::SelfTransfer, Some(45_000), &parts));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_with_combinations_still_asks_no_more_partners_than_it_may() {
    let ids = ["p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9", "p10", "p11"];
    let sellers = ids.map(|id| Seller::new(id, &[(1, 300, 150, 5_000)]));
    let world = World::with(sellers.to_vec()).await;
    let engine = world.engine(|settings| {
        with_combinations(settings);
        settings.partners_max = runtime::Limited::literal(8);
    });
    let opened = within(engine.create(request("EDI", "SIN"), display())).await.unwrap();
    let (_, snapshot) = finish(&engine, &opened.token).await;
    let asked = ids.iter().filter(|id| !world.seen.asks_of(id).is_empty()).count();
    assert!(asked <= 8, "{asked} partners were asked");
    assert_eq!(snapshot.progress.asked as usize, asked);
    assert_eq!(snapshot.ledger.rows().count(), ids.len());
    // Six for the whole question, one for each part of the way.
    assert_eq!(world.seen.count(), 8);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn combinations_can_be_switched_off() {
    let world = World::with(vec![Seller::new("one", &[(1, 300, 150, 5_000)])]).await;
    let engine = world.engine(|settings| settings.self_transfer.enabled = false);
    let opened = within(engine.create(request("EDI", "SIN"), display())).await.unwrap();
    finish(&engine, &opened.token).await;
    assert_eq!(world.seen.count(), 1);
    world.stop().await;
}
