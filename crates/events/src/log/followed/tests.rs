use runtime::Limited;
use storage::disk::FaultDisk;

use super::super::{Batch, FileLog, LogSettings, Record};
use super::*;

fn prices() -> TopicPartition {
    TopicPartition::new("prices", 0).unwrap()
}

/// A writer with small segments, and whoever follows it.
fn both(disk: &Arc<FaultDisk>) -> (FileLog, FollowedLog) {
    let settings = LogSettings {
        segment_bytes: Limited::literal(4_096),
        retry_ms: Limited::literal(0),
        retention_minutes: Limited::literal(0),
        retention_bytes: Limited::literal(0),
        ..LogSettings::default()
    };
    let log = FileLog::open_inline(disk.clone(), "log", settings).unwrap();
    (log, FollowedLog::open_inline(disk.clone(), "log"))
}

async fn append(log: &FileLog, text: &str) {
    log.append_now(&prices(), &Batch::one(Record::of(text.to_owned(), 1))).await.unwrap();
}

/// The first segment.
const FIRST: &str = "log/prices-0/00000000000000000000.log";

/// Gives the first segment other bytes, as its writer would: in the same file.
fn rewrite(disk: &FaultDisk, bytes: &[u8]) {
    let file = disk.open(FIRST).unwrap();
    file.truncate(0).unwrap();
    file.write_at(0, bytes).unwrap();
}

/// Lets the next look be one.
async fn later() {
    tokio::time::advance(LOOK_EVERY).await;
}

async fn texts(log: &dyn ReadLog) -> Vec<String> {
    let mut texts = Vec::new();
    let mut next = log.bounds(&prices()).await.unwrap().start;
    loop {
        let fetched = match log.read(&prices(), next, 1 << 20).await {
            Err(LogError::Lost(lost)) => {
                next = lost.offsets.end;
                continue;
            }
            fetched => fetched.unwrap(),
        };
        if fetched.batches.is_empty() {
            return texts;
        }
        next = fetched.next;
        let records = fetched.batches.iter().flat_map(|batch| batch.records().unwrap());
        texts.extend(records.map(|one| String::from_utf8(one.value.to_vec()).unwrap()));
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_follows_reads_what_the_writer_reads_over_many_segments() {
    let disk = Arc::new(FaultDisk::from_seed(1));
    let (log, followed) = both(&disk);
    assert_eq!(followed.read(&prices(), 0, 100).await, Ok(Fetched::default()), "no topic yet");
    for number in 0..200 {
        append(&log, &format!("{number} {}", "x".repeat(100))).await;
        if number % 7 == 0 {
            later().await;
            let bounds = log.bounds_now(&prices());
            assert_eq!(followed.bounds(&prices()).await, Ok(bounds.clone()));
            for offset in bounds {
                let read = followed.read(&prices(), offset, 1_000).await;
                assert_eq!(read, log.read_now(&prices(), offset, 1_000));
            }
        }
    }
    assert_eq!(
        followed.read(&prices(), 500, 1).await,
        Err(LogError::Beyond { end: followed.bounds(&prices()).await.unwrap().end })
    );
    let late = FollowedLog::open_inline(disk.clone(), "log");
    assert_eq!(texts(&late).await, texts(&log).await);
    assert_eq!(texts(&late).await.len(), 200);
    assert_eq!(late.offset_at(&prices(), 1).await, Ok(Some(0)));
    assert_eq!(late.offset_at(&prices(), 2).await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_whole_yet_is_no_batch_yet() {
    let disk = Arc::new(FaultDisk::from_seed(2));
    let (log, followed) = both(&disk);
    append(&log, "one").await;
    append(&log, "two").await;
    let whole = disk.bytes(FIRST).unwrap();
    drop(log);
    for length in 0..whole.len() {
        rewrite(&disk, &whole[..length]);
        later().await;
        let expected = match length {
            length if length < whole.len() / 2 => 0,
            _ => 1,
        };
        assert_eq!(texts(&followed).await.len(), expected, "{length} bytes");
    }
    rewrite(&disk, &whole);
    later().await;
    assert_eq!(texts(&followed).await, ["one", "two"]);
}

#[tokio::test(start_paused = true)]
async fn what_its_writer_took_back_and_wrote_anew_is_found() {
    for seen_short in [true, false] {
        let disk = Arc::new(FaultDisk::from_seed(3));
        let (log, followed) = both(&disk);
        append(&log, "kept").await;
        let kept = disk.bytes(FIRST).unwrap();
        append(&log, "taken back").await;
        later().await;
        assert_eq!(texts(&followed).await, ["kept", "taken back"]);
        // As after a sync that failed: cut, and another batch in its place, longer than the one before.
        drop(log);
        rewrite(&disk, &kept);
        if seen_short {
            later().await;
            assert_eq!(texts(&followed).await, ["kept"]);
        }
        let (log, _) = both(&disk);
        append(&log, "written anew, and longer").await;
        append(&log, "more").await;
        later().await;
        followed.bounds(&prices()).await.unwrap();
        later().await;
        assert_eq!(texts(&followed).await, ["kept", "written anew, and longer", "more"]);
    }
}

#[tokio::test(start_paused = true)]
async fn damage_is_named_and_the_rest_is_read() {
    let disk = Arc::new(FaultDisk::from_seed(4));
    let (log, followed) = both(&disk);
    for number in 0..100 {
        append(&log, &format!("{number} {}", "x".repeat(100))).await;
    }
    assert!(disk.flip(FIRST, 500, 3));
    assert_eq!(texts(&followed).await, texts(&log).await);
    assert_eq!(texts(&followed).await.len(), 99);
    let lost = followed.read(&prices(), 2, 1).await;
    assert!(matches!(lost, Err(LogError::Lost(_))), "{lost:?}");
}

#[tokio::test(start_paused = true)]
async fn damage_in_the_segment_that_is_written_is_named_and_the_rest_is_read_also_what_comes_later()
{
    let disk = Arc::new(FaultDisk::from_seed(4));
    let (log, _) = both(&disk);
    for number in 0..10 {
        append(&log, &format!("{number} {}", "x".repeat(100))).await;
    }
    assert!(disk.flip(FIRST, 500, 3));
    let followed = FollowedLog::open_inline(disk.clone(), "log");
    assert_eq!(texts(&followed).await.len(), 9);
    let lost = followed.read(&prices(), 2, 1).await;
    assert!(matches!(lost, Err(LogError::Lost(_))), "{lost:?}");
    append(&log, "later").await;
    later().await;
    assert_eq!(texts(&followed).await.last().map(String::as_str), Some("later"));
}

#[tokio::test(start_paused = true)]
async fn a_reader_is_woken_and_what_retention_removed_is_gone() {
    let disk = Arc::new(FaultDisk::from_seed(5));
    let (log, followed) = both(&disk);
    let of = prices();
    let waiting = followed.reaches(&of, 0);
    tokio::pin!(waiting);
    tokio::select! {
        biased;
        _ = &mut waiting => panic!("there is nothing"),
        () = tokio::time::sleep(LOOK_EVERY * 3) => {}
    }
    append(&log, "first").await;
    waiting.await.unwrap();
    for number in 0..100 {
        append(&log, &format!("{number} {}", "x".repeat(100))).await;
    }
    drop(log);
    let settings = LogSettings {
        segment_bytes: Limited::literal(4_096),
        retention_bytes: Limited::literal(5_000),
        ..LogSettings::default()
    };
    let log = FileLog::open_inline(disk.clone(), "log", settings).unwrap();
    log.retain(1);
    later().await;
    let start = log.bounds_now(&of).start;
    assert!(start > 0);
    assert_eq!(followed.bounds(&of).await, Ok(log.bounds_now(&of)));
    assert_eq!(followed.read(&of, 0, 1).await, Err(LogError::Gone { start }));
}
