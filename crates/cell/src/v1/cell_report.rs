//! `GET /v1/cell`: what this cell is and did, for the operator and the control plane.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::HeaderMap;
use search::Leaving;
use serde_json::json as value;

use super::pairs;
use crate::refusal::Family;
use crate::state::{Shared, json};

/// Where it is.
pub(crate) const PATH: &str = "/v1/cell";

/// `GET /v1/cell`.
pub(crate) async fn report(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let checked = shared.operator.check(&headers).and_then(|()| pairs::none(query.as_deref()));
    match checked {
        Ok(()) => json(render(&shared)),
        Err(refusal) => refusal.respond(Family::Own),
    }
}

fn render(shared: &Shared) -> String {
    let load = shared.engine.load();
    let beside = shared
        .prices
        .region
        .cells()
        .into_iter()
        .map(|one| value!({"cell": one.cell, "is_whole": one.is_whole, "prices": one.taken}));
    let beside: Vec<_> = beside.collect();
    value!({
        "cell": format!("cell-{}", shared.cell),
        "release": shared.release,
        "process": shared.counts.process,
        "searches": load.open,
        "running": load.running,
        "created": load.created,
        "late_ms": load.late.as_millis() as u64,
        "leaving": shared.engine.leaving().map(Leaving::name),
        "evidence": shared.counts.evidence(),
        "beside": beside,
    })
    .to_string()
}
