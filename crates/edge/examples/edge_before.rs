//! An edge before one server that is no cell of ours, for tests by others: `edge_before ORIGIN`.
//!
//! Whatever the server answers may be kept if it says so, and it is shown all header lines, as the
//! public tests of HTTP caches need it. A client's reload is always heard. Prints the address of the
//! door and runs until it is killed, at most ten minutes.
#![expect(clippy::print_stdout, reason = "whoever starts it reads the address")]

use std::error::Error;
use std::time::Duration;

use edge::{EdgeSettings, Upstream};
use runtime::Limited;

#[path = "measured/one_cell.rs"]
mod one_cell;

/// Longer than all tests take.
const LIFE: Duration = Duration::from_secs(600);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let origin = std::env::args().nth(1).ok_or("usage: edge_before ORIGIN")?.parse()?;
    let mut settings = EdgeSettings::default();
    settings.cache.reload_ms = Limited::literal(0);
    // Tests that break off are no reason to leave the server alone.
    settings.health.failures_max = Limited::literal(1_000);
    settings.health.failed_percent = Limited::literal(100);
    let upstream = Upstream::over_http1(&settings);
    let (address, serving) = one_cell::edge_before(origin, settings, upstream).await?;
    println!("{address}");
    tokio::select! {
        biased;
        () = tokio::time::sleep(LIFE) => {}
        ended = serving => ended?,
    }
    Ok(())
}
