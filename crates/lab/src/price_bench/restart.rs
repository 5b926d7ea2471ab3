//! A restart: the whole log read back, and a snapshot with what came after it.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, ensure};
use events::log::{FileLog, Log, LogSettings};
use prices::freshness::Freshness;
use prices::indicative::{EuroRates, IndicativeSettings};
use prices::memory::{Kept, KeptParts, Memory};
use prices::store::StoreSettings;
use runtime::{Limited, Workers};
use storage::disk::{Disk, RealDisk};

use crate::place::bytes_below;
use crate::report::Report;

const SNAPSHOT: &str = "snapshot/prices";
/// As fast as the disk takes it.
const UNPACED: u64 = u64::MAX;

/// What a folder holds, opened.
pub(super) struct Opened {
    pub(super) memory: Memory,
    disk: Arc<dyn Disk>,
    workers: Workers,
}

/// Opens what the folder holds, by its snapshot if there is one; the log is not read yet.
pub(super) async fn open(folder: &Path) -> Result<Opened> {
    std::fs::create_dir_all(folder.join("snapshot"))?;
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::open(folder)?);
    // Nothing may vanish while it is counted.
    let settings = LogSettings {
        retention_minutes: Limited::literal(0),
        retention_bytes: Limited::literal(0),
        ..LogSettings::default()
    };
    let log: Arc<dyn Log> = Arc::new(FileLog::open(Arc::clone(&disk), "log", settings)?);
    let workers = Workers::start("work", 2, 64)?;
    let parts = KeptParts {
        log: Arc::clone(&log),
        disk: Arc::clone(&disk),
        path: SNAPSHOT.to_owned(),
        store: StoreSettings { memory_mib: Limited::literal(4_096), ..StoreSettings::default() },
        freshness: Freshness::default(),
        indicative: IndicativeSettings::default(),
        rates: Arc::new(EuroRates::from(atlas::atlas().rates())),
    };
    let kept = Kept::read(parts, &workers).await?;
    ensure!(kept.refused.is_none(), "{:?}", kept.refused);
    let memory = Memory::open(log, 1, kept.store, kept.indicative, Some(workers.clone())).await?;
    Ok(Opened { memory: memory.since(kept.since), disk, workers })
}

/// Restarts twice: without a snapshot, and with one.
pub(super) async fn run(report: &mut Report, folder: &Path) -> Result<()> {
    let started = Instant::now();
    let whole = open(folder).await?;
    let begun = Instant::now();
    let replayed = whole.memory.replay().await?;
    ensure!(replayed.lost.is_empty(), "{:?}", replayed.lost);
    let rate = replayed.prices as f64 / begun.elapsed().as_secs_f64();
    let without = started.elapsed().as_secs_f64();
    report.figure("replay: million prices/s", rate / 1e6);
    report.figure("replay: prices", replayed.prices);
    report.figure("restart: seconds until all is back, without a snapshot", without);

    let begun = Instant::now();
    whole.memory.keep(&whole.disk, SNAPSHOT, UNPACED, &whole.workers).await?;
    report.figure("restart: seconds to write a snapshot, unpaced", begun.elapsed().as_secs_f64());
    report.figure("restart: snapshot, MiB", bytes_below(&folder.join("snapshot"))? >> 20);
    let held = whole.memory.store().size();
    drop(whole);

    let started = Instant::now();
    let kept = open(folder).await?;
    let replayed = kept.memory.replay().await?;
    let with = started.elapsed().as_secs_f64();
    let back = kept.memory.store().size();
    ensure!(
        (back.answers, back.offers) == (held.answers, held.offers),
        "the snapshot gave {} answers with {} offers back, not {} with {}",
        back.answers,
        back.offers,
        held.answers,
        held.offers,
    );
    report.figure("restart: seconds until all is back, with it", with);
    report.figure("restart: prices read from the log beside it", replayed.prices);
    report.figure("restart: without / with", without / with);
    Ok(())
}
