//! `cargo xtask bench NAME`: builds `lab` for measuring and lets it measure.
//!
//! Profile `dist` with `-C target-cpu=x86-64-v3` gives the headline figures, `--release` what a
//! user gets from `cargo run --release`. Both build in target folders of their own, so that other
//! flags do not throw away everyday builds. `connections` is compared with another engine; what that
//! needs from PyPI is pinned in `xtask/bench/requirements.txt`.

use std::time::Duration;

use anyhow::{Result, bail};

use crate::process::Task;
use crate::provision;
use crate::suites::{Ground, Tally};

const BUILD: Duration = Duration::from_secs(3_600);
const MEASURE: Duration = Duration::from_secs(7_200);
const REQUIREMENTS: &str = "xtask/bench/requirements.txt";

/// Builds, then runs `lab bench` with the remaining arguments.
pub(crate) fn run(arguments: &[String]) -> Result<Tally> {
    let ground = Ground::find()?;
    let release = arguments.iter().any(|argument| argument == "--release");
    let rest: Vec<&String> = arguments.iter().filter(|argument| *argument != "--release").collect();
    let Some(name) = rest.first().filter(|name| !name.starts_with('-')) else {
        bail!("say what to measure; `cargo xtask bench --help` tells more");
    };
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
    let mut measure = Task::new(target.join(profile).join("lab"), &ground.root)
        .arguments(["bench"])
        .arguments(&rest)
        .limit(MEASURE);
    if name.as_str() == "connections" && ground.root.join(REQUIREMENTS).exists() {
        measure = measure.variable("PYTHON", provision::python(&ground, "bench", REQUIREMENTS)?);
    }
    measure.must()?;
    Ok(Tally::default())
}
