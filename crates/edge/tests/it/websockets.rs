//! WebSockets through the edge: opened, used, refused, counted.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use hyper_util::rt::{TokioExecutor, TokioIo};
use runtime::Limited;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message};
use tokio_tungstenite::tungstenite::{Error, http};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::world::{World, whole};

pub(crate) type Client = WebSocketStream<TcpStream>;

/// Asks the edge to open one; fails if nothing is answered.
async fn ask(
    world: &World,
    path: &str,
    headers: &[(&'static str, &str)],
) -> Result<(Client, http::Response<Option<Vec<u8>>>), Error> {
    let mut request = format!("ws://{}{path}", world.address).into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    let stream = TcpStream::connect(world.address).await.unwrap();
    let opened = tokio::time::timeout(Duration::from_secs(60), client_async(request, stream));
    opened.await.unwrap()
}

pub(crate) async fn open(world: &World, path: &str) -> Client {
    ask(world, path, &[]).await.unwrap().0
}

/// The answer by which it was not opened.
async fn refused(
    world: &World,
    path: &str,
    headers: &[(&'static str, &str)],
) -> http::Response<Option<Vec<u8>>> {
    match ask(world, path, headers).await {
        Err(Error::Http(answer)) => *answer,
        other => panic!("{other:?}"),
    }
}

/// The next message; fails if none comes.
pub(crate) async fn next(client: &mut Client) -> Option<Result<Message, Error>> {
    tokio::time::timeout(Duration::from_secs(60), client.next()).await.unwrap()
}

pub(crate) async fn says(client: &mut Client, text: &str) -> Message {
    client.send(Message::text(text)).await.unwrap();
    next(client).await.unwrap().unwrap()
}

/// Waits until nothing is left of any WebSocket: at the edge, among its requests, at the cells.
pub(crate) async fn until_nothing_is_left(world: &World) {
    world
        .until(async || {
            let seen = world.seen().await;
            let at_cells: usize =
                world.cells.iter().map(|cell| cell.sockets.open.load(Ordering::SeqCst)).sum();
            let in_flight = |cell: &serde_json::Value| cell["in_flight"] == 0;
            seen["websockets"]["open"] == 0
                && seen["in_flight"] == 0
                && seen["cells"].as_array().unwrap().iter().all(in_flight)
                && at_cells == 0
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_comes_back_whatever_its_size() {
    let world = World::start().await;
    let mut client = open(&world, "/ws/echo").await;
    for size in [0, 1, 125, 126, 1_000, 65_535, 65_536, 1 << 20] {
        for message in [Message::text("t".repeat(size)), Message::binary(vec![0x88; size])] {
            client.send(message.clone()).await.unwrap();
            assert!(next(&mut client).await.unwrap().unwrap() == message, "{size}");
        }
    }
    let seen = world.seen().await;
    assert_eq!((&seen["websockets"]["open"], &seen["in_flight"]), (&1.into(), &1.into()));
    client.close(None).await.unwrap();
    assert!(matches!(next(&mut client).await, Some(Ok(Message::Close(None)))));
    assert!(next(&mut client).await.is_none());
    until_nothing_is_left(&world).await;
    let seen = world.seen().await["websockets"].clone();
    assert_eq!((&seen["opened"], &seen["ended"]["closed"]), (&1.into(), &1.into()));
    assert!(seen["bytes_from_clients"].as_u64() > Some(2 << 20), "{seen}");
    assert!(seen["bytes_to_clients"].as_u64() > Some(2 << 20), "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_messages_pass_both_ways_at_once_through_a_small_buffer() {
    let world = World::start_with(|settings| {
        settings.websockets.buffer_bytes = Limited::literal(1_024);
    })
    .await;
    let (mut to, mut from) = open(&world, "/ws/echo").await.split();
    let said = async {
        for number in 0..2_000_u32 {
            let message = number.to_be_bytes().repeat(1_000);
            to.send(Message::binary(message)).await.unwrap();
        }
    };
    let heard = async {
        for number in 0..2_000_u32 {
            let message = from.next().await.unwrap().unwrap().into_data();
            assert!(message == number.to_be_bytes().repeat(1_000), "{number}");
        }
    };
    tokio::join!(said, heard);
}

#[tokio::test(flavor = "multi_thread")]
async fn pings_and_pongs_pass_both_ways() {
    let world = World::start().await;
    let mut client = open(&world, "/ws/echo").await;
    client.send(Message::Ping("a".into())).await.unwrap();
    assert_eq!(next(&mut client).await.unwrap().unwrap(), Message::Pong("a".into()));
    let mut client = open(&world, "/ws/pings").await;
    assert_eq!(next(&mut client).await.unwrap().unwrap(), Message::Ping("are you there?".into()));
    let told = next(&mut client).await.unwrap().unwrap();
    assert_eq!(told, Message::text("pong: are you there?"));
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_of_a_close_pass_both_ways() {
    let world = World::start().await;
    let mut client = open(&world, "/kept/2/7/echo").await;
    let bye = CloseFrame { code: 4_000.into(), reason: "bye".into() };
    client.close(Some(bye)).await.unwrap();
    while next(&mut client).await.is_some() {}
    until_nothing_is_left(&world).await;
    let told = world.cell(2).sockets.told.lock().unwrap().clone();
    assert_eq!(told, Some((4_000, "bye".to_owned())));

    let mut client = open(&world, "/ws/closes").await;
    let enough = CloseFrame { code: 4_001.into(), reason: "enough".into() };
    assert_eq!(next(&mut client).await.unwrap().unwrap(), Message::Close(Some(enough)));
    while next(&mut client).await.is_some() {}
    until_nothing_is_left(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_and_its_answer_pass_with_what_requests_and_answers_get() {
    let world = World::start().await;
    let asked = [("sec-websocket-protocol", "chat"), ("origin", "https://page"), ("x-own", "1")];
    let (mut client, answer) = ask(&world, "/ws/headers", &asked).await.unwrap();
    assert_eq!(answer.status(), 101);
    assert_eq!(answer.headers()["sec-websocket-protocol"], "chat");
    assert!(answer.headers().contains_key("x-cell"));
    assert!(answer.headers().contains_key("x-request-id"));
    let told = next(&mut client).await.unwrap().unwrap().into_text().unwrap();
    for line in [
        "connection: upgrade",
        "upgrade: websocket",
        "sec-websocket-version: 13",
        "sec-websocket-protocol: chat",
        "origin: https://page",
        "x-own: 1",
        "x-forwarded-for: 127.0.0.1",
        "x-forwarded-proto: http",
        "traceparent: 00-",
    ] {
        assert!(told.lines().any(|told| told.starts_with(line)), "{line} in {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_goes_to_its_cell_and_new_work_by_its_key() {
    let world = World::start().await;
    let cell = |answer: &http::Response<Option<Vec<u8>>>| {
        answer.headers()["x-cell"].to_str().unwrap().to_owned()
    };
    for id in 1..=3 {
        let (_client, answer) = ask(&world, &format!("/kept/{id}/7/echo"), &[]).await.unwrap();
        assert_eq!(cell(&answer), format!("cell-{id}"));
        let key = world.key_for(id).to_string();
        let (_client, answer) = ask(&world, "/ws/echo", &[("x-key", &key)]).await.unwrap();
        assert_eq!(cell(&answer), format!("cell-{id}"));
    }
    world.cell(2).die().await;
    // Its work is begun elsewhere, and what asks for it without a WebSocket is sent there too.
    let (_client, answer) = ask(&world, "/kept/2/7/echo", &[]).await.unwrap();
    let home = cell(&answer);
    assert_ne!(home, "cell-2");
    assert_eq!(format!("cell-{}", world.get("/kept/2/7").await.cell()), home);
    let shards: BTreeSet<String> = {
        let mut seen = BTreeSet::new();
        for _ in 0..6 {
            seen.insert(cell(&ask(&world, "/ws/echo", &[("x-tenant", "5")]).await.unwrap().1));
        }
        seen
    };
    assert!(!shards.contains("cell-2"), "{shards:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_answer_than_101_is_an_ordinary_one() {
    let world = World::start().await;
    let answer = refused(&world, "/ws/refuses", &[]).await;
    assert_eq!(
        (answer.status(), &answer.headers()["x-why"]),
        (http::StatusCode::FORBIDDEN, &"because".parse().unwrap())
    );
    assert!(!answer.headers().contains_key("upgrade"));
    until_nothing_is_left(&world).await;
    let seen = world.seen().await["websockets"].clone();
    assert_eq!((&seen["opened"], &seen["refused"]), (&0.into(), &0.into()));
    // A cell that opens something else has answered nothing that could be passed on.
    let answer = refused(&world, "/ws/deceives", &[]).await;
    assert_eq!(answer.status(), 502);
    until_nothing_is_left(&world).await;
}

/// What is answered to bytes, until the edge closes.
async fn told(world: &World, asked: &str) -> String {
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    stream.write_all(asked.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let read = stream.read_to_string(&mut answer);
    tokio::time::timeout(Duration::from_secs(60), read).await.unwrap().unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_handshake_is_judged_by_the_cell() {
    let world = World::start().await;
    let good = "host: a\r\nconnection: close, upgrade\r\nupgrade: websocket\r\n";
    for bad in ["", "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 7\r\n"] {
        let answer = told(&world, &format!("GET /ws/echo HTTP/1.1\r\n{good}{bad}\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 400") && answer.ends_with("sees no handshake"));
    }
    until_nothing_is_left(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_handshake_passes_without_upgrade() {
    let world = World::start().await;
    let key = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n";
    for asked in [
        "GET /headers HTTP/1.1\r\nconnection: close, upgrade\r\nupgrade: h2c\r\n",
        "GET /headers HTTP/1.1\r\nconnection: close\r\nupgrade: websocket\r\n",
        "GET /headers HTTP/1.0\r\nconnection: upgrade\r\nupgrade: websocket\r\n",
        "POST /headers HTTP/1.1\r\nconnection: close, upgrade\r\nupgrade: websocket\r\ncontent-length: 0\r\n",
    ] {
        let answer = told(&world, &format!("{asked}host: a\r\n{key}\r\n")).await;
        assert!(answer.starts_with("HTTP/1.") && answer.contains(" 200 OK"), "{answer}");
        let (_, lines) = answer.split_once("\r\n\r\n").unwrap();
        assert!(lines.contains("sec-websocket-version: 13"), "{answer}");
        assert!(!lines.contains("upgrade:") && !lines.contains("connection:"), "{answer}");
    }
    let asked = "GET /headers HTTP/1.1\r\nhost: a\r\nconnection: close, upgrade\r\n\
         upgrade: websocket\r\ncontent-length: 2\r\n\r\nhi";
    let answer = told(&world, asked).await;
    assert!(answer.contains(" 200 OK") && !answer.contains("\nupgrade:"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn switched_off_a_handshake_is_an_ordinary_request() {
    let world =
        World::start_with(|settings| settings.websockets.open_max = Limited::literal(0)).await;
    let answer = refused(&world, "/headers", &[]).await;
    assert_eq!(answer.status(), 200);
    let told = String::from_utf8(answer.into_body().unwrap_or_default()).unwrap();
    assert!(!told.contains("upgrade:"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn kept_answers_and_those_who_wait_for_equal_ones_meet_no_handshake() {
    let world = World::start().await;
    let seen = async || {
        let seen = world.seen().await["cache"].clone();
        (seen["hits"].clone(), seen["misses"].clone(), seen["addresses"].clone())
    };
    let before = seen().await;
    let mut both = [open(&world, "/pages/echo").await, open(&world, "/pages/echo").await];
    for (number, client) in both.iter_mut().enumerate() {
        let text = number.to_string();
        assert_eq!(says(client, &text).await, Message::text(text));
    }
    assert_eq!(seen().await, before);
    assert_eq!(world.asked(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_limit_turns_away_and_lets_in_again() {
    let world = World::start_with(|settings| {
        settings.websockets.open_max = Limited::literal(3);
        settings.websockets.per_key_max = Limited::literal(1);
    })
    .await;
    let key = [("x-tenant", "5")];
    let (first, _) = ask(&world, "/ws/echo", &key).await.unwrap();
    assert_eq!(refused(&world, "/ws/echo", &key).await.status(), 429);
    let others = [open(&world, "/ws/echo").await, open(&world, "/ws/echo").await];
    let answer = refused(&world, "/ws/echo", &[]).await;
    assert_eq!(
        (answer.status(), answer.headers()["retry-after"].to_str().unwrap()),
        (http::StatusCode::SERVICE_UNAVAILABLE, "1")
    );
    // Ordinary requests are let in all the same.
    assert_eq!(world.get("/new").await.status, 200);
    assert_eq!(world.seen().await["websockets"]["refused"], 2);
    drop((first, others));
    until_nothing_is_left(&world).await;
    let (mut client, _) = ask(&world, "/ws/echo", &key).await.unwrap();
    assert_eq!(says(&mut client, "again").await, Message::text("again"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_client_has_only_so_many_and_each_takes_a_place_at_its_cell() {
    let world = World::start_with(|settings| {
        settings.websockets.per_client_max = Limited::literal(3);
        settings.cell_requests_max = Limited::literal(1);
    })
    .await;
    // The only place at each cell is taken for as long as one is open.
    let mut open = Vec::new();
    for id in 1..=3 {
        open.push(ask(&world, &format!("/kept/{id}/7/echo"), &[]).await.unwrap());
        assert_eq!(open.last().unwrap().1.headers()["x-cell"], format!("cell-{id}"));
    }
    assert_eq!(world.get("/new").await.status, 503);
    assert_eq!(refused(&world, "/kept/1/7/echo", &[]).await.status(), 429);
    open.pop();
    world.until(async || world.get("/new").await.status == 200).await;
}

#[tokio::test]
async fn over_http2_none_is_offered_and_a_tunnel_is_refused() {
    let world = World::start().await;
    let stream = TcpStream::connect(world.address).await.unwrap();
    let builder = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await.unwrap();
    let mut connection = Box::pin(connection);
    let asked = async {
        let request = ::http::Request::connect("a:80").body(whole("")).unwrap();
        sender.send_request(request).await.unwrap().status()
    };
    let status = tokio::select! {
        biased;
        _ = &mut connection => panic!("it is closed"),
        status = asked => status,
    };
    assert_eq!(status, 405);
    assert!(!connection.is_extended_connect_protocol_enabled());
}
