//! Handlers of the `/v1` paths that need no search.

use std::sync::Arc;

use atlas::{Atlas, PlaceRef, SuggestOptions};
use axum::extract::{RawQuery, State};
use axum::response::Response;
use bytes::Bytes;

use crate::culture::LOCALES;
use crate::json::Json;
use crate::key;
use crate::limits::decoded;
use crate::refusal::{Family, Refusal};
use crate::state::{Shared, json, json_kept};

/// Places of one answer: unless said otherwise, and at most.
const PLACES: (usize, usize) = (8, 50);

/// `GET /v1/places?term=edin&limit=8&locale=en-GB`.
pub(crate) async fn places(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
) -> Response {
    let answer = suggest(&query.unwrap_or_default(), shared.atlas);
    answer.map_or_else(|refusal| refusal.respond(Family::Own), json)
}

fn suggest(query: &str, atlas: &Atlas) -> Result<Bytes, Refusal> {
    let (mut term, mut limit) = (String::new(), PLACES.0);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let plain = value.replace('+', " ");
        let value = decoded(&plain);
        match name {
            "term" => term = value.into_owned(),
            "limit" => {
                let sentence = "must be 1 to 50";
                limit = value
                    .parse()
                    .ok()
                    .filter(|limit| (1..=PLACES.1).contains(limit))
                    .ok_or_else(|| Refusal::field("limit", sentence))?;
            }
            // Names are in English whatever the language.
            "locale" | "market" => {}
            _ => return Err(Refusal::field("", "a parameter is not known")),
        }
    }
    let options = SuggestOptions { limit, ..SuggestOptions::default() };
    let mut json = Json::with_capacity(2_048);
    json.object(|json| {
        key!(json, "places").list(|json| {
            for found in atlas.suggest(&term, &options) {
                write_place(json, atlas, found.place, &found.matched);
            }
        });
    });
    Ok(Bytes::from(json.into_bytes()))
}
