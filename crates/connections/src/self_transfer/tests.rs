use proptest::prelude::{Strategy, prop_assert_eq, proptest};

use super::*;

fn touch(airport: &str, at: i32, cost: i64) -> Touch {
    Touch { airport: airport.parse().unwrap(), at, cost }
}

fn london(from: AirportCode, to: AirportCode) -> Option<u16> {
    let is_london = |code: AirportCode| ["LHR", "LGW", "STN"].contains(&&*code.to_string());
    (is_london(from) && is_london(to)).then_some(240)
}

fn rules(pairs_max: usize) -> SelfTransferRules<'static> {
    SelfTransferRules { change_min: 120, change_max: 600, between_min: &london, pairs_max }
}

fn pairs(arrivals: &[Touch], departures: &[Touch]) -> Vec<(usize, usize)> {
    let pairs = pair_self_transfers(arrivals, departures, &rules(100), &|_, _| true);
    pairs.into_iter().map(|pair| (pair.arrival, pair.departure)).collect()
}

#[test]
fn the_least_and_the_longest_change_are_allowed_and_a_minute_beyond_is_not() {
    let arrivals = [touch("AMS", 1_000, 0)];
    let at = |minute| pairs(&arrivals, &[touch("AMS", minute, 0)]).len();
    assert_eq!([at(1_119), at(1_120), at(1_600), at(1_601)], [0, 1, 1, 0]);
}

#[test]
fn changing_airports_takes_the_time_between_them_and_only_inside_a_city() {
    let arrivals = [touch("LHR", 0, 0)];
    let at = |airport, minute| pairs(&arrivals, &[touch(airport, minute, 0)]).len();
    assert_eq!([at("LGW", 239), at("LGW", 240), at("AMS", 300)], [0, 1, 0]);
}

#[test]
fn cheap_pairs_come_first_and_short_waits_before_long_ones() {
    let arrivals = [touch("AMS", 0, 500), touch("AMS", 0, 100)];
    let departures = [touch("AMS", 300, 0), touch("AMS", 200, 0)];
    assert_eq!(pairs(&arrivals, &departures), [(1, 1), (1, 0), (0, 1), (0, 0)]);
}

#[test]
fn no_pairs_are_kept_if_none_are_wanted() {
    let both = [touch("AMS", 0, 0)];
    let pairs = pair_self_transfers(&both, &[touch("AMS", 200, 0)], &rules(0), &|_, _| true);
    assert!(pairs.is_empty());
}

fn touches() -> impl Strategy<Value = Vec<Touch>> {
    let hub = proptest::sample::select(vec!["LHR", "LGW", "AMS", "CDG"]);
    let touch = (hub, 0..1_500_i32, 0..5_i64).prop_map(|(hub, at, cost)| touch(hub, at, cost));
    proptest::collection::vec(touch, 0..30)
}

proptest! {
    #[test]
    fn pairs_are_the_cheapest_of_all_that_fit(
        arrivals in touches(), departures in touches(), most in 1..40_usize, apart in 1..4_usize,
    ) {
        // Something else that must hold, here about the indexes.
        let fits = |arrival: usize, departure: usize| (arrival + departure).is_multiple_of(apart);
        let mut expected = Vec::new();
        for (arrival, landing) in arrivals.iter().enumerate() {
            for (departure, next) in departures.iter().enumerate() {
                let min = if landing.airport == next.airport { Some(120) } else {
                    london(landing.airport, next.airport)
                };
                let wait_minutes = next.at - landing.at;
                let in_time =
                    min.is_some_and(|min| wait_minutes >= i32::from(min)) && wait_minutes <= 600;
                prop_assert_eq!(rules(most).allows(*landing, *next), in_time);
                if in_time && fits(arrival, departure) {
                    let cost = landing.cost + next.cost;
                    expected.push(SelfTransfer { cost, wait_minutes, arrival, departure });
                }
            }
        }
        expected.sort();
        expected.truncate(most);
        let found = pair_self_transfers(&arrivals, &departures, &rules(most), &fits);
        prop_assert_eq!(found, expected);
    }
}
