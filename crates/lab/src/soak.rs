//! `soak prices`: hours of remembering at the mean load of the reference, and whether memory stays flat.
//!
//! ```text
//! fares (the sandbox's prices, its days passing) ─▶ load, paced ─▶ Memory::remember ─▶ log, store, indexes
//!                                  look-ups, paced ─▶ store, indexes            log ─▶ history
//! every minute: a sample          end: verdict ─▶ exit code, bench/results/
//! ```
//!
//! The load is open: each search is due at a time of its own, whatever became of those before, and its
//! commit is timed from then. All indexes have limits that they reach while warming up, so what is
//! looked at is a memory that evicts as fast as it takes.
//!
//! The answers that the load itself holds to remember them again are in the same process, and become
//! more and fewer as searches are renewed. Judged is what is left without them.

mod cell;
mod fares;
mod flat;
mod load;
mod sample;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

use self::cell::Cell;
use self::fares::Fares;
use self::flat::Fit;
use self::load::{Load, Progress};
use self::sample::{Before, Sample};
use crate::place::{TemporaryFolder, bytes_free};
use crate::report::Report;

/// Bytes that must be free before it starts.
const FREE_MIN: u64 = 30 << 30;
/// Samples after warming up that a verdict on memory needs.
const SAMPLES_MIN: usize = 10;
/// The part of the due prices that must have been remembered.
const HELD_MIN: f64 = 0.99;

/// What to soak.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct SoakArgs {
    /// How long.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=10_080))]
    minutes: u64,
    /// Prices a second.
    #[arg(long, default_value_t = 1_157_000, value_parser = clap::value_parser!(u64).range(1_000..=50_000_000))]
    rate: u64,
    /// Minutes until memory must be flat; at most half of all.
    #[arg(long, default_value_t = 15)]
    warm_minutes: u64,
    /// Look-ups a second.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u64).range(0..=100_000))]
    look_ups: u64,
    /// Seconds in which a day of the market passes.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    day_seconds: u64,
    /// Searches whose answers are held to be asked again.
    #[arg(long, default_value_t = 400, value_parser = clap::value_parser!(u64).range(10..=100_000))]
    held: u64,
    /// Searches a second that the sandbox answers anew.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    renewed: u64,
    /// Bytes of the log that are kept.
    #[arg(long, default_value_t = 3 << 30, value_parser = clap::value_parser!(u64).range(268_435_456..=9_663_676_416))]
    log_bytes: u64,
    /// Folder for log and snapshots; a folder of its own is made there and removed at the end.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Leave no result file.
    #[arg(long)]
    unkept: bool,
    /// Seed of everything.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Soaks, writes one result file, and fails if memory grew, a commit was lost or the rate not held.
pub(crate) fn prices(wanted: &SoakArgs) -> Result<()> {
    let below = wanted.folder.clone().unwrap_or_else(std::env::temp_dir);
    let free = bytes_free(&below)?;
    ensure!(
        free >= FREE_MIN,
        "{} has {} GiB free and needs {}",
        below.display(),
        free >> 30,
        FREE_MIN >> 30
    );
    let folder = TemporaryFolder::make(&below, "soak")?;
    let mut report = Report::new("soak-prices");
    settings(&mut report, wanted);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let faults = runtime.block_on(soak(wanted, folder.path(), &mut report))?;
    report.figure("verdict", if faults.is_empty() { "held" } else { "not held" });
    if !wanted.unkept {
        report.write()?;
    }
    if !faults.is_empty() {
        bail!("{}", faults.join("; "));
    }
    say!("test result: ok. 1 passed; 0 failed");
    Ok(())
}

fn settings(report: &mut Report, wanted: &SoakArgs) {
    report.setting("minutes", wanted.minutes);
    report.setting("warm_minutes", warm_minutes(wanted));
    report.setting("prices_per_second", wanted.rate);
    report.setting("look_ups_per_second", wanted.look_ups);
    report.setting("market_day_seconds", wanted.day_seconds);
    report.setting("searches_held", wanted.held);
    report.setting("searches_renewed_per_second", wanted.renewed);
    report.setting("log_bytes_kept", wanted.log_bytes);
    report.setting("store_mib", cell::STORE_MIB);
    report.setting("indicative_bytes", cell::INDICATIVE_BYTES);
    report.setting("history_bytes", cell::HISTORY_BYTES);
    report.setting("seed", wanted.seed);
    report.setting("flat_growth_max_per_hour", flat::GROWTH_MAX);
    report.setting("niceness", crate::report::command(&["nice"]));
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    report.setting("load_average_before", load.trim());
}

fn warm_minutes(wanted: &SoakArgs) -> u64 {
    wanted.warm_minutes.min(wanted.minutes / 2)
}

/// Runs everything; what is wrong, one sentence each.
async fn soak(wanted: &SoakArgs, folder: &Path, report: &mut Report) -> Result<Vec<String>> {
    let fares = Fares::open(wanted.seed, wanted.held, Duration::from_secs(wanted.day_seconds))?;
    say!("{} searches with {} prices are held", wanted.held, fares.prices());
    let cell = Cell::open(folder, wanted.log_bytes).await?;
    let progress = Arc::new(Progress::new(Instant::now(), wanted.minutes)?);
    let load =
        Load { fares: Arc::clone(&fares), cell: cell.clone(), progress: Arc::clone(&progress) };
    let under_way = load.start(wanted)?;
    say!("{}", Sample::HEAD);
    let mut samples: Vec<Sample> = Vec::new();
    let mut before = Before::default();
    for minute in 1..=wanted.minutes {
        tokio::time::sleep_until((progress.start + Duration::from_secs(minute * 60)).into()).await;
        cell.expire();
        let sample = Sample::take(minute, (&cell, &fares), &progress, &mut before)?;
        say!("{sample}");
        samples.push(sample);
    }
    // What was due and is still waiting now was not held.
    let remembered = progress.prices.load(Ordering::Relaxed);
    under_way.end().await?;
    let mut faults = Vec::new();
    let held = remembered as f64 / (wanted.rate * 60 * wanted.minutes) as f64;
    report.figure("prices remembered", remembered);
    report.figure("prices remembered, share of those due", held);
    if held < HELD_MIN {
        faults.push(format!("only {:.1}% of the due prices were remembered", held * 100.0));
    }
    let refused = progress.refused.load(Ordering::Relaxed);
    report.figure("searches remembered", progress.searches.load(Ordering::Relaxed));
    report.figure("searches the log refused", refused);
    if refused > 0 {
        faults.push(format!("{refused} searches were not made durable"));
    }
    let acknowledged = progress.searches.load(Ordering::Relaxed);
    let on_log = cell.close(folder).await?;
    report.figure("commits on the log after it was opened again", on_log);
    if on_log != acknowledged {
        faults.push(format!("{acknowledged} commits were acknowledged, the log has {on_log}"));
    }
    tell(report, wanted, &samples, &mut faults);
    Ok(faults)
}

/// The figures of all minutes, and whether memory stayed flat.
fn tell(report: &mut Report, wanted: &SoakArgs, samples: &[Sample], faults: &mut Vec<String>) {
    let warm = warm_minutes(wanted) as usize;
    let after = &samples[warm.min(samples.len())..];
    let most = |of: fn(&Sample) -> f64| after.iter().map(of).fold(0.0, f64::max);
    let middle = |of: fn(&Sample) -> f64| {
        let mut sorted: Vec<f64> = after.iter().map(of).collect();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
    };
    report.figure("commit p50 ms, median of minutes", middle(|sample| sample.p50_ms));
    report.figure("commit p99 ms, median of minutes", middle(|sample| sample.p99_ms));
    report.figure("commit p99 ms, worst minute", most(|sample| sample.p99_ms));
    report.figure("commit max ms", most(|sample| sample.max_ms));
    report.figure("lag behind the schedule, max ms", most(|sample| sample.lag_ms));
    report.figure("log on disk, max GiB", most(|sample| sample.log_bytes as f64) / GIB);
    report.figure("resident memory after warming up, max GiB", most(|s| s.rss as f64) / GIB);
    report.rows("minutes", samples.iter().map(Sample::row).collect());
    if after.len() < SAMPLES_MIN {
        say!("flat memory needs {SAMPLES_MIN} samples after warming up: not judged");
        return;
    }
    let points: Vec<(f64, f64)> =
        after.iter().map(|sample| (sample.minute as f64 / 60.0, sample.remembering())).collect();
    let fit = Fit::of(&points);
    report.figure(
        "memory without the load's own, median of minutes, GiB",
        middle(Sample::remembering) / GIB,
    );
    report.figure("memory: growth an hour, share of its mean", fit.growth);
    report.figure("memory: standard error of that", fit.error);
    report.figure("memory: verdict", if fit.is_flat() { "flat" } else { "not flat" });
    if !fit.is_flat() {
        faults.push(format!("memory is not flat: {fit}"));
    }
}

const GIB: f64 = (1_u64 << 30) as f64;
