//! What fuzzers call: every reader of bytes that a disk or another writer may have made up.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use storage::disk::FaultDisk;

use crate::log::batch::{BatchHead, decode_records};
use crate::log::{
    Batch, Compression, FileLog, FollowedLog, LogError, LogSettings, ReadLog, Record,
    TopicPartition, wire,
};

/// Reads the bytes as a record batch, without regard to its checksum.
///
/// # Panics
/// If records that can be read cannot be written and read back as themselves: a finding.
pub fn batch(bytes: &[u8]) {
    let _ = BatchHead::verify(bytes);
    let Ok(head) = BatchHead::read(bytes) else { return };
    let Ok(records) = decode_records(&Bytes::copy_from_slice(bytes)) else { return };
    assert_eq!(records.len(), head.count as usize, "the header counts");
    let again = Batch { records, stamp: head.stamp, compression: Compression::None };
    if let Ok(encoded) = again.encode() {
        assert_eq!(decode_records(&encoded.into()).as_ref(), Ok(&again.records));
    }
}

/// Reads the bytes as what a reader of a log is answered over a wire.
///
/// # Panics
/// If what could be read is not written and read again as itself: a finding.
pub fn answer(bytes: &[u8]) {
    let Ok(answer) = wire::decode(&Bytes::copy_from_slice(bytes)) else { return };
    if let Ok(fetched) = &answer {
        for batch in &fetched.batches {
            drop(batch.records());
        }
    }
    assert_eq!(wire::decode(&wire::encode(&answer).into()), Ok(answer), "it travels as itself");
}

/// Follows a log whose only segment is these bytes, as another process would while it is written.
///
/// # Panics
/// If bounds and what can be read contradict each other: a finding.
pub fn followed(bytes: &[u8]) {
    let disk = Arc::new(FaultDisk::from_seed(0));
    let Ok(of) = TopicPartition::new("prices", 0) else { return };
    disk.put("log/prices-0/00000000000000000000.log", bytes);
    let log = FollowedLog::open_inline(disk, "log");
    // Without threads an answer is there at once.
    let Some(Ok(bounds)) = log.bounds(&of).now_or_never() else { return };
    let mut next = bounds.start;
    while let Some(Ok(fetched)) = log.read(&of, next, 1 << 16).now_or_never() {
        if fetched.batches.is_empty() {
            break;
        }
        assert!(fetched.next > next && fetched.next <= bounds.end, "reading goes forward");
        next = fetched.next;
    }
}

/// Opens a log whose only segment, and whose only index file, are these bytes; reads what can be
/// read, appends, opens it again.
///
/// # Panics
/// If what is read is not what was read before, or the appended batch is not there: a finding.
pub fn segment(bytes: &[u8]) {
    let disk = Arc::new(FaultDisk::from_seed(0));
    disk.put("log/prices-0/00000000000000000000.log", bytes);
    disk.put("log/prices-0/00000000000000000000.index", bytes);
    let open = || FileLog::open_inline(disk.clone(), "log", LogSettings::default());
    let (Ok(of), Ok(log)) = (TopicPartition::new("prices", 0), open()) else { return };
    let before = offsets(&log, &of);
    let appended = log.append_now(&of, &Batch::one(Record::of("next", 0))).wait();
    drop(log);
    let Ok(log) = open() else { return };
    let mut after = offsets(&log, &of);
    if let Ok(appended) = appended {
        let last = after.pop();
        assert_eq!(last, Some(appended.offsets.start), "what was acknowledged is there");
    }
    assert_eq!(before, after, "opening and appending change nothing that was read");
}

/// The offsets of all batches that can be read.
fn offsets(log: &FileLog, of: &TopicPartition) -> Vec<u64> {
    let mut found = Vec::new();
    let mut next = log.bounds_now(of).start;
    loop {
        match log.read_now(of, next, 1 << 16) {
            Ok(fetched) if fetched.batches.is_empty() => return found,
            Ok(fetched) => {
                next = fetched.next;
                for batch in &fetched.batches {
                    drop(batch.records());
                    found.push(batch.offsets().start);
                }
            }
            Err(LogError::Lost(lost)) if lost.offsets.end > next => next = lost.offsets.end,
            Err(_) => return found,
        }
    }
}

/// Reads the bytes as lines of facts that others send, by the quick reader and by the other one.
///
/// # Panics
/// If the quick one makes something else of a line: a finding.
pub fn fact_lines(bytes: &[u8]) {
    String::from_utf8_lossy(bytes).lines().for_each(crate::fact::check_line);
}

#[cfg(test)]
mod tests;
