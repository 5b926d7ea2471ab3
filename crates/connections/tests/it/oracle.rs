//! The plain answer: every sequence of up to three flights, judged as a whole.
//!
//! Written from the documentation of `Rules`, without a look at how the crate does it: no routes,
//! no bounds, no indexes.

use connections::{AirportFacts, Departs, Flight, Ground, Query, Rules, great_circle_km};
use domain::AirportCode;

use crate::world::Refusals;

/// A flight of the list and its place in the documented order of ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Numbered {
    pub(crate) id: u32,
    pub(crate) flight: Flight,
}

pub(crate) struct Oracle<'a> {
    pub(crate) flights: &'a [Numbered],
    pub(crate) ground: &'a Ground,
    pub(crate) rules: &'a Rules<'a>,
    pub(crate) refusals: &'a Refusals,
    pub(crate) query: &'a Query<'a>,
}

/// One journey, as text is compared: ids with their times.
pub(crate) type Told = Vec<(u32, i32, i32)>;

/// Numbers flights of days in the documented order of ids.
pub(crate) fn numbered(flights: &[Flight]) -> Vec<Numbered> {
    let mut sorted = flights.to_vec();
    sorted.sort_by_key(|flight| {
        let Flight { carrier, operating, number, origin, destination, departs, arrives } = *flight;
        (origin, destination, departs, arrives - departs, carrier, operating, number)
    });
    (0..).zip(sorted).map(|(id, flight)| Numbered { id, flight }).collect()
}

impl Oracle<'_> {
    /// What `journeys` must say.
    pub(crate) fn journeys(&self) -> Vec<Told> {
        let mut ranked: Vec<_> = self
            .all()
            .into_iter()
            .map(|journey| {
                let (departs, arrives) = ends(&journey);
                let stops = journey.len() - 1;
                let rank = arrives - departs
                    + i32::try_from(stops).unwrap() * i32::from(self.rules.stop_minutes);
                let ids: Vec<u32> = journey.iter().map(|numbered| numbered.id).collect();
                (rank, departs, stops, ids, journey)
            })
            .collect();
        ranked.sort_by(|a, b| (a.0, a.1, a.2, &a.3).cmp(&(b.0, b.1, b.2, &b.3)));
        if let (Some(spread), Some(best)) = (self.rules.spread, ranked.first().map(|one| one.0)) {
            let most = (best * i32::from(spread.percent) / 100 + i32::from(spread.extra_minutes))
                .max(best);
            ranked.retain(|one| one.0 <= most);
        }
        ranked.truncate(usize::from(self.rules.journeys_max));
        ranked.into_iter().map(|one| told(&one.4)).collect()
    }

    /// The (departure, arrival, stops) that `pareto` must say, by departure and stops.
    pub(crate) fn pareto(&self) -> Vec<(i32, i32, usize)> {
        let all = self.criteria();
        let mut kept: Vec<_> = all
            .iter()
            .filter(|one| {
                !all.iter().any(|other| {
                    other != *one && other.0 >= one.0 && other.1 <= one.1 && other.2 <= one.2
                })
            })
            .copied()
            .collect();
        kept.sort_by_key(|&(departs, _, stops)| (departs, stops));
        kept.dedup();
        kept
    }

    /// The (departure, arrival, stops) that `earliest` must say, by stops.
    pub(crate) fn earliest(&self) -> Vec<(i32, i32, usize)> {
        let all = self.criteria();
        let mut kept: Vec<(i32, i32, usize)> = Vec::new();
        for stops in 0..3 {
            let with = all.iter().filter(|one| one.2 == stops);
            let best = with.min_by_key(|one| (one.1, -one.0)).copied();
            kept.extend(best.filter(|best| kept.iter().all(|fewer| fewer.1 > best.1)));
        }
        kept
    }

    fn criteria(&self) -> Vec<(i32, i32, usize)> {
        let with_ends = |journey: &Vec<Numbered>| (ends(journey), journey.len() - 1);
        self.all().iter().map(with_ends).map(|(ends, stops)| (ends.0, ends.1, stops)).collect()
    }

    /// All journeys by the rules, in no order.
    pub(crate) fn allowed(&self) -> Vec<Told> {
        self.all().iter().map(|journey| told(journey)).collect()
    }

    /// Every sequence that the rules allow.
    fn all(&self) -> Vec<Vec<Numbered>> {
        let mut found = Vec::new();
        for &first in self.flights {
            if !self.begins(&first.flight) {
                continue;
            }
            found.push(vec![first]);
            for &second in self.flights {
                if !self.joins(&first.flight, &second.flight) {
                    continue;
                }
                found.push(vec![first, second]);
                for &third in self.flights {
                    if self.joins(&second.flight, &third.flight) {
                        found.push(vec![first, second, third]);
                    }
                }
            }
        }
        found.retain(|journey| self.is_sensible(journey));
        found
    }

    fn begins(&self, flight: &Flight) -> bool {
        let facts = self.facts(flight.origin);
        let in_time = match self.query.departs {
            Departs::LocalDay(date) => facts.clock.local_time(flight.departs).date() == date,
            Departs::Utc { from, until } => (from..=until).contains(&flight.departs),
        };
        in_time && self.query.origins.contains(&flight.origin)
    }

    fn joins(&self, one: &Flight, next: &Flight) -> bool {
        let wait = next.departs - one.arrives;
        let (at, from) = (one.destination, next.origin);
        let least = if at == from {
            let facts = self.facts(at);
            if self.is_domestic(one) && self.is_domestic(next) {
                Some(facts.connect_domestic_min.unwrap_or(self.rules.connect_domestic_min))
            } else {
                let own = facts.connect_international_min;
                Some(own.unwrap_or(self.rules.connect_international_min))
            }
        } else {
            let city = self
                .ground
                .cities
                .iter()
                .find(|city| city.airports.contains(&at) && city.airports.contains(&from));
            city.and_then(|city| Some(city.transfer_min.max(self.rules.airport_change_min?)))
        };
        let day = |airport, minute| self.facts(airport).clock.local_time(minute).date();
        let overnight = self.rules.overnight_max.is_some_and(|most| wait <= i32::from(most))
            && day(from, next.departs) > day(at, one.arrives);
        least.is_some_and(|least| wait >= i32::from(least))
            && (wait <= i32::from(self.rules.connect_max) || overnight)
            && !self.refusals.contains(&(one.carrier, next.carrier))
    }

    fn is_sensible(&self, journey: &[Numbered]) -> bool {
        let flights: Vec<Flight> = journey.iter().map(|numbered| numbered.flight).collect();
        let (first, last) = (flights[0], flights[flights.len() - 1]);
        let is_goal = |airport: AirportCode| {
            self.query.destinations.contains(&airport) && !self.query.origins.contains(&airport)
        };
        let is_end = |airport: AirportCode| {
            self.query.destinations.contains(&airport) || self.query.origins.contains(&airport)
        };
        let stops_are_free =
            flights.windows(2).all(|pair| !is_end(pair[0].destination) && !is_end(pair[1].origin));
        let mut cities: Vec<AirportCode> = vec![self.city(first.origin)];
        cities.extend(flights.iter().map(|flight| self.city(flight.destination)));
        let visits = cities.len();
        cities.sort();
        cities.dedup();
        is_goal(last.destination)
            && stops_are_free
            && cities.len() == visits
            && flights.len() - 1 <= usize::from(self.rules.stops_max)
            && last.arrives - first.departs <= i32::from(self.rules.elapsed_max)
            && self.is_straight(&flights)
    }

    fn is_straight(&self, flights: &[Flight]) -> bool {
        let Some(detour) = self.rules.detour else { return true };
        let kilometres = |from: AirportCode, to: AirportCode| -> Option<u32> {
            let (from, to) = (self.facts(from).position?, self.facts(to).position?);
            Some(great_circle_km(from, to).round() as u32)
        };
        let direct = kilometres(flights[0].origin, flights[flights.len() - 1].destination);
        let flown: Option<u32> =
            flights.iter().map(|flight| kilometres(flight.origin, flight.destination)).sum();
        let Some((direct, flown)) = direct.zip(flown) else { return true };
        flights.len() == 1
            || flown <= direct * u32::from(detour.percent) / 100 + u32::from(detour.extra_km)
    }

    fn is_domestic(&self, flight: &Flight) -> bool {
        let country = self.facts(flight.origin).country;
        country.is_some() && country == self.facts(flight.destination).country
    }

    /// Any one name for the city of an airport.
    fn city(&self, airport: AirportCode) -> AirportCode {
        let city = self.ground.cities.iter().find(|city| city.airports.contains(&airport));
        city.map_or(airport, |city| city.airports[0])
    }

    fn facts(&self, airport: AirportCode) -> AirportFacts {
        let known = self.ground.airports.iter().find(|facts| facts.code == airport);
        known.cloned().unwrap_or_else(|| AirportFacts::unknown(airport))
    }
}

fn ends(journey: &[Numbered]) -> (i32, i32) {
    (journey[0].flight.departs, journey[journey.len() - 1].flight.arrives)
}

fn told(journey: &[Numbered]) -> Told {
    journey
        .iter()
        .map(|numbered| (numbered.id, numbered.flight.departs, numbered.flight.arrives))
        .collect()
}
