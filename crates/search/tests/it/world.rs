//! A market of a few partners behind one real HTTP listener, and an engine that asks them.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use domain::{
    AirportCode, Cabin, CountryCode, CurrencyCode, Date, LegRequest, Place, SearchRequest,
    Travellers,
};
use events::fact::Recorder;
use http::{Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use partners::protocol::fareway::Ask;
use partners::{Asker, AskerParts, AskerSettings, Partner, PartnerSettings};
use runtime::{HttpLimits, Shutdown, TaskSet, Workers};
use search::{
    Display, Engine, EngineParts, Locale, PriceMemory, Roster, SearchSettings, Snapshot, Status,
    TokenKeys,
};
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc};

pub(crate) const GBP: CurrencyCode = CurrencyCode::literal("GBP");

/// What a partner does when it is asked.
#[derive(Clone, Debug)]
pub(crate) enum Manner {
    /// Answers at once.
    Prompt,
    /// Sends each offer as a part of its own, one whenever the gate opens.
    InParts(Arc<Notify>),
    /// Never answers.
    Silent,
    /// Answers with a status.
    Refuses(u16),
    /// Sends something else.
    Garbage,
    /// Sends its offers but not the end.
    Truncated,
}

/// One partner: where it flies, what it asks for.
#[derive(Clone, Debug)]
pub(crate) struct Seller {
    pub(crate) id: &'static str,
    pub(crate) manner: Manner,
    /// Airports it serves; empty means all.
    pub(crate) airports: &'static [&'static str],
    /// Flight number, local departure minute, flying minutes, price in minor units of GBP.
    pub(crate) flights: Vec<(u16, i32, i32, i64)>,
}

impl Seller {
    pub(crate) fn new(id: &'static str, flights: &[(u16, i32, i32, i64)]) -> Self {
        Self { id, manner: Manner::Prompt, airports: &[], flights: flights.to_vec() }
    }

    pub(crate) fn with(self, manner: Manner) -> Self {
        Self { manner, ..self }
    }

    pub(crate) fn serving(self, airports: &'static [&'static str]) -> Self {
        Self { airports, ..self }
    }

    /// A part of an answer with some of the flights, from the first origin to the first destination.
    fn part(&self, ask: &Ask, flights: &[(u16, i32, i32, i64)]) -> String {
        let (mut segments, mut itineraries, mut offers) = (Vec::new(), Vec::new(), Vec::new());
        for (index, &(number, minute, flying, price)) in flights.iter().enumerate() {
            let mut legs = Vec::new();
            for (leg_index, leg) in ask.legs.iter().enumerate() {
                let (from, to) = (leg.origins[0], leg.destinations[0]);
                let departs = leg.date.at_minute(minute);
                let atlas = atlas::atlas();
                let takes_off = atlas.utc_minutes(from, departs).unwrap();
                let arrives = atlas.local_time(to, takes_off + flying).unwrap();
                legs.push(format!("[{}]", segments.len()));
                segments.push(format!(
                    r#"{{"carrier":"BA","number":"{}","origin":"{from}","destination":"{to}","departs":"{departs}","arrives":"{arrives}"}}"#,
                    usize::from(number) + leg_index
                ));
            }
            itineraries.push(format!("[{}]", legs.join(",")));
            offers.push(format!(
                r#"{{"itinerary":{index},"price":"{}.{:02}","link":"https://{}.example/book?n={number}","brand":"LIGHT"}}"#,
                price / 100,
                price % 100,
                self.id
            ));
        }
        format!(
            "{{\"type\":\"part\",\"currency\":\"GBP\",\"segments\":[{}],\"itineraries\":[{}],\"offers\":[{}]}}\n",
            segments.join(","),
            itineraries.join(","),
            offers.join(",")
        )
    }
}

/// What the partners saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    asks: Mutex<BTreeMap<String, Vec<Ask>>>,
    open: AtomicU32,
}

impl Seen {
    pub(crate) fn asks_of(&self, id: &str) -> Vec<Ask> {
        self.asks.lock().unwrap().get(id).cloned().unwrap_or_default()
    }

    pub(crate) fn count(&self) -> usize {
        self.asks.lock().unwrap().values().map(Vec::len).sum()
    }
}

/// A body whose pieces come from a channel.
struct Pieces(mpsc::Receiver<Bytes>);

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|bytes| Ok(Frame::data(bytes))))
    }
}

type Sellers = Arc<BTreeMap<&'static str, Seller>>;

async fn answer(
    request: Request<Incoming>,
    sellers: Sellers,
    seen: Arc<Seen>,
    tasks: TaskSet,
) -> Result<Response<Pieces>, Infallible> {
    let id = request.uri().path().trim_matches('/').split('/').next().unwrap().to_owned();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let ask = Ask::parse(&body).unwrap();
    seen.asks.lock().unwrap().entry(id.clone()).or_default().push(ask.clone());
    seen.open.fetch_add(1, Ordering::Relaxed);
    let seller = sellers[id.as_str()].clone();
    let (sender, receiver) = mpsc::channel(16);
    let mut response = Response::new(Pieces(receiver));
    let type_ = http::HeaderValue::from_static("application/x-ndjson");
    response.headers_mut().insert(http::header::CONTENT_TYPE, type_);
    if let Manner::Refuses(status) = seller.manner {
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        return Ok(response);
    }
    tasks.spawn(async move {
        let send = |text: String| {
            let sender = sender.clone();
            async move { sender.send(Bytes::from(text)).await.is_ok() }
        };
        match &seller.manner {
            Manner::Silent => sender.closed().await,
            Manner::Garbage => {
                send("<html>".to_owned()).await;
            }
            Manner::Truncated => {
                send(seller.part(&ask, &seller.flights)).await;
            }
            Manner::Prompt | Manner::Refuses(_) => {
                let end = "{\"type\":\"end\",\"parts\":1}\n";
                send(seller.part(&ask, &seller.flights) + end).await;
            }
            Manner::InParts(gate) => {
                for flight in &seller.flights {
                    gate.notified().await;
                    send(seller.part(&ask, &[*flight])).await;
                }
                gate.notified().await;
                let parts = seller.flights.len();
                send(format!("{{\"type\":\"end\",\"parts\":{parts}}}\n")).await;
            }
        }
    });
    Ok(response)
}

/// Partners that run, and what an engine needs to ask them.
pub(crate) struct World {
    pub(crate) seen: Arc<Seen>,
    pub(crate) roster: Arc<Mutex<Roster>>,
    pub(crate) tasks: TaskSet,
    pub(crate) shutdown: Shutdown,
    address: SocketAddr,
    asker: Asker,
    workers: Workers,
}

impl World {
    pub(crate) async fn with(sellers: Vec<Seller>) -> Self {
        let (tasks, shutdown) = (TaskSet::default(), Shutdown::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Seen::default());
        let by_id: Sellers = Arc::new(sellers.iter().map(|s| (s.id, s.clone())).collect());
        let service = {
            let (seen, tasks) = (Arc::clone(&seen), tasks.clone());
            service_fn(move |request| {
                answer(request, Arc::clone(&by_id), Arc::clone(&seen), tasks.clone())
            })
        };
        tasks.spawn(runtime::serve_http(
            listener,
            service,
            HttpLimits::default(),
            tasks.clone(),
            shutdown.clone(),
        ));
        let workers = Workers::start("test", 2, 64).unwrap();
        let asker = Asker::new(AskerParts {
            settings: AskerSettings::default(),
            decimals: |code| atlas::atlas().currency(code).map(|currency| currency.decimals),
            workers: Some(workers.clone()),
            tasks: tasks.clone(),
            shutdown: shutdown.clone(),
        })
        .unwrap();
        let roster: Roster = Vec::new().into();
        let roster = Arc::new(Mutex::new(roster));
        let world = Self { seen, roster, tasks, shutdown, address, asker, workers };
        world.set_roster(sellers.iter().map(|seller| world.partner(seller)).collect());
        world
    }

    pub(crate) fn partner(&self, seller: &Seller) -> Arc<dyn Partner> {
        let airports = match seller.airports {
            [] => String::new(),
            airports => format!("[coverage]\nairports = {airports:?}\n"),
        };
        let text = format!(
            "id = \"{id}\"\nname = \"{id}\"\nprotocol = \"fareway\"\n\
             endpoint = \"http://{address}/{id}\"\n\
             [[agents]]\nid = \"{id}\"\nname = \"{id}\"\nkind = \"airline\"\n{airports}",
            id = seller.id,
            address = self.address,
        );
        self.asker.partner(PartnerSettings::parse("test.toml", &text, None).unwrap())
    }

    pub(crate) fn set_roster(&self, partners: Vec<Arc<dyn Partner>>) {
        *self.roster.lock().unwrap() = partners.into();
    }

    /// An engine of its own cell; all of one world have the same keys.
    pub(crate) fn engine(&self, change: impl FnOnce(&mut SearchSettings)) -> Arc<Engine> {
        self.engine_with(None, change)
    }

    /// The same with a memory.
    pub(crate) fn engine_with(
        &self,
        memory: Option<Arc<dyn PriceMemory>>,
        change: impl FnOnce(&mut SearchSettings),
    ) -> Arc<Engine> {
        self.engine_of(memory, Recorder::default(), change)
    }

    /// One that tells what happens.
    pub(crate) fn engine_telling(&self, facts: Recorder) -> Arc<Engine> {
        self.engine_of(None, facts, |_| ())
    }

    fn engine_of(
        &self,
        memory: Option<Arc<dyn PriceMemory>>,
        facts: Recorder,
        change: impl FnOnce(&mut SearchSettings),
    ) -> Arc<Engine> {
        let mut settings = SearchSettings::default();
        settings.self_transfer.enabled = false;
        change(&mut settings);
        let roster = Arc::clone(&self.roster);
        Engine::new(EngineParts {
            settings,
            roster: Arc::new(move || Arc::clone(&roster.lock().unwrap())),
            memory,
            atlas: atlas::atlas(),
            workers: self.workers.clone(),
            least_wait: Arc::new(|_| Duration::ZERO),
            busy: Arc::new(|| 0.0),
            tasks: self.tasks.clone(),
            shutdown: self.shutdown.clone(),
            keys: TokenKeys::single(&[3; 32]),
            cell: 1,
            facts,
        })
        .unwrap()
    }

    /// Stops everything; nothing may be left running.
    pub(crate) async fn stop(self) {
        self.shutdown.begin();
        let drained = self.tasks.drain(Duration::from_secs(5)).await;
        assert!(drained, "{} tasks are still running", self.tasks.len());
    }
}

/// Some day well ahead.
pub(crate) fn day() -> Date {
    Date::from_days((runtime::unix_ms() / 86_400_000) as i32 + 60)
}

pub(crate) fn airport(code: &str) -> Place {
    Place::Airport(AirportCode::literal(code))
}

pub(crate) fn request(from: &str, to: &str) -> SearchRequest {
    SearchRequest {
        legs: vec![LegRequest { origin: airport(from), destination: airport(to), date: day() }],
        cabin: Cabin::Economy,
        travellers: Travellers::one_adult(),
        market: CountryCode::literal("GB"),
        nearby: false,
    }
}

pub(crate) fn display() -> Display {
    Display::new(GBP, Locale::EN_GB)
}

/// Polls until the search is over; gives the last token and snapshot.
pub(crate) async fn finish(engine: &Engine, token: &str) -> (String, Arc<Snapshot>) {
    let mut token = token.to_owned();
    loop {
        let polled = within(engine.poll(&token, 1_000)).await.unwrap();
        token = polled.token;
        if polled.snapshot.status != Status::Incomplete {
            return (token, polled.snapshot);
        }
    }
}

/// A test that would hang fails instead.
pub(crate) async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), work).await.expect("it hangs")
}

/// Prices by flight number and agent, as a traveller sees them.
pub(crate) fn prices(snapshot: &Snapshot) -> Vec<(u32, String, Option<i64>)> {
    let merged = &snapshot.merged;
    let mut all = Vec::new();
    for itinerary in merged.itineraries() {
        let first = merged.legs(itinerary).next().unwrap();
        let number = first.segments().next().unwrap().number.number();
        for option in merged.options(itinerary) {
            all.push((number, merged.offer(&option).agent().to_string(), option.amount()));
        }
    }
    all.sort();
    all
}

/// Rows as text: `id offers fault` of those asked, `id reason` of the others.
pub(crate) fn ledger(snapshot: &Snapshot) -> Vec<String> {
    let mut rows: Vec<String> = snapshot
        .ledger
        .rows()
        .map(|row| match row.asked {
            true => format!("{} {} {}", row.partner, row.offers, row.fault.unwrap_or("-")),
            false => format!("{} {}", row.partner, row.reason.unwrap_or("?")),
        })
        .collect();
    rows.sort();
    rows
}
