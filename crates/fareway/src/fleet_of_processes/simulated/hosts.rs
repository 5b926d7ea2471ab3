//! The hosts of a world, each running what its process runs: the real edge, cells and market.
//!
//! Not as in a process: no data folder (an edge's disk is in memory, cells remember no prices, since the log
//! is written by a thread), plain HTTP between edge and cells, no control plane: the edge starts with the
//! topology that is kept on its disk, and goes on with it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use anyhow::Result;
use cell::OperatorToken;
use edge::{ControlPlane, Door, Edge, EdgeParts, Here, Upstream};
use fleet::kept::{self, Kept};
use fleet::topology::{CellSite, Region, SeenHealth};
use fleet::{CellId, Fleet, Signer, TableSum, Topology};
use runtime::{Limited, Shutdown, TaskSet, Workers};
use sandbox::FaultPlan;
use search::TokenKeys;
use storage::disk::FaultDisk;

use super::super::rules;
use super::ground::{Ground, MARKET_PORT};
use crate::front_door;
use crate::platform::{Platform, PlatformParts, bind};
use crate::settings::Settings;

/// Cells of a world.
pub(super) const CELLS: u32 = 3;
/// Where edge and cells listen.
pub(super) const PORT: u16 = 8_080;
/// Any address of the host itself.
const HERE: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), PORT);
/// Opens what only an operator may.
pub(super) const OPERATOR: [u8; 32] = [5; 32];
/// Time for a search, milliseconds.
pub(super) const DEADLINE_MS: u64 = 1_500;
/// Time that an edge waits for a cell's answer, milliseconds.
pub(super) const ANSWER_MS: u64 = 2_000;

/// The settings of all hosts: defaults, but quicker, so that ten seconds are enough.
pub(super) fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.server.listen = HERE;
    settings.sandbox.enabled = false;
    settings.partners.folder = "nowhere".into();
    settings.search.deadline_ms = Limited::literal(DEADLINE_MS);
    // Nobody is answered with what another asked: each search is one of its own.
    settings.search.fresh_ms = Limited::literal(0);
    settings.search.self_transfer.enabled = false;
    settings.edge.answer_ms = Limited::literal(ANSWER_MS);
    settings.edge.connect_ms = Limited::literal(500);
    settings.edge.probe_ms = Limited::literal(200);
    settings.edge.probe_within_ms = Limited::literal(300);
    settings.edge.health.slow_start_ms = Limited::literal(500);
    settings
}

/// What is kept on the edge's disk: the cells at their addresses.
pub(super) fn edge_disk(seed: u64, cells: &[IpAddr]) -> FaultDisk {
    let sites = (1..).zip(cells).map(|(id, &address)| CellSite {
        id: CellId(id),
        zone: "a".to_owned(),
        address: SocketAddr::new(address, PORT),
        weight: 100,
        tested_max: 100,
        version: "1".to_owned(),
        draining: false,
        health: SeenHealth::Unknown,
    });
    let region = Region {
        name: settings().fleet.region,
        zones: vec!["a".to_owned()],
        peak: 100,
        cells: sites.collect(),
    };
    let table = TableSum::default();
    let topology = Topology { version: 1, table, regions: vec![region], overrides: Vec::new() };
    let fleet = Fleet::new(topology);
    let signed = signer().sign(&fleet.topology).unwrap();
    let disk = FaultDisk::from_seed(seed);
    kept::write(&disk, &Kept { fleet, signed }).unwrap();
    disk
}

fn signer() -> Signer {
    Signer::new(&[9; 32]).unwrap()
}

/// A cell, until its host crashes.
pub(super) async fn run_cell(id: u32, settings: Settings) -> Result<()> {
    let parts = PlatformParts {
        keys: TokenKeys::single(&[3; 32]),
        listen: HERE,
        data: None,
        operator: OperatorToken::new(OPERATOR),
        cell: id,
        release: "1".to_owned(),
        tls: None,
        market: Some(Ground::get().files.clone()),
        beside: Vec::new(),
        behind_edges: true,
    };
    let platform = Box::pin(Platform::start(&settings, parts)).await?;
    assert_eq!(platform.partner_errors, Vec::<String>::new());
    std::future::pending::<()>().await;
    drop(platform);
    Ok(())
}

/// The edge, until its host crashes.
pub(super) async fn run_edge(disk: FaultDisk, settings: Settings) -> Result<()> {
    let listener = bind(settings.server.listen).await?;
    let (tasks, shutdown) = (TaskSet::default(), Shutdown::default());
    let workers = Workers::start("work", 1, 64)?;
    let edge = Edge::start(EdgeParts {
        upstream: Upstream::new(&settings.edge),
        settings: settings.edge.clone(),
        rules: rules::rules(OperatorToken::new(OPERATOR)),
        here: Here { region: settings.fleet.region.clone(), zone: String::new() },
        tls: None,
        // No such host.
        control: ControlPlane { address: SocketAddr::from(([10, 0, 0, 1], 1)) },
        verifier: signer().verifier(),
        disk: Arc::new(disk),
        workers: workers.clone(),
        tasks: tasks.clone(),
        shutdown: shutdown.clone(),
    });
    let edge = edge.await?;
    let limits = Door::limits(&settings.edge);
    let door = Door::new(edge);
    front_door::listen((listener, None), door, limits, &workers, (&tasks, &shutdown));
    std::future::pending::<()>().await;
    Ok(())
}

/// The market, until its host crashes.
pub(super) async fn run_market() -> Result<()> {
    let listener = bind(SocketAddr::new(HERE.ip(), MARKET_PORT)).await?;
    let (tasks, shutdown) = (TaskSet::default(), Shutdown::default());
    let market = Ground::get().market.clone();
    sandbox::serve(market, listener, FaultPlan::none(), tasks, shutdown).await;
    Ok(())
}
