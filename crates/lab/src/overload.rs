//! `overload`: a fleet of real processes is asked for several times what it can do.
//!
//! ```text
//! capacity (closed loop) ─▶ calm ─▶ flood: open loop at 2, 5, 10 times ─▶ 30 s ─▶ calm: as before?
//! ```
//!
//! Goodput is what is complete within a search's deadline and the time between two polls. Whoever is
//! refused goes away; whoever waits longer leaves. Work for nobody is counted by the cells (`GET
//! /v1/load`): answers of partners that were decoded and merged although the search's time was over or
//! nobody had looked at it for a while, as a share of all answers, and requests whose client had left.
//! Merging and pages are made only when somebody looks.
//!
//! The generator runs on the same processors; what it takes is printed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::drill::account::Account;
use crate::drill::capacity::Capacity;
use crate::drill::crowd::{Arrivals, Crowd, open_loop};
use crate::drill::processes::{Processes, Setting};
use crate::drill::processors::{Cores, Look};
use crate::drill::traveller::Ground;
use crate::drill::verdict::Verdict;
use crate::drill::{capacity, questions};
use crate::report::Report;

/// Distinct questions: none comes twice in a flood.
const QUESTIONS: usize = 60_000;
const PARTNERS: u64 = 120;
const LATENCY_PERCENT: u64 = 25;
/// The deadline of a search (`search.deadline_ms`), and the time between two polls.
const COMPLETE_WITHIN: Duration = Duration::from_secs(11);
/// The part of the capacity that is asked for before and after a flood.
const CALM_LOAD: f64 = 0.6;
const CALM: Duration = Duration::from_secs(20);
/// Time at the beginning of a phase in which nothing is counted: searches take so long.
const SETTLE: Duration = Duration::from_secs(5);
/// Time after a flood until all must be as before. Source: the goal.
const AS_BEFORE_WITHIN: Duration = Duration::from_secs(30);
/// The part of the peak that must be completed under any load. Source: the goal.
const GOODPUT_MIN: f64 = 0.9;
/// The part of the work that may be for nobody. Source: the goal.
const IN_VAIN_MAX: f64 = 0.01;
/// As before is less than this times the median before.
const AS_BEFORE: f64 = 1.25;
/// The part of new searches that may be refused in calm. Source: the simulator's rule.
const CALM_REFUSED_MAX: f64 = 0.05;

/// How much, how long.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct OverloadArgs {
    /// Times the capacity.
    #[arg(long, value_delimiter = ',', default_values_t = [2, 5, 10], value_parser = clap::value_parser!(u64).range(1..=20))]
    times: Vec<u64>,
    /// Seconds of each flood.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(10..=600))]
    seconds: u64,
    /// Seed of the travellers.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Seconds of each step of the search for the capacity.
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u64).range(3..=60))]
    step: u64,
    /// Leave no result file.
    #[arg(long)]
    unkept: bool,
}

/// What the cells count, all together.
#[derive(Clone, Copy, Debug, Default)]
struct Work {
    wanted: u64,
    in_vain: u64,
    answered: u64,
    left: u64,
}

/// One flood and what came after.
struct Flood {
    times: u64,
    crowd: Crowd,
    /// Of answers that were worked on, those for nobody; of requests, those whose client had left.
    answers_in_vain: f64,
    requests_in_vain: f64,
    /// Of the searches that were let in, those that were not complete in time.
    searches_in_vain: f64,
    cores: Cores,
    before: Crowd,
    after: Crowd,
}

impl Flood {
    /// Its goodput as a part of the peak. Neighbours take cores at the peak and in the flood: compared is
    /// what a core did that was there for the drill. On a machine of its own that is the plain ratio.
    fn of(&self, peak: &Capacity) -> f64 {
        (self.crowd.per_second / self.cores.there) / (peak.per_second / peak.cores.there)
    }
}

/// Runs it, writes one result file, and fails if a condition does not hold.
pub(crate) fn run(wanted: &OverloadArgs) -> Result<()> {
    ensure!(!wanted.times.is_empty(), "--times is empty");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut report = Report::new("overload");
    let verdict = runtime.block_on(overload(wanted, &mut report))?;
    report.figure("verdict", if verdict.holds() { "held" } else { "not held" });
    if !wanted.unkept {
        report.write()?;
    }
    verdict.end()
}

fn settings() -> Vec<Setting> {
    vec![
        ("sandbox.partners", PARTNERS.to_string()),
        ("sandbox.latency_percent", LATENCY_PERCENT.to_string()),
        ("search.self_transfer.enabled", "false".to_owned()),
        ("server.log", "warn".to_owned()),
    ]
}

async fn overload(wanted: &OverloadArgs, report: &mut Report) -> Result<Verdict> {
    let folder = Processes::folder_for("overload")?;
    let processes = Processes::start(folder, &settings(), 0).await?;
    let ground = Arc::new(Ground {
        edge: processes.edge,
        questions: Arc::new(questions::draw(QUESTIONS, wanted.seed)?),
        popular: 0,
        account: Arc::new(Account::open()?),
        truths: None,
        lives: Arc::default(),
        leaves_after: COMPLETE_WITHIN,
        is_flood: true,
    });
    let step = Duration::from_secs(wanted.step);
    let peak = capacity::measure(&processes, &ground, step).await.context("capacity")?;
    report.setting("seconds of a flood", wanted.seconds);
    report.setting("seed", wanted.seed);
    report.setting("partners", PARTNERS);
    report.setting("partners' time, percent of realistic", LATENCY_PERCENT);
    let steps = peak.steps.iter();
    let steps =
        steps.map(|step| json!({"travellers": step.travellers, "per_second": step.per_second}));
    report.rows("capacity, step by step", steps.collect());
    report.figure("peak goodput, searches/s", peak.per_second);
    report.figure("cores at the peak: edge and cells", peak.cores.fleet);
    report.figure("cores at the peak: market", peak.cores.market);
    report.figure("cores at the peak: generator", peak.cores.generator);
    report.figure("cores at the peak: others", peak.cores.others);
    let mut verdict = Verdict::default();
    for (index, &times) in wanted.times.iter().enumerate() {
        let number = 1 + index as u64;
        let flood = flood(wanted, &processes, &ground, (peak.per_second, times, number)).await?;
        tell(report, &flood, &peak);
        judge(&mut verdict, &flood, &peak);
    }
    for (reason, count) in ground.account.kept().reasons().iter().take(12) {
        say!("failed {count:>6}: {reason}");
    }
    processes.stop().await?;
    Ok(verdict)
}

async fn flood(
    wanted: &OverloadArgs,
    processes: &Processes,
    ground: &Arc<Ground>,
    (peak, times, number): (f64, u64, u64),
) -> Result<Flood> {
    let phase = |per_second, during, part: u64| Arrivals {
        per_second,
        during,
        settle: SETTLE,
        first_question: (number * 4 + part) as usize * (QUESTIONS / 16),
        seed: wanted.seed.wrapping_add(number * 4 + part),
    };
    let calm = CALM_LOAD * peak;
    let before = open_loop(ground, phase(calm, CALM, 0)).await?;
    let (work, began) = (work_of(processes).await?, Instant::now());
    let look = Look::take(processes)?;
    let during = Duration::from_secs(wanted.seconds);
    say!("flood: {:.1} searches/s, {times} times the peak", times as f64 * peak);
    let crowd = open_loop(ground, phase(times as f64 * peak, during, 1)).await?;
    let took = began.elapsed();
    let cores = look.since(processes)?;
    let done = work_of(processes).await?;
    // The flood ended when the last one came; whoever came then may still have waited.
    let rest = AS_BEFORE_WITHIN.saturating_sub(took.saturating_sub(during));
    open_loop(ground, phase(calm, rest.max(SETTLE * 2), 2)).await?;
    let after = open_loop(ground, phase(calm, CALM, 3)).await?;
    let share = |part: u64, all: u64| part as f64 / all.max(1) as f64;
    let in_vain = done.in_vain - work.in_vain;
    let (left, answered) = (done.left - work.left, done.answered - work.answered);
    let let_in = crowd.complete + crowd.left + crowd.failed;
    Ok(Flood {
        times,
        answers_in_vain: share(in_vain, in_vain + done.wanted - work.wanted),
        requests_in_vain: share(left, left + answered),
        searches_in_vain: share(crowd.left + crowd.failed, let_in),
        cores,
        crowd,
        before,
        after,
    })
}

/// What the cells count.
async fn work_of(processes: &Processes) -> Result<Work> {
    let mut work = Work::default();
    for &cell in &processes.cells {
        let load = processes.ask(cell, "/v1/load").await?;
        let count = |group: &str, name: &str| {
            let value = load[group][name].as_u64();
            value.with_context(|| format!("{group}.{name} is missing in {load}"))
        };
        work.wanted += count("answers", "wanted")?;
        work.in_vain += count("answers", "late")? + count("answers", "unwatched")?;
        work.answered += count("requests", "answered")?;
        work.left += count("requests", "left")?;
    }
    Ok(work)
}

fn tell(report: &mut Report, flood: &Flood, peak: &Capacity) {
    let Flood { times, crowd, before, after, .. } = flood;
    let mut figure =
        |name: &str, value: f64| report.figure(&format!("{times} times: {name}"), value);
    figure("offered, searches/s", *times as f64 * peak.per_second);
    figure("goodput, searches/s", crowd.per_second);
    figure("goodput / peak", crowd.per_second / peak.per_second);
    figure("goodput / peak, by the cores that were there", flood.of(peak));
    figure("refused, part of the offered", crowd.refused as f64 / crowd.offered.max(1) as f64);
    figure("without an answer", crowd.failed as f64);
    figure("left before it was complete", crowd.left as f64);
    figure("not complete in time, part of those let in", flood.searches_in_vain);
    figure("answers worked on for nobody, share", flood.answers_in_vain);
    figure("requests whose client had left, share", flood.requests_in_vain);
    figure("ms to completion, p50", crowd.ms_at(0.5));
    figure("ms to completion, p99", crowd.ms_at(0.99));
    figure("ms to completion before, p50", before.ms_at(0.5));
    figure("ms to completion 30 s after, p50", after.ms_at(0.5));
    figure("refused 30 s after, part", after.refused as f64 / after.offered.max(1) as f64);
    figure("cores: edge and cells", flood.cores.fleet);
    figure("cores: market", flood.cores.market);
    figure("cores: generator", flood.cores.generator);
    figure("cores: others", flood.cores.others);
    figure("travellers without room in the generator", crowd.stayed_away as f64);
}

fn judge(verdict: &mut Verdict, flood: &Flood, peak: &Capacity) {
    let Flood { times, crowd, before, after, .. } = flood;
    let ratio = flood.of(peak);
    verdict.must(ratio >= GOODPUT_MIN, format!("{times} times: goodput is {ratio:.2} of its peak"));
    let in_vain = flood.answers_in_vain.max(flood.requests_in_vain);
    verdict.must(
        in_vain < IN_VAIN_MAX,
        format!("{times} times: {:.2}% of the work is for nobody", 100.0 * in_vain),
    );
    let (median, median_before) = (after.ms_at(0.5), before.ms_at(0.5));
    verdict.must(
        median <= AS_BEFORE * median_before,
        format!("{times} times: {median} ms 30 s later, {median_before} ms before"),
    );
    let refused = after.refused as f64 / after.offered.max(1) as f64;
    verdict.must(
        refused <= CALM_REFUSED_MAX && after.failed == 0,
        format!(
            "{times} times: 30 s later {:.1}% are refused and {} fail",
            100.0 * refused,
            after.failed
        ),
    );
    verdict.must(crowd.stayed_away == 0, format!("{times} times: the generator had room for all"));
}
