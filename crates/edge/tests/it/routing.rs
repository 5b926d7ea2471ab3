//! Which cell a request goes to.

use std::sync::atomic::Ordering;

use fleet::CellId;
use fleet::control::{Change, plan};
use runtime::Limited;

use crate::world::{Mood, World};

#[tokio::test]
async fn new_work_goes_where_the_table_says_and_the_answer_names_the_cell() {
    let world = World::start().await;
    let table = &world.fleet.table.regions()[0];
    for key in (0..65_000).step_by(5_000) {
        let wanted = table.first(key as u16).unwrap();
        assert_eq!(CellId(world.cell_of_key(key).await), wanted);
    }
}

#[tokio::test]
async fn work_without_a_key_spreads_by_chance() {
    let world = World::start().await;
    let mut counts = [0; 4];
    for _ in 0..60 {
        counts[world.get("/new").await.cell() as usize] += 1;
    }
    assert!(counts[1..].iter().all(|&count| count > 3), "{counts:?}");
}

#[tokio::test]
async fn kept_work_goes_to_its_cell_also_when_it_drains_and_new_work_does_not() {
    let world = World::start().await;
    let key = world.key_for(2);
    assert_eq!(world.cell_of_key(key).await, 2);
    world.control.offer(&plan(&world.fleet, &[Change::Drain(CellId(2))]).unwrap().fleet);
    world.until(|| async { world.edge.version() == Some(2) }).await;
    assert_ne!(world.cell_of_key(key).await, 2);
    for cell in 1..=3 {
        assert_eq!(world.get(&format!("/kept/{cell}/7")).await.cell(), cell);
    }
}

#[tokio::test]
async fn a_request_reaches_the_cell_without_what_belongs_to_its_connection() {
    let world = World::start().await;
    let sent = [
        ("connection", "x-gone"),
        ("x-gone", "1"),
        ("x-forwarded-for", "9.9.9.9"),
        ("x-request-id", "abc"),
    ];
    let got = world.call("GET", "/headers", &sent).await;
    let line = |name: &str| got.text.lines().find(|line| line.starts_with(name));
    assert_eq!(line("x-gone"), None);
    assert_eq!(line("x-forwarded-for"), Some("x-forwarded-for: 127.0.0.1"));
    assert_eq!(line("x-request-id"), Some("x-request-id: abc"));
    assert!(line("traceparent: 00-").is_some_and(|trace| trace.len() == 13 + 55), "{}", got.text);
    assert_eq!(line("host"), Some(format!("host: {}", world.address).as_str()));
    assert!(!got.headers.contains_key("x-own") && !got.headers.contains_key("connection"));
    assert_eq!(got.headers["x-request-id"], "abc");
}

#[tokio::test]
async fn the_operator_sees_the_cells_and_nobody_else_does() {
    let world = World::start().await;
    assert_eq!(world.get("/v1/fleet").await.status, 401);
    let seen = world.call("GET", "/v1/fleet", &[("x-operator", "1")]).await;
    let seen: serde_json::Value = serde_json::from_str(&seen.text).unwrap();
    assert_eq!(seen["cells"].as_array().map(Vec::len), Some(3));
    assert_eq!(seen["cells"][0]["standing"], "up");
    assert_eq!(seen["capacity"][0]["holds"], true);
    assert_eq!(world.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn a_cell_is_asked_over_http_2_and_many_requests_share_one_connection() {
    let world = World::start_with(|settings| settings.answer_ms = Limited::literal(60_000)).await;
    assert_eq!(world.get("/version").await.text, "HTTP/2.0");
    let before = world.cell(1).seen.load(Ordering::SeqCst);
    // One that nobody answers does not hold up the next on the same connection.
    let hanging = async {
        world.cell(1).is(Mood::Hangs);
        world.get("/kept/1/1").await
    };
    let others = async {
        let cell = world.cell(1);
        world.until(|| async { cell.seen.load(Ordering::SeqCst) > before }).await;
        cell.is(Mood::Well);
        world.get("/kept/1/2").await.text
    };
    tokio::select! {
        biased;
        _ = hanging => panic!("it hangs"),
        text = others => assert_eq!(text, "cell-1"),
    }
}
