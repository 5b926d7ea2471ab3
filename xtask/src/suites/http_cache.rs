//! The public tests of HTTP caches (npm `http-cache-tests`, pinned in `tests/http-cache`) through an
//! edge of ours.

use std::time::Duration;

use anyhow::Result;

use super::{Ground, Tally};
use crate::process::Task;
use crate::provision;

pub(super) fn run(ground: &Ground) -> Result<Tally> {
    Task::cargo(&ground.root)
        .arguments(["build", "-p", "edge", "--example", "edge_before"])
        .limit(Duration::from_secs(1_800))
        .must()?;
    provision::node_modules(ground, "tests/http-cache")?;
    let edge = ground.target.join("debug/examples/edge_before");
    Task::new("node", &ground.root)
        .arguments(["tests/http-cache/test.mjs", "--edge"])
        .arguments([&edge])
        .limit(Duration::from_secs(300))
        .tally()
}
