//! (d) Distinct live searches at a fixed rate: one process holds platform and sandbox, on all
//! processors, together with this generator, whose share of CPU is printed.
//!
//! Open loop: a search starts when its time has come, whether or not earlier ones are done, so a
//! slow server cannot hide its queue. First offers and completion are seen by polling: every 25 ms at
//! first, then ever less often, as pages do, so that late searches are not made later by being asked.
//!
//! Before it counts, the cell's memory for answers is filled: a cell that has run for a while drops
//! an old search for a new one, and memory that nobody has touched yet costs more than memory that
//! is used again.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use serde_json::Value;

use super::page::{create, start_platform};
use super::questions::{Question, random_questions};
use crate::http1::{Connection, get};
use crate::load::{cpu_seconds, resident_mib};
use crate::report::Report;

/// Time before the second look at a search; between later ones half as much again.
const LOOK: Duration = Duration::from_millis(25);
/// The longest time between two looks.
const LOOK_MAX: Duration = Duration::from_millis(500);
/// Searches before it counts, and how many a second.
const WARM_UP: (usize, u64) = (3_600, 180);
/// One search in so many has its ledger read too.
const LEDGER_SAMPLE: usize = 10;
/// A search that is not complete by then counts as lost.
const LOST_AFTER: Duration = Duration::from_secs(20);

/// Rate, time and seed of one run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) per_second: u64,
    pub(crate) seconds: u64,
    pub(crate) partners: u64,
}

#[derive(Debug)]
struct Seen {
    first: Histogram<u64>,
    complete: Histogram<u64>,
    lost: Vec<String>,
    offers: u64,
    ledgers: u64,
    /// By code, partners that failed.
    faults: BTreeMap<String, u64>,
    partners_asked: u64,
}

/// Runs the plan and notes the figures.
pub(crate) fn run(report: &mut Report, plan: Plan) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measure(report, plan))
}

async fn measure(report: &mut Report, plan: Plan) -> Result<()> {
    let data = std::env::temp_dir().join(format!("fareway-bench-live-{}", std::process::id()));
    let partners = plan.partners.to_string();
    let server = start_platform(
        "0-1",
        &data,
        &[("search.partners_max", &partners), ("search.self_transfer.enabled", "false")],
    )?;
    let (warm_up, per_second) = (random_questions(WARM_UP.0, 99), WARM_UP.1);
    drive(server.address, warm_up, per_second).await?;
    let questions = random_questions((plan.per_second * plan.seconds) as usize, 7);
    let count = questions.len();
    let (server_before, own_before) =
        (cpu_seconds(server.pid())?, cpu_seconds(std::process::id())?);
    let started = Instant::now();
    let seen = drive(server.address, questions, plan.per_second).await?;
    let seconds = started.elapsed().as_secs_f64();
    let server_cpu = cpu_seconds(server.pid())? - server_before;
    let own_cpu = cpu_seconds(std::process::id())? - own_before;
    report.setting("d.searches_per_second", plan.per_second);
    report.setting("d.seconds", plan.seconds);
    report.setting("d.searches_before", WARM_UP.0);
    report.setting("d.partners_per_search", plan.partners);
    report.figure("d. searches offered", count);
    report.figure("d. searches/s completed", (count - seen.lost.len()) as f64 / seconds);
    report.figure("d. searches lost or incomplete", seen.lost.len());
    report.figure(
        "d. partners asked in a search (sampled)",
        seen.partners_asked as f64 / seen.ledgers.max(1) as f64,
    );
    report.figure(
        "d. partners failed in a search (sampled)",
        seen.faults.values().sum::<u64>() as f64 / seen.ledgers.max(1) as f64,
    );
    for (fault, count) in &seen.faults {
        report.figure(&format!("d. of them {fault}"), *count as f64 / seen.ledgers.max(1) as f64);
    }
    report.figure("d. quotes a search (sampled)", seen.offers as f64 / seen.ledgers.max(1) as f64);
    for (name, histogram) in [("first offers", &seen.first), ("completion", &seen.complete)] {
        for (label, quantile) in [("p50", 0.5), ("p99", 0.99)] {
            report.figure(
                &format!("d. {label} ms to {name}"),
                histogram.value_at_quantile(quantile) as f64 / 1_000.0,
            );
        }
    }
    report.figure("d. cores used by platform with sandbox", server_cpu / seconds);
    report.figure("d. cores used by the generator", own_cpu / seconds);
    report.figure("d. resident MiB", resident_mib(server.pid())?);
    for lost in seen.lost.iter().take(5) {
        say!("lost: {lost}");
    }
    let _ = std::fs::remove_dir_all(data);
    Ok(())
}

/// Kept-alive connections, shared by the searches under way.
#[derive(Clone)]
struct Pool {
    address: SocketAddr,
    idle: Arc<Mutex<VecDeque<Connection>>>,
}

impl Pool {
    async fn take(&self) -> Result<Connection> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        match idle {
            Some(connection) => Ok(connection),
            None => Connection::open(self.address).await,
        }
    }

    fn give_back(&self, connection: Connection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push_back(connection);
    }
}

async fn drive(address: SocketAddr, questions: Vec<Question>, per_second: u64) -> Result<Seen> {
    let pool = Pool { address, idle: Arc::default() };
    let started = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    let mut seen = Seen {
        first: Histogram::new(3)?,
        complete: Histogram::new(3)?,
        lost: Vec::new(),
        offers: 0,
        ledgers: 0,
        faults: BTreeMap::new(),
        partners_asked: 0,
    };
    for (index, question) in questions.into_iter().enumerate() {
        let due = started + Duration::from_secs_f64(index as f64 / per_second as f64);
        tokio::time::sleep_until(due.into()).await;
        let pool = pool.clone();
        tasks.spawn(async move {
            one_search(pool, question, due, index.is_multiple_of(LEDGER_SAMPLE)).await
        });
        while let Some(done) = tasks.try_join_next() {
            note(&mut seen, done.context("a search task panicked")?);
        }
    }
    while let Some(done) = tasks.join_next().await {
        note(&mut seen, done.context("a search task panicked")?);
    }
    Ok(seen)
}

/// What became of one search.
struct Outcome {
    first: Duration,
    complete: Duration,
    ledger: Option<Value>,
}

fn note(seen: &mut Seen, outcome: Result<Outcome>) {
    match outcome {
        Ok(outcome) => {
            let _ = seen.first.record(outcome.first.as_micros() as u64);
            let _ = seen.complete.record(outcome.complete.as_micros() as u64);
            let Some(ledger) = outcome.ledger else { return };
            seen.ledgers += 1;
            for row in ledger["partners"].as_array().into_iter().flatten() {
                seen.offers += row["offers"].as_u64().unwrap_or(0);
                seen.partners_asked += u64::from(row["asked"] == true);
                if let Some(fault) = row["fault"].as_str() {
                    *seen.faults.entry(fault.to_owned()).or_default() += 1;
                }
            }
        }
        Err(error) => seen.lost.push(format!("{error:#}")),
    }
}

async fn one_search(
    pool: Pool,
    question: Question,
    due: Instant,
    with_ledger: bool,
) -> Result<Outcome> {
    let mut connection = pool.take().await?;
    let token = create(&mut connection, &question).await?;
    let look = get(&format!("/v1/searches/{token}?limit=1"));
    let mut first = None;
    let mut pause = LOOK;
    loop {
        let page: Value = serde_json::from_slice(connection.send(&look).await?.body)?;
        if first.is_none() && page["total"].as_u64() > Some(0) {
            first = Some(due.elapsed());
        }
        if page["status"] != "incomplete" {
            break;
        }
        anyhow::ensure!(due.elapsed() < LOST_AFTER, "not complete after 20 s");
        // Others may use the connection while this search waits.
        pool.give_back(connection);
        tokio::time::sleep(pause).await;
        pause = (pause * 3 / 2).min(LOOK_MAX);
        connection = pool.take().await?;
    }
    let complete = due.elapsed();
    let ledger = if with_ledger {
        let reply = connection.send(&get(&format!("/v1/searches/{token}/partners"))).await?;
        Some(serde_json::from_slice(reply.body)?)
    } else {
        None
    };
    pool.give_back(connection);
    Ok(Outcome { first: first.unwrap_or(complete), complete, ledger })
}
