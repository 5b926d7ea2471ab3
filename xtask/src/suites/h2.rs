//! The public conformance tests of HTTP/2 (h2spec, pinned in `xtask/h2spec`) against a cell and an edge.
//!
//! Both are the release binary, over TLS with ALPN, as browsers speak it. The edge's answers come from a
//! cell behind it. In the clear the same port speaks HTTP/1.1 too, and to a first line that is neither it
//! answers 400 in HTTP/1.1 before it closes, which h2spec takes for a broken frame.

use std::time::Duration;

use anyhow::{Context, Result};

use super::{Ground, Tally, rust};
use crate::process::Task;
use crate::server::Server;
use crate::{failures, provision};

/// Seconds for one test to see what it waits for.
const PATIENCE: &str = "5";
const LIMIT: Duration = Duration::from_secs(600);

pub(super) fn run(ground: &Ground) -> Result<Tally> {
    let program = provision::h2spec(ground)?;
    rust::release(ground)?;
    let mut tally = Tally::default();
    for (name, arguments) in [("cell", &[][..]), ("edge", &["--cells", "1"][..])] {
        let server = Server::start_over_tls(ground, arguments)?;
        let (_, port) = server.url().rsplit_once(':').context("an address without a port")?;
        let finished = Task::new(&program, &ground.root)
            .arguments(["--strict", "--tls", "--insecure", "--host", "127.0.0.1", "--port", port])
            .arguments(["--timeout", PATIENCE])
            .limit(LIMIT)
            .run()?;
        let counted = finished.lines.iter().rev().find_map(|line| counts(line));
        let counted = counted.context("h2spec gave no counts")?;
        println!("{name}: {} of {} pass", counted.passed, counted.passed + counted.failed);
        if counted.failed > 0 {
            failures::note(format!("h2spec against the {name}: {} failed", counted.failed));
        }
        tally.add(counted);
        server.stop()?;
    }
    Ok(tally)
}

/// Reads `146 tests, 145 passed, 0 skipped, 1 failed`. What is skipped was not shown to hold.
fn counts(line: &str) -> Option<Tally> {
    let mut words = line.split(", ");
    words.next()?.strip_suffix(" tests")?;
    let mut count = |what: &str| words.next()?.strip_suffix(what)?.parse::<u64>().ok();
    let (passed, skipped, failed) = (count(" passed")?, count(" skipped")?, count(" failed")?);
    Some(Tally { passed, failed: failed + skipped })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_of_h2spec_is_counted() {
        let line = "146 tests, 144 passed, 1 skipped, 1 failed";
        assert_eq!(counts(line), Some(Tally { passed: 144, failed: 2 }));
        for other in ["", "Finished in 3.9 seconds", "12 passed, 1 failed", "146 tests, x passed"] {
            assert_eq!(counts(other), None, "{other}");
        }
    }
}
