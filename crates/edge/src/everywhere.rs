//! What an operator does goes to every cell: each keeps its own, so telling one is telling a part.
//!
//! The answer has a row for each cell, with what it said or why it said nothing:
//!
//! ```text
//! {"cells": [{"cell": "cell-1", "status": 200, "answer": {…}, "fault": null},
//!            {"cell": "cell-2", "status": null, "answer": null, "fault": "the cell cannot be reached"}]}
//! ```
//!
//! 200 if all did it, or found nothing to do (404) while another did; 502 if one did not. If all refuse
//! it alike, their refusal is the answer. Each cell is asked once: nobody can tell from here whether
//! what was not answered was done. Drained cells and those that seem gone are asked too. Limits: cells
//! of the topology, bytes of the request and of each answer, time.

use bytes::Bytes;
use fleet::CellId;
use futures_util::future::join_all;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use serde_json::{Value, json};

use crate::body::Passing;
use crate::cells::{CellState, Edge};
use crate::door::json as json_of;
use crate::forward::Answer;
use crate::rules::Turned;
use crate::upstream::Sent;

/// Largest answer of a cell that is read.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// What one cell said.
struct Row {
    cell: CellId,
    said: Result<Response<Bytes>, String>,
}

/// Sends a request to every cell, then takes away the kept answers below `purges`.
pub(crate) async fn send(
    edge: &Edge,
    purges: &str,
    head: &Parts,
    body: Sent,
) -> Result<Answer, Turned> {
    let most = edge.parts.settings.repeat_bytes.get();
    let Some(body) = body.bytes().filter(|body| body.len() as u64 <= most) else {
        let sentence = format!("What goes to every cell has at most {most} bytes.");
        return Err(Turned::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", sentence));
    };
    let Some(ways) = edge.ways() else {
        return Err(Turned::for_now("no_topology", "The fleet is not known yet."));
    };
    let mut cells: Vec<_> = ways.cells.iter().collect();
    cells.sort_unstable_by_key(|&(&id, _)| id);
    let asked = cells.into_iter().map(|(&id, cell)| {
        let body = body.clone();
        async move { Row { cell: id, said: ask(edge, cell, head, body).await } }
    });
    let rows = join_all(asked).await;
    // Also where a cell failed: what another forgot must not be shown.
    let purged = edge.cache.purge(purges);
    tracing::info!(path = head.uri.path(), purged, "told to every cell");
    Ok(answer(rows))
}

async fn ask(
    edge: &Edge,
    cell: &CellState,
    head: &Parts,
    body: Bytes,
) -> Result<Response<Bytes>, String> {
    let sent = edge.parts.upstream.send(&cell.authority, head, Passing::whole(body)).await;
    let (head, body) = sent.map_err(|error| error.to_string())?.into_parts();
    let body = Limited::new(body, ANSWER_BYTES_MAX).collect();
    match tokio::time::timeout(edge.parts.settings.answer_ms.ms(), body).await {
        Ok(Ok(body)) => Ok(Response::from_parts(head, body.to_bytes())),
        Ok(Err(_)) => Err("the answer broke off or is too large".to_owned()),
        Err(_) => Err("the cell did not answer in time".to_owned()),
    }
}

fn answer(rows: Vec<Row>) -> Answer {
    let status = |row: &Row| row.said.as_ref().ok().map(Response::status);
    let first = rows.first().and_then(status);
    let refused = first.filter(|first| !first.is_success());
    if refused.is_some()
        && rows.iter().all(|row| status(row) == refused)
        && let Some(Row { said: Ok(said), .. }) = rows.first()
    {
        return one(said);
    }
    let did = |row: &Row| status(row).is_some_and(|status| status.is_success());
    let nothing = |row: &Row| status(row) == Some(StatusCode::NOT_FOUND);
    let all = rows.iter().all(|row| did(row) || nothing(row));
    let cells: Vec<Value> = rows.iter().map(render).collect();
    let mut answer = json_of(json!({"cells": cells}).to_string());
    if !all {
        *answer.status_mut() = StatusCode::BAD_GATEWAY;
    }
    answer
}

/// The refusal of one cell as all of them gave it.
fn one(said: &Response<Bytes>) -> Answer {
    let mut answer = json_of(said.body().clone());
    *answer.status_mut() = said.status();
    let media = said.headers().get(CONTENT_TYPE).map(|media| (CONTENT_TYPE, media.clone()));
    if let Some((name, media)) = media {
        answer.headers_mut().insert(name, media);
    }
    answer
}

fn render(row: &Row) -> Value {
    let (status, answer, fault) = match &row.said {
        Ok(said) => {
            let answer: Option<Value> = serde_json::from_slice(said.body()).ok();
            (Some(said.status().as_u16()), answer, None)
        }
        Err(fault) => (None, None, Some(fault)),
    };
    json!({"cell": row.cell.to_string(), "status": status, "answer": answer, "fault": fault})
}
