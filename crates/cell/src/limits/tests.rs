use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;

#[test]
fn duplicate_slashes_vanish_and_queries_stay() {
    let check = |from: &str, to: &str| {
        assert_eq!(tidied(&from.parse().unwrap()).unwrap().to_string(), to);
    };
    check("//apiservices//v3///x?a=//b", "/apiservices/v3/x?a=//b");
    check("/a%2F%2Fb//c", "/a%2F%2Fb/c");
}

async fn panics() -> Response {
    panic!("a broken invariant")
}

async fn answers() -> Response {
    Response::default()
}

async fn sleeps() -> Response {
    tokio::time::sleep(Duration::from_secs(60)).await;
    Response::default()
}

/// Answers a request with a handler behind the guard.
async fn answered(request: Request) -> (StatusCode, Value) {
    let shared = Arc::new(Shared::of_nobody());
    let router = Router::new()
        .route("/v1/panics", get(panics))
        .route("/apiservices/v3/panics", get(panics))
        .route("/v1/sleeps", get(sleeps).post(answers))
        .route("/apiservices/v3/sleeps", get(sleeps).post(answers))
        .layer(axum::middleware::from_fn_with_state(shared, guard));
    let response = router.oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap())
}

async fn guarded(path: &str) -> (StatusCode, Value) {
    answered(Request::get(path).header("host", "here").body(Body::empty()).unwrap()).await
}

/// A body of which nothing ever comes.
struct Unsent {
    bytes: u64,
}

impl http_body::Body for Unsent {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Pending
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes)
    }
}

/// Announces a body of `bytes` and sends none of it.
async fn announced(path: &str, bytes: u64) -> (StatusCode, Value) {
    let request = Request::post(path).header("host", "here");
    answered(request.body(Body::new(Unsent { bytes })).unwrap()).await
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_in_its_time_is_the_callers_delay() {
    let (status, problem) = announced("/v1/sleeps", 100).await;
    assert_eq!((status.as_u16(), &problem["code"]), (408, &json!("body_too_slow")));
    let (status, error) = announced("/apiservices/v3/sleeps", 100).await;
    assert_eq!((status.as_u16(), &error["code"]), (408, &json!(4)));
    let keys: Vec<_> = error.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["code", "details", "message"]);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_announced_too_large_is_refused_without_waiting_for_it() {
    let started = tokio::time::Instant::now();
    let (status, problem) = announced("/v1/sleeps", 65_537).await;
    assert_eq!((status.as_u16(), &problem["code"]), (413, &json!("body_too_large")));
    let (status, error) = announced("/apiservices/v3/sleeps", u64::MAX).await;
    assert_eq!((status.as_u16(), &error["code"]), (413, &json!(3)));
    // The clock moves only when everything waits.
    assert_eq!(started.elapsed(), Duration::ZERO);
}

#[tokio::test]
async fn a_request_of_http_1_1_names_one_host() {
    let cases: [(Version, &[&str], u16); 7] = [
        (Version::HTTP_11, &["fares.example:8080"], 500),
        (Version::HTTP_11, &[], 400),
        (Version::HTTP_11, &["a", "b"], 400),
        (Version::HTTP_11, &["a", "a"], 400),
        (Version::HTTP_11, &["a b/c"], 400),
        (Version::HTTP_10, &[], 500),
        (Version::HTTP_2, &[], 500),
    ];
    for (version, hosts, expected) in cases {
        let mut request = Request::get("/v1/panics").version(version);
        for host in hosts {
            request = request.header("host", *host);
        }
        let (status, problem) = answered(request.body(Body::empty()).unwrap()).await;
        assert_eq!(status.as_u16(), expected, "{version:?} {hosts:?}");
        assert_eq!(problem["field"] == "host", expected == 400, "{problem}");
    }
}

#[tokio::test]
async fn header_lines_are_limited_together_too() {
    let request = |value: usize| {
        let value = "x".repeat(value);
        let request = Request::get("/v1/panics").header("host", "here").header("x-long", value);
        answered(request.body(Body::empty()).unwrap())
    };
    // Names count too: `host`, `here` and `x-long` are 14 bytes.
    assert_eq!(request(32_768 - 14).await.0, 500);
    let (status, problem) = request(32_768 - 13).await;
    assert_eq!((status.as_u16(), &problem["code"]), (431, &json!("headers_too_long")));
}

#[tokio::test]
async fn a_handler_that_panics_answers_500_in_the_form_of_its_path() {
    let (status, problem) = guarded("/v1/panics").await;
    assert_eq!((status.as_u16(), &problem["code"]), (500, &json!("internal")));
    let (status, error) = guarded("/apiservices/v3/panics").await;
    assert_eq!((status.as_u16(), &error["code"]), (500, &json!(13)));
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_takes_too_long_is_cut_off() {
    let (status, problem) = guarded("/v1/sleeps").await;
    assert_eq!((status.as_u16(), &problem["code"]), (504, &json!("too_slow")));
    let (status, error) = guarded("/apiservices/v3/sleeps").await;
    assert_eq!((status.as_u16(), &error["code"]), (504, &json!(4)));
}
