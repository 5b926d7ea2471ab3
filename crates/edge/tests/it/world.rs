//! Servers in the place of cells and control plane, and an edge before them.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use edge::{ControlPlane, Door, Edge, EdgeParts, EdgeSettings, Here, Upstream};
use fleet::topology::{CellSite, Region, SeenHealth};
use fleet::{CellId, Fleet, Signer, Topology};
use futures_util::{FutureExt, future, stream};
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use runtime::{HttpLimits, Limited, Shutdown, TaskSet, Workers, serve_http};
use storage::disk::FaultDisk;
use tokio::net::TcpListener;

mod pages;
mod rules;
mod sockets;

pub(crate) use self::pages::{Page, Pages};
use self::rules::rules;
use self::sockets::Sockets;

/// How a cell behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mood {
    /// It answers.
    #[default]
    Well,
    /// It takes requests and closes without a word.
    BreaksOff,
    /// It takes requests and says nothing.
    Hangs,
    /// The same, and nothing to looks at its health either, as if its machine had stopped.
    Stopped,
    /// It begins an answer and breaks off.
    BreaksOffLate,
    /// It answers with this status.
    Says(u16),
}

pub(crate) type AnyBody = Pin<Box<dyn Body<Data = Bytes, Error = std::io::Error> + Send>>;

/// A server in the place of a cell.
pub(crate) struct StandIn {
    pub(crate) address: SocketAddr,
    pub(crate) mood: Arc<Mutex<Mood>>,
    /// Requests seen, without looks at its health.
    pub(crate) seen: Arc<AtomicUsize>,
    /// Looks at its health.
    pub(crate) looks: Arc<AtomicUsize>,
    /// Its WebSockets.
    pub(crate) sockets: Arc<Sockets>,
    shutdown: Shutdown,
    tasks: TaskSet,
}

impl StandIn {
    async fn start(name: u32, pages: &Arc<Pages>) -> Self {
        Self::start_with(name, SocketAddr::from(([127, 0, 0, 1], 0)), pages).await
    }

    pub(crate) async fn start_at(name: u32, at: SocketAddr) -> Self {
        Self::start_with(name, at, &Arc::default()).await
    }

    pub(crate) async fn start_with(name: u32, at: SocketAddr, pages: &Arc<Pages>) -> Self {
        let listener = TcpListener::bind(at).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (mood, seen) = (Arc::new(Mutex::new(Mood::Well)), Arc::new(AtomicUsize::new(0)));
        let (tasks, shutdown) = (TaskSet::default(), Shutdown::default());
        let looks = Arc::new(AtomicUsize::new(0));
        let (moody, counted) = (Arc::clone(&mood), [Arc::clone(&seen), Arc::clone(&looks)]);
        let pages = Arc::clone(pages);
        let sockets = Sockets::new(tasks.clone(), shutdown.clone());
        let opening = Arc::clone(&sockets);
        let service = service_fn(move |request: Request<Incoming>| {
            let mood = *moody.lock().unwrap();
            let is_look = request.uri().path() == "/readyz";
            counted[usize::from(is_look)].fetch_add(1, Ordering::SeqCst);
            let (pages, sockets) = (Arc::clone(&pages), Arc::clone(&opening));
            if request.headers().contains_key("upgrade") && mood == Mood::Well {
                return future::ready(Ok(sockets.answer(name, request))).left_future();
            }
            let answered =
                async move { Ok::<_, Infallible>(answer(name, mood, request, &pages).await) };
            answered.right_future()
        });
        let limits = HttpLimits::default();
        tasks.spawn(serve_http(listener, service, limits, tasks.clone(), shutdown.clone()));
        Self { address, mood, seen, looks, sockets, shutdown, tasks }
    }

    pub(crate) fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// Closes the listener and all connections.
    pub(crate) async fn die(&self) {
        self.shutdown.begin();
        assert!(self.tasks.drain(Duration::from_secs(5)).await);
    }
}

pub(crate) fn whole(text: impl Into<Bytes>) -> AnyBody {
    Box::pin(Full::new(text.into()).map_err(|never| match never {}))
}

/// A piece, then an error: hyper closes the connection.
fn broken(first: &'static str) -> AnyBody {
    let pieces = [
        Ok(Frame::data(Bytes::from_static(first.as_bytes()))),
        Err(std::io::ErrorKind::ConnectionReset.into()),
    ];
    Box::pin(StreamBody::new(stream::iter(pieces)))
}

async fn answer(
    name: u32,
    mood: Mood,
    request: Request<Incoming>,
    pages: &Pages,
) -> Response<AnyBody> {
    let (head, body) = request.into_parts();
    if head.uri.path() == "/readyz" && mood != Mood::Stopped {
        return Response::new(whole("ready"));
    }
    match mood {
        Mood::Well if head.uri.path() == "/poison" => panic!("a stand-in is poisoned"),
        Mood::Well => {}
        // The connection is dropped with its task.
        Mood::BreaksOff => panic!("a stand-in breaks off, as it was told"),
        Mood::Hangs | Mood::Stopped => std::future::pending().await,
        Mood::BreaksOffLate => return Response::new(broken("half of")),
        Mood::Says(status) => {
            return Response::builder().status(status).body(whole("told")).unwrap();
        }
    }
    if head.uri.path().starts_with("/pages/") && !head.method.is_safe() {
        return Response::builder().header("location", "/pages/named").body(whole("")).unwrap();
    }
    if head.uri.path().starts_with("/pages/") {
        return pages.answer(head).await;
    }
    match head.uri.path() {
        "/events" => {
            let events = stream::unfold(0, |count| async move {
                if count > 0 {
                    tokio::time::sleep(Duration::from_secs(3_600)).await;
                }
                Some((Ok(Frame::data(Bytes::from_static(b"data: first\n\n"))), count + 1))
            });
            let body: AnyBody = Box::pin(StreamBody::new(events));
            Response::builder().header("content-type", "text/event-stream").body(body).unwrap()
        }
        "/everywhere" => {
            let body = body.collect().await.unwrap().to_bytes();
            let told = serde_json::json!({"cell": name, "told": String::from_utf8_lossy(&body)});
            Response::new(whole(told.to_string()))
        }
        "/version" => Response::new(whole(format!("{:?}", head.version))),
        "/echo" => Response::new(Box::pin(body.map_err(std::io::Error::other)) as AnyBody),
        "/headers" => {
            let lines = head.headers.iter();
            let lines: Vec<String> =
                lines.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
            Response::builder()
                .header("connection", "x-own")
                .header("x-own", "1")
                .body(whole(lines.join("\n")))
                .unwrap()
        }
        _ => Response::new(whole(format!("cell-{name}"))),
    }
}

pub(crate) fn signer() -> Signer {
    Signer::new(&[9; 32]).unwrap()
}

pub(crate) fn fleet_of(cells: &[(u32, SocketAddr)]) -> Fleet {
    let cells = cells.iter().map(|&(id, address)| CellSite {
        id: CellId(id),
        zone: "a".to_owned(),
        address,
        weight: 100,
        tested_max: 100,
        version: "1".to_owned(),
        draining: false,
        health: SeenHealth::Unknown,
    });
    let region = Region {
        name: "local".to_owned(),
        zones: vec!["a".to_owned()],
        peak: 100,
        cells: cells.collect(),
    };
    let table = fleet::TableSum::default();
    Fleet::new(Topology { version: 1, table, regions: vec![region], overrides: Vec::new() })
}

/// A server in the place of the control plane.
pub(crate) struct Control {
    pub(crate) address: SocketAddr,
    /// Signed topology and table.
    pub(crate) offers: Arc<Mutex<(Vec<u8>, Vec<u8>)>>,
    shutdown: Shutdown,
    tasks: TaskSet,
}

impl Control {
    async fn start(fleet: &Fleet) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let offers = (signer().sign(&fleet.topology).unwrap(), fleet.table.encode());
        let offers = Arc::new(Mutex::new(offers));
        let offered = Arc::clone(&offers);
        let service = service_fn(move |request: Request<Incoming>| {
            let (topology, table) = offered.lock().unwrap().clone();
            async move {
                let path = request.uri().path().to_owned();
                if path == edge::TOPOLOGY_PATH {
                    return Ok(Response::new(Full::new(Bytes::from(topology))));
                }
                if path.starts_with(edge::TABLE_PATH) {
                    return Ok(Response::new(Full::new(Bytes::from(table))));
                }
                Ok(echo(request).await)
            }
        });
        let (tasks, shutdown) = (TaskSet::default(), Shutdown::default());
        let limits = HttpLimits::default();
        tasks.spawn(serve_http(listener, service, limits, tasks.clone(), shutdown.clone()));
        Self { address, offers, shutdown, tasks }
    }

    pub(crate) fn offer(&self, fleet: &Fleet) {
        *self.offers.lock().unwrap() =
            (signer().sign(&fleet.topology).unwrap(), fleet.table.encode());
    }

    pub(crate) async fn die(&self) {
        self.shutdown.begin();
        assert!(self.tasks.drain(Duration::from_secs(5)).await);
    }
}

/// What the control plane was asked, in JSON; changes are refused.
async fn echo(request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let told = serde_json::json!({
        "path": head.uri.path(),
        "operator": head.headers["x-operator"].to_str().unwrap(),
        "body": String::from_utf8_lossy(&body),
    });
    let status = if head.method == "POST" { 409 } else { 200 };
    let answer = Response::builder().status(status).header("content-type", "application/told");
    answer.body(Full::new(Bytes::from(told.to_string()))).unwrap()
}

/// Three cells, a control plane, an edge, a client.
pub(crate) struct World {
    pub(crate) cells: Vec<StandIn>,
    pub(crate) pages: Arc<Pages>,
    pub(crate) control: Control,
    pub(crate) fleet: Fleet,
    pub(crate) disk: FaultDisk,
    pub(crate) edge: Arc<Edge>,
    pub(crate) address: SocketAddr,
    /// What the edge runs in, and how it is stopped.
    pub(crate) running: (TaskSet, Shutdown),
    client: Client<HttpConnector, AnyBody>,
    settings: EdgeSettings,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) text: String,
}

impl Got {
    pub(crate) fn cell(&self) -> u32 {
        let name = self.headers["x-cell"].to_str().unwrap();
        name.strip_prefix("cell-").unwrap().parse().unwrap()
    }

    /// A header line; empty: there is none.
    pub(crate) fn line(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |line| line.to_str().unwrap())
    }

    /// What the cache says of it.
    pub(crate) fn how(&self) -> &str {
        self.line("cache-status")
    }
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut EdgeSettings)) -> Self {
        let mut settings = EdgeSettings {
            probe_ms: Limited::literal(50),
            pull_ms: Limited::literal(50),
            answer_ms: Limited::literal(500),
            ..EdgeSettings::default()
        };
        change(&mut settings);
        let pages = Arc::<Pages>::default();
        let start = |name| StandIn::start(name, &pages);
        let cells = [start(1).await, start(2).await, start(3).await];
        let fleet = fleet_of(&[1, 2, 3].map(|id| (id, cells[id as usize - 1].address)));
        let control = Control::start(&fleet).await;
        let disk = FaultDisk::from_seed(1);
        let (edge, address, running) = start_edge(&settings, &control, &disk).await;
        let client = Client::builder(TokioExecutor::new()).build_http();
        let cells = cells.into();
        Self { cells, pages, control, fleet, disk, edge, address, running, client, settings }
    }

    /// Another edge with the same disk, in place of the first.
    pub(crate) async fn restart_edge(&mut self) {
        (self.edge, self.address, self.running) =
            start_edge(&self.settings, &self.control, &self.disk).await;
    }

    pub(crate) fn cell(&self, id: u32) -> &StandIn {
        &self.cells[id as usize - 1]
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: AnyBody,
    ) -> Response<Incoming> {
        let uri = format!("http://{}{path}", self.address);
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = self.client.request(request.body(body).unwrap());
        // A test that would hang fails instead.
        tokio::time::timeout(Duration::from_secs(60), answer).await.unwrap().unwrap()
    }

    pub(crate) async fn call(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Got {
        let response = self.send(method, path, headers, whole("")).await;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        Got { status, headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    pub(crate) async fn get(&self, path: &str) -> Got {
        self.call("GET", path, &[]).await
    }

    /// What the cells answer below `/pages/` from now on.
    pub(crate) fn show(&self, page: Page) {
        *self.pages.page.lock().unwrap() = page;
    }

    /// How often cells were asked for pages.
    pub(crate) fn asked(&self) -> usize {
        self.pages.asked.lock().unwrap().len()
    }

    /// What the operator sees of kept answers.
    pub(crate) async fn kept(&self, what: &str) -> u64 {
        self.seen().await["cache"][what].as_u64().unwrap()
    }

    /// The client, and where it finds a path.
    pub(crate) fn client_to(&self, path: &str) -> (Client<HttpConnector, AnyBody>, String) {
        (self.client.clone(), format!("http://{}{path}", self.address))
    }

    /// What the operator sees of the edge.
    pub(crate) async fn seen(&self) -> serde_json::Value {
        let got = self.call("GET", "/v1/fleet", &[("x-operator", "1")]).await;
        serde_json::from_str(&got.text).unwrap()
    }

    /// How the edge sees a cell.
    pub(crate) async fn standing(&self, cell: u32) -> String {
        self.seen().await["cells"][cell as usize - 1]["standing"].as_str().unwrap().to_owned()
    }

    /// Requests that the edge has not answered whole.
    pub(crate) async fn in_flight(&self) -> u64 {
        self.seen().await["in_flight"].as_u64().unwrap()
    }

    /// The cell that gets new work of a key.
    pub(crate) async fn cell_of_key(&self, key: u32) -> u32 {
        let got = self.call("POST", "/new", &[("x-key", &key.to_string())]).await;
        assert_eq!((got.status, got.text.as_str()), (200, format!("cell-{}", got.cell()).as_str()));
        got.cell()
    }

    /// A key whose work goes to a cell.
    pub(crate) fn key_for(&self, cell: u32) -> u32 {
        let table = &self.fleet.table.regions()[0];
        let wanted = |bucket: &u16| table.first(*bucket) == Some(CellId(cell));
        (0..=u16::MAX).find(wanted).unwrap().into()
    }

    /// Gives each cell a zone of its own.
    pub(crate) async fn one_zone_a_cell(&self) {
        let mut topology = self.fleet.topology.clone();
        topology.version += 1;
        let names = ["a", "b", "c"].map(str::to_owned);
        let region = &mut topology.regions[0];
        for (cell, name) in region.cells.iter_mut().zip(&names) {
            cell.zone.clone_from(name);
        }
        region.zones = names.into();
        let fleet = Fleet::new(topology);
        self.control.offer(&fleet);
        let version = Some(fleet.topology.version);
        self.until(|| async { self.edge.version() == version }).await;
    }

    /// Waits until something is so.
    pub(crate) async fn until<F: Future<Output = bool>>(&self, mut so: impl FnMut() -> F) {
        for _ in 0..500 {
            if so().await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("it never came to be so");
    }
}

async fn start_edge(
    settings: &EdgeSettings,
    control: &Control,
    disk: &FaultDisk,
) -> (Arc<Edge>, SocketAddr, (TaskSet, Shutdown)) {
    let (tasks, shutdown) = (TaskSet::default(), Shutdown::default());
    let edge = Edge::start(EdgeParts {
        settings: settings.clone(),
        rules: rules(),
        here: Here { region: "local".to_owned(), zone: String::new() },
        tls: None,
        upstream: Upstream::new(settings),
        control: ControlPlane { address: control.address },
        verifier: signer().verifier(),
        disk: Arc::new(disk.clone()),
        workers: Workers::start("test", 1, 16).unwrap(),
        tasks: tasks.clone(),
        shutdown: shutdown.clone(),
    });
    let edge = edge.await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (door, limits) = (Door::new(Arc::clone(&edge)), Door::limits(settings));
    tasks.spawn(serve_http(listener, door, limits, tasks.clone(), shutdown.clone()));
    (edge, address, (tasks, shutdown))
}
