//! The parent: starts the others, starts again who ends, stops all within its time.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use runtime::{Deadline, now};
use tokio::signal::unix::{SignalKind, signal};

use super::keeper::{Keeper, Seen};
use super::machine::Machine;
use super::papers;
use crate::api_client::ApiClient;
use crate::data_folder::DataFolder;
use crate::front_door;
use crate::platform::open_keys;
use crate::settings::Settings;
use crate::terminal::say;

/// Time between two looks at the children.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Time for a child to be there.
const READY_WITHIN: Duration = Duration::from_secs(120);

/// Runs until told to stop.
pub(crate) async fn supervise(settings: &Settings) -> Result<()> {
    let data = DataFolder::open(&settings.server.data)?;
    open_keys(&data.join("token.key"))?;
    let (_, operator_is_new) = data.secret("operator.token")?;
    let listen = settings.server.listen.ip();
    let certificate_is_new = front_door::make_development(&settings.tls, &data, listen)?;
    // Known now rather than from an edge that cannot start.
    front_door::open(&settings.tls, data.path())?;
    let machine = Machine::plan(settings)?;
    machine.write(data.path())?;
    if settings.tls.mutual.enabled {
        papers::sign_all(&data, &machine)?;
    }
    let is_new = New { operator: operator_is_new, certificate: certificate_is_new };
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
}

/// Starts all, says so, keeps them; ends only with an error.
async fn run(
    settings: &Settings,
    machine: &Machine,
    data: &DataFolder,
    is_new: New,
    children: &mut Vec<Keeper>,
) -> Result<()> {
    let start = |name: String, arguments: Vec<String>, listen: SocketAddr| {
        let command = child(data.path().join(&name), data.path(), &arguments, listen)?;
        Keeper::start(name.as_str(), command, now()).with_context(|| format!("{name} cannot start"))
    };
    let role = |role: &str| vec!["--role".to_owned(), role.to_owned()];
    if let Some(sandbox) = machine.sandbox {
        children.push(start("sandbox".to_owned(), role("sandbox"), sandbox)?);
    }
    children.push(start("control".to_owned(), role("control"), machine.control)?);
    alive(children, machine.control, ApiClient::new(machine.control)).await?;
    for &(id, address) in &machine.cells {
        let arguments = [role("cell"), vec!["--cell".to_owned(), id.0.to_string()]].concat();
        children.push(start(id.to_string(), arguments, address)?);
    }
    for &(id, address) in &machine.cells {
        let client = papers::client_of(&settings.tls, data.path(), (id, address))?;
        alive(children, address, client).await?;
    }
    // Last, so that it finds everybody there.
    children.push(start("edge".to_owned(), role("edge"), machine.edge)?);
    let files = front_door::files(&settings.tls, data.path())?;
    let certificate = files.as_ref().map(|files| files.certificate.as_path());
    alive(children, machine.edge, ApiClient::of_door(machine.edge, certificate)?).await?;
    announce(settings, machine, data, is_new);
    let mut signed = now();
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
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

/// How a child is started: this binary, with our settings and a folder and address of its own.
fn child(
    data: PathBuf,
    machine: &Path,
    arguments: &[String],
    listen: SocketAddr,
) -> Result<Box<dyn Fn() -> Command + Send>> {
    let binary = std::env::current_exe().context("this binary cannot be found")?;
    let mut all: Vec<OsString> = Vec::new();
    let ours: Vec<_> = std::env::args_os().collect();
    if let Some(at) = ours.iter().position(|argument| argument == "--settings") {
        all.extend(ours.iter().skip(at).take(2).cloned());
    } else if let Some(one) =
        ours.iter().find(|one| one.as_encoded_bytes().starts_with(b"--settings="))
    {
        all.push(one.clone());
    }
    let listen = OsString::from(listen.to_string());
    all.extend([
        OsString::from("--data"),
        data.into_os_string(),
        OsString::from("--listen"),
        listen,
    ]);
    all.extend(["serve", "--machine"].map(OsString::from));
    all.push(machine.as_os_str().to_owned());
    all.extend(arguments.iter().map(OsString::from));
    Ok(Box::new(move || {
        let mut command = Command::new(&binary);
        // A group of its own: Ctrl-C on the terminal is for the parent, which stops them in order.
        command.args(&all).stdin(Stdio::piped()).stdout(Stdio::null()).process_group(0);
        command
    }))
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
    say("`fareway fleet status` shows the cells. Ctrl-C stops.");
}
