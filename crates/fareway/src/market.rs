//! Opens the simulated market: makes its world, serves its partners, registers their files.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use partners::Registry;
use runtime::{Shutdown, TaskSet, Workers};
use sandbox::{FaultPlan, Market, MarketSettings, serve};

use crate::platform::bind;
use crate::settings::SandboxSettings;

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
    // A second of computing: not on the threads that serve sockets.
    let market = workers.run(move || Market::generate(seed, made_with)).await??;
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

/// Registers the partners of a market.
pub(crate) fn register(registry: &Registry, files: PartnerFiles) -> Result<()> {
    match registry.register_all(files).first() {
        None => Ok(()),
        Some(error) => bail!("the sandbox made a partner file that is refused: {error}"),
    }
}
