//! The log on Apache Kafka: lints and tests of what is compiled only with the feature `kafka`.
//!
//! The tests start the broker themselves, since they kill it: one JVM at a time, on free ports of this
//! machine, with its data below the system's folder for temporary files.

use anyhow::Result;

use super::{Ground, Tally, rust};
use crate::provision;

pub(super) fn run(ground: &Ground) -> Result<Tally> {
    let jars = provision::kafka_jars(ground)?;
    let lines = [
        "clippy --locked --all-targets -p events --features kafka -- -D warnings",
        "clippy --locked --all-targets -p fareway --features kafka -- -D warnings",
        "test --locked --no-fail-fast -p events --features kafka kafka",
        "test --locked --no-fail-fast -p fareway --bin fareway --features kafka kafka",
    ];
    let mut tally = Tally::default();
    for line in lines {
        tally.add(rust::cargo(ground, line).variable("KAFKA_JARS", &jars).tally()?);
    }
    Ok(tally)
}
