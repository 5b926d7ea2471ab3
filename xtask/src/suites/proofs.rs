//! Suites that `lab` carries out, as a process.

use std::time::Duration;

use anyhow::Result;

use super::{Ground, Tally, rust};
use crate::process::Task;

/// Runs `lab` with these arguments, and at most `seconds` longer than it should need.
fn lab(ground: &Ground, line: &str, seconds: u64) -> Result<Tally> {
    rust::release(ground)?;
    Task::new(ground.target.join("release/lab"), &ground.root)
        .arguments(line.split(' '))
        .limit(Duration::from_secs(seconds))
        .tally()
}

pub(super) fn fuzz(ground: &Ground) -> Result<Tally> {
    lab(ground, "fuzz --seconds 60", 300)
}

pub(super) fn fuzz_long(ground: &Ground) -> Result<Tally> {
    lab(ground, "fuzz --seconds 1200", 1_800)
}

pub(super) fn kill(ground: &Ground) -> Result<Tally> {
    lab(ground, "kill --rounds 200", 360)
}

pub(super) fn kill_long(ground: &Ground) -> Result<Tally> {
    lab(ground, "kill --rounds 1000 --seed 2", 1_800)
}

/// Worlds in virtual time. Source of the numbers: what CI is to do in three minutes.
pub(super) fn simulation(ground: &Ground) -> Result<Tally> {
    lab(ground, "sim --seed 1 --seeds 200 --minutes 10", 600)
}

/// The tool itself: too short for a verdict on memory, all else is judged.
pub(super) fn soak_short(ground: &Ground) -> Result<Tally> {
    lab(ground, "soak prices --minutes 1 --rate 115700 --held 100 --unkept", 300)
}

/// A fleet of real processes, each kind of fault once. Source of the length: what CI is to do in three
/// minutes.
pub(super) fn chaos(ground: &Ground) -> Result<Tally> {
    lab(ground, "chaos --minutes 2 --fault-every 12 --step 4 --unkept", 420)
}

pub(super) fn chaos_long(ground: &Ground) -> Result<Tally> {
    lab(ground, "chaos --minutes 10 --seed 2", 1_200)
}

pub(super) fn overload(ground: &Ground) -> Result<Tally> {
    lab(ground, "overload --times 2,5,10 --seconds 30", 1_200)
}
