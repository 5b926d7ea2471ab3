//! A server under test as a process of its own, pinned to chosen processors.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

/// A running child; killed when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts `program` under `taskset -c cpus` and waits for its first line, which must hold an
    /// address such as `127.0.0.1:8080`.
    pub(crate) fn start(
        cpus: &str,
        program: &PathBuf,
        arguments: &[String],
        environment: &[(String, String)],
    ) -> Result<Self> {
        let mut child = Command::new("taskset")
            .args(["-c", cpus])
            .arg(program)
            .args(arguments)
            .envs(environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| {
                format!("taskset (util-linux) with {} does not start", program.display())
            })?;
        let mut lines = BufReader::new(child.stdout.take().context("stdout is piped")?);
        let mut first = String::new();
        lines.read_line(&mut first)?;
        let address = first
            .split(|c: char| c.is_whitespace() || c == '/')
            .find_map(|word| word.parse().ok())
            .with_context(|| format!("no address in the first line {first:?}"))?;
        // The rest is read so that the pipe never fills.
        std::thread::Builder::new()
            .name("server-output".to_owned())
            .spawn(move || lines.lines().for_each(drop))?;
        Ok(Self { child, address })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The `fareway` binary beside this one.
pub(crate) fn fareway_binary() -> Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name("fareway");
    anyhow::ensure!(
        path.exists(),
        "{} is missing: build fareway in the same profile",
        path.display()
    );
    Ok(path)
}

/// Runs a load generator on the second core, so that a server under test has the first to itself.
pub(crate) fn on_core_one(work: impl Future<Output = Result<()>>) -> Result<()> {
    pin_self("1")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(work);
    pin_self("0-1")?;
    outcome
}

/// Restricts this process to processors, so that generator and server do not share one.
pub(crate) fn pin_self(cpus: &str) -> Result<()> {
    let status = Command::new("taskset")
        .args(["-a", "-p", "-c", cpus, &std::process::id().to_string()])
        .stdout(Stdio::null())
        .status()
        .context("taskset (util-linux) is missing")?;
    anyhow::ensure!(status.success(), "taskset refused {cpus}");
    Ok(())
}
