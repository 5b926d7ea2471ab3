//! Travellers: each creates a search, polls it until it is over, and searches again. What they are answered
//! goes into a diary, in the order in which it came.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use runtime::Random;
use runtime::net::HttpConnector;
use runtime::simulated::turmoil;
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;

use super::ground::{Asked, Ground};
use super::hosts::PORT;

/// Travellers of a world.
pub(super) const TRAVELLERS: u32 = 6;
/// When they come, and when none of them begins another search, milliseconds of the world.
const COME: u64 = 500;
const LAST: u64 = 8_500;
/// Time between two polls, and before a request that failed is sent again.
const POLL: Duration = Duration::from_millis(150);
/// Longest rest between two searches, milliseconds.
const REST_MS: u64 = 300;
/// Longest wait for one answer: longer than any edge that is there lets travellers wait.
const PATIENCE: Duration = Duration::from_secs(4);
/// Creates that a traveller tries for one search.
const CREATES_MAX: u32 = 20;
/// Polls of one search.
const POLLS_MAX: u32 = 100;

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum What {
    Create,
    Poll,
}

/// What a page says of its search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum State {
    Incomplete,
    Complete,
    Failed,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Outcome {
    Created { cell: u32 },
    Page { cell: u32, state: State, version: u64, total: u64 },
    Refused { status: u16, code: String },
    Broken(String),
}

impl Outcome {
    /// The cell that answered.
    pub(super) const fn cell(&self) -> Option<u32> {
        match self {
            Self::Created { cell } | Self::Page { cell, .. } => Some(*cell),
            Self::Refused { .. } | Self::Broken(_) => None,
        }
    }
}

/// A line of the diary; times in milliseconds of the world.
#[derive(Clone, Debug, Hash)]
pub(super) struct Entry {
    /// Traveller, and the number of their search.
    pub(super) search: (u32, u32),
    pub(super) what: What,
    pub(super) sent: u64,
    pub(super) came: u64,
    pub(super) outcome: Outcome,
    /// Of the answer's bytes.
    pub(super) digest: u64,
}

/// What all travellers saw.
#[derive(Debug, Default)]
pub(super) struct Diary {
    pub(super) entries: Vec<Entry>,
    /// What no partner said to the question that was asked, one sentence each.
    pub(super) wrong: Vec<String>,
    /// Offers that were compared.
    pub(super) compared: usize,
}

pub(super) type Shared = Rc<RefCell<Diary>>;

/// Milliseconds of the world.
fn world_ms() -> u64 {
    turmoil::sim_elapsed().map_or(0, |elapsed| elapsed.as_millis() as u64)
}

/// One traveller.
struct Traveller {
    number: u32,
    searches: u32,
    random: Random,
    client: Client<HttpConnector, Full<Bytes>>,
    diary: Shared,
}

/// An answer.
struct Answer {
    status: u16,
    headers: HeaderMap,
    bytes: Bytes,
}

/// All travellers, until the last has left.
pub(super) async fn run_all(seed: u64, diary: Shared) {
    let mut random = Random::from_seed(seed ^ 0x7ea5);
    let travellers = (0..TRAVELLERS).map(|number| {
        let mut client = Client::builder(TokioExecutor::new());
        let client = client.pool_max_idle_per_host(1).build(HttpConnector::new());
        let (random, diary) = (random.fork(), Rc::clone(&diary));
        Traveller { number, searches: 0, random, client, diary }
    });
    let trips = travellers.collect::<Vec<_>>().into_iter().map(Traveller::run);
    futures_util::future::join_all(trips).await;
}

impl Traveller {
    async fn run(mut self) {
        tokio::time::sleep(Duration::from_millis(COME)).await;
        while world_ms() < LAST {
            let rest = self.random.below(REST_MS);
            tokio::time::sleep(Duration::from_millis(rest)).await;
            let questions = &Ground::get().questions;
            let asked = &questions[self.random.below(questions.len() as u64) as usize];
            self.searches += 1;
            self.search(asked).await;
        }
    }

    async fn search(&mut self, asked: &'static Asked) {
        let mut created = None;
        for _ in 0..CREATES_MAX {
            created = self.exchange(What::Create, "/v1/searches", Some(asked)).await;
            if created.is_some() {
                break;
            }
            tokio::time::sleep(POLL).await;
        }
        let token = created.and_then(|created| created["token"].as_str().map(str::to_owned));
        let Some(token) = token else { return };
        let path = format!("/v1/searches/{token}?limit=100&options=all");
        for _ in 0..POLLS_MAX {
            tokio::time::sleep(POLL).await;
            let Some(page) = self.exchange(What::Poll, &path, None).await else { continue };
            self.compare(asked, &page);
            if page["status"] != "incomplete" {
                return;
            }
        }
    }

    /// Sends a request and writes down what came of it; gives an answer that promises something.
    async fn exchange(&self, what: What, path: &str, asked: Option<&Asked>) -> Option<Value> {
        let sent = world_ms();
        let answered = tokio::time::timeout(PATIENCE, self.send(path, asked)).await;
        let answered = answered.unwrap_or_else(|_| Err("no answer".to_owned()));
        let (outcome, digest, value) = match answered {
            Err(broken) => (Outcome::Broken(broken), 0, None),
            Ok(answer) => {
                let value: Value = serde_json::from_slice(&answer.bytes).unwrap_or_default();
                let digest = xxh3_64(&answer.bytes);
                (outcome_of(what, &answer, &value), digest, Some(value))
            }
        };
        let good = outcome.cell().is_some();
        let search = (self.number, self.searches);
        let entry = Entry { search, what, sent, came: world_ms(), outcome, digest };
        self.diary.borrow_mut().entries.push(entry);
        value.filter(|_| good)
    }

    async fn send(&self, path: &str, asked: Option<&Asked>) -> Result<Answer, String> {
        let method = if asked.is_some() { Method::POST } else { Method::GET };
        let request = Request::builder()
            .method(method)
            .uri(format!("http://edge:{PORT}{path}"))
            .header("content-type", "application/json")
            .header("x-fareway-visit", format!("{}-{}", self.number, self.searches))
            .body(Full::new(asked.map(|asked| asked.body.clone()).unwrap_or_default()));
        let told = |error: &dyn std::error::Error| {
            let causes = std::iter::successors(Some(error), |error| error.source());
            causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
        };
        let request = request.map_err(|error| told(&error))?;
        let answer = self.client.request(request).await.map_err(|error| told(&error))?;
        let (head, body) = answer.into_parts();
        let bytes = body.collect().await.map_err(|error| told(&error))?.to_bytes();
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, bytes })
    }

    /// Whether all that a page offers was said by a partner to this question.
    fn compare(&self, asked: &Asked, page: &Value) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let mut diary = self.diary.borrow_mut();
        for itinerary in list(&page["itineraries"]) {
            for option in list(&itinerary["options"]) {
                let key = (text(&itinerary["id"]), text(&option["agent"]), text(&option["brand"]));
                let quoted = &option["quoted"];
                let price = (text(&quoted["amount"]), text(&quoted["currency"]));
                diary.compared += 1;
                if !asked.offers.get(&key).is_some_and(|prices| prices.contains(&price)) {
                    let (who, search) = (self.number, self.searches);
                    diary.wrong.push(format!("{who}-{search}: nobody said {key:?} at {price:?}"));
                }
            }
        }
    }
}

fn outcome_of(what: What, answer: &Answer, value: &Value) -> Outcome {
    let cell = answer.headers.get("x-cell").and_then(|cell| cell.to_str().ok());
    let cell = cell.and_then(|cell| cell.strip_prefix("cell-")).and_then(|cell| cell.parse().ok());
    let number = |name: &str| value[name].as_u64().unwrap_or_default();
    let state = match value["status"].as_str() {
        Some("incomplete") => Some(State::Incomplete),
        Some("complete") => Some(State::Complete),
        Some("failed") => Some(State::Failed),
        _ => None,
    };
    match (what, answer.status, cell, state) {
        (What::Create, 201, Some(cell), _) => Outcome::Created { cell },
        (What::Poll, 200, Some(cell), Some(state)) => {
            Outcome::Page { cell, state, version: number("version"), total: number("total") }
        }
        (_, status, _, _) => {
            let code = value["code"].as_str().unwrap_or_default().to_owned();
            Outcome::Refused { status, code }
        }
    }
}

/// How the edge sees its cells: those that get their whole share of new work.
pub(super) async fn cells_in_use() -> Vec<String> {
    let client: Client<_, Full<Bytes>> =
        Client::builder(TokioExecutor::new()).build(HttpConnector::new());
    let request = Request::builder()
        .uri(format!("http://edge:{PORT}/v1/fleet"))
        .header("x-fareway-operator", "05".repeat(32))
        .body(Full::default());
    let Ok(answer) = client.request(request.unwrap()).await else { return Vec::new() };
    let Ok(body) = answer.into_body().collect().await else { return Vec::new() };
    let seen: Value = serde_json::from_slice(&body.to_bytes()).unwrap_or_default();
    let cells = seen["cells"].as_array().cloned().unwrap_or_default();
    let whole = cells.iter().filter(|cell| cell["share_percent"] == 100);
    whole.filter_map(|cell| cell["cell"].as_str().map(str::to_owned)).collect()
}
