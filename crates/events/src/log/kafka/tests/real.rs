//! On a real Apache Kafka broker: one JVM that is killed, hangs and comes back.
//!
//! `KAFKA_BROKERS` (HOST:PORT) names brokers on which the common suite runs instead; topics it makes
//! begin with `fareway-test`.

#[path = "../../../../tests/support/kafka_broker.rs"]
mod kafka_broker;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use kafka_broker::KafkaBroker;
use rdkafka::Message;
use rdkafka::admin::{AdminClient, AdminOptions, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Headers;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use runtime::Random;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::*;
use crate::log::conformance;
use crate::log::kafka::mark::Mark;

/// One JVM at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn prefix() -> String {
    format!("fareway-test-{:016x}", u64::from_be_bytes(Random::secret_bytes().unwrap()))
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_methods, reason = "whoever runs the tests may name brokers")]
#[expect(clippy::await_holding_lock, reason = "each test has a runtime of its own")]
async fn kafka_does_what_every_log_does() {
    let _alone = alone();
    let named = std::env::var("KAFKA_BROKERS").ok();
    let started = named.is_none().then(KafkaBroker::start);
    let brokers = match (named, &started) {
        (Some(named), _) => named,
        (None, started) => started.as_ref().unwrap().address(),
    };
    let prefix = prefix();
    conformance::check(|| Box::new(open(&brokers, &prefix, settings())), "all").await;
    topics_are_made_as_the_settings_say(&brokers, &prefix).await;
    a_batch_may_be_as_large_as_in_files(&brokers, &prefix).await;
}

async fn topics_are_made_as_the_settings_say(brokers: &str, prefix: &str) {
    let settings = LogSettings {
        retention_minutes: Limited::literal(90),
        retention_bytes: Limited::literal(5_000_000),
        segment_bytes: Limited::literal(2 << 20),
        partitions: Limited::literal(4),
        ..settings()
    };
    let log = open(brokers, prefix, settings);
    let of = |partition| TopicPartition::new("made", partition).unwrap();
    let now_ms = runtime::unix_ms();
    let fresh = |text: &str| Batch::one(Record::of(text.to_owned(), now_ms));
    log.append(&of(1), &fresh("second")).await.unwrap();
    // The topic grows.
    log.append(&of(3), &fresh("fourth")).await.unwrap();
    assert_eq!(log.append(&of(4), &fresh("fifth")).await, Err(LogError::TooManyPartitions(4)));
    assert_eq!(log.bounds(&of(1)).await, Ok(0..1));
    assert_eq!(log.bounds(&of(3)).await, Ok(0..1));

    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", brokers).create().unwrap();
    let name = format!("{prefix}.made");
    let asked = [ResourceSpecifier::Topic(&name)];
    let answered = admin.describe_configs(&asked, &AdminOptions::new()).await.unwrap();
    let configured = answered.into_iter().next().unwrap().unwrap();
    for (key, expected) in [
        ("retention.ms", "5400000"),
        ("retention.bytes", "5000000"),
        ("segment.bytes", "2097152"),
        ("cleanup.policy", "delete"),
        ("max.message.bytes", "17825792"),
    ] {
        let entry = configured.get(key).unwrap();
        assert_eq!(entry.value.as_deref(), Some(expected), "{key}");
    }
}

async fn a_batch_may_be_as_large_as_in_files(brokers: &str, prefix: &str) {
    let log = open(brokers, prefix, settings());
    let of = TopicPartition::new("large", 0).unwrap();
    let value = Bytes::from(vec![7; (16 << 20) - 200]);
    let large = Batch::one(Record::of(value.clone(), 1_000));
    assert_eq!(insist(&log, &of, &large).await.offsets, 0..1);
    assert_eq!(log.read(&of, 0, 1).await.unwrap().batches[0].records().unwrap()[0].value, value);
    let larger = Batch::one(Record::of(vec![7; 16 << 20], 1_000));
    assert_eq!(log.append(&of, &larger).await, Err(LogError::Batch(BatchError::TooLarge)));
}

/// The n-th batch of a writer: one to three records of now. With times of long ago a broker that
/// starts again forgets who sent them, and takes a repeated request as new.
fn nth(sequence: u32) -> Batch {
    let at_ms = runtime::unix_ms();
    let records = (0..=sequence % 3).map(|part| Record::of(format!("{sequence}.{part}"), at_ms));
    Batch { records: records.collect(), stamp: Some(stamp(0, sequence)), ..Batch::default() }
}

/// Batches under way at once.
const LANES: u32 = 8;

/// Where each batch was said to be, by sequence.
type Places = BTreeMap<u32, Range<u64>>;

/// Appends every [`LANES`]-th batch from one on, each until it is acknowledged, until told to stop.
async fn lane(
    log: Arc<KafkaLog>,
    first: u32,
    count: Arc<watch::Sender<u32>>,
    stop: Arc<AtomicBool>,
) -> Places {
    let mut places = Places::new();
    let mut next = first;
    while !stop.load(Ordering::Relaxed) {
        places.insert(next, insist(&log, &prices(), &nth(next)).await.offsets);
        count.send_modify(|count| *count += 1);
        next += LANES;
    }
    places
}

/// Offsets and marks of all records of a batch, as the brokers have them.
fn marks_of(log: &KafkaLog, sequence: u32) -> Vec<(i64, Mark)> {
    let dial = &log.shared.dial;
    let consumer: BaseConsumer = dial.reading().create().unwrap();
    let mut places = TopicPartitionList::new();
    let name = dial.place.topic(prices().topic());
    places.add_partition_offset(&name, 0, Offset::Beginning).unwrap();
    consumer.assign(&places).unwrap();
    let mut marks = Vec::new();
    while let Some(Ok(message)) = consumer.poll(Duration::from_secs(10)) {
        let headers = message.headers().unwrap();
        let last = headers.get(headers.count() - 1);
        let mark = Mark::read(last.value.unwrap()).unwrap();
        if mark.stamp.unwrap().sequence() == sequence {
            marks.push((message.offset(), mark));
        }
    }
    marks
}

/// What was acknowledged is there, once, where it was said to be; and nothing else.
async fn compare(log: &KafkaLog, places: &Places) {
    let mut seen = Places::new();
    for (offsets, stamp, values) in everything(log, &prices()).await {
        let sequence = stamp.unwrap().sequence();
        let written: Vec<_> =
            nth(sequence).records.into_iter().map(|record| record.value).collect();
        assert_eq!(values, written);
        if let Some(before) = seen.insert(sequence, offsets.clone()) {
            let marks = marks_of(log, sequence);
            panic!("batch {sequence} is at {before:?} and {offsets:?}: {marks:#?}");
        }
    }
    assert_eq!(seen, *places);
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::await_holding_lock, reason = "each test has a runtime of its own")]
async fn a_broker_killed_under_load_loses_nothing_acknowledged_and_doubles_nothing() {
    let _alone = alone();
    let mut broker = KafkaBroker::start();
    let address = broker.address();
    let log = Arc::new(open(&address, "", impatient()));
    let mut places = Places::new();
    let mut random = Random::from_seed(1);
    for _ in 0..3 {
        let stop = Arc::new(AtomicBool::new(false));
        let count = Arc::new(watch::Sender::new(0));
        let mut counted = count.subscribe();
        let from = places.last_key_value().map_or(0, |(last, _)| last + 1);
        let mut lanes = JoinSet::new();
        for first in from..from + LANES {
            lanes.spawn(lane(Arc::clone(&log), first, Arc::clone(&count), Arc::clone(&stop)));
        }
        let before = 50 + random.below(100) as u32;
        counted.wait_for(|count| *count >= before).await.unwrap();
        let again = move || {
            broker.kill();
            broker.restart();
            broker
        };
        broker = tokio::task::spawn_blocking(again).await.unwrap();
        counted.wait_for(|count| *count >= before + 100).await.unwrap();
        stop.store(true, Ordering::Relaxed);
        while let Some(written) = lanes.join_next().await {
            places.extend(written.unwrap());
        }
        compare(&log, &places).await;
    }
    drop(log);
    // A process that starts anew sees the same, and knows what its writer has written.
    broker.kill();
    broker.restart();
    let log = open(&address, "", settings());
    compare(&log, &places).await;
    let (last, offsets) = places.pop_last().unwrap();
    let of = prices();
    assert_eq!(patiently(|| log.last_stamp(&of, 5)).await, Some(stamp(0, last)));
    let repeated = insist(&log, &prices(), &nth(last)).await;
    assert_eq!(repeated, Appended { offsets, repeated: true });
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::await_holding_lock, reason = "each test has a runtime of its own")]
async fn a_broker_that_hangs_holds_nobody_up_and_what_was_under_way_arrives_once() {
    let _alone = alone();
    let broker = KafkaBroker::start();
    let log = open(&broker.address(), "", impatient());
    let mut places = Places::from([(0, insist(&log, &prices(), &nth(0)).await.offsets)]);
    for round in 0..3 {
        broker.hang();
        let under_way = nth(round * 2 + 1);
        let refused = log.append(&prices(), &under_way).await.unwrap_err();
        assert!(matches!(refused, LogError::Stopped { .. }), "{refused}");
        assert!(matches!(log.bounds(&prices()).await, Err(LogError::Unreadable(_))));
        broker.go_on();
        places.insert(round * 2 + 1, insist(&log, &prices(), &under_way).await.offsets);
        let next = round * 2 + 2;
        places.insert(next, insist(&log, &prices(), &nth(next)).await.offsets);
    }
    compare(&log, &places).await;
}
