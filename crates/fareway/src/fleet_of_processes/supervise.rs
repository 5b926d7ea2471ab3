//! The parent: starts the others, starts again who ends, stops all within its time.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use fleet::CellId;
use runtime::{Deadline, now};
use tokio::signal::unix::{SignalKind, signal};

use super::keeper::{Keeper, Seen};
use super::machine::Machine;
use super::release::{Releases, Sources};
use super::{control, papers};
use crate::api_client::ApiClient;
use crate::data_folder::DataFolder;
use crate::front_door;
use crate::platform::open_keys;
use crate::settings::Settings;
use crate::terminal::say;

/// Time between two looks at the children.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Time between two looks at what cells are to run.
const ASK_EVERY: Duration = Duration::from_millis(500);
/// Time for the answer: as long as it is waited for, nobody is started again.
const ASK_WITHIN: Duration = Duration::from_millis(250);
/// Time for a child to be there.
const READY_WITHIN: Duration = Duration::from_secs(120);

/// Runs until told to stop.
/// `file`: where the settings were read from.
pub(crate) async fn supervise(settings: &Settings, file: Option<&Path>) -> Result<()> {
    let data = DataFolder::open(&settings.server.data)?;
    open_keys(&data.join("token.key"))?;
    let (_, operator_is_new) = data.secret("operator.token")?;
    let listen = settings.server.listen.ip();
    let certificate_is_new = front_door::make_development(&settings.tls, &data, listen)?;
    // Known now rather than from an edge that cannot start.
    front_door::open(&settings.tls, data.path())?;
    let mut machine = Machine::plan(settings, file)?;
    let releases = Releases::of(data.path());
    let changed = first_release(&releases, &mut machine)?;
    machine.write(data.path())?;
    if settings.tls.mutual.enabled {
        papers::sign_all(&data, &machine)?;
    }
    let is_new = New { operator: operator_is_new, certificate: certificate_is_new, files: changed };
    let mut interrupt = signal(SignalKind::interrupt()).context("Ctrl-C cannot be heard")?;
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be heard")?;
    let mut children = Vec::new();
    let outcome = tokio::select! {
        biased;
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
        outcome = run(settings, &machine, &data, is_new, &mut children) => outcome,
    };
    say("stopping: open requests may finish");
    if !stop(&mut children, settings.fleet.stop_ms.ms()).await {
        say("stopped; some requests were cut off");
    }
    outcome
}

/// What was made at this start.
#[derive(Clone, Copy)]
struct New {
    operator: bool,
    certificate: bool,
    /// The files of this start are not those that cells run.
    files: bool,
}

/// Starts all, says so, keeps them; ends only with an error.
async fn run(
    settings: &Settings,
    machine: &Machine,
    data: &DataFolder,
    is_new: New,
    children: &mut Vec<Keeper>,
) -> Result<()> {
    let start = |name: String, command: StartCommand| {
        Keeper::start(name.as_str(), command, now()).with_context(|| format!("{name} cannot start"))
    };
    let this = This { data: data.path(), machine, releases: Releases::of(data.path()) };
    if let Some(sandbox) = machine.sandbox {
        children.push(start("sandbox".to_owned(), this.role("sandbox", sandbox))?);
    }
    if let Some(logs) = machine.logs {
        children.push(start("logs".to_owned(), this.role("logs", logs))?);
    }
    children.push(start("control".to_owned(), this.role("control", machine.control))?);
    alive(children, machine.control, ApiClient::new(machine.control)).await?;
    let mut wanted =
        control::wanted_releases(machine.control).await.context("the control plane")?;
    for &(id, address) in &machine.cells {
        let release = wanted.get(&id).unwrap_or(&machine.release);
        let command = this.cell(id, address, release)?;
        children.push(start(id.to_string(), command)?);
    }
    for &(id, address) in &machine.cells {
        let client = papers::client_of(&settings.tls, data.path(), (id, address))?;
        alive(children, address, client).await?;
    }
    // Last, so that it finds everybody there.
    children.push(start("edge".to_owned(), this.role("edge", machine.edge))?);
    let files = front_door::files(&settings.tls, data.path())?;
    let certificate = files.as_ref().map(|files| files.certificate.as_path());
    alive(children, machine.edge, ApiClient::of_door(machine.edge, certificate)?).await?;
    announce(settings, machine, data, is_new);
    let (mut signed, mut asked) = (now(), now());
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if asked.elapsed() >= ASK_EVERY {
            asked = now();
            // Without the control plane, everybody runs what they run, and who ends is started again.
            let wanted_by = control::wanted_releases(machine.control);
            if let Ok(Ok(newer)) = tokio::time::timeout(ASK_WITHIN, wanted_by).await {
                this.take_up(&mut wanted, newer, children, settings.fleet.stop_ms.ms());
            }
        }
        if settings.tls.mutual.enabled && signed.elapsed() >= papers::SIGN_EVERY {
            signed = now();
            if let Err(error) = papers::sign_all(data, machine) {
                say(&format!("certificates between edge and cells are not renewed: {error:#}"));
            }
        }
        for child in children.iter_mut() {
            let name = child.name.clone();
            match child.look(now()) {
                Seen::Same => {}
                Seen::Ended(status, wait) => say(&format!(
                    "{name} ended ({status}): starting it again in {} ms",
                    wait.as_millis()
                )),
                Seen::Started => say(&format!("{name} is started again")),
                Seen::Failed(error) => say(&format!("{name} cannot be started: {error}")),
            }
        }
    }
}

/// Waits until a child answers; one that ends before has a reason that will not go away. Whether it
/// has partners to ask is another question.
async fn alive(children: &mut [Keeper], address: SocketAddr, client: ApiClient) -> Result<()> {
    let deadline = Deadline::after(now(), READY_WITHIN);
    while client.get("/healthz").await.is_err() {
        if deadline.passed(now()) {
            bail!("{address} did not answer within {} s", READY_WITHIN.as_secs());
        }
        for child in children.iter_mut() {
            if let Seen::Ended(status, _) = child.look(now()) {
                bail!("{} ended while starting ({status}); it said why above", child.name);
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(())
}

/// How a child is started.
type StartCommand = Box<dyn Fn() -> Command + Send>;

/// Whose children they are.
struct This<'a> {
    data: &'a Path,
    machine: &'a Machine,
    releases: Releases,
}

impl This<'_> {
    /// This binary with our settings, in another role.
    fn role(&self, role: &str, listen: SocketAddr) -> StartCommand {
        let Sources { binary, settings, .. } = &self.machine.sources;
        let arguments = arguments(self.data, role, settings.as_deref(), (role, listen));
        let binary = binary.clone();
        Box::new(move || command(&binary, &arguments))
    }

    /// A cell as a release: its binary, its settings, its partners.
    fn cell(&self, id: CellId, listen: SocketAddr, release: &str) -> Result<StartCommand> {
        self.releases.read(release).with_context(|| format!("{id} cannot run {release}"))?;
        let settings = self.releases.settings(release);
        let arguments = cell_arguments(self.data, (id, listen), release, settings.as_deref());
        let (binary, partners) = (self.releases.binary(release), self.releases.partners(release));
        Ok(Box::new(move || {
            let mut command = command(&binary, &arguments);
            command.env("FAREWAY__PARTNERS__FOLDER", &partners);
            command
        }))
    }

    /// Starts cells again whose release is another one now.
    fn take_up(
        &self,
        wanted: &mut BTreeMap<CellId, String>,
        newer: BTreeMap<CellId, String>,
        children: &mut [Keeper],
        within: Duration,
    ) {
        for &(id, address) in &self.machine.cells {
            let Some(release) = newer.get(&id).filter(|&release| wanted.get(&id) != Some(release))
            else {
                continue;
            };
            let name = id.to_string();
            let child = children.iter_mut().find(|child| child.name == name);
            match (child, self.cell(id, address, release)) {
                (Some(child), Ok(command)) => {
                    say(&format!("{id} is started again as {release}"));
                    child.replace(command, within, now());
                }
                (_, Err(error)) => say(&format!("{error:#}; it runs on as it is")),
                (None, Ok(_)) => {}
            }
            wanted.insert(id, release.clone());
        }
    }
}

/// What a cell is started with. Its binary is that of its release, so a word that is new here stops
/// the cells of older ones.
pub(super) fn cell_arguments(
    data: &Path,
    (id, listen): (CellId, SocketAddr),
    release: &str,
    settings: Option<&Path>,
) -> Vec<OsString> {
    let mut all = arguments(data, &id.to_string(), settings, ("cell", listen));
    let number = id.0.to_string();
    all.extend(["--cell", &number, "--release", release].map(OsString::from));
    all
}

fn arguments(
    data: &Path,
    name: &str,
    settings: Option<&Path>,
    (role, listen): (&str, SocketAddr),
) -> Vec<OsString> {
    let mut all: Vec<OsString> = Vec::new();
    if let Some(settings) = settings {
        all.extend([OsString::from("--settings"), settings.into()]);
    }
    all.extend([OsString::from("--data"), data.join(name).into()]);
    all.extend([OsString::from("--listen"), listen.to_string().into()]);
    all.extend([OsString::from("serve"), "--machine".into(), data.into()]);
    all.extend(["--role", role].map(OsString::from));
    all
}

fn command(binary: &Path, arguments: &[OsString]) -> Command {
    let mut command = Command::new(binary);
    // A group of its own: Ctrl-C on the terminal is for the parent, which stops them in order.
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).process_group(0);
    command
}

/// The first release is made of the files of the first start. Gives whether those of this start are
/// others than what the newest release has: they reach cells by a rollout only.
fn first_release(releases: &Releases, machine: &mut Machine) -> Result<bool> {
    if let Some(newest) = releases.list().pop() {
        machine.release = newest.name;
        return Ok(machine.sources.content()? != newest.content);
    }
    let name = releases.next_name();
    machine.release = releases.make(&name, &machine.sources, &[])?.name;
    Ok(false)
}

/// Stops the edge first, then the others; kills who is still there at the end.
async fn stop(children: &mut Vec<Keeper>, within: Duration) -> bool {
    let deadline = Deadline::after(now(), within);
    let for_edge = Deadline::after(now(), within / 2);
    let edge = children.iter().position(|child| child.name == "edge");
    let mut all_well = true;
    if let Some(mut edge) = edge.map(|at| children.remove(at)) {
        edge.ask_to_stop();
        all_well &= is_over(std::slice::from_mut(&mut edge), for_edge).await;
    }
    children.iter_mut().for_each(Keeper::ask_to_stop);
    all_well &= is_over(children, deadline).await;
    children.clear();
    all_well
}

async fn is_over(children: &mut [Keeper], deadline: Deadline) -> bool {
    // All of them, so that each that has ended is waited for.
    while children.iter_mut().fold(false, |running, child| running | !child.is_over()) {
        if deadline.passed(now()) {
            return false;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    true
}

fn announce(settings: &Settings, machine: &Machine, data: &DataFolder, is_new: New) {
    let scheme = front_door::scheme(&settings.tls);
    say(&format!("Fareway is ready: {scheme}://{}", machine.edge));
    if let Some(sandbox) = machine.sandbox {
        let partners = settings.sandbox.partners.get();
        say(&format!("Sandbox market: http://{sandbox} ({partners} partners)"));
    }
    let scheme = if settings.tls.mutual.enabled { "https" } else { "http" };
    let cells = machine.cells.iter().map(|(id, address)| format!("{id} {scheme}://{address}"));
    let cells: Vec<String> = cells.collect();
    say(&format!("Cells: {}", cells.join(", ")));
    say(&format!("Control plane: http://{}", machine.control));
    let note = if is_new.operator { ", made just now" } else { "" };
    say(&format!("Operator token: {}{note}", data.join("operator.token").display()));
    let trust = front_door::how_to_trust(&settings.tls, data.path(), is_new.certificate);
    trust.iter().for_each(|line| say(line));
    if is_new.files {
        say(
            "Binary, settings or partner files are not those that cells run: `fareway fleet rollout` shows how, and takes them up",
        );
    }
    say("`fareway fleet status` shows the cells. Ctrl-C stops.");
}
