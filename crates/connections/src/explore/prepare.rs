//! What a query makes of the airports, and its first flights.

use std::ops::Range;

use crate::query::{Departs, PLACES_MAX, Query, WINDOW_MINUTES_MAX};
use crate::rules::Rules;
use crate::schedule::{KM_UNKNOWN, MINUTES_MAX, Schedule};
use crate::scratch::{Final, First, Middle, NEVER, NONE, Role, Scratch, Seen};

/// Most minutes a local clock is away from UTC.
const OFFSET_MINUTES_MAX: i32 = 1_440;

const UNSEEN: Seen = Seen {
    role: Role::Stop,
    finals: NONE,
    onward: NEVER,
    onward_km: KM_UNKNOWN,
    middles: NONE,
    middles_len: 0,
    twice: NEVER,
};

impl Scratch {
    /// Marks the airports and collects the first flights; false if there are none.
    pub(super) fn prepare(
        &mut self,
        schedule: &Schedule,
        query: &Query<'_>,
        rules: &Rules<'_>,
    ) -> bool {
        self.name_ends(schedule, query);
        if self.origins.is_empty() || self.destinations.is_empty() {
            return false;
        }
        let window = window(query);
        let span = window.start..window.end + crate::rules::ELAPSED_MINUTES_MAX;
        self.offsets.clear();
        self.offsets
            .extend(schedule.clocks.iter().map(|clock| clock.offsets_within(span.start, span.end)));
        self.limit_kilometres(schedule, rules);
        self.finals.clear();
        self.middles.clear();
        if rules.stops_max >= 1 {
            self.find_finals(schedule, rules);
        }
        self.find_firsts(schedule, query, rules, &window);
        !self.firsts.is_empty()
    }

    fn name_ends(&mut self, schedule: &Schedule, query: &Query<'_>) {
        self.seen.clear();
        self.seen.resize(schedule.stands.len(), UNSEEN);
        self.origins.clear();
        self.destinations.clear();
        for airport in query.origins.iter().filter_map(|&code| schedule.index(code)) {
            let seen = &mut self.seen[usize::from(airport)];
            if seen.role == Role::Stop && self.origins.len() < PLACES_MAX {
                seen.role = Role::Origin(self.origins.len() as u8);
                self.origins.push(airport);
            }
        }
        for airport in query.destinations.iter().filter_map(|&code| schedule.index(code)) {
            let seen = &mut self.seen[usize::from(airport)];
            if seen.role == Role::Stop && self.destinations.len() < PLACES_MAX {
                seen.role = Role::Destination(self.destinations.len() as u8);
                self.destinations.push(airport);
            }
        }
    }

    fn limit_kilometres(&mut self, schedule: &Schedule, rules: &Rules<'_>) {
        self.km_limits.clear();
        for &origin in &self.origins {
            for &destination in &self.destinations {
                let km = schedule.kilometres(origin, destination);
                self.km_limits.push(match rules.detour {
                    Some(detour) if km != KM_UNKNOWN => {
                        u32::from(km) * u32::from(detour.percent) / 100 + u32::from(detour.extra_km)
                    }
                    _ => u32::MAX,
                });
            }
        }
    }

    /// Lists, for every airport, the routes that end the journey from its city.
    fn find_finals(&mut self, schedule: &Schedule, rules: &Rules<'_>) {
        for &destination in &self.destinations {
            let city = schedule.stands[usize::from(destination)].city;
            for &id in schedule.routes_in(destination) {
                let route = schedule.route(id);
                let from = usize::from(route.origin);
                if self.seen[from].role != Role::Stop || schedule.stands[from].city == city {
                    continue;
                }
                for &at in schedule.city_of(route.origin) {
                    let seen = &mut self.seen[usize::from(at)];
                    let Some(wait) = schedule.connect_min(at, route.origin, rules) else {
                        continue;
                    };
                    if seen.role != Role::Stop {
                        continue;
                    }
                    let wait = waits(wait, route.domestic);
                    let rest = u32::from(wait[0].min(wait[1])) + u32::from(route.block_min);
                    let unknown = seen.finals != NONE && seen.onward_km == KM_UNKNOWN;
                    seen.onward_km = match (unknown, route.km) {
                        (true, _) | (_, KM_UNKNOWN) => KM_UNKNOWN,
                        (false, km) => seen.onward_km.min(km),
                    };
                    seen.onward = seen.onward.min(u16::try_from(rest).unwrap_or(NEVER - 1));
                    self.finals.push(Final { route: id, next: seen.finals, wait });
                    seen.finals = self.finals.len() as u32 - 1;
                }
            }
        }
    }

    fn find_firsts(
        &mut self,
        schedule: &Schedule,
        query: &Query<'_>,
        rules: &Rules<'_>,
        window: &Range<i32>,
    ) {
        self.firsts.clear();
        for slot in 0..self.origins.len() {
            let origin = self.origins[slot];
            let stand = &schedule.stands[usize::from(origin)];
            let offsets = self.offsets[usize::from(stand.clock)];
            for id in schedule.routes_out(origin) {
                let to = schedule.route(id).destination;
                if schedule.stands[usize::from(to)].city == stand.city
                    || !self.leads_on(schedule, rules, to)
                {
                    continue;
                }
                for next in schedule.departures(id, offsets, window.start, window.end - 1) {
                    if let Departs::LocalDay(date) = query.departs
                        && schedule.clock(origin).local_time(next.departs).date() != date
                    {
                        continue;
                    }
                    let (flight, departs, arrives) = (next.flight, next.departs, next.arrives);
                    self.firsts.push(First { route: id, flight, departs, arrives, to });
                }
            }
        }
    }

    /// Whether a journey may land at an airport first: it is a destination, or leads to one.
    fn leads_on(&mut self, schedule: &Schedule, rules: &Rules<'_>, to: u16) -> bool {
        match self.seen[usize::from(to)].role {
            Role::Origin(_) => false,
            Role::Destination(_) => true,
            Role::Stop => {
                if rules.stops_max >= 2 && self.seen[usize::from(to)].middles == NONE {
                    self.find_middles(schedule, rules, to);
                }
                let seen = &self.seen[usize::from(to)];
                seen.onward != NEVER || seen.twice != NEVER
            }
        }
    }

    /// Lists the routes that lead from the city of an airport to one with finals.
    fn find_middles(&mut self, schedule: &Schedule, rules: &Rules<'_>, at: u16) {
        let start = self.middles.len() as u32;
        let city = schedule.stands[usize::from(at)].city;
        let mut twice = NEVER;
        for &from in schedule.city_of(at) {
            let Some(connect) = schedule.connect_min(at, from, rules) else { continue };
            if self.seen[usize::from(from)].role != Role::Stop {
                continue;
            }
            for id in schedule.routes_out(from) {
                let route = schedule.route(id);
                let next = &self.seen[usize::from(route.destination)];
                let to_city = schedule.stands[usize::from(route.destination)].city;
                if next.onward == NEVER || to_city == city {
                    continue;
                }
                let wait = waits(connect, route.domestic);
                let rest = u32::from(wait[0].min(wait[1]))
                    + u32::from(route.block_min)
                    + u32::from(next.onward);
                let rest = u16::try_from(rest).unwrap_or(NEVER - 1).min(NEVER - 1);
                let judged = route.km != KM_UNKNOWN && next.onward_km != KM_UNKNOWN;
                let km =
                    if judged { u32::from(route.km) + u32::from(next.onward_km) } else { NONE };
                twice = twice.min(rest);
                let to = route.destination;
                self.middles.push(Middle { route: id, to, wait, rest, km });
            }
        }
        let seen = &mut self.seen[usize::from(at)];
        seen.middles = start;
        seen.middles_len = self.middles.len() as u32 - start;
        seen.twice = twice;
    }
}

/// The wait before a flight, after an international and after a domestic one: a connection is
/// domestic if both its flights are.
const fn waits(connect: [u16; 2], domestic: bool) -> [u16; 2] {
    let [international, within] = connect;
    if domestic { [international, within] } else { [international, international] }
}

/// UTC minutes in which first flights depart, with room for every clock.
fn window(query: &Query<'_>) -> Range<i32> {
    match query.departs {
        Departs::LocalDay(date) => {
            let day = Schedule::local_day(date);
            let start = day.start.clamp(-MINUTES_MAX, MINUTES_MAX) - OFFSET_MINUTES_MAX;
            start..start + 1_440 + 2 * OFFSET_MINUTES_MAX
        }
        Departs::Utc { from, until } => {
            let start = from.clamp(-MINUTES_MAX, MINUTES_MAX);
            let end = until.clamp(start - 1, start + WINDOW_MINUTES_MAX);
            start..end + 1
        }
    }
}
