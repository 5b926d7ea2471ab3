//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use domain::{Cabin, CountryCode, CurrencyCode, Date};

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
    /// Run the whole platform.
    Serve,
    /// Ask one question and print the offers.
    Search(SearchArgs),
    /// Look at settings.
    Settings {
        #[command(subcommand)]
        command: SettingsCommand,
    },
    /// Look at partners.
    Partners {
        #[command(subcommand)]
        command: PartnersCommand,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum SettingsCommand {
    /// Print every setting: value, who set it, meaning, range.
    Explain,
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
