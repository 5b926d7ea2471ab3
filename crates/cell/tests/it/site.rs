//! A cell on a port of its own, with partners that answer what the simulated market says.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use cell::{CellParts, CellSettings, router};
use domain::Question;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use hyper_util::service::TowerToHyperService;
use partners::contract::AskFuture;
use partners::{AnswerSink, Asked, Ended, Partner, PartnerSettings};
use runtime::{Deadline, HttpLimits, Shutdown, TaskSet, Workers, serve_http};
use sandbox::{Market, MarketSettings};
use search::{Engine, EngineParts, RosterSource, SearchSettings, TokenKeys};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Partners of a site.
const PARTNERS: usize = 24;

/// The market all tests share.
pub(crate) fn market() -> &'static Market {
    static MARKET: OnceLock<Market> = OnceLock::new();
    MARKET.get_or_init(|| Market::generate(7, MarketSettings::fast()).unwrap())
}

/// A partner that answers what the market says, after a while.
#[derive(Debug)]
struct MarketPartner {
    settings: PartnerSettings,
    after: Duration,
}

impl Partner for MarketPartner {
    fn settings(&self) -> &PartnerSettings {
        &self.settings
    }

    fn ask(&self, question: Arc<Question>, _: Deadline, mut parts: AnswerSink) -> AskFuture<'_> {
        Box::pin(async move {
            let start = runtime::now();
            tokio::time::sleep(self.after).await;
            let answer = market().answer(self.settings.id, &question);
            let offers = answer.offers().len() as u32;
            parts(answer);
            Asked {
                offers,
                took: start.elapsed(),
                status: Some(200),
                bytes: 0,
                unread: partners::Unread::default(),
                outcome: Ok(Ended { parts: 1 }),
            }
        })
    }
}

/// The partners: carriers and agencies of the market, every second one a little later.
pub(crate) fn roster(slow_ms: u64) -> RosterSource {
    let sellers = market().sellers();
    let step = sellers.len() / PARTNERS;
    let partner = |(index, seller): (usize, &sandbox::Seller)| {
        let kind = if seller.is_airline() { "airline" } else { "travel_agent" };
        let text = format!(
            "id = \"{}\"\nname = \"{}\"\nprotocol = \"fareway\"\nendpoint = \"http://127.0.0.1:1/p\"\n\
             [[agents]]\nid = \"{}\"\nname = \"{}\"\nkind = \"{kind}\"\n",
            seller.id, seller.name, seller.agent, seller.name
        );
        let settings = PartnerSettings::parse("test", &text, None).unwrap();
        let after = Duration::from_millis(if index % 2 == 0 { 0 } else { slow_ms });
        Arc::new(MarketPartner { settings, after }) as Arc<dyn Partner>
    };
    let chosen = sellers.iter().step_by(step).take(PARTNERS).enumerate();
    let roster: Arc<[Arc<dyn Partner>]> = chosen.map(partner).collect();
    Arc::new(move || Arc::clone(&roster))
}

/// What a cell is made of, with a new engine.
pub(crate) fn parts(
    roster: RosterSource,
    settings: CellSettings,
    tasks: &TaskSet,
    shutdown: &Shutdown,
) -> CellParts {
    let workers = Workers::start("test", 2, 64).unwrap();
    let engine = Engine::new(EngineParts {
        settings: SearchSettings::default(),
        roster: Arc::clone(&roster),
        atlas: atlas::atlas(),
        workers: workers.clone(),
        tasks: tasks.clone(),
        shutdown: shutdown.clone(),
        keys: TokenKeys::single(&[7; 32]),
        cell: 1,
    });
    let engine = engine.unwrap();
    CellParts { engine, cell: 1, roster, workers, shutdown: shutdown.clone(), settings }
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
    pub(crate) async fn start(slow_ms: u64) -> Self {
        Self::with(roster(slow_ms), CellSettings::default()).await
    }

    /// A cell without partners.
    pub(crate) async fn empty() -> Self {
        Self::with(Arc::new(|| Arc::from([])), CellSettings::default()).await
    }

    pub(crate) async fn with_settings(slow_ms: u64, settings: CellSettings) -> Self {
        Self::with(roster(slow_ms), settings).await
    }

    async fn with(roster: RosterSource, settings: CellSettings) -> Self {
        let (tasks, shutdown) = (TaskSet::default(), Shutdown::default());
        let parts = parts(roster, settings, &tasks, &shutdown);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let service = TowerToHyperService::new(router(parts));
        let limits = HttpLimits::default();
        let served = serve_http(listener, service, limits, tasks.clone(), shutdown);
        tasks.spawn(served);
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
