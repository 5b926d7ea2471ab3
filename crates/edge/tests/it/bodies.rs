//! Bodies on their way through.

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http_body::Frame;
use http_body_util::{BodyExt, BodyStream, Full, StreamBody};
use runtime::Limited;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::world::{AnyBody, World};

#[tokio::test]
async fn events_arrive_one_by_one_while_the_stream_is_open() {
    let world = World::start().await;
    let body: AnyBody = Box::pin(Full::new(Bytes::new()).map_err(|never| match never {}));
    let response = world.send("GET", "/events", &[], body).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut frames = BodyStream::new(response.into_body());
    let first = frames.next().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(first, "data: first\n\n");
}

/// Pieces of 64 KiB.
fn large(pieces: usize) -> AnyBody {
    let piece = Bytes::from(vec![b'x'; 64 << 10]);
    let pieces = (0..pieces).map(move |_| Ok(Frame::data(piece.clone())));
    Box::pin(StreamBody::new(stream::iter(pieces)))
}

#[tokio::test]
async fn a_large_body_passes_both_ways_as_it_comes() {
    let world =
        World::start_with(|settings| settings.body_bytes = Limited::literal(64 << 20)).await;
    let response = world.send("POST", "/echo", &[], large(256)).await;
    assert_eq!(response.status(), 200);
    let mut bytes = 0;
    let mut frames = BodyStream::new(response.into_body());
    while let Some(frame) = frames.next().await {
        bytes += frame.unwrap().into_data().unwrap().len();
    }
    assert_eq!(bytes, 256 * (64 << 10));
}

#[tokio::test]
async fn a_body_that_comes_whole_and_half_of_it_early_comes_together() {
    let world = World::start().await;
    let pieces = ["a", "b", "c"].map(|piece| Ok(Frame::data(Bytes::from_static(piece.as_bytes()))));
    let body: AnyBody = Box::pin(StreamBody::new(stream::iter(pieces)));
    let response = world.send("POST", "/echo", &[], body).await;
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "abc");
}

#[tokio::test]
async fn what_is_too_much_is_refused_at_the_door() {
    let world = World::start().await;
    let refused = |status: u16, response: http::Response<hyper::body::Incoming>| {
        assert_eq!(response.status(), status);
    };
    let small =
        || -> AnyBody { Box::pin(Full::new(Bytes::from("{}")).map_err(|never| match never {})) };
    refused(
        413,
        world
            .send("POST", "/echo", &[("content-length", "2000000")], {
                let whole = Bytes::from(vec![b'x'; 2_000_000]);
                Box::pin(Full::new(whole).map_err(|never| match never {}))
            })
            .await,
    );
    refused(414, world.send("GET", &format!("/{}", "x".repeat(9_000)), &[], small()).await);
    let names: Vec<String> = (0..70).map(|number| format!("x-{number}")).collect();
    let headers: Vec<_> = names.iter().map(|name| (name.as_str(), "1")).collect();
    refused(431, world.send("GET", "/new", &headers, small()).await);
}

#[tokio::test]
async fn a_body_of_two_lengths_is_passed_on_as_it_was_read_or_refused() {
    let world = World::start().await;
    let mut stream = tokio::net::TcpStream::connect(world.address).await.unwrap();
    let request = "POST /echo HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 3\r\n\
         transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let refused = answer.starts_with("HTTP/1.1 400");
    assert!(refused || answer.ends_with("\r\n\r\nhello"), "{answer}");
}
