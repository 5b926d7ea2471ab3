//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use domain::{Cabin, CountryCode, CurrencyCode, Date};
use fleet::CellId;
use fleet::topology::NoCell;

/// Flight price comparison: asks many partners at once and merges what they answer.
#[derive(Debug, Parser)]
#[command(name = "fareway", version, args_conflicts_with_subcommands = false)]
pub(crate) struct Cli {
    /// What to do; without one: serve.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// Flags of every command.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Common {
    /// Address and port of page, API and console.
    #[arg(long, global = true, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    /// Folder for everything this process writes.
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Settings file; `config/laptop.toml` is a complete commented one.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the whole platform: in one process, or as an edge and cells (`--cells 3`).
    Serve(ServeArgs),
    /// Look at the cells of a running platform, and change what they do.
    Fleet {
        #[command(subcommand)]
        command: FleetCommand,
    },
    /// Ask one question and print the offers.
    Search(SearchArgs),
    /// Look at settings.
    Settings {
        #[command(subcommand)]
        command: SettingsCommand,
    },
    /// Look at what happened: facts of searches, partners and clicks.
    Facts {
        #[command(subcommand)]
        command: FactsCommand,
    },
    /// Look at partners.
    Partners {
        #[command(subcommand)]
        command: PartnersCommand,
    },
}

#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ServeArgs {
    /// Cells, each a process with a data folder of its own, behind an edge; 0: one process for all.
    #[arg(long, value_name = "N")]
    pub(crate) cells: Option<u32>,
    /// What this process is among those that a parent keeps.
    #[arg(long, hide = true, requires = "machine")]
    pub(crate) role: Option<Role>,
    /// The number of the cell.
    #[arg(long, hide = true, value_name = "N")]
    pub(crate) cell: Option<u32>,
    /// The release that a cell is.
    #[arg(long, hide = true, value_name = "NAME")]
    pub(crate) release: Option<String>,
    /// Data folder of the parent.
    #[arg(long, hide = true, value_name = "DIR")]
    pub(crate) machine: Option<PathBuf>,
}

/// What one process of a fleet does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// Forwards to cells.
    Edge,
    /// Writes the topology.
    Control,
    /// One complete copy of the service.
    Cell,
    /// The simulated market.
    Sandbox,
    /// Lets cells read each other's logs.
    Logs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FleetCommand {
    /// Print cells, their health as the edge sees it, and what capacity is left.
    Status,
    /// Let a cell finish what it has and give it nothing new.
    Drain(DrainArgs),
    /// Give a cell new work again.
    Undrain(DrainArgs),
    /// Send somebody's new work to one cell; without that cell, the table decides.
    Pin(OverrideArgs),
    /// Let some try a cell, e.g. one of another release; without that cell, the table decides.
    Canary(OverrideArgs),
    /// Send whoever is suspected of harm to one cell and never to another; without that cell, they are
    /// refused.
    Quarantine(OverrideArgs),
    /// Take back what pin, canary and quarantine said of somebody.
    Unpin(WhomArgs),
    /// Show how cells would go to another release, and take them there with --go.
    Rollout(RolloutArgs),
    /// Send the cells of a rollout back to what they ran.
    Rollback {
        /// Why, for those who read it later.
        #[arg(default_value = "an operator said so")]
        why: String,
    },
    /// Stop every change of the fleet, rollouts too.
    Freeze {
        /// Why, for those who read it later.
        why: String,
    },
    /// Allow changes again.
    Unfreeze,
    /// Take away answers that the edge keeps for everybody.
    Purge(PurgeArgs),
    /// Show what a change would do: which buckets move, what every loss would leave.
    Plan(PlanArgs),
}

#[derive(Args, Clone, Debug)]
pub(crate) struct PurgeArgs {
    /// How path and query of what is taken away begin, e.g. /v1/prices; / is everything.
    pub(crate) prefix: String,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct DrainArgs {
    /// The cell, e.g. cell-2.
    pub(crate) cell: CellId,
    /// Do it even if too little capacity is left.
    #[arg(long)]
    pub(crate) force: bool,
}

/// `fareway fleet quarantine cell-3 --key KEY`
#[derive(Args, Clone, Debug)]
pub(crate) struct OverrideArgs {
    /// The cell, e.g. cell-2.
    pub(crate) cell: CellId,
    #[command(flatten)]
    pub(crate) whom: WhomArgs,
    /// Quarantine also while all changes are frozen.
    #[arg(long)]
    pub(crate) force: bool,
}

/// Whose work. It is chosen by buckets, so one in 65,536 others goes along.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct WhomArgs {
    /// Who shows this API key.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// A visit, as in the cookie fareway-visit or the header x-fareway-visit.
    #[arg(long, value_name = "VISIT")]
    pub(crate) visit: Option<String>,
    /// Buckets of 0 to 65535, e.g. 700 or 0-654.
    #[arg(long, value_name = "FIRST-LAST", value_parser = buckets)]
    pub(crate) buckets: Option<(u16, u16)>,
    /// The first so many percent of all buckets.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) percent: Option<u32>,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct PlanArgs {
    /// Drain a cell.
    #[arg(long, value_name = "CELL")]
    pub(crate) drain: Vec<CellId>,
    /// Undrain a cell.
    #[arg(long, value_name = "CELL")]
    pub(crate) undrain: Vec<CellId>,
    /// Give a cell another weight, e.g. cell-2=50; the others have 100.
    #[arg(long, value_name = "CELL=WEIGHT", value_parser = weight)]
    pub(crate) weight: Vec<(CellId, u16)>,
    /// Remove a cell.
    #[arg(long, value_name = "CELL")]
    pub(crate) remove: Vec<CellId>,
    /// Make the change, not only show it.
    #[arg(long)]
    pub(crate) apply: bool,
    /// With --apply: even if too little capacity is left.
    #[arg(long, requires = "apply")]
    pub(crate) force: bool,
}

/// `fareway fleet rollout --binary target/release/fareway --go`
#[derive(Args, Clone, Debug)]
pub(crate) struct RolloutArgs {
    /// A release that is there already; without one, a new one is made of the files.
    #[arg(long, value_name = "NAME", conflicts_with = "binary")]
    pub(crate) to: Option<String>,
    /// The binary of the new release; without one, that of the parent's start as it is now.
    #[arg(long, value_name = "FILE")]
    pub(crate) binary: Option<PathBuf>,
    /// Seconds that each wave is watched.
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub(crate) bake: u64,
    /// Seconds before counting begins: caches are cold.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub(crate) warm_up: u64,
    /// Requests that cells of the new release must have answered before a wave passes.
    #[arg(long, value_name = "REQUESTS", default_value_t = 200)]
    pub(crate) requests: u64,
    /// Share of a region's cells that may be out at once, percent; one at least.
    #[arg(long, value_name = "PERCENT", default_value_t = 20)]
    pub(crate) out_percent: u64,
    /// Do it, not only show it.
    #[arg(long)]
    pub(crate) go: bool,
    /// Make the release and move no cell: the console shows it then.
    #[arg(long, conflicts_with_all = ["go", "to"])]
    pub(crate) make: bool,
    /// Even where cells run different releases.
    #[arg(long)]
    pub(crate) force: bool,
}

fn weight(text: &str) -> Result<(CellId, u16), String> {
    let (cell, weight) = text.split_once('=').ok_or("expected CELL=WEIGHT, e.g. cell-2=50")?;
    let cell = cell.parse().map_err(|error: NoCell| error.to_string())?;
    Ok((cell, weight.parse().map_err(|_| format!("{weight:?} is no weight of 0 to 1000"))?))
}

fn buckets(text: &str) -> Result<(u16, u16), String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let bucket = |text: &str| {
        text.parse().map_err(|_| format!("{text:?} is no bucket, which is a number of 0 to 65535"))
    };
    let (first, last) = (bucket(first)?, bucket(last)?);
    if first > last {
        return Err(format!("{first}-{last}: the last bucket comes before the first"));
    }
    Ok((first, last))
}

#[derive(Debug, Subcommand)]
pub(crate) enum SettingsCommand {
    /// Print every setting: value, who set it, meaning, range.
    Explain,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FactsCommand {
    /// Print the facts in the logs of the data folder, a line of JSON each; also while Fareway runs.
    Read(FactsReadArgs),
    /// Print the kinds of facts there are.
    Kinds,
    /// Write the schema of each kind, as JSON Schema.
    Schemas {
        /// A folder.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
}

/// `fareway facts read --kind click_out --minutes 60`
#[derive(Args, Clone, Debug)]
pub(crate) struct FactsReadArgs {
    /// Only of this kind.
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Option<String>,
    /// Only those that were written in the last so many minutes.
    #[arg(long, value_name = "MINUTES")]
    pub(crate) minutes: Option<u32>,
    /// Wait for more at the end.
    #[arg(long)]
    pub(crate) follow: bool,
    /// Print at most so many.
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PartnersCommand {
    /// Ask the partners of a file one question; show what was understood and what was not.
    Check {
        /// A partner file.
        file: PathBuf,
        /// From: airport or `city:CODE`.
        #[arg(long, default_value = "LHR")]
        from: String,
        /// To: airport or `city:CODE`.
        #[arg(long, default_value = "JFK")]
        to: String,
        /// Day of departure; without one, 60 days from today.
        #[arg(long)]
        date: Option<Date>,
    },
}

/// `fareway search EDI SIN 2027-03-03 --return 2027-03-17 --adults 2`
#[derive(Args, Debug)]
pub(crate) struct SearchArgs {
    /// From: an airport code, or a city as `city:LON`.
    pub(crate) origin: String,
    /// To: an airport code, or a city as `city:LON`.
    pub(crate) destination: String,
    /// Day of departure, e.g. 2027-03-03.
    pub(crate) date: Date,
    /// Day of the way back.
    #[arg(long = "return", value_name = "DATE")]
    pub(crate) back: Option<Date>,
    /// Adults.
    #[arg(long, default_value_t = 1)]
    pub(crate) adults: u32,
    /// Ages of children, e.g. 4,11; 0 and 1 are infants on lap.
    #[arg(long, value_delimiter = ',')]
    pub(crate) children: Vec<u32>,
    /// economy, `premium_economy`, business or first.
    #[arg(long, default_value = "economy")]
    pub(crate) cabin: Cabin,
    /// Market whose prices are asked.
    #[arg(long, default_value = "GB")]
    pub(crate) market: CountryCode,
    /// Currency to show.
    #[arg(long, default_value = "GBP")]
    pub(crate) currency: CurrencyCode,
    /// Airports near either end count too.
    #[arg(long)]
    pub(crate) nearby: bool,
    /// best, cheapest or fastest.
    #[arg(long, default_value = "best")]
    pub(crate) sort: String,
    /// Rows to print.
    #[arg(long, default_value_t = 15)]
    pub(crate) limit: usize,
    /// Print the page as JSON, in the form of `GET /v1/searches/{token}`.
    #[arg(long)]
    pub(crate) json: bool,
}
