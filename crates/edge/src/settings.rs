//! `[edge]` in the settings file: the limits of the front door.

use fleet::HealthSettings;
use runtime::Limited;
use serde::{Deserialize, Serialize};

use crate::allowance::AllowanceSettings;
use crate::cache::CacheSettings;
use crate::websocket::WebSocketSettings;

/// `[edge]`: what the front door allows, and how it watches cells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EdgeSettings {
    /// Connections of clients at once.
    pub connections_max: Limited<1, 100_000>,
    /// Of these, those of one client; 0: all of them. What is beyond is closed. Not behind a proxy.
    pub connections_per_client: Limited<0, 100_000>,
    /// Requests in flight at once.
    pub requests_max: Limited<1, 1_000_000>,
    /// Requests in flight to one cell at once.
    pub cell_requests_max: Limited<1, 100_000>,
    /// Time for a request's head, milliseconds.
    pub head_ms: Limited<100, 120_000>,
    /// Time for a request's body, milliseconds.
    pub body_ms: Limited<100, 600_000>,
    /// Time for a client to take what is written to it, milliseconds.
    pub write_ms: Limited<100, 600_000>,
    /// Time for a cell to begin its answer, milliseconds.
    pub answer_ms: Limited<100, 600_000>,
    /// Time to connect to a cell, milliseconds.
    pub connect_ms: Limited<10, 30_000>,
    /// Header lines of a request.
    pub headers: Limited<8, 100>,
    /// Bytes of a request's path and query together.
    pub uri_bytes: Limited<512, 65_536>,
    /// Bytes of a request's body.
    pub body_bytes: Limited<1_024, 1_073_741_824>,
    /// Bytes of a request's body that are kept to send it a second time; larger ones are sent once.
    pub repeat_bytes: Limited<0, 1_048_576>,
    /// Bytes of an answer that are awaited before it is passed on, so that a cell's death is not seen.
    pub hold_bytes: Limited<0, 16_777_216>,
    /// Bytes of all answers that are held so; beyond, answers are passed on as they come.
    pub held_bytes_max: Limited<0, 68_719_476_736>,
    /// Requests that may be sent a second time, percent of all.
    pub retry_percent: Limited<0, 100>,
    /// Requests that may be sent a second time after a quiet time, at once.
    pub retry_reserve: Limited<0, 100_000>,
    /// Re-created work whose new home is remembered.
    pub moved_max: Limited<1, 10_000_000>,
    /// How long it is remembered, seconds; not less than a token lives.
    pub moved_s: Limited<60, 86_400>,
    /// Time between two looks at a cell, milliseconds.
    pub probe_ms: Limited<50, 60_000>,
    /// Time for a cell to answer a look, milliseconds.
    pub probe_within_ms: Limited<10, 60_000>,
    /// Time between two looks for a new topology, milliseconds.
    pub pull_ms: Limited<50, 600_000>,
    /// Whether another proxy stands before this one, whose `x-forwarded-*` headers are believed.
    pub behind_proxy: bool,
    /// How late due work may begin before new work is turned away, milliseconds.
    pub late_ms: Limited<1, 10_000>,
    /// `[edge.allowance]`
    pub allowance: AllowanceSettings,
    /// `[edge.cache]`
    pub cache: CacheSettings,
    /// `[edge.websockets]`
    pub websockets: WebSocketSettings,
    /// `[edge.shards]`
    pub shards: ShardSettings,
    /// `[edge.health]`
    pub health: HealthSettings,
}

impl Default for EdgeSettings {
    fn default() -> Self {
        Self {
            connections_max: Limited::literal(10_000),
            connections_per_client: Limited::literal(0),
            requests_max: Limited::literal(10_000),
            cell_requests_max: Limited::literal(4_096),
            head_ms: Limited::literal(10_000),
            body_ms: Limited::literal(15_000),
            write_ms: Limited::literal(30_000),
            answer_ms: Limited::literal(20_000),
            connect_ms: Limited::literal(1_000),
            headers: Limited::literal(64),
            uri_bytes: Limited::literal(8_192),
            body_bytes: Limited::literal(1_048_576),
            repeat_bytes: Limited::literal(65_536),
            hold_bytes: Limited::literal(262_144),
            held_bytes_max: Limited::literal(268_435_456),
            retry_percent: Limited::literal(10),
            retry_reserve: Limited::literal(100),
            moved_max: Limited::literal(100_000),
            moved_s: Limited::literal(3_600),
            probe_ms: Limited::literal(500),
            probe_within_ms: Limited::literal(1_000),
            pull_ms: Limited::literal(1_000),
            behind_proxy: false,
            late_ms: Limited::literal(50),
            allowance: AllowanceSettings::default(),
            cache: CacheSettings::default(),
            websockets: WebSocketSettings::default(),
            shards: ShardSettings::default(),
            health: HealthSettings::default(),
        }
    }
}

/// `[edge.shards]`: how many cells an API key can harm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ShardSettings {
    /// Cells that new work of one API key may reach; 0: all. With fewer than three, the loss of two
    /// cells leaves some keys without any.
    pub cells_per_key: Limited<0, 128>,
}

impl Default for ShardSettings {
    fn default() -> Self {
        Self { cells_per_key: Limited::literal(3) }
    }
}
