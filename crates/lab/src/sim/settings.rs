//! What a world is made of.
//!
//! Load is sampled: a cell of the simulation carries [`CELL_PEAK`] searches a second where a real one
//! carries hundreds, and every number that depends on the rate is scaled with it.

use anyhow::{Result, ensure};
use fleet::topology::{CELLS_MAX, REGIONS_MAX};

use super::faults::Fault;
use super::queue::{At, SECOND};

/// Searches a second that a cell was tested with, sampled.
pub(crate) const CELL_PEAK: u32 = 12;
/// How busy a cell is with them, percent: the test that found the figure left room.
pub(crate) const BUSY_AT_PEAK: u64 = 70;
/// Retries an edge has at once after a quiet time; 100 in a real one, at a hundred times the rate.
pub(crate) const RETRY_RESERVE: u32 = 5;
/// Retries, percent of requests. Source: the default of `edge.retry_percent`.
pub(crate) const RETRY_PERCENT: u32 = 10;
/// Zones of a region.
pub(crate) const ZONES: usize = 3;

/// A rule that is switched off, to see that a checker notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// Edges send again whatever fails.
    RetryBudget,
    /// Cells admit whatever comes.
    Admission,
    /// Edges never look at cells.
    Probes,
    /// Lost searches are not created again elsewhere.
    Rehoming,
    /// Drains are forced.
    Capacity,
    /// Edges use any table.
    TakeUp,
    /// The log acknowledges what one replica has.
    Acknowledging,
    /// Cells carry half of what is declared.
    DeclaredPeak,
    /// A cell takes others of its region with it.
    Isolation,
    /// Rollouts are not told what cells do.
    Judging,
}

/// What happens in a world whose faults are not drawn.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    /// When by the clock of the first region it begins.
    pub(crate) begins: At,
    pub(crate) faults: Vec<Fault>,
}

/// A world.
#[derive(Clone, Debug)]
pub(crate) struct WorldSettings {
    pub(crate) seed: u64,
    pub(crate) lasts: At,
    pub(crate) regions: u8,
    /// Of all regions together.
    pub(crate) cells: u8,
    pub(crate) edges_a_region: u8,
    pub(crate) broken: Option<Broken>,
    pub(crate) script: Option<Script>,
}

impl WorldSettings {
    /// A world of so many seconds, with an edge in each zone.
    ///
    /// # Errors
    /// If the cells do not spread evenly over the regions, or no two of a region could be lost.
    pub(crate) fn new(seed: u64, seconds: u64, regions: u8, cells: u8) -> Result<Self> {
        let most = REGIONS_MAX as u8;
        ensure!((1..=most).contains(&regions), "regions: {regions} is outside 1..={most}");
        let (each, rest) = (cells / regions, cells % regions);
        ensure!(rest == 0, "cells: {cells} do not spread evenly over {regions} regions");
        let most = CELLS_MAX as u8;
        ensure!(
            (ZONES as u8..=most).contains(&each),
            "cells: {each} a region are outside {ZONES}..={most}"
        );
        let within = 60..=31 * 86_400;
        ensure!(within.contains(&seconds), "a world lasts a minute to 31 days, not {seconds} s");
        let lasts = seconds * SECOND;
        Ok(Self {
            seed,
            lasts,
            regions,
            cells,
            edges_a_region: ZONES as u8,
            broken: None,
            script: None,
        })
    }

    pub(crate) fn cells_a_region(&self) -> u8 {
        self.cells / self.regions
    }

    /// The declared peak of a region: what is left when two cells are lost.
    pub(crate) fn region_peak(&self) -> u32 {
        u32::from(self.cells_a_region() - 2) * CELL_PEAK
    }

    pub(crate) fn breaks(&self, rule: Broken) -> bool {
        self.broken == Some(rule)
    }
}
