//! `chaos`: a fleet of real processes at 60% of its capacity, in which something goes wrong every few
//! seconds; travellers judge every answer.
//!
//! ```text
//! travellers ─▶ edge ─▶ proxy ─▶ cell × 3 ─▶ market          capacity first, on the quiet fleet
//!                         ▲        ▲   kill -9, SIGSTOP, full disk
//!                latency, resets, partition                  control plane: killed, stopped
//! end: verdict ─▶ exit code, bench/results/
//! ```
//!
//! The edge is one process and the only door: that it can be lost is no question of availability here
//! (run two), so it is left alone; so is the market, which stands for partners.
//!
//! The seed gives faults, their order, targets and lengths; what the processes make of them is theirs.
//! Start reading at [`run`].

mod faults;
mod proxy;
mod tell;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use self::faults::{Fault, Kind, Scene, schedule};
use self::proxy::Proxy;
use crate::drill::account::Account;
use crate::drill::crowd::{Arrivals, open_loop};
use crate::drill::processes::{CELLS, Processes, Setting};
use crate::drill::processors::Look;
use crate::drill::traveller::Ground;
use crate::drill::truth::Truths;
use crate::drill::verdict::Verdict;
use crate::drill::{capacity, questions};
use crate::report::Report;

/// The part of the capacity that travellers ask for.
const LOAD: f64 = 0.6;
/// The disk of each cell.
const DISK_MIB: u64 = 256;
/// Partners of the market, all of which can be asked; how long they take, percent of realistic.
const PARTNERS: u64 = 120;
const LATENCY_PERCENT: u64 = 25;
/// Distinct questions: enough that partners are asked most of them; and those that many ask.
const QUESTIONS: usize = 40_000;
const POPULAR: usize = 200;
/// Time before the first fault, and after the last one before all must be well.
const CALM: Duration = Duration::from_secs(10);
/// Time for who was hit to be well again. Source: the goal of the simulator.
const WELL_WITHIN: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(100);

/// How long, and what.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ChaosArgs {
    /// Minutes of load.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=1_440))]
    minutes: u64,
    /// Seed of faults and travellers.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Seconds from one fault to the next.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(8..=600))]
    fault_every: u64,
    /// Seconds of each step of the search for the capacity.
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u64).range(3..=60))]
    step: u64,
    /// Leave out full disks, where no small disk can be mounted.
    #[arg(long)]
    without_disk: bool,
    /// Leave no result file.
    #[arg(long)]
    unkept: bool,
}

/// What became of one fault.
#[derive(Debug)]
struct Happened {
    fault: Fault,
    /// Since the load began.
    at: Duration,
    /// Until the edge gave the cell no work any more; `None` if it went on all the time.
    noticed: Option<Duration>,
    /// From its end until who was hit was well; `None`: never.
    recovered: Option<Duration>,
}

/// Runs it, writes one result file, and fails if a condition does not hold.
pub(crate) fn run(wanted: &ChaosArgs) -> Result<()> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut report = Report::new("chaos");
    let verdict = runtime.block_on(chaos(wanted, &mut report))?;
    report.figure("verdict", if verdict.holds() { "held" } else { "not held" });
    if !wanted.unkept {
        report.write()?;
    }
    verdict.end()
}

fn settings(reached_port: u16) -> Vec<Setting> {
    vec![
        ("fleet.reached_port", reached_port.to_string()),
        ("sandbox.partners", PARTNERS.to_string()),
        ("sandbox.latency_percent", LATENCY_PERCENT.to_string()),
        // What two tickets cost together is compared elsewhere (`truth`).
        ("search.self_transfer.enabled", "false".to_owned()),
        // Remembered answers are a minute old at most, so that most questions are asked.
        ("prices.freshness.this_week_minutes", "1".to_owned()),
        ("prices.freshness.this_month_minutes", "1".to_owned()),
        ("prices.freshness.later_minutes", "1".to_owned()),
        ("prices.freshness.no_flights_minutes", "1".to_owned()),
        ("prices.freshness.changed_per_mille", "1000".to_owned()),
        ("search.fresh_ms", "0".to_owned()),
        ("prices.log.segment_bytes", (8 << 20).to_string()),
        ("server.log", "warn".to_owned()),
    ]
}

async fn chaos(wanted: &ChaosArgs, report: &mut Report) -> Result<Verdict> {
    let kinds: Vec<Kind> = Kind::ALL
        .into_iter()
        .filter(|&kind| kind != Kind::FullDisk || !wanted.without_disk)
        .collect();
    let during = Duration::from_secs(60 * wanted.minutes);
    let every = Duration::from_secs(wanted.fault_every);
    let count = (during.saturating_sub(2 * CALM).as_secs() / wanted.fault_every) as usize;
    ensure!(
        count >= kinds.len(),
        "{count} faults fit, and there are {} kinds: more --minutes, or less --fault-every",
        kinds.len()
    );
    let faults = schedule(wanted.seed, count, &kinds, every.mul_f64(0.6));
    let (port, listeners) = proxy::bind(CELLS as u16)?;
    let disk_mib = if wanted.without_disk { 0 } else { DISK_MIB };
    // The proxies first: who starts looks for the cells where they stand.
    let folder = Processes::folder_for("chaos")?;
    let proxies = listeners.into_iter().enumerate();
    let proxies: Vec<Proxy> = proxies
        .map(|(cell, listener)| Proxy::start(listener, folder.path().to_owned(), cell))
        .collect();
    let processes = Processes::start(folder, &settings(port), disk_mib).await?;
    let ground = ground(&processes, wanted.seed)?;
    let step = Duration::from_secs(wanted.step);
    let capacity = capacity::measure(&processes, &ground, step).await.context("capacity")?;
    let quiet = ground.account.kept().availability();
    let ground = Arc::new(Ground { account: Arc::new(Account::open()?), ..(*ground).clone() });
    let scene = Scene { processes, proxies, lives: Arc::clone(&ground.lives) };
    let arrivals = Arrivals {
        per_second: LOAD * capacity.per_second,
        during,
        settle: Duration::ZERO,
        first_question: QUESTIONS / 2,
        seed: wanted.seed,
    };
    say!("load: {:.1} searches/s for {} s, {count} faults", arrivals.per_second, during.as_secs());
    let look = Look::take(&scene.processes)?;
    let (crowd, happened) =
        tokio::try_join!(open_loop(&ground, arrivals), trouble(&scene, &faults, every))?;
    // A process that was killed took its seconds with it: only those of generator and neighbours count.
    let cores = look.since(&scene.processes)?;
    let all_up = until_well(|| scene.processes.all_up()).await;
    let output = scene.processes.stop().await?;
    let told = tell::Told {
        wanted,
        capacity: &capacity,
        quiet_availability: quiet,
        kinds: &kinds,
        crowd: &crowd,
        happened: &happened,
        all_up,
        cores,
    };
    let verdict = tell::tell(report, &told, &ground.account);
    if !verdict.holds() {
        let lines: Vec<&str> = output.lines().collect();
        say!("the last lines of the fleet:");
        lines.iter().skip(lines.len().saturating_sub(60)).for_each(|line| say!("  {line}"));
    }
    Ok(verdict)
}

fn ground(processes: &Processes, seed: u64) -> Result<Arc<Ground>> {
    Ok(Arc::new(Ground {
        edge: processes.edge,
        questions: Arc::new(questions::draw(QUESTIONS, seed)?),
        popular: POPULAR,
        account: Arc::new(Account::open()?),
        truths: Some(Arc::new(Truths::new(1, LATENCY_PERCENT)?)),
        lives: Arc::default(),
        leaves_after: Duration::from_secs(120),
        is_flood: false,
    }))
}

/// Brings the faults, one after the other, and looks what becomes of each.
async fn trouble(scene: &Scene, faults: &[Fault], every: Duration) -> Result<Vec<Happened>> {
    let began = Instant::now();
    let mut happened = Vec::with_capacity(faults.len());
    for (index, fault) in faults.iter().enumerate() {
        let due = began + CALM + every * index as u32;
        tokio::time::sleep_until(due.into()).await;
        let at = began.elapsed();
        let (kind, role) = (fault.kind.name(), fault.role());
        scene.begin(fault).with_context(|| format!("{kind} at {role}"))?;
        let over = Instant::now() + fault.lasts;
        let mut noticed = None;
        // A cell that is killed is looked at until it is noticed, or has long been back.
        let looks_until = over.max(Instant::now() + Duration::from_secs(2));
        while fault.kind.hits_a_cell() && noticed.is_none() && Instant::now() < looks_until {
            tokio::time::sleep(LOOK / 2).await;
            let standing = scene.standing(fault.cell).await;
            if standing.is_some_and(|standing| standing != "up") {
                noticed = Some(began.elapsed() - at);
            }
        }
        tokio::time::sleep_until(over.into()).await;
        let log_bytes = scene.log_bytes(fault);
        scene.end(fault).with_context(|| format!("the end of {kind} at {role}"))?;
        let ended = Instant::now();
        let well = until_well(|| scene.is_well(fault, log_bytes)).await;
        // A killed cell was hit when it was killed, however long it was looked at.
        let recovered = well.then(|| ended.elapsed().saturating_add(ended - over));
        say!(
            "{:>6.1} s: {kind} at {role} for {:.1} s: {}, {}",
            at.as_secs_f64(),
            fault.lasts.as_secs_f64(),
            noticed.map_or("not noticed".to_owned(), |after| format!(
                "noticed after {:.1} s",
                after.as_secs_f64()
            )),
            recovered.map_or("not well again".to_owned(), |after| format!(
                "well after {:.1} s",
                after.as_secs_f64()
            )),
        );
        happened.push(Happened { fault: *fault, at, noticed, recovered });
    }
    Ok(happened)
}

/// Waits until it is so; whether it came to be so in time.
async fn until_well<F: Future<Output = bool>>(mut so: impl FnMut() -> F) -> bool {
    let began = Instant::now();
    while began.elapsed() < WELL_WITHIN {
        if so().await {
            return true;
        }
        tokio::time::sleep(LOOK).await;
    }
    false
}
