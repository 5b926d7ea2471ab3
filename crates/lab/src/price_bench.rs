//! `bench prices`: what remembering costs, on the answers of one search of the simulated market.
//!
//! (codec, store) bytes a price and speed, beside a plain map; (index) month grids, "everywhere" and
//! history; (ingest) log, store and indexes as one, durable, as fast as it goes; (commit)
//! acknowledgements at the mean load of the reference; (replay) a restart; (peers) Redis and
//! PostgreSQL on the same prices, in the same run.

mod index;
mod ingest;
mod load;
mod postgres;
mod redis;
mod restart;
mod store;

use std::time::Duration;

use anyhow::Result;

use self::load::Load;
use crate::report::Report;

/// Measures and writes one result file.
pub(crate) fn run(seconds: u64, peers: bool) -> Result<()> {
    if peers {
        // Before minutes are spent.
        redis::find()?;
        postgres::programs()?;
    }
    let load = Load::make()?;
    let mut report = Report::new("prices");
    report.setting("seconds_per_measurement", seconds);
    report.figure("answers a search", load.answers());
    report.figure("prices a search", load.prices);
    let slice = Duration::from_secs(seconds);
    // First, so that what it holds is new to the process and can be counted.
    index::run(&mut report)?;
    store::run(&mut report, slice)?;
    let ingested = ingest::run(&mut report, &load, slice)?;
    if peers {
        let redis = redis::run(&mut report, &load, slice)?;
        report.figure("peers: ours durable / Redis", ingested / redis);
        let postgres = postgres::run(&mut report, &load)?;
        report.figure("peers: ours durable / PostgreSQL", ingested / postgres);
    }
    report.write()
}
