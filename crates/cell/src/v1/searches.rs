//! Handlers of `/v1/searches`.
//!
//! A page is found in the cache by its exact path and query while the search is at the version it
//! shows; that costs one look-up, and no token is opened. Otherwise it is looked up, filtered,
//! ranked and rendered: well under 100 us for 300 itineraries.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::header::LOCATION;
use http::{HeaderValue, StatusCode};
use search::SearchError;

use super::page::render_page;
use super::{pairs, query, request as wire};
use crate::cache::PageEntry;
use crate::json::Json;
use crate::key;
use crate::limits;
use crate::loose;
use crate::party::{FieldNames, refuse};
use crate::refusal::{Family, Refusal};
use crate::state::{Shared, json};

/// Where the fields of a `/v1` create stand.
const NAMES: FieldNames = FieldNames {
    legs: "legs",
    origin: "origin",
    destination: "destination",
    currency: "currency",
    locale: "locale",
    token: "token",
};

/// The answer, or the refusal as a problem.
fn answered(result: Result<Response, Refusal>) -> Response {
    result.unwrap_or_else(|refusal| refusal.respond(Family::Own))
}

pub(super) fn refused(error: &SearchError) -> Refusal {
    refuse(error, NAMES)
}

/// `POST /v1/searches`.
pub(crate) async fn create(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let work = async {
        pairs::none(request.uri().query())?;
        let caller = shared.caller(request.headers());
        let bytes = limits::body(request.into_body(), &shared).await?;
        let body = loose::read(&bytes, shared.settings.json_depth.size())?;
        loose::only_once(&bytes)?;
        let wire::NewSearch { request, display } = wire::read(&body, shared.atlas)?;
        let opened = shared.engine.create_as(caller, request, display).await;
        let opened = opened.map_err(|error| refused(&error))?;
        let mut answer = Json::with_capacity(2_048);
        let url = format!("/v1/searches/{}", opened.token);
        answer.object(|json| {
            key!(json, "token").text(&opened.token);
            key!(json, "status").plain(opened.snapshot.status.name().as_bytes());
            key!(json, "results_url").text(&url);
            key!(json, "events_url").text(&format!("{url}/events"));
            key!(json, "partners_url").text(&format!("{url}/partners"));
            let snapshot = &opened.snapshot;
            wire::write(key!(json, "request"), &snapshot.request, &snapshot.display);
        });
        let mut response = json(answer.into_bytes());
        *response.status_mut() = StatusCode::CREATED;
        if let Ok(url) = HeaderValue::try_from(url) {
            response.headers_mut().insert(LOCATION, url);
        }
        Ok(response)
    };
    answered(work.await)
}

/// `GET /v1/searches/{token}`.
pub(crate) async fn page(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let path = request.uri().path_and_query().map_or("", |path| path.as_str());
    if let Some(kept) = shared.pages.find(path, runtime::unix_ms()) {
        return json(kept);
    }
    answered(make_page(&shared, request.uri().path(), request.uri().query(), path).await)
}

async fn make_page(
    shared: &Shared,
    path: &str,
    query: Option<&str>,
    whole: &str,
) -> Result<Response, Refusal> {
    let token = limits::decoded(path.rsplit('/').next().unwrap_or_default());
    let query::Wanted { mut view, options, itinerary } = query::read(query, shared.atlas)?;
    let opened = shared.engine.open_token(&token).map_err(|error| refused(&error))?;
    let search = shared.engine.find(&token).await.map_err(|error| refused(&error))?;
    let snapshot = search.snapshot().await.map_err(|error| refused(&error))?;
    view.search = snapshot.cursor_scope();
    query::check(&view, &snapshot.question)?;
    if itinerary.is_some() {
        view.limit = usize::MAX;
    }
    let mut page = snapshot.view(&view);
    if let Some(key) = itinerary {
        let itineraries = snapshot.merged.itineraries();
        page.rows.retain(|row| itineraries[row.itinerary as usize].key == key);
    }
    let agents = shared.agents();
    let bytes =
        Bytes::from(render_page(&snapshot, (&page, options), &token, &agents, shared.atlas));
    let lifetime_s = shared.engine.settings().token_s.get() as i64;
    let until_ms = (i64::from(opened.issued_s) + lifetime_s) * 1_000;
    let search = Arc::downgrade(&search);
    let entry = PageEntry { search, seen: snapshot.seen(), until_ms, bytes: bytes.clone() };
    shared.pages.keep(whole, entry);
    Ok(json(bytes))
}

/// `GET /v1/searches/{token}/partners`: one row for every partner.
pub(crate) async fn partners(
    State(shared): State<Arc<Shared>>,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let work = async {
        pairs::none(query.as_deref())?;
        let search = shared.engine.find(&token).await.map_err(|error| refused(&error))?;
        let snapshot = search.snapshot().await.map_err(|error| refused(&error))?;
        let mut answer = Json::with_capacity(128 << 10);
        answer.object(|json| {
            key!(json, "partners").list(|json| {
                for row in snapshot.ledger.rows() {
                    super::events::write_row(json, &row);
                }
            });
        });
        Ok(json(answer.into_bytes()))
    };
    answered(work.await)
}
