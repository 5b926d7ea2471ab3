//! A table as bytes, for the wire and the disk.
//!
//! ```text
//! "FWTB" | format u16 | regions u8 | region … | checksum u128
//! region = length of name u8, name | cells u8 | (number u32, weight u16) … | 65,536 x cells ranks
//! ```
//!
//! Little-endian. The checksum is XXH3-128 of everything before it; the signed topology holds the
//! same, so it also tells whose table this is.

use thiserror::Error;
use xxhash_rust::xxh3::xxh3_128;

use super::{BUCKETS, RegionTable, Table, TableSum};
use crate::topology::{CELLS_MAX, CellId, NAME_BYTES_MAX, REGIONS_MAX, WEIGHT_MAX};

const MAGIC: &[u8; 4] = b"FWTB";
const FORMAT: u16 = 1;
const SUM_BYTES: usize = 16;

/// Largest table that is read: all regions with all cells.
pub const TABLE_BYTES_MAX: usize =
    64 + REGIONS_MAX * (2 + NAME_BYTES_MAX + CELLS_MAX * 6 + BUCKETS * CELLS_MAX);

/// A table that is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TableError {
    /// It is not a table, or a damaged one.
    #[error("the table is damaged: its checksum is {found}, its bytes give {computed}")]
    Checksum {
        /// What stands at its end.
        found: TableSum,
        /// What its bytes give.
        computed: TableSum,
    },
    /// It is too short or too long.
    #[error("a table of {bytes} bytes is not one of ours")]
    Size {
        /// Its size.
        bytes: usize,
    },
    /// Its bytes are whole and mean nothing.
    #[error("the table is malformed: {what}")]
    Malformed {
        /// What is wrong.
        what: &'static str,
    },
    /// A region has no cell.
    #[error("the table has no cell in region {region}")]
    EmptyRegion {
        /// Which.
        region: String,
    },
    /// It is not the table the topology names.
    #[error("the topology names table {wanted}, this is {found}")]
    OtherTable {
        /// What the topology names.
        wanted: TableSum,
        /// What was found.
        found: TableSum,
    },
    /// It has other regions, cells or weights than the topology.
    #[error("the table has other regions, cells or weights than the topology")]
    OtherFleet,
    /// It moves more than its change of weights requires.
    #[error(
        "region {region}: {moved} of 65536 buckets would move, the change of weights requires {required} and 1% more are allowed"
    )]
    MovesTooMuch {
        /// Where.
        region: String,
        /// How many buckets move.
        moved: usize,
        /// How many must.
        required: usize,
    },
}

impl Table {
    pub(super) fn encode_body(&self) -> Vec<u8> {
        let mut bytes =
            Vec::with_capacity(1_024 + self.regions.iter().map(|r| r.ranks.len()).sum::<usize>());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&FORMAT.to_le_bytes());
        bytes.push(self.regions.len() as u8);
        for RegionTable { name, cells, ranks } in &self.regions {
            bytes.push(name.len() as u8);
            bytes.extend_from_slice(name.as_bytes());
            bytes.push(cells.len() as u8);
            for (cell, weight) in cells {
                bytes.extend_from_slice(&cell.0.to_le_bytes());
                bytes.extend_from_slice(&weight.to_le_bytes());
            }
            bytes.extend_from_slice(ranks);
        }
        bytes
    }

    /// The table as bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = self.encode_body();
        let sum = xxh3_128(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// Reads a table; never panics, and allocates no more than the bytes it is given.
    ///
    /// # Errors
    /// [`TableError`] for anything that is not exactly a table.
    pub fn decode(bytes: &[u8]) -> Result<Self, TableError> {
        let size = TableError::Size { bytes: bytes.len() };
        if bytes.len() > TABLE_BYTES_MAX {
            return Err(size);
        }
        let body = bytes.len().checked_sub(SUM_BYTES).ok_or(size.clone())?;
        let (body, sum) = bytes.split_at(body);
        let found = TableSum(u128::from_le_bytes(sum.try_into().map_err(|_| size)?));
        let computed = TableSum(xxh3_128(body));
        if found != computed {
            return Err(TableError::Checksum { found, computed });
        }
        decode_body(body)
    }
}

/// Reads what stands before the checksum.
pub(super) fn decode_body(body: &[u8]) -> Result<Table, TableError> {
    let mut reader = Reader(body);
    if reader.take(MAGIC.len())? != MAGIC || reader.array()? != FORMAT.to_le_bytes() {
        return Err(TableError::Malformed { what: "another format" });
    }
    let regions = usize::from(reader.byte()?);
    if !(1..=REGIONS_MAX).contains(&regions) {
        return Err(TableError::Malformed { what: "number of regions" });
    }
    let regions = (0..regions).map(|_| read_region(&mut reader)).collect::<Result<_, _>>()?;
    if !reader.0.is_empty() {
        return Err(TableError::Malformed { what: "bytes at the end" });
    }
    Ok(Table { regions })
}

fn read_region(reader: &mut Reader<'_>) -> Result<RegionTable, TableError> {
    let name = usize::from(reader.byte()?);
    let name = std::str::from_utf8(reader.take(name)?).ok().map(str::to_owned);
    let name = name.filter(|name| name.len() <= NAME_BYTES_MAX);
    let name = name.ok_or(TableError::Malformed { what: "name of a region" })?;
    let count = usize::from(reader.byte()?);
    if count == 0 {
        return Err(TableError::EmptyRegion { region: name });
    }
    if count > CELLS_MAX {
        return Err(TableError::Malformed { what: "number of cells" });
    }
    let mut cells: Vec<(CellId, u16)> = Vec::with_capacity(count);
    for _ in 0..count {
        let id = CellId(u32::from_le_bytes(reader.array()?));
        let weight = u16::from_le_bytes(reader.array()?);
        let ordered = cells.last().is_none_or(|&(before, _)| before < id);
        if !ordered || !(1..=WEIGHT_MAX).contains(&weight) {
            return Err(TableError::Malformed { what: "cells or weights" });
        }
        cells.push((id, weight));
    }
    let ranks = reader.take(BUCKETS * count)?.to_vec();
    let all = (1_u32 << count) - 1;
    for places in ranks.chunks_exact(count) {
        // Each cell once: then an index is in range, and nobody is left out.
        let seen = places.iter().try_fold(0_u32, |seen, &place| {
            (usize::from(place) < count).then(|| seen | 1 << place)
        });
        if seen != Some(all) {
            return Err(TableError::Malformed { what: "ranks" });
        }
    }
    Ok(RegionTable { name, cells, ranks })
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], TableError> {
        let (taken, rest) = self
            .0
            .split_at_checked(count)
            .ok_or(TableError::Malformed { what: "it is cut off" })?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], TableError> {
        let taken = self.take(N)?;
        taken.try_into().map_err(|_| TableError::Malformed { what: "it is cut off" })
    }

    fn byte(&mut self) -> Result<u8, TableError> {
        Ok(u8::from_le_bytes(self.array()?))
    }
}
