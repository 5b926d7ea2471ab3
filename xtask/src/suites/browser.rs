//! The page in a real browser: Debian's Chromium, driven by the pinned packages of
//! `tests/browser`.

use std::time::Duration;

use anyhow::Result;

use super::{Ground, Tally, rust};
use crate::process::Task;
use crate::provision;
use crate::server::{self, Server};

/// Folder of the screenshots, below the target folder.
pub(crate) const OUTPUT: &str = "browser";

pub(crate) fn run(ground: &Ground) -> Result<Tally> {
    rust::release(ground)?;
    let chromium = provision::chromium(&ground.root)?;
    provision::node_modules(ground, "tests/browser")?;
    let output = ground.target.join(OUTPUT);
    std::fs::create_dir_all(&output)?;
    let server = Server::start(ground)?;
    let settings = output.join("fleet.toml");
    std::fs::write(&settings, "")?;
    let file = settings.display().to_string();
    let fleet = Server::start_with(ground, &["--cells", "3", "--settings", &file])?;
    let tally = Task::new("node", &ground.root)
        .arguments(["tests/browser/test.mjs", "--base", server.url()])
        .arguments(["--operator".as_ref(), server.operator().as_os_str()])
        .arguments(["--fleet", fleet.url()])
        .arguments(["--fleet-operator".as_ref(), fleet.operator().as_os_str()])
        .arguments(["--fleet-settings".as_ref(), settings.as_os_str()])
        .arguments(["--fareway".as_ref(), server::binary(ground).as_os_str()])
        .arguments(["--chromium".as_ref(), chromium.as_os_str()])
        .arguments(["--out".as_ref(), output.as_os_str()])
        .limit(Duration::from_secs(600))
        .tally()?;
    fleet.stop()?;
    server.stop()?;
    Ok(tally)
}
