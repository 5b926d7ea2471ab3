//! `cargo xtask atlas`: reference data from its sources to `data/`.
//!
//! The packages that hold the facts are pinned in `xtask/atlas/requirements.txt` and come from
//! PyPI; the converter writes compact files. Building Fareway needs neither. The page's map of the
//! world is drawn from the airports of `data/`.

use std::fs;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::process::Task;
use crate::provision;
use crate::suites::{Ground, Tally};

/// Runs the converter with these arguments.
pub(crate) fn run(arguments: &[String]) -> Result<Tally> {
    let ground = Ground::find()?;
    convert(&ground, arguments)?;
    script(&ground, "xtask/atlas/world.py", &[])?;
    Ok(Tally::default())
}

/// The suite: what the converter writes today is what `data/` holds, byte for byte, and the map is
/// what `data/` gives.
pub(crate) fn compare(ground: &Ground) -> Result<Tally> {
    let fresh = ground.target.join("xtask/atlas");
    fs::create_dir_all(&fresh)?;
    convert(ground, &["--to".to_owned(), fresh.to_string_lossy().into_owned()])?;
    script(ground, "xtask/atlas/world.py", &["--check".to_owned()])?;
    let mut tally = Tally::default();
    for entry in fs::read_dir(&fresh)? {
        let entry = entry?;
        let kept = ground.root.join("data").join(entry.file_name());
        if fs::read(entry.path())? == fs::read(&kept).unwrap_or_default() {
            tally.passed += 1;
        } else {
            tally.failed += 1;
            println!("{} differs from what its sources give", kept.display());
        }
    }
    ensure!(tally.passed + tally.failed > 0, "the converter wrote nothing");
    Ok(tally)
}

fn convert(ground: &Ground, arguments: &[String]) -> Result<()> {
    script(ground, "xtask/atlas/convert.py", arguments)
}

fn script(ground: &Ground, path: &str, arguments: &[String]) -> Result<()> {
    let python = provision::python(ground, "atlas", "xtask/atlas/requirements.txt")?;
    Task::new(python, &ground.root)
        .arguments(["-B", path])
        .arguments(arguments)
        .limit(Duration::from_secs(1_800))
        .must()
        .map(drop)
}
