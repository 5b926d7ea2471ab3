//! A real server for tests, on a port of its own, that keeps nothing on disk.
//!
//! `REDIS_SERVER` names another program than `redis-server`, such as `valkey-server`.

use std::ops::{Deref, DerefMut};
use std::process::{Command, Stdio};
use std::time::Duration;

#[path = "server_process.rs"]
mod server_process;

use server_process::{ServerProcess, free_port};

/// It has nothing to read.
const STARTS_WITHIN: Duration = Duration::from_secs(5);

/// A running server; ends with the value. What it keeps is gone when it is killed.
#[derive(Debug)]
pub(crate) struct RedisServer(ServerProcess);

impl RedisServer {
    /// Starts one on a free port.
    pub(crate) fn start() -> Self {
        Self(run(free_port()))
    }

    /// Its URL.
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port())
    }

    /// Starts it again on the same port.
    pub(crate) fn restart(&mut self) {
        self.0 = run(self.port());
    }
}

impl Deref for RedisServer {
    type Target = ServerProcess;

    fn deref(&self) -> &ServerProcess {
        &self.0
    }
}

impl DerefMut for RedisServer {
    fn deref_mut(&mut self) -> &mut ServerProcess {
        &mut self.0
    }
}

#[expect(clippy::disallowed_methods, reason = "whoever runs the tests chooses the program")]
fn run(port: u16) -> ServerProcess {
    let program = std::env::var("REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned());
    let child = Command::new(&program)
        .args([
            "--port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
        ])
        .current_dir(std::env::temp_dir())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("{program} cannot be started ({error}): apt-get install redis-server")
        });
    ServerProcess::listening(child, port, STARTS_WITHIN, || program.clone())
}
