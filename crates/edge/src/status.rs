//! What an edge sees, for the operator: `GET /v1/fleet`; in `control`, what the control plane says.

use std::sync::atomic::Ordering;

use fleet::Standing;
use fleet::capacity::RegionCapacity;
use serde_json::{Value, json};

use crate::cells::Edge;
use crate::tls::TlsStatus;

/// Where it is.
pub(crate) const PATH: &str = "/v1/fleet";

/// `control`: what it says, as [`crate::desk`] got it.
pub(crate) fn render(edge: &Edge, control: &Value) -> String {
    let here = &edge.parts.here;
    let tls = edge.parts.tls.as_ref().map(|shown| render_tls(&shown.status(now_s())));
    let Some(ways) = edge.ways() else {
        let nothing = json!({
            "region": here.region, "version": null, "cells": [], "tls": tls, "control": control,
        });
        return nothing.to_string();
    };
    let topology = &ways.fleet.topology;
    let cells: Vec<Value> = topology
        .cells()
        .filter_map(|(region, site)| {
            let state = ways.cells.get(&site.id)?;
            let (standing, share) = match state.standing() {
                Standing::Up { share } => ("up", share),
                Standing::Ejected => ("ejected", 0),
                Standing::NotReady => ("not_ready", 0),
                Standing::Gone => ("gone", 0),
            };
            let in_flight =
                edge.parts.settings.cell_requests_max.size() - state.room.available_permits();
            Some(json!({
                "cell": site.id.to_string(),
                "region": region.name,
                "zone": site.zone,
                "address": site.address,
                "version": site.version,
                "weight": site.weight,
                "draining": site.draining,
                "standing": standing,
                "share_percent": u32::from(share) * 100 / 255,
                "in_flight": in_flight,
                "answered": state.answered.load(Ordering::Relaxed),
                "failed": state.failed.load(Ordering::Relaxed),
                "spared": state.spared.load(Ordering::Relaxed),
            }))
        })
        .collect();
    let capacity: Vec<Value> = topology.regions.iter().map(render_capacity).collect();
    json!({
        "region": here.region,
        "zone": here.zone,
        "version": topology.version,
        "table": topology.table,
        "moved": edge.moved().len(),
        "in_flight": edge.shedding.in_flight(),
        "turned_away_late": turned_away(edge),
        "clients": edge.allowances.clients(),
        "keys": edge.allowances.keys(),
        "cache": edge.cache.render(),
        "websockets": edge.websockets.render(),
        "cells": cells,
        "overrides": topology.overrides,
        "cells_per_key": edge.parts.settings.shards.cells_per_key.get(),
        "capacity": capacity,
        "tls": tls,
        "control": control,
    })
    .to_string()
}

/// By priority, what was turned away because the edge was late.
fn turned_away(edge: &Edge) -> Value {
    edge.shedding
        .refused()
        .map(|(priority, count)| (priority.name(), json!(count)))
        .into_iter()
        .collect()
}

fn now_s() -> i64 {
    runtime::unix_ms() / 1_000
}

fn render_tls(status: &TlsStatus) -> Value {
    json!({
        "certificate": status.certificate,
        "until": status.until,
        "days_left": status.days_left,
        "ends_soon": status.ends_soon,
        "refused": status.refused,
    })
}

fn render_capacity(region: &fleet::topology::Region) -> Value {
    let capacity = RegionCapacity::of(region);
    json!({
        "region": capacity.region,
        "peak": capacity.peak,
        "serving": capacity.serving,
        "after_worst_loss": capacity.worst(),
        "holds": capacity.holds(),
    })
}
