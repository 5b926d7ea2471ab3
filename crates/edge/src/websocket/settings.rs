//! `[edge.websockets]` in the settings file.

use runtime::Limited;
use serde::{Deserialize, Serialize};

/// `[edge.websockets]`: WebSockets that pass through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebSocketSettings {
    /// WebSockets open at once; 0: none, a handshake is then an ordinary request.
    pub open_max: Limited<0, 100_000>,
    /// Those of one client.
    pub per_client_max: Limited<1, 100_000>,
    /// Those of one API key.
    pub per_key_max: Limited<1, 100_000>,
    /// Time in which nothing passes either way, after which one is closed, milliseconds.
    pub idle_ms: Limited<100, 86_400_000>,
    /// Time that one may be open, seconds.
    pub total_s: Limited<1, 604_800>,
    /// Bytes that are under way in each direction.
    pub buffer_bytes: Limited<1_024, 1_048_576>,
    /// Time to end by themselves when the edge stops, milliseconds; a second less than the process has.
    pub drain_ms: Limited<0, 60_000>,
}

impl Default for WebSocketSettings {
    fn default() -> Self {
        Self {
            open_max: Limited::literal(1_000),
            per_client_max: Limited::literal(100),
            per_key_max: Limited::literal(200),
            idle_ms: Limited::literal(120_000),
            total_s: Limited::literal(14_400),
            buffer_bytes: Limited::literal(16_384),
            drain_ms: Limited::literal(2_500),
        }
    }
}
