//! `POST /v1/facts`: facts that a server sends, for the operator. `GET /v1/facts`: what became of all facts.
//!
//! The body has a line of JSON for each fact; [`events::fact::Sorted`] says what a line may hold. The answer comes when
//! what matters is durable, and names the lines that were refused; those stand aside as facts of their own.

use std::sync::Arc;

use axum::extract::{RawQuery, Request, State};
use axum::response::Response;
use bytes::Bytes;
use events::fact::{RecordError, Recorder, Sender, TakenIn};
use http::{HeaderMap, StatusCode};
use runtime::{Fault, Retry};
use serde_json::{Map, json as value};

use super::pairs;
use crate::limits;
use crate::refusal::{Family, Refusal};
use crate::state::{Shared, json};

/// Where it is.
pub(crate) const PATH: &str = "/v1/facts";

/// `POST /v1/facts`.
pub(crate) async fn take(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let work = async {
        shared.operator.check(request.headers())?;
        pairs::none(request.uri().query())?;
        let Ok(_place) = shared.intake.bodies.try_acquire() else {
            let sentence = "Too many bodies of facts are being taken in.";
            return Err(Refusal::busy("facts_full", sentence, std::time::Duration::from_secs(1)));
        };
        let most = shared.settings.intake.facts_bytes.size();
        let body = limits::body_within(request.into_body(), most).await?;
        let taken = take_in(&shared, Sender::Server, body).await?;
        Ok(json(render(&taken)))
    };
    work.await.unwrap_or_else(|refusal: Refusal| refusal.respond(Family::Own))
}

/// `GET /v1/facts`.
pub(crate) async fn counts(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let checked = shared.operator.check(&headers).and_then(|()| pairs::none(query.as_deref()));
    match checked {
        Ok(()) => json(render_counts(shared.engine.facts())),
        Err(refusal) => refusal.respond(Family::Own),
    }
}

/// Takes in a body of facts.
pub(crate) async fn take_in(
    shared: &Shared,
    sender: Sender,
    body: Bytes,
) -> Result<TakenIn, Refusal> {
    let facts = shared.engine.facts().clone();
    let sorting = shared.workers.run(move || facts.sort(sender, &body)).await;
    let sorted = sorting.map_err(|_| {
        let sentence = "There is more to do than can be done.";
        Refusal::busy("facts_full", sentence, std::time::Duration::from_secs(1))
    })?;
    let sorted = sorted.ok_or_else(|| {
        Refusal::new(StatusCode::CONFLICT, "facts_disabled", "This process records no facts.")
    })?;
    shared.engine.facts().keep(sorted).await.map_err(|error| {
        let sentence = "Not all of it is durable; send it again with the same ids.";
        let refusal = Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "log_stopped", sentence);
        match error {
            RecordError::Log(error) => match error.retry() {
                Retry::After(wait) => refusal.after(wait),
                _ => refusal,
            },
            _ => refusal,
        }
    })
}

/// What became of a body.
pub(crate) fn render(taken: &TakenIn) -> String {
    let named = taken.first_refused.iter().map(
        |one| value!({"line": one.line, "field": one.unfit.field, "detail": one.unfit.sentence}),
    );
    value!({
        "durable": taken.durable,
        "waiting": taken.waiting,
        "dropped": taken.dropped,
        "refused": taken.refused,
        "unkept": taken.unkept,
        "first_refused": named.collect::<Vec<_>>(),
    })
    .to_string()
}

fn render_counts(facts: &Recorder) -> String {
    let kinds = facts.counts().map(|(kind, counts)| {
        let shown = value!({
            "profile": kind.profile.name(),
            "owner": kind.owner,
            "written": counts.written,
            "dropped": counts.dropped,
            "unfit": counts.unfit,
        });
        (kind.name.to_owned(), shown)
    });
    value!({
        "waiting_bytes": facts.held(),
        "refused": facts.refused(),
        "kinds": kinds.collect::<Map<_, _>>(),
    })
    .to_string()
}
