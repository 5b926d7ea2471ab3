//! Handlers of `/v1/prices`: what travellers saw lately, without asking any partner.
//!
//! ```text
//! /v1/prices/month    cheapest per day of departure             ─▶ calendar with price colours
//! /v1/prices/graph    cheapest per departure and return day     ─▶ price graph
//! /v1/prices/explore  cheapest per city or country              ─▶ map: where can I go for 150?
//! /v1/prices/history  low, median, high per day of observation  ─▶ is that a good price?
//! ```
//!
//! Prices are for one adult in economy, in the market that is asked for; all but the history are at
//! most four days old.
//! A region of cells shows what all of them saw; `missing_cells` names those whose prices do not come at
//! present (the history is this cell's own).
//! Amounts are minor units of the display currency. Nothing seen is an empty list, not an error.

mod over_time;
mod read;

use std::sync::Arc;

use atlas::{Atlas, PlaceRef};
use axum::extract::{RawQuery, State};
use axum::response::Response;
use domain::CurrencyCode;
use prices::indicative::{Ask, DateUnit, Quote, QuotePair, When};

pub(crate) use self::over_time::history;
use self::read::{Kind, Wanted};
use crate::json::Json;
use crate::key;
use crate::party::name_in;
use crate::refusal::{Family, Refusal};
use crate::state::{PRICES, Shared, json_kept, with_missing};

/// Pairs of days in one graph.
const PAIRS_MAX: usize = 4_000;
/// Places of one map.
const PLACES_MAX: usize = 2_000;

/// `GET /v1/prices/month`.
pub(crate) async fn month(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
) -> Response {
    answer(&shared, (Kind::Month, query), |json, wanted, shared| {
        let ends = wanted.airports(shared.atlas);
        let ask = wanted.ask(&ends);
        let found = shared.prices.indicative.by_date(&ask, DateUnit::Day, runtime::unix_ms());
        key!(json, "days").list(|json| {
            for group in &found.outbound {
                json.object(|json| {
                    let day = group.date.to_string();
                    key!(json, "date").plain(day.as_bytes());
                    pair(json, &group.quotes, wanted.currency, shared.atlas);
                });
            }
        });
        Ok(())
    })
}

/// `GET /v1/prices/graph`.
pub(crate) async fn graph(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
) -> Response {
    answer(&shared, (Kind::Graph, query), |json, wanted, shared| {
        let ends = wanted.airports(shared.atlas);
        let back = Some(wanted.back.unwrap_or(When::Anytime));
        let ask = Ask { back, ..wanted.ask(&ends) };
        let found = shared.prices.indicative.by_days(&ask, PAIRS_MAX, runtime::unix_ms());
        key!(json, "pairs").list(|json| {
            for days in &found {
                let Some(returns) = days.returns else { continue };
                json.object(|json| {
                    let (departs, back) = (days.departs.to_string(), returns.to_string());
                    key!(json, "departs").plain(departs.as_bytes());
                    key!(json, "returns").plain(back.as_bytes());
                    key!(json, "nights").number(returns.days() - days.departs.days());
                    pair(json, &days.quotes, wanted.currency, shared.atlas);
                });
            }
        });
        Ok(())
    })
}

/// `GET /v1/prices/explore`.
pub(crate) async fn explore(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
) -> Response {
    answer(&shared, (Kind::Explore, query), |json, wanted, shared| {
        let atlas = shared.atlas;
        let start = wanted.origin.place(atlas).ok_or_else(Refusal::internal)?;
        key!(json, "origin").object(|json| write_place(json, start, &wanted.language, atlas));
        let ends = wanted.airports(atlas);
        let ask = wanted.ask(&ends);
        let entity = |airport| wanted.destination.group(atlas, airport).map(PlaceRef::entity_id);
        let now_ms = runtime::unix_ms();
        let found = shared.prices.indicative.by_route(&ask, |_| Some(0_u32), entity, now_ms);
        key!(json, "places").list(|json| {
            let mut shown = 0;
            for group in &found {
                let price = group.quotes.cheapest().and_then(|q| amount(q, wanted.currency, atlas));
                let (Some(price), Some(place)) = (price, atlas.place_by_entity(group.destination))
                else {
                    continue;
                };
                if wanted.price.is_some_and(|most| price > most) || shown == PLACES_MAX {
                    continue;
                }
                shown += 1;
                json.object(|json| {
                    write_place(json, place, &wanted.language, atlas);
                    pair(json, &group.quotes, wanted.currency, atlas);
                });
            }
        });
        Ok(())
    })
}

/// Reads the query, writes what all answers have, and lets `write` add the rest.
fn answer(
    shared: &Shared,
    (kind, query): (Kind, Option<String>),
    write: impl FnOnce(&mut Json, &Wanted, &Shared) -> Result<(), Refusal>,
) -> Response {
    let work = || {
        let wanted = read::wanted(kind, query.as_deref(), shared.atlas, shared.home)?;
        let missing = shared.prices.region.missing();
        let mut answer = Json::with_capacity(16 << 10);
        let mut written = Ok(());
        answer.object(|json| {
            key!(json, "currency").code(wanted.currency.to_bytes());
            let decimals = shared.atlas.currency(wanted.currency).map_or(2, |known| known.decimals);
            key!(json, "decimals").number(decimals);
            key!(json, "market").plain(&wanted.market.to_bytes());
            if kind != Kind::History {
                key!(json, "missing_cells").list(|json| {
                    for cell in &missing {
                        json.text(cell);
                    }
                });
            }
            written = write(json, &wanted, shared);
        });
        written.map(|()| with_missing(json_kept(answer.into_bytes(), PRICES), &missing))
    };
    work().unwrap_or_else(|refusal: Refusal| refusal.respond(Family::Own))
}

/// Writes the cheapest quote, and beside it the cheapest direct one.
fn pair(json: &mut Json, pair: &QuotePair, currency: CurrencyCode, atlas: &Atlas) {
    quote(key!(json, "cheapest"), pair.cheapest(), currency, atlas);
    quote(key!(json, "direct"), pair.direct.as_ref(), currency, atlas);
}

fn quote(json: &mut Json, quote: Option<&Quote>, currency: CurrencyCode, atlas: &Atlas) {
    let Some((quote, price)) = quote.and_then(|q| Some((q, amount(q, currency, atlas)?))) else {
        json.null();
        return;
    };
    json.object(|json| {
        key!(json, "price").number(price);
        key!(json, "direct").truth(quote.direct);
        key!(json, "origin").code(quote.origin.to_bytes());
        key!(json, "destination").code(quote.destination.to_bytes());
        let day = quote.departs.to_string();
        key!(json, "departs").plain(day.as_bytes());
        match quote.returns {
            Some(day) => key!(json, "returns").plain(day.to_string().as_bytes()),
            None => key!(json, "returns").null(),
        };
        key!(json, "agent").plain(quote.agent.as_str().as_bytes());
        key!(json, "carrier").plain(&quote.out_carrier.to_bytes());
        key!(json, "seen_s").number(quote.seen_ms.div_euclid(1_000));
    });
}

/// The price in minor units of the display currency; `None` without an exchange rate.
fn amount(quote: &Quote, currency: CurrencyCode, atlas: &Atlas) -> Option<i64> {
    Some(atlas.rates().convert(quote.price, currency)?.minor)
}

fn write_place(json: &mut Json, place: PlaceRef<'_>, language: &str, atlas: &Atlas) {
    let (id, kind, country, at) = match place {
        PlaceRef::Airport(one) => {
            (one.code.to_string(), "airport", one.country, (one.latitude, one.longitude))
        }
        PlaceRef::City(one) => {
            (format!("city:{}", one.code), "city", one.country, (one.latitude, one.longitude))
        }
        PlaceRef::Country(one) => {
            (format!("country:{}", one.code), "country", one.code, (one.latitude, one.longitude))
        }
        PlaceRef::Continent(_) => return,
    };
    let country_name = atlas.country(country).map(PlaceRef::Country);
    key!(json, "id").text(&id);
    key!(json, "kind").plain(kind.as_bytes());
    key!(json, "name").text(name_in(atlas, place, language));
    key!(json, "country").text(country_name.map_or("", |one| name_in(atlas, one, language)));
    key!(json, "latitude").float64(at.0);
    key!(json, "longitude").float64(at.1);
}
