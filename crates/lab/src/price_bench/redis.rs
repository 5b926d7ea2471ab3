//! The same prices into a real Redis or Valkey: SET in pipelines of 100, one connection, no fsync.
//!
//! A key names question, itinerary and seller, as our table does; the value is the price and when it
//! was seen. That is its usual use as a price cache, and the best it does.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::load::Load;
use crate::report::Report;

/// Commands in one pipeline.
const PIPELINE: usize = 100;

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

const NAME: &str = "redis-server";
const MISSING: &str = "redis-server does not start: install the Debian package redis-server";

/// Whether there is one.
pub(super) fn find() -> Result<()> {
    let found = Command::new(NAME).arg("--version").stdout(Stdio::null()).status();
    ensure!(found.context(MISSING)?.success(), MISSING);
    Ok(())
}

/// Measures; prices a second.
pub(super) fn run(report: &mut Report, load: &Load, slice: Duration) -> Result<f64> {
    let port = free_port()?;
    let server = Command::new(NAME)
        .args(["--port", &port.to_string(), "--save", "", "--appendonly", "no"])
        .stdout(Stdio::null())
        .spawn()
        .context(MISSING)?;
    let _server = Running(server);
    let mut stream = connect(port)?;
    let commands = pipelines(load);
    let started = Instant::now();
    let mut prices = 0;
    'time: loop {
        for (bytes, count) in &commands {
            if started.elapsed() >= slice {
                break 'time;
            }
            stream.write_all(bytes)?;
            // `+OK\r\n` each.
            let mut replies = vec![0; count * 5];
            stream.read_exact(&mut replies)?;
            ensure!(replies.chunks(5).all(|reply| reply == b"+OK\r\n"), "Redis refused a SET");
            prices += count;
        }
    }
    let rate = prices as f64 / started.elapsed().as_secs_f64();
    report.figure("peers: Redis SET, pipeline 100, million prices/s", rate / 1e6);
    Ok(rate)
}

fn connect(port: u16) -> Result<TcpStream> {
    for _ in 0..100 {
        if let Ok(stream) = TcpStream::connect(("127.0.0.1", port)) {
            stream.set_nodelay(true)?;
            return Ok(stream);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    anyhow::bail!("redis-server does not listen on port {port}")
}

fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Ten searches as pipelines of SETs.
fn pipelines(load: &Load) -> Vec<(Vec<u8>, usize)> {
    let mut all = Vec::new();
    let (mut bytes, mut count) = (Vec::new(), 0);
    for number in 0..10 {
        for one in load.search(number, runtime::unix_ms()) {
            let question = one.question.key();
            for offer in one.answer.offers() {
                let itinerary = one.answer.keys()[offer.itinerary as usize];
                let minor = offer.price.map_or(0, |price| price.minor);
                let key =
                    format!("{:016x}{:016x}{}", question.0 as u64, itinerary.0 as u64, offer.agent);
                let value = format!("{minor}:{}", one.at_ms);
                bytes.extend_from_slice(
                    format!(
                        "*3\r\n$3\r\nSET\r\n${}\r\n{key}\r\n${}\r\n{value}\r\n",
                        key.len(),
                        value.len()
                    )
                    .as_bytes(),
                );
                count += 1;
                if count == PIPELINE {
                    all.push((std::mem::take(&mut bytes), std::mem::take(&mut count)));
                }
            }
        }
    }
    all
}
