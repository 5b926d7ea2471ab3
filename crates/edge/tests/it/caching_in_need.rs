//! Equal requests at once, and answers when cells fail.

use std::time::Duration;

use runtime::Limited;
use tokio::task::JoinSet;

use crate::world::{AnyBody, Mood, Page, StandIn, World, whole};

/// Sends so many equal requests at once; gives what each was told.
async fn at_once(world: &World, count: usize, path: &str) -> Vec<(u16, String)> {
    let mut all = JoinSet::new();
    for _ in 0..count {
        let (client, uri) = world.client_to(path);
        all.spawn(async move {
            let body: AnyBody = whole("");
            let request = http::Request::get(uri).body(body).unwrap();
            let response = client.request(request).await.unwrap();
            let how = response.headers().get("cache-status").map(|how| how.to_str().unwrap());
            (response.status().as_u16(), how.unwrap_or_default().to_owned())
        });
    }
    all.join_all().await
}

fn slow(page: Page) -> Page {
    Page { pause: Duration::from_millis(400), ..page }
}

#[tokio::test]
async fn equal_requests_at_once_ask_a_cell_once() {
    let world = World::start().await;
    world.show(slow(Page::fresh(60)));
    let got = at_once(&world, 30, "/pages/a").await;
    assert_eq!(world.asked(), 1);
    assert!(got.iter().all(|(status, _)| *status == 200));
    assert_eq!(got.iter().filter(|(_, how)| how.ends_with("; collapsed")).count(), 29);
    assert_eq!(world.kept("collapsed").await, 29);
}

#[tokio::test]
async fn those_who_waited_for_an_answer_that_is_nobody_elses_go_themselves() {
    let world = World::start().await;
    world.show(slow(Page::new(&[("cache-control", "private")])));
    let got = at_once(&world, 10, "/pages/a").await;
    assert_eq!(world.asked(), 10);
    assert!(got.iter().all(|(status, how)| *status == 200 && how.ends_with("uri-miss")));
    let errors = Page { status: 500, ..Page::new(&[("cache-control", "no-store")]) };
    world.show(slow(errors));
    let got = at_once(&world, 5, "/pages/b").await;
    assert!(got.iter().all(|(status, _)| *status == 500));
    assert_eq!(world.asked(), 15);
}

#[tokio::test]
async fn only_so_many_wait() {
    let world =
        World::start_with(|settings| settings.cache.waiters_max = Limited::literal(2)).await;
    world.show(slow(Page::fresh(60)));
    at_once(&world, 6, "/pages/a").await;
    assert_eq!((world.asked(), world.kept("not_collapsed").await), (4, 3));
}

#[tokio::test]
async fn when_the_first_leaves_the_others_are_answered_all_the_same() {
    let world = World::start().await;
    world.show(slow(Page::fresh(60)));
    let first = tokio::time::timeout(Duration::from_millis(100), world.get("/pages/a"));
    let others = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        at_once(&world, 10, "/pages/a").await
    };
    let (first, others) = tokio::join!(first, others);
    assert!(first.is_err(), "it was to be given up");
    assert!(others.iter().all(|(status, _)| *status == 200));
    assert!(world.asked() <= 2, "{}", world.asked());
}

#[tokio::test]
async fn when_no_cell_answers_the_old_answer_is_given_for_a_while() {
    let world = World::start().await;
    world.show(Page::new(&[("cache-control", "max-age=0, stale-if-error=60")]));
    world.get("/pages/told").await;
    world.show(Page::fresh(0));
    world.get("/pages/silent").await;
    world.show(Page::new(&[("cache-control", "max-age=0, must-revalidate")]));
    world.get("/pages/strict").await;
    for cell in 1..=3 {
        world.cell(cell).die().await;
    }
    for path in ["/pages/told", "/pages/silent"] {
        let got = world.get(path).await;
        assert_eq!((got.status, got.text.as_str()), (200, "0123456789"), "{path}");
        assert!(got.how().starts_with("fareway-edge; fwd=stale; detail=in-need; ttl="));
    }
    assert_eq!(world.get("/pages/strict").await.status, 503);
    assert_eq!(world.get("/pages/unknown").await.status, 503);
    assert_eq!(world.kept("hits_in_need").await, 2);
    // A cell is back: it is asked again.
    world.show(Page { body: "new".into(), ..Page::fresh(60) });
    let _back = StandIn::start_with(1, world.cell(1).address, &world.pages).await;
    world.until(|| async { world.get("/pages/told").await.text == "new" }).await;
}

#[tokio::test]
async fn an_error_of_a_cell_is_covered_only_where_the_answer_allows_it() {
    let world = World::start().await;
    world.show(Page::new(&[("cache-control", "max-age=0, stale-if-error=60")]));
    world.get("/pages/told").await;
    world.show(Page::fresh(0));
    world.get("/pages/silent").await;
    for cell in 1..=3 {
        world.cell(cell).is(Mood::Says(500));
    }
    let told = world.get("/pages/told").await;
    assert_eq!(told.status, 200);
    assert!(told.how().contains("fwd=stale; fwd-status=500; detail=in-need"), "{}", told.how());
    assert_eq!(world.get("/pages/silent").await.status, 500);
}

#[tokio::test]
async fn a_full_edge_still_gives_what_it_keeps() {
    let world = World::start_with(|settings| {
        settings.requests_max = Limited::literal(8);
        settings.answer_ms = Limited::literal(30_000);
    })
    .await;
    world.show(Page::fresh(60));
    world.get("/pages/a").await;
    world.show(Page { pause: Duration::from_secs(20), ..Page::fresh(60) });
    let mut hanging = JoinSet::new();
    for number in 0..8 {
        let (client, uri) = world.client_to(&format!("/pages/slow?{number}"));
        hanging.spawn(async move {
            let body: AnyBody = whole("");
            let _ = client.request(http::Request::get(uri).body(body).unwrap()).await;
        });
    }
    world.until(|| async { world.in_flight().await == 7 }).await;
    assert_eq!(world.get("/pages/b").await.status, 503);
    assert_eq!(world.get("/pages/a").await.status, 200);
    hanging.abort_all();
}
