//! Opens the simulated market: makes its world, serves its partners, registers their files.

use std::fs::File;
use std::io::Read;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, Result, bail};
use partners::Registry;
use runtime::{Shutdown, TaskSet, Workers};
use sandbox::{FaultPlan, Market, MarketSettings, serve};

use crate::platform::bind;
use crate::settings::SandboxSettings;

/// Longest file of flights that is read; packed ones are far smaller.
const FLIGHTS_BYTES_MAX: u64 = 64 << 20;

/// A market that is served.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenMarket {
    pub(crate) address: SocketAddr,
    pub(crate) partners: usize,
}

/// Opens the market, or nothing if it is switched off.
pub(crate) async fn open(
    settings: &SandboxSettings,
    registry: &Registry,
    workers: &Workers,
    tasks: &TaskSet,
    shutdown: &Shutdown,
) -> Result<Option<OpenMarket>> {
    if !settings.enabled {
        return Ok(None);
    }
    let (market, files) = open_alone(settings, workers, tasks, shutdown).await?;
    register(registry, files)?;
    Ok(Some(market))
}

/// Partner files as name and text.
pub(crate) type PartnerFiles = Vec<(String, String)>;

/// Opens the market for others; gives the files of its partners too.
pub(crate) async fn open_alone(
    settings: &SandboxSettings,
    workers: &Workers,
    tasks: &TaskSet,
    shutdown: &Shutdown,
) -> Result<(OpenMarket, PartnerFiles)> {
    let listener = bind(settings.listen).await.context("the sandbox market")?;
    let address = listener.local_addr()?;
    let seed = settings.seed.get();
    let made_with = MarketSettings {
        latency_scale: settings.latency_percent.get() as f64 / 100.0,
        ..MarketSettings::default()
    };
    let flights = settings.flights_file.clone();
    // A second of computing: not on the threads that serve sockets.
    let market = workers.run(move || make(seed, &flights, made_with)).await??;
    let base_url = format!("http://{address}");
    let market = market.at(&base_url);
    let mut files = market.partner_files(&base_url);
    files.truncate(settings.partners.size());
    let partners = files.len();
    let faults = match settings.faulty_one_in.size() {
        0 => FaultPlan::none(),
        one_in => FaultPlan::one_in(one_in, market.sellers()),
    };
    tasks.spawn(serve(market, listener, faults, tasks.clone(), shutdown.clone()));
    Ok((OpenMarket { address, partners }, files))
}

/// Makes the market of a seed, with the flights of a file if one is named.
fn make(seed: u64, flights: &Path, settings: MarketSettings) -> Result<Market> {
    if flights.as_os_str().is_empty() {
        return Ok(Market::generate(seed, settings)?);
    }
    let refused = || format!("sandbox.flights_file: {}", flights.display());
    let mut bytes = Vec::new();
    let file = File::open(flights).with_context(refused)?;
    file.take(FLIGHTS_BYTES_MAX + 1).read_to_end(&mut bytes).with_context(refused)?;
    if bytes.len() as u64 > FLIGHTS_BYTES_MAX {
        bail!("{} has more than {} MiB", refused(), FLIGHTS_BYTES_MAX >> 20);
    }
    Market::from_segments(seed, &bytes, settings).with_context(refused)
}

/// Registers the partners of a market.
pub(crate) fn register(registry: &Registry, files: PartnerFiles) -> Result<()> {
    match registry.register_all(files).first() {
        None => Ok(()),
        Some(error) => bail!("the sandbox made a partner file that is refused: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIXTURE: &str =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../sandbox/tests/it/fixtures/segments.csv.bz2");

    fn made(file: &str) -> Result<Market> {
        make(1, Path::new(file), MarketSettings::default())
    }

    #[test]
    fn the_market_has_the_flights_of_a_file_if_one_is_named() {
        let [own, drawn] = [FIXTURE, ""].map(|file| made(file).unwrap().world().departures_a_day());
        assert!(own > 0.0 && own < drawn / 2.0, "{own} {drawn}");
    }

    #[test]
    fn a_file_that_is_none_is_refused_by_name_with_what_is_wrong() {
        let folder = std::env::temp_dir();
        let folder = folder.to_str().unwrap();
        let wrong = format!("{folder}/fareway-flights-{}.csv", std::process::id());
        std::fs::write(&wrong, "nonsense\n").unwrap();
        for (file, why) in [("/nowhere/flights.csv", "No such file"), (wrong.as_str(), "line 1")] {
            let error = format!("{:#}", made(file).unwrap_err());
            assert!(error.contains(&format!("sandbox.flights_file: {file}")), "{error}");
            assert!(error.contains(why), "{error}");
        }
        assert!(made(folder).is_err());
        std::fs::remove_file(&wrong).unwrap();
    }
}
