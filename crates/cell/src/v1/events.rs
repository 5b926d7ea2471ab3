//! `GET /v1/searches/{token}/events`: what happens in a search, as it happens.
//!
//! ```text
//! version of the search ─watch─▶ Teller (pure: what is new since) ─▶ named server-sent events
//! ```
//!
//! Events: `partner` (a row of the ledger, when the partner has ended), `offers` (how many
//! itineraries came), `progress` (after each of these), `complete` (the last one). The id of an
//! event is the place in the search's story: `run-version-total`; a browser that comes back with it
//! in `Last-Event-ID` is told what happened since. After `complete`, 204 tells it to stay away.
//!
//! Limits: streams at once (429 beyond), time of one stream, news at most every 100 ms. A comment
//! every 15 s keeps the connection alive.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use runtime::{Deadline, Shutdown};
use search::{LedgerRow, Search, Snapshot, Status};
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::page::write_progress;
use super::pairs;
use super::searches::refused;
use super::text::amount;
use super::text::seconds;
use crate::json::Json;
use crate::key;
use crate::refusal::{Family, Refusal};
use crate::state::Shared;

/// The shortest time between two pieces of news.
const NEWS_EVERY: Duration = Duration::from_millis(100);
/// How long a stream may be silent.
const ALIVE_EVERY: Duration = Duration::from_secs(15);

/// Opens the stream.
pub(crate) async fn stream(
    State(shared): State<Arc<Shared>>,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let opened = match pairs::none(query.as_deref()) {
        Ok(()) => open(&shared, &token, &headers).await,
        Err(refusal) => Err(refusal),
    };
    opened.unwrap_or_else(|refusal| refusal.respond(Family::Own))
}

async fn open(shared: &Shared, token: &str, headers: &HeaderMap) -> Result<Response, Refusal> {
    let search = shared.engine.find(token).await.map_err(|error| refused(&error))?;
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(Told::parse);
    let now = search.seen();
    // Another run is another story: it is told from its beginning.
    let told = last.filter(|told| told.run == now.run && told.version <= now.version);
    if search.is_over() && told.is_some_and(|told| told.version == now.version) {
        let mut response = Response::default();
        *response.status_mut() = StatusCode::NO_CONTENT;
        return Ok(response);
    }
    let place = Arc::clone(&shared.streams).try_acquire_owned().map_err(|_| {
        let sentence = "Too many event streams are open; poll the results instead.";
        Refusal::busy("too_many_streams", sentence, Duration::from_secs(5))
    })?;
    let within = Duration::from_secs(shared.settings.stream_seconds.get());
    let teller = Streaming {
        news: search.subscribe(),
        told: told.unwrap_or(Told { run: now.run, version: 0, total: 0 }),
        search,
        until: Deadline::after(runtime::now(), within),
        shutdown: shared.shutdown.clone(),
        first: true,
        over: false,
        _place: place,
    };
    let pieces = stream::unfold(teller, |mut teller| async move {
        let piece = teller.next().await?;
        Some((Ok::<_, Infallible>(piece), teller))
    });
    let mut response = Response::new(Body::from_stream(pieces));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// How much of a search's story has been told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Told {
    run: u32,
    version: u32,
    total: u32,
}

impl Told {
    fn parse(id: &str) -> Option<Self> {
        let mut parts = id.splitn(3, '-').map(|part| part.parse().ok());
        Some(Self { run: parts.next()??, version: parts.next()??, total: parts.next()?? })
    }

    fn id(self) -> String {
        let Self { run, version, total } = self;
        format!("{run}-{version}-{total}")
    }
}

struct Streaming {
    search: Arc<Search>,
    news: watch::Receiver<u32>,
    told: Told,
    until: Deadline,
    shutdown: Shutdown,
    first: bool,
    over: bool,
    _place: OwnedSemaphorePermit,
}

impl Streaming {
    /// The next piece; `None` ends the stream.
    async fn next(&mut self) -> Option<Bytes> {
        if self.over {
            return None;
        }
        if std::mem::take(&mut self.first) {
            return self.tell("retry: 1000\n\n").await;
        }
        // A burst of answers becomes one piece of news.
        tokio::time::sleep(NEWS_EVERY).await;
        tokio::select! {
            biased;
            () = self.shutdown.begun() => None,
            () = tokio::time::sleep_until(self.until.moment()) => None,
            changed = self.news.changed() => match changed {
                Ok(()) => self.tell("").await,
                Err(_) => None,
            },
            () = tokio::time::sleep(ALIVE_EVERY) => Some(Bytes::from_static(b": alive\n\n")),
        }
    }

    async fn tell(&mut self, before: &str) -> Option<Bytes> {
        self.news.mark_unchanged();
        let snapshot = self.search.snapshot().await.ok()?;
        let (text, told) = tell(&snapshot, self.told);
        self.told = told;
        self.over = snapshot.status != Status::Incomplete;
        Some(Bytes::from(format!("{before}{text}")))
    }
}

/// The events of everything that happened since, and what has been told then.
fn tell(snapshot: &Snapshot, told: Told) -> (String, Told) {
    let seen = snapshot.seen();
    let total = snapshot.merged.itineraries().len() as u32;
    let now = Told { run: seen.run, version: seen.version, total };
    let since =
        if told.run == now.run { told } else { Told { run: now.run, version: 0, total: 0 } };
    let mut text = String::with_capacity(1_024);
    let ended = |row: &LedgerRow<'_>| row.version > since.version && row.ms.is_some();
    for row in snapshot.ledger.asked().filter(ended) {
        // The id of the story so far: if the stream breaks here, all of it is told again.
        push_event(&mut text, "partner", since, |json| write_row(json, &row));
    }
    if total != since.total {
        push_event(&mut text, "offers", since, |json| {
            json.object(|json| {
                key!(json, "version").number(now.version);
                key!(json, "added").number(total.saturating_sub(since.total));
                key!(json, "total").number(total);
            });
        });
    }
    push_event(&mut text, "progress", now, |json| write_state(json, snapshot, total));
    if snapshot.status != Status::Incomplete {
        push_event(&mut text, "complete", now, |json| write_state(json, snapshot, total));
    }
    (text, now)
}

fn push_event(text: &mut String, name: &str, told: Told, data: impl FnOnce(&mut Json)) {
    let mut json = Json::with_capacity(256);
    data(&mut json);
    let data = json.into_bytes();
    for part in ["event: ", name, "\nid: ", &told.id(), "\ndata: "] {
        text.push_str(part);
    }
    text.push_str(&String::from_utf8_lossy(&data));
    text.push_str("\n\n");
}

fn write_state(json: &mut Json, snapshot: &Snapshot, total: u32) {
    let best = snapshot.merged.itineraries().iter().filter_map(|itinerary| itinerary.price).min();
    json.object(|json| {
        key!(json, "version").number(snapshot.version);
        key!(json, "status").plain(snapshot.status.name().as_bytes());
        write_progress(key!(json, "partners"), snapshot.progress);
        key!(json, "total").number(total);
        amount(key!(json, "best_price"), best);
    });
}

/// Writes a row of the ledger.
pub(super) fn write_row(json: &mut Json, row: &LedgerRow<'_>) {
    let LedgerRow { partner, name, protocol, asked, seen_ms, reason, offers, ms, fault, .. } = row;
    let text_or_null = |json: &mut Json, text: Option<&str>| {
        match text {
            Some(text) => json.text(text),
            None => json.null(),
        };
    };
    json.object(|json| {
        key!(json, "id").plain(partner.as_str().as_bytes());
        key!(json, "name").text(name);
        key!(json, "protocol").plain(protocol.as_bytes());
        key!(json, "asked").truth(*asked);
        text_or_null(key!(json, "reason"), *reason);
        key!(json, "offers").number(*offers);
        match ms {
            Some(ms) => key!(json, "ms").number(*ms),
            None => key!(json, "ms").null(),
        };
        text_or_null(key!(json, "fault"), *fault);
        amount(key!(json, "seen_s"), seconds(*seen_ms));
    });
}

#[cfg(test)]
mod tests {
    use super::Told;

    #[test]
    fn an_event_id_reads_back_and_anything_else_does_not() {
        let told = Told { run: 4_000_000_000, version: 17, total: 300 };
        assert_eq!(Told::parse(&told.id()), Some(told));
        for text in ["", "1", "1-2", "1-2-3-4", "a-b-c", "-1-2-3"] {
            assert_eq!(Told::parse(text), None, "{text}");
        }
    }
}
