//! Handlers of the v3 paths that need no search.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use bytes::Bytes;
use serde_json::Value;

use super::{autosuggest, geo, reference};
use crate::culture;
use crate::limits;
use crate::loose;
use crate::refusal::{Family, Refusal};
use crate::state::{Shared, json, json_kept};

/// Reference data changes with releases only.
const KEPT: &str = "public, max-age=3600";

/// The answer, or the refusal in v3 form.
pub(super) fn answered(result: Result<Response, Refusal>) -> Response {
    result.unwrap_or_else(|refusal| refusal.respond(Family::V3))
}

/// Reads a JSON body within the limits.
pub(super) async fn read_body(body: Body, shared: &Shared) -> Result<Value, Refusal> {
    let bytes = limits::body(body, shared).await?;
    Ok(loose::read(&bytes, shared.settings.json_depth.size())?)
}

/// `POST autosuggest/flights`.
pub(crate) async fn autosuggest(State(shared): State<Arc<Shared>>, body: Body) -> Response {
    let work = async {
        let body = read_body(body, &shared).await?;
        Ok(json(autosuggest::answer(&body, shared.atlas)?))
    };
    answered(work.await)
}

/// `GET geo/hierarchy/flights/{locale}`.
pub(crate) async fn hierarchy(
    State(shared): State<Arc<Shared>>,
    Path(locale): Path<String>,
) -> Response {
    let work = async {
        check_locale(&locale)?;
        if let Some(kept) = shared.fixed.hierarchy.get() {
            return Ok(json_kept(kept.clone(), KEPT));
        }
        let atlas = shared.atlas;
        let made = shared.workers.run(move || geo::hierarchy(atlas)).await;
        let made = made.map_err(|_| Refusal::internal())?;
        Ok(json_kept(shared.fixed.hierarchy.get_or_init(|| made).clone(), KEPT))
    };
    answered(work.await)
}

/// `POST geo/hierarchy/flights/nearest`.
pub(crate) async fn nearest(State(shared): State<Arc<Shared>>, body: Body) -> Response {
    let work = async {
        let body = read_body(body, &shared).await?;
        Ok(json(geo::nearest(&body, shared.atlas, shared.home)?))
    };
    answered(work.await)
}

/// `GET culture/markets/{locale}`.
pub(crate) async fn markets(
    State(shared): State<Arc<Shared>>,
    Path(locale): Path<String>,
) -> Response {
    answered(check_locale(&locale).map(|()| {
        fixed(shared.fixed.markets.get_or_init(|| reference::markets(shared.atlas)))
    }))
}

/// `GET culture/locales`.
pub(crate) async fn locales(State(shared): State<Arc<Shared>>) -> Response {
    fixed(shared.fixed.locales.get_or_init(reference::locales))
}

/// `GET culture/currencies`.
pub(crate) async fn currencies(State(shared): State<Arc<Shared>>) -> Response {
    fixed(shared.fixed.currencies.get_or_init(|| reference::currencies(shared.atlas)))
}

/// `GET culture/nearestculture?ipAddress=…`; without an address, our home.
pub(crate) async fn nearest_culture(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
) -> Response {
    let work = || {
        let query = query.unwrap_or_default();
        let sent = query.split('&').find_map(|pair| {
            pair.strip_prefix("ipAddress=").or_else(|| pair.strip_prefix("ip_address="))
        });
        let address = match sent.map(limits::decoded).filter(|text| !text.is_empty()) {
            None => std::net::Ipv4Addr::UNSPECIFIED.into(),
            Some(text) => text
                .parse()
                .map_err(|_| Refusal::field("ipAddress", "must be an IP address"))?,
        };
        let home = (shared.home, shared.settings.home_locale.as_str());
        let found = reference::nearest_culture(shared.atlas, address, home);
        found.map(json).ok_or_else(Refusal::internal)
    };
    answered(work())
}

/// `GET flights/carriers`.
pub(crate) async fn carriers(State(shared): State<Arc<Shared>>) -> Response {
    fixed(shared.fixed.carriers.get_or_init(|| reference::carriers(shared.atlas)))
}

fn fixed(bytes: &Bytes) -> Response {
    json_kept(bytes.clone(), KEPT)
}

fn check_locale(text: &str) -> Result<(), Refusal> {
    let wrong = || Refusal::field("locale", "must be a language and country, e.g. en-GB");
    culture::read_locale(text).map(drop).ok_or_else(wrong)
}
