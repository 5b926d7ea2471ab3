//! Whole answers, each protocol over its transports.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{CONTENT_ENCODING, HeaderValue};
use http::{Response, Version};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use partners::AskerSettings;
use tokio::sync::Notify;

use crate::server::{Body, Server, full, status};
use crate::world::{ask, ask_within, asker, document, partner};

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_whole_answer_is_handed_over_and_the_request_says_how_long_we_wait() {
    let server = Server::of(document("duffel/three_offers.json")).await;
    let partner = partner(&asker(AskerSettings::default()), "duffel", &server.endpoint, "");
    let outcome = ask_within(&*partner, Duration::from_millis(1_500)).await;
    assert_eq!(outcome.code(), "whole");
    assert_eq!((outcome.asked.offers, outcome.asked.status), (3, Some(200)));
    assert_eq!(outcome.asked.bytes as usize, document("duffel/three_offers.json").len());
    let seen = &server.seen()[0];
    let left: u64 = seen.headers["x-fareway-deadline-ms"].to_str().unwrap().parse().unwrap();
    assert!((1_000..=1_500).contains(&left), "{left}");
    assert_eq!(seen.headers["authorization"], "Bearer t0k3n");
    assert!(seen.path.starts_with("/air/offer_requests?return_offers=true&supplier_timeout="));
}

#[tokio::test]
async fn a_gzipped_answer_is_unpacked_and_a_damaged_one_is_unreadable() {
    let packed = Bytes::from(gzip(&document("duffel/three_offers.json")));
    let server = Server::start(move |seen| {
        let damaged = packed.slice(..packed.len() / 2);
        let body = if seen.body.starts_with(b"{") { packed.clone() } else { damaged };
        let mut answer = Response::new(full(body));
        answer.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        answer
    })
    .await;
    let asker = asker(AskerSettings::default());
    let outcome = ask(&*partner(&asker, "duffel", &server.endpoint, "")).await;
    assert_eq!((outcome.code(), outcome.asked.offers), ("whole", 3));
    assert_eq!(server.seen()[0].headers["accept-encoding"], "gzip");
    let plain = partner(&asker, "duffel", &server.endpoint, "gzip = false");
    assert_eq!(ask(&*plain).await.code(), "whole");
    assert!(!server.seen()[1].headers.contains_key("accept-encoding"));

    let cut = gzip(&document("duffel/three_offers.json"));
    let cut = Bytes::from(cut).slice(..500);
    let server = Server::start(move |_| {
        let mut answer = Response::new(full(cut.clone()));
        answer.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        answer
    })
    .await;
    let outcome = ask(&*partner(&asker, "duffel", &server.endpoint, "")).await;
    assert_eq!(outcome.code(), "partner_unreadable");
}

#[tokio::test]
async fn a_large_answer_is_decoded_on_the_workers() {
    let one = String::from_utf8(document("duffel/list_of_offers.json")).unwrap();
    let one = one.split_once("\"data\": [").unwrap().1.rsplit_once("],").unwrap().0;
    let many = format!("{{\"data\":[{}]}}", vec![one; 40].join(","));
    assert!(many.len() > 400_000);
    let server = Server::of(many).await;
    let partner = partner(&asker(AskerSettings::default()), "duffel", &server.endpoint, "");
    let outcome = ask(&*partner).await;
    assert_eq!((outcome.code(), outcome.asked.offers), ("whole", 40));
    assert_eq!(outcome.parts[0].keys().len(), 1, "the same flights are one itinerary");
}

#[tokio::test]
async fn a_token_is_fetched_once_and_anew_when_it_is_refused() {
    let server = Server::start(|seen| {
        if seen.path.ends_with("/token") {
            return Response::new(full(document("amadeus/token.json")));
        }
        assert_eq!(seen.headers["x-http-method-override"], "GET");
        Response::new(full(document("amadeus/three_offers.json")))
    })
    .await;
    let first = partner(&asker(AskerSettings::default()), "amadeus", &server.endpoint, "");
    for _ in 0..2 {
        let outcome = ask(&*first).await;
        assert_eq!((outcome.code(), outcome.asked.offers), ("whole", 3));
    }
    let paths: Vec<String> = server.seen().into_iter().map(|seen| seen.path).collect();
    let (token, search) = ("/v1/security/oauth2/token", "/v2/shopping/flight-offers");
    assert_eq!(paths, [token, search, search]);

    let refusing = Server::start(|seen| {
        if seen.path.ends_with("/token") {
            return Response::new(full(document("amadeus/token.json")));
        }
        status(401)
    })
    .await;
    let second = partner(&asker(AskerSettings::default()), "amadeus", &refusing.endpoint, "");
    let outcome = ask(&*second).await;
    assert_eq!((outcome.code(), outcome.asked.status), ("partner_refused", Some(401)));
    let paths: Vec<String> = refusing.seen().into_iter().map(|seen| seen.path).collect();
    assert_eq!(paths, [token, search, token, search]);
}

/// A body that sends its pieces one by one, each when it is told to.
fn stepwise(pieces: Vec<Vec<u8>>, step: Arc<Notify>) -> Body {
    let pieces = pieces.into_iter().enumerate();
    let stream = futures_util::stream::unfold((pieces, step), |(mut pieces, step)| async {
        let (index, piece) = pieces.next()?;
        if index > 0 {
            step.notified().await;
        }
        Some((Ok(Frame::data(Bytes::from(piece))), (pieces, step)))
    });
    StreamBody::new(stream).boxed()
}

#[tokio::test]
async fn parts_are_handed_over_as_they_come() {
    for http2 in [false, true] {
        let step = Arc::new(Notify::new());
        let served = Arc::clone(&step);
        let server = Server::start(move |seen| {
            assert_eq!(seen.version == Version::HTTP_2, http2);
            let text = document("fareway/two_parts.ndjson");
            let lines = text.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec);
            Response::new(stepwise(lines.collect(), Arc::clone(&served)))
        })
        .await;
        let more = format!("http2 = {http2}");
        let asker = asker(AskerSettings::default());
        let partner = partner(&asker, "fareway", &server.endpoint, &more);
        let (came, mut coming) = tokio::sync::mpsc::channel(8);
        let sink = Box::new(move |answer: domain::Answer| {
            came.try_send(answer.offers().len()).unwrap();
        });
        let question = Arc::new(partners::fuzz::question());
        let deadline = runtime::Deadline::after(runtime::now(), Duration::from_secs(2));
        let watch = async {
            // The server sends the next line only once the part before it has arrived here.
            assert_eq!(coming.recv().await, Some(2));
            step.notify_one();
            assert_eq!(coming.recv().await, Some(2));
            step.notify_one();
        };
        let (asked, ()) = tokio::join!(partner.ask(question, deadline, sink), watch);
        assert_eq!(asked.outcome.unwrap().parts, 2);
        let body = &server.seen()[0].body;
        let ask = partners::protocol::fareway::Ask::parse(body).unwrap();
        assert_eq!(ask.to_question().unwrap().key(), partners::fuzz::question().key());
    }
}

#[tokio::test]
async fn offers_that_cannot_be_understood_do_not_fail_the_answer() {
    for (protocol, file, count) in [
        ("duffel", "duffel/one_good_many_bad.json", 15),
        ("fareway", "fareway/one_good_many_bad.ndjson", 12),
    ] {
        let server = Server::of(document(file)).await;
        let asker = asker(AskerSettings::default());
        let outcome = ask(&*partner(&asker, protocol, &server.endpoint, "")).await;
        assert_eq!((outcome.code(), outcome.asked.offers), ("whole", 1));
        assert_eq!(outcome.asked.unread.count, count);
        assert_eq!(outcome.asked.unread.first.len(), 10);
    }
}
