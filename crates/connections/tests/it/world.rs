//! Small networks, written down or drawn at random.

use connections::{
    AirportFacts, CityGroup, Clock, Detour, Flight, Ground, Position, Rules, Spread, WeeklyFlight,
};
use domain::{AirportCode, CarrierCode, CountryCode, FlightNumber};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any};
use proptest::sample::{select, subsequence};

/// The airports of random networks: few, so that flights meet.
pub(crate) const AIRPORTS: [&str; 7] = ["AAA", "BBB", "CCC", "DDD", "EEE", "FFF", "GGG"];

pub(crate) fn airport(code: &str) -> AirportCode {
    code.parse().unwrap()
}

pub(crate) fn airports(codes: &[&str]) -> Vec<AirportCode> {
    codes.iter().map(|code| airport(code)).collect()
}

/// A flight of carrier XX from `AAA-BBB 600-700`, minutes of UTC.
pub(crate) fn flight(text: &str) -> Flight {
    let (route, times) = text.split_once(' ').unwrap();
    let (origin, destination) = route.split_once('-').unwrap();
    let (departs, arrives) = times.split_once('-').unwrap();
    Flight {
        carrier: CarrierCode::literal("XX"),
        operating: CarrierCode::literal("XX"),
        number: FlightNumber::new(1),
        origin: airport(origin),
        destination: airport(destination),
        departs: departs.parse().unwrap(),
        arrives: arrives.parse().unwrap(),
    }
}

/// Which carriers refuse to be joined, in this order.
pub(crate) type Refusals = Vec<(CarrierCode, CarrierCode)>;

fn carrier() -> impl Strategy<Value = CarrierCode> {
    select(vec![CarrierCode::literal("XX"), CarrierCode::literal("YY"), CarrierCode::literal("Z1")])
}

pub(crate) fn refusals() -> impl Strategy<Value = Refusals> {
    vec((carrier(), carrier()), 0..3)
}

fn ends() -> impl Strategy<Value = (AirportCode, AirportCode)> {
    (0..AIRPORTS.len(), 1..AIRPORTS.len()).prop_map(|(from, step)| {
        (airport(AIRPORTS[from]), airport(AIRPORTS[(from + step) % AIRPORTS.len()]))
    })
}

/// Flights within three days, on quarters of an hour, so that bounds are met exactly and often.
pub(crate) fn flights() -> impl Strategy<Value = Vec<Flight>> {
    let one = (ends(), carrier(), carrier(), 1..4_u16, -8..220_i32, 1..16_i32).prop_map(
        |((origin, destination), carrier, operating, number, departs, block)| Flight {
            carrier,
            operating,
            number: FlightNumber::new(number),
            origin,
            destination,
            departs: departs * 15,
            arrives: (departs + block) * 15,
        },
    );
    vec(one, 0..360)
}

/// Flights of a week.
pub(crate) fn weekly_flights() -> impl Strategy<Value = Vec<WeeklyFlight>> {
    let one = (ends(), carrier(), 1..4_u16, 0..96_u16, 1..20_u16, 0..128_u8).prop_map(
        |((origin, destination), carrier, number, departs, block, weekdays)| WeeklyFlight {
            carrier,
            operating: carrier,
            number: FlightNumber::new(number),
            origin,
            destination,
            departs_minute: departs * 15,
            block_minutes: block * 15,
            weekdays,
        },
    );
    vec(one, 0..110)
}

/// Clocks of all kinds; the stepping ones step in the days that random flights use.
fn clock() -> impl Strategy<Value = Clock> {
    let stepping = (-10..10_i16, -2..7_i32, 0..24_i32, any::<bool>()).prop_map(
        |(hours, day, hour, forward)| {
            let before = i32::from(hours) * 60;
            let after = if forward { before + 60 } else { before - 60 };
            // The step stands in local time, as the clock shows it before going forward or back.
            let step = day * 1_440 + hour * 60 + if forward { 60 } else { 0 };
            Clock::sample(domain::Date::from_days(-10)..domain::Date::from_days(20), move |local| {
                let offset = if local.minutes() < step { before } else { after };
                Some(local.minutes() - offset)
            })
        },
    );
    proptest::prop_oneof![
        Just(Clock::utc()),
        (-11..13_i16).prop_map(|hours| Clock::fixed(hours * 60)),
        stepping
    ]
}

fn facts(code: &'static str) -> impl Strategy<Value = AirportFacts> {
    let country = select(vec![None, Some("GB"), Some("GB"), Some("FR")]);
    let position = option::weighted(0.8, (40..55_i32, -10..20_i32));
    let minimum = || option::weighted(0.3, (0..8_u16).prop_map(|quarters| quarters * 15));
    (country, position, clock(), minimum(), minimum()).prop_map(
        move |(country, position, clock, domestic, international)| AirportFacts {
            code: airport(code),
            country: country.map(CountryCode::literal),
            position: position.map(|(latitude, longitude)| Position {
                latitude: f64::from(latitude),
                longitude: f64::from(longitude),
            }),
            clock,
            connect_domestic_min: domestic,
            connect_international_min: international,
        },
    )
}

pub(crate) fn ground() -> impl Strategy<Value = Ground> {
    let airports = AIRPORTS.map(facts);
    let city = |codes: &'static [&'static str]| {
        (0..12_u16, any::<bool>()).prop_map(move |(quarters, exists)| {
            exists.then(|| CityGroup { airports: airports_of(codes), transfer_min: quarters * 15 })
        })
    };
    (airports, city(&["AAA", "BBB"]), city(&["CCC", "DDD"])).prop_map(|(airports, one, two)| {
        Ground { airports: airports.into(), cities: one.into_iter().chain(two).collect() }
    })
}

fn airports_of(codes: &[&str]) -> Vec<AirportCode> {
    airports(codes)
}

pub(crate) fn places() -> impl Strategy<Value = Vec<AirportCode>> {
    subsequence(AIRPORTS.to_vec(), 1..=2).prop_map(|codes| airports(&codes))
}

pub(crate) fn rules() -> impl Strategy<Value = Rules<'static>> {
    let quarters = |range: std::ops::Range<u16>| range.prop_map(|quarters| quarters * 15);
    let times = (quarters(0..6), quarters(0..8), quarters(4..48), option::of(quarters(20..90)));
    let bounds = (option::of(quarters(0..12)), select(vec![0_u8, 1, 2, 2, 2]), quarters(20..300));
    let detour = option::of((100..300_u16, 0..1_500_u16));
    let spread = option::of((100..600_u16, 0..1_500_u16));
    let kept =
        (0..120_u16, proptest::prop_oneof![1 => Just(0_u16), 6 => 1..40_u16, 8 => Just(2_000)]);
    (times, bounds, detour, spread, kept).prop_map(|(times, bounds, detour, spread, kept)| Rules {
        connect_domestic_min: times.0,
        connect_international_min: times.1,
        connect_max: times.2,
        overnight_max: times.3,
        airport_change_min: bounds.0,
        stops_max: bounds.1,
        elapsed_max: bounds.2,
        detour: detour.map(|(percent, extra_km)| Detour { percent, extra_km }),
        spread: spread.map(|(percent, extra_minutes)| Spread { percent, extra_minutes }),
        stop_minutes: kept.0,
        journeys_max: kept.1,
        interline: None,
        work_max: u32::MAX,
    })
}
