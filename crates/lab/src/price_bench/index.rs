//! (index) The indicative prices and the history in process: what a month grid, "everywhere" and a
//! verdict on a trip cost, what an entry takes in memory, how fast prices are taken in.
//!
//! The index holds 40,000 routes (both ends drawn by popularity, so that hubs have hundreds) x 90
//! days, one way, indirect and on half of the routes direct, and with returns of 2 to 14 days on a
//! tenth of the routes and on all from the six busiest airports. The same prices stand in a plain
//! ordered map, keyed by origin, destination, departure, return and kind, which answers the same
//! questions by scanning the range.

mod everywhere;
mod grids;
mod market;
mod timing;
mod upkeep;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use domain::{AgentId, AirportCode, Answer, CountryCode, CurrencyCode, Date, PartnerId};
use prices::Seen;
use prices::indicative::{EuroRates, Indicative, IndicativeSettings, Month, When};
use runtime::Limited;

use self::market::{prices_of, question, routes, today};
use self::timing::resident_bytes;
use crate::report::Report;

const ROUTES: usize = 40_000;
const NOW_MS: i64 = 1_800_000_000_000;
const AIRPORTS: usize = 3_600;
const MARKET: CountryCode = CountryCode::literal("DE");
const EUR: CurrencyCode = CurrencyCode::literal("EUR");

type Route = (AirportCode, AirportCode);
type Key = (AirportCode, AirportCode, i32, Option<i32>, bool);
type Plain = BTreeMap<Key, (u32, AgentId)>;

/// Measures all of it.
pub(super) fn run(report: &mut Report) -> Result<()> {
    upkeep::history(report);
    let routes = routes(ROUTES);
    let rates = Arc::new(EuroRates::from(atlas::atlas().rates()));
    let index = Indicative::new(roomy(), Arc::clone(&rates));
    let before = resident_bytes();
    let filled = fill(&index, &routes);
    let size = index.size();
    let held = resident_bytes() - before;
    let entries = size.entries as f64;
    report.setting("index.routes", routes.len());
    report.figure("index: entries", size.entries);
    report.figure("index: bytes an entry, counted", size.bytes as f64 / entries);
    report.figure("index: bytes an entry, resident", held / entries);
    report.figure("index: million reduced prices/s taken in", entries / filled.as_secs_f64() / 1e6);
    let before = resident_bytes();
    let plain = plain(&routes);
    let held = resident_bytes() - before;
    report.figure("index: ordered map, bytes an entry, resident", held / plain.len() as f64);
    grids::run(report, &index, &plain, &routes)?;
    everywhere::run(report, &index, &plain, &routes);
    upkeep::taking(report, &index, &rates);
    upkeep::keeping(report, &index)
}

/// Settings under which nothing has to go.
fn roomy() -> IndicativeSettings {
    IndicativeSettings { bytes_max: Limited::literal(8 << 30), ..IndicativeSettings::default() }
}

fn fill(index: &Indicative, routes: &[Route]) -> Duration {
    let mut spent = Duration::ZERO;
    for (at, &route) in routes.iter().enumerate() {
        let rows = prices_of(at, route);
        let answer = Seen {
            partner: PartnerId::literal("one"),
            question: question(&[route.0], &[route.1], 30),
            at_ms: NOW_MS - (at as i64 % 90) * 3_600_000,
            answer: Arc::new(Answer::default()),
        };
        let start = Instant::now();
        index.take_reduced(&[answer], &rows, NOW_MS);
        spent += start.elapsed();
    }
    spent
}

fn plain(routes: &[Route]) -> Plain {
    let mut map = Plain::new();
    for (at, &route) in routes.iter().enumerate() {
        for row in prices_of(at, route) {
            let returns = row.returns.map(|date| date.days());
            let key = (row.origin, row.destination, row.departs.days(), returns, row.direct);
            map.insert(key, (row.eur, row.agent));
        }
    }
    map
}

/// March 2027: all its days are in the index.
fn one_month() -> When {
    match Month::new(2027, 3) {
        Some(month) => When::Months { first: month, last: month },
        None => When::Anytime,
    }
}

/// First and last day.
fn wanted_days(when: When) -> (i32, i32) {
    match when {
        When::Day(day) => (day.days(), day.days()),
        When::Months { first, last } => {
            (first.first_day().days(), last.first_day().days() + last.days() as i32 - 1)
        }
        When::Anytime => (0, i32::MAX),
    }
}

fn day(ahead: i32) -> When {
    When::Day(Date::from_days(today() + ahead))
}
