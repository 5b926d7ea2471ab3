//! The edges of the rules, one by one.

use connections::{
    AirportFacts, CityGroup, Clock, Departs, Detour, Flight, FlightId, Ground, Journey, Position,
    Query, Rules, Schedule, ScheduleError, Scratch, WeeklyFlight,
};
use domain::{CountryCode, Date};

use crate::world::{airport, airports, flight};

/// Rules without limits of distance or badness.
fn plain() -> Rules<'static> {
    Rules { detour: None, spread: None, ..Rules::default() }
}

fn schedule(flights: &[&str], ground: &Ground) -> Schedule {
    Schedule::build(flights.iter().map(|text| flight(text)), ground).unwrap()
}

fn ask(schedule: &Schedule, rules: &Rules<'_>, from: &str, to: &str) -> Vec<Journey> {
    let (origins, destinations) = (airports(&[from]), airports(&[to]));
    let departs = Departs::Utc { from: 0, until: 4 * 1_440 };
    let query = Query { origins: &origins, destinations: &destinations, departs };
    schedule.journeys(&query, rules, &mut Scratch::default())
}

/// How many journeys AAA to CCC there are.
fn count(flights: &[&str], ground: &Ground, rules: &Rules<'_>) -> usize {
    ask(&schedule(flights, ground), rules, "AAA", "CCC").len()
}

fn facts(code: &str, country: &str) -> AirportFacts {
    AirportFacts {
        country: Some(CountryCode::literal(country)),
        ..AirportFacts::unknown(airport(code))
    }
}

#[test]
fn a_connection_of_exactly_the_minimum_is_good_and_a_minute_less_is_not() {
    let ground = Ground::default();
    let international = |departs| format!("BBB-CCC {departs}-900");
    assert_eq!(count(&["AAA-BBB 600-700", &international(775)], &ground, &plain()), 1);
    assert_eq!(count(&["AAA-BBB 600-700", &international(774)], &ground, &plain()), 0);
}

#[test]
fn two_flights_of_one_country_connect_faster_unless_the_airport_says_otherwise() {
    let mut ground = Ground {
        airports: vec![facts("AAA", "GB"), facts("BBB", "GB"), facts("CCC", "GB")],
        cities: Vec::new(),
    };
    let flights = ["AAA-BBB 600-700", "BBB-CCC 745-900"];
    assert_eq!(count(&flights, &ground, &plain()), 1);
    ground.airports[1].connect_domestic_min = Some(46);
    assert_eq!(count(&flights, &ground, &plain()), 0);
    ground.airports[1].connect_domestic_min = None;
    ground.airports[2].country = Some(CountryCode::literal("IE"));
    assert_eq!(count(&flights, &ground, &plain()), 0);
}

#[test]
fn journeys_run_through_midnight_and_into_the_next_days() {
    let flights = ["AAA-BBB 1400-1500", "BBB-DDD 1600-2000", "DDD-CCC 2900-3000"];
    let found = ask(&schedule(&flights, &Ground::default()), &plain(), "AAA", "CCC");
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].departs(), found[0].arrives(), found[0].stops()), (1_400, 3_000, 2));
    assert_eq!(found[0].elapsed_minutes(), 1_600);
}

#[test]
fn a_long_wait_is_good_only_if_a_night_lies_in_it() {
    let by_day = ["AAA-BBB 100-200", "BBB-CCC 700-800"];
    let by_night = ["AAA-BBB 1100-1200", "BBB-CCC 1700-1800"];
    let ground = Ground::default();
    let rules = Rules { connect_max: 480, overnight_max: Some(900), ..plain() };
    assert_eq!(count(&by_day, &ground, &rules), 0);
    assert_eq!(count(&by_night, &ground, &rules), 1);
    assert_eq!(count(&by_night, &ground, &Rules { overnight_max: None, ..rules }), 0);
    assert_eq!(count(&by_night, &ground, &Rules { overnight_max: Some(499), ..rules }), 0);
    // Eight hours further east the same wait lies within one day.
    let east = AirportFacts { clock: Clock::fixed(480), ..AirportFacts::unknown(airport("BBB")) };
    let ground = Ground { airports: vec![east], cities: Vec::new() };
    assert_eq!(count(&by_night, &ground, &rules), 0);
}

#[test]
fn airports_of_a_city_are_changed_with_time_enough_and_only_if_the_rules_let() {
    let city = CityGroup { airports: airports(&["BBB", "DDD"]), transfer_min: 240 };
    let ground = Ground { airports: Vec::new(), cities: vec![city] };
    let after = |departs: i32| {
        let next = format!("DDD-CCC {departs}-1200");
        move |rules: &Rules<'_>| count(&["AAA-BBB 600-700", &next], &ground.clone(), rules)
    };
    let at = |departs, rules: &Rules<'_>| after.clone()(departs)(rules);
    assert_eq!(at(940, &plain()), 1);
    assert_eq!(at(939, &plain()), 0);
    assert_eq!(at(940, &Rules { airport_change_min: Some(241), ..plain() }), 0);
    assert_eq!(at(940, &Rules { airport_change_min: None, ..plain() }), 0);
}

#[test]
fn nobody_comes_through_a_city_twice() {
    let city = CityGroup { airports: airports(&["AAA", "DDD"]), transfer_min: 60 };
    let ground = Ground { airports: Vec::new(), cities: vec![city] };
    let around = ["AAA-BBB 600-700", "BBB-DDD 800-900", "DDD-CCC 1000-1100"];
    assert_eq!(count(&around, &ground, &plain()), 0);
    assert_eq!(count(&around, &Ground::default(), &plain()), 1);
    let back = ["AAA-BBB 600-700", "BBB-AAA 800-900", "AAA-CCC 1000-1100"];
    let found = ask(&schedule(&back, &Ground::default()), &plain(), "AAA", "CCC");
    assert_eq!(found.iter().map(Journey::stops).collect::<Vec<_>>(), [0]);
}

#[test]
fn a_detour_is_refused_and_an_airport_of_unknown_place_is_not_judged() {
    let at = |code, longitude| AirportFacts {
        position: Some(Position { latitude: 0.0, longitude }),
        ..AirportFacts::unknown(airport(code))
    };
    let mut ground = Ground {
        airports: vec![at("AAA", 0.0), at("BBB", -10.0), at("CCC", 10.0)],
        cities: Vec::new(),
    };
    let flights = ["AAA-BBB 600-700", "BBB-CCC 800-900"];
    let rules = |percent| {
        let detour = Some(Detour { percent, extra_km: 0 });
        Rules { detour, ..plain() }
    };
    assert_eq!(count(&flights, &ground, &rules(299)), 0);
    assert_eq!(count(&flights, &ground, &rules(301)), 1);
    ground.airports[1].position = None;
    assert_eq!(count(&flights, &ground, &rules(100)), 1);
}

#[test]
fn an_airport_of_unknown_place_is_not_judged_beside_a_known_one_of_its_city() {
    let at = |code, longitude| AirportFacts {
        position: Some(Position { latitude: 0.0, longitude }),
        ..AirportFacts::unknown(airport(code))
    };
    // BBB and EEE lie far off; DDD, of the same city as EEE, lies nowhere.
    let city = CityGroup { airports: airports(&["DDD", "EEE"]), transfer_min: 60 };
    let ground = Ground {
        airports: vec![at("AAA", 0.0), at("BBB", -10.0), at("EEE", -20.0), at("CCC", 10.0)],
        cities: vec![city],
    };
    let flights = ["AAA-BBB 600-700", "BBB-EEE 800-900", "DDD-CCC 1100-1200", "EEE-CCC 1100-1200"];
    let schedule = schedule(&flights, &ground);
    let rules = Rules { detour: Some(Detour { percent: 150, extra_km: 0 }), ..plain() };
    let found = ask(&schedule, &rules, "AAA", "CCC");
    assert_eq!(found.len(), 1);
    let last = found[0].hops()[2].flight;
    assert_eq!(schedule.flight(last).unwrap().origin, airport("DDD"));
}

#[test]
fn a_stop_is_worth_it_if_it_arrives_a_minute_earlier() {
    let flights = ["AAA-CCC 600-1000", "AAA-BBB 600-700", "BBB-CCC 800-999", "BBB-CCC 801-1000"];
    let schedule = schedule(&flights, &Ground::default());
    let (origins, destinations) = (airports(&["AAA"]), airports(&["CCC"]));
    let departs = Departs::LocalDay(Date::from_days(0));
    let query = Query { origins: &origins, destinations: &destinations, departs };
    let mut scratch = Scratch::default();
    let arrivals =
        |journeys: Vec<Journey>| -> Vec<i32> { journeys.iter().map(Journey::arrives).collect() };
    assert_eq!(arrivals(schedule.pareto(&query, &plain(), &mut scratch)), [1_000, 999]);
    assert_eq!(arrivals(schedule.earliest(&query, &plain(), &mut scratch)), [1_000, 999]);
}

#[test]
fn flights_are_joined_only_if_their_carriers_agree() {
    let schedule = schedule(&["AAA-BBB 600-700", "BBB-CCC 800-900"], &Ground::default());
    let never = |_: FlightId, _: FlightId| false;
    let rules = Rules { interline: Some(&never), ..plain() };
    assert_eq!(ask(&schedule, &rules, "AAA", "CCC").len(), 0);
    assert_eq!(ask(&schedule, &rules, "AAA", "BBB").len(), 1);
}

#[test]
fn the_budget_cuts_the_answer_and_says_so() {
    let flights: Vec<String> = (0..50)
        .flat_map(|index| {
            let start = 600 + index;
            [format!("AAA-BBB {start}-{}", start + 60), format!("BBB-CCC {}-1200", start + 200)]
        })
        .collect();
    let flights: Vec<&str> = flights.iter().map(String::as_str).collect();
    let schedule = schedule(&flights, &Ground::default());
    let (origins, destinations) = (airports(&["AAA"]), airports(&["CCC"]));
    let departs = Departs::LocalDay(Date::from_days(0));
    let query = Query { origins: &origins, destinations: &destinations, departs };
    let mut scratch = Scratch::default();
    let few = Rules { work_max: 100, journeys_max: 2_000, ..plain() };
    let cut = schedule.journeys(&query, &few, &mut scratch).len();
    assert!(scratch.was_cut() && scratch.work() == 100 && cut > 0 && cut <= 100);
    let all = schedule.journeys(&query, &Rules { work_max: u32::MAX, ..few }, &mut scratch).len();
    assert!(!scratch.was_cut() && all > cut);
}

#[test]
fn extreme_times_and_unknown_airports_find_nothing_and_break_nothing() {
    let schedule = schedule(&["AAA-BBB 600-700", "BBB-CCC 800-900"], &Ground::default());
    let (origins, destinations) = (airports(&["AAA", "XXX"]), airports(&["CCC", "AAA"]));
    let mut scratch = Scratch::default();
    let days = [i32::MIN, -1, 1, i32::MAX].map(|day| Departs::LocalDay(Date::from_days(day)));
    let spans = [(i32::MIN, i32::MIN), (i32::MAX, i32::MAX), (i32::MAX, i32::MIN), (700, 600)]
        .map(|(from, until)| Departs::Utc { from, until });
    for departs in days.into_iter().chain(spans) {
        let query = Query { origins: &origins, destinations: &destinations, departs };
        for journeys_max in [0, u16::MAX] {
            let rules = Rules { journeys_max, ..Rules::default() };
            assert!(schedule.journeys(&query, &rules, &mut scratch).is_empty());
        }
        assert!(schedule.pareto(&query, &Rules::default(), &mut scratch).is_empty());
        assert!(schedule.earliest(&query, &Rules::default(), &mut scratch).is_empty());
    }
    let departs = Departs::LocalDay(Date::from_days(0));
    let nowhere = Query { origins: &[], destinations: &destinations, departs };
    assert!(schedule.journeys(&nowhere, &Rules::default(), &mut scratch).is_empty());
}

#[test]
fn flights_that_cannot_be_are_refused() {
    let refused = |text| {
        let error = Schedule::build([flight(text)], &Ground::default()).unwrap_err();
        assert!(matches!(error, ScheduleError::NotAFlight { .. }), "{text}");
    };
    refused("AAA-AAA 600-700");
    refused("AAA-BBB 700-700");
    refused("AAA-BBB 700-600");
    refused("AAA-BBB 0-2161");
    refused("AAA-BBB 2147483600-2147483640");
    let weekly = |departs_minute, block_minutes| {
        let Flight { carrier, operating, number, origin, destination, .. } = flight("AAA-BBB 0-1");
        let weekdays = 1;
        Schedule::build_weekly(
            [WeeklyFlight {
                carrier,
                operating,
                number,
                origin,
                destination,
                departs_minute,
                block_minutes,
                weekdays,
            }],
            &Ground::default(),
        )
    };
    assert!(weekly(1_439, 60).is_ok());
    assert!(weekly(1_440, 60).is_err());
    assert!(weekly(600, 0).is_err());
    let city = |codes: &[&str]| CityGroup { airports: airports(codes), transfer_min: 60 };
    let ground =
        Ground { airports: Vec::new(), cities: vec![city(&["AAA", "BBB"]), city(&["BBB", "AAA"])] };
    let error = Schedule::build([flight("AAA-BBB 600-700")], &ground).unwrap_err();
    assert_eq!(error, ScheduleError::InTwoCities { airport: airport("AAA") });
}

#[test]
fn a_flight_is_known_by_its_id_and_an_unknown_id_is_none() {
    let schedule = schedule(&["BBB-CCC 800-900", "AAA-BBB 600-700"], &Ground::default());
    let facts = schedule.flight(FlightId(1)).unwrap();
    assert_eq!((facts.origin, facts.destination), (airport("BBB"), airport("CCC")));
    assert_eq!(facts.block_minutes, 100);
    assert_eq!(schedule.flight(FlightId(2)), None);
    assert_eq!((schedule.len(), schedule.route_count()), (2, 2));
}
