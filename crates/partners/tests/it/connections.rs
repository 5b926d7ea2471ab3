//! Connections are reused, replaced when dead, and never more than allowed.

use std::sync::atomic::Ordering;
use std::time::Duration;

use partners::{AskerSettings, PartnerSettings, Registry};
use runtime::Limited;

use crate::server::{Server, Then, http1, raw};
use crate::world::{ask, asker, document, partner, partner_file};

#[tokio::test]
async fn a_kept_connection_is_used_again_and_closed_when_unused() {
    let server = Server::of(document("duffel/no_offers.json")).await;
    let asker = asker(AskerSettings::default());
    let partner = partner(&asker, "duffel", &server.endpoint, "idle_ms = 1000");
    for _ in 0..5 {
        assert_eq!(ask(&*partner).await.code(), "whole");
        assert_eq!((asker.connections().open, asker.connections().idle), (1, 1));
    }
    asker.sweep();
    assert_eq!(asker.connections().open, 1);
    tokio::time::sleep(Duration::from_millis(1_050)).await;
    asker.sweep();
    assert_eq!(asker.connections().open, 0);
}

#[tokio::test]
async fn a_kept_connection_that_the_partner_has_closed_is_replaced() {
    let body = document("duffel/no_offers.json");
    let (endpoint, accepted) = raw(http1(&body, body.len()), None, Then::Close).await;
    let partner = partner(&asker(AskerSettings::default()), "duffel", &endpoint, "");
    for _ in 0..5 {
        assert_eq!(ask(&*partner).await.code(), "whole");
    }
    assert_eq!(accepted.load(Ordering::SeqCst), 5);
}

#[tokio::test]
async fn http2_requests_share_one_connection() {
    let server = Server::of(document("fareway/two_parts.ndjson")).await;
    let asker = asker(AskerSettings::default());
    let partner = partner(&asker, "fareway", &server.endpoint, "http2 = true\nidle_ms = 1000");
    let asks = (0..20).map(|_| ask(&*partner));
    for outcome in futures_util::future::join_all(asks).await {
        assert_eq!((outcome.code(), outcome.asked.offers), ("whole", 4));
    }
    assert_eq!(asker.connections().open, 1);
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(asker.connections().open, 0, "unused, it is closed");
    assert_eq!(ask(&*partner).await.code(), "whole");
}

#[tokio::test]
async fn twelve_hundred_partners_share_a_few_connections() {
    let server = Server::of(document("duffel/three_offers.json")).await;
    let settings = AskerSettings { connections_max: Limited::literal(16), ..Default::default() };
    let asker = asker(settings);
    let registry = Registry::open(None, asker.clone());
    let texts = (0..1_200).map(|index| {
        let text = partner_file("duffel", &server.endpoint, "")
            .replace("\"test\"", &format!("\"p{index}\""));
        (format!("p{index}.toml"), text)
    });
    assert_eq!(registry.register_all(texts), []);
    let set = registry.snapshot();
    assert_eq!(set.partners().len(), 1_200);
    for round in set.partners().chunks(100) {
        let asks = round.iter().map(|partner| ask(&**partner));
        for outcome in futures_util::future::join_all(asks).await {
            assert_eq!((outcome.code(), outcome.asked.offers), ("whole", 3));
            assert!(asker.connections().open <= 16);
        }
    }
    assert_eq!(server.seen().len(), 1_200);
    drop(set);
    drop(registry);
    assert_eq!(asker.connections().open, 0, "partners that are gone keep nothing open");
}

#[tokio::test]
async fn what_a_partner_shows_of_itself_holds_no_secret() {
    let text = partner_file("amadeus", "http://127.0.0.1:1", "");
    let settings = PartnerSettings::parse("test.toml", &text, None).unwrap();
    let partner = asker(AskerSettings::default()).partner(settings);
    let shown = format!("{partner:?} {:?}", ask(&*partner).await.asked);
    assert!(shown.contains("amadeus") || shown.contains("Amadeus"));
    assert!(!shown.contains("s3cr3t"), "{shown}");
}
