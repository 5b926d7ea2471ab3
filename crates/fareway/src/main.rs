//! The `fareway` binary: one command line, one set of settings, one platform.

mod api_client;
mod cli;
mod data_folder;
mod facts_command;
mod fleet_of_processes;
mod front_door;
mod log_reader;
mod market;
mod partner_freshness;
mod partners_check;
mod platform;
mod remembering;
mod search_command;
mod serve;
mod settings;
mod table;
mod terminal;

use std::io::IsTerminal;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::cli::{Cli, Command, Common, PartnersCommand, ServeArgs, SettingsCommand};
use crate::settings::Loaded;

/// Many small allocations of many threads: measured faster than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match run(Cli::parse()).and_then(|()| terminal::check()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<()> {
    let command = cli.command.unwrap_or(Command::Serve(ServeArgs::default()));
    let loaded = load_settings(&cli.common, &command)?;
    let filter = EnvFilter::try_new(&loaded.settings.server.log)
        .with_context(|| format!("server.log = {:?} is no filter", loaded.settings.server.log))?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        // It would tell standard error that standard error is closed, and panic.
        .log_internal_errors(false)
        .init();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime cannot start")?;
    let settings = &loaded.settings;
    let outcome = runtime.block_on(async {
        match command {
            Command::Serve(args) => match (args.role, args.machine) {
                (Some(role), Some(machine)) => {
                    let cell = args.cell.unwrap_or(platform::ONLY_CELL);
                    let release = args.release.unwrap_or_else(|| platform::OWN_RELEASE.to_owned());
                    fleet_of_processes::play(settings, role, (cell, release), &machine).await
                }
                _ if settings.fleet.cells.get() > 0 => {
                    fleet_of_processes::supervise(settings, cli.common.settings.as_deref()).await
                }
                _ => serve::serve(settings).await,
            },
            Command::Fleet { command } => fleet_of_processes::command(settings, command).await,
            Command::Facts { command } => facts_command::facts(settings, command).await,
            Command::Search(wanted) => search_command::search(settings, &wanted).await,
            Command::Settings { command: SettingsCommand::Explain } => {
                terminal::say(settings::explain(&loaded)?.trim_end());
                Ok(())
            }
            Command::Partners { command: PartnersCommand::Check { file, from, to, date } } => {
                partners_check::check(settings, &file, &from, &to, date).await
            }
        }
    });
    // Whatever still runs was asked to stop and had its time.
    runtime.shutdown_background();
    outcome
}

fn load_settings(common: &Common, command: &Command) -> Result<Loaded> {
    let mut flags = Vec::new();
    if let Command::Serve(ServeArgs { cells: Some(cells), .. }) = command {
        flags.push(("fleet.cells", toml::Value::Integer(i64::from(*cells))));
    }
    if let Some(listen) = common.listen {
        flags.push(("server.listen", toml::Value::String(listen.to_string())));
    }
    if let Some(data) = &common.data {
        flags.push(("server.data", toml::Value::String(data.display().to_string())));
    }
    settings::load(common.settings.as_deref(), std::env::vars(), &flags)
}
