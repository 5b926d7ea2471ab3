//! The control plane's decisions: a change of the fleet is planned, looked at, and only then taken.
//!
//! Pure: a [`Fleet`] and a [`Change`] give a [`Plan`]. A plan says what moves and what capacity is left;
//! one that would break N+2 is refused unless it is forced. Making the fleet worse is what is
//! refused: a change that leaves a broken region no worse than it was goes through, or nothing could
//! ever be mended.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::capacity::RegionCapacity;
use crate::table::{Table, TableError};
use crate::take_up::{Fleet, check_step};
use crate::topology::{CellId, CellSite, Override, Region, SeenHealth, Topology, TopologyError};

/// A change of the fleet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// The cell finishes what it has and takes nothing new.
    Drain(CellId),
    /// The cell takes new work again.
    Undrain(CellId),
    /// The cell's share against the others.
    Weight(CellId, u16),
    /// A new cell in a region.
    Add {
        /// The region's name.
        region: String,
        /// The cell.
        cell: CellSite,
    },
    /// The cell is gone for good.
    Remove(CellId),
    /// The release that the cell runs; rollouts alone make this change.
    Run(CellId, String),
    /// All overrides, in place of those there are.
    Overrides(Vec<Override>),
    /// One more. Buckets that have one already are refused: whoever is quarantined must not be pinned
    /// elsewhere by mistake.
    Override(Override),
    /// These buckets go where the table says again.
    FollowTable {
        /// First bucket.
        first: u16,
        /// Last bucket, included.
        last: u16,
    },
}

/// What a change would do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The fleet after it.
    pub fleet: Fleet,
    /// Region by region, buckets that move.
    pub moves: Vec<Move>,
    /// Region by region, before and after.
    pub capacity: Vec<(Option<RegionCapacity>, RegionCapacity)>,
    /// The same as if all cells were well: one that is out for a moment is not drained for that.
    when_well: Vec<(Option<RegionCapacity>, RegionCapacity)>,
}

/// Buckets that move in a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The region.
    pub region: String,
    /// Buckets that come to another cell first.
    pub moved: usize,
    /// What the change of weights requires.
    pub required: usize,
    /// For each cell, buckets that it has before and after.
    pub loads: Vec<(CellId, usize, usize)>,
}

/// A change that is not made.
#[derive(Debug, Error)]
pub enum ChangeError {
    /// There is no such cell.
    #[error("there is no {0}")]
    NoCell(CellId),
    /// There is no such region.
    #[error("there is no region {0:?}")]
    NoRegion(String),
    /// The topology would be wrong.
    #[error("the fleet would be wrong")]
    Topology(#[from] TopologyError),
    /// The table would be refused.
    #[error("the table would be refused")]
    Table(#[from] TableError),
    /// Too little would be left.
    #[error(
        "region {region}: after one further loss {remaining} of a peak of {peak} would be carried ({ratio:.2} x); repeat with force if it must be"
    )]
    Capacity {
        /// The region.
        region: String,
        /// What the worst loss would leave.
        remaining: u64,
        /// The declared peak.
        peak: u32,
        /// The one over the other.
        ratio: f64,
    },
}

/// What the changes would do, one after the other in one step.
///
/// # Errors
/// [`ChangeError`] if they cannot be made at all; capacity is not judged here.
pub fn plan(current: &Fleet, changes: &[Change]) -> Result<Plan, ChangeError> {
    let mut topology = current.topology.clone();
    for change in changes {
        apply(&mut topology, change)?;
    }
    topology.version += 1;
    topology.validate()?;
    let table = if current.table.is_of(&topology) {
        current.table.clone()
    } else {
        Table::build(&topology)
    };
    topology.table = table.sum();
    check_step(&current.table, &table)?;
    let fleet = Fleet { topology, table };
    let judged = |judge: fn(&Region) -> RegionCapacity| {
        let regions = fleet.topology.regions.iter().map(|after| {
            let before = current.topology.regions.iter().find(|before| before.name == after.name);
            (before.map(judge), judge(after))
        });
        regions.collect()
    };
    let (capacity, when_well) = (judged(RegionCapacity::of), judged(RegionCapacity::when_well));
    Ok(Plan { moves: moves(&current.table, &fleet.table), capacity, when_well, fleet })
}

impl Plan {
    /// Whether it may be made without force.
    ///
    /// # Errors
    /// [`ChangeError::Capacity`] if it breaks N+2 where it was kept, or makes it worse.
    pub fn check_capacity(&self) -> Result<(), ChangeError> {
        for (before, after) in self.capacity.iter().chain(&self.when_well) {
            let worse = before.as_ref().is_none_or(|before| after.worst() < before.worst());
            if worse && !after.holds() {
                return Err(ChangeError::Capacity {
                    region: after.region.clone(),
                    remaining: after.worst(),
                    peak: after.peak,
                    ratio: after.ratio(),
                });
            }
        }
        Ok(())
    }
}

/// Takes up what the control plane sees of the cells; gives whether anything is new.
pub fn note_health(topology: &mut Topology, seen: &[(CellId, SeenHealth)]) -> bool {
    let mut changed = false;
    for &(id, health) in seen {
        if let Some(cell) = topology.cell_mut(id).filter(|cell| cell.health != health) {
            cell.health = health;
            changed = true;
        }
    }
    topology.version += u64::from(changed);
    changed
}

fn apply(topology: &mut Topology, change: &Change) -> Result<(), ChangeError> {
    match change {
        Change::Drain(id) => cell(topology, *id)?.draining = true,
        Change::Undrain(id) => cell(topology, *id)?.draining = false,
        Change::Weight(id, weight) => cell(topology, *id)?.weight = *weight,
        Change::Run(id, release) => cell(topology, *id)?.version.clone_from(release),
        Change::Add { region, cell } => {
            let place = topology.regions.iter_mut().find(|known| known.name == *region);
            let place = place.ok_or_else(|| ChangeError::NoRegion(region.clone()))?;
            place.cells.push(cell.clone());
        }
        Change::Remove(id) => {
            cell(topology, *id)?;
            for region in &mut topology.regions {
                region.cells.retain(|cell| cell.id != *id);
            }
        }
        Change::Overrides(overrides) => topology.overrides.clone_from(overrides),
        Change::Override(entry) => topology.overrides.push(entry.clone()),
        Change::FollowTable { first, last } => {
            let left = topology.overrides.iter().flat_map(|entry| entry.without(*first, *last));
            topology.overrides = left.collect();
        }
    }
    Ok(())
}

fn cell(topology: &mut Topology, id: CellId) -> Result<&mut CellSite, ChangeError> {
    topology.cell_mut(id).ok_or(ChangeError::NoCell(id))
}

fn moves(old: &Table, new: &Table) -> Vec<Move> {
    let regions = new.regions().iter().filter_map(|new| Some((old.region(new.name())?, new)));
    let moves = regions.map(|(old, new)| {
        let (before, after) = (old.loads(), new.loads());
        let load_in = |loads: &[(CellId, usize)], id| {
            loads.iter().find(|&&(cell, _)| cell == id).map_or(0, |&(_, load)| load)
        };
        let mut ids: Vec<CellId> = before.iter().chain(&after).map(|&(id, _)| id).collect();
        ids.sort_unstable();
        ids.dedup();
        let loads = ids.iter().map(|&id| (id, load_in(&before, id), load_in(&after, id)));
        Move {
            region: new.name().to_owned(),
            moved: old.moved(new),
            required: old.must_move(new),
            loads: loads.collect(),
        }
    });
    moves.collect()
}

#[cfg(test)]
mod tests;
