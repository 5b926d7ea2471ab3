//! Finds the cell of a request, sends it there, and elsewhere if that cell fails.
//!
//! Which cells are tried, and what is sent a second time, is decided by [`Attempts`]; no byte of an
//! answer has been passed on then. So a cell that dies costs its travellers a longer wait.
//!
//! Limits: attempts, requests in flight to a cell, bytes held.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fleet::Tenant;
use fleet::attempts::{Attempt, Attempts, Ended};
use fleet::health::Outcome;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, Method, Response, StatusCode};
use hyper::body::Incoming;
use runtime::Priority;

use crate::body::Passing;
use crate::cells::{CellState, Edge, Ways};
use crate::headers::{CELL, remove_hop_by_hop};
use crate::rules::{Turned, Whose};
use crate::upstream::{SendError, Sent};
use crate::websocket;

/// What passes back through the door.
pub(crate) type Answer = Response<Passing<Incoming>>;

/// Forwards a request.
pub(crate) async fn forward(
    edge: &Edge,
    ways: &Ways,
    whose: Whose,
    (head, mut body): (&Parts, Sent),
) -> Result<Answer, Turned> {
    let repeatable = (edge.parts.rules.repeatable)(head);
    let cells = edge.parts.settings.shards.cells_per_key.size();
    let tenant = whose.tenant.map(|hash| Tenant { hash, cells });
    let chance = edge.chance() as u64;
    let mut attempts = Attempts::new(whose.work, chance, repeatable).of_tenant(tenant);
    edge.budget().on_request();
    let spare = body.again();
    let mut last = Err(no_cell());
    loop {
        let next = attempts.next((&ways.routes, &ways.usable()), &edge.moved(), runtime::now());
        let Some(Attempt { place, moves }) = next else { break };
        let Some(cell) = ways.cell(place) else { break };
        let ended;
        let refusable = whose.refusable.then_some(whose.priority);
        if refusable.is_some_and(|priority| !cell.is_sent(priority, edge.chance() as u64)) {
            (ended, last) = (Ended::Overloaded, Err(Turned::cell_overloaded()));
        } else {
            let lost = attempts.may_be_lost();
            let may_be = MayBe { repeated: repeatable, lost, refused: refusable };
            (ended, last) = attempt(edge, ways, cell, (head, body), may_be).await;
        }
        if let (Ended::Answered, Some(named), Ok(answer)) = (ended, moves, &last)
            && (answer.status().is_success() || websocket::is_open(answer.status()))
        {
            edge.moved().on_moved(named, ways.routes.at(place).id, runtime::now());
        }
        let Some(again) = spare.as_ref().and_then(Passing::again) else { break };
        let more = match ended {
            Ended::Overloaded => {
                let now = runtime::now();
                let takes_all = |id| {
                    ways.cells.get(&id).is_some_and(|cell: &Arc<CellState>| cell.takes_all(now))
                };
                let at_hand = (&ways.routes, &*ways.usable());
                attempts.finds_room(place, at_hand, takes_all, &mut edge.budget())
            }
            ended => attempts.on_ended(place, ended, &mut edge.budget()),
        };
        if !more {
            break;
        }
        body = again;
    }
    last
}

/// What a request may be without harm.
#[derive(Clone, Copy)]
struct MayBe {
    /// Carried out twice.
    repeated: bool,
    /// Given up when its cell is found gone.
    lost: bool,
    /// Refused by the cell for want of room, as work that matters so much.
    refused: Option<Priority>,
}

/// How one attempt ended, and what there is to answer if no other is made.
async fn attempt(
    edge: &Edge,
    ways: &Ways,
    cell: &Arc<CellState>,
    (head, body): (&Parts, Sent),
    MayBe { repeated: repeatable, lost: may_be_lost, refused: refusable }: MayBe,
) -> (Ended, Result<Answer, Turned>) {
    let Ok(room) = Arc::clone(&cell.room).try_acquire_owned() else {
        let full = Turned::for_now("cell_full", "Too many requests are in flight.");
        return (Ended::Unsent, Err(full));
    };
    let note = |outcome| {
        if cell.on_outcome(outcome) {
            ways.refresh(&edge.parts.settings);
        }
    };
    let sent = tokio::select! {
        biased;
        sent = edge.parts.upstream.send(&cell.authority, head, body) => sent,
        // A hung cell says nothing more: what can be asked elsewhere does not wait for it.
        () = ways.is_lost(cell, &edge.parts.settings), if may_be_lost => Err(SendError::Gone),
    };
    let response = match sent {
        Ok(response) => response,
        Err(error) => {
            let (ended, outcome, turned) = unanswered(&error);
            if let Some(outcome) = outcome {
                note(outcome);
                tracing::warn!(cell = ?cell.name, %error, "a cell did not answer");
            }
            return (ended, Err(turned));
        }
    };
    let (mut parts, body) = response.into_parts();
    if !websocket::is_right(head, &parts) {
        note(Outcome::Failed);
        tracing::warn!(cell = ?cell.name, "a cell changed to a protocol that was not asked for");
        return (Ended::Failed, Err(broken()));
    }
    let failed = matches!(parts.status.as_u16(), 500 | 502 | 504);
    let hold = repeatable && !is_stream(&parts.headers) && head.method != Method::HEAD;
    let mut body = match take_in(edge, body, hold).await {
        Ok(body) => body,
        Err(()) => {
            note(Outcome::Failed);
            return (Ended::Failed, Err(broken()));
        }
    };
    let overloaded = (edge.parts.rules.overloaded)(&parts);
    note(match failed {
        true => Outcome::Failed,
        false if (edge.parts.rules.declines)(&parts) => Outcome::Declined,
        false if overloaded => Outcome::Overloaded,
        false => Outcome::Answered,
    });
    if let Some(priority) = refusable
        && (overloaded || parts.status.is_success())
    {
        cell.on_taken(priority, !overloaded);
    }
    remove_hop_by_hop(&mut parts.headers);
    parts.headers.insert(CELL, cell.name.clone());
    let opens = websocket::is_open(parts.status);
    if opens {
        parts.extensions.insert(Arc::clone(cell));
    }
    if opens || !body.is_whole() {
        body.keep(Box::new(room));
    }
    let ended = match parts.status {
        StatusCode::SERVICE_UNAVAILABLE => Ended::Declined,
        _ if overloaded => Ended::Overloaded,
        _ => Ended::Answered,
    };
    (ended, Ok(Response::from_parts(parts, body)))
}

/// What an attempt without an answer means, what it says of the cell, and what is answered.
fn unanswered(error: &SendError) -> (Ended, Option<Outcome>, Turned) {
    match error {
        SendError::Refused(_) => (Ended::Unsent, Some(Outcome::Refused), no_cell()),
        SendError::Broken(_) | SendError::Cut => (Ended::Failed, Some(Outcome::Failed), broken()),
        SendError::Gone => (Ended::Lost, None, broken()),
        SendError::Late => {
            let sentence = "The answer took too long.";
            let late = Turned::new(StatusCode::GATEWAY_TIMEOUT, "too_slow", sentence);
            (Ended::Failed, Some(Outcome::Failed), late)
        }
        SendError::Address(_) => {
            let sentence = "This address cannot be passed on.";
            let turned = Turned::new(StatusCode::BAD_REQUEST, "invalid_address", sentence);
            (Ended::Failed, None, turned)
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

pub(crate) fn broken() -> Turned {
    let sentence = "The cell broke off before it answered.";
    Turned::new(StatusCode::BAD_GATEWAY, "cell_broke_off", sentence)
}
