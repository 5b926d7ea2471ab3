//! Many writers and readers at once, while segments are closed and removed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::*;

const WRITERS: u64 = 4;
const BATCHES: u32 = 400;

fn write(log: &FileLog, writer: u64) -> Vec<u64> {
    let mut offsets = Vec::new();
    let mut waiting = std::collections::VecDeque::new();
    for sequence in 0..BATCHES {
        let stamp = Stamp::new(writer, 0, sequence).unwrap();
        let text = format!("{writer}.{sequence} {}", "x".repeat(sequence as usize % 300));
        let batch = batch(&text, i64::from(sequence)).stamped(stamp);
        waiting.push_back(log.append_now(&prices(), &batch));
        // Every seventh is sent twice.
        if sequence % 7 == 0 {
            waiting.push_back(log.append_now(&prices(), &batch));
        }
        while waiting.len() > 20 {
            let appended = waiting.pop_front().unwrap().wait().unwrap();
            offsets.extend((!appended.repeated).then_some(appended.offsets.start));
        }
    }
    for appending in waiting {
        let appended = appending.wait().unwrap();
        offsets.extend((!appended.repeated).then_some(appended.offsets.start));
    }
    offsets
}

/// Follows the log to its end; gives how many batches it saw.
fn follow(log: &FileLog, done: &AtomicBool) -> u64 {
    let (mut next, mut seen) = (0, 0);
    loop {
        let last_look = done.load(Ordering::SeqCst);
        match log.read_now(&prices(), next, 3_000) {
            Ok(fetched) if fetched.batches.is_empty() && last_look => return seen,
            Ok(fetched) => {
                for batch in fetched.batches {
                    assert_eq!(batch.offsets().start, next, "no gap and no repeat");
                    next = batch.offsets().end;
                    seen += 1;
                    batch.records().unwrap();
                }
            }
            Err(LogError::Gone { start }) => next = start,
            Err(LogError::Beyond { end: 0 }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

fn run(settings: LogSettings) -> (Vec<u64>, Vec<u64>) {
    let log = FileLog::open(Arc::new(FaultDisk::from_seed(1)), "log", settings).unwrap();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let readers: Vec<_> = (0..2).map(|_| scope.spawn(|| follow(&log, &done))).collect();
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let log = &log;
                scope.spawn(move || write(log, writer))
            })
            .collect();
        let remover = scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                log.retain(0);
                thread::yield_now();
            }
        });
        let offsets = writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect();
        done.store(true, Ordering::SeqCst);
        remover.join().unwrap();
        (offsets, readers.into_iter().map(|reader| reader.join().unwrap()).collect())
    })
}

#[test]
fn many_writers_get_each_offset_once_and_readers_see_all_of_them() {
    let (mut offsets, seen) = run(small());
    let all = WRITERS * u64::from(BATCHES);
    offsets.sort_unstable();
    assert_eq!(offsets, (0..all).collect::<Vec<_>>());
    assert_eq!(seen, [all, all]);
}

#[test]
fn readers_are_told_when_what_they_want_was_removed() {
    let (offsets, seen) = run(LogSettings { retention_bytes: Limited::literal(20_000), ..small() });
    let all = WRITERS * u64::from(BATCHES);
    assert_eq!(offsets.len() as u64, all);
    assert!(seen.iter().all(|&seen| seen > 0 && seen <= all));
}
