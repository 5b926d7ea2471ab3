//! Random networks of days: the crate finds what a plain search finds.

use connections::{Departs, FlightId, Journey, Query, Rules, Schedule, Scratch};
use domain::Date;
use proptest::prelude::{ProptestConfig, Strategy, prop_assert, prop_assert_eq, proptest};

use crate::oracle::{Oracle, Told, numbered};
use crate::world::{flights, ground, places, refusals, rules};

fn departs() -> impl Strategy<Value = Departs> {
    proptest::prop_oneof![
        (0..3_i32).prop_map(|day| Departs::LocalDay(Date::from_days(day))),
        (0..150_i32, 20..150_i32).prop_map(|(from, quarters)| Departs::Utc {
            from: from * 15,
            until: (from + quarters) * 15,
        }),
    ]
}

pub(crate) fn told(journey: &Journey) -> Told {
    journey.hops().iter().map(|hop| (hop.flight.0, hop.departs, hop.arrives)).collect()
}

pub(crate) fn criteria(journeys: &[Journey]) -> Vec<(i32, i32, usize)> {
    let three =
        |journey: &Journey| (journey.departs(), journey.arrives(), usize::from(journey.stops()));
    journeys.iter().map(three).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn journeys_are_exactly_those_of_a_plain_search_in_the_same_order(
        flights in flights(), ground in ground(), rules in rules(), refusals in refusals(),
        origins in places(), destinations in places(), departs in departs(),
    ) {
        let schedule = Schedule::build(flights.iter().copied(), &ground).unwrap();
        let query = Query { origins: &origins, destinations: &destinations, departs };
        let list = numbered(&flights);
        let oracle = Oracle {
            flights: &list, ground: &ground, rules: &rules, refusals: &refusals, query: &query,
        };
        let agreed = |one: FlightId, next: FlightId| {
            let pair = schedule.carrier(one).zip(schedule.carrier(next)).unwrap();
            !refusals.contains(&pair)
        };
        let rules = Rules { interline: Some(&agreed), ..rules };
        let mut scratch = Scratch::default();
        let journeys = schedule.journeys(&query, &rules, &mut scratch);
        let found: Vec<Told> = journeys.iter().map(told).collect();
        prop_assert_eq!(&found, &oracle.journeys());
        prop_assert!(!scratch.was_cut());

        let again = schedule.journeys(&query, &rules, &mut scratch);
        prop_assert_eq!(journeys, again);
    }

    #[test]
    fn unbeaten_and_earliest_journeys_are_those_of_a_plain_search(
        flights in flights(), ground in ground(), rules in rules(), refusals in refusals(),
        origins in places(), destinations in places(), departs in departs(),
    ) {
        let schedule = Schedule::build(flights.iter().copied(), &ground).unwrap();
        let query = Query { origins: &origins, destinations: &destinations, departs };
        let list = numbered(&flights);
        let oracle = Oracle {
            flights: &list, ground: &ground, rules: &rules, refusals: &refusals, query: &query,
        };
        let agreed = |one: FlightId, next: FlightId| {
            let pair = schedule.carrier(one).zip(schedule.carrier(next)).unwrap();
            !refusals.contains(&pair)
        };
        let rules = Rules { interline: Some(&agreed), ..rules };
        let mut scratch = Scratch::default();
        let unbeaten = schedule.pareto(&query, &rules, &mut scratch);
        prop_assert_eq!(criteria(&unbeaten), oracle.pareto());
        let earliest = schedule.earliest(&query, &rules, &mut scratch);
        prop_assert_eq!(criteria(&earliest), oracle.earliest());
        let allowed = oracle.allowed();
        for journey in unbeaten.iter().chain(&earliest) {
            prop_assert!(allowed.contains(&told(journey)));
        }
    }
}
