//! Finding by time, and forgetting with it.

use super::*;

#[test]
fn the_first_record_at_or_after_a_time_is_found() {
    let log = FileLog::open_inline(Arc::new(FaultDisk::from_seed(1)), "log", small()).unwrap();
    // Times go forward by 10, with every fifth batch late.
    let times: Vec<i64> = (0..300).map(|n| n * 10 - if n % 5 == 4 { 70 } else { 0 }).collect();
    for pair in times.chunks(2) {
        let records = pair.iter().map(|&at_ms| Record::of("x".repeat(99), at_ms)).collect();
        let batch = Batch { records, ..Batch::default() };
        log.append_now(&prices(), &batch).wait().unwrap();
    }
    for at_ms in (-20..3_010).step_by(5) {
        let expected = times.iter().position(|&time| time >= at_ms).map(|at| at as u64);
        assert_eq!(log.offset_at_now(&prices(), at_ms).unwrap(), expected, "at {at_ms}");
    }
}

fn filled(settings: LogSettings) -> FileLog {
    let log = FileLog::open_inline(Arc::new(FaultDisk::from_seed(1)), "log", settings).unwrap();
    for n in 0..100 {
        log.append_now(&prices(), &batch(&"x".repeat(200), n * 60_000)).wait().unwrap();
    }
    log
}

#[test]
fn old_segments_are_removed_by_age_whole_ones_only() {
    let settings = LogSettings { retention_minutes: Limited::literal(40), ..small() };
    let log = filled(settings);
    log.retain(100 * 60_000);
    let bounds = log.bounds_now(&prices());
    assert_eq!(bounds.end, 100);
    assert!((46..=60).contains(&bounds.start), "{bounds:?}");
    let gone = log.read_now(&prices(), bounds.start - 1, 1);
    assert_eq!(gone, Err(LogError::Gone { start: bounds.start }));
    assert_eq!(texts(&log, &prices()).len() as u64, 100 - bounds.start);
    // The one being written stays, however old it is.
    log.retain(i64::MAX);
    assert!(!texts(&log, &prices()).is_empty());
}

#[test]
fn old_segments_are_removed_by_size() {
    let log = filled(LogSettings { retention_bytes: Limited::literal(9_000), ..small() });
    log.retain(0);
    let kept = texts(&log, &prices()).len();
    assert!((20..=36).contains(&kept), "{kept} batches of about 270 bytes");
}

#[test]
fn a_segment_of_a_certain_age_is_closed() {
    let disk = Arc::new(FaultDisk::from_seed(1));
    let log = FileLog::open_inline(disk.clone(), "log", small()).unwrap();
    log.append_now(&prices(), &batch("a", 0)).wait().unwrap();
    let segments = || disk.list("log/prices-0").unwrap().len();
    let before = segments();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        tokio::time::advance(std::time::Duration::from_secs(3_601)).await;
        log.append_now(&prices(), &batch("b", 0)).await.unwrap();
    });
    assert!(segments() > before);
}
