//! Proof of figures: benchmarks against walls measured in the same run, load, fuzzing.
//!
//! A binary that nothing depends on; `cargo xtask bench …` and `cargo xtask test` start it as a
//! process from the project's root.
#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]

/// Prints a line for whoever reads standard output. Without a reader (`… | head`) the run goes on to its
/// end: it writes its results, and leaves no process behind.
macro_rules! say {
    ($($part:tt)*) => { $crate::report::print_line(format_args!($($part)*)) };
}

mod chaos;
mod connections_bench;
mod drill;
mod edge_bench;
mod fact_bench;
mod fuzz;
mod http1;
mod kill;
mod load;
mod overload;
mod place;
mod plain_server;
mod price_bench;
mod report;
mod search_bench;
mod server;
mod sim;
mod soak;
mod traffic;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

/// The product runs on it, so its benchmarks do too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Debug, Parser)]
#[command(name = "lab", about = "Benchmarks, load and fuzzing")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure.
    Bench {
        #[command(subcommand)]
        bench: Bench,
    },
    /// Feed mutated corpora to every decoder of outside bytes.
    Fuzz {
        /// Seconds for all targets together.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        /// Seed of the mutations.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Kill a process that remembers prices, again and again, and look what is left.
    Kill {
        /// How often.
        #[arg(long, default_value_t = 200)]
        rounds: u32,
        /// Seed of the moments.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Run for a long time and look whether anything grows.
    Soak {
        #[command(subcommand)]
        soak: Soak,
    },
    /// Simulate worlds of cells, edges and travellers in which things go wrong.
    Sim(sim::SimArgs),
    /// Run a fleet of real processes in which things go wrong, and judge every answer.
    Chaos(chaos::ChaosArgs),
    /// Ask a fleet of real processes for several times what it can do.
    Overload(overload::OverloadArgs),
    /// Remember prices until killed (started by `kill`).
    #[command(hide = true)]
    KillWriter { folder: std::path::PathBuf, corpus: std::path::PathBuf },
    /// Serve a file's bytes by plain hyper (started by `bench search` and `bench edge`).
    #[command(hide = true)]
    PlainServer {
        file: std::path::PathBuf,
        /// Ports in a row.
        #[arg(long, default_value_t = 1)]
        ports: u16,
    },
}

#[derive(Debug, Subcommand)]
enum Bench {
    /// A live search: merging, decoding, a page over HTTP, many at once.
    Search {
        /// Which of a, b, c, d, e, f.
        #[arg(long, default_value = "abcdef")]
        parts: String,
        /// Seconds per measurement of a, b, c.
        #[arg(long, default_value_t = 5)]
        seconds: u64,
        /// Live searches a second (d).
        #[arg(long, default_value_t = 400)]
        rate: u64,
        /// Seconds of live searches (d).
        #[arg(long, default_value_t = 60)]
        live_seconds: u64,
        /// Partners asked a search (d).
        #[arg(long, default_value_t = 30)]
        partners: u64,
    },
    /// Journeys through a world network, against nigiri on the same timetable.
    Connections(connections_bench::ConnectionsArgs),
    /// Remembered prices: codec, log and store together, a restart; Redis and PostgreSQL beside them.
    Prices {
        /// Seconds per measurement.
        #[arg(long, default_value_t = 5)]
        seconds: u64,
        /// Leave out Redis and PostgreSQL.
        #[arg(long)]
        no_peers: bool,
    },
    /// Days of searches in virtual time: partner calls saved, and prices shown wrong.
    Traffic(traffic::TrafficArgs),
    /// What the edge costs in front of a plain server, beside nginx.
    Edge(edge_bench::EdgeArgs),
    /// What telling costs: facts into columns, records and the log.
    Facts {
        /// Seconds per measurement.
        #[arg(long, default_value_t = 5)]
        seconds: u64,
    },
    /// By visit or by route: partner calls saved, and how even the cells' load is.
    Routing(traffic::routing::RoutingArgs),
}

#[derive(Debug, Subcommand)]
enum Soak {
    /// Remember prices at the mean load: samples every minute, and a verdict.
    Prices(soak::SoakArgs),
}

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Bench { bench } => match bench {
            Bench::Search { parts, seconds, rate, live_seconds, partners } => search_bench::run(
                &parts,
                seconds,
                search_bench::Plan { per_second: rate, seconds: live_seconds, partners },
            ),
            Bench::Connections(wanted) => connections_bench::run(&wanted),
            Bench::Prices { seconds, no_peers } => price_bench::run(seconds, !no_peers),
            Bench::Traffic(wanted) => traffic::run(&wanted),
            Bench::Edge(wanted) => edge_bench::run(&wanted),
            Bench::Facts { seconds } => fact_bench::run(seconds),
            Bench::Routing(wanted) => traffic::routing::run(&wanted),
        },
        Command::Fuzz { seconds, seed } => fuzz::run(TARGETS, seconds, seed),
        Command::Kill { rounds, seed } => kill::run(rounds, seed),
        Command::Soak { soak: Soak::Prices(wanted) } => soak::prices(&wanted),
        Command::Sim(wanted) => sim::run(&wanted),
        Command::Chaos(wanted) => chaos::run(&wanted),
        Command::Overload(wanted) => overload::run(&wanted),
        Command::KillWriter { folder, corpus } => kill::write(&folder, &corpus),
        Command::PlainServer { file, ports } => {
            let body = std::fs::read(&file).with_context(|| format!("{}", file.display()))?;
            plain_server::run(body, ports)
        }
    }
}

/// Every decoder that reads bytes from outside.
const TARGETS: &[fuzz::Target] = &[
    fuzz::Target {
        name: "duffel",
        corpus: "crates/partners/tests/corpus/duffel",
        decode: partners::fuzz::duffel,
    },
    fuzz::Target {
        name: "amadeus",
        corpus: "crates/partners/tests/corpus/amadeus",
        decode: partners::fuzz::amadeus,
    },
    fuzz::Target {
        name: "fareway",
        corpus: "crates/partners/tests/corpus/fareway",
        decode: partners::fuzz::fareway,
    },
    fuzz::Target {
        name: "partner_file",
        corpus: "crates/partners/tests/corpus/partner_file",
        decode: partners::fuzz::partner_file,
    },
    fuzz::Target {
        name: "log_segment",
        corpus: "crates/events/tests/corpus/segment",
        decode: events::fuzz::segment,
    },
    fuzz::Target {
        name: "log_batch",
        corpus: "crates/events/tests/corpus/segment",
        decode: events::fuzz::batch,
    },
    fuzz::Target {
        name: "log_answer",
        corpus: "crates/events/tests/corpus/answer",
        decode: events::fuzz::answer,
    },
    fuzz::Target {
        name: "log_followed",
        corpus: "crates/events/tests/corpus/segment",
        decode: events::fuzz::followed,
    },
    fuzz::Target {
        name: "fact_lines",
        corpus: "crates/events/tests/corpus/lines",
        decode: events::fuzz::fact_lines,
    },
    fuzz::Target {
        name: "price_digests",
        corpus: "crates/prices/tests/corpus/digests",
        decode: prices::fuzz::digests,
    },
    fuzz::Target {
        name: "price_batch",
        corpus: "crates/prices/tests/corpus/batch",
        decode: prices::fuzz::batch,
    },
    fuzz::Target {
        name: "search_token",
        corpus: "crates/search/tests/corpus/token",
        decode: search::fuzz::token,
    },
    fuzz::Target {
        name: "request_body",
        corpus: "crates/cell/tests/corpus/body",
        decode: cell::fuzz::body,
    },
    fuzz::Target {
        name: "page_query",
        corpus: "crates/cell/tests/corpus/query",
        decode: cell::fuzz::query,
    },
];
