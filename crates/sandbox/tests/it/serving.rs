//! The server itself: pages, control, Amadeus without a prefix, HTTP/2, packed answers, moods.

use std::time::Duration;

use partners::ProtocolKind;
use sandbox::truth::Outcome;
use sandbox::{FaultPlan, Market, MarketSettings, Today};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::questions;
use crate::world::{Running, assert_same, covering, market, said, today};

/// Sends one request and gives head and body of the answer.
async fn http(base_url: &str, head: &str, body: &str) -> (String, String) {
    let host = base_url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).await.unwrap();
    let length = body.len();
    let request = format!(
        "{head}\r\nhost: {host}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_link_leads_to_a_page_that_names_flights_and_price() {
    let running = Running::start(FaultPlan::none()).await;
    let question = questions::question("EDI", "SIN", &[40, 50]);
    let ids = covering(&running.market, &question);
    let base_url = running.market.base_url().to_owned();
    let mut pages = 0;
    for id in ids.iter().step_by(5) {
        let answer = running.market.answer(*id, &question);
        let Some(offer) = answer.offers().first() else { continue };
        let link = answer.text(offer.link);
        let path = link.strip_prefix(&base_url).unwrap();
        let (head, body) = http(&base_url, &format!("GET {path} HTTP/1.1"), "").await;
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        let price = offer.price.unwrap();
        let decimals = running.market.seller(*id).unwrap().decimals;
        assert!(body.contains(&format!("{} {}", price.to_decimal(decimals), price.currency)));
        assert!(body.contains("simulated seller"));
        let first = answer.legs_of(offer.itinerary).flatten().next().unwrap();
        assert!(body.contains(&format!("{} {} (", first.carrier, first.number)), "{body}");
        pages += 1;
    }
    assert!(pages > 5, "{pages}");
    let (head, _) = http(&base_url, "GET /p/ag0001/book?o=%3Cb%3E HTTP/1.1", "").await;
    assert!(head.starts_with("HTTP/1.1 404"));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_are_switched_and_listed_over_http() {
    let running = Running::start(FaultPlan::none()).await;
    let base_url = running.market.base_url().to_owned();
    let post = "POST /control/faults HTTP/1.1";
    let body = r#"{"faults":[{"partner":"ag0003","set":{"fault":"slow","ms":40}},{"partner":"klm1","set":{"fault":"reset"}}]}"#;
    let (_, listed) = http(&base_url, post, body).await;
    assert!(listed.contains(r#"{"fault":"slow","ms":40,"partner":"ag0003"}"#), "{listed}");
    let (_, listed) = http(&base_url, post, r#"{"faults":[{"partner":"klm1","set":null}]}"#).await;
    assert!(!listed.contains("klm1"));
    let (head, problem) =
        http(&base_url, post, r#"{"faults":[{"partner":"nobody","set":null}]}"#).await;
    assert!(head.starts_with("HTTP/1.1 400") && problem.contains("nobody"));
    let body = r#"{"faults":[{"partner":"klm1","set":{"fault":"status","code":200}}]}"#;
    let (head, problem) = http(&base_url, post, body).await;
    assert!(head.starts_with("HTTP/1.1 400"));
    assert!(problem.contains("klm1: code must be 400 to 599, got 200"), "{problem}");
    let (_, listed) = http(&base_url, post, r#"{"clear":true,"one_in":3}"#).await;
    assert_eq!(listed.matches("\"partner\"").count(), running.market.sellers().len() / 3);
    let (_, partners) = http(&base_url, "GET /control/partners HTTP/1.1", "").await;
    assert_eq!(partners.matches("\"median_ms\"").count(), running.market.sellers().len());
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn amadeus_answers_without_a_prefix_and_refuses_in_its_own_words() {
    let running = Running::start(FaultPlan::none()).await;
    let base_url = running.market.base_url().to_owned();
    let token = "POST /v1/security/oauth2/token HTTP/1.1";
    let form = "grant_type=client_credentials&client_id=anyone&client_secret=anything";
    let (_, body) = http(&base_url, token, form).await;
    let token: serde_json::Value = serde_json::from_str(&body).unwrap();
    let bearer = format!("authorization: Bearer {}", token["access_token"].as_str().unwrap());
    let get = |query: &str| format!("GET /v2/shopping/flight-offers?{query} HTTP/1.1\r\n{bearer}");
    let query = "originLocationCode=LON&destinationLocationCode=NYC&departureDate=2027-03-03&adults=2&children=1&nonStop=true&max=7&currencyCode=EUR";
    let (_, body) = http(&base_url, &get(query), "").await;
    let answer: serde_json::Value = serde_json::from_str(&body).unwrap();
    let offers = answer["data"].as_array().unwrap();
    assert_eq!(offers.len(), 7);
    for offer in offers {
        assert_eq!(offer["price"]["currency"], "EUR");
        assert_eq!(offer["itineraries"][0]["segments"].as_array().unwrap().len(), 1);
        let cents = |value: &serde_json::Value| -> i64 {
            value.as_str().unwrap().replace('.', "").parse().unwrap()
        };
        let travellers = offer["travelerPricings"].as_array().unwrap();
        let sum: i64 = travellers.iter().map(|one| cents(&one["price"]["total"])).sum();
        assert_eq!(sum, cents(&offer["price"]["grandTotal"]));
        assert_eq!(travellers.len(), 3);
    }
    let (head, body) = http(&base_url, &get("originLocationCode=XXQ&adults=1"), "").await;
    assert!(head.starts_with("HTTP/1.1 400") && body.contains("\"code\":477"), "{body}");
    let (head, body) =
        http(&base_url, "GET /v2/shopping/flight-offers?adults=1 HTTP/1.1", "").await;
    assert!(head.starts_with("HTTP/1.1 401") && body.contains("\"code\":38190"), "{body}");
    let (_, body) =
        http(&base_url, "GET /v1/reference-data/locations?keyword=edin&subType=CITY HTTP/1.1", "")
            .await;
    assert!(body.contains("\"EDI\"") && !body.contains("\"AIRPORT\""), "{body}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_own_protocol_is_spoken_over_http2_too() {
    let running = Running::start(FaultPlan::none()).await;
    let question = questions::question("EDI", "SIN", &[40]);
    let base_url = running.market.base_url().to_owned();
    let files = running.market.partner_files(&base_url);
    let own = files.iter().filter(|(_, text)| text.contains("protocol = \"fareway\""));
    for (name, text) in own.skip(250).take(3) {
        let text = text.replace("gzip = false", "gzip = false\nhttp2 = true");
        let id = running.registry.register_toml(name, &text).unwrap();
        let (parts, asked) = running.ask(id, &question, Duration::from_secs(20)).await;
        assert!(asked.outcome.is_ok(), "{:?}", asked.outcome);
        let right = said([&running.market.answer(id, &question)]);
        assert!(!right.is_empty());
        assert_same(&said(&parts), &right, id.as_str());
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_partners_send_parts_and_packed_answers_and_fail_as_often_as_said() {
    let settings = MarketSettings {
        today: Today::Fixed(today()),
        latency_scale: 0.02,
        ..MarketSettings::default()
    };
    let running =
        Running::start_with(Market::generate(7, settings).unwrap(), FaultPlan::none()).await;
    let (mut failed, mut packed) = (0, 0);
    for day in 0..60 {
        let question = questions::question("EDI", "SIN", &[20 + day]);
        let covering = covering(&running.market, &question);
        let some = &covering[day as usize % 5..][..6];
        for shown in running.market.truth_for(some, &question, &FaultPlan::none()).partners {
            let within =
                Duration::from_millis(if shown.latency == Duration::MAX { 150 } else { 20_000 });
            let (parts, asked) = running.ask(shown.partner, &question, within).await;
            assert_eq!(asked.outcome.is_err(), shown.outcome == Outcome::Fails, "{asked:?}");
            assert_same(&said(&parts), &said([&shown.answer]), shown.partner.as_str());
            failed += usize::from(shown.outcome == Outcome::Fails);
            let seller = running.market.seller(shown.partner).unwrap();
            packed += usize::from(seller.manners.gzip);
            if seller.protocol == ProtocolKind::Fareway && asked.outcome.is_ok() {
                assert!(parts.len() <= seller.manners.parts);
            }
        }
    }
    assert!(packed > 20, "{packed}");
    assert!((1..30).contains(&failed), "{failed} of 360");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_market_with_silent_partners_still_stops_at_once() {
    let question = questions::question("EDI", "SIN", &[40]);
    let id = market().sellers()[310].id;
    let mut plan = FaultPlan::none();
    plan.set(id, Some(sandbox::PartnerFault::Hanging));
    let running = Running::start(plan).await;
    let (parts, asked) = running.ask(id, &question, Duration::from_millis(200)).await;
    assert!(parts.is_empty() && asked.outcome.is_err());
    let start = runtime::now();
    running.stop().await;
    assert!(start.elapsed() < Duration::from_secs(2));
}
