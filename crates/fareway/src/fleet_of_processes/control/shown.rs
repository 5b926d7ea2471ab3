//! All that the control plane knows, as one document for the console.

use fleet::shown::{Shown, ShownRegion, ShownRelease};
use serde_json::Value;

use super::ControlRoom;

impl ControlRoom {
    /// What an operator is shown now.
    pub(super) fn shown(&self, now: u64) -> Shown {
        let kept = self.kept();
        let topology = &kept.fleet.topology;
        let (views, regions) = {
            let seen = self.seen();
            (seen.views(), ShownRegion::all(topology, |cell| seen.report(cell.id, now)))
        };
        let releases = self.releases.list().into_iter();
        let releases = releases
            .map(|release| ShownRelease { name: release.name, made: release.made.max(0) as u64 });
        let (frozen, rollout, last_rollout) = {
            let rollouts = self.rollouts();
            (rollouts.frozen(), rollouts.current(&views), rollouts.last())
        };
        Shown {
            at: now,
            version: Some(topology.version),
            read_only: None,
            frozen,
            regions,
            releases: releases.collect(),
            rollout,
            last_rollout,
            events: self.happened(now),
        }
    }

    /// What is known of rollouts, as it is shown.
    pub(super) fn rendered_rollouts(&self) -> Value {
        let views = self.seen().views();
        self.rollouts().render(&views)
    }
}
