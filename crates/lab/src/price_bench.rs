//! `bench prices`: bytes a price and speed of the codec and the store on the answers of one search
//! of the simulated market.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use prices::{Seen, codec};

use crate::report::Report;
use crate::search_bench::corpus::Corpus;

/// Measures and writes one result file.
pub(crate) fn run(seconds: u64) -> Result<()> {
    let corpus = Corpus::make()?;
    let question = Arc::new(corpus.question.clone());
    let seen: Vec<Seen> = corpus
        .settings
        .iter()
        .zip(&corpus.decoded)
        .map(|(settings, answer)| Seen {
            partner: settings.id,
            question: Arc::clone(&question),
            at_ms: runtime::unix_ms() as i64,
            answer: Arc::clone(answer),
        })
        .collect();
    let prices = corpus.quotes();
    let mut report = Report::new("prices");
    report.setting("seconds_per_measurement", seconds);
    report.figure("answers", seen.len());
    report.figure("prices", prices);
    let bytes = codec::encode(&seen)?;
    report.figure("codec: bytes a price", bytes.len() as f64 / prices as f64);
    let slice = Duration::from_secs(seconds);
    let encodes = rate(slice, || drop(black_box(codec::encode(&seen))));
    report.figure("codec: encoded, million prices/s/core", encodes * prices as f64 / 1e6);
    let decodes = rate(slice, || drop(black_box(codec::decode(&bytes))));
    report.figure("codec: decoded, million prices/s/core", decodes * prices as f64 / 1e6);
    report.write()
}

/// Runs a second.
fn rate(slice: Duration, mut work: impl FnMut()) -> f64 {
    let start = Instant::now();
    let mut runs = 0_u64;
    while start.elapsed() < slice {
        work();
        runs += 1;
    }
    runs as f64 / start.elapsed().as_secs_f64()
}
