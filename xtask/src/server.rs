//! The real binary, started as a user would start it, on a free port with a fresh data folder.
//!
//! [`Server::start`] returns when `/readyz` says yes and all is said that a start says.
//! [`Server::stop`] sends what Ctrl-C sends and fails if that takes more than five seconds. A server
//! that is dropped is killed.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::stopwatch::{Stopwatch, pause};
use crate::suites::Ground;
use crate::{http, process};

const READY_WITHIN: Duration = Duration::from_secs(60);
/// From the issue: Ctrl-C drains and stops within 5 s.
const STOPPED_WITHIN: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(20);

/// A price is judged by what one day saw, because no suite lasts longer.
const ONE_DAY_JUDGES: [(&str, &str); 2] =
    [("FAREWAY__PRICES__HISTORY__DAYS_MIN", "1"), ("FAREWAY__PRICES__HISTORY__SEARCHES_MIN", "1")];

const READY_LINE: &str = "Fareway is ready: ";
const SANDBOX_LINE: &str = "Sandbox market: ";
/// The end of what a start says; `/readyz` may say yes a moment before it is written.
const LAST_LINE: &str = "Ctrl-C stops.";

/// A running `fareway serve`.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    url: String,
    folder: PathBuf,
    /// From start to the first yes of `/readyz`, with all said.
    pub(crate) ready_after: Duration,
}

impl Server {
    /// Starts the release binary and waits until it is ready.
    pub(crate) fn start(ground: &Ground) -> Result<Self> {
        Self::start_as(ground, "http", &[])
    }

    /// The same with further arguments of `serve`.
    pub(crate) fn start_with(ground: &Ground, arguments: &[&str]) -> Result<Self> {
        Self::start_as(ground, "http", arguments)
    }

    /// The same over TLS, with a certificate of its own.
    pub(crate) fn start_over_tls(ground: &Ground, arguments: &[&str]) -> Result<Self> {
        Self::start_as(ground, "https", arguments)
    }

    fn start_as(ground: &Ground, scheme: &str, arguments: &[&str]) -> Result<Self> {
        let port = free_port()?;
        let folder = fresh_folder(&ground.target, port)?;
        let output = File::create(folder.join("output.txt"))?;
        let watch = Stopwatch::start();
        let child = Command::new(binary(ground))
            .arg("serve")
            .arg("--listen")
            .arg(format!("127.0.0.1:{port}"))
            .arg("--data")
            .arg(folder.join("data"))
            .args(arguments)
            .envs(ONE_DAY_JUDGES)
            .env("FAREWAY__TLS__DEVELOPMENT", (scheme == "https").to_string())
            .current_dir(&ground.root)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .context("fareway did not start")?;
        let url = format!("{scheme}://127.0.0.1:{port}");
        let mut server = Self { child, url, folder, ready_after: Duration::ZERO };
        loop {
            if server.is_ready() {
                server.ready_after = watch.elapsed();
                return Ok(server);
            }
            if let Some(status) = server.child.try_wait()? {
                bail!("fareway ended at once ({status}):\n{}", server.output());
            }
            if watch.elapsed() > READY_WITHIN {
                bail!("fareway was not ready within {READY_WITHIN:?}:\n{}", server.output());
            }
            pause(LOOK);
        }
    }

    fn is_ready(&self) -> bool {
        // What is behind TLS is not asked: then its word has to do.
        let asked = || http::get(&format!("{}/readyz", self.url));
        (self.url.starts_with("https") || asked().is_ok_and(|answer| answer.status == 200))
            && self.output().lines().any(|line| line.ends_with(LAST_LINE))
    }

    /// `http://127.0.0.1:PORT`, or `https:` over TLS.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The file of the operator's token.
    pub(crate) fn operator(&self) -> PathBuf {
        self.folder.join("data").join("operator.token")
    }

    /// The address of the simulated market, as printed at the start.
    pub(crate) fn sandbox_url(&self) -> Result<String> {
        let output = self.output();
        let line = output.lines().find_map(|line| line.strip_prefix(SANDBOX_LINE));
        let url = line.and_then(|rest| rest.split(' ').next());
        url.map(str::to_owned).with_context(|| format!("no line `{SANDBOX_LINE}…` in:\n{output}"))
    }

    /// Whether a line of the output says what to open.
    pub(crate) fn says_what_to_open(&self) -> bool {
        self.output().lines().any(|line| line == format!("{READY_LINE}{}", self.url))
    }

    /// Everything printed so far.
    pub(crate) fn output(&self) -> String {
        fs::read_to_string(self.folder.join("output.txt")).unwrap_or_default()
    }

    /// Stops it as Ctrl-C does. Returns how long that took.
    pub(crate) fn stop(mut self) -> Result<Duration> {
        let watch = Stopwatch::start();
        process::interrupt(self.child.id());
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            if watch.elapsed() > STOPPED_WITHIN {
                bail!("fareway did not stop within {STOPPED_WITHIN:?}:\n{}", self.output());
            }
            pause(LOOK);
        };
        if !status.success() {
            bail!("fareway stopped with {status}:\n{}", self.output());
        }
        Ok(watch.elapsed())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            process::kill_tree(self.child.id());
            // Reaps it; there is nothing to learn from how a killed process ended.
            drop(self.child.wait());
        }
    }
}

/// The release binary.
pub(crate) fn binary(ground: &Ground) -> PathBuf {
    ground.target.join("release/fareway")
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// An empty folder below the target folder; what an earlier run left there is removed.
pub(crate) fn fresh_folder(target: &Path, number: u16) -> Result<PathBuf> {
    let folder = target.join("xtask").join(format!("{}-{number}", std::process::id()));
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    Ok(folder)
}
