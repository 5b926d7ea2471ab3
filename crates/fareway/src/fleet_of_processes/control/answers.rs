//! What the control plane answers over HTTP.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use bytes::Bytes;
use cell::{Family, OperatorToken, Refusal};
use fleet::CellId;
use fleet::capacity::RegionCapacity;
use fleet::control::{Change, Plan};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{ControlRoom, now_ms};

/// Largest request that is read.
const BODY_BYTES_MAX: usize = 256 << 10;
/// Changes in one request.
const CHANGES_MAX: usize = 64;
/// Characters of a reason.
const WHY_CHARS_MAX: usize = 300;

/// Answers requests about the fleet.
pub(super) struct Desk {
    pub(super) room: Arc<ControlRoom>,
    pub(super) operator: OperatorToken,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    changes: Vec<Change>,
    #[serde(default)]
    force: bool,
}

impl Wanted {
    fn check(&self) -> Result<(), Refusal> {
        if self.changes.len() > CHANGES_MAX {
            return Err(Refusal::field("changes", format!("has at most {CHANGES_MAX} entries")));
        }
        Ok(())
    }
}

/// Why something is stopped; without it, all may go on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reason {
    why: Option<String>,
}

impl Reason {
    /// It is kept and shown, so it has a limit.
    fn checked(self) -> Result<Option<String>, Refusal> {
        let long = self.why.as_ref().is_some_and(|why| why.chars().count() > WHY_CHARS_MAX);
        if long {
            return Err(Refusal::field("why", format!("has at most {WHY_CHARS_MAX} characters")));
        }
        Ok(self.why)
    }
}

impl Desk {
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let answered = self.try_answer(request).await;
        answered.unwrap_or_else(|refusal| refusal.render(Family::Own)).map(Full::new)
    }

    async fn try_answer(&self, request: Request<Incoming>) -> Result<Response<Bytes>, Refusal> {
        let (head, body) = request.into_parts();
        let path = head.uri.path();
        match (&head.method, path) {
            (&Method::GET, "/healthz") => Ok(json_of(&json!({"status": "ok"}))),
            (&Method::GET, edge::TOPOLOGY_PATH) => {
                Ok(Response::new(Bytes::from(self.room.kept().signed.clone())))
            }
            (&Method::GET, _) if path.starts_with(edge::TABLE_PATH) => {
                let kept = self.room.kept();
                let sum = kept.fleet.topology.table.to_string();
                if path.strip_prefix(edge::TABLE_PATH) != Some(&sum) {
                    return Err(Refusal::not_found());
                }
                Ok(Response::new(Bytes::from(kept.fleet.table.encode())))
            }
            (&Method::GET, super::WANTED_PATH) => {
                let kept = self.room.kept();
                let cells = kept.fleet.topology.cells();
                let wanted: BTreeMap<CellId, &str> =
                    cells.map(|(_, cell)| (cell.id, cell.version.as_str())).collect();
                Ok(json_of(&json!(wanted)))
            }
            (&Method::GET, edge::SHOWN_PATH) => {
                self.operator.check(&head.headers)?;
                Ok(json_of(&json!(self.room.shown(now_ms()))))
            }
            (&Method::GET, "/fleet/rollout") => {
                self.operator.check(&head.headers)?;
                Ok(json_of(&self.room.rendered_rollouts()))
            }
            (&Method::POST, "/fleet/rollout" | "/fleet/rollback" | "/fleet/freeze") => {
                self.operator.check(&head.headers)?;
                let (room, now) = (&self.room, now_ms());
                let shown = match path {
                    "/fleet/rollout" => room.begin_rollout(read(body).await?, now),
                    "/fleet/rollback" => {
                        let why = read::<Reason>(body).await?.checked()?;
                        room.turn_back(why.as_deref().unwrap_or("an operator said so"), now)
                            .map(|()| room.rendered_rollouts())
                    }
                    _ => {
                        let why = read::<Reason>(body).await?.checked()?;
                        room.freeze(why, now).map(|()| room.rendered_rollouts())
                    }
                };
                Ok(json_of(&shown.map_err(|error| refused(&error))?))
            }
            (&Method::POST, "/fleet/plan" | "/fleet/change") => {
                self.operator.check(&head.headers)?;
                let wanted: Wanted = read(body).await?;
                wanted.check()?;
                let room = &self.room;
                let plan = match path {
                    "/fleet/plan" => room.plan(&wanted.changes).map_err(anyhow::Error::from),
                    _ => room.change(&wanted.changes, wanted.force),
                };
                Ok(json_of(&render(&plan.map_err(|error| refused(&error))?)))
            }
            _ => Err(Refusal::not_found()),
        }
    }
}

async fn read<T: DeserializeOwned>(body: Incoming) -> Result<T, Refusal> {
    let work = async {
        let bytes = Limited::new(body, BODY_BYTES_MAX).collect().await;
        let bytes = bytes.map_err(|error| anyhow::anyhow!("{error}"))?.to_bytes();
        serde_json::from_slice(&bytes).context("the body is not what was expected")
    };
    work.await.map_err(|error| {
        Refusal::new(StatusCode::BAD_REQUEST, "invalid_body", format!("{error:#}"))
    })
}

fn refused(error: &anyhow::Error) -> Refusal {
    Refusal::new(StatusCode::CONFLICT, "change_refused", format!("{error:#}"))
}

fn json_of(value: &Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(value.to_string()));
    let media = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert(http::header::CONTENT_TYPE, media);
    response
}

/// A plan as `fareway fleet plan` shows it.
pub(super) fn render(plan: &Plan) -> Value {
    let moves: Vec<Value> = plan
        .moves
        .iter()
        .map(|moved| {
            let loads = moved.loads.iter().map(|&(cell, before, after)| {
                json!({"cell": cell.to_string(), "before": before, "after": after})
            });
            json!({
                "region": moved.region,
                "moved": moved.moved,
                "required": moved.required,
                "loads": loads.collect::<Vec<_>>(),
            })
        })
        .collect();
    let capacity: Vec<Value> = plan
        .capacity
        .iter()
        .map(|(before, after)| {
            let before = before.as_ref().map(RegionCapacity::worst);
            let losses = after.losses.iter().map(|loss| {
                let cells: Vec<String> = loss.cells.iter().map(ToString::to_string).collect();
                json!({"lost": cells, "remaining": loss.remaining})
            });
            json!({
                "region": after.region,
                "peak": after.peak,
                "serving": after.serving,
                "worst_before": before,
                "worst_after": after.worst(),
                "ratio": after.ratio(),
                "holds": after.holds(),
                "losses": losses.collect::<Vec<_>>(),
            })
        })
        .collect();
    let refused = plan.check_capacity().err().map(|error| error.to_string());
    json!({
        "version": plan.fleet.topology.version,
        "moves": moves,
        "capacity": capacity,
        "refused": refused,
    })
}
