//! What every backend of [`Log`] must pass, whatever carries it.
//!
//! A backend calls [`check`] with a way to open it. It is opened several times, one after the other,
//! and must find what was acknowledged before. Topics are named after the given name, so that a
//! broker that is shared or kept can be used.

use std::time::Duration;

use bytes::Bytes;

use super::*;

type Opened = Box<dyn Log>;

fn named(name: &str, topic: &str, partition: u32) -> TopicPartition {
    TopicPartition::new(&format!("{name}-{topic}"), partition).unwrap()
}

/// Runs all checks.
pub(crate) async fn check(open: impl Fn() -> Opened, name: &str) {
    check_but_time(&open, name).await;
    time_leads_to_an_offset(&*open(), &named(name, "time", 0)).await;
}

/// Runs all but the one that needs an index of times, which librdkafka's mock brokers do not have.
pub(crate) async fn check_but_time(open: impl Fn() -> Opened, name: &str) {
    let of = |topic: &str, partition| named(name, topic, partition);
    an_unknown_partition_is_empty(&*open(), &of("empty", 0)).await;
    records_come_back_whole_and_in_order(&*open(), &of("order", 0)).await;
    reading_is_bounded_and_goes_on_where_it_ended(&*open(), &of("pages", 0)).await;
    partitions_are_apart(&*open(), [&of("apart", 0), &of("apart", 1)]).await;
    a_waiting_reader_is_woken(&*open(), &of("wake", 0)).await;
    a_repeated_batch_is_appended_once(&open, &of("once", 0)).await;
    what_was_acknowledged_is_there_when_opened_again(&open, &of("again", 0)).await;
    what_is_no_batch_is_refused(&*open(), &of("refused", 0)).await;
}

fn one(text: &str, at_ms: i64) -> Batch {
    Batch::one(Record::of(text.to_owned(), at_ms))
}

async fn append(log: &dyn Log, to: &TopicPartition, batch: &Batch) -> Appended {
    log.append(to, batch).await.unwrap()
}

/// Everything from an offset to the end.
async fn records(log: &dyn Log, from: &TopicPartition, mut next: u64) -> Vec<(u64, Record)> {
    let mut all = Vec::new();
    loop {
        let fetched = log.read(from, next, 4_096).await.unwrap();
        if fetched.batches.is_empty() {
            assert_eq!(fetched.next, next);
            return all;
        }
        assert!(fetched.next > next, "reading goes forward");
        next = fetched.next;
        for batch in fetched.batches {
            all.extend(batch.offsets().zip(batch.records().unwrap()));
        }
    }
}

async fn an_unknown_partition_is_empty(log: &dyn Log, of: &TopicPartition) {
    assert_eq!(log.bounds(of).await, Ok(0..0));
    assert_eq!(log.read(of, 0, 100).await, Ok(Fetched::default()));
    assert_eq!(log.read(of, 1, 100).await, Err(LogError::Beyond { end: 0 }));
    assert_eq!(log.offset_at(of, 0).await, Ok(None));
    assert_eq!(log.last_stamp(of, 1).await, Ok(None));
}

async fn records_come_back_whole_and_in_order(log: &dyn Log, of: &TopicPartition) {
    let mut expected = Vec::new();
    for number in 0..20_i64 {
        let compression = if number % 2 == 0 { Compression::None } else { Compression::Lz4 };
        let record = |part: i64| Record {
            at_ms: 1_000 * number + part,
            key: (part == 1).then(|| Bytes::from_static(b"key")),
            value: vec![number as u8; 50 * part as usize].into(),
            headers: vec![Header { name: "trace".to_owned(), value: vec![0, 255].into() }],
        };
        let written: Vec<Record> = (0..3).map(|part| record(part).with_schema(7)).collect();
        let batch = Batch { records: written.clone(), stamp: None, compression };
        let appended = append(log, of, &batch).await;
        let start = expected.len() as u64;
        assert_eq!(appended, Appended { offsets: start..start + 3, repeated: false });
        expected.extend((start..).zip(written));
    }
    assert_eq!(records(log, of, 0).await, expected);
    assert_eq!(expected[4].1.schema(), Some(7));
    assert_eq!(log.bounds(of).await, Ok(0..60));
}

async fn reading_is_bounded_and_goes_on_where_it_ended(log: &dyn Log, of: &TopicPartition) {
    for number in 0..30 {
        let records = (0..4).map(|at| Record::of(vec![9; 500], number * 4 + at)).collect();
        append(log, of, &Batch { records, ..Batch::default() }).await;
    }
    // An offset in the middle of a batch gives that batch; the smallest limit still one batch.
    let fetched = log.read(of, 41, 1).await.unwrap();
    assert_eq!(fetched.batches.len(), 1);
    assert_eq!((fetched.batches[0].offsets(), fetched.next), (40..44, 44));
    let fetched = log.read(of, 44, 10_000).await.unwrap();
    let bytes: usize = fetched.batches.iter().map(|batch| batch.bytes().len()).sum();
    assert!(fetched.batches.len() > 1 && bytes <= 10_000, "{bytes} bytes");
    assert_eq!(records(log, of, 40).await.len(), 80);
    assert_eq!(log.read(of, 121, 1).await, Err(LogError::Beyond { end: 120 }));
}

async fn partitions_are_apart(log: &dyn Log, of: [&TopicPartition; 2]) {
    append(log, of[0], &one("zero", 0)).await;
    append(log, of[1], &one("one", 0)).await;
    append(log, of[0], &one("two", 0)).await;
    assert_eq!(log.bounds(of[0]).await, Ok(0..2));
    let values: Vec<Bytes> =
        records(log, of[1], 0).await.into_iter().map(|(_, record)| record.value).collect();
    assert_eq!(values, ["one"]);
}

async fn time_leads_to_an_offset(log: &dyn Log, of: &TopicPartition) {
    for number in 0..50 {
        append(log, of, &one("x", 1_000 + number * 10)).await;
    }
    for (at_ms, offset) in [(0, Some(0)), (1_000, Some(0)), (1_241, Some(25)), (1_491, None)] {
        assert_eq!(log.offset_at(of, at_ms).await, Ok(offset), "at {at_ms}");
    }
}

async fn a_waiting_reader_is_woken(log: &dyn Log, of: &TopicPartition) {
    let soon = Duration::from_secs(20);
    for number in 0..3_u64 {
        let batch = one("news", 0);
        let (reached, appended) = tokio::join!(
            tokio::time::timeout(soon, log.reaches(of, number)),
            log.append(of, &batch),
        );
        assert_eq!(reached.expect("woken in time"), Ok(()));
        assert_eq!(appended.unwrap().offsets.start, number);
    }
    // What is there already need not be waited for.
    assert_eq!(tokio::time::timeout(soon, log.reaches(of, 0)).await, Ok(Ok(())));
}

async fn a_repeated_batch_is_appended_once(open: &impl Fn() -> Opened, of: &TopicPartition) {
    let stamp = |epoch, sequence| Stamp::new(77, epoch, sequence).unwrap();
    let stamped = |stamp| one("once", 5).stamped(stamp);
    {
        let log = open();
        // Under way at the same time, and one after the other.
        let (batch, same) = (stamped(stamp(0, 0)), stamped(stamp(0, 0)));
        let (first, second) = tokio::join!(log.append(of, &batch), log.append(of, &same));
        let outcomes = [first.unwrap(), second.unwrap()];
        assert!(outcomes.iter().all(|outcome| outcome.offsets == (0..1)));
        assert_eq!(outcomes.iter().filter(|outcome| outcome.repeated).count(), 1);
        assert!(!append(&*log, of, &stamped(stamp(0, 1))).await.repeated);
    }
    let log = open();
    let repeated = append(&*log, of, &stamped(stamp(0, 1))).await;
    assert_eq!(repeated, Appended { offsets: 1..2, repeated: true });
    let last = log.last_stamp(of, 77).await.unwrap();
    assert_eq!(last, Some(stamp(0, 1)));
    let next = last.and_then(Stamp::next_epoch).unwrap();
    assert!(!append(&*log, of, &stamped(next)).await.repeated);
    let fenced = log.append(of, &stamped(stamp(0, 2))).await;
    assert_eq!(fenced, Err(LogError::Fenced { writer: 77, epoch: 1 }));
    assert_eq!(records(&*log, of, 0).await.len(), 3);
}

async fn what_was_acknowledged_is_there_when_opened_again(
    open: &impl Fn() -> Opened,
    of: &TopicPartition,
) {
    for round in 0..3_u64 {
        let log = open();
        assert_eq!(log.bounds(of).await, Ok(0..round * 10));
        for number in 0..10 {
            append(&*log, of, &one(&format!("{round}.{number}"), 0)).await;
        }
    }
    let log = open();
    let texts = records(&*log, of, 0).await;
    assert_eq!(texts.len(), 30);
    assert_eq!(texts[17].1.value, "1.7");
}

async fn what_is_no_batch_is_refused(log: &dyn Log, of: &TopicPartition) {
    let empty = log.append(of, &Batch::default()).await;
    assert_eq!(empty, Err(LogError::Batch(BatchError::Empty)));
    for name in ["", "Prices", "a b", "a/b", "../a", "-a"] {
        assert!(TopicPartition::new(name, 0).is_err(), "{name}");
    }
}
