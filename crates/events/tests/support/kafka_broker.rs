//! A real Apache Kafka broker for tests: one JVM, its own controller (KRaft), on ports of its own.
//!
//! `KAFKA_JARS` names the folder with its jars; `cargo xtask test --only kafka` fetches them and sets
//! it. `JAVA` names another program than `java`.

use std::fs;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

#[path = "../../../storage/tests/support/server_process.rs"]
mod server_process;

use server_process::{ServerProcess, free_port};

/// A cluster's id can be any; it is part of what is on disk.
const CLUSTER: &str = "RmFyZXdheVRlc3RzMDAwMA";
/// Time until it listens; the machine may be busy.
const STARTS_WITHIN: Duration = Duration::from_secs(180);

/// A running broker; ends with the value, and its data with it. What it wrote survives a kill.
#[derive(Debug)]
pub(crate) struct KafkaBroker {
    process: ServerProcess,
    jars: PathBuf,
    folder: PathBuf,
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
        let process = run(&jars, &folder, port);
        Self { process, jars, folder }
    }

    /// HOST:PORT.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port())
    }

    /// Starts it again on the same data and ports.
    pub(crate) fn restart(&mut self) {
        self.process = run(&self.jars, &self.folder, self.port());
    }
}

impl Deref for KafkaBroker {
    type Target = ServerProcess;

    fn deref(&self) -> &ServerProcess {
        &self.process
    }
}

impl DerefMut for KafkaBroker {
    fn deref_mut(&mut self) -> &mut ServerProcess {
        &mut self.process
    }
}

impl Drop for KafkaBroker {
    fn drop(&mut self) {
        // Or it would write into the folder while it goes.
        self.process.end();
        let _ = fs::remove_dir_all(&self.folder);
    }
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

fn run(jars: &Path, folder: &Path, port: u16) -> ServerProcess {
    let path = folder.join("output.txt");
    let output = fs::File::create(&path).unwrap();
    let child = java(jars, folder, "kafka.Kafka", &["server.properties"])
        .stdout(output.try_clone().unwrap())
        .stderr(output)
        .spawn()
        .unwrap();
    let said = || fs::read_to_string(&path).unwrap_or_default();
    ServerProcess::listening(child, port, STARTS_WITHIN, said)
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
