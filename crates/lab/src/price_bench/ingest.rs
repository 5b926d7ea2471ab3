//! Log, store and indexes as one: as fast as it goes, and at the mean load.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use hdrhistogram::Histogram;
use prices::memory::Memory;

use super::load::Load;
use super::restart;
use crate::place::{TemporaryFolder, bytes_below};
use crate::report::Report;

/// Searches remembered at once.
const CALLS: usize = 32;
/// Searches a second of the mean load: 1.157 million prices.
const MEAN_PRICES: f64 = 1_157_000.0;
/// Questions of the mean load: asked again and again.
const QUESTIONS: u64 = 20_000;

/// Measures; the prices a second that were durable at full speed.
pub(super) fn run(report: &mut Report, load: &Load, slice: Duration) -> Result<f64> {
    let folder = TemporaryFolder::make(&std::env::temp_dir(), "bench-prices")?;
    measure(report, load, slice, folder.path())
}

fn measure(report: &mut Report, load: &Load, slice: Duration, folder: &Path) -> Result<f64> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let memory = runtime.block_on(restart::open(folder))?.memory;
    let started = Instant::now();
    let (searches, _) = runtime.block_on(full_speed(&memory, load, slice))?;
    let seconds = started.elapsed().as_secs_f64();
    let rate = searches as f64 * load.prices as f64 / seconds;
    report.figure("ingest: durable, million prices/s on 2 cores", rate / 1e6);
    let size = memory.store().size();
    report.figure("ingest: prices held", size.offers);
    report.figure("ingest: store, bytes a price in memory", size.bytes as f64 / size.offers as f64);
    let on_disk = bytes_below(&folder.join("log"))?;
    let written = searches as f64 * load.prices as f64;
    report.figure("ingest: log, bytes a price on disk", on_disk as f64 / written);

    let micros = runtime.block_on(at_mean_load(&memory, load, slice * 3))?;
    for (label, quantile) in [("p50", 0.5), ("p99", 0.99)] {
        let ms = micros.value_at_quantile(quantile) as f64 / 1_000.0;
        report.figure(&format!("commit: {label} ms at 1.157 million prices/s"), ms);
    }
    drop(memory);

    runtime.block_on(restart::run(report, folder))?;
    Ok(rate)
}

/// Remembers searches as fast as they are acknowledged; how many, and their latencies.
async fn full_speed(
    memory: &Memory,
    load: &Load,
    duration: Duration,
) -> Result<(u64, Histogram<u64>)> {
    let (started, next) = (Instant::now(), AtomicU64::new(0));
    let calls = (0..CALLS).map(|_| async {
        let mut micros = Histogram::<u64>::new(3)?;
        while started.elapsed() < duration {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let sent = Instant::now();
            memory.remember(load.search(number, runtime::unix_ms())).await?;
            micros.record(sent.elapsed().as_micros() as u64)?;
        }
        anyhow::Ok(micros)
    });
    let mut all = Histogram::<u64>::new(3)?;
    for part in futures_util::future::try_join_all(calls).await? {
        all.add(part)?;
    }
    Ok((all.len(), all))
}

/// Remembers searches at the mean rate; the time of each runs from when it was due.
async fn at_mean_load(memory: &Memory, load: &Load, duration: Duration) -> Result<Histogram<u64>> {
    let per_second = MEAN_PRICES / load.prices as f64;
    let count = (per_second * duration.as_secs_f64()) as u64;
    let (started, next) = (Instant::now(), AtomicU64::new(0));
    let calls = (0..CALLS).map(|_| async {
        let mut micros = Histogram::<u64>::new(3)?;
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return anyhow::Ok(micros);
            }
            let due = started + Duration::from_secs_f64(number as f64 / per_second);
            tokio::time::sleep_until(due.into()).await;
            let seen = load.search(number % QUESTIONS, runtime::unix_ms());
            memory.remember(seen).await?;
            micros.record(due.elapsed().as_micros() as u64)?;
        }
    });
    let mut all = Histogram::<u64>::new(3)?;
    for part in futures_util::future::try_join_all(calls).await? {
        all.add(part)?;
    }
    Ok(all)
}
