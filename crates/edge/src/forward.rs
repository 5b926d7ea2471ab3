//! Finds the cell of a request, sends it there, and elsewhere if that cell fails.
//!
//! Sent a second time is only what does no harm twice: a request whose connection was refused (nobody
//! has seen it), or a repeatable one of which no byte was passed on, once and within the retry
//! budget. So a cell that dies costs its travellers a longer wait.
//!
//! Limits: attempts, requests in flight to a cell, bytes held.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fleet::Place;
use fleet::health::Outcome;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, Method, Response, StatusCode};
use hyper::body::Incoming;

use crate::body::Passing;
use crate::cells::{CellState, Edge, Ways};
use crate::headers::{CELL, remove_hop_by_hop};
use crate::rules::{Turned, Work};
use crate::upstream::{SendError, Sent};

/// Cells that are tried for one request.
const ATTEMPTS_MAX: usize = 3;

/// What passes back through the door.
pub(crate) type Answer = Response<Passing<Incoming>>;

/// How one attempt ended.
enum Ended {
    /// The answer to pass on.
    Answered(Answer),
    /// Nobody has seen the request.
    Unsent(Turned),
    /// The cell had the request, or may have had it.
    Failed(Turned),
    /// The cell takes no work now and says so; its answer is there for want of a better one.
    Declined(Answer),
}

/// Forwards a request.
pub(crate) async fn forward(
    edge: &Edge,
    ways: &Ways,
    work: Work,
    (head, mut body): (&Parts, Sent),
) -> Result<Answer, Turned> {
    let repeatable = (edge.parts.rules.repeatable)(head);
    let chance = edge.chance() as u64;
    edge.budget().on_request();
    let spare = body.again();
    let mut tried = Vec::new();
    let mut sent_again = false;
    let mut last = Err(no_cell());
    for _ in 0..ATTEMPTS_MAX {
        let Some((place, moves)) = choose(edge, ways, work, chance, &tried) else { break };
        let Some(cell) = ways.cell(place) else { break };
        let ended = attempt(edge, ways, cell, (head, body), repeatable).await;
        let seen = match ended {
            Ended::Answered(answer) => {
                if let (Some(work), true) = (moves, answer.status().is_success()) {
                    let home = ways.routes.at(place).id;
                    edge.moved().on_moved(work, home, runtime::now());
                }
                return Ok(answer);
            }
            Ended::Unsent(turned) => {
                last = Err(turned);
                false
            }
            Ended::Failed(turned) => {
                last = Err(turned);
                true
            }
            // Kept work is nowhere else: what its cell says is the answer.
            Ended::Declined(answer) => match work {
                Work::Kept { .. } => return Ok(answer),
                Work::New { .. } => {
                    last = Ok(answer);
                    true
                }
            },
        };
        tried.push(place);
        let Some(again) = spare.as_ref().and_then(Passing::again) else { break };
        if seen {
            if sent_again || !repeatable || !edge.budget().on_retry() {
                break;
            }
            sent_again = true;
        }
        body = again;
    }
    last
}

/// The cell for the next attempt, and the work that moves there if it goes well.
fn choose(
    edge: &Edge,
    ways: &Ways,
    work: Work,
    chance: u64,
    tried: &[Place],
) -> Option<(Place, Option<u64>)> {
    let usable = ways.usable();
    match work {
        Work::New { key } => {
            let place = ways.routes.choose(&usable, key.unwrap_or(chance), tried)?;
            Some((place, None))
        }
        Work::Kept { cell, work } => {
            let home = edge.moved().home(work, runtime::now()).unwrap_or(cell);
            let place = ways.routes.place_of(home).filter(|place| !tried.contains(place));
            match place.filter(|&place| usable.keeps(place)) {
                Some(place) => Some((place, None)),
                None => Some((ways.routes.rehome(&usable, work, tried)?, Some(work))),
            }
        }
    }
}

async fn attempt(
    edge: &Edge,
    ways: &Ways,
    cell: &Arc<CellState>,
    (head, body): (&Parts, Sent),
    repeatable: bool,
) -> Ended {
    let Ok(room) = Arc::clone(&cell.room).try_acquire_owned() else {
        return Ended::Unsent(Turned::for_now("cell_full", "Too many requests are in flight."));
    };
    let note = |outcome| {
        if cell.on_outcome(outcome) {
            ways.refresh(&edge.parts.settings);
        }
    };
    let response = match edge.parts.upstream.send(&cell.authority, head, body).await {
        Ok(response) => response,
        Err(error) => {
            let (ended, outcome) = unanswered(&error);
            if let Some(outcome) = outcome {
                note(outcome);
                tracing::warn!(cell = ?cell.name, %error, "a cell did not answer");
            }
            return ended;
        }
    };
    let (mut parts, body) = response.into_parts();
    let failed = matches!(parts.status.as_u16(), 500 | 502 | 504);
    let hold = repeatable && !is_stream(&parts.headers) && head.method != Method::HEAD;
    let mut body = match take_in(edge, body, hold).await {
        Ok(body) => body,
        Err(()) => {
            note(Outcome::Failed);
            return Ended::Failed(broken());
        }
    };
    note(if failed { Outcome::Failed } else { Outcome::Answered });
    remove_hop_by_hop(&mut parts.headers);
    parts.headers.insert(CELL, cell.name.clone());
    if !body.is_whole() {
        body.keep(Box::new(room));
    }
    let declined = parts.status == StatusCode::SERVICE_UNAVAILABLE;
    let answer = Response::from_parts(parts, body);
    if declined { Ended::Declined(answer) } else { Ended::Answered(answer) }
}

/// What an attempt without an answer means, and what it says of the cell.
fn unanswered(error: &SendError) -> (Ended, Option<Outcome>) {
    match error {
        SendError::Refused(_) => (Ended::Unsent(no_cell()), Some(Outcome::Refused)),
        SendError::Broken(_) => (Ended::Failed(broken()), Some(Outcome::Failed)),
        SendError::Late => {
            let sentence = "The answer took too long.";
            let late = Turned::new(StatusCode::GATEWAY_TIMEOUT, "too_slow", sentence);
            (Ended::Failed(late), Some(Outcome::Failed))
        }
        SendError::Address(_) => {
            let sentence = "This address cannot be passed on.";
            let turned = Turned::new(StatusCode::BAD_REQUEST, "invalid_address", sentence);
            (Ended::Failed(turned), None)
        }
    }
}

/// Takes in as much of an answer as is to be held.
async fn take_in(edge: &Edge, body: Incoming, hold: bool) -> Result<Passing<Incoming>, ()> {
    let settings = &edge.parts.settings;
    let room = edge.held_bytes.load(Ordering::Relaxed) < settings.held_bytes_max.get();
    if !hold || !room || settings.hold_bytes.get() == 0 {
        return Ok(Passing::through(body));
    }
    let held = Passing::hold(body, settings.hold_bytes.get(), u64::MAX).await;
    let mut body = held.map_err(|error| tracing::warn!(%error, "an answer broke off"))?;
    body.keep(Box::new(HeldBytes::new(&edge.held_bytes, body.held())));
    Ok(body)
}

/// Bytes of an answer that wait for the client.
struct HeldBytes {
    total: Arc<AtomicU64>,
    bytes: u64,
}

impl HeldBytes {
    fn new(total: &Arc<AtomicU64>, bytes: u64) -> Self {
        total.fetch_add(bytes, Ordering::Relaxed);
        Self { total: Arc::clone(total), bytes }
    }
}

impl Drop for HeldBytes {
    fn drop(&mut self) {
        self.total.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Whether an answer comes piece by piece for as long as it pleases.
fn is_stream(headers: &HeaderMap) -> bool {
    let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    media.is_some_and(|media| media.starts_with("text/event-stream"))
}

fn no_cell() -> Turned {
    Turned::for_now("no_cell", "No cell can take this request now.")
}

fn broken() -> Turned {
    let sentence = "The cell broke off before it answered.";
    Turned::new(StatusCode::BAD_GATEWAY, "cell_broke_off", sentence)
}
