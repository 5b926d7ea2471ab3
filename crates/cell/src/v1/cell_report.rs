//! `GET /v1/cell`: what this cell is and did, for the operator and the control plane.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use fleet::{BesideReport, CellReport};
use http::HeaderMap;
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

/// What this cell says of itself.
pub(crate) fn of(shared: &Shared) -> CellReport {
    let load = shared.engine.load();
    let beside = shared.prices.region.cells().into_iter().map(|one| BesideReport {
        cell: one.cell,
        is_whole: one.is_whole,
        prices: one.taken,
    });
    CellReport {
        cell: format!("cell-{}", shared.cell),
        release: shared.release.clone(),
        process: shared.counts.process.max(0) as u64,
        searches: load.open as u64,
        running: load.running as u64,
        created: load.created,
        late_ms: Some(load.late.as_millis() as u64),
        leaving: shared.engine.leaving().map(|why| why.name().to_owned()),
        evidence: shared.counts.evidence(),
        beside: beside.collect(),
    }
}

fn render(shared: &Shared) -> String {
    value!(of(shared)).to_string()
}
