//! Limits, forms of errors, compression, health: what every path shares.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cell::{CellSettings, router};
use http::{Method, Request, Version};
use http_body_util::{BodyExt, Empty, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use runtime::{Limited, Shutdown, TaskSet};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::ServiceExt;

use crate::site::{Site, parts, trip};
use crate::v3::V3;

#[tokio::test]
async fn readiness_needs_partners_and_ends_with_draining() {
    let empty = Site::empty().await;
    assert_eq!(empty.get("/healthz").await.status, 200);
    let refused = empty.get("/readyz").await;
    assert_eq!((refused.status.as_u16(), &refused.json()["code"]), (503, &"no_partners".into()));
    let site = Site::start(0).await;
    assert_eq!(site.get("/readyz").await.json(), json!({"status": "ready"}));
    let (tasks, shutdown) = (TaskSet::default(), Shutdown::default());
    shutdown.begin();
    let draining =
        router(parts(Arc::new(|| Arc::from([])), CellSettings::default(), &tasks, &shutdown).await);
    let request =
        Request::get("/readyz").header("host", "here").body(Empty::<Bytes>::new()).unwrap();
    assert_eq!(draining.oneshot(request).await.unwrap().status(), 503);
}

#[tokio::test]
async fn what_is_too_large_too_deep_or_too_long_is_refused_in_the_form_of_its_path() {
    let site = Site::start(0).await;
    let large = format!("{{\"query\":\"{}\"}}", "x".repeat(70_000));
    let v3 = site.call(Method::POST, "/apiservices/v3/autosuggest/flights", &large).await;
    assert_eq!((v3.status.as_u16(), &v3.json()["code"]), (413, &json!(3)));
    let own = site.call(Method::POST, "/v1/searches", &large).await;
    assert_eq!((own.status.as_u16(), &own.json()["code"]), (413, &"body_too_large".into()));
    let deep = format!("{{\"legs\":{}{}}}", "[".repeat(40), "]".repeat(40));
    let own = site.call(Method::POST, "/v1/searches", &deep).await;
    assert_eq!((own.status.as_u16(), &own.json()["code"]), (400, &"invalid_body".into()));
    let long = site.get(&format!("/v1/places?term={}", "x".repeat(9_000))).await;
    assert_eq!((long.status.as_u16(), &long.json()["code"]), (414, &"uri_too_long".into()));
    let packed = Request::post(format!("{}/v1/searches", site.base));
    let packed = packed.header("content-encoding", "gzip").body(Full::from("\x1f\u{8b}")).unwrap();
    let packed = site.send(packed).await;
    assert_eq!((packed.status.as_u16(), &packed.json()["code"]), (415, &"body_encoded".into()));
    let mut many = Request::get(format!("{}/healthz", site.base));
    for index in 0..70 {
        many = many.header(format!("x-{index}"), "1");
    }
    let many = site.send(many.body(Full::default()).unwrap()).await;
    assert_eq!((many.status.as_u16(), &many.json()["code"]), (431, &"too_many_headers".into()));
}

#[tokio::test]
async fn unknown_paths_and_methods_are_told_in_the_form_of_their_family() {
    let site = Site::start(0).await;
    let nowhere = site.get("/v1/nothing").await;
    assert_eq!(nowhere.header("content-type"), "application/problem+json");
    assert_eq!((nowhere.status.as_u16(), &nowhere.json()["code"]), (404, &"unknown_path".into()));
    let wrong = site.call(Method::DELETE, "/v1/searches", "").await;
    assert_eq!((wrong.status.as_u16(), wrong.header("allow")), (405, "POST"));
    assert_eq!(wrong.json()["code"], "wrong_method");
}

#[tokio::test]
async fn a_request_keeps_its_id_or_gets_one() {
    let site = Site::start(0).await;
    let request = |id: &str| {
        let request = Request::get(format!("{}/healthz", site.base)).header("x-request-id", id);
        site.send(request.body(Full::default()).unwrap())
    };
    assert_eq!(request("abc-1").await.header("x-request-id"), "abc-1");
    let other = request("no spaces please").await;
    assert_eq!(other.header("x-request-id").len(), 16);
    assert_ne!(request("<>").await.header("x-request-id"), other.header("x-request-id"));
}

#[tokio::test]
async fn large_answers_are_compressed_on_demand_and_small_ones_are_not() {
    let site = Site::start(0).await;
    let get = |path: &str, encoding: &str| {
        let uri = format!("{}{path}", site.base);
        let request = Request::get(uri).header("accept-encoding", encoding);
        site.send(request.body(Full::default()).unwrap())
    };
    let plain = site.get("/v1/culture").await;
    let gzip = get("/v1/culture", "gzip").await;
    assert_eq!(gzip.header("content-encoding"), "gzip");
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(&gzip.bytes[..]).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, plain.bytes);
    assert!(gzip.bytes.len() * 2 < plain.bytes.len());
    assert_eq!(get("/v1/culture", "zstd").await.header("content-encoding"), "zstd");
    assert_eq!(get("/healthz", "gzip").await.header("content-encoding"), "");
}

#[tokio::test]
async fn an_answer_comes_whole_when_the_body_of_its_request_comes_late_and_unneeded() {
    let site = Site::start(0).await;
    let host = site.base.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).await.unwrap();
    let head = format!(
        "GET {V3}/geo/hierarchy/flights/en-GB HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: 2\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    stream.write_all(b"{}").await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let start = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    let whole = site.get(&format!("{V3}/geo/hierarchy/flights/en-GB")).await.bytes;
    assert_eq!(answer.len() - start, whole.len());
}

/// What a cell says to bytes on a socket, until it closes.
async fn raw(site: &Site, request: &str) -> (String, Value) {
    let mut stream = TcpStream::connect(site.base.trim_start_matches("http://")).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().to_owned(), serde_json::from_str(body).unwrap())
}

#[tokio::test]
async fn a_body_that_never_comes_or_is_announced_too_large_is_refused_on_the_wire() {
    let settings = CellSettings { body_ms: Limited::literal(100), ..CellSettings::default() };
    let site = Site::with_settings(0, settings).await;
    let announce = |path: &str, bytes: usize| {
        let head = format!("POST {path} HTTP/1.1\r\nhost: here\r\ncontent-length: {bytes}\r\n\r\n");
        let site = &site;
        async move { raw(site, &head).await }
    };
    let (status, problem) = announce("/v1/searches", 10).await;
    assert_eq!(
        (&*status, &problem["code"]),
        ("HTTP/1.1 408 Request Timeout", &json!("body_too_slow"))
    );
    let (status, problem) = announce(&format!("{V3}/flights/live/search/create"), 10).await;
    assert_eq!((&*status, &problem["code"]), ("HTTP/1.1 408 Request Timeout", &json!(4)));
    let (status, problem) = announce("/v1/searches", 1 << 40).await;
    assert_eq!(
        (&*status, &problem["code"]),
        ("HTTP/1.1 413 Payload Too Large", &json!("body_too_large"))
    );
}

#[tokio::test]
async fn a_request_without_a_host_or_with_two_is_refused_on_the_wire() {
    let site = Site::start(0).await;
    for hosts in ["", "host: a\r\nhost: b\r\n"] {
        let head = format!("GET /healthz HTTP/1.1\r\n{hosts}connection: close\r\n\r\n");
        let (status, problem) = raw(&site, &head).await;
        assert_eq!((&*status, &problem["field"]), ("HTTP/1.1 400 Bad Request", &json!("host")));
    }
}

#[tokio::test]
async fn http_2_is_spoken_too() {
    let site = Site::start(0).await;
    let client =
        Client::builder(TokioExecutor::new()).http2_only(true).build_http::<Empty<Bytes>>();
    let response = client.get(format!("{}/v1/culture", site.base).parse().unwrap()).await.unwrap();
    assert_eq!((response.version(), response.status().as_u16()), (Version::HTTP_2, 200));
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    assert!(bytes.starts_with(b"{\"markets\":"));
}

#[tokio::test]
async fn beyond_the_limit_of_streams_a_browser_is_told_to_poll() {
    let settings = CellSettings { streams: Limited::literal(1), ..CellSettings::default() };
    let site = Site::with_settings(5_000, settings).await;
    let token = site.search(&trip()).await;
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let path = format!("{}/v1/searches/{token}/events", site.base);
    let first = client.get(path.parse().unwrap()).await.unwrap();
    assert_eq!(first.status(), 200);
    let second = client.get(path.parse().unwrap()).await.unwrap();
    assert_eq!(
        (second.status().as_u16(), &second.headers()["retry-after"]),
        (429, &"5".parse().unwrap())
    );
    drop(first);
}

#[tokio::test]
async fn the_page_is_served_with_its_policy() {
    let site = Site::start(0).await;
    let page = site.get("/").await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(page.header("content-security-policy").contains("default-src 'self'"));
    assert_eq!(site.get("/search?from=EDI&to=SIN").await.bytes, page.bytes);
    assert_eq!(site.call(Method::POST, "/", "").await.status, 405);
}
