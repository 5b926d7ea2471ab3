//! Torn tails, flipped bits, missing files.

use std::ops::Range;

use super::*;

const BATCHES: u64 = 40;

/// A closed log of several segments: its disk, and where each batch lies.
struct Written {
    disk: Arc<FaultDisk>,
    /// File and bytes of each batch, by offset.
    places: Vec<(String, Range<u64>)>,
}

fn written() -> Written {
    let disk = Arc::new(FaultDisk::from_seed(5));
    let log = FileLog::open_inline(disk.clone(), "log", small()).unwrap();
    let mut places = Vec::new();
    for n in 0..BATCHES {
        let one = batch(&n.to_string().repeat(150), n as i64);
        log.append_now(&prices(), &one).wait().unwrap();
    }
    drop(log);
    for entry in disk.list("log/prices-0").unwrap() {
        if !entry.name.ends_with(".log") {
            continue;
        }
        let path = format!("log/prices-0/{}", entry.name);
        let bytes = disk.bytes(&path).unwrap();
        let mut at = 0;
        while at < bytes.len() {
            let length = batch::BatchHead::verify(&bytes[at..]).unwrap().bytes;
            places.push((path.clone(), at as u64..(at + length) as u64));
            at += length;
        }
    }
    assert_eq!(places.len() as u64, BATCHES);
    Written { disk, places }
}

fn open(disk: &Arc<FaultDisk>) -> FileLog {
    FileLog::open_inline(disk.clone(), "log", small()).unwrap()
}

fn offsets_read(log: &FileLog) -> Vec<u64> {
    texts(log, &prices()).into_iter().map(|(offset, _)| offset).collect()
}

/// One flipped bit costs the batch it is in and no other, and is said exactly.
fn check_flip(offset: u64, at: u64, while_open: bool) {
    let written = written();
    let (path, bytes) = written.places[offset as usize].clone();
    let story = format!("byte {at} of batch {offset}, while open: {while_open}");
    let before = while_open.then(|| open(&written.disk));
    assert!(written.disk.flip(&path, bytes.start + at, (at % 8) as u8));
    let log = before.unwrap_or_else(|| open(&written.disk));
    let expected: Vec<u64> = (0..BATCHES).filter(|&other| other != offset).collect();
    assert_eq!(offsets_read(&log), expected, "{story}");
    let lost = Lost { offsets: offset..offset + 1, file: path, bytes };
    assert_eq!(log.report().lost, [(prices(), lost.clone())], "{story}");
    assert_eq!(log.report().torn, [], "{story}");
    assert_eq!(log.read_now(&prices(), offset, 1), Err(LogError::Lost(lost.clone())), "{story}");
    let next = log.append_now(&prices(), &batch("next", 99)).wait().unwrap();
    assert_eq!(next.offsets.start, BATCHES, "{story}");
    drop(log);
    let log = open(&written.disk);
    let expected: Vec<u64> = (0..=BATCHES).filter(|&other| other != offset).collect();
    assert_eq!(offsets_read(&log), expected, "{story}, opened again");
    assert_eq!(log.report().lost, [(prices(), lost)], "{story}, opened again");
}

#[test]
fn a_flipped_bit_anywhere_costs_one_batch_and_is_said_exactly() {
    // The first of all, the first and last of a segment, one between, the last of all.
    let written = written();
    let second = written.places.iter().position(|(path, _)| *path != written.places[0].0).unwrap();
    for offset in [0, second as u64 - 1, second as u64, second as u64 + 3, BATCHES - 1] {
        let length =
            written.places[offset as usize].1.end - written.places[offset as usize].1.start;
        for at in (0..70).chain((70..length).step_by(41)).chain([length - 1]) {
            check_flip(offset, at, false);
            check_flip(offset, at, true);
        }
    }
}

#[test]
fn verifying_at_opening_finds_damage_before_anybody_reads() {
    let written = written();
    let (path, bytes) = written.places[3].clone();
    written.disk.flip(&path, bytes.start + 100, 3);
    let settings = LogSettings { verify_at_open: true, ..small() };
    let log = FileLog::open_inline(written.disk.clone(), "log", settings).unwrap();
    let lost = [(prices(), Lost { offsets: 3..4, file: path, bytes })];
    assert_eq!(log.report().lost, lost);
    drop(log);
    // The same by asking for it later.
    let log = open(&written.disk);
    assert_eq!(log.report().lost, []);
    assert_eq!(log.verify().unwrap().lost, lost);
}

#[test]
fn a_bad_sector_costs_the_batch_it_is_in() {
    let written = written();
    let (path, bytes) = written.places[4].clone();
    let log = open(&written.disk);
    written.disk.set_unreadable(&path, bytes.start + 80..bytes.start + 90);
    for offset in 0..BATCHES {
        let read = log.read_now(&prices(), offset, 1 << 20);
        let failed = matches!(read, Err(LogError::Unreadable(_)));
        assert_eq!(failed, offset == 4, "offset {offset}: {read:?}");
    }
    // Nothing is written off: the disk may give it again.
    assert_eq!(log.report(), LogReport::default());
    written.disk.set_unreadable(&path, 0..0);
    assert_eq!(offsets_read(&log), (0..BATCHES).collect::<Vec<_>>());
}

#[test]
fn a_last_segment_that_cannot_be_read_is_not_cut() {
    let written = written();
    let (path, bytes) = written.places[BATCHES as usize - 2].clone();
    written.disk.set_unreadable(&path, bytes.clone());
    let refused = FileLog::open_inline(written.disk.clone(), "log", small());
    assert!(matches!(refused, Err(LogError::Unreadable(_))));
    written.disk.set_unreadable(&path, 0..0);
    assert_eq!(offsets_read(&open(&written.disk)), (0..BATCHES).collect::<Vec<_>>());
}

#[test]
fn a_damaged_or_missing_index_costs_nothing() {
    let pristine = written();
    let all: Vec<u64> = (0..BATCHES).collect();
    let indexes: Vec<String> = pristine
        .disk
        .list("log/prices-0")
        .unwrap()
        .into_iter()
        .filter(|entry| entry.name.ends_with(".index"))
        .map(|entry| format!("log/prices-0/{}", entry.name))
        .collect();
    assert!(indexes.len() > 2);
    for (number, path) in indexes.iter().enumerate() {
        let written = written();
        if number % 2 == 0 {
            written.disk.remove(path).unwrap();
        } else {
            written.disk.flip(path, 40, 1);
        }
        let log = open(&written.disk);
        assert_eq!(offsets_read(&log), all);
        assert_eq!(log.report(), LogReport::default());
    }
}

#[test]
fn a_torn_tail_is_cut_and_said() {
    let tail = {
        let mut bytes = batch(&"torn".repeat(50), 1).encode().unwrap();
        bytes.truncate(150);
        bytes
    };
    let written = written();
    let (path, last) = written.places.last().unwrap().clone();
    let mut bytes = written.disk.bytes(&path).unwrap();
    bytes.extend_from_slice(&tail);
    written.disk.put(&path, &bytes);
    let log = open(&written.disk);
    let torn = TornTail { file: path.clone(), bytes: last.end..last.end + 150 };
    assert_eq!(log.report(), LogReport { torn: vec![torn], lost: vec![] });
    assert_eq!(written.disk.bytes(&path).unwrap().len() as u64, last.end);
    let next = log.append_now(&prices(), &batch("next", 99)).wait().unwrap();
    assert_eq!(next.offsets.start, BATCHES);
    drop(log);
    assert_eq!(open(&written.disk).report(), LogReport::default());
}

#[test]
fn a_missing_segment_is_missed_and_the_rest_served() {
    let written = written();
    let second = written.places.iter().position(|(path, _)| *path != written.places[0].0).unwrap();
    let path = &written.places[second].0;
    let after = written.places.iter().rposition(|(other, _)| other == path).unwrap() + 1;
    written.disk.remove(path).unwrap();
    let log = open(&written.disk);
    let expected: Vec<u64> =
        (0..BATCHES).filter(|n| !(second as u64..after as u64).contains(n)).collect();
    assert_eq!(offsets_read(&log), expected);
    let lost = &log.report().lost;
    assert_eq!(lost.len(), 1);
    assert_eq!(lost[0].1.offsets, second as u64..after as u64);
    assert!(lost[0].1.bytes.is_empty(), "no bytes are there: {}", lost[0].1);
}

#[test]
fn damage_that_destroys_a_length_is_passed_over() {
    let written = written();
    let (path, bytes) = written.places[5].clone();
    for at in bytes.start..bytes.end {
        written.disk.flip(&path, at, 0);
        written.disk.flip(&path, at, 5);
    }
    let log = open(&written.disk);
    let expected: Vec<u64> = (0..BATCHES).filter(|&n| n != 5).collect();
    assert_eq!(offsets_read(&log), expected);
    assert_eq!(log.report().lost, [(prices(), Lost { offsets: 5..6, file: path, bytes })]);
}

#[test]
fn a_damaged_length_does_not_lead_past_good_batches() {
    let written = written();
    let (path, bytes) = written.places[5].clone();
    let next = written.places[6].1.clone();
    assert_eq!(bytes.end, next.start);
    let mut segment = written.disk.bytes(&path).unwrap();
    let length = (next.end - bytes.start - 12) as u32;
    let at = bytes.start as usize + 8;
    segment[at..at + 4].copy_from_slice(&length.to_be_bytes());
    written.disk.put(&path, &segment);
    let log = open(&written.disk);
    let expected: Vec<u64> = (0..BATCHES).filter(|&n| n != 5).collect();
    assert_eq!(offsets_read(&log), expected);
    assert_eq!(log.report().lost, [(prices(), Lost { offsets: 5..6, file: path, bytes })]);
}

#[test]
fn a_file_that_somebody_cuts_loses_what_was_cut() {
    let written = written();
    let (path, bytes) = written.places[4].clone();
    let log = open(&written.disk);
    written.disk.open(&path).unwrap().truncate(bytes.start + 70).unwrap();
    let next = written.places.iter().position(|(other, _)| *other != path).unwrap() as u64;
    let read = offsets_read(&log);
    assert_eq!(read, (0..4).chain(next..BATCHES).collect::<Vec<_>>());
    assert_eq!(log.report().lost[0].1.offsets, 4..next);
    drop(log);
    let log = open(&written.disk);
    assert_eq!(offsets_read(&log), read);
    assert_eq!(log.report().lost[0].1.offsets, 4..next);
}
