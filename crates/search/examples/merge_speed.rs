//! Measures merging and ranking: 30 answers with 2,700 offers of 300 itineraries, one thread.
//!
//! `cargo run --release -p search --example merge_speed`
//!
//! With `--quick` each figure is measured once over few turns, for counting instructions.
//!
//! Prints the median of several rounds and a checksum, so that nothing can be left out unseen. The
//! answers are made here from a seed; rendering is not part of it.

#![expect(clippy::print_stdout, reason = "a measuring program prints")]

use std::hint::black_box;
use std::sync::Arc;

use atlas::Atlas;
use domain::{
    AgentId, AirportCode, Answer, AnswerBuilder, BagAllowance, Cabin, CarrierCode, CountryCode,
    CurrencyCode, Date, FareDetail, FlightNumber, Money, Offer, Place, PlaceSet, Question,
    QuestionLeg, Segment, Transfer, Travellers,
};
use runtime::Random;
use search::{Display, Locale, View, merge, view};

const ANSWERS: usize = 30;
const OFFERS: usize = 90;
const ITINERARIES: u64 = 300;

fn main() {
    let atlas = atlas::atlas();
    let quick = std::env::args().any(|argument| argument == "--quick");
    let (rounds, turns) = if quick { (1, 20) } else { (75, 200) };
    let report = |what: &str, turn: &mut dyn FnMut() -> u64| report(what, (rounds, turns), turn);
    for (legs, brands) in [(1, 1), (1, 3), (2, 1), (2, 3)] {
        let question = question(legs);
        let mut random = Random::from_seed(7);
        let flights: Vec<Vec<Vec<Segment>>> =
            (0..ITINERARIES).map(|_| itinerary(&question, atlas, &mut random)).collect();
        let answers: Vec<Arc<Answer>> = (0..ANSWERS)
            .map(|index| Arc::new(answer((index, brands), &flights, &mut random)))
            .collect();
        let display = Display::new(CurrencyCode::literal("GBP"), Locale::EN_GB);
        let with_facets = View::default();
        let without = View { facets: false, ..View::default() };
        let merged = merge(&answers, &display, atlas);
        println!(
            "{legs} leg(s), {brands} brand(s) a seller: {} answers, {} offers, {} itineraries, {} options kept",
            answers.len(),
            answers.iter().map(|answer| answer.offers().len()).sum::<usize>(),
            merged.itineraries().len(),
            merged.option_count()
        );
        report("merge", &mut || merge(black_box(&answers), &display, atlas).option_count() as u64);
        report("merge + rank a page of 10", &mut || {
            let merged = merge(black_box(&answers), &display, atlas);
            checksum(&view(&merged, &question, &display, &without))
        });
        report("merge + rank + facets", &mut || {
            let merged = merge(black_box(&answers), &display, atlas);
            checksum(&view(&merged, &question, &display, &with_facets))
        });
        report("rank + facets of a merged answer", &mut || {
            checksum(&view(black_box(&merged), &question, &display, &with_facets))
        });
    }
}

fn checksum(page: &search::Page) -> u64 {
    let prices = page.rows.iter().filter_map(|row| row.price);
    prices.fold(u64::from(page.matched), |sum, price| sum.wrapping_mul(31) + price as u64)
}

fn report(what: &str, (rounds, turns): (usize, u32), turn: &mut dyn FnMut() -> u64) {
    let mut times: Vec<f64> = Vec::new();
    let mut sum = 0;
    for _ in 0..rounds {
        let start = runtime::now();
        for _ in 0..turns {
            sum = turn();
        }
        times.push(start.elapsed().as_secs_f64() / f64::from(turns));
    }
    times.sort_by(f64::total_cmp);
    let (best, median) = (times[0], times[rounds / 2]);
    println!(
        "  {what:<34} {:>7.1} us median, {:>7.1} us best = {:>6.0}/s a core   checksum {sum:x}",
        median * 1e6,
        best * 1e6,
        1.0 / median
    );
}

fn question(legs: usize) -> Question {
    let place = |code: &str| PlaceSet {
        asked: Place::Airport(AirportCode::literal(code)),
        airports: vec![AirportCode::literal(code)],
    };
    let leg = |index: usize| QuestionLeg {
        origin: place(["EDI", "SIN"][index % 2]),
        destination: place(["SIN", "EDI"][index % 2]),
        date: Date::from_days(20_880 + 14 * index as i32),
    };
    Question {
        legs: (0..legs).map(leg).collect(),
        cabin: Cabin::Economy,
        travellers: Travellers::one_adult(),
        market: CountryCode::literal("GB"),
    }
}

fn itinerary(question: &Question, atlas: &Atlas, random: &mut Random) -> Vec<Vec<Segment>> {
    const CARRIERS: [&str; 12] =
        ["BA", "KL", "LH", "EK", "QR", "SQ", "TK", "AF", "EY", "LX", "AY", "CX"];
    const HUBS: [&str; 8] = ["LHR", "AMS", "FRA", "DXB", "DOH", "IST", "CDG", "ZRH"];
    let mut legs = Vec::new();
    for leg in &question.legs {
        let stops = random.below(3) as usize;
        let mut airports = vec![leg.origin.airports[0]];
        let first = random.below(8) as usize;
        for stop in 0..stops {
            airports.push(AirportCode::literal(HUBS[(first + stop * 3) % 8]));
        }
        airports.push(leg.destination.airports[0]);
        let carrier = CarrierCode::literal(CARRIERS[random.below(12) as usize]);
        let day = leg.date.at_minute(random.below(1_200) as i32);
        let mut utc = atlas.utc_minutes(airports[0], day).unwrap_or_default();
        let mut segments = Vec::new();
        for ends in airports.windows(2) {
            let lands = utc + 120 + random.below(600) as i32;
            let local = |airport, utc| atlas.local_time(airport, utc).unwrap_or(day);
            segments.push(Segment {
                departs: local(ends[0], utc),
                arrives: local(ends[1], lands),
                number: FlightNumber::new(1 + random.below(9_998) as u16),
                origin: ends[0],
                destination: ends[1],
                carrier,
                operating: carrier,
            });
            utc = lands + 60 + random.below(240) as i32;
        }
        legs.push(segments);
    }
    legs
}

fn answer(
    (index, brands): (usize, usize),
    flights: &[Vec<Vec<Segment>>],
    random: &mut Random,
) -> Answer {
    let currency = CurrencyCode::literal(["GBP", "EUR", "EUR", "USD", "SGD"][index % 5]);
    let agent: AgentId = format!("ag{index:02}").parse().unwrap_or(AgentId::literal("ag"));
    let mut builder = AnswerBuilder::default();
    let mut order: Vec<usize> = (0..flights.len()).collect();
    for at in 0..OFFERS / brands {
        // Each seller has so many different itineraries, each in all its brands.
        let other = at + random.below((flights.len() - at) as u64) as usize;
        order.swap(at, other);
        let legs = &flights[order[at]];
        for brand in &["LIGHT", "STANDARD", "FLEX"][..brands] {
            if add(&mut builder, legs, (agent, brand, currency), random).is_none() {
                return builder.finish();
            }
        }
    }
    builder.finish()
}

fn add(
    builder: &mut AnswerBuilder,
    legs: &[Vec<Segment>],
    (agent, brand, currency): (AgentId, &str, CurrencyCode),
    random: &mut Random,
) -> Option<()> {
    let mut rows = Vec::new();
    let mut fares = Vec::new();
    for leg in legs {
        let row: Vec<u32> = leg.iter().map(|segment| builder.segment(*segment)).collect();
        let basis = builder.text("KEULGTN7").ok()?;
        fares.extend(row.iter().map(|&segment| FareDetail { segment, booking_class: b'K', basis }));
        rows.push(builder.leg(&row).ok()?);
    }
    let itinerary = builder.itinerary(&rows).ok()?;
    let brand = builder.text(brand).ok()?;
    let link = builder.text("https://sellers.example/book?offer=off_0000123456789").ok()?;
    let offer = Offer {
        price: Some(Money::new(30_000 + random.below(120_000) as i64, currency)),
        agent,
        itinerary,
        fares_start: 0,
        fares_len: 0,
        transfer: Transfer::Managed,
        cabin_bags: BagAllowance::Included(1),
        checked_bags: BagAllowance::Unknown,
        brand,
        link,
        emissions_grams: 171_000,
    };
    builder.offer(offer, &fares).ok()
}
