//! Whether we live, whether we want traffic, and what we serve.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use crate::refusal::{Family, Refusal};
use crate::state::{PAGE, Shared, json, json_kept};

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

/// `GET /openapi.json`.
pub(crate) async fn openapi() -> Response {
    json_kept(OPENAPI, PAGE)
}
