//! `bench facts`: what telling costs, on partner calls, the fact there are most of.
//!
//! (rows) facts into columns, one thread; (arrow) columns into records; (log) such records into a log as fast
//! as it takes them, the wall of all that follows; (told) two threads that record while the recorder writes:
//! facts a second that are durable; (gold) one by one, each acknowledged when it is durable. What others send:
//! `intake`.

mod intake;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use events::fact::kinds::{ClickOut, PartnerCall};
use events::fact::{Fact, FactId, FactSettings, Origin, Recorder, Rows, Stamped};
use events::log::{Compression, FileLog, Log, LogSettings, TopicWriter};
use hdrhistogram::Histogram;
use runtime::Shutdown;
use storage::disk::RealDisk;

use crate::place::TemporaryFolder;
use crate::report::Report;

/// Facts of one record.
const FACTS: usize = 10_000;
/// Facts that are recorded between two looks at the clock.
const BURST: usize = 1_000;
/// Clicks under way at once.
const CLICKS: usize = 64;
/// Partners that are told of.
const PARTNERS: [&str; 4] = ["ag0001", "ag0002", "klm1", "ba__"];
/// Bytes that may wait: more than a second's.
const HELD_BYTES: u64 = 1 << 30;

/// Measures and writes one result file.
pub(crate) fn run(seconds: u64) -> Result<()> {
    let mut report = Report::new("facts");
    report.setting("seconds_per_measurement", seconds);
    let slice = Duration::from_secs(seconds);
    let folder = TemporaryFolder::make(&std::env::temp_dir(), "bench-facts")?;
    in_memory(&mut report, slice)?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let log = open(&folder.path().join("wall"))?;
        let wall = appended(log, slice).await?;
        report.figure("log: such records, million facts/s durable", wall / 1e6);
        let told = told(&folder.path().join("told"), slice).await?;
        report.figure("told: million facts/s durable, 2 threads tell", told / 1e6);
        report.figure("told: share of what the log takes", told / wall);
        gold(&mut report, &folder.path().join("gold"), slice).await?;
        intake::lines(&mut report, &folder, slice).await?;
        intake::over_http(&mut report, &folder, slice).await
    })?;
    report.write()
}

fn call(number: usize) -> PartnerCall<'static> {
    PartnerCall {
        question: (number / 30) as u128,
        partner: PARTNERS[number % PARTNERS.len()],
        took_ms: 80 + (number % 700) as u32,
        offers: (number % 90) as u32,
        fault: (number.is_multiple_of(50)).then_some("partner_timeout"),
    }
}

fn fill(rows: &mut Rows) -> Result<()> {
    let now_ms = runtime::unix_ms();
    for number in 0..FACTS {
        let id = FactId(number as u128);
        let stamped = Stamped { id, happened_ms: now_ms, received_ms: now_ms, visit: None };
        rows.push(stamped, &call(number))?;
    }
    Ok(())
}

/// Rows and records, by one thread.
fn in_memory(report: &mut Report, slice: Duration) -> Result<()> {
    let mut rows = Rows::new(PartnerCall::KIND);
    let (mut pushing, mut writing) = (Duration::ZERO, Duration::ZERO);
    let (mut facts, mut bytes) = (0_u64, 0_u64);
    while pushing + writing < slice {
        let started = Instant::now();
        fill(&mut rows)?;
        let filled = Instant::now();
        let record = rows.take(Origin::default()).to_record(0)?;
        writing += filled.elapsed();
        pushing += filled - started;
        facts += FACTS as u64;
        bytes += record.value.len() as u64;
    }
    report.figure("rows: million facts/s, one thread", facts as f64 / pushing.as_secs_f64() / 1e6);
    report.figure("arrow: million facts/s, one thread", facts as f64 / writing.as_secs_f64() / 1e6);
    report.figure("arrow: bytes a fact", bytes as f64 / facts as f64);
    Ok(())
}

fn open(folder: &Path) -> Result<Arc<dyn Log>> {
    std::fs::create_dir_all(folder)?;
    let disk = Arc::new(RealDisk::open(folder)?);
    Ok(Arc::new(FileLog::open(disk, "log", LogSettings::default())?))
}

/// Facts a second if records are appended that were made before.
async fn appended(log: Arc<dyn Log>, slice: Duration) -> Result<f64> {
    let mut rows = Rows::new(PartnerCall::KIND);
    fill(&mut rows)?;
    let record = rows.take(Origin::default()).to_record(0)?;
    let writer = TopicWriter::open(log, "facts-wall", 1).await?;
    let started = Instant::now();
    let appends = (0..8).map(|_| async {
        let mut facts = 0_u64;
        while started.elapsed() < slice {
            writer.append(record.clone(), Compression::Lz4).await?;
            facts += FACTS as u64;
        }
        anyhow::Ok(facts)
    });
    let facts: u64 = futures_util::future::try_join_all(appends).await?.into_iter().sum();
    Ok(facts as f64 / started.elapsed().as_secs_f64())
}

/// Facts a second that are durable while two threads tell as many as are taken.
async fn told(folder: &Path, slice: Duration) -> Result<f64> {
    let held_bytes = runtime::Limited::literal(HELD_BYTES);
    let settings = FactSettings { held_bytes, ..FactSettings::default() };
    let recorder = Recorder::open(open(folder)?, 1, Origin::default(), settings).await?;
    let shutdown = Shutdown::default();
    let running = tokio::spawn(recorder.clone().run(shutdown.clone()));
    let over = Arc::new(AtomicBool::new(false));
    let started = Instant::now();
    let tellers = [0, 1].map(|_| {
        let (recorder, over) = (recorder.clone(), Arc::clone(&over));
        std::thread::spawn(move || {
            let mut told = 0_u64;
            while !over.load(Ordering::Relaxed) {
                (0..BURST).for_each(|number| recorder.record(&call(number), None));
                told += BURST as u64;
                // Whoever tells does something else too; without this, all would be dropped.
                while recorder.held() > HELD_BYTES as usize / 2 && !over.load(Ordering::Relaxed) {
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
            told
        })
    });
    tokio::time::sleep(slice).await;
    over.store(true, Ordering::Relaxed);
    let told: u64 = tellers.into_iter().filter_map(|teller| teller.join().ok()).sum();
    recorder.flush().await;
    let seconds = started.elapsed().as_secs_f64();
    let written: u64 = recorder.counts().map(|(_, counts)| counts.written).sum();
    shutdown.begin();
    running.await?;
    anyhow::ensure!(written == told, "{told} facts were told, {written} are durable");
    Ok(written as f64 / seconds)
}

/// Clicks a second, and how long each takes to be durable.
async fn gold(report: &mut Report, folder: &Path, slice: Duration) -> Result<()> {
    let settings = FactSettings::default();
    let recorder = Recorder::open(open(folder)?, 1, Origin::default(), settings).await?;
    let click = ClickOut {
        search: 1,
        itinerary: 2,
        agent: "ba__",
        minor: Some(30_050),
        currency: Some("GBP"),
        changed: false,
        market: "GB",
    };
    let started = Instant::now();
    let clicks = (0..CLICKS).map(|_| async {
        let mut micros = Histogram::<u64>::new(3)?;
        while started.elapsed() < slice {
            let sent = Instant::now();
            recorder.record_gold(&click, Some(7)).await?;
            micros.record(sent.elapsed().as_micros() as u64)?;
        }
        anyhow::Ok(micros)
    });
    let mut all = Histogram::<u64>::new(3)?;
    for part in futures_util::future::try_join_all(clicks).await? {
        all.add(part)?;
    }
    let rate = all.len() as f64 / started.elapsed().as_secs_f64();
    report.figure("gold: clicks/s, each durable, 64 at once", rate);
    for (label, quantile) in [("p50", 0.5), ("p99", 0.99)] {
        let ms = all.value_at_quantile(quantile) as f64 / 1_000.0;
        report.figure(&format!("gold: {label} ms until it is durable"), ms);
    }
    Ok(())
}
