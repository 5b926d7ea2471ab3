//! At its limits the engine drops what is finished, refuses what is too much, and leaks nothing.

use std::time::Duration;

use runtime::Limited;
use search::{SearchError, Status};

use crate::world::{Manner, Seller, World, display, finish, ledger, request, within};

const PLACES: [&str; 6] = ["SIN", "JFK", "LAX", "HKG", "SYD", "DXB"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_too_many_running_searches_a_new_one_is_refused() {
    let world = World::with(vec![Seller::new("silent", &[]).with(Manner::Silent)]).await;
    let engine = world.engine(|settings| settings.open_max = Limited::literal(2));
    for place in &PLACES[..2] {
        within(engine.create(request("EDI", place), display())).await.unwrap();
    }
    let refused = within(engine.create(request("EDI", PLACES[2]), display())).await;
    let retry_after = Duration::from_secs(10);
    assert_eq!(refused.unwrap_err(), SearchError::Overloaded { retry_after });
    assert_eq!(engine.load().open, 2);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn finished_searches_make_room_and_come_back_from_their_tokens() {
    let world = World::with(vec![Seller::new("good", &[(7, 600, 1_500, 20_000)])]).await;
    let engine = world.engine(|settings| settings.open_max = Limited::literal(2));
    let mut tokens = Vec::new();
    for place in PLACES {
        let opened = within(engine.create(request("EDI", place), display())).await.unwrap();
        finish(&engine, &opened.token).await;
        tokens.push((opened.token, opened.snapshot.search));
        assert!(engine.load().open <= 2);
    }
    for (token, search) in tokens {
        let (_, snapshot) = finish(&engine, &token).await;
        assert_eq!((snapshot.search, snapshot.status), (search, Status::Complete));
        assert_eq!(snapshot.merged.itineraries().len(), 1);
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_keeps_no_more_offers_than_it_may() {
    let flights: Vec<_> = (1..=150).map(|number| (number, 600, 800, 20_000)).collect();
    let world = World::with(vec![Seller::new("much", &flights)]).await;
    let engine = world.engine(|settings| settings.offers_max = Limited::literal(100));
    let opened = within(engine.create(request("EDI", "SIN"), display())).await.unwrap();
    let (_, snapshot) = finish(&engine, &opened.token).await;
    assert_eq!(ledger(&snapshot), ["much 0 search_full"]);
    assert_eq!(snapshot.merged.option_count(), 0);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_nobody_reads_any_more_ends_and_leaves_nothing() {
    let flights: Vec<_> = (1..=100).map(|number| (number, 600, 800, 20_000)).collect();
    let world = World::with(vec![
        Seller::new("good", &flights).serving(&["EDI", "SIN"]),
        Seller::new("silent", &[]).with(Manner::Silent).serving(&["EDI", "SIN"]),
    ])
    .await;
    let engine = world.engine(|settings| {
        settings.deadline_ms = Limited::literal(200);
        settings.open_max = Limited::literal(1);
    });
    let mut news = {
        // The client goes away and keeps nothing but the wish to hear how it ends.
        let opened = within(engine.create(request("EDI", "SIN"), display())).await.unwrap();
        engine.find(&opened.token).await.unwrap().subscribe()
    };
    // One part, one end, one deadline.
    within(news.wait_for(|version| *version >= 3)).await.unwrap();
    assert!(engine.load().bytes > 0);
    // Another search, which nobody sells, takes its place.
    let other = within(engine.create(request("JFK", "LAX"), display())).await.unwrap();
    assert_eq!((other.snapshot.status, engine.load().open), (Status::Complete, 1));
    within(async {
        // Its last task lets go of it in its own time.
        while engine.load().bytes > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    drop((engine, other));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_ends_running_searches_at_once_and_refuses_new_ones() {
    let world = World::with(vec![Seller::new("silent", &[]).with(Manner::Silent)]).await;
    let engine = world.engine(|_| ());
    let opened = within(engine.create(request("EDI", "SIN"), display())).await.unwrap();
    world.shutdown.begin();
    let (_, snapshot) = finish(&engine, &opened.token).await;
    assert_eq!(snapshot.status, Status::Failed);
    let refused = within(engine.create(request("EDI", "JFK"), display())).await;
    assert_eq!(refused.unwrap_err(), SearchError::Stopping);
    world.stop().await;
}
