//! `[edge.cache]` in the settings file.

use std::time::Duration;

use runtime::Limited;
use serde::{Deserialize, Serialize};

/// `[edge.cache]`: answers the front door keeps and gives to others too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CacheSettings {
    /// Whether answers are kept at all.
    pub enabled: bool,
    /// Bytes of all kept answers with their header lines.
    pub bytes: Limited<1_048_576, 1_099_511_627_776>,
    /// Bytes of one answer; a larger one passes through. Never more than an eighth of `bytes`.
    pub entry_bytes_max: Limited<1_024, 268_435_456>,
    /// Answers of one address that differ by what the client accepts (`Vary`); the oldest goes first.
    pub variants_max: Limited<1, 64>,
    /// How long after its end an answer that says nothing of it is given out while a newer one is
    /// fetched, milliseconds; what an answer says itself comes first.
    pub stale_while_revalidate_ms: Limited<0, 86_400_000>,
    /// How long after its end an answer that says nothing of it is given out when no cell answers,
    /// milliseconds; what an answer says itself comes first.
    pub stale_if_error_ms: Limited<0, 604_800_000>,
    /// Answers that are fetched anew in the background at once.
    pub refreshes_max: Limited<0, 10_000>,
    /// Requests that wait at once for an equal one to be answered; more go to a cell themselves.
    pub waiters_max: Limited<0, 1_000_000>,
    /// How long a request waits for an equal one, milliseconds.
    pub wait_ms: Limited<1, 600_000>,
    /// How old an answer must be before a client's reload (`no-cache`, `max-age=0`) asks a cell, milliseconds.
    pub reload_ms: Limited<0, 600_000>,
}

impl Default for CacheSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            bytes: Limited::literal(67_108_864),
            entry_bytes_max: Limited::literal(4_194_304),
            variants_max: Limited::literal(8),
            stale_while_revalidate_ms: Limited::literal(0),
            stale_if_error_ms: Limited::literal(60_000),
            refreshes_max: Limited::literal(64),
            waiters_max: Limited::literal(5_000),
            wait_ms: Limited::literal(5_000),
            reload_ms: Limited::literal(1_000),
        }
    }
}

impl CacheSettings {
    /// Bytes of the largest answer that is kept.
    pub(super) fn largest(&self) -> u64 {
        self.entry_bytes_max.get().min(self.bytes.get() / 8)
    }

    /// How long an answer that says nothing of it may be given out after its end: while a newer one
    /// is fetched, and when no cell answers.
    pub(super) fn unless_said(&self) -> (Duration, Duration) {
        (self.stale_while_revalidate_ms.ms(), self.stale_if_error_ms.ms())
    }
}
