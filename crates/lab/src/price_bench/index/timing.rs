//! Times of single calls, and resident memory.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::report::Report;

/// How long each of `runs` calls takes, after one that warms up.
pub(super) fn timed<T>(runs: usize, mut work: impl FnMut() -> T) -> Vec<Duration> {
    black_box(work());
    let times = (0..runs).map(|_| {
        let start = Instant::now();
        black_box(work());
        start.elapsed()
    });
    times.collect()
}

/// Notes the quantiles of our times and, where there are others, how many times as long those take.
pub(super) fn note(report: &mut Report, name: &str, ours: Vec<Duration>, theirs: Vec<Duration>) {
    let [p50, p99] = quantiles(ours);
    report.figure(&format!("index: {name}, p50 us"), p50);
    report.figure(&format!("index: {name}, p99 us"), p99);
    if !theirs.is_empty() {
        report.figure(&format!("index: {name}, p50, map / ours"), quantiles(theirs)[0] / p50);
    }
}

/// p50 and p99 in microseconds.
fn quantiles(mut times: Vec<Duration>) -> [f64; 2] {
    times.sort_unstable();
    [0.5, 0.99].map(|share| {
        let index = ((times.len() as f64 - 1.0) * share) as usize;
        times.get(index).map_or(f64::NAN, |time| time.as_secs_f64() * 1e6)
    })
}

/// Memory that is not of files.
pub(super) fn resident_bytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    kib.unwrap_or(0.0) * 1_024.0
}
