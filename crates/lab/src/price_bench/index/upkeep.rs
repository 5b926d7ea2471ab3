//! Taking prices in, snapshots, expiry, and the history of prices.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use domain::{Answer, Date, PartnerId};
use prices::Seen;
use prices::history::{History, HistorySettings, Trip};
use prices::indicative::{Cheapest, EuroRates, Indicative, reduce};
use runtime::Limited;

use super::market::{prices_of, question, routes, search, today};
use super::timing::{note, resident_bytes, timed};
use super::{Key, MARKET, NOW_MS, roomy};
use crate::report::Report;

/// Batches as a search leaves them: 30 answers of 90 offers, 30 itineraries each.
pub(super) fn taking(report: &mut Report, index: &Indicative, rates: &Arc<EuroRates>) {
    let batches: Vec<Vec<Seen>> = (0..50).map(search).collect();
    let offers: usize = batches.iter().flatten().map(|seen| seen.answer.offers().len()).sum();
    let best = |mut work: Box<dyn FnMut() + '_>| {
        let times = (0..5).map(|_| {
            let start = Instant::now();
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
    report.figure("index: million offers/s reduced", reduced);
    report.figure("index: million offers/s reduced and taken in", taken);
    report.figure("index: million offers/s into an ordered map", plain);
}

/// Snapshot, restore and expiry.
pub(super) fn keeping(report: &mut Report, index: &Indicative) -> Result<()> {
    let size = index.size().entries as f64;
    let mut bytes = Vec::new();
    let start = Instant::now();
    index.snapshot(&mut bytes)?;
    report.figure("index: snapshot, ms", ms(start.elapsed()));
    report.figure("index: snapshot, bytes an entry", bytes.len() as f64 / size);
    let start = Instant::now();
    drop(black_box(Indicative::restore(roomy(), index.rates(), &bytes[..])?));
    report.figure("index: restore, ms", ms(start.elapsed()));
    let start = Instant::now();
    let gone = index.expire(NOW_MS + 86_400_000);
    report.figure("index: entries expired", gone);
    report.figure("index: expiry, ms", ms(start.elapsed()));
    Ok(())
}

/// History: 20,000 trips, observed on 30 days in three searches a day, the last day still open.
pub(super) fn history(report: &mut Report) {
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
    let made = resident_bytes();
    for step in 0..90 {
        let now_ms = NOW_MS + step / 3 * DAY_MS + step % 3 * 3_600_000;
        for (rows, &(from, to)) in rows.iter().zip(&routes) {
            let answer = Seen {
                partner: PartnerId::literal("one"),
                question: question(&[from], &[to], 30),
                at_ms: now_ms,
                answer: Arc::new(Answer::default()),
            };
            let start = Instant::now();
            taken += history.take_reduced(&[answer], rows, now_ms).taken;
            spent += start.elapsed();
        }
    }
    let size = history.size();
    let trips = size.trips as f64;
    report.figure("history: trips", size.trips);
    report.figure("history: days", size.days);
    report.figure("history: bytes a trip, counted", size.bytes as f64 / trips);
    report.figure("history: bytes a trip, resident", (resident_bytes() - made) / trips);
    report.figure("history: million prices/s taken in", taken as f64 / spent.as_secs_f64() / 1e6);
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
    note(report, "low, typical or high for a trip", times, Vec::new());
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
