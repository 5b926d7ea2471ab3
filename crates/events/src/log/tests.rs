//! The log as its users see it.

mod crowd;
mod damage;
mod faults;
mod model;
mod time;

use std::sync::Arc;

use runtime::Limited;
use storage::disk::{Disk, FaultDisk};

use super::*;

/// Small segments, no waiting, trouble tried again at once.
fn small() -> LogSettings {
    LogSettings {
        commit_ms: Limited::literal(0),
        segment_bytes: Limited::literal(4_096),
        retry_ms: Limited::literal(0),
        retention_minutes: Limited::literal(0),
        retention_bytes: Limited::literal(0),
        ..LogSettings::default()
    }
}

fn prices() -> TopicPartition {
    TopicPartition::new("prices", 0).unwrap()
}

fn batch(text: &str, at_ms: i64) -> Batch {
    Batch::one(Record::of(text.to_owned(), at_ms))
}

/// Texts that can be read, each with its offset.
fn texts(log: &FileLog, of: &TopicPartition) -> Vec<(u64, String)> {
    let mut texts = Vec::new();
    let mut next = log.bounds_now(of).start;
    loop {
        let fetched = match log.read_now(of, next, 1 << 20) {
            Err(LogError::Lost(lost)) => {
                assert!(lost.offsets.end > next, "{lost}");
                next = lost.offsets.end;
                continue;
            }
            fetched => fetched.unwrap(),
        };
        if fetched.batches.is_empty() {
            return texts;
        }
        next = fetched.next;
        for batch in fetched.batches {
            let records = batch.records().unwrap().into_iter();
            let texts_of = records.map(|record| String::from_utf8(record.value.to_vec()).unwrap());
            texts.extend(batch.offsets().zip(texts_of));
        }
    }
}

#[test]
fn what_was_appended_is_read_back_after_a_restart() {
    let disk = Arc::new(FaultDisk::from_seed(1));
    let log = FileLog::open(disk.clone(), "log", LogSettings::default()).unwrap();
    let appending: Vec<_> =
        (0..100).map(|n| log.append_now(&prices(), &batch(&n.to_string(), n))).collect();
    for (n, appending) in appending.into_iter().enumerate() {
        assert_eq!(appending.wait().unwrap().offsets, n as u64..n as u64 + 1);
    }
    let expected: Vec<_> = (0..100).map(|n| (n, n.to_string())).collect();
    assert_eq!(texts(&log, &prices()), expected);
    drop(log);
    disk.reboot();
    let log = FileLog::open(disk, "log", LogSettings::default()).unwrap();
    assert_eq!(texts(&log, &prices()), expected);
    assert_eq!(log.report(), LogReport::default());
}

#[tokio::test]
async fn the_embedded_log_keeps_the_contract() {
    for threads in [true, false] {
        let disk = Arc::new(FaultDisk::from_seed(1));
        let open_log = || {
            let open = if threads { FileLog::open } else { FileLog::open_inline };
            let log = open(disk.clone(), "log", LogSettings::default()).unwrap();
            Box::new(log) as Box<dyn Log>
        };
        conformance::check(open_log, "embedded").await;
    }
}

#[test]
fn a_log_may_lie_deep_in_a_disk() {
    for seed in 0..20 {
        let disk = Arc::new(FaultDisk::from_seed(seed));
        let log = FileLog::open_inline(disk.clone(), "a/b/c", small()).unwrap();
        log.append_now(&prices(), &batch("deep", 0)).wait().unwrap();
        disk.crash();
        drop(log);
        disk.reboot();
        let log = FileLog::open_inline(disk, "a/b/c", small()).unwrap();
        assert_eq!(texts(&log, &prices()), [(0, "deep".to_owned())]);
    }
}

#[test]
fn a_log_has_one_owner() {
    let disk = Arc::new(FaultDisk::from_seed(1));
    let log = FileLog::open(disk.clone(), "log", small()).unwrap();
    let second = FileLog::open(disk.clone(), "log", small());
    assert_eq!(second.unwrap_err(), LogError::InUse);
    drop(log);
    FileLog::open(disk, "log", small()).unwrap();
}

#[test]
fn batches_that_wait_share_one_sync() {
    let disk = Arc::new(FaultDisk::from_seed(1));
    let settings = LogSettings { commit_ms: Limited::literal(200), ..LogSettings::default() };
    let log = FileLog::open(disk.clone(), "log", settings).unwrap();
    log.append_now(&prices(), &batch("first", 0)).wait().unwrap();
    let before = disk.changes();
    let appending: Vec<_> = (0..50).map(|n| log.append_now(&prices(), &batch("more", n))).collect();
    for appending in appending {
        appending.wait().unwrap();
    }
    let changes = disk.changes() - before;
    assert!(changes <= 4, "50 batches in {changes} writes and syncs");
}

#[test]
fn a_full_queue_refuses_and_dropping_the_log_writes_what_is_queued() {
    let disk = Arc::new(FaultDisk::from_seed(1));
    let settings = LogSettings {
        commit_ms: Limited::literal(1_000),
        queued_bytes: Limited::literal(4_096),
        ..LogSettings::default()
    };
    let log = FileLog::open(disk.clone(), "log", settings.clone()).unwrap();
    log.append_now(&prices(), &batch("first", 0)).wait().unwrap();
    let text = "x".repeat(1_000);
    let appending: Vec<_> = (0..10).map(|n| log.append_now(&prices(), &batch(&text, n))).collect();
    drop(log);
    let outcomes: Vec<_> = appending.into_iter().map(Appending::wait).collect();
    let refused = outcomes.iter().filter(|outcome| **outcome == Err(LogError::Busy)).count();
    let taken = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(refused + taken, 10);
    assert!((1..10).contains(&refused), "{refused} refused");
    let log = FileLog::open(disk, "log", settings).unwrap();
    assert_eq!(log.bounds_now(&prices()), 0..1 + taken as u64);
}

#[test]
fn partitions_are_limited_and_do_not_mix() {
    let settings = LogSettings { partitions: Limited::literal(2), ..small() };
    let log = FileLog::open_inline(Arc::new(FaultDisk::from_seed(1)), "log", settings).unwrap();
    let of = |number| TopicPartition::new("visits", number).unwrap();
    for number in 0..2 {
        log.append_now(&of(number), &batch(&number.to_string(), 0)).wait().unwrap();
    }
    let third = log.append_now(&of(2), &batch("2", 0)).wait();
    assert_eq!(third, Err(LogError::TooManyPartitions(2)));
    assert_eq!(texts(&log, &of(1)), [(0, "1".to_owned())]);
    assert_eq!(log.partitions(), [of(0), of(1)]);
}

#[test]
fn segments_hold_nothing_but_kafka_batches() {
    let disk = Arc::new(FaultDisk::from_seed(1));
    let log = FileLog::open_inline(disk.clone(), "log", small()).unwrap();
    for n in 0..100 {
        log.append_now(&prices(), &batch(&"y".repeat(100), n)).wait().unwrap();
    }
    let names = disk.list("log/prices-0").unwrap().into_iter().map(|entry| entry.name);
    let segments: Vec<String> = names.filter(|name| name.ends_with(".log")).collect();
    assert!(segments.len() > 3);
    let mut offset = 0;
    for name in segments {
        assert_eq!(name, format!("{offset:020}.log"));
        let mut bytes = bytes::Bytes::from(disk.bytes(&format!("log/prices-0/{name}")).unwrap());
        let sets = kafka_protocol::records::RecordBatchDecoder::decode_all(&mut bytes).unwrap();
        for record in sets.iter().flat_map(|set| &set.records) {
            assert_eq!(record.offset, offset);
            offset += 1;
        }
    }
    assert_eq!(offset, 100);
}
