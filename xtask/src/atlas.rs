//! `cargo xtask atlas`: reference data from its sources to `data/`.
//!
//! The packages that hold the facts are pinned in `xtask/atlas/requirements.txt` and come from
//! PyPI; the converter writes compact files. Building Fareway needs neither.

use std::time::Duration;

use anyhow::Result;

use crate::process::Task;
use crate::provision;
use crate::suites::{Ground, Tally};

/// Runs the converter with these arguments.
pub(crate) fn run(arguments: &[String]) -> Result<Tally> {
    let ground = Ground::find()?;
    let python = provision::python(&ground, "atlas", "xtask/atlas/requirements.txt")?;
    Task::new(python, &ground.root)
        .arguments(["-B", "xtask/atlas/convert.py"])
        .arguments(arguments)
        .limit(Duration::from_secs(1_800))
        .must()?;
    Ok(Tally::default())
}
