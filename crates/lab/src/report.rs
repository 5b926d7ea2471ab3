//! Results as files: what was measured, on which machine, with which build and settings.

use std::fmt::Arguments;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

/// One benchmark's results, written to `bench/results/<date>-<name>-<commit>.json`.
#[derive(Debug)]
pub(crate) struct Report {
    name: String,
    figures: Map<String, Value>,
    settings: Map<String, Value>,
    /// At the start: others may go on meanwhile.
    commit: String,
    dirty: bool,
}

impl Report {
    /// An empty report.
    pub(crate) fn new(name: &str) -> Self {
        let commit = command(&["git", "rev-parse", "--short", "HEAD"]);
        let dirty = !command(&["git", "status", "--porcelain", "--untracked-files=no"]).is_empty();
        let (figures, settings) = (Map::new(), Map::new());
        Self { name: name.to_owned(), figures, settings, commit, dirty }
    }

    /// Notes a setting of the run.
    pub(crate) fn setting(&mut self, key: &str, value: impl Into<Value>) {
        self.settings.insert(key.to_owned(), value.into());
    }

    /// Notes a figure and prints it.
    pub(crate) fn figure(&mut self, key: &str, value: impl Into<Value>) {
        let value = value.into();
        say!("{key:<58} {}", shown(&value));
        self.figures.insert(key.to_owned(), value);
    }

    /// Notes rows of figures without printing them.
    pub(crate) fn rows(&mut self, key: &str, rows: Vec<Value>) {
        self.figures.insert(key.to_owned(), Value::Array(rows));
    }

    /// Writes the file and says where.
    pub(crate) fn write(self) -> Result<()> {
        let Self { commit, dirty, .. } = &self;
        let date = command(&["date", "-u", "+%Y-%m-%d"]);
        let document = json!({
            "benchmark": self.name,
            "date": date,
            "commit": if *dirty { format!("{commit}+changes") } else { commit.clone() },
            "build": { "profile": option_env!("FAREWAY_PROFILE").unwrap_or(profile()),
                       "rustc": command(&["rustc", "--version"]),
                       "target_features": target_features() },
            "machine": { "cpu": cpu_model(), "cores": std::thread::available_parallelism().map_or(0, usize::from),
                         "kernel": command(&["uname", "-sr"]) },
            "settings": self.settings,
            "figures": self.figures,
        });
        let folder = PathBuf::from("bench/results");
        std::fs::create_dir_all(&folder)?;
        let path = folder.join(format!("{date}-{}-{commit}.json", self.name));
        std::fs::write(&path, serde_json::to_string_pretty(&document)? + "\n")
            .with_context(|| format!("{} cannot be written", path.display()))?;
        say!("written to {}", path.display());
        Ok(())
    }
}

/// Prints a line; what `say!` is made of. Under test the runner takes it up: a verdict that a test
/// makes up is none of the run's.
pub(crate) fn print_line(line: Arguments<'_>) {
    if cfg!(test) {
        print_captured(line);
        return;
    }
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

#[expect(clippy::print_stdout, reason = "only what is printed so is taken up by a test runner")]
fn print_captured(line: Arguments<'_>) {
    println!("{line}");
}

fn shown(value: &Value) -> String {
    match value.as_f64() {
        Some(number) if number.abs() >= 1_000.0 => format!("{number:>14.0}"),
        Some(number) => format!("{number:>14.3}"),
        None => format!("{value:>14}"),
    }
}

fn profile() -> &'static str {
    if cfg!(debug_assertions) { "dev" } else { "release or dist" }
}

fn target_features() -> &'static str {
    if cfg!(target_feature = "avx512f") {
        "avx512"
    } else if cfg!(target_feature = "avx2") {
        "x86-64-v3 (avx2)"
    } else {
        "baseline"
    }
}

fn cpu_model() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = info.lines().find(|line| line.starts_with("model name")).unwrap_or_default();
    line.split(':').nth(1).unwrap_or("unknown").trim().to_owned()
}

/// What a command prints, empty if it cannot run.
pub(crate) fn command(words: &[&str]) -> String {
    Command::new(words[0])
        .args(&words[1..])
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_default()
}
