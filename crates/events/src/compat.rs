//! Segments of the log as every released version wrote them.

#[path = "../../../tests/compat/fixtures.rs"]
pub(crate) mod fixtures;

use std::sync::Arc;

use fixtures::{of_every_version, of_every_version_alike};
use storage::disk::{Disk, FaultDisk};

use crate::log::{
    Batch, Compression, FileLog, Header, LogSettings, Record, Stamp, StoredBatch, TopicPartition,
};

const SEGMENT: &str = "log/prices-0/00000000000000000000.log";
const INDEX: &str = "log/prices-0/00000000000000000000.index";

fn partition() -> TopicPartition {
    TopicPartition::new("prices", 0).unwrap()
}

fn open(disk: &Arc<FaultDisk>) -> FileLog {
    FileLog::open_inline(Arc::clone(disk) as Arc<dyn Disk>, "log", LogSettings::default()).unwrap()
}

/// One plain batch with everything a record can have, one that is packed and has no stamp.
fn batches() -> Vec<Batch> {
    let mut full = Record::of("what happened", 1_795_000_000_000).with_schema(7);
    full.key = Some("a key".into());
    full.headers.push(Header { name: "origin".to_owned(), value: "cell-2".into() });
    let bare = Record::of("", -1);
    let many = (0..30).map(|n| Record::of(vec![n as u8; 50], 1_795_000_000_001 + n).with_schema(2));
    vec![
        Batch {
            records: vec![full, bare],
            stamp: Stamp::new(5, 3, 70_000),
            compression: Compression::None,
        },
        Batch { records: many.collect(), stamp: None, compression: Compression::Lz4 },
    ]
}

/// Offsets, stamps and records of what can be read.
fn read(log: &FileLog) -> Vec<(u64, Option<Stamp>, Vec<Record>)> {
    let fetched = log.read_now(&partition(), 0, 1 << 20).unwrap();
    let whole =
        |batch: &StoredBatch| (batch.offsets().start, batch.stamp(), batch.records().unwrap());
    fetched.batches.iter().map(whole).collect()
}

#[test]
fn compat_segments_of_every_version_are_read_whole_with_and_without_their_index_and_grow() {
    let disk = Arc::new(FaultDisk::from_seed(1));
    let log = open(&disk);
    for batch in batches() {
        log.append_now(&partition(), &batch).wait().unwrap();
    }
    drop(log);
    let (segment, index) = (disk.bytes(SEGMENT).unwrap(), disk.bytes(INDEX).unwrap_or_default());
    let indexes = of_every_version("segment.index", &index);
    let expected: Vec<_> = batches()
        .into_iter()
        .zip([0, 2])
        .map(|(batch, offset)| (offset, batch.stamp, batch.records))
        .collect();
    for (version, segment) in of_every_version_alike("segment.log", &segment) {
        let (_, index) = indexes.iter().find(|(of, _)| *of == version).unwrap();
        for index in [Some(index), None] {
            let disk = Arc::new(FaultDisk::from_seed(2));
            disk.put(SEGMENT, &segment);
            if let Some(index) = index {
                disk.put(INDEX, index);
            }
            let log = open(&disk);
            assert_eq!(read(&log), expected, "{version}");
            // A writer of before goes on: what it repeats is known, what is new comes after.
            let again = log.append_now(&partition(), &batches()[0]).wait().unwrap();
            assert_eq!((again.offsets, again.repeated), (0..2, true), "{version}");
            let next = log.append_now(&partition(), &Batch::one(Record::of("next", 0))).wait();
            assert_eq!(next.unwrap().offsets, 32..33, "{version}");
        }
    }
}
