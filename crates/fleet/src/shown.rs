//! The fleet as an operator is shown it: one document, the same from a control plane and from a
//! process that is alone.
//!
//! `says` of `control` in `GET /v1/fleet`. There are no fields that come and go, but a later release may
//! have more of them: a reader leaves aside what it does not know. Times are milliseconds since 1970, shares percent.

mod rollout;

use serde::{Deserialize, Serialize};

use crate::capacity::RegionCapacity;
use crate::happened::Event;
use crate::topology::{CellSite, Region, SeenHealth, Topology};
use crate::traffic::Rates;

pub use rollout::{ShownBake, ShownNote, ShownQuestion, ShownRollout};

/// Notes of a rollout that are shown, the newest.
pub const NOTES_SHOWN: usize = 40;

/// All of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// When it was so.
    pub at: u64,
    /// The version of the topology; `None` where there is none.
    pub version: Option<u64>,
    /// Why nothing can be changed from here; `None`: the operator can.
    pub read_only: Option<String>,
    /// Why nothing may change for now.
    pub frozen: Option<ShownFrozen>,
    /// Region by region.
    pub regions: Vec<ShownRegion>,
    /// What cells could run, the oldest first.
    pub releases: Vec<ShownRelease>,
    /// The rollout that goes on.
    pub rollout: Option<ShownRollout>,
    /// The one before.
    pub last_rollout: Option<ShownRollout>,
    /// What happened in the last hour, the newest first.
    pub events: Vec<Event>,
}

/// Since when nothing may change, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownFrozen {
    /// Since when.
    pub since: u64,
    /// Why.
    pub why: String,
}

/// A release that can be rolled out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownRelease {
    /// Its name.
    pub name: String,
    /// When it was made.
    pub made: u64,
}

/// A region.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShownRegion {
    /// Its name.
    pub region: String,
    /// What losses leave; `None` where there is no plan.
    pub capacity: Option<ShownCapacity>,
    /// Zone by zone.
    pub zones: Vec<ShownZone>,
}

/// Whether what remains carries the peak: N+2.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShownCapacity {
    /// The declared peak.
    pub peak: u32,
    /// What all cells carry that are there and take new work.
    pub serving: u64,
    /// What the worst of the losses leaves.
    pub after_worst_loss: u64,
    /// The same as a multiple of the peak.
    pub ratio: f64,
    /// Whether the peak is carried after each of the losses.
    pub holds: bool,
    /// Every loss that must be survivable, the worst first.
    pub losses: Vec<ShownLoss>,
}

/// A loss and what it leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownLoss {
    /// The cells that would be lost.
    pub lost: Vec<String>,
    /// What the others carry.
    pub remaining: u64,
}

/// A zone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShownZone {
    /// Its name.
    pub zone: String,
    /// Its cells.
    pub cells: Vec<ShownCell>,
}

/// A cell, and what it says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShownCell {
    /// Its name.
    pub cell: String,
    /// Where it listens; `None` where nobody forwards to it.
    pub address: Option<String>,
    /// As it was last seen.
    pub seen: SeenHealth,
    /// Whether the operator wants it empty.
    pub draining: bool,
    /// Its share against the others.
    pub weight: u16,
    /// The greatest load it was tested with.
    pub tested_max: Option<u32>,
    /// The release it is to run.
    pub release: String,
    /// What it says; `None` while it says nothing.
    pub says: Option<ShownReport>,
}

/// What a cell says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShownReport {
    /// The release that it is.
    pub release: String,
    /// When its process began.
    pub process: u64,
    /// Searches that are not over.
    pub running: u64,
    /// How late due work was begun in the last window, milliseconds; `None`: it does not say.
    pub late_ms: Option<u64>,
    /// Why it leaves; `None`: it stays.
    pub leaving: Option<String>,
    /// What it did in the last ten seconds; `None` before two looks at it.
    pub rates: Option<Rates>,
}

impl ShownRegion {
    /// The regions of a topology; `says` gives what is known of a cell.
    pub fn all(topology: &Topology, says: impl Fn(&CellSite) -> Option<ShownReport>) -> Vec<Self> {
        let regions = topology.regions.iter().map(|region| Self {
            region: region.name.clone(),
            capacity: Some(ShownCapacity::of(region)),
            zones: zones(region, &says),
        });
        regions.collect()
    }
}

fn zones(region: &Region, says: &impl Fn(&CellSite) -> Option<ShownReport>) -> Vec<ShownZone> {
    let of_zone = |zone: &String| ShownZone {
        zone: zone.clone(),
        cells: region
            .cells
            .iter()
            .filter(|cell| cell.zone == *zone)
            .map(|cell| ShownCell {
                cell: cell.id.to_string(),
                address: Some(cell.address.to_string()),
                seen: cell.health,
                draining: cell.draining,
                weight: cell.weight,
                tested_max: Some(cell.tested_max),
                release: cell.version.clone(),
                says: says(cell),
            })
            .collect(),
    };
    region.zones.iter().map(of_zone).collect()
}

impl ShownCapacity {
    fn of(region: &Region) -> Self {
        let capacity = RegionCapacity::of(region);
        let losses = capacity.losses.iter().map(|loss| ShownLoss {
            lost: loss.cells.iter().map(ToString::to_string).collect(),
            remaining: loss.remaining,
        });
        Self {
            peak: capacity.peak,
            serving: capacity.serving,
            after_worst_loss: capacity.worst(),
            ratio: (capacity.ratio() * 100.0).round() / 100.0,
            holds: capacity.holds(),
            losses: losses.collect(),
        }
    }
}

#[cfg(test)]
mod tests;
