//! How we talk to brokers: the options of librdkafka, and what it tells us beside answers.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::log::batch::BATCH_BYTES_MAX;
use crate::log::{KafkaPlace, LogError, LogSettings};

/// Most records under way.
const RECORDS_QUEUED_MAX: usize = 4 << 20;
/// Bytes for what Kafka writes beside the records of a batch.
const BESIDE_BYTES: usize = 1 << 20;
/// Most bytes of a request that are gathered before it is sent.
const REQUEST_BYTES_MAX: usize = 64 << 20;

/// What librdkafka said last.
#[derive(Clone, Debug, Default)]
pub(super) struct Said(Arc<Mutex<Option<String>>>);

impl Said {
    /// Remembers it.
    pub(super) fn note(&self, what: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(what);
    }

    /// The words for people: ours, and what was last heard from librdkafka.
    pub(super) fn with(&self, ours: &str) -> String {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(said) => format!("{ours} ({said})"),
            None => ours.to_owned(),
        }
    }
}

impl ClientContext for Said {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(?level, facility, message, "librdkafka");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "librdkafka");
        self.note(reason.chars().take(200).collect());
    }
}

impl ConsumerContext for Said {}

/// Brokers and the settings for talking to them.
#[derive(Clone, Debug)]
pub(super) struct Dial {
    pub(super) place: KafkaPlace,
    pub(super) settings: LogSettings,
    pub(super) said: Said,
}

impl Dial {
    /// Longest wait for an answer.
    pub(super) fn patience(&self) -> Duration {
        self.settings.kafka.answer_ms.ms()
    }

    fn common(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        let timeout_ms = self.settings.kafka.answer_ms.get().clamp(1_000, 300_000);
        config
            .set("bootstrap.servers", self.place.brokers())
            .set("client.id", "fareway")
            .set("socket.timeout.ms", timeout_ms.to_string())
            .set("socket.connection.setup.timeout.ms", timeout_ms.to_string())
            .set("socket.nagle.disable", "true")
            // A broker that comes back is found within a second.
            .set("reconnect.backoff.ms", "50")
            .set("reconnect.backoff.max.ms", "1000");
        config
    }

    /// For asking brokers about topics and offsets.
    pub(super) fn asking(&self) -> ClientConfig {
        let mut config = self.common();
        config.set("allow.auto.create.topics", "false");
        config
    }

    /// For reading records. It joins no group and commits nothing, but librdkafka wants a name.
    pub(super) fn reading(&self) -> ClientConfig {
        let kafka = &self.settings.kafka;
        let at_once = kafka.fetch_bytes.size().clamp(BESIDE_BYTES, REQUEST_BYTES_MAX);
        let mut config = self.asking();
        config
            .set("group.id", "fareway")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "error")
            .set("enable.partition.eof", "true")
            .set("check.crcs", "true")
            .set("fetch.wait.max.ms", "100")
            .set("fetch.error.backoff.ms", "100")
            .set("queued.max.messages.kbytes", (kafka.fetch_bytes.get() / 1_024).to_string())
            .set("queued.min.messages", "1000")
            // Otherwise the next bytes come a second after the ones fetched ahead were too many.
            .set("fetch.queue.backoff.ms", "5")
            .set("fetch.max.bytes", at_once.to_string())
            .set("fetch.message.max.bytes", at_once.to_string())
            // The largest batch is given whole even if it is beyond what was asked for.
            .set(
                "receive.message.max.bytes",
                (at_once + BATCH_BYTES_MAX + 2 * BESIDE_BYTES).to_string(),
            );
        config
    }

    /// For appending. librdkafka keeps what it was given until brokers have it: a record is sent
    /// again under the number it had before, so that they can tell that it is the same.
    pub(super) fn writing(&self) -> ClientConfig {
        let settings = &self.settings;
        let queued = settings.queued_bytes.size() + 2 * BATCH_BYTES_MAX;
        let together = settings.group_bytes.size().min(REQUEST_BYTES_MAX);
        let mut config = self.common();
        config
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("message.timeout.ms", "0")
            // Brokers that have just started may not know a topic yet.
            .set("topic.metadata.propagation.max.ms", "3600000")
            .set("request.timeout.ms", settings.kafka.answer_ms.get().max(1_000).to_string())
            .set("retry.backoff.ms", "50")
            .set("retry.backoff.max.ms", "1000")
            .set("linger.ms", settings.commit_ms.get().to_string())
            .set("batch.size", together.to_string())
            .set("batch.num.messages", "100000")
            .set("compression.type", if settings.kafka.lz4 { "lz4" } else { "none" })
            .set("message.max.bytes", (BATCH_BYTES_MAX + BESIDE_BYTES).to_string())
            // Our own limit is reached first; these only say that there is one.
            .set("queue.buffering.max.kbytes", (queued / 512).min(2_147_483_647).to_string())
            .set("queue.buffering.max.messages", RECORDS_QUEUED_MAX.to_string());
        config
    }

    /// The error that reading ends with.
    pub(super) fn unreadable(&self, error: &KafkaError) -> LogError {
        LogError::Unreadable(self.said.with(&format!("{}: {error}", self.place.brokers())))
    }

    /// The error that appending ends with for the moment.
    pub(super) fn stopped(&self, reason: &str) -> LogError {
        LogError::Stopped {
            reason: self.said.with(reason),
            retry_after: self.settings.retry_ms.ms(),
        }
    }
}

/// Whether brokers say that there is no such topic or partition.
pub(super) fn is_unknown(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::UnknownTopicOrPartition
                | RDKafkaErrorCode::UnknownTopic
                | RDKafkaErrorCode::UnknownPartition
        )
    )
}
