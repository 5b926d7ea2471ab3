//! The process that is killed: remembers prices as fast as it can and says what was acknowledged.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Result, ensure};
use domain::Question;
use events::log::{FileLog, Log, LogSettings};
use prices::Seen;
use prices::freshness::Freshness;
use prices::indicative::{EuroRates, IndicativeSettings};
use prices::memory::{Kept, KeptParts, Memory};
use prices::store::StoreSettings;
use runtime::Workers;
use storage::disk::{Disk, RealDisk};

/// Calls under way at once.
const CALLS: usize = 16;
/// Questions that are asked over and over.
const QUESTIONS: u64 = 100;
/// Answers in one call.
const ANSWERS: usize = 5;
/// The snapshot of store and indicative prices.
const SNAPSHOT: &str = "prices.snapshot";
/// A snapshot of all questions takes some tens of milliseconds.
const SNAPSHOT_BYTES_PER_S: u64 = 100 << 20;

/// Writes until it is killed.
pub(crate) fn run(folder: &Path, corpus: &Path) -> Result<()> {
    let answers = prices::codec::decode(&std::fs::read(corpus)?)?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let disk = Arc::new(RealDisk::open(folder)?);
        let disk: Arc<dyn Disk> = disk;
        let log = Arc::new(FileLog::open(Arc::clone(&disk), "log", LogSettings::default())?);
        let workers = Workers::start("work", 2, 64)?;
        let kept = Kept::read(kept_parts(log.clone(), Arc::clone(&disk)), &workers).await?;
        ensure!(kept.refused.is_none(), "a snapshot is not used: {:?}", kept.refused);
        let memory = Memory::open(log, 1, kept.store, kept.indicative, Some(workers)).await?;
        let memory = memory.since(kept.since);
        memory.replay().await?;
        // Serials are times: larger than all of the lives before.
        let next = AtomicU64::new(runtime::unix_ms() as u64 * 1_000);
        let calls = (0..CALLS).map(|_| call_for_ever(&memory, &answers, &next));
        let calls = futures_util::future::try_join_all(calls);
        tokio::try_join!(calls, keep_for_ever(&memory, &disk))?;
        Ok(())
    })
}

/// What a start needs to come back from the snapshot of the life before.
pub(super) fn kept_parts(log: Arc<dyn Log>, disk: Arc<dyn Disk>) -> KeptParts {
    KeptParts {
        log,
        disk,
        path: SNAPSHOT.to_owned(),
        store: StoreSettings::default(),
        freshness: Freshness::default(),
        indicative: IndicativeSettings::default(),
        rates: Arc::new(EuroRates::default()),
    }
}

/// Writes one snapshot after the other, slowly, so that a kill finds it at any point of one.
async fn keep_for_ever(memory: &Memory, disk: &Arc<dyn Disk>) -> Result<()> {
    let writer = Workers::start("snapshot", 1, 1)?;
    loop {
        memory.keep(disk, SNAPSHOT, SNAPSHOT_BYTES_PER_S, &writer).await?;
    }
}

async fn call_for_ever(memory: &Memory, answers: &[Seen], next: &AtomicU64) -> Result<()> {
    loop {
        let serial = next.fetch_add(1, Ordering::Relaxed);
        memory.remember(call(answers, serial)).await?;
        // One write a line: the kill cuts between lines or within one, which then has no end.
        let mut output = std::io::stdout().lock();
        output.write_all(format!("{serial}.\n").as_bytes())?;
        output.flush()?;
    }
}

/// The answers of one call: some partners, to one of the questions, seen at the serial's time.
fn call(answers: &[Seen], serial: u64) -> Vec<Seen> {
    let first = (serial * 7) as usize % answers.len();
    let mut question = Question::clone(&answers[0].question);
    for leg in &mut question.legs {
        leg.date = leg.date.plus_days((serial % QUESTIONS) as i32);
    }
    let question = Arc::new(question);
    let chosen = answers.iter().cycle().skip(first).take(ANSWERS);
    chosen
        .map(|one| Seen { question: Arc::clone(&question), at_ms: serial as i64, ..one.clone() })
        .collect()
}
