//! The table from bucket to cell: which cell gets a piece of new work, and who stands in for it.
//!
//! ```text
//! key ─ xxh3 ─▶ one of 65,536 buckets ─▶ all weighted cells of the region, best first
//! score of a cell for a bucket = weight / -ln(hash(cell, bucket) in 0..1), greatest first
//! ```
//!
//! That is weighted rendezvous hashing (Thaler and Ravishankar 1998; the logarithm makes the chance of
//! the first place equal the share of the weight). So a new cell takes its share from all others and
//! nothing else moves; a lost cell's buckets spread over all that remain. Chance alone would load a
//! cell up to some percent above its share; where it is more than [`LOAD_MAX_PERCENT`], the buckets
//! that were won most narrowly go to the second.
//!
//! A failed or draining cell is skipped at lookup: the table changes with weights only. Scores are
//! floating point and are computed in the control plane alone; what travels are ranks.
//!
//! Size: 64 KiB a cell. Building takes some milliseconds a cell.

mod build;
mod encoded;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use crate::signed::{from_hex, to_hex};
use crate::topology::{CellId, Region, Topology};

pub use encoded::{TABLE_BYTES_MAX, TableError};

/// Buckets that keys are spread over.
pub const BUCKETS: usize = 65_536;
/// The load of a cell at most, in percent of its share.
pub const LOAD_MAX_PERCENT: usize = 105;
/// Buckets that may move beyond what a change of weights requires: 1%.
pub const MOVED_BEYOND_MAX: usize = BUCKETS / 100;

/// The bucket of a routing key.
#[must_use]
pub fn bucket_of(key: &[u8]) -> u16 {
    bucket_of_hash(xxh3_64(key))
}

/// The bucket of a key's hash.
#[must_use]
pub fn bucket_of_hash(hash: u64) -> u16 {
    (hash >> 48) as u16
}

/// The checksum that names a table.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct TableSum(pub u128);

impl fmt::Display for TableSum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0.to_be_bytes()))
    }
}

impl fmt::Debug for TableSum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for TableSum {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TableSum {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = from_hex(&text).and_then(|bytes| bytes.try_into().ok());
        let bytes = bytes.ok_or_else(|| D::Error::custom("expected 32 hexadecimal digits"))?;
        Ok(Self(u128::from_be_bytes(bytes)))
    }
}

/// The tables of all regions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    regions: Vec<RegionTable>,
}

/// The table of one region.
#[derive(Clone, PartialEq, Eq)]
pub struct RegionTable {
    name: String,
    /// Cells that take new work, with their weights, by number.
    cells: Vec<(CellId, u16)>,
    /// For each bucket the places of all cells in `cells`, best first.
    ranks: Vec<u8>,
}

impl fmt::Debug for RegionTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, cells, ranks: _ } = self;
        f.debug_struct("RegionTable")
            .field("name", name)
            .field("cells", cells)
            .finish_non_exhaustive()
    }
}

impl Table {
    /// The table a topology needs.
    #[must_use]
    pub fn build(topology: &Topology) -> Self {
        Self { regions: topology.regions.iter().map(build::region).collect() }
    }

    /// The tables of the regions, in the order of the topology.
    #[must_use]
    pub fn regions(&self) -> &[RegionTable] {
        &self.regions
    }

    /// The table of a region.
    #[must_use]
    pub fn region(&self, name: &str) -> Option<&RegionTable> {
        self.regions.iter().find(|region| region.name == name)
    }

    /// Its name.
    #[must_use]
    pub fn sum(&self) -> TableSum {
        TableSum(xxh3_128(&self.encode_body()))
    }

    /// Whether it has the regions, cells and weights of a topology.
    #[must_use]
    pub fn is_of(&self, topology: &Topology) -> bool {
        let regions = self.regions.iter().zip(&topology.regions);
        self.regions.len() == topology.regions.len()
            && regions
                .into_iter()
                .all(|(ours, theirs)| ours.name == theirs.name && ours.cells == weighted(theirs))
    }
}

/// The cells of a region that take new work.
fn weighted(region: &Region) -> Vec<(CellId, u16)> {
    let cells = region.cells.iter().filter(|cell| cell.weight > 0);
    let mut cells: Vec<_> = cells.map(|cell| (cell.id, cell.weight)).collect();
    cells.sort_unstable();
    cells
}

impl RegionTable {
    /// The region's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its cells with their weights. Ranks are places in this list.
    #[must_use]
    pub fn cells(&self) -> &[(CellId, u16)] {
        &self.cells
    }

    /// The places of all cells for a bucket, best first.
    #[must_use]
    pub fn ranked(&self, bucket: u16) -> &[u8] {
        let cells = self.cells.len();
        let at = usize::from(bucket) * cells;
        self.ranks.get(at..at + cells).unwrap_or_default()
    }

    /// The cell that comes first for a bucket.
    #[must_use]
    pub fn first(&self, bucket: u16) -> Option<CellId> {
        let place = *self.ranked(bucket).first()?;
        self.cells.get(usize::from(place)).map(|&(cell, _)| cell)
    }

    /// How many buckets come to each cell first.
    #[must_use]
    pub fn loads(&self) -> Vec<(CellId, usize)> {
        let mut loads = vec![0; self.cells.len()];
        for bucket in 0..=u16::MAX {
            if let Some(&first) = self.ranked(bucket).first() {
                loads[usize::from(first)] += 1;
            }
        }
        self.cells.iter().zip(loads).map(|(&(cell, _), load)| (cell, load)).collect()
    }

    /// Buckets that come to another cell first than in `new`.
    #[must_use]
    pub fn moved(&self, new: &Self) -> usize {
        (0..=u16::MAX).filter(|&bucket| self.first(bucket) != new.first(bucket)).count()
    }

    /// Buckets that a change of weights to those of `new` moves, on average: one less the chance that
    /// two rendezvous over these weights agree (Moulton and Jiang 2018, the Jaccard index of
    /// probability distributions). For one changed weight that is what the cells gain together.
    #[must_use]
    pub fn must_move(&self, new: &Self) -> usize {
        let mut ids: Vec<CellId> =
            self.cells.iter().chain(&new.cells).map(|&(cell, _)| cell).collect();
        ids.sort_unstable();
        ids.dedup();
        let shares: Vec<_> = ids.iter().map(|&id| (self.share(id), new.share(id))).collect();
        let both = shares.iter().filter(|&&(old, new)| old > 0.0 && new > 0.0);
        let agree = both.map(|&(old_here, new_here)| {
            let against = shares.iter().map(|&(old, new)| (old / old_here).max(new / new_here));
            1.0 / against.sum::<f64>()
        });
        let moved = (1.0 - agree.sum::<f64>()).max(0.0);
        (moved * BUCKETS as f64).ceil() as usize
    }

    /// A cell's share of the weight, 0..=1.
    #[must_use]
    pub fn share(&self, cell: CellId) -> f64 {
        let total: u32 = self.cells.iter().map(|&(_, weight)| u32::from(weight)).sum();
        let weight =
            self.cells.iter().find(|&&(id, _)| id == cell).map_or(0, |&(_, weight)| weight);
        f64::from(weight) / f64::from(total.max(1))
    }
}

#[cfg(test)]
mod tests;
