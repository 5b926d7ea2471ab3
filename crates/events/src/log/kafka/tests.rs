//! The log on Kafka: the suite that every log passes, and what happens when brokers do not answer.
//! On librdkafka's mock cluster, and on a real Apache Kafka broker.

mod doubts;
mod mock;
mod real;

use bytes::Bytes;
use runtime::Limited;

use super::*;
use crate::log::{Appended, KafkaSettings, Record, StoredBatch};

/// Short waits, everything kept.
fn settings() -> LogSettings {
    LogSettings {
        commit_ms: Limited::literal(0),
        retry_ms: Limited::literal(50),
        retention_minutes: Limited::literal(0),
        retention_bytes: Limited::literal(0),
        ..LogSettings::default()
    }
}

/// As [`settings`], but a broker that does not answer is soon taken to be gone.
fn impatient() -> LogSettings {
    let kafka = KafkaSettings {
        answer_ms: Limited::literal(1_000),
        close_ms: Limited::literal(500),
        ..KafkaSettings::default()
    };
    LogSettings { kafka, ..settings() }
}

fn open(brokers: &str, prefix: &str, settings: LogSettings) -> KafkaLog {
    let place = KafkaPlace::parse(&format!("kafka://{brokers}/{prefix}")).unwrap();
    KafkaLog::open(place, settings).unwrap()
}

fn prices() -> TopicPartition {
    TopicPartition::new("prices", 0).unwrap()
}

fn stamp(epoch: u16, sequence: u32) -> Stamp {
    Stamp::new(5, epoch, sequence).unwrap()
}

fn one(text: &str) -> Batch {
    Batch::one(Record::of(text.to_owned(), 1_000))
}

/// Every batch there is: its offsets, its stamp and the values of its records.
async fn everything(
    log: &KafkaLog,
    of: &TopicPartition,
) -> Vec<(Range<u64>, Option<Stamp>, Vec<Bytes>)> {
    let bounds = patiently(|| log.bounds(of)).await;
    let (mut next, mut all) = (bounds.start, Vec::new());
    while next < bounds.end {
        let fetched = patiently(|| log.read(of, next, 1 << 20)).await;
        assert!(fetched.next > next, "reading goes forward from {next}");
        next = fetched.next;
        for batch in fetched.batches {
            let values = batch.records().unwrap().into_iter().map(|record| record.value).collect();
            all.push((batch.offsets(), batch.stamp(), values));
        }
    }
    all
}

/// Asks until brokers answer, which may have come back a moment ago.
async fn patiently<'a, T>(ask: impl Fn() -> Answer<'a, T>) -> T {
    for _ in 0..60 {
        match ask().await {
            Err(LogError::Unreadable(_)) => tokio::time::sleep(Duration::from_millis(100)).await,
            answer => return answer.unwrap(),
        }
    }
    ask().await.unwrap()
}

/// Appends until it is acknowledged, as a writer that does not give up.
async fn insist(log: &KafkaLog, of: &TopicPartition, batch: &Batch) -> Appended {
    for _ in 0..3_000 {
        match log.append(of, batch).await {
            Ok(appended) => return appended,
            Err(LogError::Stopped { .. } | LogError::Busy) => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
    panic!("never acknowledged")
}
