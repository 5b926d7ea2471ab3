//! `cargo xtask bench NAME` and `cargo xtask soak NAME`: builds `lab` for measuring and lets it measure.
//!
//! Profile `dist` with `-C target-cpu=x86-64-v3` gives the headline figures, `--release` what a
//! user gets from `cargo run --release`. Both build in target folders of their own, so that other
//! flags do not throw away everyday builds. `connections` is compared with another engine; what that
//! needs from PyPI is pinned in `xtask/bench/requirements.txt`. `edge` is compared with nginx.

use std::time::Duration;

use anyhow::{Result, bail};

use crate::process::Task;
use crate::provision;
use crate::suites::{Ground, Tally};

const BUILD: Duration = Duration::from_secs(3_600);
const MEASURE: Duration = Duration::from_secs(7_200);
const REQUIREMENTS: &str = "xtask/bench/requirements.txt";

/// A soak of a week.
const SOAK: Duration = Duration::from_secs(8 * 86_400);

/// Builds, then runs `lab bench` with the remaining arguments.
pub(crate) fn run(arguments: &[String]) -> Result<Tally> {
    let ground = Ground::find()?;
    let (name, rest, release) = understand(arguments, "bench")?;
    let mut measure = lab(&ground, release)?.arguments(["bench"]).arguments(&rest).limit(MEASURE);
    if name == "connections" && ground.root.join(REQUIREMENTS).exists() {
        measure = measure.variable("PYTHON", provision::python(&ground, "bench", REQUIREMENTS)?);
    }
    if name == "edge" {
        provision::nginx(&ground.root)?;
    }
    measure.must()?;
    Ok(Tally::default())
}

/// Builds, then runs `lab soak` with the remaining arguments.
pub(crate) fn soak(arguments: &[String]) -> Result<Tally> {
    let ground = Ground::find()?;
    let (_, rest, release) = understand(arguments, "soak")?;
    lab(&ground, release)?.arguments(["soak"]).arguments(&rest).limit(SOAK).must()?;
    Ok(Tally::default())
}

/// What to run, all arguments for `lab`, and whether to build as a user does.
fn understand<'a>(arguments: &'a [String], verb: &str) -> Result<(&'a str, Vec<&'a str>, bool)> {
    let rest: Vec<&str> =
        arguments.iter().map(String::as_str).filter(|&argument| argument != "--release").collect();
    let Some(&name) = rest.first().filter(|name| !name.starts_with('-')) else {
        bail!("say what to run; `cargo xtask {verb} --help` tells more");
    };
    Ok((name, rest.clone(), rest.len() != arguments.len()))
}

/// Builds `lab` for measuring; the program, without arguments.
fn lab(ground: &Ground, release: bool) -> Result<Task> {
    let profile = if release { "release" } else { "dist" };
    let target = ground.target.join("bench");
    let mut build = Task::cargo(&ground.root)
        .arguments(["build", "--locked", "-p", "lab", "-p", "fareway", "--profile", profile])
        .arguments(["--target-dir".as_ref(), target.as_os_str()])
        // Compiled in, so that a results file says how its program was built.
        .variable("FAREWAY_PROFILE", profile)
        .limit(BUILD);
    if !release && cfg!(target_arch = "x86_64") {
        build = build.variable("RUSTFLAGS", "-C target-cpu=x86-64-v3");
    }
    build.must()?;
    Ok(Task::new(target.join(profile).join("lab"), &ground.root))
}
