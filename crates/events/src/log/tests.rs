//! The log as its users see it.

use std::sync::Arc;

use storage::disk::FaultDisk;

use super::*;

fn prices() -> TopicPartition {
    TopicPartition::new("prices", 0).unwrap()
}

fn batch(text: &str, at_ms: i64) -> Batch {
    Batch::one(Record::of(text.to_owned(), at_ms))
}

fn texts(log: &FileLog, of: &TopicPartition) -> Vec<String> {
    let mut texts = Vec::new();
    let mut next = log.bounds_now(of).start;
    loop {
        let fetched = log.read_now(of, next, 1 << 20).unwrap();
        if fetched.batches.is_empty() {
            return texts;
        }
        next = fetched.next;
        for batch in fetched.batches {
            let records = batch.records().unwrap().into_iter();
            texts.extend(records.map(|record| String::from_utf8(record.value.to_vec()).unwrap()));
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
    let expected: Vec<String> = (0..100).map(|n| n.to_string()).collect();
    assert_eq!(texts(&log, &prices()), expected);
    drop(log);
    disk.reboot();
    let log = FileLog::open(disk, "log", LogSettings::default()).unwrap();
    assert_eq!(texts(&log, &prices()), expected);
    assert_eq!(log.report(), LogReport::default());
}
