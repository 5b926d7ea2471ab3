//! The walk from the origins to the destinations.
//!
//! 1. `prepare` marks every airport from which one flight reaches a destination, with the least
//!    minutes that takes, connection included; then collects the first flights of the window that
//!    lead to a destination, to such an airport, or to one that reaches one by a middle flight.
//! 2. Journeys without, with one, with two stops are tried in that order, so that good short ones
//!    bound the search for long ones: a first flight, a middle route and every single flight is
//!    dropped as soon as its earliest possible arrival is of no use to the sink (`rank`).
//!
//! Every sequence of flights that the rules allow is visited at most once, and left out only if the
//! sink would refuse it; the tests compare with a plain search of all sequences.
//!
//! Cost: what is touched are the routes out of the first airports (some thousands), not the
//! flights of the world.

use crate::journey::{Hop, Journey};
use crate::query::Query;
use crate::rank::{Best, Earliest, Sink, Unbeaten};
use crate::rules::Rules;
use crate::schedule::{Departures, FlightId, KM_UNKNOWN, Route, Schedule};
use crate::scratch::{First, NEVER, NONE, Role, Scratch};

mod prepare;

impl Schedule {
    /// All sensible journeys, best first: see [`Rules::journeys_max`] for the order and the limit.
    ///
    /// Airports that the schedule does not know are skipped; nothing found is an empty list.
    pub fn journeys(
        &self,
        query: &Query<'_>,
        rules: &Rules<'_>,
        scratch: &mut Scratch,
    ) -> Vec<Journey> {
        let sink = Best::new(rules, std::mem::take(&mut scratch.ranked));
        let ranked = explore(self, query, rules, scratch, sink).finish();
        let journeys = ranked.iter().map(|ranked| ranked.journey).collect();
        scratch.ranked = ranked;
        journeys
    }

    /// The journeys of the window that no other beats in departing later, arriving earlier and
    /// having fewer stops, by departure. Of journeys that are equal in all three, one is kept.
    pub fn pareto(
        &self,
        query: &Query<'_>,
        rules: &Rules<'_>,
        scratch: &mut Scratch,
    ) -> Vec<Journey> {
        explore(self, query, rules, scratch, Unbeaten::default()).finish()
    }

    /// The earliest arrival of a departure in the window for no stop, and for each further stop if
    /// it arrives earlier; of equal arrivals the latest departure.
    pub fn earliest(
        &self,
        query: &Query<'_>,
        rules: &Rules<'_>,
        scratch: &mut Scratch,
    ) -> Vec<Journey> {
        explore(self, query, rules, scratch, Earliest::default()).finish()
    }
}

fn explore<S: Sink>(
    schedule: &Schedule,
    query: &Query<'_>,
    rules: &Rules<'_>,
    scratch: &mut Scratch,
    sink: S,
) -> S {
    scratch.work = 0;
    scratch.cut = false;
    if !scratch.prepare(schedule, query, rules) {
        return sink;
    }
    let mut explorer = Explorer { schedule, rules, scratch, sink };
    explorer.without_stop();
    if rules.stops_max >= 1 {
        explorer.with_one_stop();
    }
    if rules.stops_max >= 2 {
        explorer.with_two_stops();
    }
    explorer.sink
}

/// A journey on its way, at an airport it has reached.
#[derive(Clone, Copy)]
struct Trip {
    journey: Journey,
    /// Where it has landed, and when.
    at: u16,
    arrives: i32,
    /// Whether the last flight was inside one country.
    domestic: bool,
    last: FlightId,
    /// Slot of its origin.
    origin: u8,
    /// Kilometres flown; `None` if a route's length is unknown.
    km: Option<u32>,
    /// City of the first stop; no journey ends there.
    stop_city: u16,
}

struct Explorer<'a, S> {
    schedule: &'a Schedule,
    rules: &'a Rules<'a>,
    scratch: &'a mut Scratch,
    sink: S,
}

impl<'a, S: Sink> Explorer<'a, S> {
    fn without_stop(&mut self) {
        for index in 0..self.scratch.firsts.len() {
            let first = self.scratch.firsts[index];
            let goal =
                matches!(self.scratch.seen[usize::from(first.to)].role, Role::Destination(_));
            if goal && first.arrives <= self.latest(first.departs, 0) {
                self.sink.offer(Journey::direct(hop(first.flight, first.departs, first.arrives)));
            }
        }
    }

    fn with_one_stop(&mut self) {
        self.put_in_order(|scratch, to| scratch.seen[usize::from(to)].onward);
        for position in 0..self.scratch.order.len() {
            if self.scratch.cut {
                return;
            }
            let first = self.scratch.firsts[self.scratch.order[position].1 as usize];
            let onward = i32::from(self.scratch.seen[usize::from(first.to)].onward);
            let latest = self.latest(first.departs, 1);
            if first.arrives + onward <= latest {
                let trip = self.begin(&first);
                self.finish(&trip, latest);
            }
        }
    }

    fn with_two_stops(&mut self) {
        self.put_in_order(|scratch, to| scratch.seen[usize::from(to)].twice);
        for position in 0..self.scratch.order.len() {
            let first = self.scratch.firsts[self.scratch.order[position].1 as usize];
            let seen = self.scratch.seen[usize::from(first.to)];
            let latest = self.latest(first.departs, 2);
            if first.arrives + i32::from(seen.twice) <= latest {
                let trip = self.begin(&first);
                self.middle(&trip, first.departs, latest);
            }
            if self.scratch.cut {
                return;
            }
        }
    }

    /// Tries all middle flights after a first one.
    fn middle(&mut self, trip: &Trip, departs: i32, mut latest: i32) {
        let seen = self.scratch.seen[usize::from(trip.at)];
        let km_limit = self.km_limit_max(trip.origin);
        let origin_city = self.city(self.scratch.origins[usize::from(trip.origin)]);
        for index in seen.middles..seen.middles + seen.middles_len {
            let middle = self.scratch.middles[index as usize];
            let too_far = trip.km.is_some_and(|km| middle.km != NONE && km + middle.km > km_limit);
            if trip.arrives + i32::from(middle.rest) > latest || too_far {
                continue;
            }
            if self.city(middle.to) == origin_city {
                continue;
            }
            let route = self.schedule.route(middle.route);
            let onward = i32::from(self.scratch.seen[usize::from(middle.to)].onward);
            let wait = middle.wait[usize::from(trip.domestic)];
            for next in self.after(trip, middle.route, wait, latest - onward) {
                if !self.spend() {
                    return;
                }
                let useful = next.arrives + onward <= latest;
                if useful && self.joins(trip, route, FlightId(next.flight), next.departs) {
                    let trip = Trip {
                        journey: trip.journey.then(hop(next.flight, next.departs, next.arrives)),
                        at: middle.to,
                        arrives: next.arrives,
                        domestic: route.domestic,
                        last: FlightId(next.flight),
                        km: add_km(trip.km, route),
                        ..*trip
                    };
                    self.finish(&trip, latest);
                    latest = self.latest(departs, 2);
                }
            }
        }
    }

    /// Tries all last flights after a trip and offers what arrives in time.
    fn finish(&mut self, trip: &Trip, mut latest: i32) {
        let mut index = self.scratch.seen[usize::from(trip.at)].finals;
        while index != NONE {
            let last = self.scratch.finals[index as usize];
            index = last.next;
            let route = self.schedule.route(last.route);
            if !self.ends_well(trip, route) {
                continue;
            }
            let wait = last.wait[usize::from(trip.domestic)];
            for next in self.after(trip, last.route, wait, latest) {
                if !self.spend() {
                    return;
                }
                let useful = next.arrives <= latest;
                if useful && self.joins(trip, route, FlightId(next.flight), next.departs) {
                    let hop = hop(next.flight, next.departs, next.arrives);
                    let journey = trip.journey.then(hop);
                    if self.sink.offer(journey) {
                        latest = self.latest(journey.departs(), journey.stops());
                    }
                }
            }
        }
    }

    /// Whether a trip may end with a route: not in a city it came through, not too far round.
    fn ends_well(&self, trip: &Trip, route: &Route) -> bool {
        let Role::Destination(slot) = self.scratch.seen[usize::from(route.destination)].role else {
            return false;
        };
        let city = self.city(route.destination);
        let origin = self.scratch.origins[usize::from(trip.origin)];
        if city == trip.stop_city || city == self.city(origin) {
            return false;
        }
        let ends = usize::from(trip.origin) * self.scratch.destinations.len() + usize::from(slot);
        add_km(trip.km, route).is_none_or(|km| km <= self.scratch.km_limits[ends])
    }

    /// The departures of a route after a trip that may be in time for an arrival by `latest`.
    #[inline]
    fn after(&self, trip: &Trip, route: u32, wait: u16, latest: i32) -> Departures<'a> {
        let facts = self.schedule.route(route);
        let until = (trip.arrives + self.rules.wait_max()).min(latest - i32::from(facts.block_min));
        self.schedule.departures(
            route,
            self.offsets(facts.origin),
            trip.arrives + i32::from(wait),
            until,
        )
    }

    /// Whether the rules let a flight follow a trip, its minimum connecting time being kept.
    fn joins(&self, trip: &Trip, route: &Route, next: FlightId, departs: i32) -> bool {
        let wait = departs - trip.arrives;
        let short = wait <= i32::from(self.rules.connect_max);
        let night = || {
            self.rules.overnight_max.is_some_and(|most| wait <= i32::from(most))
                && self.local_day(route.origin, departs) > self.local_day(trip.at, trip.arrives)
        };
        (short || night()) && self.rules.interline.is_none_or(|agreed| agreed(trip.last, next))
    }

    fn begin(&self, first: &First) -> Trip {
        let route = self.schedule.route(first.route);
        let origin = match self.scratch.seen[usize::from(route.origin)].role {
            Role::Origin(slot) => slot,
            Role::Stop | Role::Destination(_) => 0,
        };
        Trip {
            journey: Journey::direct(hop(first.flight, first.departs, first.arrives)),
            at: first.to,
            arrives: first.arrives,
            domestic: route.domestic,
            last: FlightId(first.flight),
            origin,
            km: add_km(Some(0), route),
            stop_city: self.city(first.to),
        }
    }

    /// Sorts the first flights that lead on by what the sink wants to see first.
    fn put_in_order(&mut self, rest: impl Fn(&Scratch, u16) -> u16) {
        let mut order = std::mem::take(&mut self.scratch.order);
        order.clear();
        for (index, first) in self.scratch.firsts.iter().enumerate() {
            let rest = rest(self.scratch, first.to);
            if rest != NEVER {
                let key = self.sink.order(first.departs, first.arrives + i32::from(rest));
                order.push((key, index as u32));
            }
        }
        order.sort_unstable();
        self.scratch.order = order;
    }

    fn latest(&self, departs: i32, stops: u8) -> i32 {
        self.sink.latest(departs, stops).min(departs + self.rules.elapsed_minutes_max())
    }

    fn city(&self, airport: u16) -> u16 {
        self.schedule.stands[usize::from(airport)].city
    }

    fn offsets(&self, airport: u16) -> (i16, i16) {
        self.scratch.offsets[usize::from(self.schedule.stands[usize::from(airport)].clock)]
    }

    fn local_day(&self, airport: u16, utc: i32) -> i32 {
        let (least, most) = self.offsets(airport);
        if least == most {
            (utc + i32::from(least)).div_euclid(1_440)
        } else {
            self.schedule.clock(airport).local_time(utc).date().days()
        }
    }

    fn km_limit_max(&self, origin: u8) -> u32 {
        let count = self.scratch.destinations.len();
        let limits = &self.scratch.km_limits[usize::from(origin) * count..][..count];
        limits.iter().copied().max().unwrap_or(0)
    }

    /// Counts one flight; false once the budget is used up.
    #[inline]
    fn spend(&mut self) -> bool {
        if self.scratch.work >= self.rules.work_max {
            self.scratch.cut = true;
            return false;
        }
        self.scratch.work += 1;
        true
    }
}

const fn hop(flight: u32, departs: i32, arrives: i32) -> Hop {
    Hop { flight: FlightId(flight), departs, arrives }
}

fn add_km(km: Option<u32>, route: &Route) -> Option<u32> {
    if route.km == KM_UNKNOWN { None } else { km.map(|km| km + u32::from(route.km)) }
}
