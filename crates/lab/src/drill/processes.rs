//! A fleet of real processes: started, found, asked how it is, signalled.
//!
//! It lives in a mount name space of its own, so that each cell can have a small disk (tmpfs) that goes
//! with the processes. That takes root or user name spaces; `unshare` and `mount` are from util-linux.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::http1::{Connection, get_with};
use crate::load::cpu_seconds;
use crate::place::TemporaryFolder;
use crate::server::fareway_binary;

/// Cells of the fleet.
pub(crate) const CELLS: u32 = 3;
/// Time for the fleet to be there.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// Time for it to stop; its own limit is a little less.
const STOP_WITHIN: Duration = Duration::from_secs(8);
/// Mounts a small disk for each cell, then becomes the fleet.
const SCRIPT: &str = r#"
data=$1; mib=$2; shift 2
if [ "$mib" -gt 0 ]; then
  for cell in 1 2 3; do
    mkdir -p "$data/cell-$cell" && mount -t tmpfs -o "size=${mib}m" tmpfs "$data/cell-$cell" || exit 1
  done
fi
exec "$@"
"#;

/// Settings on top of the defaults, as `search.late_ms` and `50`.
pub(crate) type Setting = (&'static str, String);

/// A running fleet; stopped when dropped.
#[derive(Debug)]
pub(crate) struct Processes {
    child: Child,
    folder: TemporaryFolder,
    pub(crate) edge: SocketAddr,
    pub(crate) control: SocketAddr,
    pub(crate) cells: Vec<SocketAddr>,
    operator: String,
}

/// How a fleet gets a name space of its own for what is mounted.
fn unshare() -> Result<&'static [&'static str]> {
    const WAYS: [&[&str]; 2] = [&["--mount"], &["--map-root-user", "--mount"]];
    let works = |way: &&&[&str]| {
        let tried = Command::new("unshare")
            .args(**way)
            .args(["sh", "-c", "mount -t tmpfs tmpfs /tmp"])
            .stderr(Stdio::null())
            .status();
        tried.is_ok_and(|status| status.success())
    };
    let found = WAYS.iter().find(works).copied();
    found.context("no disk can be mounted here: run as root, allow user name spaces, or leave full disks out (--without disk)")
}

impl Processes {
    /// A data folder, gone with the fleet.
    pub(crate) fn folder_for(name: &str) -> Result<TemporaryFolder> {
        TemporaryFolder::make(&std::env::temp_dir(), name)
    }

    /// Starts a fleet; `disk_mib`: the size of each cell's own disk, 0 for the one of the machine.
    pub(crate) async fn start(
        folder: TemporaryFolder,
        settings: &[Setting],
        disk_mib: u64,
    ) -> Result<Self> {
        let data = folder.path().to_owned();
        let log = File::create(data.join("output.txt"))?;
        let mut command = match disk_mib {
            0 => Command::new("sh"),
            _ => {
                let mut command = Command::new("unshare");
                command.args(unshare()?).arg("sh");
                command
            }
        };
        command.args(["-c", SCRIPT, "fleet"]).arg(&data).arg(disk_mib.to_string());
        command.arg(fareway_binary()?).arg("--data").arg(&data);
        command.args(["--listen", "127.0.0.1:0", "serve", "--cells", &CELLS.to_string()]);
        command.envs(settings.iter().map(|(key, value)| {
            (format!("FAREWAY__{}", key.replace('.', "__").to_uppercase()), value)
        }));
        let child = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn();
        let child = child.context("the fleet does not start")?;
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut fleet = Self {
            child,
            folder,
            edge: nowhere,
            control: nowhere,
            cells: Vec::new(),
            operator: String::new(),
        };
        fleet.become_ready().await?;
        Ok(fleet)
    }

    async fn become_ready(&mut self) -> Result<()> {
        let started = Instant::now();
        while !self.output().contains("Fareway is ready") {
            if let Some(status) = self.child.try_wait()? {
                bail!("the fleet ended at once ({status}):\n{}", self.output());
            }
            ensure!(started.elapsed() < READY_WITHIN, "not ready:\n{}", self.output());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let machine = machine(self.data())?;
        self.edge = address(&machine["edge"])?;
        self.control = address(&machine["control"])?;
        let cells = machine["cells"].as_array().context("machine.json has no cells")?;
        self.cells = cells.iter().map(|cell| address(&cell[1])).collect::<Result<_>>()?;
        let token = self.data().join("operator.token");
        self.operator = std::fs::read_to_string(token)?.trim().to_owned();
        while !self.all_up().await {
            ensure!(started.elapsed() < READY_WITHIN, "not all up:\n{}", self.output());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }

    /// Its data folder.
    pub(crate) fn data(&self) -> &Path {
        self.folder.path()
    }

    /// The folder of a role as the processes see it, whatever is mounted there.
    pub(crate) fn folder(&self, role: &str) -> PathBuf {
        let data = self.data();
        let below = data.strip_prefix("/").unwrap_or(data);
        Path::new("/proc").join(self.child.id().to_string()).join("root").join(below).join(role)
    }

    /// What it printed and logged.
    pub(crate) fn output(&self) -> String {
        std::fs::read_to_string(self.data().join("output.txt")).unwrap_or_default()
    }

    /// How the edge sees the fleet (`GET /v1/fleet`).
    pub(crate) async fn seen_by_edge(&self) -> Result<Value> {
        self.ask(self.edge, "/v1/fleet").await
    }

    /// Gets a document as the operator.
    pub(crate) async fn ask(&self, address: SocketAddr, path: &str) -> Result<Value> {
        let asked = async {
            let mut connection = Connection::open(address).await?;
            let operator = format!("x-fareway-operator: {}\r\n", self.operator);
            let reply = connection.send(&get_with(path, &operator)).await?;
            ensure!(reply.status == 200, "{path} answered {}", reply.status);
            Ok(serde_json::from_slice(reply.body)?)
        };
        tokio::time::timeout(Duration::from_secs(2), asked).await.context("no answer in 2 s")?
    }

    /// Whether there is an answer with status 200.
    pub(crate) async fn answers(&self, address: SocketAddr, path: &str) -> bool {
        let asked = async {
            let mut connection = Connection::open(address).await?;
            let reply = connection.send(&get_with(path, "")).await?;
            anyhow::Ok(reply.status == 200)
        };
        let answered = tokio::time::timeout(Duration::from_secs(2), asked).await;
        matches!(answered, Ok(Ok(true)))
    }

    /// Whether the edge gives all cells all of their share.
    pub(crate) async fn all_up(&self) -> bool {
        let Ok(seen) = self.seen_by_edge().await else { return false };
        let cells = seen["cells"].as_array().map(Vec::as_slice).unwrap_or_default();
        let up = |cell: &Value| cell["standing"] == "up" && cell["share_percent"] == 100;
        cells.len() == CELLS as usize && cells.iter().all(up)
    }

    /// The process of a role: the one that was given its folder.
    pub(crate) fn pid_of(&self, role: &str) -> Option<u32> {
        let folder = self.data().join(role);
        for entry in std::fs::read_dir("/proc").ok()?.flatten() {
            let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let mut words = line.split(|&byte| byte == 0);
            if words.any(|word| word == folder.as_os_str().as_encoded_bytes()) {
                return Some(pid);
            }
        }
        None
    }

    /// Sends a signal to the process of a role; gives which one it was.
    pub(crate) fn signal(&self, role: &str, signal: &str) -> Result<u32> {
        let pid = self.pid_of(role).with_context(|| format!("{role} does not run"))?;
        send(pid, signal)?;
        Ok(pid)
    }

    /// CPU seconds of edge, control plane and cells, and of the market.
    pub(crate) fn cpu_seconds(&self) -> (f64, f64) {
        let of = |role: &str| self.pid_of(role).and_then(|pid| cpu_seconds(pid).ok());
        let cells = (1..=CELLS).map(|cell| format!("cell-{cell}"));
        let ours = ["edge", "control", "logs"].map(str::to_owned).into_iter().chain(cells);
        (ours.filter_map(|role| of(&role)).sum(), of("sandbox").unwrap_or(0.0))
    }

    /// Stops it as Ctrl-C does; what it printed.
    pub(crate) async fn stop(mut self) -> Result<String> {
        send(self.child.id(), "-INT")?;
        let asked = Instant::now();
        while self.child.try_wait()?.is_none() {
            ensure!(asked.elapsed() < STOP_WITHIN, "the fleet does not stop:\n{}", self.output());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(self.output())
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        // Whoever is stopped would not hear that its parent is gone.
        let cells = (1..=CELLS).map(|cell| format!("cell-{cell}"));
        for role in cells.chain(["control", "logs"].map(str::to_owned)) {
            let _ = self.signal(&role, "-CONT");
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn send(pid: u32, signal: &str) -> Result<()> {
    let sent = Command::new("kill").args([signal, &pid.to_string()]).stderr(Stdio::null()).status();
    ensure!(sent.context("kill is missing")?.success(), "{signal} could not be sent to {pid}");
    Ok(())
}

/// `machine.json` of a data folder.
pub(crate) fn machine(data: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(data.join("machine.json"))?;
    Ok(serde_json::from_str(&text)?)
}

/// An address in `machine.json`.
pub(crate) fn address(value: &Value) -> Result<SocketAddr> {
    let text = value.as_str().context("machine.json has no address there")?;
    Ok(text.parse()?)
}
