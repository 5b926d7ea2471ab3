//! Weekly networks with clocks that step: the crate finds what a plain search finds among the
//! flights of the days, written out.

use connections::{Departs, Flight, Ground, Query, Schedule, Scratch, WeeklyFlight};
use domain::Date;
use domain::LocalTime;
use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, proptest};

use crate::oracle::{Numbered, Oracle, Told};
use crate::random::{criteria, told};
use crate::world::{ground, places, rules, weekly_flights};

/// The flights of the days -3 to 9, with ids in the documented order.
fn written_out(flights: &[WeeklyFlight], ground: &Ground) -> Vec<Numbered> {
    let mut weekly = Vec::new();
    for flight in flights {
        for day in 0..7_i32 {
            if flight.weekdays & (1 << day) != 0 {
                weekly.push((day * 1_440 + i32::from(flight.departs_minute), *flight));
            }
        }
    }
    weekly.sort_by_key(|(minute, flight)| {
        let WeeklyFlight { carrier, operating, number, block_minutes, .. } = *flight;
        (flight.origin, flight.destination, *minute, block_minutes, carrier, operating, number)
    });
    let mut days = Vec::new();
    for (id, (minute, flight)) in (0..).zip(weekly) {
        let clock = ground.airports.iter().find(|facts| facts.code == flight.origin);
        let clock = &clock.unwrap().clock;
        for day in -3..10 {
            if Date::from_days(day).weekday().cast_signed() != minute / 1_440 {
                continue;
            }
            let local = LocalTime::from_minutes(day * 1_440 + minute % 1_440);
            let departs = clock.utc_minutes(local);
            let WeeklyFlight { carrier, operating, number, origin, destination, .. } = flight;
            let arrives = departs + i32::from(flight.block_minutes);
            let flight =
                Flight { carrier, operating, number, origin, destination, departs, arrives };
            days.push(Numbered { id, flight });
        }
    }
    days
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(800))]

    #[test]
    fn a_week_answers_for_its_dates_as_the_flights_of_the_days_would(
        flights in weekly_flights(), ground in ground(), rules in rules(),
        origins in places(), destinations in places(), day in 0..6_i32,
    ) {
        let schedule = Schedule::build_weekly(flights.iter().copied(), &ground).unwrap();
        let departs = Departs::LocalDay(Date::from_days(day));
        let query = Query { origins: &origins, destinations: &destinations, departs };
        let list = written_out(&flights, &ground);
        let refusals = Vec::new();
        let oracle = Oracle {
            flights: &list, ground: &ground, rules: &rules, refusals: &refusals, query: &query,
        };
        let mut scratch = Scratch::default();
        let found: Vec<Told> =
            schedule.journeys(&query, &rules, &mut scratch).iter().map(told).collect();
        prop_assert_eq!(found, oracle.journeys());
        let unbeaten = schedule.pareto(&query, &rules, &mut scratch);
        prop_assert_eq!(criteria(&unbeaten), oracle.pareto());
        prop_assert!(!scratch.was_cut());
    }
}
