//! The binary without a page: a search and the settings in the terminal.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::{Checks, dates};
use crate::process::{Finished, Task};
use crate::server;
use crate::suites::Ground;

pub(super) fn run(ground: &Ground, checks: &mut Checks) {
    checks.note("a search in the terminal prints a table", table(ground));
    checks.note("a search in the terminal prints JSON", json(ground));
    checks.note("the settings explain themselves", settings(ground));
}

fn fareway(ground: &Ground, arguments: &[&str]) -> Result<Finished> {
    let folder = server::fresh_folder(&ground.target, server::free_port()?)?;
    Task::new(server::binary(ground), &ground.root)
        .arguments(arguments)
        .arguments(["--data".as_ref(), folder.as_os_str()])
        .limit(Duration::from_secs(60))
        .quiet()
        .must()
}

fn search(ground: &Ground, more: &[&str]) -> Result<Finished> {
    let (out, back) = (dates::ahead(60), dates::ahead(74));
    let mut arguments = vec!["search", "EDI", "SIN", &out, "--return", &back, "--adults", "2"];
    arguments.extend(more);
    fareway(ground, &arguments)
}

fn table(ground: &Ground) -> Result<()> {
    let lines = search(ground, &[])?.lines;
    let priced = lines.iter().filter(|line| line.contains("EDI") && line.contains("SIN")).count();
    ensure!(priced >= 3, "only {priced} rows:\n{}", lines.join("\n"));
    Ok(())
}

fn json(ground: &Ground) -> Result<()> {
    let text = search(ground, &["--json"])?.lines.join("\n");
    let page: Value = serde_json::from_str(&text).with_context(|| format!("not JSON: {text}"))?;
    ensure!(page["status"] == "complete", "status {}", page["status"]);
    ensure!(page["itineraries"].as_array().is_some_and(|rows| !rows.is_empty()), "no itineraries");
    Ok(())
}

fn settings(ground: &Ground) -> Result<()> {
    let lines = fareway(ground, &["settings", "explain"])?.lines;
    for key in ["listen", "deadline_ms"] {
        ensure!(lines.iter().any(|line| line.contains(key)), "{key} is not explained");
    }
    Ok(())
}
