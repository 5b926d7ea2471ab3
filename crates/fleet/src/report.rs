//! What a cell says of itself, `GET /v1/cell`: written by cells, read by the control plane, and by a
//! process that is alone and shows itself.

use serde::{Deserialize, Serialize};

use crate::rollout::Evidence;
use crate::shown::ShownReport;
use crate::traffic::{Rates, Sample};

/// What a cell is and did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CellReport {
    /// Its name.
    #[serde(default)]
    pub cell: String,
    /// The release that it is.
    pub release: String,
    /// When its process began, milliseconds since 1970.
    pub process: u64,
    /// Searches that are kept.
    #[serde(default)]
    pub searches: u64,
    /// Those that are not over.
    pub running: u64,
    /// Searches created since its process began.
    // Releases of before say neither this nor the next two.
    #[serde(default)]
    pub created: u64,
    /// How late due work was begun in the last window, milliseconds; `None`: it does not say.
    #[serde(default)]
    pub late_ms: Option<u64>,
    /// Why it begins nothing new; `None`: it does.
    #[serde(default)]
    pub leaving: Option<String>,
    /// What it did since its process began.
    pub evidence: Evidence,
    /// The other cells of the region, whose prices it shows too.
    #[serde(default)]
    pub beside: Vec<BesideReport>,
}

/// What a cell knows of the prices of another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BesideReport {
    /// The other cell's name.
    pub cell: String,
    /// Whether all it told until a moment ago is shown.
    pub is_whole: bool,
    /// Prices taken from it since the start.
    pub prices: u64,
}

impl CellReport {
    /// What counts of it, at a time in milliseconds since 1970.
    #[must_use]
    pub fn sample(&self, at: u64) -> Sample {
        let (searches, done) = (self.created, self.evidence.clone());
        Sample { at, process: self.process, searches, done }
    }

    /// It as an operator is shown it, with what the cell did lately.
    #[must_use]
    pub fn shown(&self, rates: Option<Rates>) -> ShownReport {
        ShownReport {
            release: self.release.clone(),
            process: self.process,
            running: self.running,
            late_ms: self.late_ms,
            leaving: self.leaving.clone(),
            rates,
        }
    }
}
