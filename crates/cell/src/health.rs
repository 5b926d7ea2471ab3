//! Whether we live, whether we want traffic, and what we serve.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};

use crate::json::Json;
use crate::key;
use crate::refusal::{Family, Refusal};
use crate::state::{PAGE, Shared, json, json_kept};
use crate::v1::pairs;

/// The description of every route.
pub const OPENAPI: &str = include_str!("../../../api/openapi.json");

/// `GET /healthz`: the process answers.
pub(crate) async fn alive() -> Response {
    json("{\"status\":\"ok\"}")
}

/// `GET /readyz`: new searches are welcome. Not while draining, not without partners.
pub(crate) async fn ready(State(shared): State<Arc<Shared>>) -> Response {
    let refuse = |code, sentence: &str| {
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, code, sentence).respond(Family::Own)
    };
    if shared.engine.is_leaving() {
        return refuse("draining", "The service is stopping.");
    }
    if (shared.roster)().is_empty() {
        return refuse("no_partners", "There is no partner to ask yet.");
    }
    json("{\"status\":\"ready\"}")
}

/// `GET /v1/load`, for the operator: how full this cell is, and for whom it worked since its start.
pub(crate) async fn load(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let checked = shared.operator.check(&headers).and_then(|()| pairs::none(query.as_deref()));
    match checked {
        Ok(()) => json(render_load(&shared)),
        Err(refusal) => refusal.respond(Family::Own),
    }
}

fn render_load(shared: &Shared) -> Vec<u8> {
    let (load, answers) = (shared.engine.load(), shared.engine.answers_for());
    let [answered, left] = shared.served.each_ref().map(|count| count.load(Ordering::Relaxed));
    let mut text = Json::with_capacity(512);
    text.object(|json| {
        key!(json, "searches").object(|json| {
            key!(json, "open").number(load.open);
            key!(json, "bytes").number(load.bytes);
        });
        key!(json, "refused_late").object(|json| {
            for (priority, count) in shared.engine.refused() {
                json.key(priority.name()).number(count);
            }
        });
        key!(json, "answers").object(|json| {
            key!(json, "wanted").number(answers.wanted);
            key!(json, "late").number(answers.late);
            key!(json, "unwatched").number(answers.unwatched);
        });
        key!(json, "requests").object(|json| {
            key!(json, "answered").number(answered);
            key!(json, "left").number(left);
        });
    });
    text.into_bytes()
}

/// `GET /openapi.json`.
pub(crate) async fn openapi() -> Response {
    json_kept(OPENAPI, PAGE)
}
