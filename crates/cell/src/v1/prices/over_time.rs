//! `GET /v1/prices/history`: what a trip cost on each day it was looked at, and whether a price is good.
//!
//! The trip has a day of departure (and of return): months would mix flights that differ. The price
//! that is judged is the one given, else the cheapest seen lately for the trip.

use std::sync::Arc;

use atlas::Atlas;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use domain::{AirportCode, CurrencyCode, Date, Money};
use prices::history::{Outlook, Trip, Verdict};
use prices::indicative::{Ask, Places, When};

use super::answer;
use super::read::{Kind, Wanted};
use crate::json::Json;
use crate::key;
use crate::refusal::Refusal;
use crate::state::Shared;

const EUR: CurrencyCode = CurrencyCode::literal("EUR");
/// Millionths of a euro in a cent.
const MICRO: i64 = 10_000;

/// `GET /v1/prices/history`.
pub(crate) async fn history(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
) -> Response {
    answer(&shared, (Kind::History, query), |json, wanted, shared| {
        let (departs, returns) = days(wanted)?;
        let ends = wanted.airports(shared.atlas);
        let (origins, destinations) = (listed(ends.0.places()), listed(ends.1.places()));
        let trip = Trip { market: wanted.market, origins, destinations, departs, returns };
        let now_ms = runtime::unix_ms();
        let show = |eur_micro| shown(eur_micro, wanted.currency, shared.atlas);
        key!(json, "days").list(|json| {
            for day in shared.prices.history.daily(&trip, now_ms) {
                json.object(|json| {
                    key!(json, "day").plain(day.day.to_string().as_bytes());
                    amount(key!(json, "low"), show(day.low_eur_micro));
                    amount(key!(json, "median"), show(day.median_eur_micro));
                    amount(key!(json, "high"), show(day.high_eur_micro));
                    key!(json, "searches").number(day.searches);
                });
            }
        });
        let price = match wanted.price {
            Some(minor) => in_euro(Money::new(minor, wanted.currency), shared.atlas),
            None => cheapest(&wanted.ask(&ends), shared, now_ms),
        };
        key!(json, "outlook");
        match price {
            None => json.null(),
            Some(price) => {
                let outlook = shared.prices.history.for_trip(&trip, price, now_ms);
                write_outlook(json, &outlook, (price, &show));
                json
            }
        };
        Ok(())
    })
}

fn write_outlook(
    json: &mut Json,
    outlook: &Outlook,
    (price, show): (i64, &dyn Fn(i64) -> Option<i64>),
) {
    json.object(|json| {
        let verdict: &[u8] = match outlook.verdict {
            Verdict::Low => b"low",
            Verdict::Typical => b"typical",
            Verdict::High => b"high",
            Verdict::Unknown => b"unknown",
        };
        key!(json, "verdict").plain(verdict);
        amount(key!(json, "price"), show(price));
        // Of nothing there are no quantiles.
        let quantile = |eur_micro| if outlook.observations > 0 { show(eur_micro) } else { None };
        amount(key!(json, "low"), quantile(outlook.low_eur_micro));
        amount(key!(json, "median"), quantile(outlook.median_eur_micro));
        amount(key!(json, "high"), quantile(outlook.high_eur_micro));
        key!(json, "observations").number(outlook.observations);
        key!(json, "searches").number(outlook.searches);
        let (first, last) = outlook.departures;
        key!(json, "departs_first").plain(first.to_string().as_bytes());
        key!(json, "departs_last").plain(last.to_string().as_bytes());
    });
}

fn days(wanted: &Wanted) -> Result<(Date, Option<Date>), Refusal> {
    const SENTENCE: &str = "must be a day, e.g. 2027-03-03";
    let When::Day(departs) = wanted.out else { return Err(Refusal::field("out", SENTENCE)) };
    match wanted.back {
        None => Ok((departs, None)),
        Some(When::Day(returns)) if returns >= departs => Ok((departs, Some(returns))),
        Some(When::Day(_)) => Err(Refusal::field("back", "must not be before out")),
        Some(_) => Err(Refusal::field("back", SENTENCE)),
    }
}

fn listed(places: Places<'_>) -> &[AirportCode] {
    match places {
        Places::Anywhere => &[],
        Places::Airports(airports) => airports,
    }
}

/// The cheapest price seen lately for the trip, comparable.
fn cheapest(ask: &Ask<'_>, shared: &Shared, now_ms: i64) -> Option<i64> {
    let groups = shared.prices.indicative.by_route(ask, |_| Some(()), |_| Some(()), now_ms);
    Some(groups.first()?.quotes.cheapest()?.eur_micro)
}

fn in_euro(money: Money, atlas: &Atlas) -> Option<i64> {
    atlas.rates().convert(money, EUR)?.minor.checked_mul(MICRO)
}

/// Minor units of the display currency.
fn shown(eur_micro: i64, currency: CurrencyCode, atlas: &Atlas) -> Option<i64> {
    let cents = (eur_micro + MICRO / 2).div_euclid(MICRO);
    Some(atlas.rates().convert(Money::new(cents, EUR), currency)?.minor)
}

fn amount(json: &mut Json, minor: Option<i64>) {
    match minor {
        Some(minor) => json.number(minor),
        None => json.null(),
    };
}
