//! How a WebSocket ends that nobody closes: nothing is left of it, and whoever is still there is told.

use std::time::Duration;

use futures_util::SinkExt;
use runtime::Limited;
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::websockets::{Client, next, open, says, until_nothing_is_left};
use crate::world::{Mood, World};

/// How often WebSockets ended so.
async fn ended(world: &World, how: &str) -> u64 {
    world.seen().await["websockets"]["ended"][how].as_u64().unwrap()
}

/// Waits for the edge to say goodbye.
async fn is_told_to_go(client: &mut Client) {
    match next(client).await {
        Some(Ok(Message::Close(Some(close)))) => assert_eq!(close.code, CloseCode::Away),
        other => panic!("{other:?}"),
    }
    // The answer to that is written when more is read.
    while next(client).await.is_some() {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_vanishes_leaves_nothing_behind() {
    let world = World::start().await;
    for path in ["/ws/echo", "/ws/hello", "/ws/closes"] {
        let mut client = open(&world, path).await;
        if path == "/ws/echo" {
            assert_eq!(says(&mut client, "here").await, Message::text("here"));
        }
        drop(client);
    }
    until_nothing_is_left(&world).await;
    assert_eq!(world.seen().await["websockets"]["opened"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cell_that_breaks_off_is_seen_as_that() {
    let world = World::start().await;
    let mut client = open(&world, "/ws/vanishes").await;
    client.send(Message::text("go")).await.unwrap();
    assert!(next(&mut client).await.unwrap().is_err(), "an end without a close is none");
    drop(client);
    until_nothing_is_left(&world).await;

    let mut client = open(&world, "/kept/2/7/echo").await;
    assert_eq!(says(&mut client, "here").await, Message::text("here"));
    world.cell(2).die().await;
    assert!(next(&mut client).await.unwrap().is_err(), "an end without a close is none");
    drop(client);
    until_nothing_is_left(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_while_a_cell_thinks_leaves_nothing_behind() {
    let world = World::start_with(|settings| settings.answer_ms = Limited::literal(600_000)).await;
    world.cell(2).is(Mood::Hangs);
    let asked = open(&world, "/kept/2/7/echo");
    let left = tokio::time::timeout(Duration::from_millis(200), asked).await;
    assert!(left.is_err(), "a cell that hangs opens nothing");
    until_nothing_is_left(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_on_which_nothing_passes_is_closed_on_both_sides() {
    let world = World::start_with(|settings| {
        settings.websockets.idle_ms = Limited::literal(300);
    })
    .await;
    let mut client = open(&world, "/kept/1/7/echo").await;
    is_told_to_go(&mut client).await;
    until_nothing_is_left(&world).await;
    assert_eq!(ended(&world, "idle").await, 1);
    world.until(async || world.cell(1).sockets.code() == 1_001).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_old_is_closed_however_much_passes() {
    let world = World::start_with(|settings| {
        settings.websockets.total_s = Limited::literal(1);
    })
    .await;
    let mut client = open(&world, "/ws/echo").await;
    let told = loop {
        // What is written after the goodbye is refused by our own side.
        let _ = client.send(Message::text("still here")).await;
        match next(&mut client).await.unwrap().unwrap() {
            Message::Text(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            other => break other,
        }
    };
    let Message::Close(Some(close)) = told else { panic!("{told:?}") };
    assert_eq!(close.code, CloseCode::Away);
    drop(client);
    until_nothing_is_left(&world).await;
    assert_eq!(ended(&world, "old").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_is_deaf_holds_up_nothing_for_longer_than_the_quiet_time() {
    let world = World::start_with(|settings| {
        settings.websockets.idle_ms = Limited::literal(500);
    })
    .await;
    let mut client = open(&world, "/kept/1/7/deaf").await;
    let flood = async {
        // Until neither the edge nor the kernels take any more.
        while client.send(Message::binary(vec![1; 1 << 20])).await.is_ok() {}
    };
    tokio::time::timeout(Duration::from_secs(60), flood).await.expect("it takes for ever");
    world.until(async || ended(&world, "idle").await == 1).await;
    assert_eq!(world.seen().await["websockets"]["open"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_its_cell_is_found_gone_the_client_is_told_and_can_go_elsewhere() {
    let world = World::start().await;
    let mut client = open(&world, "/kept/2/7/echo").await;
    assert_eq!(says(&mut client, "here").await, Message::text("here"));
    world.cell(2).is(Mood::Stopped);
    is_told_to_go(&mut client).await;
    world.until(async || ended(&world, "cell_gone").await == 1).await;
    let mut client = open(&world, "/kept/2/7/echo").await;
    assert_eq!(says(&mut client, "there").await, Message::text("there"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_that_stops_lets_them_end_by_themselves() {
    let world = World::start_with(|settings| {
        settings.websockets.drain_ms = Limited::literal(60_000);
    })
    .await;
    let mut client = open(&world, "/kept/1/7/echo").await;
    let (tasks, shutdown) = &world.running;
    shutdown.begin();
    for _ in 0..10 {
        assert_eq!(says(&mut client, "still here").await, Message::text("still here"));
    }
    client.close(None).await.unwrap();
    while next(&mut client).await.is_some() {}
    assert!(tasks.drain(Duration::from_secs(30)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_that_has_waited_long_enough_tells_both_sides_and_stops() {
    let world = World::start_with(|settings| {
        settings.websockets.drain_ms = Limited::literal(200);
    })
    .await;
    let mut client = open(&world, "/kept/2/7/echo").await;
    let (tasks, shutdown) = &world.running;
    shutdown.begin();
    is_told_to_go(&mut client).await;
    assert!(tasks.drain(Duration::from_secs(30)).await);
    world.until(async || world.cell(2).sockets.code() == 1_001).await;
}
