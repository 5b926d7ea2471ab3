//! The disk fails at every single point; nothing acknowledged may be lost, nothing appear twice.

use std::collections::BTreeMap;

use storage::disk::DiskFault;

use super::*;

/// What must hold, kept beside the log in the plainest way.
#[derive(Default)]
struct Model {
    /// Acknowledged texts and the offset each was given, by partition.
    acknowledged: BTreeMap<(u32, String), u64>,
}

fn partition(step: u32) -> TopicPartition {
    TopicPartition::new("prices", step % 2).unwrap()
}

/// The batch of a step; the same each time it is tried.
fn step_batch(step: u32) -> Batch {
    let text = format!("{step}{}", ".".repeat(200 + (step as usize * 37) % 400));
    batch(&text, i64::from(step)).stamped(Stamp::new(9, 0, step).unwrap())
}

impl Model {
    fn append(&mut self, log: &FileLog, step: u32) -> Result<Appended, LogError> {
        let batch = step_batch(step);
        let appended = log.append_now(&partition(step), &batch).wait()?;
        let text = String::from_utf8(batch.records[0].value.to_vec()).unwrap();
        let known = self.acknowledged.insert((step % 2, text), appended.offsets.start);
        assert!(known.is_none_or(|known| known == appended.offsets.start), "moved");
        Ok(appended)
    }

    fn check(&self, log: &FileLog, story: &str) {
        for number in 0..2 {
            let of = partition(number);
            let start = log.bounds_now(&of).start;
            let read = texts(log, &of);
            let by_text: BTreeMap<&str, u64> =
                read.iter().map(|(offset, text)| (text.as_str(), *offset)).collect();
            assert_eq!(by_text.len(), read.len(), "{story}: a text appears twice");
            let mine = self.acknowledged.iter().filter(|((at, _), _)| *at == number);
            for ((_, text), offset) in mine.filter(|(_, offset)| **offset >= start) {
                let found = by_text.get(text.as_str());
                assert_eq!(found, Some(offset), "{story}: {} is lost", &text[..4]);
            }
        }
    }
}

const STEPS: u32 = 60;

/// Appends, reopens now and then, removes old segments. Gives the steps that were not acknowledged.
fn play(disk: &Arc<FaultDisk>, settings: &LogSettings, model: &mut Model) -> Vec<u32> {
    let mut failed = Vec::new();
    let open = || FileLog::open_inline(disk.clone(), "log", settings.clone());
    let mut log = open().ok();
    for step in 0..STEPS {
        if step % 25 == 24 {
            drop(log.take());
        }
        if log.is_none() {
            log = open().ok();
        }
        let Some(log) = &log else {
            failed.push(step);
            continue;
        };
        if model.append(log, step).is_err() {
            failed.push(step);
        }
        if step % 10 == 9 {
            log.retain(i64::from(step));
        }
    }
    failed
}

/// Plays the script with a fault at the n-th change; gives false when there are fewer changes.
fn walk_one(n: u64, fault: DiskFault, settings: &LogSettings) -> bool {
    let disk = Arc::new(FaultDisk::from_seed(n * 31 + fault as u64));
    disk.fail_at(n, fault);
    let mut model = Model::default();
    let failed = play(&disk, settings, &mut model);
    let story = format!("{fault:?} at change {n}");
    if disk.is_armed() {
        assert!(failed.is_empty(), "{story}: {failed:?}");
        return false;
    }
    if fault != DiskFault::Crash {
        assert!(failed.len() <= 2, "{story}: {failed:?}");
        let log = FileLog::open_inline(disk.clone(), "log", settings.clone()).unwrap();
        model.check(&log, &story);
    }
    disk.reboot();
    // The machine stops once more while the log is being opened.
    disk.fail_at(1 + n % 5, DiskFault::Crash);
    drop(FileLog::open_inline(disk.clone(), "log", settings.clone()));
    disk.reboot();
    let log = FileLog::open_inline(disk.clone(), "log", settings.clone()).unwrap();
    model.check(&log, &story);
    for step in failed {
        model.append(&log, step).unwrap();
    }
    for step in STEPS..STEPS + 10 {
        assert!(!model.append(&log, step).unwrap().repeated, "{story}");
    }
    model.check(&log, &story);
    drop(log);
    disk.reboot();
    let log = FileLog::open_inline(disk, "log", settings.clone()).unwrap();
    model.check(&log, &story);
    true
}

fn walk(settings: &LogSettings) {
    for fault in [DiskFault::Error, DiskFault::Full, DiskFault::Crash] {
        let points = (1..).take_while(|&n| walk_one(n, fault, settings)).count();
        assert!(points > 150, "only {points} points");
    }
}

#[test]
fn no_fault_at_any_write_sync_or_rename_loses_or_repeats_anything() {
    walk(&small());
}

#[test]
fn nor_does_one_while_old_segments_are_removed() {
    walk(&LogSettings { retention_bytes: Limited::literal(9_000), ..small() });
}

#[test]
fn a_full_disk_stops_acknowledging_keeps_reading_and_recovers() {
    for threads in [false, true] {
        let disk = Arc::new(FaultDisk::from_seed(1));
        let open = if threads { FileLog::open } else { FileLog::open_inline };
        let log = open(disk.clone(), "log", small()).unwrap();
        let mut model = Model::default();
        (0..20).for_each(|step| {
            model.append(&log, step).unwrap();
        });
        disk.set_capacity(12_000);
        let refused: Vec<u32> =
            (20..60).filter(|&step| model.append(&log, step).is_err()).collect();
        assert!(refused.len() > 10, "{} refused", refused.len());
        let error = model.append(&log, 59).unwrap_err();
        assert!(matches!(error, LogError::Stopped { .. }), "{error}");
        assert_eq!(runtime::Fault::code(&error), "log_stopped");
        model.check(&log, "full");
        disk.set_capacity(u64::MAX);
        for step in refused {
            assert!(!model.append(&log, step).unwrap().repeated);
        }
        model.check(&log, "space returned");
        drop(log);
        disk.reboot();
        let log = FileLog::open(disk, "log", small()).unwrap();
        model.check(&log, "restarted");
        assert_eq!(model.acknowledged.len(), 60);
    }
}

#[test]
fn a_read_only_disk_can_be_opened_and_read() {
    let disk = Arc::new(FaultDisk::from_seed(1));
    let mut model = Model::default();
    let log = FileLog::open_inline(disk.clone(), "log", small()).unwrap();
    (0..20).for_each(|step| {
        model.append(&log, step).unwrap();
    });
    drop(log);
    disk.set_read_only(true);
    let log = FileLog::open_inline(disk.clone(), "log", small()).unwrap();
    model.check(&log, "read-only");
    assert!(matches!(model.append(&log, 20), Err(LogError::Stopped { .. })));
    disk.set_read_only(false);
    model.append(&log, 20).unwrap();
    model.check(&log, "writable again");
}

#[test]
fn failing_syncs_acknowledge_nothing_and_what_they_lost_is_written_again() {
    let disk = Arc::new(FaultDisk::from_seed(3));
    let mut model = Model::default();
    let log = FileLog::open_inline(disk.clone(), "log", small()).unwrap();
    (0..10).for_each(|step| {
        model.append(&log, step).unwrap();
    });
    disk.set_sync_failing(true);
    for step in 10..20 {
        assert!(model.append(&log, step).is_err());
    }
    model.check(&log, "failing");
    disk.set_sync_failing(false);
    (10..20).for_each(|step| {
        model.append(&log, step).unwrap();
    });
    disk.crash();
    drop(log);
    disk.reboot();
    let log = FileLog::open_inline(disk, "log", small()).unwrap();
    assert_eq!(log.report(), LogReport::default());
    model.check(&log, "after a crash");
}

#[test]
fn the_disk_is_left_alone_for_a_while_after_it_refused() {
    let disk = Arc::new(FaultDisk::from_seed(1));
    let settings = LogSettings { retry_ms: Limited::literal(60_000), ..small() };
    let log = FileLog::open_inline(disk.clone(), "log", settings).unwrap();
    let mut model = Model::default();
    model.append(&log, 0).unwrap();
    disk.fail_at(1, DiskFault::Error);
    model.append(&log, 2).unwrap_err();
    let changes = disk.changes();
    model.append(&log, 2).unwrap_err();
    assert_eq!(disk.changes(), changes);
}
