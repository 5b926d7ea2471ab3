//! The topology: regions, zones, cells, and how much of each is wanted, in one small document.
//!
//! It is JSON, written by the control plane only. Its version grows with every change. It names the
//! checksum of the table that was made for it, so whoever trusts the document trusts the table.
//! Fields that a reader does not know are ignored, and so are its words for how a cell is: two releases
//! run side by side. A kind of override that it does not know is refused: buckets would go astray.
//!
//! Limits: [`TOPOLOGY_BYTES_MAX`], [`REGIONS_MAX`], [`CELLS_MAX`] a region, [`OVERRIDES_MAX`].

mod validate;

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::table::TableSum;

/// Largest document that is read.
pub const TOPOLOGY_BYTES_MAX: usize = 256 << 10;
/// Regions of a fleet.
pub const REGIONS_MAX: usize = 8;
/// Cells of a region. Six carry 1.5 times the peak with two lost; more than sixteen are two regions.
pub const CELLS_MAX: usize = 16;
/// Overrides at once.
pub const OVERRIDES_MAX: usize = 256;
/// Greatest weight of a cell.
pub const WEIGHT_MAX: u16 = 1_000;
/// Greatest load that can be declared, in whatever unit the fleet counts.
pub const LOAD_MAX: u32 = 1_000_000_000;
/// Longest name of a region, zone or version.
pub const NAME_BYTES_MAX: usize = 32;

/// A cell's number, unique in the fleet and never given to another cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CellId(pub u32);

impl fmt::Display for CellId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cell-{}", self.0)
    }
}

/// A text that names no cell.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is no cell, which is written as cell-2")]
pub struct NoCell(pub String);

impl FromStr for CellId {
    type Err = NoCell;

    fn from_str(text: &str) -> Result<Self, NoCell> {
        let number = text.strip_prefix("cell-").unwrap_or(text);
        let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let number = number.parse().ok().filter(|&number| digits && number > 0);
        number.map(CellId).ok_or_else(|| NoCell(text.to_owned()))
    }
}

/// The whole fleet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topology {
    /// Grows with every change.
    pub version: u64,
    /// The table that was made for it.
    pub table: TableSum,
    /// In the order in which they stand in for each other.
    pub regions: Vec<Region>,
    /// Buckets that do not go where the table says.
    #[serde(default)]
    pub overrides: Vec<Override>,
}

/// A part of the world whose cells stand in for each other first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// Unique in the fleet.
    pub name: String,
    /// Its zones; each fails by itself.
    pub zones: Vec<String>,
    /// The declared peak of the region's load.
    pub peak: u32,
    /// Its cells.
    pub cells: Vec<CellSite>,
}

/// A cell and where it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellSite {
    /// Unique in the fleet.
    pub id: CellId,
    /// The zone of the region.
    pub zone: String,
    /// Where its edge-side listener is.
    pub address: SocketAddr,
    /// Its share of new work against the other cells of the region; 0: none.
    pub weight: u16,
    /// The greatest load it was tested with.
    pub tested_max: u32,
    /// The release that runs there.
    pub version: String,
    /// Whether it finishes what it has and takes nothing new.
    #[serde(default)]
    pub draining: bool,
    /// As the control plane last saw it. Edges look for themselves.
    #[serde(default)]
    pub health: SeenHealth,
}

/// What the control plane last saw of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeenHealth {
    /// Takes work.
    Ready,
    /// Answers, and takes no work.
    NotReady,
    /// Does not answer.
    Unreachable,
    /// Not looked at yet, or seen as something that a later release has a word for.
    #[default]
    #[serde(other)]
    Unknown,
}

/// Buckets that go to one cell, whatever the table says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// Why, and what happens when the cell is not usable.
    pub kind: OverrideKind,
    /// First bucket.
    pub first: u16,
    /// Last bucket, included.
    pub last: u16,
    /// Where they go.
    pub cell: CellId,
}

impl Override {
    /// What is left of it without some buckets: up to two.
    pub(crate) fn without(&self, first: u16, last: u16) -> impl Iterator<Item = Self> {
        let part = |first: u16, last: u16| Self { first, last, ..self.clone() };
        let before = first.checked_sub(1).map(|end| self.last.min(end));
        let before = before.filter(|&end| self.first <= end).map(|end| part(self.first, end));
        let after = last.checked_add(1).map(|begin| self.first.max(begin));
        let after = after.filter(|&begin| begin <= self.last).map(|begin| part(begin, self.last));
        before.into_iter().chain(after)
    }
}

/// Why buckets go elsewhere. The cell may have weight 0 and get nothing else then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverrideKind {
    /// They belong there; without the cell, the table decides.
    Pinned,
    /// They try a release; without the cell, the table decides.
    Canary,
    /// They are suspected of harm; without the cell they are refused, never sent to a healthy one.
    Quarantine,
}

/// A document that cannot be used.
#[derive(Debug, Error)]
pub enum TopologyError {
    /// It is too large.
    #[error("the topology has {bytes} bytes, at most {TOPOLOGY_BYTES_MAX} are read")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// It is not such a document.
    #[error("the topology is not readable")]
    Unreadable(#[source] serde_json::Error),
    /// There are too few or too many of something.
    #[error("{field}: {count} entries, 1 to {max} are allowed")]
    Count {
        /// Where.
        field: String,
        /// How many there are.
        count: usize,
        /// How many there may be.
        max: usize,
    },
    /// A number is out of its range.
    #[error("{field}: {value} is outside {min}..={max}")]
    Number {
        /// Where.
        field: String,
        /// What stands there.
        value: u64,
        /// Smallest allowed.
        min: u64,
        /// Largest allowed.
        max: u64,
    },
    /// A name that is not one.
    #[error(
        "{field}: {name:?} must be 1 to {NAME_BYTES_MAX} letters, digits, dots, dashes or underscores"
    )]
    Name {
        /// Where.
        field: String,
        /// What stands there.
        name: String,
    },
    /// A name, number or address that stands twice.
    #[error("{field}: {value} is there already")]
    Twice {
        /// Where.
        field: String,
        /// What stands there twice.
        value: String,
    },
    /// A name that leads nowhere.
    #[error("{field}: there is no {value}")]
    Unknown {
        /// Where.
        field: String,
        /// What is not there.
        value: String,
    },
    /// A region without a cell that takes work.
    #[error("{field}: no cell of {region} has a weight above 0")]
    EmptyRegion {
        /// Where.
        field: String,
        /// The region.
        region: String,
    },
    /// Two overrides about one bucket.
    #[error("{field}: bucket {bucket} has an override already")]
    Overlap {
        /// Where.
        field: String,
        /// The bucket.
        bucket: u16,
    },
}

impl Topology {
    /// Reads and validates a document.
    ///
    /// # Errors
    /// [`TopologyError`], naming the field.
    pub fn parse(bytes: &[u8]) -> Result<Self, TopologyError> {
        if bytes.len() > TOPOLOGY_BYTES_MAX {
            return Err(TopologyError::TooLarge { bytes: bytes.len() });
        }
        let topology: Self = serde_json::from_slice(bytes).map_err(TopologyError::Unreadable)?;
        topology.validate()?;
        Ok(topology)
    }

    /// All cells with their regions.
    pub fn cells(&self) -> impl Iterator<Item = (&Region, &CellSite)> {
        self.regions.iter().flat_map(|region| region.cells.iter().map(move |cell| (region, cell)))
    }

    /// A cell by its number.
    #[must_use]
    pub fn cell(&self, id: CellId) -> Option<&CellSite> {
        self.cells().find(|(_, cell)| cell.id == id).map(|(_, cell)| cell)
    }

    /// A cell by its number, to change it.
    pub fn cell_mut(&mut self, id: CellId) -> Option<&mut CellSite> {
        let mut cells = self.regions.iter_mut().flat_map(|region| &mut region.cells);
        cells.find(|cell| cell.id == id)
    }
}

#[cfg(test)]
pub(crate) mod tests;
