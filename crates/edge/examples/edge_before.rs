//! An edge before one server that is no cell of ours, for tests by others: `edge_before ORIGIN`.
//!
//! Whatever the server answers may be kept if it says so, and it is shown all header lines, as the
//! public tests of HTTP caches need it. A client's reload is always heard. Prints the address of the
//! door and runs until it is killed or its standard input ends.
#![expect(clippy::print_stdout, reason = "whoever starts it reads the address")]

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use edge::{ControlPlane, Door, Edge, EdgeParts, EdgeSettings, Here, Rules, Upstream};
use fleet::attempts::Work;
use fleet::kept::{self, Kept};
use fleet::topology::{CellSite, Region, SeenHealth};
use fleet::{CellId, Fleet, Signer, TableSum, Topology};
use http::Response;
use runtime::{Limited, Priority, Shutdown, TaskSet, Workers, serve_http};
use storage::disk::FaultDisk;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

fn rules() -> Rules {
    Rules {
        work: |_| Work::New { key: None },
        priority: |_| Priority::Asked,
        repeatable: |_| false,
        declines: |_| false,
        keeps: |_| true,
        shows: |_| true,
        refuse: |_, turned| {
            let mut response = Response::new(Bytes::from(turned.sentence.clone()));
            *response.status_mut() = turned.status;
            response
        },
        operator: Arc::new(|_| false),
    }
}

/// One region with one cell at an address.
fn fleet_of(address: SocketAddr) -> Fleet {
    let cell = CellSite {
        id: CellId(1),
        zone: "a".to_owned(),
        address,
        weight: 100,
        tested_max: 100,
        version: "1".to_owned(),
        draining: false,
        health: SeenHealth::Unknown,
    };
    let (name, zones) = ("local".to_owned(), vec!["a".to_owned()]);
    let region = Region { name, zones, peak: 100, cells: vec![cell] };
    let table = TableSum::default();
    Fleet::new(Topology { version: 1, table, regions: vec![region], overrides: Vec::new() })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let origin = std::env::args().nth(1).ok_or("usage: edge_before ORIGIN")?.parse()?;
    let mut settings = EdgeSettings::default();
    settings.cache.reload_ms = Limited::literal(0);
    // Tests that break off are no reason to leave the server alone.
    settings.health.failures_max = Limited::literal(1_000);
    settings.health.failed_percent = Limited::literal(100);
    let signer = Signer::new(&[1; 32])?;
    let fleet = fleet_of(origin);
    let signed = signer.sign(&fleet.topology)?;
    let disk = FaultDisk::from_seed(1);
    kept::write(&disk, &Kept { fleet, signed })?;
    let (tasks, shutdown) = (TaskSet::default(), Shutdown::default());
    let (upstream, limits) = (Upstream::new(&settings), Door::limits(&settings));
    let edge = Edge::start(EdgeParts {
        settings,
        rules: rules(),
        here: Here { region: "local".to_owned(), zone: String::new() },
        tls: None,
        upstream,
        // Nobody listens there: the topology is the kept one.
        control: ControlPlane { address: SocketAddr::from(([127, 0, 0, 1], 1)) },
        verifier: signer.verifier(),
        disk: Arc::new(disk),
        workers: Workers::start("disk", 1, 16)?,
        tasks: tasks.clone(),
        shutdown: shutdown.clone(),
    });
    let edge = edge.await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let serving = serve_http(listener, Door::new(edge), limits, tasks.clone(), shutdown.clone());
    let mut input = tokio::io::stdin();
    tokio::select! {
        biased;
        _ = input.read_u8() => shutdown.begin(),
        () = serving => {}
    }
    Ok(())
}
