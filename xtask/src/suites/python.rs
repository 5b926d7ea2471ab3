//! Clients written by others against our API and our market, unmodified, from PyPI.

use std::time::Duration;

use anyhow::Result;

use super::{Ground, Tally, rust};
use crate::process::Task;
use crate::provision;
use crate::server::Server;

pub(super) fn run(ground: &Ground) -> Result<Tally> {
    rust::release(ground)?;
    let python = provision::python(ground, "clients", "tests/python/requirements.txt")?;
    let server = Server::start(ground)?;
    let tally = Task::new(python, &ground.root)
        .arguments(["-B", "tests/python/clients.py"])
        .variable("FAREWAY_URL", server.url())
        .variable("SANDBOX_URL", server.sandbox_url()?)
        .limit(Duration::from_secs(300))
        .tally()?;
    server.stop()?;
    Ok(tally)
}
