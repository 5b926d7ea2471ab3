//! An edge before one server, in this process.

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
use runtime::{Priority, Shutdown, TaskSet, Workers, serve_http};
use storage::disk::FaultDisk;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Starts one that asks in this way; gives the address of its door, and what ends when it does.
pub(crate) async fn edge_before(
    origin: SocketAddr,
    settings: EdgeSettings,
    upstream: Upstream,
) -> Result<(SocketAddr, JoinHandle<()>), Box<dyn Error>> {
    let signer = Signer::new(&[1; 32])?;
    let fleet = fleet_of(origin);
    let signed = signer.sign(&fleet.topology)?;
    let disk = FaultDisk::from_seed(1);
    kept::write(&disk, &Kept { fleet, signed })?;
    let (tasks, shutdown) = (TaskSet::default(), Shutdown::default());
    let limits = Door::limits(&settings);
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
    let address = listener.local_addr()?;
    let serving = serve_http(listener, Door::new(edge), limits, tasks.clone(), shutdown);
    Ok((address, tasks.spawn(serving)))
}

/// Everything may be kept that says so, but what lies below `/forwarded`.
fn rules() -> Rules {
    Rules {
        work: |_| Work::New { key: None },
        tenant: |_| None,
        priority: |_| Priority::Asked,
        repeatable: |_| false,
        refusable: |_| false,
        declines: |_| false,
        overloaded: |_| false,
        keeps: |head| !head.uri.path().starts_with("/forwarded"),
        shows: |_| true,
        visit_cookie: "visit",
        begins_visit: |_| false,
        refuse: |_, turned| {
            let mut response = Response::new(Bytes::from(turned.sentence.clone()));
            *response.status_mut() = turned.status;
            response
        },
        operator: Arc::new(|_| false),
        proof: http::HeaderName::from_static("x-operator"),
        everywhere: |_| None,
        own: |_| None,
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
