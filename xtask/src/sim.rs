//! `cargo xtask sim`: builds `lab` as released and lets it simulate.

use std::time::Duration;

use anyhow::Result;

use crate::process::Task;
use crate::suites::{self, Ground, Tally};

/// A night.
const NIGHT: Duration = Duration::from_secs(12 * 3_600);

/// Runs `lab sim` with these arguments; a world that breaks a rule counts as failed.
pub(crate) fn run(arguments: &[String]) -> Result<Tally> {
    let ground = Ground::find()?;
    suites::build_release(&ground)?;
    let lab = Task::new(ground.target.join("release/lab"), &ground.root);
    lab.arguments(["sim"]).arguments(arguments).limit(NIGHT).tally()
}
