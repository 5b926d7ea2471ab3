//! Suites that are cargo commands.

use std::time::Duration;

use anyhow::Result;

use super::{Ground, Tally};
use crate::process::Task;
use crate::provision;

const MINUTE: Duration = Duration::from_secs(60);

pub(super) fn cargo(ground: &Ground, line: &str) -> Task {
    Task::cargo(&ground.root).arguments(line.split(' ')).limit(40 * MINUTE)
}

pub(super) fn fmt(ground: &Ground) -> Result<Tally> {
    cargo(ground, "fmt --all -- --check").tally()
}

pub(super) fn clippy(ground: &Ground) -> Result<Tally> {
    cargo(ground, "clippy --locked --workspace --all-targets -- -D warnings").tally()
}

pub(super) fn doc(ground: &Ground) -> Result<Tally> {
    cargo(ground, "doc --locked --workspace --no-deps --document-private-items")
        .variable("RUSTDOCFLAGS", "-D warnings")
        .tally()
}

/// The crates below the binaries, with debug assertions.
pub(super) fn tests(ground: &Ground) -> Result<Tally> {
    let line = "test --locked --workspace --exclude fareway --exclude lab --no-fail-fast";
    cargo(ground, line).tally()
}

/// The binaries' own tests. They start the real binary and compare hundreds of answers, so they run
/// as released; the same packages as in [`release`], so that nothing is built twice.
pub(super) fn binaries(ground: &Ground) -> Result<Tally> {
    cargo(ground, "test --locked --release -p fareway -p lab --no-fail-fast").tally()
}

pub(super) fn build(ground: &Ground) -> Result<Tally> {
    release(ground)?;
    Ok(Tally { passed: 1, failed: 0 })
}

/// Builds what the suites after this one start. Costs a second when nothing changed.
pub(crate) fn release(ground: &Ground) -> Result<()> {
    cargo(ground, "build --locked --release -p fareway -p lab").must().map(drop)
}

pub(super) fn features(ground: &Ground) -> Result<Tally> {
    cargo(ground, "test --locked -p partners --no-default-features").tally()
}

/// Lints and tests of what is compiled only with the feature `turmoil`. Building all of it a second time
/// takes longer than the worlds.
pub(super) fn hosts(ground: &Ground) -> Result<Tally> {
    let fareway = "--locked -p fareway --features turmoil --bin fareway";
    let mut tally =
        cargo(ground, &format!("clippy {fareway} --profile test -- -D warnings")).tally()?;
    tally.add(cargo(ground, &format!("test {fareway} simulated::")).tally()?);
    Ok(tally)
}

/// Lints and tests of what is compiled only with the feature `redis`.
pub(super) fn redis(ground: &Ground) -> Result<Tally> {
    provision::redis_server(&ground.root)?;
    let crates = "-p storage -p prices -p cell";
    let features = "--features storage/redis,prices/redis,cell/redis";
    let lines = [
        format!("clippy --locked --all-targets {crates} {features} -- -D warnings"),
        "clippy --locked --all-targets -p fareway --features redis -- -D warnings".to_owned(),
        format!("test --locked --no-fail-fast {crates} {features} redis"),
    ];
    let mut tally = Tally::default();
    for line in lines {
        tally.add(cargo(ground, &line).tally()?);
    }
    Ok(tally)
}
