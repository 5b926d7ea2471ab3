//! How fast indicative prices are taken and found, and what one costs in memory.
//!
//! `cargo run --release -p prices --example indicative_speed [routes]`
//!
//! Fills an index with 40,000 routes (both ends drawn by popularity, so that hubs have hundreds)
//! x 90 days, one way, indirect and on half of the routes direct, and with returns of 2 to 14 days
//! on a tenth of the routes and on all from the six busiest airports. The same prices stand in a plain ordered map, keyed by market, origin,
//! destination, departure, return and kind, which answers the same questions by scanning the range.

#![expect(clippy::print_stdout, reason = "its output is its purpose")]

mod market;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use domain::{AgentId, AirportCode, Answer, CountryCode, CurrencyCode, Date, PartnerId};
use prices::Seen;
use prices::history::{History, HistorySettings, Trip};
use prices::indicative::{
    Ask, Cheapest, DateUnit, EuroRates, Indicative, IndicativeSettings, Month, Places, When, reduce,
};
use runtime::{Limited, now};

use crate::market::{country_table, hubs, prices_of, question, routes, search, today};

const NOW_MS: i64 = 1_800_000_000_000;
const AIRPORTS: usize = 3_600;
const MARKET: CountryCode = CountryCode::literal("DE");
const EUR: CurrencyCode = CurrencyCode::literal("EUR");

type Key = (AirportCode, AirportCode, i32, Option<i32>, bool);
type Plain = BTreeMap<Key, (u32, AgentId)>;

fn main() {
    remembering();
    let routes_wanted = std::env::args().nth(1).and_then(|text| text.parse().ok());
    let routes = routes(routes_wanted.unwrap_or(40_000));
    let settings = IndicativeSettings {
        bytes_max: Limited::literal(8 << 30),
        ..IndicativeSettings::default()
    };
    let rates = Arc::new(EuroRates::from(atlas::atlas().rates()));
    let index = Indicative::new(settings, Arc::clone(&rates));

    let before = resident_kib();
    let filled = fill(&index, &routes);
    let size = index.size();
    let held = resident_kib() - before;
    println!("{} routes, {} prices", routes.len(), size.entries);
    println!(
        "a price: {:.1} B counted, {:.1} B resident; taken in, reduced already: {:.1} million/s",
        size.bytes as f64 / size.entries as f64,
        held as f64 * 1_024.0 / size.entries as f64,
        size.entries as f64 / filled.as_secs_f64() / 1e6,
    );
    let before = resident_kib();
    let plain = plain(&routes);
    println!(
        "the same in an ordered map: {:.1} B resident a price\n",
        (resident_kib() - before) as f64 * 1_024.0 / plain.len() as f64
    );

    println!("microseconds: p50, p99 | ordered map p50 | times");
    month_grids(&index, &plain, &routes);
    everywhere(&index, &plain, &routes);
    taking(&index, &rates);
    keeping(&index);
}

fn fill(index: &Indicative, routes: &[(AirportCode, AirportCode)]) -> Duration {
    let mut spent = Duration::ZERO;
    for (at, &route) in routes.iter().enumerate() {
        let rows = prices_of(at, route);
        let answer = Seen {
            partner: PartnerId::literal("one"),
            question: question(&[route.0], &[route.1], 30),
            at_ms: NOW_MS - (at as i64 % 90) * 3_600_000,
            answer: Arc::new(Answer::default()),
        };
        let start = now();
        index.take_reduced(&[answer], &rows, NOW_MS);
        spent += start.elapsed();
    }
    spent
}

fn plain(routes: &[(AirportCode, AirportCode)]) -> Plain {
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

fn month_grids(index: &Indicative, plain: &Plain, routes: &[(AirportCode, AirportCode)]) {
    let wanted = one_month();
    let (first, last) = wanted_days(wanted);
    for (name, back) in [("one way", None), ("return", Some(When::Anytime))] {
        let popular: Vec<_> = routes.iter().copied().step_by(10).take(2_000).collect();
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for &(from, to) in &popular {
            let ask = Ask {
                market: MARKET,
                origin: Places::Airports(&[from]),
                destination: Places::Airports(&[to]),
                out: wanted,
                back,
            };
            let start = now();
            let grid = black_box(index.by_date(&ask, DateUnit::Day, NOW_MS));
            ours.push(start.elapsed());
            let start = now();
            let mut days: BTreeMap<(i32, bool), u32> = BTreeMap::new();
            let range = (from, to, first, None, false)..=(from, to, last, Some(i32::MAX), true);
            for (&(_, _, day, returns, direct), &(eur, _)) in plain.range(range) {
                if returns.is_some() == back.is_some() {
                    let best = days.entry((day, direct)).or_insert(eur);
                    *best = eur.min(*best);
                }
            }
            theirs.push(start.elapsed());
            let cheapest = grid.outbound.iter().filter_map(|group| group.quotes.cheapest());
            let cheapest = cheapest.map(|quote| quote.eur_micro).min();
            assert_eq!(cheapest, days.values().min().map(|&eur| i64::from(eur) * 100));
        }
        print(&format!("month grid, one pair, {name}"), ours, theirs);
    }
    city_grid(index, routes);
}

/// Six airports to six airports: the busiest of both sides.
fn city_grid(index: &Indicative, routes: &[(AirportCode, AirportCode)]) {
    let origins: Vec<AirportCode> = hubs(routes).into_iter().take(6).collect();
    let destinations: Vec<AirportCode> = hubs(routes).into_iter().skip(6).take(6).collect();
    for (name, back) in [("one way", None), ("return", Some(When::Anytime))] {
        for hubs in [2, 3, 6] {
            let ask = Ask {
                market: MARKET,
                origin: Places::Airports(&origins[..hubs]),
                destination: Places::Airports(&destinations[..hubs]),
                out: one_month(),
                back,
            };
            let times = timed(500, || index.by_date(&ask, DateUnit::Day, NOW_MS).outbound.len());
            print(&format!("month grid, {hubs} x {hubs} hubs, {name}"), times, Vec::new());
        }
    }
}

fn everywhere(index: &Indicative, plain: &Plain, routes: &[(AirportCode, AirportCode)]) {
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
        print(&format!("{name}, by country ({count} routes)"), ours, map);
        let ours = timed(200, || index.by_route(&ask, Some, Some, NOW_MS).len());
        print(&format!("{name}, by airport"), ours, Vec::new());
    }
    let ask = Ask {
        market: MARKET,
        origin: Places::Anywhere,
        destination: Places::Anywhere,
        out: one_month,
        back: None,
    };
    let ours = timed(10, || index.by_route(&ask, country, country, NOW_MS).len());
    print("from anywhere to anywhere, one month, by country", ours, Vec::new());
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

/// Batches as a search leaves them: 30 answers of 90 offers, 30 itineraries each.
fn taking(index: &Indicative, rates: &Arc<EuroRates>) {
    let batches: Vec<Vec<Seen>> = (0..50).map(search).collect();
    let offers: usize = batches.iter().flatten().map(|seen| seen.answer.offers().len()).sum();
    let best = |mut work: Box<dyn FnMut() + '_>| {
        let times = (0..5).map(|_| {
            let start = now();
            work();
            start.elapsed()
        });
        offers as f64 / times.min().unwrap_or_default().as_secs_f64() / 1e6
    };
    let reduced = best(Box::new(|| {
        batches.iter().for_each(|batch| drop(black_box(reduce(batch, rates))));
    }));
    let taken = best(Box::new(|| {
        batches.iter().for_each(|batch| {
            black_box(index.take(batch, NOW_MS));
        });
    }));
    let mut map: BTreeMap<Key, i64> = BTreeMap::new();
    let plain = best(Box::new(|| {
        for seen in batches.iter().flatten() {
            for offer in seen.answer.offers() {
                let Some(price) = offer.price else { continue };
                let legs = seen.answer.itinerary_legs(offer.itinerary);
                let segments = seen.answer.leg_segments(legs[0]);
                let first = seen.answer.segments()[segments[0] as usize];
                let last = seen.answer.segments()[segments[segments.len() - 1] as usize];
                let day = first.departs.date().days();
                let key = (first.origin, last.destination, day, None, segments.len() == 1);
                let held = map.entry(key).or_insert(price.minor);
                *held = price.minor.min(*held);
            }
        }
    }));
    println!(
        "\noffers a second, one thread: reduce {reduced:.0} million, take {taken:.0} million; \
         each offer into an ordered map {plain:.0} million"
    );
}

/// Snapshot, restore and expiry.
fn keeping(index: &Indicative) {
    let size = index.size().entries as f64;
    let mut bytes = Vec::new();
    let start = now();
    let written = index.snapshot(&mut bytes);
    let wrote = start.elapsed();
    let start = now();
    let settings = IndicativeSettings {
        bytes_max: Limited::literal(8 << 30),
        ..IndicativeSettings::default()
    };
    let restored = Indicative::restore(settings, index.rates(), &bytes[..]);
    let read = start.elapsed();
    let start = now();
    let gone = index.expire(NOW_MS + 86_400_000);
    println!(
        "snapshot {:.0} ms ({:.1} B a price, {}), restore {:.0} ms ({}); expire {} prices {:.0} ms",
        ms(wrote),
        bytes.len() as f64 / size,
        if written.is_ok() { "good" } else { "failed" },
        ms(read),
        if restored.is_ok() { "good" } else { "failed" },
        gone,
        ms(start.elapsed()),
    );
}

/// History: 20,000 trips, observed on 30 days in three searches a day, the last day still open.
fn remembering() {
    const DAY_MS: i64 = 86_400_000;
    let history = History::new(HistorySettings {
        bytes_max: Limited::literal(8 << 30),
        ..HistorySettings::default()
    });
    let routes = routes(400);
    let (mut spent, mut taken) = (Duration::ZERO, 0);
    let rows: Vec<Vec<Cheapest>> = routes
        .iter()
        .enumerate()
        .map(|(at, &route)| {
            let mut rows = prices_of(at * 2 + 1, route);
            rows.retain(|row| row.returns.is_none() && row.departs.days() >= today() + 35);
            rows.truncate(50);
            rows
        })
        .collect();
    let made = resident_kib();
    for step in 0..90 {
        let now_ms = NOW_MS + step / 3 * DAY_MS + step % 3 * 3_600_000;
        for (rows, &(from, to)) in rows.iter().zip(&routes) {
            let answer = Seen {
                partner: PartnerId::literal("one"),
                question: question(&[from], &[to], 30),
                at_ms: now_ms,
                answer: Arc::new(Answer::default()),
            };
            let start = now();
            taken += history.take_reduced(&[answer], rows, now_ms).taken;
            spent += start.elapsed();
        }
    }
    let size = history.size();
    println!(
        "history: {} trips, {} days; {:.0} B counted, {:.0} B resident a trip; {:.1} million prices/s",
        size.trips,
        size.days,
        size.bytes as f64 / size.trips as f64,
        (resident_kib() - made) as f64 * 1_024.0 / size.trips as f64,
        taken as f64 / spent.as_secs_f64() / 1e6,
    );
    let now_ms = NOW_MS + 29 * DAY_MS + 10_800_000;
    let departs = rows[0].first().map_or(Date::from_days(today()), |row| row.departs);
    let (origins, destinations) = ([routes[0].0], [routes[0].1]);
    let trip = Trip {
        market: MARKET,
        origins: &origins,
        destinations: &destinations,
        departs,
        returns: None,
    };
    let times = timed(1_000, || history.for_trip(&trip, 100_000_000, now_ms));
    print("low, typical or high for a trip", times, Vec::new());
}

fn day(ahead: i32) -> When {
    When::Day(Date::from_days(today() + ahead))
}

fn timed<T>(runs: usize, mut work: impl FnMut() -> T) -> Vec<Duration> {
    black_box(work());
    let times = (0..runs).map(|_| {
        let start = now();
        black_box(work());
        start.elapsed()
    });
    times.collect()
}

fn print(name: &str, ours: Vec<Duration>, theirs: Vec<Duration>) {
    let at = |mut times: Vec<Duration>, share: f64| {
        times.sort_unstable();
        let index = ((times.len() as f64 - 1.0) * share) as usize;
        times.get(index).map_or(f64::NAN, |time| time.as_secs_f64() * 1e6)
    };
    let (p50, p99) = (at(ours.clone(), 0.5), at(ours, 0.99));
    if theirs.is_empty() {
        println!("{name:<62} {p50:>8.1} {p99:>8.1} |");
    } else {
        let map = at(theirs, 0.5);
        println!("{name:<62} {p50:>8.1} {p99:>8.1} | {map:>9.1} | {:>6.1}", map / p50);
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn resident_kib() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0)
}
