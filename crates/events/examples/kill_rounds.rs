//! Kills a process in the middle of appending, again and again, and checks after each time that
//! every acknowledged batch is there, once, at the offset it was told.
//!
//! `cargo run --release -p events --example kill_rounds [rounds] [seed]`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use events::log::{Appending, Batch, FileLog, LogSettings, Record, Stamp, TopicPartition};
use runtime::{Limited, Random, now};
use storage::disk::RealDisk;

fn open(folder: &Path) -> Result<FileLog, Box<dyn Error>> {
    let settings = LogSettings {
        commit_ms: Limited::literal(1),
        segment_bytes: Limited::literal(1 << 20),
        retention_minutes: Limited::literal(0),
        ..LogSettings::default()
    };
    Ok(FileLog::open(Arc::new(RealDisk::open(folder)?), "log", settings)?)
}

fn batch(number: u32) -> Result<Batch, Box<dyn Error>> {
    let stamp = Stamp::new(1, 0, number).ok_or("no stamp")?;
    let mut random = Random::from_seed(u64::from(number));
    let value: Vec<u8> = (0..random.below(8_000)).map(|at| (at as u32 ^ number) as u8).collect();
    Ok(Batch::one(Record::of(value, i64::from(number))).stamped(stamp))
}

/// Appends from a number on until it is killed; says each acknowledged one with its offset.
fn child(folder: &Path, from: u32) -> Result<(), Box<dyn Error>> {
    let log = open(folder)?;
    let of = TopicPartition::new("prices", 0)?;
    let mut waiting: std::collections::VecDeque<(u32, Appending)> = Default::default();
    let mut out = std::io::stdout().lock();
    for number in from.. {
        waiting.push_back((number, log.append_now(&of, &batch(number)?)));
        if waiting.len() > 64
            && let Some((number, appending)) = waiting.pop_front()
        {
            writeln!(out, "{number} {}", appending.wait()?.offsets.start)?;
        }
    }
    Ok(())
}

/// Kills a child after a while; gives what it had said by then.
fn round(folder: &Path, from: u32, lives: Duration) -> Result<Vec<(u32, u64)>, Box<dyn Error>> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["child", &from.to_string()])
        .arg(folder)
        .stdout(Stdio::piped())
        .spawn()?;
    let said = BufReader::new(child.stdout.take().ok_or("no output")?);
    let started = now();
    let mut acknowledged = Vec::new();
    let mut killed = false;
    for line in said.lines() {
        if !killed && started.elapsed() >= lives {
            // SIGKILL: no destructor runs, nothing is flushed.
            child.kill()?;
            killed = true;
        }
        let line = line?;
        // The last line may be cut in the middle.
        let numbers = line.split_once(' ').map(|(number, offset)| (number.parse(), offset.parse()));
        if let (Some((Ok(number), Ok(offset))), false) = (numbers, killed) {
            acknowledged.push((number, offset));
        }
    }
    child.wait()?;
    Ok(acknowledged)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [role, from, folder] = arguments.as_slice()
        && role == "child"
    {
        return child(Path::new(folder), from.parse()?);
    }
    let number =
        |at: usize, otherwise| arguments.get(at).map_or(Ok(otherwise), |text| text.parse());
    let (rounds, seed) = (number(0, 20)?, number(1, 1)?);
    let folder = std::env::temp_dir().join(format!("fareway-kill-{}", std::process::id()));
    let of = TopicPartition::new("prices", 0)?;
    let mut random = Random::from_seed(seed);
    let mut acknowledged: BTreeMap<u32, u64> = BTreeMap::new();
    let (mut from, mut torn) = (0, 0);
    for round_number in 0..rounds {
        let lives = Duration::from_millis(30 + random.below(300));
        acknowledged.extend(round(&folder, from, lives)?);
        let log = open(&folder)?;
        torn += log.report().torn.len();
        assert_eq!(log.report().lost, [], "round {round_number}");
        let mut found: BTreeMap<u32, u64> = BTreeMap::new();
        let mut next = 0;
        loop {
            let fetched = log.read_now(&of, next, 4 << 20)?;
            if fetched.batches.is_empty() {
                break;
            }
            next = fetched.next;
            for stored in fetched.batches {
                let number = stored.stamp().ok_or("no stamp")?.sequence();
                let twice = found.insert(number, stored.offsets().start);
                assert_eq!(twice, None, "{number} is there twice in round {round_number}");
                assert_eq!(stored.records()?, batch(number)?.records, "{number} is another");
            }
        }
        for (number, offset) in &acknowledged {
            assert_eq!(found.get(number), Some(offset), "{number} in round {round_number}");
        }
        // The next child repeats some that may have been appended.
        let last = found.keys().next_back().copied().unwrap_or(0);
        from = last.saturating_sub(random.below(100) as u32);
    }
    println!("{rounds} kills, {} acknowledged batches, {torn} torn tails", acknowledged.len());
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}
