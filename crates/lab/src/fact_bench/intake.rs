//! Facts that others send: lines of JSON of about 250 bytes.
//!
//! (lines) read into columns by one thread, beside the same lines read into maps by serde_json; (intake) sent to the
//! platform over HTTP in bodies of a mebibyte, acknowledged when they are durable, generator included.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use events::fact::{FactSettings, Origin, Recorder, Sender, TakenIn};
use serde_json::{Map, Value, json};

use super::{PARTNERS, open};
use crate::http1::post_with;
use crate::load::{closed_loop, cpu_seconds};
use crate::place::TemporaryFolder;
use crate::report::Report;
use crate::server::{Server, fareway_binary};

/// Bytes of a body: just below what is taken.
const BODY_BYTES: usize = 1_000_000;
/// Bodies under way at once.
const BODIES: usize = 8;

/// A body, and how many facts it holds.
fn body() -> (String, u64) {
    let (mut body, mut facts) = (String::new(), 0);
    while body.len() < BODY_BYTES {
        let (id, fault) = (u128::from(facts) << 64 | 0x1d, facts % 7 == 0);
        let line = json!({
            "id": format!("{id:032x}"), "happened": runtime::unix_ms(),
            "question": format!("{:032x}", u128::from(facts / 30) << 70 | 5),
            "partner": PARTNERS[facts as usize % PARTNERS.len()], "took_ms": 80 + facts % 700,
            "offers": facts % 90, "fault": if fault { "partner_timeout" } else { "answer_truncated" },
        });
        // serde_json sorts; programs write the kind first.
        body.push_str(&line.to_string().replacen('{', "{\"kind\":\"partner_call\",", 1));
        body.push('\n');
        facts += 1;
    }
    (body, facts)
}

/// Lines into columns, one thread.
pub(super) async fn lines(
    report: &mut Report,
    folder: &TemporaryFolder,
    slice: Duration,
) -> Result<()> {
    let log = open(&folder.path().join("lines"))?;
    let recorder = Recorder::open(log, 1, Origin::default(), FactSettings::default()).await?;
    let (body, facts) = body();
    report.figure("lines: bytes each", body.len() as f64 / facts as f64);
    let mut bodies = 0;
    let started = Instant::now();
    while started.elapsed() < slice {
        ensure!(recorder.sort(Sender::Server, body.as_bytes()).is_some(), "nothing is recorded");
        bodies += 1;
    }
    let ours = (bodies * facts) as f64 / started.elapsed().as_secs_f64();
    let mut bodies = 0;
    let started = Instant::now();
    while started.elapsed() < slice {
        for line in body.lines() {
            let read: Map<String, Value> = serde_json::from_str(line)?;
            std::hint::black_box(read);
        }
        bodies += 1;
    }
    let maps = (bodies * facts) as f64 / started.elapsed().as_secs_f64();
    // What was sorted was all of it.
    let sorted = recorder.sort(Sender::Server, body.as_bytes()).context("nothing is recorded")?;
    let taken = recorder.keep(sorted).await?;
    ensure!(taken == TakenIn { durable: facts, ..TakenIn::default() }, "{taken:?}");
    report.figure("lines: million facts/s into columns, one thread", ours / 1e6);
    report.figure("lines: million facts/s into maps by serde_json, one thread", maps / 1e6);
    report.figure("lines: ours / serde_json", ours / maps);
    Ok(())
}

/// Over HTTP, durable.
pub(super) async fn over_http(
    report: &mut Report,
    folder: &TemporaryFolder,
    slice: Duration,
) -> Result<()> {
    let data = folder.path().join("platform");
    let arguments = ["--data", &data.display().to_string(), "--listen", "127.0.0.1:0", "serve"];
    let environment = [("FAREWAY__SANDBOX__ENABLED".to_owned(), "false".to_owned())];
    let arguments = arguments.map(str::to_owned);
    let server = Server::start("0-1", &fareway_binary()?, &arguments, &environment)?;
    let token = std::fs::read_to_string(data.join("operator.token"))?;
    let (body, facts) = body();
    let header = format!("x-fareway-operator: {}\r\n", token.trim());
    let request = post_with("/v1/facts", &header, &body);
    closed_loop(server.address, &request, BODIES, slice / 4).await?;
    let (before, started) = (cpu_seconds(server.pid())?, Instant::now());
    let run = closed_loop(server.address, &request, BODIES, slice).await?;
    let rate = (run.replies * facts) as f64 / started.elapsed().as_secs_f64();
    let used = cpu_seconds(server.pid())? - before;
    report.setting("intake.body_bytes", body.len());
    report.setting("intake.bodies_at_once", BODIES);
    report.figure("intake: million facts/s over HTTP, durable, generator included", rate / 1e6);
    let per_core = (run.replies * facts) as f64 / used.max(0.01);
    report.figure("intake: million facts/s per core of the platform's CPU", per_core / 1e6);
    report.figure("intake: MB/s", rate * body.len() as f64 / facts as f64 / 1e6);
    let p99 = run.micros.value_at_quantile(0.99) as f64 / 1_000.0;
    report.figure("intake: p99 ms until a body is durable", p99);
    Ok(())
}
