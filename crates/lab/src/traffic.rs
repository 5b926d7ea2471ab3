//! `bench traffic`: how many partner calls remembering saves, and how wrong what is shown then is.
//!
//! ```text
//! mix (who asks what) ─▶ run (the real store, virtual time) ─▶ saved, shown, wrong
//! fares (when prices change) ─┘        project (the same, by formula, at any rate)
//! ```
//!
//! Answers carry 6 prices instead of some 90, as many as the store compares; its memory limit is
//! smaller in the same proportion, so it holds as many questions as 8 GiB hold of full answers.
//! Fares change inside the simulation ([`fares`]): those of the simulated market move all at once, at
//! midnight. What is assumed and what has a source stands where the number does.

mod fares;
pub(crate) mod mix;
mod offered;
mod project;
pub(crate) mod routing;
mod run;

use anyhow::{Result, anyhow};

use self::mix::Mix;
use self::run::{Outcome, Scenario};
use crate::report::Report;

/// Searches a second on average: 1.1 billion a month.
const MEAN_PER_SECOND: f64 = 424.0;
/// Prices of a search: 100 billion a day over 424 searches a second.
const PRICES: f64 = 2_727.0;
/// Bytes of a price in the store, full answers.
/// Source: `bench/results/2026-11-24-prices-b72064f.json`, "store: bytes a price".
const PRICE_BYTES: f64 = 10.16;
/// The store's memory.
const MEMORY_BYTES: f64 = 8.0 * (1_u64 << 30) as f64;
/// Rank exponent of the steeper mix, for comparison: Zipf's own.
const STEEP: f64 = 1.0;

/// What to simulate.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct TrafficArgs {
    /// The share of the mean rate (424 searches/s): one in so many.
    #[arg(long, default_value_t = 100)]
    one_in: u32,
    /// Virtual days before measuring.
    #[arg(long, default_value_t = 3)]
    warm_days: u32,
    /// Virtual days measured.
    #[arg(long, default_value_t = 1)]
    measure_days: u32,
    /// Only the first scenario and the formula.
    #[arg(long)]
    short: bool,
    /// Seed of everything.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Simulates and writes one result file.
pub(crate) fn run(wanted: &TrafficArgs) -> Result<()> {
    let mut report = Report::new("traffic");
    let real = Mix::new(mix::EXPONENT)?;
    let steep = Mix::new(STEEP)?;
    report.setting("seed", wanted.seed);
    report.setting("one_in", wanted.one_in);
    report.setting("warm_days", wanted.warm_days);
    report.setting("measure_days", wanted.measure_days);
    report.setting("partners_a_question", run::PARTNERS);
    report.setting("zipf_exponent", mix::EXPONENT);
    report.setting("city_pairs", real.pairs());
    report.setting("memory_bytes_at_full_size", MEMORY_BYTES);
    report.setting("bytes_a_question_at_full_size", question_bytes());
    let base = Scenario {
        per_second: MEAN_PER_SECOND / f64::from(wanted.one_in),
        warm_days: wanted.warm_days,
        measure_days: wanted.measure_days,
        adapting: true,
        changes: 1.0,
        seed: wanted.seed,
    };
    let slower = Scenario { per_second: base.per_second / 10.0, ..base.clone() };
    let mut scenarios = vec![("adapting", &real, base.clone())];
    if !wanted.short {
        scenarios.push(("fixed lifetimes", &real, Scenario { adapting: false, ..base.clone() }));
        scenarios.push(("zipf 1.0", &steep, base.clone()));
        scenarios.push(("tenth of the price changes", &real, Scenario { changes: 0.1, ..base }));
        scenarios.push(("tenth of the rate", &real, slower));
    }
    for (name, outcome) in simulate(&scenarios)? {
        tell(&mut report, name, &outcome);
    }
    for (name, mix) in [("zipf 0.69", &real), ("zipf 1.0", &steep)] {
        project::tell(&mut report, name, mix, wanted.seed);
    }
    report.write()
}

/// Runs scenarios, two at a time.
fn simulate<'s>(scenarios: &[(&'s str, &Mix, Scenario)]) -> Result<Vec<(&'s str, Outcome)>> {
    let mut outcomes = Vec::new();
    for pair in scenarios.chunks(2) {
        let done: Vec<Result<Outcome>> = std::thread::scope(|scope| {
            let started: Vec<_> = pair
                .iter()
                .map(|(_, mix, scenario)| scope.spawn(move || run::run(mix, scenario)))
                .collect();
            let end = |_| Err(anyhow!("a simulation broke off"));
            started.into_iter().map(|thread| thread.join().unwrap_or_else(end)).collect()
        });
        for ((name, ..), outcome) in pair.iter().zip(done) {
            outcomes.push((*name, outcome?));
        }
    }
    Ok(outcomes)
}

/// Bytes of a remembered question with full answers: prices, and a slot for each partner.
fn question_bytes() -> f64 {
    PRICES * PRICE_BYTES
}

fn tell(report: &mut Report, name: &str, outcome: &Outcome) {
    for (days, tally) in run::BUCKETS.iter().map(|bucket| bucket.1).zip(&outcome.buckets) {
        report.figure(&format!("{name}: {days}: share of calls saved"), tally.saved());
        report.figure(&format!("{name}: {days}: shown wrong, share"), tally.wrong());
    }
    let all = outcome.all();
    report.figure(&format!("{name}: searches measured"), all.searches);
    report.figure(&format!("{name}: share of calls saved"), all.saved());
    report.figure(&format!("{name}: calls made as the question is new, share"), all.part(all.new));
    report.figure(&format!("{name}: calls made as the store was full, share"), all.part(all.lost));
    report.figure(&format!("{name}: calls made as answers were stale, share"), all.part(all.stale));
    report.figure(&format!("{name}: top 10 shown wrong, share"), all.wrong());
    report.figure(&format!("{name}: of remembered in the top 10 wrong, share"), all.wrong_of_old());
    report.figure(&format!("{name}: of all remembered prices wrong, share"), all.wrong_of_all());
    report.figure(&format!("{name}: questions held"), outcome.size.questions);
    report.figure(&format!("{name}: store bytes, six prices an answer"), outcome.size.bytes);
    let full = outcome.size.questions as f64 * question_bytes();
    report.figure(&format!("{name}: store GiB, full answers"), full / (1_u64 << 30) as f64);
    report.figure(&format!("{name}: questions pushed out"), outcome.evicted);
}
