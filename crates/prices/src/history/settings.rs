//! `[prices.history]` in the settings file.

use runtime::Limited;
use serde::{Deserialize, Serialize};

/// `[prices.history]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HistorySettings {
    /// Days of observation that are kept.
    pub days_kept: Limited<1, 400>,
    /// Departures further ahead than this many days are not observed.
    pub horizon_days: Limited<1, 1_000>,
    /// Days of observation behind a verdict at least.
    pub days_min: Limited<1, 400>,
    /// Searches behind a verdict at least.
    pub searches_min: Limited<1, 1_000_000>,
    /// Memory for all prices, bytes. At the limit the trips not observed for longest go first.
    pub bytes_max: Limited<1_048_576, 1_099_511_627_776>,
}

impl Default for HistorySettings {
    fn default() -> Self {
        Self {
            days_kept: Limited::literal(60),
            horizon_days: Limited::literal(400),
            days_min: Limited::literal(5),
            searches_min: Limited::literal(20),
            bytes_max: Limited::literal(1 << 30),
        }
    }
}
