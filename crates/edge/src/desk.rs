//! What the operator asks of the front door, and what is passed on to the control plane.
//!
//! ```text
//! GET  /v1/fleet                                            what this edge sees, what the control plane says
//! POST /v1/fleet/plan, change, rollout, rollback, freeze ─▶ the control plane, and its answer back
//! POST /v1/fleet/purge                                      kept answers of this edge
//! ```
//!
//! No cell is asked, so all of it works while none is there. Whoever is not the operator gets no
//! further than this. What is passed on is sent once: nobody can tell from here whether a change that
//! was not answered was made. Limits: bytes and time of a request and of an answer.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use runtime::Moment;
use serde_json::{Value, json};

use crate::body::Passing;
use crate::cache::{PURGE_PATH, purge};
use crate::cells::Edge;
use crate::door::{body_too_slow, json as json_of, wrong_method};
use crate::forward::Answer;
use crate::rules::Turned;
use crate::status;
use crate::upstream::{SendError, Sent};

/// Where the control plane says what it knows.
pub const SHOWN_PATH: &str = "/fleet/shown";
/// What is passed on, without its `/v1`.
const PASSED_ON: [&str; 5] = [
    "/v1/fleet/plan",
    "/v1/fleet/change",
    "/v1/fleet/rollout",
    "/v1/fleet/rollback",
    "/v1/fleet/freeze",
];
/// Time for the control plane to say what it knows: the page is shown without it then.
const SHOWN_WITHIN: Duration = Duration::from_secs(1);
/// Time for it to do something, which it writes to a disk.
const DONE_WITHIN: Duration = Duration::from_secs(15);
/// Largest answer of it that is read.
const ANSWER_BYTES_MAX: usize = 2 << 20;
/// Largest request that is passed on.
const BODY_BYTES_MAX: usize = 256 << 10;

/// What the control plane said last, and when.
#[derive(Debug, Default)]
pub(crate) struct Told(Mutex<Option<(Moment, Value)>>);

/// Whether a path is answered here.
pub(crate) fn is_at(path: &str) -> bool {
    [status::PATH, PURGE_PATH].contains(&path) || PASSED_ON.contains(&path)
}

/// Answers the operator.
pub(crate) async fn answer(edge: &Edge, head: &Parts, body: Incoming) -> Result<Answer, Turned> {
    check_operator(edge, head)?;
    let reads = [Method::GET, Method::HEAD].contains(&head.method);
    match head.uri.path() {
        status::PATH if reads => {
            let control = edge.told.ask(edge, head).await;
            Ok(json_of(status::render(edge, &control)))
        }
        PURGE_PATH if head.method == Method::POST => {
            let purging = purge(&edge.cache, body);
            let purged = tokio::time::timeout(edge.parts.settings.body_ms.ms(), purging).await;
            purged.unwrap_or_else(|_| Err(body_too_slow())).map(json_of)
        }
        path if head.method == Method::POST && PASSED_ON.contains(&path) => {
            pass_on(edge, head, take(edge, body).await?).await
        }
        _ => Err(wrong_method()),
    }
}

pub(crate) fn check_operator(edge: &Edge, head: &Parts) -> Result<(), Turned> {
    let rules = &edge.parts.rules;
    if (rules.operator)(&head.headers) {
        return Ok(());
    }
    if head.headers.contains_key(&rules.proof) {
        let sentence = "this is not the operator token";
        return Err(Turned::new(StatusCode::FORBIDDEN, "operator_wrong", sentence));
    }
    let sentence = format!("the header {} must hold the operator token", rules.proof);
    Err(Turned::new(StatusCode::UNAUTHORIZED, "operator_required", sentence))
}

impl Told {
    /// What the control plane says now, or what it said last and how old that is.
    async fn ask(&self, edge: &Edge, head: &Parts) -> Value {
        let said = async {
            let request = request(edge, head, (Method::GET, SHOWN_PATH), Bytes::new())?;
            let upstream = &edge.parts.upstream;
            let answer =
                upstream.ask_control(request, SHOWN_WITHIN, ANSWER_BYTES_MAX).await.ok()?;
            let well = answer.status().is_success();
            serde_json::from_slice::<Value>(answer.body()).ok().filter(|_| well)
        };
        let said = said.await;
        let now = runtime::now();
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let answers = said.is_some();
        if let Some(said) = said {
            *last = Some((now, said));
        }
        let age =
            last.as_ref().map(|(at, _)| now.saturating_duration_since(*at).as_millis() as u64);
        json!({"answers": answers, "age_ms": age, "says": last.as_ref().map(|(_, said)| said)})
    }
}

async fn take(edge: &Edge, body: Incoming) -> Result<Bytes, Turned> {
    let taken = Limited::new(body, BODY_BYTES_MAX).collect();
    match tokio::time::timeout(edge.parts.settings.body_ms.ms(), taken).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(_)) => {
            let sentence = format!("The body broke off, or has more than {BODY_BYTES_MAX} bytes.");
            Err(Turned::new(StatusCode::BAD_REQUEST, "invalid_body", sentence))
        }
        Err(_) => Err(body_too_slow()),
    }
}

async fn pass_on(edge: &Edge, head: &Parts, body: Bytes) -> Result<Answer, Turned> {
    let path = head.uri.path();
    let path = path.strip_prefix("/v1").unwrap_or(path);
    let silent = |sentence: &str| Turned::for_now("control_silent", sentence);
    let no_request = || silent("The control plane has no address that can be asked.");
    let request = request(edge, head, (Method::POST, path), body).ok_or_else(no_request)?;
    let upstream = &edge.parts.upstream;
    let answered = upstream.ask_control(request, DONE_WITHIN, ANSWER_BYTES_MAX).await;
    let answered = answered.map_err(|error| match error {
        SendError::Refused(_) => silent("The control plane does not answer; nothing was changed."),
        _ => silent("The control plane did not answer; look whether it was done."),
    })?;
    let (told, body) = answered.into_parts();
    let mut answer = Response::new(Passing::whole(body));
    *answer.status_mut() = told.status;
    let headers = answer.headers_mut();
    headers.extend(told.headers.get(CONTENT_TYPE).map(|media| (CONTENT_TYPE, media.clone())));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(answer)
}

/// A request to the control plane by whoever sent another.
fn request(
    edge: &Edge,
    head: &Parts,
    (method, path): (Method, &str),
    body: Bytes,
) -> Option<Request<Sent>> {
    let address = edge.parts.control.address;
    let proof = &edge.parts.rules.proof;
    let request = Request::builder()
        .method(method)
        .uri(format!("http://{address}{path}"))
        .header(HOST, address.to_string())
        .header(CONTENT_TYPE, "application/json")
        .header(proof, head.headers.get(proof)?)
        .body(Passing::whole(body));
    request.ok()
}
