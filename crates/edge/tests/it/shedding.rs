//! Who is turned away at the door when not all can be let in, and what they are told.

use std::sync::atomic::Ordering;
use std::time::Duration;

use runtime::Limited;

use crate::world::{Got, Mood, World, whole};

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_asks_too_much_is_told_so_and_may_ask_again_later() {
    let world = World::start_with(|settings| {
        settings.allowance.per_second = Limited::literal(2);
        settings.allowance.burst = Limited::literal(3);
    })
    .await;
    let mut answers: Vec<Got> = Vec::new();
    while answers.last().is_none_or(|got| got.status == 200) {
        assert!(answers.len() < 1_000, "never refused");
        answers.push(world.get("/page").await);
    }
    for got in &answers {
        assert_eq!(got.headers["ratelimit-policy"], "\"client\";q=3;w=2");
        assert!(got.headers["ratelimit"].to_str().unwrap().starts_with("\"client\";r="));
    }
    let refused = answers.last().unwrap();
    assert_eq!((refused.status, refused.headers["retry-after"].to_str().unwrap()), (429, "1"));
    assert!(refused.text.contains("client_limit"), "{}", refused.text);
    // Looks at the edge itself are not counted.
    assert_eq!(world.get("/healthz").await.status, 200);
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(world.get("/page").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_key_that_is_asked_with_too_much_is_refused_and_others_are_not() {
    let world = World::start_with(|settings| {
        settings.allowance.key_per_second = Limited::literal(1);
        settings.allowance.key_burst = Limited::literal(2);
    })
    .await;
    let ask = async |key: &str| world.call("GET", "/new", &[("x-tenant", key)]).await;
    let mut refused = ask("1").await;
    for _ in 0..1_000 {
        if refused.status == 429 {
            break;
        }
        assert_eq!(refused.headers["ratelimit-policy"], "\"key\";q=2;w=2");
        refused = ask("1").await;
    }
    assert!(refused.text.contains("key_limit"), "{}", refused.text);
    assert_eq!(ask("2").await.status, 200);
    let plain = world.get("/page").await;
    assert_eq!((plain.status, plain.headers.contains_key("ratelimit")), (200, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_allowance_nothing_is_said_of_one() {
    let world = World::start().await;
    let got = world.get("/page").await;
    assert_eq!(got.status, 200);
    assert!(!got.headers.contains_key("ratelimit"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_edge_answers_running_searches_when_it_turns_new_ones_away() {
    let world = World::start_with(|settings| {
        settings.requests_max = Limited::literal(16);
        // A machine that is late would turn some away for that.
        settings.late_ms = Limited::literal(10_000);
        settings.answer_ms = Limited::literal(30_000);
    })
    .await;
    for cell in &world.cells {
        cell.is(Mood::Hangs);
    }
    // Fourteen of sixteen are as much as new work may fill.
    let mut hanging = tokio::task::JoinSet::new();
    for _ in 0..14 {
        let (client, uri) = world.client_to("/new");
        hanging.spawn(async move {
            let request = http::Request::post(uri).body(whole("")).unwrap();
            let _ = client.request(request).await;
        });
    }
    // A machine that asked before they are all there would be let in, and hang with them.
    world.until(async || world.in_flight().await == 14).await;
    let refused = world.call("POST", "/new", &[("x-bot", "1")]).await;
    assert_eq!(refused.status, 503);
    let new = world.call("POST", "/new", &[]).await;
    assert_eq!((new.status, new.headers["retry-after"].to_str().unwrap()), (503, "1"));
    assert!(new.text.contains("edge_full"), "{}", new.text);
    for cell in &world.cells {
        cell.is(Mood::Well);
    }
    assert_eq!(world.get("/kept/1/7").await.status, 200);
    hanging.abort_all();
}

#[tokio::test]
async fn what_a_cell_would_refuse_is_mostly_refused_at_the_door_until_it_takes_work_again() {
    let world = World::start().await;
    let all = |mood| world.cells.iter().for_each(|cell| cell.is(mood));
    let seen =
        || -> usize { world.cells.iter().map(|cell| cell.seen.load(Ordering::SeqCst)).sum() };
    all(Mood::Says(429));
    let mut at_the_door = 0;
    for _ in 0..600 {
        let got = world.call("POST", "/refusable", &[]).await;
        assert_eq!(got.status, 429);
        if got.text.contains("cell_overloaded") {
            assert_eq!(got.headers["retry-after"], "1");
            at_the_door += 1;
        }
    }
    // Of what comes after the first 32 of each cell, a tenth is sent.
    assert!(at_the_door >= 200 && at_the_door + seen() >= 600, "{at_the_door} {}", seen());
    // What no cell refuses for want of room is not counted among it, nor is other work of the same key.
    let before = seen();
    assert_eq!(world.get("/kept/1/7").await.text, "told");
    assert_eq!(world.call("POST", "/new", &[]).await.text, "told");
    assert_eq!(seen(), before + 2);
    all(Mood::Well);
    let mut in_a_row = 0;
    for _ in 0..2_000 {
        let got = world.call("POST", "/refusable", &[]).await;
        in_a_row = if got.status == 200 { in_a_row + 1 } else { 0 };
        if in_a_row == 50 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("work is refused that the cells would take");
}
