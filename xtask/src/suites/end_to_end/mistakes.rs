//! What an operator gets wrong: each ends in one clear sentence and a non-zero exit.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::Checks;
use crate::process::Task;
use crate::server::{self, Server};
use crate::suites::Ground;

pub(super) fn run(ground: &Ground, server: &Server, checks: &mut Checks) {
    let address = server.url().trim_start_matches("http://").to_owned();
    let free = "127.0.0.1:0".to_owned();
    checks.note("a busy port is named", refused(ground, &address, None, "", &address));
    checks.note(
        "a data folder that cannot be written is named",
        refused(ground, &free, Some("/dev/null/data"), "", "/dev/null/data"),
    );
    checks.note(
        "a settings file that does not exist is named",
        refused(ground, &free, None, "no-such.toml", "no-such.toml"),
    );
    checks.note("an unknown setting is named with its file", unknown_setting(ground));
    checks.note("a folder of partners that is a file is named", partners_in_a_file(ground));
}

fn partners_in_a_file(ground: &Ground) -> Result<()> {
    let folder = server::fresh_folder(&ground.target, server::free_port()?)?;
    let (file, partners) = (folder.join("settings.toml"), folder.join("partners"));
    std::fs::write(&partners, "")?;
    std::fs::write(&file, format!("[partners]\nfolder = {partners:?}\n"))?;
    refused(ground, "127.0.0.1:0", None, &file.to_string_lossy(), "partners.folder")
}

fn unknown_setting(ground: &Ground) -> Result<()> {
    let folder = server::fresh_folder(&ground.target, server::free_port()?)?;
    let file = folder.join("wrong.toml");
    std::fs::write(&file, "[search]\ndeadlin_ms = 5\n")?;
    let file = file.to_string_lossy();
    refused(ground, "127.0.0.1:0", None, &file, "deadlin_ms")?;
    refused(ground, "127.0.0.1:0", None, &file, "wrong.toml")
}

/// Starts the binary; it must end by itself, fail, and say `named` in few lines.
fn refused(
    ground: &Ground,
    listen: &str,
    data: Option<&str>,
    settings: &str,
    named: &str,
) -> Result<()> {
    let folder = server::fresh_folder(&ground.target, server::free_port()?)?;
    let data = data.map_or_else(|| folder.join("data"), Into::into);
    // The sentence goes to standard error; the shell joins both so that it can be read here.
    let mut task = Task::new("sh", &ground.root)
        .arguments(["-c", "exec \"$@\" 2>&1", "sh"])
        .arguments([server::binary(ground).as_os_str(), "serve".as_ref(), "--listen".as_ref()])
        .arguments([listen, "--data"])
        .arguments([&data])
        .limit(Duration::from_secs(15))
        .quiet();
    if !settings.is_empty() {
        task = task.arguments(["--settings", settings]);
    }
    let finished = task.run()?;
    let said = finished.lines.join("\n");
    ensure!(!finished.success, "it exited with success");
    ensure!(said.contains(named), "`{named}` is not named: {said}");
    ensure!(!said.contains("panicked"), "it panicked: {said}");
    ensure!(finished.lines.len() <= 6, "more than a sentence: {said}");
    Ok(())
}
