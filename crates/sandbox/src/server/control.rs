//! Switching failure modes on and off, and listing partners.

use std::sync::PoisonError;

use domain::PartnerId;
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::Shared;
use super::routes::{Answer, with_type};
use crate::faults::{FaultPlan, PartnerFault};

const JSON: &str = "application/json";

/// One line of the list of faults.
#[derive(Serialize)]
struct Listed {
    partner: String,
    #[serde(flatten)]
    fault: PartnerFault,
}

/// A change of faults.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    /// Takes all faults away first.
    #[serde(default)]
    clear: bool,
    /// Gives one in so many partners a fault, all kinds in turn.
    #[serde(default)]
    one_in: Option<u16>,
    /// Faults of single partners.
    #[serde(default)]
    faults: Vec<OneFault>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneFault {
    partner: String,
    /// The fault; none takes it away.
    set: Option<PartnerFault>,
}

/// `GET /control/faults`: all faults that are on.
pub(super) fn list_faults(shared: &Shared) -> Answer {
    let faults = shared.faults.read().unwrap_or_else(PoisonError::into_inner).list();
    let listed: Vec<Listed> = faults
        .into_iter()
        .map(|(partner, fault)| Listed { partner: partner.to_string(), fault })
        .collect();
    json(&serde_json::json!({ "faults": listed }))
}

/// `POST /control/faults`: changes them; answers with all that are on then.
pub(super) fn set_faults(shared: &Shared, body: &[u8]) -> Answer {
    let change: Change = match serde_json::from_slice(body) {
        Ok(change) => change,
        Err(error) => return refused(&error.to_string()),
    };
    let mut wanted: Vec<(PartnerId, Option<PartnerFault>)> = Vec::new();
    for OneFault { partner, set } in change.faults {
        if let Some(Err(invalid)) = set.map(PartnerFault::validate) {
            return refused(&format!("{partner}: {invalid}"));
        }
        match partner.parse().ok().filter(|&id| shared.market.seller(id).is_some()) {
            Some(id) => wanted.push((id, set)),
            None => return refused(&format!("no partner {partner:?}")),
        }
    }
    {
        let mut plan = shared.faults.write().unwrap_or_else(PoisonError::into_inner);
        if change.clear {
            plan.clear();
        }
        if let Some(count) = change.one_in {
            *plan = FaultPlan::one_in(usize::from(count), shared.market.sellers());
        }
        for (partner, fault) in wanted {
            plan.set(partner, fault);
        }
    }
    list_faults(shared)
}

/// `GET /control/partners`: who they are.
pub(super) fn partners(shared: &Shared) -> Answer {
    let rows: Vec<serde_json::Value> = shared
        .market
        .sellers()
        .iter()
        .map(|seller| {
            serde_json::json!({
                "id": seller.id.as_str(),
                "name": seller.name,
                "kind": if seller.is_airline() { "airline" } else { "travel_agent" },
                "protocol": seller.protocol.name(),
                "currency": seller.currency.to_string(),
                "market": seller.market.to_string(),
                "median_ms": seller.manners.median_ms.round(),
            })
        })
        .collect();
    json(&serde_json::json!({ "partners": rows }))
}

fn json(value: &serde_json::Value) -> Answer {
    with_type(StatusCode::OK, JSON, value.to_string())
}

fn refused(problem: &str) -> Answer {
    let body = serde_json::json!({ "error": problem }).to_string();
    with_type(StatusCode::BAD_REQUEST, JSON, body)
}
