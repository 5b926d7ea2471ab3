//! `bench edge`: what the edge costs, beside nginx.
//!
//! ```text
//! generator ─▶ plain server                      core 1: generator and plain server
//! generator ─▶ edge, as `fareway` runs it ─▶ it  core 0: the edge, or nginx
//! generator ─▶ nginx, one worker ─▶ it
//! ```
//!
//! The plain server answers everything with the same kilobyte and stands where the fleet's cells would;
//! those and the control plane are stopped. The three ways take turns, three rounds; medians are
//! noted. At saturation each of 64 connections asks again as soon as it is answered. At a fixed rate a
//! request's time runs from when it was due, by all ways at the same rate: 20,000/s, or 60% of what the
//! slowest way can.

mod nginx;

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use self::nginx::Nginx;
use crate::drill::processes::{Processes, Setting};
use crate::http1::get_with;
use crate::load::{closed_loop, cpu_seconds, open_loop};
use crate::place::TemporaryFolder;
use crate::report::Report;
use crate::search_bench::median;
use crate::server::{Server, on_core_one, pin_self};

const CONNECTIONS: usize = 64;
const BODY_BYTES: usize = 1_024;
const ROUNDS: usize = 3;
/// Requests a second, if the machine can.
const RATE: f64 = 20_000.0;
/// Share of what the slowest way can, if not.
const SHARE: f64 = 0.6;

/// Processes of the fleet that would only disturb.
const STOPPED: [&str; 4] = ["cell-1", "cell-2", "cell-3", "control"];

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct EdgeArgs {
    /// Seconds per measurement; there are eighteen.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
}

/// One way to the plain server.
struct Way {
    name: &'static str,
    address: SocketAddr,
    /// The process between, or the plain server itself.
    pid: u32,
    rates: Vec<f64>,
    per_core: Vec<f64>,
    p50: Vec<f64>,
    p99: Vec<f64>,
    /// CPU microseconds a request at the fixed rate: of the process, and of the plain server.
    cpu: Vec<f64>,
    plain_cpu: Vec<f64>,
}

impl Way {
    fn new(name: &'static str, address: SocketAddr, pid: u32) -> Self {
        let [rates, per_core, p50, p99, cpu, plain_cpu] = [const { Vec::new() }; 6];
        Self { name, address, pid, rates, per_core, p50, p99, cpu, plain_cpu }
    }

    async fn saturate(&mut self, request: &[u8], duration: Duration) -> Result<()> {
        closed_loop(self.address, request, CONNECTIONS, duration / 4).await?;
        let before = cpu_seconds(self.pid)?;
        let run = closed_loop(self.address, request, CONNECTIONS, duration).await?;
        let used = cpu_seconds(self.pid)? - before;
        self.rates.push(run.replies as f64 / duration.as_secs_f64());
        self.per_core.push(run.replies as f64 / used.max(0.01));
        Ok(())
    }

    async fn at_rate(
        &mut self,
        plain: u32,
        request: &[u8],
        rate: f64,
        duration: Duration,
    ) -> Result<()> {
        let before = (cpu_seconds(self.pid)?, cpu_seconds(plain)?);
        let run = open_loop((self.address, request), CONNECTIONS, rate, duration).await?;
        let a_request = |now: f64, before: f64| (now - before) * 1e6 / run.replies.max(1) as f64;
        self.cpu.push(a_request(cpu_seconds(self.pid)?, before.0));
        self.plain_cpu.push(a_request(cpu_seconds(plain)?, before.1));
        self.p50.push(run.micros.value_at_quantile(0.5) as f64);
        self.p99.push(run.micros.value_at_quantile(0.99) as f64);
        Ok(())
    }
}

/// Measures and writes one result file.
pub(crate) fn run(wanted: &EdgeArgs) -> Result<()> {
    let mut report = Report::new("edge");
    on_core_one(measure(&mut report, Duration::from_secs(wanted.seconds)))?;
    report.write()
}

async fn measure(report: &mut Report, duration: Duration) -> Result<()> {
    let folder = TemporaryFolder::make(&std::env::temp_dir(), "edge-bench")?;
    let file = folder.path().join("body");
    std::fs::write(&file, [b'x'; BODY_BYTES])?;
    let arguments = ["plain-server", &file.display().to_string(), "--ports", "3"];
    let lab = std::env::current_exe()?;
    let plain = Server::start("1", &lab, &arguments.map(str::to_owned), &[])?;
    let origins: Vec<SocketAddr> =
        (0..3).map(|at| SocketAddr::new(plain.address.ip(), plain.address.port() + at)).collect();
    // Who is started inherits the core, and makes as many threads as it has cores.
    pin_self("0")?;
    let nginx = Nginx::start(folder.path(), &origins).await?;
    let fleet = Processes::folder_for("edge-fleet")?;
    let fleet = Processes::start(fleet, &settings(plain.address.port()), 0).await?;
    pin_self("1")?;
    for role in STOPPED {
        fleet.signal(role, "-STOP")?;
    }
    let edge = fleet.pid_of("edge").context("the edge does not run")?;
    let mut ways = [
        Way::new("direct", plain.address, plain.pid()),
        Way::new("edge", fleet.edge, edge),
        Way::new("nginx", nginx.address, nginx.pid()),
    ];
    let request = get_with("/v1/bench", "x-fareway-visit: bench\r\n");
    for _ in 0..ROUNDS {
        for way in &mut ways {
            way.saturate(&request, duration).await.context(way.name)?;
        }
    }
    let slowest = ways.iter_mut().map(|way| median(&mut way.rates)).fold(f64::MAX, f64::min);
    let rate = RATE.min((slowest * SHARE / 100.0).floor() * 100.0);
    ensure!(rate >= 100.0, "only {slowest:.0} requests a second are answered");
    for _ in 0..ROUNDS {
        for way in &mut ways {
            way.at_rate(plain.pid(), &request, rate, duration).await.context(way.name)?;
        }
    }
    report.setting("connections", CONNECTIONS);
    report.setting("body_bytes", BODY_BYTES);
    report.setting("seconds", duration.as_secs());
    report.setting("requests_a_second", rate);
    report.setting("nginx", nginx.version.clone());
    report.setting("cores", "0: edge or nginx; 1: generator and plain server");
    tell(report, &mut ways);
    for role in STOPPED {
        fleet.signal(role, "-CONT")?;
    }
    fleet.stop().await.map(drop)
}

fn settings(port: u16) -> Vec<Setting> {
    vec![
        ("fleet.reached_port", port.to_string()),
        ("sandbox.enabled", "false".to_owned()),
        // It is saturated on purpose, and shall turn nobody away.
        ("edge.late_ms", "10000".to_owned()),
        ("server.log", "warn".to_owned()),
    ]
}

fn tell(report: &mut Report, ways: &mut [Way; 3]) {
    for way in ways.iter_mut() {
        let name = way.name;
        let mut note = |what: &str, values: &mut [f64]| {
            report.figure(&format!("{name}: {what}"), median(values));
        };
        note("requests/s at saturation", &mut way.rates);
        note("requests/s per core of its CPU, at saturation", &mut way.per_core);
        note("p50 us at the fixed rate", &mut way.p50);
        note("p99 us at the fixed rate", &mut way.p99);
        note("CPU us a request at the fixed rate", &mut way.cpu);
    }
    let [direct, edge, nginx] = ways;
    let alone = median(&mut direct.cpu);
    for way in [&mut *edge, &mut *nginx] {
        let name = way.name;
        let added = median(&mut way.p50) - median(&mut direct.p50);
        report.figure(&format!("{name}: p50 us added"), added);
        let added = median(&mut way.p99) - median(&mut direct.p99);
        report.figure(&format!("{name}: p99 us added"), added);
        let cpu = median(&mut way.cpu);
        report.figure(&format!("{name}: CPU of its own / of the plain server alone"), cpu / alone);
        let both = cpu + median(&mut way.plain_cpu);
        report.figure(&format!("{name}: CPU with the plain server / of that alone"), both / alone);
    }
    let ratio = median(&mut edge.per_core) / median(&mut nginx.per_core);
    report.figure("edge / nginx: requests per core of CPU", ratio);
}
