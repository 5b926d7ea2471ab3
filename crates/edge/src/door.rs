//! The door itself: what every request passes before and after it is forwarded.
//!
//! ```text
//! request ─▶ own paths ─ limits ─ headers ─▶ kept? ─▶ body held ─▶ forward ─▶ response + x-cell, x-request-id, visit
//! ```
//!
//! Its own paths are `/healthz` (this process), `/readyz` (some cell takes work), those for the operator
//! ([`desk`]) and the pages of [`crate::Rules::own`]. Limits: requests of one client, requests in flight, header lines, bytes of address and body, time for the body;
//! those of connections are the listener's ([`Door::limits`]).

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::{Body, Incoming};
use hyper::service::Service;
use runtime::HttpLimits;
use runtime::serve::Peer;

use crate::allowance::{Asking, client_of};
use crate::body::{BodyError, Passing};
use crate::cache::serve;
use crate::cells::Edge;
use crate::desk;
use crate::everywhere;
use crate::forward::{Answer, forward};
use crate::headers::{Outside, REQUEST_ID, prepare};
use crate::rules::{Turned, Whose};
use crate::settings::EdgeSettings;
use crate::shed::Entered;
use crate::visit;
use crate::websocket::{self, Handshake};

/// The service of an edge, for [`runtime::serve_http`].
#[derive(Clone, Debug)]
pub struct Door {
    edge: Arc<Edge>,
}

impl Door {
    /// The door of an edge.
    #[must_use]
    pub fn new(edge: Arc<Edge>) -> Self {
        Self { edge }
    }

    /// The limits of its listener.
    #[must_use]
    pub fn limits(settings: &EdgeSettings) -> HttpLimits {
        HttpLimits {
            connections: settings.connections_max.size(),
            connections_per_client: settings.connections_per_client.size(),
            head_within: settings.head_ms.ms(),
            write_within: Some(settings.write_ms.ms()),
            ..HttpLimits::default()
        }
    }
}

impl Service<Request<Incoming>> for Door {
    type Response = Answer;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Answer, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let edge = Arc::clone(&self.edge);
        Box::pin(async move { Ok(answer(&edge, request).await) })
    }
}

async fn answer(edge: &Arc<Edge>, request: Request<Incoming>) -> Answer {
    let (mut head, body) = request.into_parts();
    if let Some(answer) = own_path(edge, &head) {
        return answer;
    }
    if desk::is_at(head.uri.path()) {
        let answered = desk::answer(edge, &head, body).await;
        return answered.unwrap_or_else(|turned| refuse(edge, head.uri.path(), &turned));
    }
    let peer = head.extensions.get::<Peer>().map(|peer| peer.0.ip());
    let behind_proxy = edge.parts.settings.behind_proxy;
    let client = peer.map(|peer| client_of(&head.headers, peer, behind_proxy));
    let rules = &edge.parts.rules;
    // What concerns all cells is no way to one of them.
    let may_open = edge.websockets.are_passed() && (rules.everywhere)(&head).is_none();
    let handshake = if may_open { Handshake::of(&mut head, &body) } else { None };
    let outside = Outside { behind_proxy, secure: edge.parts.tls.is_some() };
    let id = prepare(&mut head, peer, outside, edge.chance());
    let key = if edge.allowances.count_keys() { (rules.tenant)(&head) } else { None };
    let mut told = edge.allowances.take(Asking { client, key }, runtime::now());
    let passed = match (told.as_mut().and_then(|told| told.refused.take()), handshake) {
        (Some(turned), _) => Err(turned),
        (None, Some(handshake)) => websocket::pass(edge, handshake, (client, head.clone())).await,
        (None, None) => pass(edge, &head, body).await,
    };
    let mut answer = passed.unwrap_or_else(|turned| refuse(edge, head.uri.path(), &turned));
    let good = answer.status().is_success() || answer.status() == StatusCode::NOT_MODIFIED;
    if good && (rules.begins_visit)(&head) {
        visit::begin(rules.visit_cookie, &head.headers, answer.headers_mut());
    }
    if let Some(told) = told {
        told.write(answer.headers_mut());
    }
    answer.headers_mut().entry(REQUEST_ID).or_insert(id);
    answer
}

async fn pass(edge: &Arc<Edge>, head: &Parts, body: Incoming) -> Result<Answer, Turned> {
    check_head(&edge.parts.settings, head)?;
    let rules = &edge.parts.rules;
    if let Some(purges) = (rules.everywhere)(head) {
        desk::check_operator(edge, head)?;
        let body = take_body(&edge.parts.settings, body).await?;
        return everywhere::send(edge, purges, head, body).await;
    }
    if body.is_end_stream()
        && let Some(wanted) = edge.cache.wanted(head, rules)
    {
        return serve(edge, wanted, head).await;
    }
    let whose = Whose::of(head, rules);
    let entered = edge.shedding.enter(whose.work, whose.priority)?;
    let body = take_body(&edge.parts.settings, body).await?;
    let answer = send(edge, (whose, entered), head, body).await?;
    let (parts, body) = answer.into_parts();
    edge.cache.on_answered(head, rules, &parts);
    Ok(Response::from_parts(parts, body))
}

/// Lets a request in and sends it to a cell.
pub(crate) async fn through(
    edge: &Edge,
    whose: Whose,
    head: &Parts,
    body: Passing<Incoming>,
) -> Result<Answer, Turned> {
    let entered = edge.shedding.enter(whose.work, whose.priority)?;
    send(edge, (whose, entered), head, body).await
}

async fn send(
    edge: &Edge,
    (whose, mut entered): (Whose, Entered),
    head: &Parts,
    body: Passing<Incoming>,
) -> Result<Answer, Turned> {
    let Some(ways) = edge.ways() else {
        return Err(Turned::for_now("no_topology", "The fleet is not known yet."));
    };
    let mut answer = forward(edge, &ways, whose, (head, body)).await?;
    if websocket::is_open(answer.status()) {
        entered.on_done();
    }
    // Until the client has all of it.
    answer.body_mut().keep(Box::new(entered));
    Ok(answer)
}

pub(crate) fn check_head(settings: &EdgeSettings, head: &Parts) -> Result<(), Turned> {
    if head.headers.len() > settings.headers.size() {
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        let sentence = format!("At most {} header lines.", settings.headers.get());
        return Err(Turned::new(status, "too_many_headers", sentence));
    }
    let bytes = head.uri.path_and_query().map_or(0, |path| path.as_str().len());
    if bytes > settings.uri_bytes.size() {
        let most = settings.uri_bytes.get();
        let sentence = format!("Path and query together have at most {most} bytes.");
        return Err(Turned::new(StatusCode::URI_TOO_LONG, "uri_too_long", sentence));
    }
    if head.method == Method::CONNECT {
        let sentence = "This is no proxy to other places.";
        return Err(Turned::new(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", sentence));
    }
    Ok(())
}

/// Takes in the part of a body that is kept to send it again. A larger one is passed on as it comes.
async fn take_body(settings: &EdgeSettings, body: Incoming) -> Result<Passing<Incoming>, Turned> {
    let held = Passing::hold(body, settings.repeat_bytes.get(), settings.body_bytes.get());
    match tokio::time::timeout(settings.body_ms.ms(), held).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(BodyError::TooLarge(most))) => Err(Turned::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            format!("A body has at most {most} bytes."),
        )),
        Ok(Err(BodyError::Broken(_))) => Err(Turned::new(
            StatusCode::BAD_REQUEST,
            "body_incomplete",
            "The body broke off before its end.",
        )),
        Err(_) => Err(body_too_slow()),
    }
}

pub(crate) fn body_too_slow() -> Turned {
    let sentence = "The body took too long to arrive.";
    Turned::new(StatusCode::REQUEST_TIMEOUT, "body_too_slow", sentence)
}

/// What the edge answers itself to anybody.
fn own_path(edge: &Edge, head: &Parts) -> Option<Answer> {
    let reads = [Method::GET, Method::HEAD].contains(&head.method);
    let path = head.uri.path();
    let answered = match path {
        _ if !reads && ["/healthz", "/readyz"].contains(&path) => Err(wrong_method()),
        "/healthz" => Ok(json("{\"status\":\"ok\"}")),
        "/readyz" => match edge.ways() {
            Some(ways) if ways.usable().any() => Ok(json("{\"status\":\"ready\"}")),
            _ => Err(Turned::for_now("no_cell", "No cell takes work now.")),
        },
        _ => match (edge.parts.rules.own)(head)? {
            page if reads => Ok(page.map(Passing::whole)),
            _ => Err(wrong_method()),
        },
    };
    Some(answered.unwrap_or_else(|turned| refuse(edge, path, &turned)))
}

pub(crate) fn wrong_method() -> Turned {
    let sentence = "This path does not take this method.";
    Turned::new(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", sentence)
}

pub(crate) fn json(text: impl Into<Bytes>) -> Answer {
    let mut response = Response::new(Passing::whole(text.into()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn refuse(edge: &Edge, path: &str, turned: &Turned) -> Answer {
    (edge.parts.rules.refuse)(path, turned).map(Passing::whole)
}
