//! The real binary as its users meet it: over HTTP, from the terminal, and when something is wrong.
//!
//! One server with a fresh data folder and the simulated market serves all HTTP checks, and is
//! stopped at the end while a client still listens to a search's events. Each check is a sentence
//! that is printed with its verdict; a failing one does not stop the next.

mod api;
mod dates;
mod mistakes;
mod terminal;

use std::io::Read;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::{Ground, Tally, rust};
use crate::http;
use crate::server::Server;

/// Verdicts so far.
#[derive(Debug, Default)]
struct Checks {
    tally: Tally,
}

impl Checks {
    fn note(&mut self, sentence: &str, verdict: Result<()>) {
        match verdict {
            Ok(()) => {
                self.tally.passed += 1;
                println!("ok      {sentence}");
            }
            Err(error) => {
                self.tally.failed += 1;
                println!("FAILED  {sentence}: {error:#}");
            }
        }
    }
}

pub(super) fn run(ground: &Ground) -> Result<Tally> {
    rust::release(ground)?;
    let mut checks = Checks::default();
    let server = Server::start(ground)?;
    println!("ready after {:.1} s at {}", server.ready_after.as_secs_f64(), server.url());
    checks.note("the terminal says what to open", says_what_to_open(&server));
    api::run(server.url(), &mut checks);
    terminal::run(ground, &mut checks);
    mistakes::run(ground, &server, &mut checks);
    checks.note("Ctrl-C stops it within 5 s while a client listens", stops(server));
    Ok(checks.tally)
}

fn says_what_to_open(server: &Server) -> Result<()> {
    ensure!(server.says_what_to_open(), "no such line in:\n{}", server.output());
    server.sandbox_url().map(drop)
}

/// Stops the server while an event stream is open; the stream must end, too.
fn stops(server: Server) -> Result<()> {
    let token = api::create(server.url(), &dates::ahead(75))?;
    let url = format!("{}/v1/searches/{token}/events", server.url());
    let mut stream = http::open("GET", &url, None)?;
    let mut first = [0_u8; 12];
    stream.read_exact(&mut first).context("the event stream gave nothing")?;
    ensure!(first.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&first));
    let took = server.stop()?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    let mut rest = Vec::new();
    if let Err(error) = stream.read_to_end(&mut rest)
        && error.kind() != std::io::ErrorKind::ConnectionReset
    {
        bail!("the event stream stayed open: {error}");
    }
    println!("stopped after {:.1} s", took.as_secs_f64());
    Ok(())
}
