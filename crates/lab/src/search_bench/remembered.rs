//! (e) Remembered searches over HTTP: one create and one page each, of questions whose answers are
//! fresh in the store. The platform has one core, the generator the other.
//!
//! First at a fixed rate, open loop, so that a slow server cannot hide its queue: the time of a search
//! runs from the moment it was due until its page is there. Then as fast as replies come, for the
//! searches a core of CPU carries.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use hdrhistogram::Histogram;

use super::page::{create, median, start_platform};
use super::questions::random_questions;
use crate::http1::{Connection, get, post};
use crate::load::{cpu_seconds, resident_mib};
use crate::report::Report;
use crate::server::{Server, on_core_one};

/// Questions whose answers are remembered.
const QUESTIONS: usize = 200;
/// Searches a second of the fixed rate.
const RATE: u64 = 5_000;
const CONNECTIONS: usize = 64;

pub(crate) fn run(report: &mut Report, seconds: u64) -> Result<()> {
    on_core_one(measure(report, Duration::from_secs(seconds)))
}

async fn measure(report: &mut Report, duration: Duration) -> Result<()> {
    let data = std::env::temp_dir().join(format!("fareway-bench-memory-{}", std::process::id()));
    // As many searches are open as the rate brings in the time a search stays open here.
    // Live answers are not shared once they are complete: only memory answers.
    let settings =
        [("search.open_s", "60"), ("search.open_max", "1000000"), ("search.fresh_ms", "0")];
    let cell = start_platform("0", &data, &settings)?;
    let bodies = warm_up(&cell).await?;
    let creates: Arc<[Vec<u8>]> = bodies.iter().map(|body| post("/v1/searches", body)).collect();
    let mut rates = Vec::new();
    for _ in 0..3 {
        let before = cpu_seconds(cell.pid())?;
        let searches = closed(&cell, &creates, duration).await?;
        rates.push(searches as f64 / (cpu_seconds(cell.pid())? - before).max(0.01));
    }
    let before = cpu_seconds(cell.pid())?;
    let micros = open_loop(&cell, &creates, duration * 2).await?;
    let used = cpu_seconds(cell.pid())? - before;
    report.setting("e.questions", QUESTIONS);
    report.setting("e.searches_per_second", RATE);
    report.setting("e.connections", CONNECTIONS);
    report.figure("e. remembered searches/s per core of CPU", median(&mut rates));
    report.figure("e. searches done at the fixed rate", micros.len());
    for (label, quantile) in [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)] {
        let ms = micros.value_at_quantile(quantile) as f64 / 1_000.0;
        report.figure(&format!("e. {label} ms of create and page at the fixed rate"), ms);
    }
    report.figure("e. cores used at the fixed rate", used / (duration * 2).as_secs_f64());
    report.figure("e. resident MiB of the platform", resident_mib(cell.pid())?);
    let _ = std::fs::remove_dir_all(data);
    Ok(())
}

/// Asks every question once, and again until it is answered from memory alone.
async fn warm_up(cell: &Server) -> Result<Vec<String>> {
    let mut connection = Connection::open(cell.address).await?;
    let mut bodies = Vec::new();
    for question in random_questions(QUESTIONS * 2, 5) {
        let token = create(&mut connection, &question).await?;
        let path = get(&format!("/v1/searches/{token}?limit=10"));
        let mut offers = 0;
        for _ in 0..400 {
            let page: serde_json::Value =
                serde_json::from_slice(connection.send(&path).await?.body)?;
            offers = page["matched"].as_u64().unwrap_or(0);
            if page["status"] != "incomplete" {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // A page has ten itineraries, or it is no measure of one.
        if offers >= 10 {
            bodies.push(question.body());
        }
        if bodies.len() == QUESTIONS {
            break;
        }
    }
    ensure!(bodies.len() == QUESTIONS, "only {} questions have ten itineraries", bodies.len());
    // The last ones are on their way to the log.
    tokio::time::sleep(Duration::from_secs(2)).await;
    for body in &bodies {
        let reply = connection.send(&post("/v1/searches", body)).await?;
        let created: serde_json::Value = serde_json::from_slice(reply.body)?;
        ensure!(created["status"] == "complete", "not remembered: {body}");
    }
    Ok(bodies)
}

/// One search: create, read the token, get the page.
async fn one(connection: &mut Connection, create: &[u8]) -> Result<()> {
    let reply = connection.send(create).await?;
    ensure!(reply.status == 201, "{}", String::from_utf8_lossy(reply.body));
    let text = str::from_utf8(reply.body)?;
    let token = text.strip_prefix("{\"token\":\"").and_then(|rest| rest.split('"').next());
    let path = get(&format!("/v1/searches/{}?limit=10", token.context("no token")?));
    let reply = connection.send(&path).await?;
    ensure!(reply.status == 200, "{}", String::from_utf8_lossy(reply.body));
    ensure!(reply.body.len() > 4_096, "a thin page");
    Ok(())
}

async fn closed(cell: &Server, creates: &Arc<[Vec<u8>]>, duration: Duration) -> Result<usize> {
    let (started, next) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (address, creates, next) = (cell.address, Arc::clone(creates), Arc::clone(&next));
        tasks.spawn(async move {
            let mut connection = Connection::open(address).await?;
            while started.elapsed() < duration {
                let at = next.fetch_add(1, Ordering::Relaxed);
                one(&mut connection, &creates[at % creates.len()]).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.context("a load task panicked")??;
    }
    Ok(next.load(Ordering::Relaxed))
}

async fn open_loop(
    cell: &Server,
    creates: &Arc<[Vec<u8>]>,
    duration: Duration,
) -> Result<Histogram<u64>> {
    let started = Instant::now();
    let count = (RATE as f64 * duration.as_secs_f64()) as usize;
    let next = Arc::new(AtomicUsize::new(0));
    let mut tasks = tokio::task::JoinSet::new();
    // Each connection takes the search that is due next; its time runs from when it was due.
    for _ in 0..CONNECTIONS {
        let (address, creates, next) = (cell.address, Arc::clone(creates), Arc::clone(&next));
        tasks.spawn(async move {
            let mut connection = Connection::open(address).await?;
            let mut micros = Histogram::<u64>::new(3)?;
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                if at >= count {
                    return anyhow::Ok(micros);
                }
                let due = started + Duration::from_secs_f64(at as f64 / RATE as f64);
                // A timer is a millisecond coarse, so the last part is waited for by yielding.
                tokio::time::sleep_until((due - Duration::from_millis(2)).into()).await;
                while Instant::now() < due {
                    tokio::task::yield_now().await;
                }
                one(&mut connection, &creates[at % creates.len()]).await?;
                micros.record(due.elapsed().as_micros() as u64)?;
            }
        });
    }
    let mut all = Histogram::<u64>::new(3)?;
    while let Some(done) = tasks.join_next().await {
        all.add(done.context("a load task panicked")??)?;
    }
    Ok(all)
}
