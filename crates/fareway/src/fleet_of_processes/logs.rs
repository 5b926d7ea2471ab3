//! The logs' process: lets the cells of this machine read each other's logs.
//!
//! ```text
//! GET /cell-2/TOPIC/PARTITION?offset=N&bytes_max=N     batches, as `events::log::wire` writes them
//! GET /cell-2/TOPIC/PARTITION/bounds?beyond=N&wait_ms=N   {"start": 0, "end": 12}, once it ends beyond N
//! GET /cell-2/TOPIC/PARTITION/offset?at_ms=N           {"offset": 12}
//! ```
//!
//! It reads the files that cells write and changes nothing, so a cell never waits for it, and what a cell
//! that is gone wrote can still be read. Nothing serves travellers here.
//!
//! Limits: only the cells of this machine, only the topics that cells read of each other; 4 MiB an answer
//! or one batch; 30 s of waiting.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use cell::{Family, Refusal};
use events::log::{FollowedLog, LogError, ReadLog, TopicPartition, wire};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use runtime::{HttpLimits, Shutdown, TaskSet, serve_http};
use serde::Serialize;
use storage::disk::RealDisk;

use super::machine::Machine;
use super::play::Until;
use crate::log_reader::{Bounds, OffsetAt};
use crate::platform::bind;
use crate::remembering::LOG_FOLDER;
use crate::settings::Settings;

/// Topics that cells read of each other.
const TOPICS: [&str; 1] = [prices::region::TOPIC];
/// Connections at once: a few of each cell.
const CONNECTIONS_MAX: usize = 1_024;
/// Bytes of batches in one answer, unless one batch is longer.
const BYTES_MAX: u64 = 4 << 20;
/// Longest wait for news.
const WAIT_MS_MAX: u64 = 30_000;

/// Plays the role until it is over.
pub(super) async fn play(settings: &Settings, machine: &Path, until: Until) -> Result<()> {
    let listener = bind(settings.server.listen).await?;
    let shelf = Arc::new(Shelf::open(machine, &Machine::read(machine)?)?);
    let (tasks, shutdown) = (TaskSet::default(), Shutdown::default());
    let service = service_fn(move |request| {
        let shelf = Arc::clone(&shelf);
        async move { Ok::<_, Infallible>(shelf.answer(&request).await) }
    });
    let limits = HttpLimits { connections: CONNECTIONS_MAX, ..HttpLimits::default() };
    tasks.spawn(serve_http(listener, service, limits, tasks.clone(), shutdown.clone()));
    until.over_and_drained(&tasks, &shutdown, settings).await;
    Ok(())
}

/// The logs by the names of their cells.
struct Shelf {
    logs: BTreeMap<String, FollowedLog>,
}

impl Shelf {
    fn open(data: &Path, machine: &Machine) -> Result<Self> {
        let disk = Arc::new(RealDisk::open(data)?);
        let mut logs = BTreeMap::new();
        for (id, _) in &machine.cells {
            let folder = format!("{id}/{LOG_FOLDER}");
            logs.insert(id.to_string(), FollowedLog::open(Arc::clone(&disk) as _, &folder, 1)?);
        }
        Ok(Self { logs })
    }

    async fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let path = request.uri().path();
        let query = request.uri().query().unwrap_or_default();
        let answered = match (request.method(), path) {
            (&Method::GET, "/healthz") => Ok(json(&serde_json::json!({"status": "ok"}))),
            (&Method::GET, _) => self.read(path, query).await,
            _ => Err(Refusal::not_found()),
        };
        answered.unwrap_or_else(|refusal| refusal.render(Family::Own)).map(Full::new)
    }

    async fn read(&self, path: &str, query: &str) -> Result<Response<Bytes>, Refusal> {
        let mut parts = path.trim_start_matches('/').split('/');
        let (log, of) = parts
            .next()
            .zip(parts.next())
            .zip(parts.next())
            .and_then(|((cell, topic), partition)| self.find(cell, topic, partition))
            .ok_or_else(Refusal::not_found)?;
        match (parts.next(), parts.next()) {
            (None, _) => {
                let [offset, bytes_max] = numbers(query, ["offset", "bytes_max"])?;
                let bytes_max = within("bytes_max", bytes_max.unwrap_or(BYTES_MAX), BYTES_MAX)?;
                let read = log.read(&of, offset.unwrap_or(0), bytes_max as usize).await;
                let mut response = Response::new(Bytes::from(wire::encode(&read)));
                let kind = HeaderValue::from_static("application/octet-stream");
                response.headers_mut().insert(CONTENT_TYPE, kind);
                Ok(response)
            }
            (Some("bounds"), None) => {
                let [beyond, wait_ms] = numbers(query, ["beyond", "wait_ms"])?;
                let wait_ms = within("wait_ms", wait_ms.unwrap_or(0), WAIT_MS_MAX)?;
                if let (Some(beyond), 1..) = (beyond, wait_ms) {
                    let news = log.reaches(&of, beyond);
                    // Whether there was any is seen from the bounds.
                    let _ = tokio::time::timeout(Duration::from_millis(wait_ms), news).await;
                }
                let bounds = log.bounds(&of).await.map_err(|error| unreadable(&error))?;
                Ok(json(&Bounds { start: bounds.start, end: bounds.end }))
            }
            (Some("offset"), None) => {
                let [at_ms] = numbers(query, ["at_ms"])?;
                let at_ms =
                    at_ms.ok_or_else(|| Refusal::field("at_ms", "is missing".to_owned()))?;
                let at_ms = i64::try_from(at_ms).unwrap_or(i64::MAX);
                let offset = log.offset_at(&of, at_ms).await.map_err(|error| unreadable(&error))?;
                Ok(json(&OffsetAt { offset }))
            }
            _ => Err(Refusal::not_found()),
        }
    }

    fn find(
        &self,
        cell: &str,
        topic: &str,
        partition: &str,
    ) -> Option<(&FollowedLog, TopicPartition)> {
        let log = self.logs.get(cell)?;
        let topic = TOPICS.contains(&topic).then_some(topic)?;
        Some((log, TopicPartition::new(topic, partition.parse().ok()?).ok()?))
    }
}

/// The numbers of a query, by name; each once, and no others.
fn numbers<const N: usize>(query: &str, names: [&str; N]) -> Result<[Option<u64>; N], Refusal> {
    let mut found = [None; N];
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let Some(at) = names.iter().position(|&known| known == name) else {
            return Err(Refusal::field(name, "is not known here".to_owned()));
        };
        let number = value.parse::<u64>().ok().filter(|_| found[at].is_none());
        let Some(number) = number else {
            return Err(Refusal::field(names[at], "must be one whole number".to_owned()));
        };
        found[at] = Some(number);
    }
    Ok(found)
}

fn within(name: &'static str, number: u64, most: u64) -> Result<u64, Refusal> {
    if number > most {
        return Err(Refusal::field(name, format!("must be at most {most}")));
    }
    Ok(number)
}

fn unreadable(error: &LogError) -> Refusal {
    tracing::warn!(%error, "the log of a cell cannot be read");
    Refusal::internal()
}

fn json(value: &impl Serialize) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(serde_json::to_vec(value).unwrap_or_default()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests;
