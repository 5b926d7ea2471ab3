//! Load on one path, as fast as replies come or at a rate, and the CPU time of a process under test.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use hdrhistogram::Histogram;
use tokio::sync::Mutex;

use crate::http1::Connection;

/// What a load run saw.
#[derive(Debug)]
pub(crate) struct LoadResult {
    pub(crate) replies: u64,
    pub(crate) micros: Histogram<u64>,
}

/// Sends the same request over `connections` kept-alive connections as fast as replies come.
/// Every reply must have status 200.
pub(crate) async fn closed_loop(
    address: SocketAddr,
    request: &[u8],
    connections: usize,
    duration: Duration,
) -> Result<LoadResult> {
    let started = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..connections {
        let request = request.to_vec();
        tasks.spawn(async move {
            let mut connection = Connection::open(address).await?;
            let mut micros = Histogram::<u64>::new(3)?;
            while started.elapsed() < duration {
                let sent = Instant::now();
                let reply = connection.send(&request).await?;
                if reply.status != 200 {
                    bail!("status {}: {}", reply.status, String::from_utf8_lossy(reply.body));
                }
                micros.record(sent.elapsed().as_micros() as u64)?;
            }
            Ok(micros)
        });
    }
    let mut micros = Histogram::<u64>::new(3)?;
    while let Some(done) = tasks.join_next().await {
        let part: Histogram<u64> = done.context("a load task panicked")??;
        micros.add(part)?;
    }
    Ok(LoadResult { replies: micros.len(), micros })
}

/// Sends the same request so many times a second over kept-alive connections, each of which takes what
/// is due next. A request's time runs from when it was due. Every reply must have status 200.
pub(crate) async fn open_loop(
    (address, request): (SocketAddr, &[u8]),
    connections: usize,
    per_second: f64,
    duration: Duration,
) -> Result<LoadResult> {
    let started = Instant::now();
    let count = (per_second * duration.as_secs_f64()) as usize;
    let next = Arc::new(Mutex::new(0_usize));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..connections {
        let (request, next) = (request.to_vec(), Arc::clone(&next));
        tasks.spawn(async move {
            let mut connection = Connection::open(address).await?;
            let mut micros = Histogram::<u64>::new(3)?;
            loop {
                let due = {
                    // Whoever has its turn waits for the moment, so that only one looks at the clock.
                    let mut next = next.lock().await;
                    if *next >= count {
                        return anyhow::Ok(micros);
                    }
                    let due = started + Duration::from_secs_f64(*next as f64 / per_second);
                    *next += 1;
                    until(due).await;
                    due
                };
                let reply = connection.send(&request).await?;
                if reply.status != 200 {
                    bail!("status {}: {}", reply.status, String::from_utf8_lossy(reply.body));
                }
                micros.record(due.elapsed().as_micros() as u64)?;
            }
        });
    }
    let mut micros = Histogram::<u64>::new(3)?;
    while let Some(done) = tasks.join_next().await {
        micros.add(done.context("a load task panicked")??)?;
    }
    Ok(LoadResult { replies: micros.len(), micros })
}

/// Waits to the microsecond: a timer is a millisecond coarse, so the last part is waited for by yielding, to
/// tasks here and to a server on the same core.
async fn until(due: Instant) {
    tokio::time::sleep_until((due - Duration::from_millis(2)).into()).await;
    while Instant::now() < due {
        std::thread::yield_now();
        tokio::task::yield_now().await;
    }
}

/// CPU seconds (user and system) a process has used.
pub(crate) fn cpu_seconds(pid: u32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks = |index: usize| -> Result<f64> {
        Ok(fields.get(index).context("/proc/PID/stat is too short")?.parse::<u64>()? as f64)
    };
    // Fields 14 and 15 of proc(5); the clock tick is 100 a second on every Linux we run on.
    Ok((ticks(11)? + ticks(12)?) / 100.0)
}

/// Resident memory of a process in MiB.
pub(crate) fn resident_mib(pid: u32) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("no VmRSS")?;
    let kib: f64 = line.split_whitespace().nth(1).context("no VmRSS value")?.parse()?;
    Ok(kib / 1024.0)
}
