//! `kill`: a process that remembers prices under full load is killed (`kill -9`) at random moments,
//! again and again, on one log. Each life begins with the snapshot and the rest of the log, and writes
//! one snapshot after the other while it remembers.
//!
//! ```text
//! writer process: many calls of Memory::remember at once ─▶ one line a call that was acknowledged
//! here: kill ─▶ open the log ─▶ every acknowledged call is there, none twice
//!       every few rounds: replay into an empty store = the independent model
//!                         snapshot, and replay of what came later = the same store
//! ```
//!
//! Each call has a serial; its answers carry it as the time they were seen, so that a batch on the
//! log names its call. The model is a plain map of what the log holds, newest by time.

mod model;
mod writer;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use events::log::{FileLog, LogSettings, TopicPartition};
use prices::codec;
use prices::memory::TOPIC;
use runtime::Random;
use storage::disk::RealDisk;

use self::model::Model;
use crate::place::TemporaryFolder;
use crate::search_bench::corpus::Corpus;

pub(crate) use writer::run as write;

/// Rounds after which a replay is compared with the model.
const REPLAY_EVERY: u32 = 25;
/// A writer lives at most this long after its first acknowledgement.
const LIFE_MS_MAX: u64 = 120;
/// Bytes of the log read at once.
const READ_BYTES: usize = 8 << 20;

/// What was seen over all rounds.
#[derive(Debug, Default)]
struct Seen {
    acknowledged: u64,
    on_log: u64,
    /// Calls whose acknowledgement was lost with the process, but whose prices are there.
    unheard: u64,
    torn_tails: u32,
    prices: u64,
    replays: u32,
}

/// Runs the rounds; the words at the end are those of a test runner.
pub(crate) fn run(rounds: u32, seed: u64) -> Result<()> {
    let folder = TemporaryFolder::make(&std::env::temp_dir(), "kill")?;
    let seen = all_rounds(folder.path(), rounds, seed)?;
    say!("{seen:?}");
    ensure!(seen.acknowledged > u64::from(rounds), "hardly anything was acknowledged: {seen:?}");
    say!("test result: ok. {rounds} passed; 0 failed");
    Ok(())
}

fn all_rounds(folder: &Path, rounds: u32, seed: u64) -> Result<Seen> {
    let corpus = folder.join("corpus");
    write_corpus(&corpus)?;
    let mut random = Random::from_seed(seed);
    let (mut seen, mut model) = (Seen::default(), Model::default());
    let mut offset = 0;
    for round in 0..rounds {
        let acknowledged =
            one_life(folder, &corpus, &mut random).with_context(|| format!("round {round}"))?;
        let log = open(folder)?;
        let report = log.report();
        ensure!(report.lost.is_empty(), "round {round}: {report:?}");
        seen.torn_tails += report.torn.len() as u32;
        let on_log = read_new(&log, &mut offset, &mut model)?;
        let missing: Vec<_> = acknowledged.difference(&on_log).take(5).collect();
        ensure!(missing.is_empty(), "round {round}: acknowledged and gone: {missing:?}");
        seen.acknowledged += acknowledged.len() as u64;
        seen.on_log += on_log.len() as u64;
        seen.unheard += (on_log.len() - acknowledged.len()) as u64;
        if round % REPLAY_EVERY == REPLAY_EVERY - 1 || round + 1 == rounds {
            seen.prices = model.compare_with_replay(log, Arc::new(RealDisk::open(folder)?))?;
            seen.replays += 1;
        }
        if round % 50 == 49 {
            say!("{} rounds: {seen:?}", round + 1);
        }
    }
    Ok(seen)
}

fn open(folder: &Path) -> Result<FileLog> {
    let disk = Arc::new(RealDisk::open(folder)?);
    Ok(FileLog::open_inline(disk, "log", LogSettings::default())?)
}

/// The answers of one search, packed, so that a writer starts at once.
fn write_corpus(path: &PathBuf) -> Result<()> {
    let corpus = Corpus::make()?;
    let question = Arc::new(corpus.question.clone());
    let seen: Vec<prices::Seen> = corpus
        .settings
        .iter()
        .zip(&corpus.decoded)
        .map(|(settings, answer)| prices::Seen {
            partner: settings.id,
            question: Arc::clone(&question),
            at_ms: 0,
            answer: Arc::clone(answer),
        })
        .collect();
    std::fs::write(path, codec::encode(&seen)?)?;
    Ok(())
}

/// Starts a writer, kills it at a random moment, and gives the serials it acknowledged.
fn one_life(folder: &Path, corpus: &Path, random: &mut Random) -> Result<BTreeSet<u64>> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg("kill-writer")
        .arg(folder)
        .arg(corpus)
        .stdout(Stdio::piped())
        .spawn()?;
    let output = child.stdout.take().context("the writer has no output")?;
    let mut lines = BufReader::new(output).lines();
    let mut acknowledged = BTreeSet::new();
    let mut take = |line: std::io::Result<String>| -> Result<()> {
        // A line cut by the kill says nothing.
        let line = line?;
        if let Some(serial) = line.strip_suffix('.').and_then(|digits| digits.parse().ok()) {
            acknowledged.insert(serial);
        }
        Ok(())
    };
    match lines.next() {
        Some(line) => take(line)?,
        None => bail!("the writer ended before it acknowledged anything: {:?}", child.wait()?),
    }
    // Lines wait in the pipe meanwhile; a full pipe only slows the writer's acknowledging.
    std::thread::sleep(Duration::from_micros(random.below(LIFE_MS_MAX * 1_000)));
    kill(&mut child)?;
    for line in lines {
        take(line)?;
    }
    Ok(acknowledged)
}

fn kill(child: &mut Child) -> Result<()> {
    child.kill()?;
    child.wait()?;
    Ok(())
}

/// Reads what came since, into the model; the serials of its batches.
fn read_new(log: &FileLog, offset: &mut u64, model: &mut Model) -> Result<BTreeSet<u64>> {
    let partition = TopicPartition::new(TOPIC, 0)?;
    let end = log.bounds_now(&partition).end;
    let mut serials = BTreeSet::new();
    while *offset < end {
        let fetched = log.read_now(&partition, *offset, READ_BYTES)?;
        for batch in &fetched.batches {
            for record in batch.records()? {
                let seen = codec::decode(&record.value)?;
                let serial = seen.first().context("an empty batch")?.at_ms as u64;
                ensure!(serials.insert(serial), "call {serial} stands on the log twice");
                ensure!(model.is_new(serial), "call {serial} was there in a round before");
                model.take(seen);
            }
        }
        *offset = fetched.next;
    }
    Ok(serials)
}
