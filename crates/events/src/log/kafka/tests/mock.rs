//! On librdkafka's mock cluster: real sockets, no JVM.

use rdkafka::config::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer};
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

use super::super::mark::{MARK_HEADER, Mark};
use super::*;
use crate::log::conformance;

type Cluster = MockCluster<'static, DefaultProducerContext>;

/// A cluster with these topics: it makes none itself.
fn cluster(topics: &[&str]) -> (Cluster, String) {
    let cluster = MockCluster::new(1).unwrap();
    for topic in topics {
        cluster.create_topic(topic, 2, 1).unwrap();
    }
    let brokers = cluster.bootstrap_servers();
    (cluster, brokers)
}

#[tokio::test]
async fn kafka_does_on_a_mock_cluster_what_every_log_does_but_finding_times() {
    let names = ["empty", "order", "pages", "apart", "wake", "once", "again", "refused"];
    let names = names.map(|topic| format!("mock.all-{topic}"));
    let (_cluster, brokers) = cluster(&names.each_ref().map(String::as_str));
    conformance::check_but_time(|| Box::new(open(&brokers, "mock", settings())), "all").await;
}

#[tokio::test]
async fn without_brokers_appending_and_reading_are_refused_and_then_go_on() {
    let (cluster, brokers) = cluster(&["prices"]);
    let log = open(&brokers, "", impatient());
    assert_eq!(log.append(&prices(), &one("a").stamped(stamp(0, 0))).await.unwrap().offsets, 0..1);

    cluster.broker_down(1).unwrap();
    let late = one("b").stamped(stamp(0, 1));
    let refused = log.append(&prices(), &late).await.unwrap_err();
    assert!(refused.to_string().contains("no broker acknowledges within 1000 ms"), "{refused}");
    // Now at once: nothing more is queued.
    let refused = log.append(&prices(), &one("c").stamped(stamp(0, 2))).await.unwrap_err();
    assert!(matches!(refused, LogError::Stopped { .. }), "{refused}");
    let unreadable = log.read(&prices(), 0, 1).await.unwrap_err();
    assert!(matches!(unreadable, LogError::Unreadable(_)), "{unreadable}");

    cluster.broker_up(1).unwrap();
    // What was under way arrives by itself; repeating it does not append it again.
    let again = insist(&log, &prices(), &late).await;
    assert_eq!(again, Appended { offsets: 1..2, repeated: true });
    assert_eq!(insist(&log, &prices(), &one("d").stamped(stamp(0, 3))).await.offsets, 2..3);
    let values: Vec<_> =
        everything(&log, &prices()).await.into_iter().flat_map(|it| it.2).collect();
    assert_eq!(values, ["a", "b", "d"]);
}

#[tokio::test]
async fn what_brokers_refuse_for_the_moment_is_sent_again_and_stands_there_once() {
    let (cluster, brokers) = cluster(&["prices"]);
    let log = open(&brokers, "", settings());
    let refusal = RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS;
    let cut = RDKafkaRespErr::RD_KAFKA_RESP_ERR__TRANSPORT;
    cluster.request_errors(RDKafkaApiKey::Produce, &[refusal, cut, refusal]);
    for sequence in 0..5 {
        let appended = log.append(&prices(), &one("x").stamped(stamp(0, sequence))).await.unwrap();
        assert_eq!(appended.offsets.start, u64::from(sequence));
    }
    assert_eq!(everything(&log, &prices()).await.len(), 5);
}

#[tokio::test]
async fn what_is_under_way_is_bounded() {
    let (cluster, brokers) = cluster(&["prices"]);
    let log =
        open(&brokers, "", LogSettings { queued_bytes: Limited::literal(4_096), ..settings() });
    log.append(&prices(), &one("a")).await.unwrap();
    cluster.broker_down(1).unwrap();
    let large = Batch::one(Record::of(vec![1; 3_000], 0));
    let under_way = log.append(&prices(), &large);
    assert_eq!(log.append(&prices(), &large).await, Err(LogError::Busy));
    cluster.broker_up(1).unwrap();
    assert_eq!(under_way.await.unwrap().offsets, 1..2);
    // A batch beyond the limit is taken when nothing else is under way.
    let larger = Batch::one(Record::of(vec![1; 30_000], 0));
    assert_eq!(insist(&log, &prices(), &larger).await.offsets, 2..3);
}

#[tokio::test]
async fn closing_without_brokers_answers_what_is_under_way() {
    let (cluster, brokers) = cluster(&["prices"]);
    let log = open(&brokers, "", impatient());
    log.append(&prices(), &one("a")).await.unwrap();
    cluster.broker_down(1).unwrap();
    let under_way = log.append(&prices(), &one("b"));
    drop(log);
    assert!(under_way.await.is_err());
}

#[tokio::test]
async fn brokers_that_do_not_know_a_topic_for_a_moment_do_not_make_a_log_begin_anew() {
    let (cluster, brokers) = cluster(&["prices"]);
    let log = open(&brokers, "", impatient());
    log.append(&prices(), &one("a").stamped(stamp(0, 0))).await.unwrap();
    let unknown = RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    cluster.request_errors(RDKafkaApiKey::ListOffsets, &[unknown; 1_000]);
    let bounds = log.bounds(&prices()).await;
    assert!(matches!(bounds, Err(LogError::Unreadable(_))), "{bounds:?}");
    let read = log.read(&prices(), 1, 1).await;
    assert!(matches!(read, Err(LogError::Unreadable(_))), "{read:?}");
    // Nor for a process that starts in this moment: its writer must not take up an old epoch.
    let other = open(&brokers, "", impatient());
    let last = other.last_stamp(&prices(), 5).await;
    assert!(matches!(last, Err(LogError::Unreadable(_))), "{last:?}");
    cluster.clear_request_errors(RDKafkaApiKey::ListOffsets);
    assert_eq!(other.last_stamp(&prices(), 5).await, Ok(Some(stamp(0, 0))));
    assert_eq!(everything(&log, &prices()).await.len(), 1);
}

/// A record as another program, or a process that crashed, would leave it.
fn leave(producer: &BaseProducer, value: &str, mark: Option<Mark>) {
    let mut record = BaseRecord::<(), _>::to("prices").payload(value).partition(0).timestamp(77);
    if let Some(mark) = mark {
        let header = Header { key: MARK_HEADER, value: Some(&mark.to_bytes()[..]) };
        record = record.headers(OwnedHeaders::new().insert(header));
    }
    producer.send(record).map_err(|(error, _)| error).unwrap();
}

#[tokio::test]
async fn half_a_batch_is_not_seen_and_records_of_other_programs_are() {
    let (_cluster, brokers) = cluster(&["prices"]);
    let producer: BaseProducer =
        ClientConfig::new().set("bootstrap.servers", &brokers).create().unwrap();
    let mark = |attempt, index| {
        Some(Mark { stamp: Some(stamp(0, 7)), attempt, index, count: 3, at_ms: -4 })
    };
    leave(&producer, "theirs", None);
    leave(&producer, "half 0", mark(1, 0));
    leave(&producer, "half 1", mark(1, 1));
    for index in 0..3 {
        leave(&producer, "whole", mark(2, index));
    }
    leave(&producer, "cut at the end", mark(3, 0));
    producer.flush(Duration::from_secs(20)).unwrap();

    let log = open(&brokers, "", settings());
    let seen = |fetched: Fetched| {
        let offsets: Vec<_> =
            fetched.batches.iter().map(StoredBatch::offsets).map(|it| (it.start, it.end)).collect();
        (offsets, fetched.next)
    };
    assert_eq!(log.bounds(&prices()).await, Ok(0..7));
    assert_eq!(seen(log.read(&prices(), 0, 4_096).await.unwrap()), (vec![(0, 1), (3, 6)], 6));
    // From the middle of either, and at the end, where the rest may still come.
    assert_eq!(seen(log.read(&prices(), 2, 4_096).await.unwrap()), (vec![(3, 6)], 6));
    assert_eq!(seen(log.read(&prices(), 5, 1).await.unwrap()), (vec![(3, 6)], 6));
    assert_eq!(seen(log.read(&prices(), 6, 1).await.unwrap()), (vec![], 6));
    let whole = &log.read(&prices(), 4, 1).await.unwrap().batches[0];
    assert_eq!(whole.records().unwrap()[2].at_ms, -4);
    // The whole one is known when its writer repeats it.
    let records = (0..3).map(|_| Record::of("whole", -4)).collect();
    let repeated = Batch { records, stamp: Some(stamp(0, 7)), ..Batch::default() };
    let appended = log.append(&prices(), &repeated).await.unwrap();
    assert_eq!(appended, Appended { offsets: 3..6, repeated: true });
    // What comes next ends the wait.
    log.append(&prices(), &one("next")).await.unwrap();
    assert_eq!(seen(log.read(&prices(), 6, 1).await.unwrap()), (vec![(7, 8)], 8));
}
