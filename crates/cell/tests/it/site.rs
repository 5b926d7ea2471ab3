//! A cell on a port of its own, with real partners behind it: the simulated market over HTTP.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use cell::{CellParts, CellSettings, OperatorToken, PriceIndexes, SearchMemory, router};
use events::fact::{FactSettings, Origin, Recorder};
use events::log::{FileLog, LogSettings};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use hyper_util::service::TowerToHyperService;
use partners::asker::AskerParts;
use partners::{Asker, AskerSettings, Registry};
use prices::follow::{Follower, FollowerParts};
use prices::freshness::Freshness;
use prices::history::HistorySettings;
use prices::indicative::{EuroRates, Indicative, IndicativeSettings};
use prices::memory::Memory;
use prices::shared::SharedPrices;
use prices::store::{PriceStore, StoreSettings};
use runtime::{HttpLimits, Limited, Shutdown, TaskSet, Workers, serve_http};
use sandbox::faults::PartnerFault;
use sandbox::{FaultPlan, Market, MarketSettings, Seller, serve};
use search::{Engine, EngineParts, Roster, RosterSource, SearchSettings, TokenKeys};
use serde_json::{Value, json};
use storage::disk::FaultDisk;
use tokio::net::TcpListener;

/// Partners of a site.
pub(crate) const PARTNERS: usize = 24;

/// The market all tests share.
fn market() -> &'static Market {
    static MARKET: OnceLock<Market> = OnceLock::new();
    MARKET.get_or_init(|| Market::generate(7, MarketSettings::fast()).unwrap())
}

/// Sellers that can be asked for any trip of these tests, of every protocol.
fn sellers() -> Vec<&'static Seller> {
    let everywhere = |seller: &&Seller| {
        let markets = seller.markets.as_ref();
        let british = markets.is_none_or(|list| list.contains(&"GB".parse().unwrap()));
        british && seller.airports.is_none()
    };
    let fit: Vec<_> = market().sellers().iter().filter(everywhere).collect();
    let step = fit.len() / PARTNERS;
    fit.into_iter().step_by(step.max(1)).take(PARTNERS).collect()
}

/// Serves the market and gives partners of it; every second one answers `slow_ms` late.
async fn roster(slow_ms: u32, tasks: &TaskSet, shutdown: &Shutdown) -> RosterSource {
    let decimals = |code| atlas::atlas().currency(code).map(|currency| currency.decimals);
    let asker = Asker::new(AskerParts {
        settings: AskerSettings::default(),
        decimals,
        workers: None,
        tasks: tasks.clone(),
        shutdown: shutdown.clone(),
    });
    let registry = Registry::open(None, asker.unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let market = market().at(&base);
    let chosen = sellers();
    let mut faults = FaultPlan::none();
    for seller in chosen.iter().skip(1).step_by(2).filter(|_| slow_ms > 0) {
        faults.set(seller.id, Some(PartnerFault::Slow { ms: slow_ms }));
    }
    let wanted = |name: &str| chosen.iter().any(|seller| name == format!("{}.toml", seller.id));
    let files = market.partner_files(&base).into_iter().filter(|(name, _)| wanted(name));
    assert_eq!(registry.register_all(files), []);
    tasks.spawn(serve(market, listener, faults, tasks.clone(), shutdown.clone()));
    let roster: Roster = registry.snapshot().partners().into();
    Arc::new(move || Arc::clone(&roster))
}

/// A memory whose log is on a disk that lives as long as the test.
async fn memory(
    shared: Option<Arc<SharedPrices>>,
    workers: &Workers,
    tasks: &TaskSet,
    shutdown: &Shutdown,
) -> (SearchMemory, PriceIndexes) {
    let disk = Arc::new(FaultDisk::from_seed(1));
    let log = Arc::new(FileLog::open(disk.clone(), "log", LogSettings::default()).unwrap());
    let rates = Arc::new(EuroRates::from(atlas::atlas().rates()));
    let indicative = Arc::new(Indicative::new(IndicativeSettings::default(), Arc::clone(&rates)));
    let (path, settings) = ("history".to_owned(), HistorySettings::default());
    let follower = FollowerParts { log: log.clone(), disk, path, rates, settings };
    let follower = Follower::open(follower).unwrap();
    let history = Arc::clone(follower.history());
    tasks.spawn(follower.run(workers.clone(), shutdown.clone(), Duration::from_secs(600)));
    let store = Arc::new(PriceStore::new(StoreSettings::default(), Freshness::default()));
    let memory = Memory::open(log, 1, store, Arc::clone(&indicative), Some(workers.clone()));
    let memory = memory.await.unwrap();
    let memory = match shared {
        Some(shared) => memory.sharing(shared),
        None => memory,
    };
    (
        SearchMemory::new(Arc::new(memory)),
        PriceIndexes { indicative, history, region: Arc::default() },
    )
}

/// What a cell is made of, with a new engine.
pub(crate) async fn parts(
    roster: RosterSource,
    settings: CellSettings,
    tasks: &TaskSet,
    shutdown: &Shutdown,
) -> CellParts {
    parts_sharing(None, roster, settings, tasks, shutdown).await
}

async fn parts_sharing(
    shared: Option<Arc<SharedPrices>>,
    roster: RosterSource,
    settings: CellSettings,
    tasks: &TaskSet,
    shutdown: &Shutdown,
) -> CellParts {
    let workers = Workers::start("test", 2, 64).unwrap();
    let (memory, prices) = memory(shared, &workers, tasks, shutdown).await;
    let disk = Arc::new(FaultDisk::from_seed(2));
    let log = FileLog::open(disk, "facts", LogSettings::default()).unwrap();
    let origin = Origin { cell: "cell-1".to_owned(), region: "local".to_owned() };
    let facts = Recorder::open(Arc::new(log), 1, origin, FactSettings::default()).await.unwrap();
    let engine = Engine::new(EngineParts {
        // Asked anew at once unless it is remembered.
        settings: SearchSettings {
            fresh_ms: Limited::literal(0),
            // Tests run side by side; that the machine is late is not what they are about.
            late_ms: Limited::literal(10_000),
            ..SearchSettings::default()
        },
        roster: Arc::clone(&roster),
        memory: Some(Arc::new(memory.clone())),
        atlas: atlas::atlas(),
        least_wait: Arc::new(|_| Duration::ZERO),
        busy: Arc::new(|| 0.0),
        workers: workers.clone(),
        tasks: tasks.clone(),
        shutdown: shutdown.clone(),
        keys: TokenKeys::single(&[7; 32]),
        cell: 1,
        facts,
    });
    let engine = engine.unwrap();
    CellParts {
        engine,
        cell: 1,
        release: "1".to_owned(),
        roster,
        workers,
        shutdown: shutdown.clone(),
        prices,
        memory: Some(memory),
        operator: OperatorToken::new([0xA5; 32]),
        visit: |headers| headers.get("x-fareway-visit")?.to_str().ok(),
        secure: false,
        settings,
    }
}

/// A running cell.
pub(crate) struct Site {
    pub(crate) base: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|_| panic!("not JSON: {}", String::from_utf8_lossy(&self.bytes)))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}

impl Site {
    /// A cell whose slow partners take `slow_ms`.
    pub(crate) async fn start(slow_ms: u32) -> Self {
        Self::with_settings(slow_ms, CellSettings::default()).await
    }

    pub(crate) async fn with_settings(slow_ms: u32, settings: CellSettings) -> Self {
        let (tasks, shutdown) = (TaskSet::default(), Shutdown::default());
        let roster = roster(slow_ms, &tasks, &shutdown).await;
        Self::with(parts(roster, settings, &tasks, &shutdown).await, tasks).await
    }

    /// Processes of one cell: they ask the same partners and share the answers over these caches.
    pub(crate) async fn pods<const N: usize>(shared: [Arc<SharedPrices>; N]) -> Vec<Self> {
        let (tasks, shutdown) = (TaskSet::default(), Shutdown::default());
        let roster = roster(0, &tasks, &shutdown).await;
        let mut pods = Vec::new();
        for shared in shared {
            let (roster, settings) = (Arc::clone(&roster), CellSettings::default());
            let parts = parts_sharing(Some(shared), roster, settings, &tasks, &shutdown).await;
            pods.push(Self::with(parts, tasks.clone()).await);
        }
        pods
    }

    /// A cell without partners.
    pub(crate) async fn empty() -> Self {
        let (tasks, shutdown) = (TaskSet::default(), Shutdown::default());
        let nobody: RosterSource = Arc::new(|| Arc::from([]));
        Self::with(parts(nobody, CellSettings::default(), &tasks, &shutdown).await, tasks).await
    }

    async fn with(parts: CellParts, tasks: TaskSet) -> Self {
        let shutdown = parts.shutdown.clone();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let service = TowerToHyperService::new(router(parts));
        let limits = HttpLimits::default();
        tasks.spawn(serve_http(listener, service, limits, tasks.clone(), shutdown));
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { base, client }
    }

    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Answer {
        let response = self.client.request(request).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer { status: head.status, headers: head.headers, bytes }
    }

    pub(crate) async fn call(&self, method: Method, path: &str, body: &str) -> Answer {
        let request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        self.send(request.body(Full::from(body.to_owned())).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, "").await
    }

    /// Gets it as the operator.
    pub(crate) async fn as_operator(&self, path: &str) -> Answer {
        let request = Request::get(format!("{}{path}", self.base));
        let request = request.header("x-fareway-operator", "a5".repeat(32));
        self.send(request.body(Full::default()).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::POST, path, &body.to_string()).await
    }

    /// Creates a `/v1` search and gives its token.
    pub(crate) async fn search(&self, body: &Value) -> String {
        let created = self.post("/v1/searches", body).await;
        assert_eq!(created.status, 201, "{created:?}");
        created.json()["token"].as_str().unwrap().to_owned()
    }

    /// Reads a page when the search is over.
    pub(crate) async fn finished(&self, token: &str, query: &str) -> Value {
        loop {
            let page = self.get(&format!("/v1/searches/{token}?{query}")).await;
            assert_eq!(page.status, 200, "{page:?}");
            let page = page.json();
            if page["status"] != "incomplete" {
                return page;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// A day that can be searched.
pub(crate) fn soon(days: i32) -> String {
    let today = (runtime::unix_ms() / 86_400_000) as i32;
    domain::Date::from_days(today + days).to_string()
}

/// A return trip as a `/v1` body.
pub(crate) fn trip() -> Value {
    json!({"legs": [
        {"origin": "city:LON", "destination": "city:NYC", "date": soon(40)},
        {"origin": "city:NYC", "destination": "city:LON", "date": soon(47)}],
        "cabin": "economy", "adults": 2, "children_ages": [4], "market": "GB", "locale": "en-GB",
        "currency": "GBP", "nearby": false})
}

/// The same trip, one way, as a v3 body.
pub(crate) fn v3_trip() -> Value {
    let date = soon(40);
    let part = |range: std::ops::Range<usize>| date[range].parse::<i32>().unwrap();
    json!({"query": {"market": "UK", "locale": "en-GB", "currency": "GBP", "queryLegs": [{
        "originPlaceId": {"iata": "LON"}, "destinationPlaceId": {"iata": "NYC"},
        "date": {"year": part(0..4), "month": part(5..7), "day": part(8..10)}}],
        "cabinClass": "CABIN_CLASS_ECONOMY", "adults": 1}})
}
