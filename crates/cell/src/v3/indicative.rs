//! `POST flights/indicative/search`: the cheapest prices travellers saw lately, without asking anyone.
//!
//! ```text
//! body ─read─▶ Query ─▶ index: by route, and by date ─▶ groups of quote ids + the quotes they name
//! ```
//!
//! Grouping by route is always there. Dates are grouped day by day (or month by month) over all
//! prices if both sides are one airport or city; else over the quotes of the routes, because a full
//! matrix of anywhere would be cut off anyway.
//!
//! Cost: in proportion to the routes that leave the smaller side; anywhere to anywhere walks the
//! whole index and goes to the workers.

mod read;
mod write;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use prices::indicative::{Ask, ByDate, DateGroup, Indicative, Month, Quote, RouteGroup};

use self::read::{Grouping, Query};
use super::answers::{answered, read_body};
use crate::refusal::Refusal;
use crate::side::Side;
use crate::state::{Shared, json, with_missing};

/// What the index found.
struct Found {
    /// By entity ids of the groups.
    routes: Vec<RouteGroup<u32>>,
    dates: ByDate,
}

/// `POST flights/indicative/search`.
pub(crate) async fn search(State(shared): State<Arc<Shared>>, body: Body) -> Response {
    answered(try_search(&shared, body).await)
}

async fn try_search(shared: &Arc<Shared>, body: Body) -> Result<Response, Refusal> {
    let body = read_body(body, shared).await?;
    let query = read::query(&body, shared.atlas)?;
    let now_ms = runtime::unix_ms();
    let atlas = shared.atlas;
    let large = !query.origin.is_small() && !query.destination.is_small();
    let index = Arc::clone(&shared.prices.indicative);
    let work = move || {
        let found = find(&index, &query, atlas, now_ms);
        write::answer(&query, &found, atlas)
    };
    let bytes = if large {
        shared.workers.run(work).await.map_err(|_| Refusal::internal())?
    } else {
        work()
    };
    Ok(with_missing(json(bytes), &shared.prices.region.missing()))
}

fn find(index: &Indicative, query: &Query, atlas: &atlas::Atlas, now_ms: i64) -> Found {
    let (origins, destinations) = (query.origin.airports(atlas), query.destination.airports(atlas));
    let ask = Ask {
        market: query.market,
        origin: origins.places(),
        destination: destinations.places(),
        out: query.out,
        back: query.back,
    };
    let entity =
        |side: Side| move |airport| side.group(atlas, airport).map(atlas::PlaceRef::entity_id);
    let routes = index.by_route(&ask, entity(query.origin), entity(query.destination), now_ms);
    let small = query.origin.is_small() && query.destination.is_small();
    let dates = match query.grouping.unit() {
        Some(unit) if small => index.by_date(&ask, unit, now_ms),
        _ => dates_of(&routes, query.grouping),
    };
    Found { routes, dates }
}

/// The quotes of the routes, each under its dates.
fn dates_of(routes: &[RouteGroup<u32>], grouping: Grouping) -> ByDate {
    let quotes: Vec<&Quote> = routes.iter().flat_map(|group| group.quotes.iter()).collect();
    let groups = |date: &dyn Fn(&Quote) -> Option<domain::Date>| {
        let mut dates: Vec<domain::Date> =
            quotes.iter().filter_map(|quote| date(quote)).map(|day| start(day, grouping)).collect();
        dates.sort_unstable();
        dates.dedup();
        dates
    };
    let pairs = |dates: Vec<domain::Date>, date: &dyn Fn(&Quote) -> Option<domain::Date>| {
        dates
            .into_iter()
            .map(|group| {
                let same =
                    |quote: &&&Quote| date(quote).map(|day| start(day, grouping)) == Some(group);
                let cheapest = |direct: bool| {
                    let of_kind = quotes.iter().filter(same).filter(|quote| quote.direct == direct);
                    of_kind.min_by_key(|quote| quote.eur_micro).map(|quote| **quote)
                };
                DateGroup { date: group, quotes: write::pair(cheapest(false), cheapest(true)) }
            })
            .collect()
    };
    let departs = |quote: &Quote| Some(quote.departs);
    let returns = |quote: &Quote| quote.returns;
    ByDate {
        outbound: pairs(groups(&departs), &departs),
        inbound: pairs(groups(&returns), &returns),
    }
}

/// The first day of the group a day belongs to.
fn start(day: domain::Date, grouping: Grouping) -> domain::Date {
    match grouping {
        Grouping::Month => Month::of(day).map_or(day, Month::first_day),
        Grouping::Day | Grouping::Routes => day,
    }
}
