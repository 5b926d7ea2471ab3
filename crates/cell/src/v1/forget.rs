//! `POST /v1/prices/forget`: for the operator, when prices of a partner, a route or a carrier shall
//! not be believed any more.
//!
//! Body: exactly one of `{"partner": "ag0333"}`, `{"carrier": "BA"}` and
//! `{"route": {"origin": "EDI", "destination": "SIN"}}`. The header `x-fareway-operator` must hold the
//! operator token. Searches that are open keep what they show.

use std::sync::Arc;

use atlas::Atlas;
use axum::extract::{Request, State};
use axum::response::Response;
use domain::AirportCode;
use http::StatusCode;
use prices::store::Invalidation;
use serde_json::Value;

use super::pairs;
use crate::json::Json;
use crate::key;
use crate::limits;
use crate::loose::{self, FieldError, Node};
use crate::refusal::{Family, Refusal};
use crate::state::{Shared, json};

/// `POST /v1/prices/forget`.
pub(crate) async fn forget(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let work = async {
        shared.operator.check(request.headers())?;
        pairs::none(request.uri().query())?;
        let bytes = limits::body(request.into_body(), &shared).await?;
        let body = loose::read(&bytes, shared.settings.json_depth.size())?;
        loose::only_once(&bytes)?;
        let what = read(&body, shared.atlas)?;
        let Some(memory) = &shared.memory else {
            let sentence = "this process remembers nothing";
            return Err(Refusal::new(StatusCode::CONFLICT, "prices_disabled", sentence));
        };
        let forgotten = memory.forget(what).await.map_err(|error| {
            tracing::error!(%error, "what was forgotten comes back with a restart");
            Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "log_stopped", error.to_string())
        })?;
        if forgotten == 0 && !exists(what, &shared) {
            // What is not set up any more may still be remembered; this is neither.
            let sentence = "is not known, and nothing was remembered of it";
            return Err(Refusal::field(name_of(what), sentence).missing());
        }
        let mut answer = Json::default();
        answer.object(|json| {
            key!(json, "forgotten").number(forgotten);
        });
        Ok(json(answer.into_bytes()))
    };
    work.await.unwrap_or_else(|refusal: Refusal| refusal.respond(Family::Own))
}

/// Whether there is such a thing, remembered or not.
fn exists(what: Invalidation, shared: &Shared) -> bool {
    match what {
        Invalidation::Partner(id) => {
            (shared.roster)().iter().any(|partner| partner.settings().id == id)
        }
        Invalidation::Carrier(code) => shared.atlas.carrier(code).is_some(),
        Invalidation::Route { .. } => true,
    }
}

const fn name_of(what: Invalidation) -> &'static str {
    match what {
        Invalidation::Partner(_) => "partner",
        Invalidation::Carrier(_) => "carrier",
        Invalidation::Route { .. } => "route",
    }
}

fn read(body: &Value, atlas: &Atlas) -> Result<Invalidation, FieldError> {
    let root = Node::root_snake(body);
    root.only(&["partner", "route", "carrier"])?;
    let (partner, route, carrier) =
        (root.field("partner")?, root.field("route")?, root.field("carrier")?);
    let present = [&partner, &route, &carrier].map(|node| node.is_present());
    if present.iter().filter(|&&one| one).count() != 1 {
        return Err(root.wrong("must have exactly one of partner, route and carrier"));
    }
    if partner.is_present() {
        let id = partner.required_text()?.parse();
        return id.map(Invalidation::Partner).map_err(|_| partner.wrong("must be a partner's id"));
    }
    if carrier.is_present() {
        let code = carrier.required_text()?.parse();
        return code
            .map(Invalidation::Carrier)
            .map_err(|_| carrier.wrong("must be a two-character carrier code, e.g. BA"));
    }
    route.only(&["origin", "destination"])?;
    let (origin, destination) = (route.field("origin")?, route.field("destination")?);
    Ok(Invalidation::Route {
        origin: airport(&origin, atlas)?,
        destination: airport(&destination, atlas)?,
    })
}

fn airport(node: &Node<'_>, atlas: &Atlas) -> Result<AirportCode, FieldError> {
    let code = node.required_text()?.parse().ok();
    code.filter(|&code| atlas.airport(code).is_some())
        .ok_or_else(|| node.wrong("must be an airport, e.g. EDI"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, expected: Result<Invalidation, &str>) {
        let body = serde_json::from_str(body).unwrap();
        let read = read(&body, atlas::atlas()).map_err(|error| error.path);
        assert_eq!(read, expected.map_err(str::to_owned), "{body}");
    }

    #[test]
    fn exactly_one_thing_is_forgotten() {
        let partner = Invalidation::Partner("ag0333".parse().unwrap());
        check(r#"{"partner": "ag0333"}"#, Ok(partner));
        check(r#"{"carrier": "BA"}"#, Ok(Invalidation::Carrier("BA".parse().unwrap())));
        let (origin, destination) = ("EDI".parse().unwrap(), "SIN".parse().unwrap());
        check(
            r#"{"route": {"origin": "EDI", "destination": "SIN"}}"#,
            Ok(Invalidation::Route { origin, destination }),
        );
        check("{}", Err(""));
        check(r#"{"carrier": "BA", "partner": "ag0333"}"#, Err(""));
        check(r#"{"carrier": "British"}"#, Err("carrier"));
        check(r#"{"route": {"origin": "XQX", "destination": "SIN"}}"#, Err("route.origin"));
        check(r#"{"seller": "x"}"#, Err("seller"));
    }
}
