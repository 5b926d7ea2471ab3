//! `GET /v1/fleet` of one process: the cell as a fleet of one, for the operator and the console.
//!
//! With several cells the front door answers this path and no cell is asked. A process that is alone
//! has no control plane, so there is nothing to change and it says why. What it did lately is counted
//! from one question to the next, so the first one finds nothing.

use std::sync::{Arc, PoisonError};

use axum::extract::{RawQuery, State};
use axum::response::Response;
use fleet::happened::{Event, What};
use fleet::shown::{Shown, ShownCell, ShownRegion, ShownZone};
use fleet::topology::SeenHealth;
use http::HeaderMap;
use serde_json::json as value;

use super::{cell_report, pairs};
use crate::refusal::Family;
use crate::state::{Shared, json};

/// Where it is.
pub(crate) const PATH: &str = "/v1/fleet";
/// Why nothing can be changed.
const ALONE: &str = "This is one process: there is no other cell that could take its work, so it \
                     can be neither drained nor moved to another release. `fareway serve --cells 3` \
                     runs cells.";

/// `GET /v1/fleet`.
pub(crate) async fn shown(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let checked = shared.operator.check(&headers).and_then(|()| pairs::none(query.as_deref()));
    match checked {
        Ok(()) => json(render(&shared, runtime::unix_ms().max(0) as u64)),
        Err(refusal) => refusal.respond(Family::Own),
    }
}

fn render(shared: &Shared, now: u64) -> String {
    let says = of_one(shared, now);
    let control = value!({"answers": true, "age_ms": 0, "says": says});
    value!({"region": null, "cells": [], "control": control}).to_string()
}

fn of_one(shared: &Shared, now: u64) -> Shown {
    let report = cell_report::of(shared);
    let rates = {
        let mut traffic = shared.traffic.lock().unwrap_or_else(PoisonError::into_inner);
        traffic.note(report.sample(now));
        traffic.rates(now)
    };
    let ready = !shared.engine.is_leaving() && !(shared.roster)().is_empty();
    let cell = ShownCell {
        cell: report.cell.clone(),
        address: None,
        seen: if ready { SeenHealth::Ready } else { SeenHealth::NotReady },
        draining: false,
        weight: 100,
        tested_max: None,
        release: report.release.clone(),
        says: Some(report.shown(rates)),
    };
    let zones = vec![ShownZone { zone: "a".to_owned(), cells: vec![cell] }];
    let started = Event {
        at: report.process,
        what: What::Started,
        cell: Some(report.cell),
        sentence: "the process was started".to_owned(),
    };
    let lately = now.saturating_sub(report.process) <= fleet::happened::HOUR_MS;
    Shown {
        at: now,
        version: None,
        read_only: Some(ALONE.to_owned()),
        frozen: None,
        regions: vec![ShownRegion { region: "local".to_owned(), capacity: None, zones }],
        releases: Vec::new(),
        rollout: None,
        last_rollout: None,
        events: if lately { vec![started] } else { Vec::new() },
    }
}
