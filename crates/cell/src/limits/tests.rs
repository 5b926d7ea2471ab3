use std::time::Duration;

use axum::Router;
use axum::routing::get;
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

async fn sleeps() -> Response {
    tokio::time::sleep(Duration::from_secs(60)).await;
    Response::default()
}

/// Answers a path with a handler behind the guard.
async fn guarded(path: &str) -> (StatusCode, Value) {
    let shared = Arc::new(Shared::of_nobody());
    let router = Router::new()
        .route("/v1/panics", get(panics))
        .route("/apiservices/v3/panics", get(panics))
        .route("/v1/sleeps", get(sleeps))
        .route("/apiservices/v3/sleeps", get(sleeps))
        .layer(axum::middleware::from_fn_with_state(shared, guard));
    let request = Request::get(path).body(Body::empty()).unwrap();
    let response = router.oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap())
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
