//! Facts that servers and browsers send.

use cell::{BeaconKey, CellSettings, IntakeSettings};
use http::{Method, Request, StatusCode};
use runtime::Limited;
use serde_json::{Value, json};

use crate::site::{Answer, Site};

const ID: &str = "000001a1b2c3d4e5f60718293a4b5c6d";

fn timing() -> String {
    json!({"kind": "page_timing", "page": "results", "metric": "lcp", "ms": 812.5}).to_string()
}

fn call() -> String {
    json!({"kind": "partner_call", "question": ID, "partner": "ag0001", "took_ms": 12, "offers": 3})
        .to_string()
}

async fn send(
    site: &Site,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let mut request = Request::builder().method(method).uri(format!("{}{path}", site.base));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    site.send(request.body(body.to_owned().into()).unwrap()).await
}

async fn as_server(site: &Site, body: &str) -> Answer {
    let operator = ("x-fareway-operator", &*"a5".repeat(32));
    send(site, Method::POST, "/v1/facts", &[operator], body).await
}

async fn counts(site: &Site, kind: &str) -> Value {
    site.as_operator("/v1/facts").await.json()["kinds"][kind].clone()
}

#[tokio::test]
async fn a_server_is_told_what_is_durable_and_which_lines_are_wrong() {
    let site = Site::empty().await;
    let body = format!("{}\n{{\"kind\":\"x\"}}\n{}\n", call(), call());
    let answer = as_server(&site, &body).await;
    assert_eq!(answer.status, StatusCode::OK);
    let named =
        json!([{"line": 2, "field": "kind", "detail": "is none of those that are known here"}]);
    assert_eq!(
        answer.json(),
        json!({"durable": 2, "waiting": 0, "dropped": 0, "refused": 1, "unkept": 0, "first_refused": named})
    );
    assert_eq!(counts(&site, "partner_call").await["written"], 2);
    assert_eq!(counts(&site, "fact_refused").await["written"], 1);
}

#[tokio::test]
async fn nobody_else_sends_facts_of_servers() {
    let site = Site::empty().await;
    let answer = site.call(Method::POST, "/v1/facts", &call()).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let wrong = [("x-fareway-operator", "a6")];
    let answer = send(&site, Method::POST, "/v1/facts", &wrong, &call()).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(site.get("/v1/facts").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(counts(&site, "partner_call").await["written"], 0);
}

#[tokio::test]
async fn a_body_of_facts_is_larger_than_others_and_has_its_limit() {
    let settings = CellSettings {
        intake: IntakeSettings {
            facts_bytes: Limited::literal(131_072),
            ..IntakeSettings::default()
        },
        ..CellSettings::default()
    };
    let site = Site::with_settings(0, settings).await;
    let body = format!("{}\n", call()).repeat(131_072 / (call().len() + 1));
    assert!(body.len() > 65_536);
    let taken = as_server(&site, &body).await;
    assert_eq!(taken.json()["durable"], body.lines().count());
    let larger = as_server(&site, &format!("{body}{}", " ".repeat(1_000))).await;
    assert_eq!(larger.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(larger.json()["detail"], "A body has at most 131072 bytes.");
}

#[tokio::test]
async fn a_browser_tells_with_the_key_of_its_page() {
    let site = Site::empty().await;
    let told = format!("{}\n{}", timing(), call());
    let answer = site.call(Method::POST, "/v1/beacon?key=page", &told).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let detail = "partner_call is not told by browsers";
    let named = json!([{"line": 2, "field": "kind", "detail": detail}]);
    assert_eq!(
        answer.json(),
        json!({"durable": 0, "waiting": 1, "dropped": 0, "refused": 1, "unkept": 0, "first_refused": named})
    );
    for (path, status, field) in [
        ("/v1/beacon", StatusCode::BAD_REQUEST, "key"),
        ("/v1/beacon?key=nobody", StatusCode::FORBIDDEN, "key"),
        ("/v1/beacon?key=a%20b", StatusCode::BAD_REQUEST, "key"),
        ("/v1/beacon?key=page&x=1", StatusCode::BAD_REQUEST, "x"),
    ] {
        let answer = site.call(Method::POST, path, &timing()).await;
        assert_eq!((answer.status, &answer.json()["field"]), (status, &json!(field)), "{path}");
    }
}

#[tokio::test]
async fn pages_of_other_origins_send_if_the_key_names_them() {
    let intake = IntakeSettings {
        beacons: vec![BeaconKey {
            key: "partner".to_owned(),
            origins: vec!["https://partner.example".to_owned()],
        }],
        ..IntakeSettings::default()
    };
    let site = Site::with_settings(0, CellSettings { intake, ..CellSettings::default() }).await;
    let path = "/v1/beacon?key=partner";
    let from = |origin| [("origin", origin)];
    let named = from("https://partner.example");
    let asked = send(&site, Method::OPTIONS, path, &named, "").await;
    assert_eq!(asked.status, StatusCode::NO_CONTENT);
    assert_eq!(asked.header("access-control-allow-origin"), "https://partner.example");
    assert_eq!(asked.header("access-control-allow-methods"), "POST");
    assert_eq!(asked.header("access-control-allow-headers"), "content-type");
    let sent = send(&site, Method::POST, path, &named, &timing()).await;
    assert_eq!(sent.status, StatusCode::ACCEPTED);
    assert_eq!(sent.header("access-control-allow-origin"), "https://partner.example");
    assert_eq!(sent.header("vary"), "origin");
    for method in [Method::OPTIONS, Method::POST] {
        let refused = send(&site, method, path, &from("https://evil.example"), &timing()).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        assert_eq!(refused.header("access-control-allow-origin"), "");
    }
}

#[tokio::test]
async fn a_flood_of_beacons_is_refused_and_a_server_still_tells() {
    let intake =
        IntakeSettings { beacons_per_second: Limited::literal(10), ..IntakeSettings::default() };
    let site = Site::with_settings(0, CellSettings { intake, ..CellSettings::default() }).await;
    let mut refused = 0;
    for _ in 0..100 {
        let answer = site.call(Method::POST, "/v1/beacon?key=page", &timing()).await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            assert_eq!(answer.json()["code"], "beacon_too_many");
            assert!(!answer.header("retry-after").is_empty());
            refused += 1;
        }
    }
    assert!(refused >= 50, "{refused}");
    assert_eq!(as_server(&site, &call()).await.json()["durable"], 1);
}
