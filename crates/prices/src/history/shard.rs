//! One of the history's shares: the trips of some routes.
//!
//! Invariant: `bytes` and `trips` count what is held; a route has a trip and its trips ascend by
//! length of stay and departure.

use domain::{AirportCode, CountryCode};
use runtime::FixedMap;
use runtime::maps::shrink;

use super::series::{Observed, Series};
use crate::shares::Share;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Route {
    pub(super) market: CountryCode,
    pub(super) origin: AirportCode,
    pub(super) destination: AirportCode,
}

impl Route {
    /// Spreads routes over shards.
    pub(super) const fn shard(&self, shards: usize) -> usize {
        let packed = (self.market.packed() as u64) << 32
            | (self.origin.packed() as u64) << 16
            | self.destination.packed() as u64;
        (packed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as usize % shards
    }
}

#[derive(Debug, Default)]
pub(super) struct Shard {
    pub(super) routes: FixedMap<Route, Vec<Series>>,
    pub(super) trips: usize,
    /// Heap bytes, as counted by the constants below.
    pub(super) bytes: usize,
    /// No trip was last observed before this second.
    pub(super) oldest_s: u32,
}

/// A hash map's slot: key, value and what an eighth of free slots and growing cost on average.
const ROUTE_BYTES: usize = (size_of::<(Route, Vec<Series>)>() + 1) * 3 / 2;
/// Lists grow by a quarter, so an eighth of them is free on average.
const SERIES_BYTES: usize = size_of::<Series>() * 9 / 8;

impl Shard {
    /// Takes a price of a trip; `false` if it is of a day that is closed.
    pub(super) fn observe(
        &mut self,
        route: Route,
        departs: u16,
        stay: u8,
        observed: &Observed,
    ) -> bool {
        let routes = self.routes.len();
        let trips = self.routes.entry(route).or_default();
        let at =
            match trips.binary_search_by_key(&(stay, departs), |trip| (trip.stay, trip.departs)) {
                Ok(at) => at,
                Err(at) => {
                    if trips.len() == trips.capacity() {
                        trips.reserve_exact((trips.len() / 4).max(2));
                    }
                    trips.insert(at, Series::new(departs, stay));
                    self.trips += 1;
                    self.bytes += SERIES_BYTES;
                    at
                }
            };
        let before = trips[at].heap_bytes();
        let taken = trips[at].observe(observed);
        let (after, last_s) = (trips[at].heap_bytes(), trips[at].last_s);
        self.bytes = self.bytes + after - before;
        self.bytes += (self.routes.len() - routes) * ROUTE_BYTES;
        self.oldest_s = if self.trips == 1 { last_s } else { self.oldest_s.min(last_s) };
        taken
    }

    /// Takes the trips of a route; `false` if there are some, or they are none or out of order.
    pub(super) fn fill(&mut self, route: Route, mut trips: Vec<Series>) -> bool {
        let key = |trip: &Series| (trip.stay, trip.departs);
        let ascend = trips.is_sorted_by(|one, next| key(one) < key(next));
        let Some(oldest) = trips.iter().map(|trip| trip.last_s).min().filter(|_| ascend) else {
            return false;
        };
        trips.shrink_to_fit();
        let heap: usize = trips.iter().map(Series::heap_bytes).sum();
        self.bytes += ROUTE_BYTES + trips.len() * SERIES_BYTES + heap;
        self.oldest_s = if self.trips == 0 { oldest } else { self.oldest_s.min(oldest) };
        self.trips += trips.len();
        self.routes.insert(route, trips).is_none()
    }

    /// The trips of a route and length that depart within some days, both included.
    pub(super) fn series(&self, route: &Route, stay: u8, from: i32, to: i32) -> &[Series] {
        let Some(trips) = self.routes.get(route) else { return &[] };
        let before =
            |day: i32| move |trip: &Series| (trip.stay, i32::from(trip.departs)) < (stay, day);
        let start = trips.partition_point(before(from));
        let end = trips.partition_point(before(to.saturating_add(1)));
        trips.get(start..end).unwrap_or_default()
    }

    /// Keeps the trips that pass and may change them. Returns how many went.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(&Route, &mut Series) -> bool) -> usize {
        let before = self.trips;
        let (mut trips, mut bytes, mut oldest) = (0, 0, u32::MAX);
        self.routes.retain(|route, held| {
            held.retain_mut(|series| keep(route, series));
            if held.capacity() > held.len() * 2 {
                held.shrink_to_fit();
            }
            for series in held.iter() {
                bytes += SERIES_BYTES + series.heap_bytes();
                oldest = oldest.min(series.last_s);
            }
            trips += held.len();
            !held.is_empty()
        });
        shrink(&mut self.routes);
        self.bytes = bytes + self.routes.len() * ROUTE_BYTES;
        self.trips = trips;
        self.oldest_s = oldest;
        before - trips
    }

    /// Days of observation.
    pub(super) fn days(&self) -> usize {
        let days = |series: &Series| series.days.len() + usize::from(series.open.is_some());
        self.routes.values().flatten().map(days).sum()
    }
}

impl Share for Shard {
    fn bytes(&self) -> usize {
        self.bytes
    }

    fn oldest_s(&self) -> Option<u32> {
        (self.trips > 0).then_some(self.oldest_s)
    }

    /// Drops the trips not observed for longest, an eighth but at least one. Returns how many went:
    /// none if those have been observed since, which `oldest_s` then says.
    fn drop_oldest(&mut self) -> usize {
        let mut last: Vec<u32> =
            self.routes.values().flatten().map(|series| series.last_s).collect();
        let oldest = last.iter().copied().min().unwrap_or(u32::MAX);
        if oldest > self.oldest_s || last.is_empty() {
            self.oldest_s = oldest;
            return 0;
        }
        let share = (last.len() / 8).max(1);
        let (older, &mut limit, _) = last.select_nth_unstable(share - 1);
        // Of trips observed in the limit's second, as many go as the share still asks for.
        let mut of_limit = share - older.iter().filter(|&&last_s| last_s < limit).count();
        self.retain(|_, series| {
            if series.last_s != limit {
                return series.last_s > limit;
            }
            let goes = of_limit > 0;
            of_limit -= usize::from(goes);
            !goes
        })
    }
}
