//! `[search]` in the settings file: every limit of a live search.

use runtime::Limited;
use serde::{Deserialize, Serialize};

/// `[search]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SearchSettings {
    /// Partners asked per search. More finds more prices and costs more partner quota.
    pub partners_max: Limited<1, 1_200>,
    /// Time for the whole fan-out, milliseconds. What comes later is dropped.
    pub deadline_ms: Limited<50, 60_000>,
    /// How long a finished fan-out still answers the same question, milliseconds. 0 asks anew.
    pub fresh_ms: Limited<0, 600_000>,
    /// Days ahead that can be searched.
    pub horizon_days: Limited<1, 400>,
    /// Searches open at once. At the limit finished ones are dropped, oldest first (their tokens
    /// re-create them); if none is finished, new ones are refused.
    pub open_max: Limited<1, 1_000_000>,
    /// How long a search stays open, seconds.
    pub open_s: Limited<60, 86_400>,
    /// How long a token can be used after it was given out, seconds.
    pub token_s: Limited<60, 86_400>,
    /// Longest wait of one poll for news, milliseconds.
    pub poll_wait_ms: Limited<0, 10_000>,
    /// Offers kept per search; later answers are not taken up. The extra questions of self-transfers
    /// keep a quarter as many besides; so with the bytes.
    pub offers_max: Limited<100, 60_000>,
    /// Memory for the answers of one search, bytes; later answers are not taken up.
    pub bytes_max: Limited<65_536, 1_073_741_824>,
    /// Memory for the answers of all searches, bytes. At the limit finished searches are dropped,
    /// oldest first; if none is finished, new ones are refused.
    pub bytes_total_max: Limited<1_048_576, 1_099_511_627_776>,
    /// How late work may begin that is due, milliseconds. Later than that, the cell has more to do
    /// than it can, and new searches that would ask partners are refused until it has caught up.
    pub late_ms: Limited<1, 10_000>,
    /// `[search.self_transfer]`
    pub self_transfer: SelfTransferSettings,
}

impl Default for SearchSettings {
    fn default() -> Self {
        Self {
            partners_max: Limited::literal(40),
            deadline_ms: Limited::literal(10_000),
            fresh_ms: Limited::literal(60_000),
            horizon_days: Limited::literal(360),
            open_max: Limited::literal(10_000),
            open_s: Limited::literal(3_600),
            token_s: Limited::literal(3_600),
            poll_wait_ms: Limited::literal(1_000),
            offers_max: Limited::literal(50_000),
            bytes_max: Limited::literal(32 << 20),
            bytes_total_max: Limited::literal(2 << 30),
            late_ms: Limited::literal(50),
            self_transfer: SelfTransferSettings::default(),
        }
    }
}

/// `[search.self_transfer]`: two separately sold tickets, joined at a hub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SelfTransferSettings {
    /// Whether combinations are looked for at all.
    pub enabled: bool,
    /// Partners asked only for one part of a combination; they count in `search.partners_max`.
    pub partners_max: Limited<0, 40>,
    /// Combinations shown per search, cheapest first.
    pub combinations_max: Limited<1, 500>,
    /// Shortest time between landing and the next take-off at the hub, minutes.
    pub transfer_min_minutes: Limited<30, 720>,
    /// Shortest time between landing at one airport of the hub's city and taking off at another,
    /// minutes; never less than ordinary connections need for that.
    pub airport_change_min_minutes: Limited<180, 1_440>,
    /// Longest time between landing and the next take-off at the hub, minutes.
    pub transfer_max_minutes: Limited<60, 2_880>,
}

const _: () = assert!(connections::AIRPORT_CHANGE_MIN == 180, "the least of the setting's range");

impl Default for SelfTransferSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            partners_max: Limited::literal(6),
            combinations_max: Limited::literal(40),
            transfer_min_minutes: Limited::literal(150),
            airport_change_min_minutes: Limited::literal(240),
            transfer_max_minutes: Limited::literal(720),
        }
    }
}
