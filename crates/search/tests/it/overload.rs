//! With more to do than can be done in time, new searches wait outside; those within go on.

use std::sync::Arc;
use std::time::Duration;

use runtime::{Lateness, Limited, Priority};
use search::{Engine, SearchError, Status};

use crate::world::{Seller, World, display, finish, request, within};

const PLACES: [&str; 6] = ["SIN", "JFK", "LAX", "HKG", "SYD", "DXB"];
const RETRY_AFTER: Duration = Duration::from_secs(2);

async fn world() -> World {
    World::with(vec![Seller::new("good", &[(7, 600, 1_500, 20_000)])]).await
}

fn window(least: Duration) -> Lateness {
    Lateness { least, window: Duration::from_millis(100) }
}

/// Makes an engine believe that it has been late for five seconds.
fn be_late(engine: &Engine) {
    for _ in 0..50 {
        engine.on_lateness(window(Duration::from_secs(1)));
    }
}

/// Asks for one place after the other until one is refused; gives the refusal.
async fn refusal(engine: &Arc<Engine>) -> Option<SearchError> {
    for place in PLACES {
        be_late(engine);
        if let Err(error) = within(engine.create(request("EDI", place), display())).await {
            return Some(error);
        }
    }
    None
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cell_that_is_late_refuses_new_searches_and_takes_them_again_when_it_has_caught_up() {
    let world = world().await;
    let engine = world.engine(|_| ());
    assert_eq!(refusal(&engine).await, Some(SearchError::Overloaded { retry_after: RETRY_AFTER }));
    for _ in 0..100 {
        engine.on_lateness(window(Duration::ZERO));
    }
    for place in PLACES {
        let opened = within(engine.create(request("EDI", place), display())).await.unwrap();
        finish(&engine, &opened.token).await;
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_cell_goes_on_with_its_searches_and_begins_lost_ones_again() {
    let world = world().await;
    let (engine, other) = (world.engine(|_| ()), world.engine(|_| ()));
    let own = within(engine.create(request("EDI", "SIN"), display())).await.unwrap();
    let lost = within(other.create(request("EDI", "JFK"), display())).await.unwrap();
    assert!(refusal(&engine).await.is_some());
    for token in [own.token, lost.token] {
        be_late(&engine);
        let (_, snapshot) = finish(&engine, &token).await;
        assert_eq!((snapshot.status, snapshot.merged.itineraries().len()), (Status::Complete, 1));
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_that_is_being_asked_is_shared_by_a_late_cell_too() {
    let world = world().await;
    let engine = world.engine(|settings| settings.fresh_ms = Limited::literal(60_000));
    within(engine.create(request("EDI", "SIN"), display())).await.unwrap();
    assert!(refusal(&engine).await.is_some());
    let to_singapore = || {
        let asks = world.seen.asks_of("good");
        asks.iter()
            .filter(|ask| ask.legs[0].destinations.iter().any(|code| code.to_string() == "SIN"))
            .count()
    };
    for _ in 0..20 {
        be_late(&engine);
        let shared = within(engine.create(request("EDI", "SIN"), display())).await.unwrap();
        finish(&engine, &shared.token).await;
    }
    assert_eq!(to_singapore(), 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_cell_refuses_machines_before_people() {
    let world = world().await;
    let engine = world.engine(|_| ());
    engine.on_lateness(window(Duration::from_secs(1)));
    for place in ["SIN", "JFK", "LAX"] {
        within(engine.create(request("EDI", place), display())).await.unwrap();
    }
    let as_bot = |place| engine.create_as(Priority::Bot, request("EDI", place), display());
    // What comes first and alone is let in.
    within(as_bot("HKG")).await.unwrap();
    let refused = within(as_bot("SYD")).await.unwrap_err();
    assert_eq!(refused, SearchError::Overloaded { retry_after: RETRY_AFTER });
    within(engine.create(request("EDI", "SYD"), display())).await.unwrap();
    world.stop().await;
}
