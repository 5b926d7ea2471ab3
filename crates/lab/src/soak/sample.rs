//! What a minute was like.

use std::fmt;
use std::sync::atomic::Ordering;
use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::cell::Cell;
use super::fares::Fares;
use super::load::Progress;
use crate::place::bytes_below;

/// One minute.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub(super) minute: u64,
    /// Resident memory, bytes.
    pub(super) rss: u64,
    /// Of that, answers that the load holds.
    held: u64,
    prices_per_second: f64,
    look_ups_per_second: f64,
    found: f64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
    pub(super) max_ms: f64,
    /// Most by which a search began after it was due.
    pub(super) lag_ms: f64,
    pub(super) log_bytes: u64,
    store: (usize, usize, u64),
    indicative: (usize, usize, u64),
    history: (usize, usize, u64),
}

/// Counters at the sample before.
#[derive(Debug, Default)]
pub(super) struct Before {
    at: Option<Instant>,
    prices: u64,
    look_ups: u64,
    found: u64,
}

const MIB: f64 = (1_u64 << 20) as f64;

impl Sample {
    /// Head of the printed lines.
    pub(super) const HEAD: &'static str = "min  rss MiB  held  Mprices/s  p50 ms  p99 ms  max ms  lag ms  log MiB  store: questions MiB evicted  indicative: prices MiB dropped  history: trips MiB dropped  look-ups/s found";

    pub(super) fn take(
        minute: u64,
        (cell, fares): (&Cell, &Fares),
        progress: &Progress,
        before: &mut Before,
    ) -> Result<Self> {
        let now = Instant::now();
        let seconds = (now - before.at.unwrap_or(progress.start)).as_secs_f64();
        let prices = progress.prices.load(Ordering::Relaxed);
        let look_ups = progress.look_ups.load(Ordering::Relaxed);
        let found = progress.looked_up.load(Ordering::Relaxed);
        let commits = progress.take_commits()?;
        let ms = |quantile: f64| commits.value_at_quantile(quantile) as f64 / 1_000.0;
        let (store, indicative) = (cell.memory.store(), cell.memory.indicative());
        let (held, cheapest, trips) = (store.size(), indicative.size(), cell.history.size());
        let sample = Self {
            minute,
            rss: resident()?,
            held: fares.bytes() as u64,
            prices_per_second: (prices - before.prices) as f64 / seconds,
            look_ups_per_second: (look_ups - before.look_ups) as f64 / seconds,
            found: (found - before.found) as f64 / (look_ups - before.look_ups).max(1) as f64,
            p50_ms: ms(0.5),
            p99_ms: ms(0.99),
            max_ms: commits.max() as f64 / 1_000.0,
            lag_ms: progress.lag_us.swap(0, Ordering::Relaxed) as f64 / 1_000.0,
            log_bytes: bytes_below(&cell.log_folder)?,
            store: (held.questions, held.bytes, store.evicted()),
            indicative: (cheapest.entries, cheapest.bytes, indicative.dropped()),
            history: (trips.trips, trips.bytes, cell.history.dropped()),
        };
        *before = Before { at: Some(now), prices, look_ups, found };
        Ok(sample)
    }

    /// Bytes in memory without what the load holds.
    pub(super) fn remembering(&self) -> f64 {
        self.rss.saturating_sub(self.held) as f64
    }

    /// All of it for the results file.
    pub(super) fn row(&self) -> Value {
        let part = |(entries, bytes, gone): (usize, usize, u64)| json!({ "entries": entries, "bytes": bytes, "gone": gone });
        json!({
            "minute": self.minute,
            "rss_bytes": self.rss,
            "of_these_held_by_the_load": self.held,
            "prices_per_second": self.prices_per_second.round(),
            "commit_p50_ms": self.p50_ms,
            "commit_p99_ms": self.p99_ms,
            "commit_max_ms": self.max_ms,
            "lag_ms": self.lag_ms,
            "log_bytes": self.log_bytes,
            "store": part(self.store),
            "indicative": part(self.indicative),
            "history": part(self.history),
            "look_ups_per_second": self.look_ups_per_second.round(),
            "look_ups_found": (self.found * 1_000.0).round() / 1_000.0,
        })
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:>3}  {:>7.0}  {:>4.0}  {:>9.3}  {:>6.1}  {:>6.1}  {:>6.0}  {:>6.0}  {:>7.0}",
            self.minute,
            self.rss as f64 / MIB,
            self.held as f64 / MIB,
            self.prices_per_second / 1e6,
            self.p50_ms,
            self.p99_ms,
            self.max_ms,
            self.lag_ms,
            self.log_bytes as f64 / MIB,
        )?;
        for (entries, bytes, gone) in [self.store, self.indicative, self.history] {
            write!(f, "  {entries} {:.0} {gone}", bytes as f64 / MIB)?;
        }
        write!(f, "  {:.0} {:.2}", self.look_ups_per_second, self.found)
    }
}

/// Bytes of this process in memory.
fn resident() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|rest| rest.split_whitespace().next()).context("no VmRSS")?;
    Ok(kib.parse::<u64>()? << 10)
}
