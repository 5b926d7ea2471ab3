//! `cargo xtask sim`, `chaos` and `overload`: builds what runs there as released and lets `lab` run it.

use std::time::Duration;

use anyhow::Result;

use crate::process::Task;
use crate::suites::{self, Ground, Tally};

/// A night.
const NIGHT: Duration = Duration::from_secs(12 * 3_600);

/// Runs `lab sim` with these arguments; a world that breaks a rule counts as failed.
pub(crate) fn run(arguments: &[String]) -> Result<Tally> {
    lab("sim", arguments)
}

/// Runs `lab chaos`; a condition that does not hold counts as failed.
pub(crate) fn chaos(arguments: &[String]) -> Result<Tally> {
    lab("chaos", arguments)
}

/// Runs `lab overload`; a condition that does not hold counts as failed.
pub(crate) fn overload(arguments: &[String]) -> Result<Tally> {
    lab("overload", arguments)
}

fn lab(verb: &str, arguments: &[String]) -> Result<Tally> {
    let ground = Ground::find()?;
    suites::build_release(&ground)?;
    let lab = Task::new(ground.target.join("release/lab"), &ground.root);
    lab.arguments([verb]).arguments(arguments).limit(NIGHT).tally()
}
