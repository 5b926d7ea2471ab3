//! A server in a process of its own, as tests treat it: killed, hung, let go on.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command};
use std::time::Duration;

/// Time between two looks whether it listens.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A running server on a port of this machine; ends with the value.
#[derive(Debug)]
pub(crate) struct ServerProcess {
    child: Child,
    port: u16,
}

impl ServerProcess {
    /// Waits until a server that was started listens; `said` gives what it printed, should it fail.
    #[expect(clippy::disallowed_methods, reason = "waits for another process")]
    pub(crate) fn listening(
        child: Child,
        port: u16,
        within: Duration,
        said: impl Fn() -> String,
    ) -> Self {
        let mut server = Self { child, port };
        for _ in 0..within.as_millis() / LOOK_EVERY.as_millis() {
            if let Some(status) = server.child.try_wait().unwrap() {
                panic!("the server ended at once ({status}): {}", said());
            }
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return server;
            }
            std::thread::sleep(LOOK_EVERY);
        }
        panic!("the server does not listen on port {port} after {within:?}: {}", said());
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Ends it at once (SIGKILL), as a crash would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The same for one that may have ended already.
    pub(crate) fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Stops it without a word, as a machine that hangs: connections stay open, nothing answers.
    pub(crate) fn hang(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    pub(crate) fn go_on(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let done = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(done.unwrap().success());
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        self.end();
    }
}

/// A port nobody listens on now.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
