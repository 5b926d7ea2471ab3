//! Topics on the brokers: asking what there is, making what is missing.

use std::ops::Range;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions, NewTopic, TopicReplication};
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use runtime::now;

use super::client::{Dial, Said, is_unknown};
use crate::log::batch::BATCH_BYTES_MAX;
use crate::log::{LogError, TopicPartition};

/// Times that a topic just made is looked for.
const LOOKS: u32 = 50;
/// Pause before looking or asking again.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Asks brokers. Its calls hold the thread, at most `answer_ms` each.
pub(super) struct Topics {
    dial: Dial,
    asker: BaseConsumer<Said>,
}

impl Topics {
    pub(super) fn new(dial: Dial) -> Result<Self, LogError> {
        let asker = BaseConsumer::from_config_and_context(&dial.asking(), dial.said.clone());
        let asker = asker.map_err(|error| dial.unreadable(&error))?;
        Ok(Self { dial, asker })
    }

    /// The first offset kept and the next one; none if there is no such partition.
    pub(super) fn bounds(&self, of: &TopicPartition) -> Result<Option<Range<u64>>, LogError> {
        let name = self.dial.place.topic(of.topic());
        let patience = self.dial.patience();
        let marks =
            self.ask(of, || self.asker.fetch_watermarks(&name, partition_of(of), patience))?;
        Ok(marks.map(|(low, high)| {
            let end = u64::try_from(high).unwrap_or(0);
            u64::try_from(low).unwrap_or(0).min(end)..end
        }))
    }

    /// The first offset at or after a time that Kafka can have.
    pub(super) fn offset_at(
        &self,
        of: &TopicPartition,
        at_ms: i64,
    ) -> Result<Option<u64>, LogError> {
        let name = self.dial.place.topic(of.topic());
        let found = self.ask(of, || {
            let mut times = TopicPartitionList::new();
            times.add_partition_offset(&name, partition_of(of), Offset::Offset(at_ms.max(1)))?;
            let found = self.asker.offsets_for_times(times, self.dial.patience())?;
            let Some(element) = found.elements().into_iter().next() else { return Ok(None) };
            element.error()?;
            Ok(match element.offset() {
                Offset::Offset(offset) => u64::try_from(offset).ok(),
                _ => None,
            })
        });
        Ok(found?.flatten())
    }

    /// Asks; none if there is no such partition. One without a leader is called unknown too, as all
    /// are while brokers start or just after they were made: it is asked about again for a while.
    fn ask<T>(
        &self,
        of: &TopicPartition,
        ask: impl Fn() -> KafkaResult<T>,
    ) -> Result<Option<T>, LogError> {
        let until = now() + self.dial.patience();
        loop {
            let error = match ask() {
                Ok(answer) => return Ok(Some(answer)),
                Err(error) => error,
            };
            if is_unknown(&error) {
                let count = self.count(&self.dial.place.topic(of.topic()))?;
                if count.is_none_or(|count| count <= of.partition() as usize) {
                    return Ok(None);
                }
            }
            if !is_unknown(&error) || now() >= until {
                return Err(self.dial.unreadable(&error));
            }
            // Nothing is assigned: this only waits.
            drop(self.asker.poll(LOOK_EVERY));
        }
    }

    /// Partitions of a topic; none if there is no such topic.
    fn count(&self, name: &str) -> Result<Option<usize>, LogError> {
        let metadata = match self.asker.fetch_metadata(Some(name), self.dial.patience()) {
            Err(error) if is_unknown(&error) => return Ok(None),
            metadata => metadata.map_err(|error| self.dial.unreadable(&error))?,
        };
        let topic = metadata.topics().iter().find(|topic| topic.name() == name);
        Ok(topic.map(|topic| topic.partitions().len()).filter(|count| *count > 0))
    }

    /// Makes topic and partition if they are missing.
    pub(super) fn ensure(&self, of: &TopicPartition) -> Result<(), LogError> {
        let name = self.dial.place.topic(of.topic());
        let wanted = of.partition() as usize + 1;
        let limit = self.dial.settings.partitions.get();
        match self.count(&name)? {
            Some(count) if count >= wanted => return Ok(()),
            _ if wanted as u64 > limit => return Err(LogError::TooManyPartitions(limit)),
            Some(_) => self.extend(&name, wanted)?,
            None => self.create(&name, wanted)?,
        }
        // Whoever made it answered; the others hear of it a little later.
        for _ in 0..LOOKS {
            if self.count(&name)?.is_some_and(|count| count >= wanted) {
                return Ok(());
            }
            // Nothing is assigned: this only waits.
            drop(self.asker.poll(LOOK_EVERY));
        }
        Err(self.dial.stopped("a topic that was made does not appear"))
    }

    fn create(&self, name: &str, partitions: usize) -> Result<(), LogError> {
        let options = self.topic_options();
        let replicas = match self.dial.settings.kafka.replicas.get() {
            0 => -1,
            replicas => replicas as i32,
        };
        let mut topic = NewTopic::new(name, partitions as i32, TopicReplication::Fixed(replicas));
        for (key, value) in &options {
            topic = topic.set(key, value);
        }
        self.administer(async |admin, options| {
            admin.create_topics([&topic], options).await.map(first)
        })
    }

    fn extend(&self, name: &str, partitions: usize) -> Result<(), LogError> {
        let more = NewPartitions::new(name, partitions);
        self.administer(async |admin, options| {
            admin.create_partitions([&more], options).await.map(first)
        })
    }

    /// How long and in which pieces the brokers keep a topic of ours.
    fn topic_options(&self) -> Vec<(&'static str, String)> {
        let settings = &self.dial.settings;
        let or_ever = |value: u64, factor: u64| match value {
            0 => "-1".to_owned(),
            value => value.saturating_mul(factor).to_string(),
        };
        let mut options = vec![
            ("cleanup.policy", "delete".to_owned()),
            ("message.timestamp.type", "CreateTime".to_owned()),
            // Records are what happened, whenever that was.
            ("message.timestamp.after.max.ms", i64::MAX.to_string()),
            ("max.message.bytes", (BATCH_BYTES_MAX + (1 << 20)).to_string()),
            ("retention.ms", or_ever(settings.retention_minutes.get(), 60_000)),
            ("retention.bytes", or_ever(settings.retention_bytes.get(), 1)),
            // Brokers know no segments beyond 31 bits, nor below a mebibyte.
            ("segment.bytes", settings.segment_bytes.get().clamp(1 << 20, 1 << 30).to_string()),
            ("segment.ms", (settings.segment_minutes.get() * 60_000).to_string()),
        ];
        match settings.kafka.in_step_min.get() {
            0 => {}
            copies => options.push(("min.insync.replicas", copies.to_string())),
        }
        options
    }

    fn administer(
        &self,
        run: impl AsyncFnOnce(
            &AdminClient<Said>,
            &AdminOptions,
        ) -> KafkaResult<Result<(), RDKafkaErrorCode>>,
    ) -> Result<(), LogError> {
        let dial = &self.dial;
        let refused = |error: &KafkaError| dial.stopped(&format!("no topic was made: {error}"));
        let admin = AdminClient::from_config_and_context(&dial.asking(), dial.said.clone());
        let admin = admin.map_err(|error| refused(&error))?;
        let patience = Some(dial.patience());
        let options = AdminOptions::new().request_timeout(patience).operation_timeout(patience);
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.map_err(|error| dial.stopped(&error.to_string()))?;
        match runtime.block_on(run(&admin, &options)) {
            // Another process was faster.
            Ok(Ok(()) | Err(RDKafkaErrorCode::TopicAlreadyExists)) => Ok(()),
            Ok(Err(code)) => Err(refused(&KafkaError::AdminOp(code))),
            Err(error) => Err(refused(&error)),
        }
    }
}

/// The outcome for the one topic that was asked for.
fn first(results: Vec<Result<String, (String, RDKafkaErrorCode)>>) -> Result<(), RDKafkaErrorCode> {
    results.into_iter().try_for_each(|result| result.map(drop).map_err(|(_, code)| code))
}

/// The number of a partition as Kafka has it.
pub(super) fn partition_of(of: &TopicPartition) -> i32 {
    i32::try_from(of.partition()).unwrap_or(i32::MAX)
}
