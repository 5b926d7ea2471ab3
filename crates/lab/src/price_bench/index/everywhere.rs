//! "Everywhere": the cheapest price to each country or airport.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::AirportCode;
use prices::indicative::{Ask, Indicative, Places, When};

use super::market::{country_table, hubs};
use super::timing::{note, timed};
use super::{MARKET, NOW_MS, Plain, Route, day, one_month, wanted_days};
use crate::report::Report;

/// From and to hubs, for days, months and any time, by country and by airport.
pub(super) fn run(report: &mut Report, index: &Indicative, plain: &Plain, routes: &[Route]) {
    let hubs = hubs(routes);
    let countries = country_table();
    let country = |airport: AirportCode| countries[usize::from(airport.packed())];
    let one_month = one_month();
    let sides = [
        ("from a hub, one month", &hubs[..1], one_month, None, false),
        ("from a hub, anytime", &hubs[..1], When::Anytime, None, false),
        ("from a hub, return, one month", &hubs[..1], one_month, Some(one_month), false),
        ("from 6 hubs, return, one month", &hubs[..6], one_month, Some(one_month), false),
        ("from 6 hubs, return, anytime", &hubs[..6], When::Anytime, Some(When::Anytime), false),
        ("from 6 hubs, return, one day each", &hubs[..6], day(50), Some(day(57)), false),
        ("from a hub, one day", &hubs[..1], day(50), None, false),
        ("from 6 hubs, one month", &hubs[..6], one_month, None, false),
        ("from 6 hubs, anytime", &hubs[..6], When::Anytime, None, false),
        ("to a hub, one month", &hubs[..1], one_month, None, true),
        ("to a hub, anytime", &hubs[..1], When::Anytime, None, true),
        ("from the 1000th airport, anytime", &hubs[1_000..1_001], When::Anytime, None, false),
    ];
    for (name, airports, out, back, reverse) in sides {
        let set = Places::Airports(airports);
        let (origin, destination) =
            if reverse { (Places::Anywhere, set) } else { (set, Places::Anywhere) };
        let ask = Ask { market: MARKET, origin, destination, out, back };
        let count = index.by_route(&ask, Some, Some, NOW_MS).len();
        let ours = timed(200, || index.by_route(&ask, country, country, NOW_MS).len());
        let map = if reverse { Vec::new() } else { scan(plain, airports, &ask, country) };
        note(report, &format!("{name}, by country ({count} routes)"), ours, map);
        let ours = timed(200, || index.by_route(&ask, Some, Some, NOW_MS).len());
        note(report, &format!("{name}, by airport"), ours, Vec::new());
    }
    let ask = Ask {
        market: MARKET,
        origin: Places::Anywhere,
        destination: Places::Anywhere,
        out: one_month,
        back: None,
    };
    let ours = timed(10, || index.by_route(&ask, country, country, NOW_MS).len());
    note(report, "from anywhere to anywhere, one month, by country", ours, Vec::new());
}

/// The same by scanning the ordered map.
fn scan(
    plain: &Plain,
    airports: &[AirportCode],
    ask: &Ask<'_>,
    country: impl Fn(AirportCode) -> Option<u16>,
) -> Vec<Duration> {
    let days = |when: When| {
        let (first, last) = wanted_days(when);
        first..=last
    };
    let (out, back) = (days(ask.out), ask.back.map(days));
    let (low, high) = (AirportCode::literal("AAA"), AirportCode::literal("ZZZ"));
    timed(5, || {
        let mut best: BTreeMap<(Option<u16>, bool), u32> = BTreeMap::new();
        for &from in airports {
            let range = (from, low, 0, None, false)..=(from, high, i32::MAX, Some(i32::MAX), true);
            for (&(_, to, day, returns, direct), &(eur, _)) in plain.range(range) {
                let shape = match (&back, returns) {
                    (None, None) => true,
                    (Some(back), Some(day)) => back.contains(&day),
                    _ => false,
                };
                if shape && out.contains(&day) {
                    let best = best.entry((country(to), direct)).or_insert(eur);
                    *best = eur.min(*best);
                }
            }
        }
        best.len()
    })
}
