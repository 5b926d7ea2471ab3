//! What can be set about a log, each with its range.

use runtime::Limited;
use serde::{Deserialize, Serialize};

/// Settings of a log. What is said of segments and retention also holds for the topics that a log on
/// Kafka makes; brokers have a say of their own in what is left open here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogSettings {
    /// Shortest time between two syncs: batches that arrive within it share one. 0: no waiting,
    /// then those share one that arrive during the sync before.
    pub commit_ms: Limited<0, 1_000>,
    /// Bytes that make a group large enough not to wait any longer.
    pub group_bytes: Limited<4_096, 268_435_456>,
    /// Most bytes waiting to become durable; beyond, appending is refused with `log_busy`.
    pub queued_bytes: Limited<4_096, 4_294_967_296>,
    /// A segment file is closed at this size.
    pub segment_bytes: Limited<4_096, 4_294_967_296>,
    /// A segment file is closed at this age, so that retention by age can remove it.
    pub segment_minutes: Limited<1, 525_600>,
    /// Records older than this are removed, whole segments at a time. 0: kept.
    pub retention_minutes: Limited<0, 5_256_000>,
    /// Oldest segments are removed beyond this, for each partition. 0: no limit.
    pub retention_bytes: Limited<0, 1_125_899_906_842_624>,
    /// After the disk or the brokers refused, appending is refused for this long before it is tried again.
    pub retry_ms: Limited<0, 60_000>,
    /// Most partitions of all topics.
    pub partitions: Limited<1, 10_000>,
    /// Threads that read for callers who must not be held up.
    pub readers: Limited<1, 64>,
    /// Compare every checksum at opening, not only those of the last segment. Reading compares them
    /// anyway.
    pub verify_at_open: bool,
    /// What only a log on Kafka has.
    pub kafka: KafkaSettings,
}

/// Settings of a log on Kafka.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KafkaSettings {
    /// Copies of each topic that is made. 0: as the brokers are set.
    pub replicas: Limited<0, 100>,
    /// Copies that must be in step for a batch to be taken, for topics that are made. 0: as the
    /// brokers are set.
    pub in_step_min: Limited<0, 100>,
    /// Brokers that acknowledge or answer nothing for this long are taken to be gone: appending is
    /// refused, reading fails.
    pub answer_ms: Limited<100, 600_000>,
    /// Longest time that closing waits for what is under way.
    pub close_ms: Limited<0, 60_000>,
    /// Bytes at the end of a partition in which the stamps of earlier lives are looked for.
    pub tail_bytes: Limited<65_536, 4_294_967_296>,
    /// Most bytes that each reading connection fetches ahead.
    pub fetch_bytes: Limited<65_536, 1_073_741_824>,
    /// Pack records with LZ4 on their way and on the brokers. Not needed for prices, which are packed.
    pub lz4: bool,
}

impl Default for KafkaSettings {
    fn default() -> Self {
        Self {
            replicas: Limited::literal(0),
            in_step_min: Limited::literal(0),
            answer_ms: Limited::literal(5_000),
            close_ms: Limited::literal(2_000),
            tail_bytes: Limited::literal(32 << 20),
            fetch_bytes: Limited::literal(16 << 20),
            lz4: false,
        }
    }
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            commit_ms: Limited::literal(4),
            group_bytes: Limited::literal(4 << 20),
            queued_bytes: Limited::literal(64 << 20),
            segment_bytes: Limited::literal(256 << 20),
            segment_minutes: Limited::literal(60),
            retention_minutes: Limited::literal(4 * 24 * 60),
            retention_bytes: Limited::literal(10 << 30),
            retry_ms: Limited::literal(250),
            partitions: Limited::literal(256),
            readers: Limited::literal(2),
            verify_at_open: false,
            kafka: KafkaSettings::default(),
        }
    }
}
