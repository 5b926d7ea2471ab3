//! Fills a real file system and checks that the log stops acknowledging, keeps reading and goes on
//! when space returns. Give it a folder on a file system of a few megabytes made for the purpose:
//!
//! ```text
//! mount -t tmpfs -o size=2m none /mnt/small
//! cargo run -p events --example small_disk /mnt/small
//! ```

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::sync::Arc;

use events::log::{Batch, FileLog, LogError, LogSettings, Record, Stamp, TopicPartition};
use runtime::Limited;
use storage::disk::{Disk, RealDisk};

const BATCHES: u32 = 4_000;

fn settings() -> LogSettings {
    LogSettings {
        commit_ms: Limited::literal(0),
        segment_bytes: Limited::literal(256 << 10),
        retry_ms: Limited::literal(0),
        retention_minutes: Limited::literal(0),
        ..LogSettings::default()
    }
}

fn batch(number: u32) -> Result<Batch, Box<dyn Error>> {
    let stamp = Stamp::new(1, 0, number).ok_or("no stamp")?;
    Ok(Batch::one(Record::of(vec![number as u8; 1_000], i64::from(number))).stamped(stamp))
}

/// The numbers of the batches from the first to the last.
fn read(log: &FileLog, of: &TopicPartition) -> Result<Vec<u32>, Box<dyn Error>> {
    let (mut numbers, mut next) = (Vec::new(), 0);
    loop {
        let fetched = log.read_now(of, next, 1 << 20)?;
        if fetched.batches.is_empty() {
            return Ok(numbers);
        }
        next = fetched.next;
        numbers
            .extend(fetched.batches.iter().filter_map(|batch| batch.stamp()).map(Stamp::sequence));
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("give a folder on a small file system")?;
    let disk = Arc::new(RealDisk::open(folder)?);
    if disk.free_bytes()? > 64 << 20 {
        return Err("that file system is not small".into());
    }
    // What somebody else keeps there, and later removes.
    let ballast = disk.create("ballast")?;
    ballast.write_at(0, &vec![1; disk.free_bytes()? as usize / 2])?;
    drop(ballast);

    let of = TopicPartition::new("prices", 0)?;
    let log = FileLog::open(Arc::clone(&disk) as Arc<dyn Disk>, "log", settings())?;
    let (mut taken, mut first_refusal) = (Vec::new(), None);
    for number in 0..BATCHES {
        match log.append_now(&of, &batch(number)?).wait() {
            Ok(_) => taken.push(number),
            Err(error @ LogError::Stopped { .. }) => {
                first_refusal.get_or_insert(error);
            }
            Err(error) => return Err(error.into()),
        }
    }
    let refusal = first_refusal.ok_or("the disk never filled up")?;
    println!("{} of {BATCHES} batches taken, then: {refusal}", taken.len());
    assert_eq!(read(&log, &of)?, taken, "what was acknowledged can be read on a full disk");

    disk.remove("ballast")?;
    let missing: Vec<u32> = (0..BATCHES).filter(|number| !taken.contains(number)).collect();
    let mut late = Vec::new();
    for number in missing {
        if log.append_now(&of, &batch(number)?).wait().is_ok() {
            late.push(number);
        }
    }
    assert!(!late.is_empty(), "space returned");
    taken.extend(&late);
    println!("space returned: {} more taken", late.len());
    drop(log);
    let log = FileLog::open(disk, "log", settings())?;
    assert_eq!(read(&log, &of)?, taken, "the same after a restart");
    println!("opened again: {:?}, {:?}", log.bounds_now(&of), log.report());
    Ok(())
}
