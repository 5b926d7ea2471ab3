//! The market that is measured: routes between popular airports, their prices, whole answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::answer::Limits;
use domain::{
    AgentId, AirportCode, AnswerBuilder, Cabin, CarrierCode, Date, FlightNumber, Money, Offer,
    PartnerId, Place, PlaceSet, Question, QuestionLeg, Segment, Travellers,
};
use prices::Seen;
use prices::indicative::Cheapest;
use runtime::{FixedSet, Random};

use super::{AIRPORTS, EUR, MARKET, NOW_MS};

/// Pairs of airports, both drawn by rank.
pub(super) fn routes(wanted: usize) -> Vec<(AirportCode, AirportCode)> {
    let airports = atlas::atlas().airports();
    let airports = &airports[..AIRPORTS.min(airports.len())];
    let mut summed = Vec::with_capacity(airports.len());
    let mut total = 0.0;
    for rank in 0..airports.len() {
        total += 1.0 / (rank as f64 + 20.0).powf(0.9);
        summed.push(total);
    }
    let mut random = Random::from_seed(1);
    let mut draw = || {
        let wanted = random.unit() * total;
        airports[summed.partition_point(|&sum| sum < wanted).min(airports.len() - 1)].code
    };
    let mut routes = FixedSet::default();
    let mut listed = Vec::new();
    while listed.len() < wanted {
        let route = (draw(), draw());
        if route.0 != route.1 && routes.insert(route) {
            listed.push(route);
        }
    }
    listed
}

/// The prices of a route, in no order of days.
pub(super) fn prices_of(
    at: usize,
    (origin, destination): (AirportCode, AirportCode),
) -> Vec<Cheapest> {
    let mut random = Random::from_seed(at as u64);
    let today = today();
    let base = 2_000 + random.below(60_000) as i64;
    let busiest = atlas::atlas().airports().iter().take(6).any(|airport| airport.code == origin);
    let (has_direct, has_returns) = (at.is_multiple_of(2), busiest || at.is_multiple_of(10));
    let mut rows = Vec::new();
    let mut add = |random: &mut Random, day: i32, stay: Option<i32>, direct: bool| {
        let minor = base + random.below(20_000) as i64;
        let departs = Date::from_days(today + day);
        rows.push(Cheapest {
            seen: 0,
            eur: minor as u32 * 100,
            origin,
            destination,
            out_carrier: CarrierCode::literal("KL"),
            back_carrier: stay.map(|_| CarrierCode::literal("KL")),
            direct,
            itinerary: random.bits() as u32,
            departs,
            returns: stay.map(|stay| departs.plus_days(stay)),
            price: Money::new(minor, EUR),
            agent: AgentId::literal("seller"),
        });
    };
    for step in 0..90 {
        let day = step * 37 % 90;
        for direct in [false, true] {
            if direct && !has_direct {
                continue;
            }
            add(&mut random, day, None, direct);
            if has_returns {
                (2..=14).for_each(|stay| add(&mut random, day, Some(stay), direct));
            }
        }
    }
    rows
}

pub(super) fn search(number: usize) -> Vec<Seen> {
    let mut random = Random::from_seed(number as u64);
    let (from, to) = (AirportCode::literal("LHR"), AirportCode::literal("BCN"));
    let day = 5 + number as i32;
    let asked = question(&[from], &[to], day);
    let answer = |random: &mut Random| {
        let mut builder = AnswerBuilder::new(Limits::default());
        for flight in 0..30_u16 {
            let departs = Date::from_days(today() + day).at_minute(300 + i32::from(flight) * 20);
            let hub = AirportCode::literal("AMS");
            let mut add = |origin, destination, after: i32| {
                builder.segment(Segment {
                    departs: departs.plus_minutes(after),
                    arrives: departs.plus_minutes(after + 60),
                    number: FlightNumber::new(1 + flight * 7),
                    origin,
                    destination,
                    carrier: CarrierCode::literal("BA"),
                    operating: CarrierCode::literal("BA"),
                })
            };
            let segments = if flight < 6 {
                vec![add(from, to, 0)]
            } else {
                vec![add(from, hub, 0), add(hub, to, 90)]
            };
            let Ok(leg) = builder.leg(&segments) else { continue };
            let Ok(itinerary) = builder.itinerary(&[leg]) else { continue };
            for agent in ["one", "two", "three"] {
                let price = Money::new(5_000 + random.below(30_000) as i64, EUR);
                let offer = Offer::plain(AgentId::literal(agent), itinerary, Some(price));
                let _ = builder.offer(offer, &[]);
            }
        }
        Arc::new(builder.finish())
    };
    (0..30)
        .map(|_| Seen {
            partner: PartnerId::literal("one"),
            question: Arc::clone(&asked),
            at_ms: NOW_MS,
            answer: answer(&mut random),
        })
        .collect()
}

pub(super) fn question(from: &[AirportCode], to: &[AirportCode], day: i32) -> Arc<Question> {
    let set = |airports: &[AirportCode]| PlaceSet {
        asked: Place::Airport(airports[0]),
        airports: airports.to_vec(),
    };
    Arc::new(Question {
        legs: vec![QuestionLeg {
            origin: set(from),
            destination: set(to),
            date: Date::from_days(today() + day),
        }],
        cabin: Cabin::Economy,
        travellers: Travellers::one_adult(),
        market: MARKET,
    })
}

/// Airports by number of routes, most first.
pub(super) fn hubs(routes: &[(AirportCode, AirportCode)]) -> Vec<AirportCode> {
    let mut counts: BTreeMap<AirportCode, usize> = BTreeMap::new();
    routes.iter().for_each(|&(from, _)| *counts.entry(from).or_default() += 1);
    let mut hubs: Vec<_> = counts.into_iter().collect();
    hubs.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
    hubs.into_iter().map(|(airport, _)| airport).collect()
}

/// Country of an airport by its packed number.
pub(super) fn country_table() -> Vec<Option<u16>> {
    let mut table = vec![None; 1 << 16];
    for airport in atlas::atlas().airports() {
        table[usize::from(airport.code.packed())] = Some(airport.country.packed());
    }
    table
}

pub(super) fn today() -> i32 {
    (NOW_MS / 86_400_000) as i32
}
