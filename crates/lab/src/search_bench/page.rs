//! (c) A page of a finished search over HTTP, against a plain hyper server with the same bytes.

use std::time::Duration;

use anyhow::{Context, Result};

use super::questions::{Question, random_questions};
use crate::http1::{Connection, get, post};
use crate::load::{LoadResult, closed_loop, cpu_seconds, resident_mib};
use crate::report::Report;
use crate::server::{Server, fareway_binary, on_core_one};

const CONNECTIONS: usize = 64;

/// Measures both in turn, three rounds, and notes the medians.
pub(crate) fn run(report: &mut Report, seconds: u64) -> Result<()> {
    on_core_one(measure(report, Duration::from_secs(seconds)))
}

async fn measure(report: &mut Report, duration: Duration) -> Result<()> {
    let data = std::env::temp_dir().join(format!("fareway-bench-{}", std::process::id()));
    let cell = start_platform("0", &data, &[])?;
    let (path, body) = finished_page(&cell).await?;
    let request = get(&path);
    let file = std::env::temp_dir().join(format!("fareway-bench-page-{}", std::process::id()));
    std::fs::write(&file, &body)?;
    let plain = Server::start(
        "0",
        &std::env::current_exe()?,
        &["plain-server".to_owned(), file.display().to_string()],
        &[],
    )?;
    let (mut ours, mut walls, mut latencies) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..3 {
        let (rate, run) = per_core(&cell, &request, duration).await?;
        ours.push(rate);
        latencies.push((run.micros.value_at_quantile(0.5), run.micros.value_at_quantile(0.99)));
        walls.push(per_core(&plain, &request, duration).await?.0);
    }
    let (ours, wall) = (median(&mut ours), median(&mut walls));
    report.setting("c.connections", CONNECTIONS);
    report.figure("c. page bytes", body.len());
    report.figure("c. pages/s per core of CPU, cell", ours);
    report.figure("c. pages/s per core of CPU, plain hyper, same bytes", wall);
    report.figure("c. ratio to plain hyper", ours / wall);
    report.figure("c. p50 us", latencies[1].0);
    report.figure("c. p99 us", latencies[1].1);
    report.figure("c. resident MiB of the platform", resident_mib(cell.pid())?);
    let _ = std::fs::remove_file(file);
    let _ = std::fs::remove_dir_all(data);
    Ok(())
}

/// Replies per CPU second of the server.
async fn per_core(
    server: &Server,
    request: &[u8],
    duration: Duration,
) -> Result<(f64, LoadResult)> {
    closed_loop(server.address, request, CONNECTIONS, duration / 4).await?;
    let before = cpu_seconds(server.pid())?;
    let run = closed_loop(server.address, request, CONNECTIONS, duration).await?;
    let used = cpu_seconds(server.pid())? - before;
    Ok((run.replies as f64 / used.max(0.01), run))
}

pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Starts the platform with the sandbox's partners answering at once.
pub(crate) fn start_platform(
    cpus: &str,
    data: &std::path::Path,
    settings: &[(&str, &str)],
) -> Result<Server> {
    let mut environment = vec![("FAREWAY__SANDBOX__LATENCY_PERCENT".to_owned(), "0".to_owned())];
    environment.extend(settings.iter().map(|(key, value)| {
        (format!("FAREWAY__{}", key.replace('.', "__").to_uppercase()), (*value).to_owned())
    }));
    let arguments = ["--data", &data.display().to_string(), "--listen", "127.0.0.1:0", "serve"];
    Server::start(cpus, &fareway_binary()?, &arguments.map(str::to_owned), &environment)
}

/// Finishes one search and returns the path of its first page, and the page.
async fn finished_page(cell: &Server) -> Result<(String, Vec<u8>)> {
    let mut connection = Connection::open(cell.address).await?;
    let question = random_questions(1, 1).pop().context("a question")?;
    let token = create(&mut connection, &question).await?;
    let path = format!("/v1/searches/{token}?limit=10");
    for _ in 0..200 {
        let reply = connection.send(&get(&path)).await?;
        let page: serde_json::Value = serde_json::from_slice(reply.body)?;
        if page["status"] == "complete" {
            anyhow::ensure!(
                page["matched"].as_u64() >= Some(10),
                "a thin search: {}",
                page["matched"]
            );
            return Ok((path, reply.body.to_vec()));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    anyhow::bail!("the search did not finish within 20 s")
}

/// Creates a search and returns its token.
pub(crate) async fn create(connection: &mut Connection, question: &Question) -> Result<String> {
    let reply = connection.send(&post("/v1/searches", &question.body())).await?;
    let text = String::from_utf8_lossy(reply.body).into_owned();
    anyhow::ensure!(reply.status == 201, "create answered {}: {text}", reply.status);
    let created: serde_json::Value = serde_json::from_str(&text)?;
    Ok(created["token"].as_str().context("a token")?.to_owned())
}
