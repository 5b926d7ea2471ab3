//! For whom partners' answers come: somebody who waits, or nobody any more.

use std::sync::Arc;
use std::time::Duration;

use search::{AnswersFor, Engine};
use tokio::sync::Notify;

use crate::world::{Manner, Seller, World, display, finish, request, within};

/// Waits until so many parts came.
async fn parts(engine: &Engine, count: u64) -> AnswersFor {
    loop {
        let seen = engine.answers_for();
        if seen.wanted + seen.late + seen.unwatched == count {
            return seen;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn answers_of_a_search_that_nobody_looks_at_any_more_are_counted_apart() {
    let gate = Arc::new(Notify::new());
    let flights = [(7, 600, 800, 20_000), (8, 700, 800, 20_000), (9, 800, 800, 20_000)];
    let seller = Seller::new("good", &flights).with(Manner::InParts(Arc::clone(&gate)));
    let world = World::with(vec![seller]).await;
    let engine = world.engine(|settings| {
        settings.deadline_ms = runtime::Limited::literal(60_000);
    });
    let opened = within(engine.create(request("EDI", "SIN"), display())).await.unwrap();
    gate.notify_one();
    let seen = within(parts(&engine, 1)).await;
    assert_eq!(seen, AnswersFor { wanted: 1, ..AnswersFor::default() });

    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(4)).await;
    tokio::time::resume();
    gate.notify_one();
    let seen = within(parts(&engine, 2)).await;
    assert_eq!(seen, AnswersFor { wanted: 1, unwatched: 1, ..AnswersFor::default() });

    // Who reads its events does not ask again.
    let search = within(engine.find(&opened.token)).await.unwrap();
    let _events = search.subscribe();
    gate.notify_one();
    let seen = within(parts(&engine, 3)).await;
    assert_eq!(seen, AnswersFor { wanted: 2, unwatched: 1, ..AnswersFor::default() });
    gate.notify_one();
    world.stop().await;
}

#[tokio::test]
async fn a_flight_that_departs_while_its_search_is_open_is_shown_no_longer() {
    let world = World::with(vec![Seller::new("good", &[(7, 600, 800, 20_000)])]).await;
    let engine = world.engine(|_| ());
    let opened = within(engine.create(request("EDI", "SIN"), display())).await.unwrap();
    let (token, before) = finish(&engine, &opened.token).await;
    let search = within(engine.find(&token)).await.unwrap();
    assert_eq!(within(search.snapshot()).await.unwrap().version, before.version);
    tokio::time::pause();
    // It departs in sixty days.
    tokio::time::advance(Duration::from_secs(61 * 86_400)).await;
    tokio::time::resume();
    let after = within(search.snapshot()).await.unwrap();
    assert!(after.version > before.version);
    let shown = [&before, &after].map(|snapshot| snapshot.merged.itineraries().len());
    assert_eq!(shown, [1, 0]);
    world.stop().await;
}
