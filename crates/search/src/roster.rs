//! The partners of a registry as searches want them: one shared list, the same until it changes.

use std::sync::{Arc, Mutex, PoisonError};

use partners::{PartnerSet, Registry};

use crate::engine::RosterSource;
use crate::ledger::Roster;

/// The partners of a registry. The list is the same one until the registry changes, so that
/// searches know whether they were planned with the same partners.
#[must_use]
pub fn roster_of(registry: Arc<Registry>) -> RosterSource {
    let first = registry.snapshot();
    let latest: Mutex<(Arc<PartnerSet>, Roster)> = Mutex::new((Arc::clone(&first), list(&first)));
    Arc::new(move || {
        let now = registry.snapshot();
        let mut latest = latest.lock().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&latest.0, &now) {
            *latest = (Arc::clone(&now), list(&now));
        }
        Arc::clone(&latest.1)
    })
}

fn list(set: &PartnerSet) -> Roster {
    set.partners().into()
}
