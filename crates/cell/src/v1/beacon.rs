//! `POST /v1/beacon?key=…`: what browsers tell, a line of JSON for each fact. `OPTIONS`: whether a page may.
//!
//! Made for `navigator.sendBeacon`: any media type, and an answer that nobody reads. Pages of other origins are
//! answered by the Fetch standard's rules (CORS). The visit is known from the cookie, which browsers send from our
//! own pages only.

use std::sync::Arc;

use axum::extract::{RawQuery, Request, State};
use axum::response::Response;
use events::fact::Sender;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::facts::{render, take_in};
use super::pairs;
use crate::intake::{Allowed, KEY_EXPECTED, is_key};
use crate::limits;
use crate::refusal::{Family, Refusal};
use crate::state::{Shared, json};

/// Where it is.
pub(crate) const PATH: &str = "/v1/beacon";

/// `POST /v1/beacon`.
pub(crate) async fn take(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let (at, allowed) = match may(&shared, query.as_deref(), &head.headers) {
        Ok(may) => may,
        Err(refusal) => return refusal.respond(Family::Own),
    };
    let work = async {
        shared.intake.take(at).map_err(|wait| {
            let sentence = "Too many beacons come with this key.";
            Refusal::busy("beacon_too_many", sentence, wait)
        })?;
        let body = limits::body(body, &shared).await?;
        let sender = Sender::Browser(shared.visit_of(&head.headers));
        let mut response = json(render(&take_in(&shared, sender, body).await?));
        *response.status_mut() = StatusCode::ACCEPTED;
        Ok(response)
    };
    let mut response = work.await.unwrap_or_else(|refusal: Refusal| refusal.respond(Family::Own));
    share(allowed, &head.headers, response.headers_mut());
    response
}

/// `OPTIONS /v1/beacon`.
pub(crate) async fn ask(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let allowed = match may(&shared, query.as_deref(), &headers) {
        Ok((_, allowed)) => allowed,
        Err(refusal) => return refusal.respond(Family::Own),
    };
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    let answered = response.headers_mut();
    share(allowed, &headers, answered);
    for (name, line) in [
        (ACCESS_CONTROL_ALLOW_METHODS, "POST"),
        (ACCESS_CONTROL_ALLOW_HEADERS, "content-type"),
        (ACCESS_CONTROL_MAX_AGE, "86400"),
    ] {
        answered.insert(name, HeaderValue::from_static(line));
    }
    response
}

/// The place of the key, and whether the page may send with it.
fn may(
    shared: &Shared,
    query: Option<&str>,
    headers: &HeaderMap,
) -> Result<(usize, Allowed), Refusal> {
    let mut sent = None;
    for pair in pairs::pairs(query)? {
        match pair.name {
            "key" => sent = Some(pair.value.into_owned()),
            name => return Err(pairs::unknown(name)),
        }
    }
    let sent = sent.ok_or_else(|| Refusal::field("key", "is required"))?;
    if !is_key(&sent) {
        return Err(Refusal::field("key", KEY_EXPECTED));
    }
    let forbidden = |code, sentence: &str| Refusal::new(StatusCode::FORBIDDEN, code, sentence);
    let known = shared.settings.intake.beacons.iter().enumerate().find(|(_, one)| one.key == sent);
    let (at, key) = known.ok_or_else(|| {
        forbidden("beacon_key_unknown", "No page has this key.").about("key".to_owned())
    })?;
    match key.allows(headers) {
        Allowed::No => {
            Err(forbidden("beacon_origin_unknown", "This key is not for pages of this origin.")
                .about("origin".to_owned()))
        }
        allowed => Ok((at, allowed)),
    }
}

/// Lets a page of another origin read the answer.
fn share(allowed: Allowed, asked: &HeaderMap, answered: &mut HeaderMap) {
    answered.append(VARY, HeaderValue::from_static("origin"));
    let mut put = |name: HeaderName, line: HeaderValue| answered.insert(name, line);
    match (allowed, asked.get(ORIGIN)) {
        (Allowed::Named, Some(origin)) => {
            put(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            // Beacons are always sent with credentials, though we have no cookie there.
            put(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        (Allowed::Any, _) => {
            put(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        }
        _ => {}
    }
}
