//! Quota and places: what we do to ourselves before a partner has to.

use std::sync::Arc;
use std::time::Duration;

use partners::AskerSettings;

use crate::server::{Server, Then, raw};
use crate::world::{ask, ask_within, asker, document, partner};

#[tokio::test]
async fn more_requests_than_the_quota_are_not_sent() {
    let server = Server::of(document("duffel/no_offers.json")).await;
    let more = "burst = 2\ngzip = false";
    let text = crate::world::partner_file("duffel", &server.endpoint, more)
        .replace("requests_per_second = 10000", "requests_per_second = 1");
    let settings = partners::PartnerSettings::parse("test.toml", &text, None).unwrap();
    let partner = asker(AskerSettings::default()).partner(settings);
    let mut codes = Vec::new();
    for _ in 0..4 {
        codes.push(ask(&*partner).await.code());
    }
    assert_eq!(codes, ["whole", "whole", "partner_over_quota", "partner_over_quota"]);
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_short_wait_for_quota_is_taken() {
    let server = Server::of(document("duffel/no_offers.json")).await;
    let text = crate::world::partner_file("duffel", &server.endpoint, "burst = 1")
        .replace("requests_per_second = 10000", "requests_per_second = 20");
    let settings = partners::PartnerSettings::parse("test.toml", &text, None).unwrap();
    let partner = asker(AskerSettings::default()).partner(settings);
    for _ in 0..3 {
        assert_eq!(ask(&*partner).await.code(), "whole");
    }
}

#[tokio::test]
async fn more_requests_at_once_than_places_wait_and_then_give_up() {
    let (endpoint, accepted) = raw(Vec::new(), None, Then::Hang).await;
    let asker = asker(AskerSettings::default());
    let partner = partner(&asker, "duffel", &endpoint, "concurrency = 1");
    let mut asks = Vec::new();
    for _ in 0..7 {
        let partner = Arc::clone(&partner);
        asks.push(async move { ask_within(&*partner, Duration::from_millis(300)).await.code() });
    }
    let mut codes = futures_util::future::join_all(asks).await;
    codes.sort_unstable();
    assert_eq!(codes[..6], ["partner_busy"; 6]);
    assert_eq!(codes[6], "partner_timeout");
    assert_eq!(accepted.load(std::sync::atomic::Ordering::SeqCst), 1);
}

#[tokio::test]
async fn dropping_an_ask_frees_its_place_and_its_connection() {
    let (endpoint, _) = raw(Vec::new(), None, Then::Hang).await;
    let asker = asker(AskerSettings::default());
    let partner = partner(&asker, "duffel", &endpoint, "concurrency = 1");
    for _ in 0..3 {
        let dropped = ask(&*partner);
        assert!(tokio::time::timeout(Duration::from_millis(50), dropped).await.is_err());
    }
    assert_eq!(asker.connections().open, 0);
    let outcome = ask_within(&*partner, Duration::from_millis(100)).await;
    assert_eq!(outcome.code(), "partner_timeout", "it got the place at once");
}
