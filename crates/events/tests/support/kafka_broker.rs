//! A real Apache Kafka broker for tests: one JVM, its own controller (KRaft), on ports of its own.
//!
//! `KAFKA_JARS` names the folder with its jars; `cargo xtask test --only kafka` fetches them and sets
//! it. `JAVA` names another program than `java`.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A cluster's id can be any; it is part of what is on disk.
const CLUSTER: &str = "RmFyZXdheVRlc3RzMDAwMA";
/// Seconds until it listens; the machine may be busy.
const STARTS_WITHIN_S: u64 = 180;

/// A running broker; ends with the value, and its data with it.
#[derive(Debug)]
pub(crate) struct KafkaBroker {
    child: Child,
    jars: PathBuf,
    folder: PathBuf,
    port: u16,
}

impl KafkaBroker {
    /// Starts one on free ports with empty data.
    #[expect(clippy::disallowed_methods, reason = "whoever runs the tests says where the jars are")]
    pub(crate) fn start() -> Self {
        let jars = std::env::var("KAFKA_JARS").unwrap_or_else(|_| {
            panic!("KAFKA_JARS names no folder with Apache Kafka's jars: run this by `cargo xtask test --only kafka`")
        });
        let jars = PathBuf::from(jars);
        let [port, controller] = [free_port(), free_port()];
        let folder =
            std::env::temp_dir().join(format!("fareway-kafka-{}-{port}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("server.properties"), properties(&folder, port, controller)).unwrap();
        fs::write(folder.join("log4j2.properties"), LOGGING).unwrap();
        let format = ["format", "-t", CLUSTER, "-c", "server.properties"];
        let formatted = java(&jars, &folder, "kafka.tools.StorageTool", &format).output().unwrap();
        assert!(formatted.status.success(), "{}", String::from_utf8_lossy(&formatted.stderr));
        let child = run(&jars, &folder);
        let mut broker = Self { child, jars, folder, port };
        broker.wait_until_it_listens();
        broker
    }

    /// HOST:PORT.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Ends it at once (SIGKILL), as a crash would; what it wrote stays.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again on the same data and ports.
    pub(crate) fn restart(&mut self) {
        self.child = run(&self.jars, &self.folder);
        self.wait_until_it_listens();
    }

    /// Stops it without a word, as a machine that hangs: connections stay open, nothing answers.
    pub(crate) fn hang(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    pub(crate) fn go_on(&self) {
        self.signal("-CONT");
    }

    #[expect(clippy::disallowed_methods, reason = "waits for another process")]
    fn wait_until_it_listens(&mut self) {
        for _ in 0..STARTS_WITHIN_S * 10 {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("the broker ended at once ({status}):\n{}", self.output());
            }
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("the broker does not listen after {STARTS_WITHIN_S} s:\n{}", self.output());
    }

    fn output(&self) -> String {
        fs::read_to_string(self.folder.join("output.txt")).unwrap_or_default()
    }

    fn signal(&self, signal: &str) {
        let done = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(done.unwrap().success());
    }
}

impl Drop for KafkaBroker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

const LOGGING: &str = "\
rootLogger.level = WARN
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
";

fn properties(folder: &Path, port: u16, controller: u16) -> String {
    format!(
        "\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=BROKER://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=BROKER://127.0.0.1:{port}
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=BROKER
controller.listener.names=CONTROLLER
log.dirs={}/data
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
log.cleaner.dedupe.buffer.size=2097152
",
        folder.display()
    )
}

fn run(jars: &Path, folder: &Path) -> Child {
    let output = fs::File::create(folder.join("output.txt")).unwrap();
    java(jars, folder, "kafka.Kafka", &["server.properties"])
        .stdout(output.try_clone().unwrap())
        .stderr(output)
        .spawn()
        .unwrap()
}

/// A class of the jars, in a small JVM that does not take time to become fast.
#[expect(clippy::disallowed_methods, reason = "whoever runs the tests chooses the program")]
fn java(jars: &Path, folder: &Path, class: &str, arguments: &[&str]) -> Command {
    let program = std::env::var("JAVA").unwrap_or_else(|_| "java".to_owned());
    let mut command = Command::new(program);
    command
        .args(["-Xms64m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"])
        .arg("-Dlog4j2.configurationFile=log4j2.properties")
        .arg("-cp")
        .arg(format!("{}/*", jars.display()))
        .arg(class)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null());
    command
}
