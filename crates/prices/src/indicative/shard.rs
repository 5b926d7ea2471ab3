//! One of the index's shares: all routes out of some airports of some markets.
//!
//! ```text
//! (market, origin) ──▶ routes by destination ──▶ months ──▶ entries
//! (market, destination) ──▶ origins                           for "from anywhere"
//! ```
//!
//! Invariant: `bytes` and `entries` count what is held; a route has a month and a month an entry;
//! `inbound` lists exactly the origins that have a route to the destination.

use domain::{AirportCode, CountryCode};
use runtime::{FixedMap, maps};

use super::entry::Entry;
use super::month::{Put, RouteMonth};
use super::when::Month;
use crate::shares::Share;

/// All months of one pair of airports.
#[derive(Clone, Debug)]
pub(super) struct Route {
    pub(super) destination: AirportCode,
    /// Ascending.
    pub(super) months: Vec<RouteMonth>,
}

/// A market and an airport.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Node {
    pub(super) market: CountryCode,
    pub(super) airport: AirportCode,
}

impl Node {
    /// The other end of a route, in the same market.
    pub(super) const fn at(self, airport: AirportCode) -> Self {
        Self { market: self.market, airport }
    }

    /// Spreads nodes over shards.
    pub(super) const fn shard(self, shards: usize) -> usize {
        let packed = (self.market.packed() as u32) << 16 | self.airport.packed() as u32;
        (packed.wrapping_mul(0x9E37_79B9) >> 16) as usize % shards
    }
}

#[derive(Debug, Default)]
pub(super) struct Shard {
    pub(super) origins: FixedMap<Node, Vec<Route>>,
    /// Origins ascend.
    pub(super) inbound: FixedMap<Node, Vec<AirportCode>>,
    pub(super) entries: usize,
    /// Heap bytes, as counted by the constants below.
    pub(super) bytes: usize,
    /// No entry was seen before this second.
    pub(super) oldest_s: u32,
}

/// A hash map's slot: key, value and what an eighth of free slots and growing cost on average.
const NODE_BYTES: usize = (size_of::<(Node, Vec<Route>)>() + 1) * 3 / 2;
/// Lists grow by a quarter, so an eighth of them is free on average.
const ROUTE_BYTES: usize = size_of::<Route>() * 9 / 8;
const MONTH_BYTES: usize = size_of::<RouteMonth>() * 9 / 8;
/// An origin in the list of a destination.
const INBOUND_BYTES: usize = 4;

impl Shard {
    pub(super) fn route(&self, node: Node, destination: AirportCode) -> Option<&Route> {
        let routes = self.origins.get(&node)?;
        let at = routes.binary_search_by_key(&destination, |route| route.destination).ok()?;
        routes.get(at)
    }

    /// The month of a route, made if there is none.
    fn month(&mut self, node: Node, destination: AirportCode, month: Month) -> &mut RouteMonth {
        let mut bytes = 0;
        let routes = self.origins.entry(node).or_insert_with(|| {
            bytes += NODE_BYTES;
            Vec::new()
        });
        let at = match routes.binary_search_by_key(&destination, |route| route.destination) {
            Ok(at) => at,
            Err(at) => {
                if routes.len() == routes.capacity() {
                    routes.reserve_exact((routes.len() / 4).max(2));
                }
                routes.insert(at, Route { destination, months: Vec::new() });
                bytes += ROUTE_BYTES + INBOUND_BYTES;
                let origins = self.inbound.entry(node.at(destination)).or_insert_with(|| {
                    bytes += NODE_BYTES;
                    Vec::new()
                });
                if let Err(place) = origins.binary_search(&node.airport) {
                    origins.insert(place, node.airport);
                }
                at
            }
        };
        let months = &mut routes[at].months;
        let at = match months.binary_search_by_key(&month, |held| held.month) {
            Ok(at) => at,
            Err(at) => {
                if months.len() == months.capacity() {
                    months.reserve_exact((months.len() / 4).max(1));
                }
                months.insert(at, RouteMonth::new(month));
                bytes += MONTH_BYTES;
                at
            }
        };
        self.bytes += bytes;
        &mut months[at]
    }

    /// Offers a price to a month of a route.
    pub(super) fn put(
        &mut self,
        node: Node,
        to: AirportCode,
        month: Month,
        seen_s: u32,
        put: impl FnOnce(&mut RouteMonth) -> Put,
    ) -> Put {
        let held = self.month(node, to, month);
        let before = held.heap_bytes();
        let outcome = put(held);
        let grown = held.heap_bytes() - before;
        self.bytes += grown;
        if outcome != Put::Kept {
            self.oldest_s = if self.entries == 0 { seen_s } else { self.oldest_s.min(seen_s) };
        }
        if outcome == Put::Added {
            self.entries += 1;
        }
        outcome
    }

    /// Takes a whole month of a route; `false` if there is one, or the entries are out of order.
    pub(super) fn fill(
        &mut self,
        node: Node,
        to: AirportCode,
        month: Month,
        entries: Vec<Entry>,
    ) -> bool {
        let (count, oldest) = (entries.len(), entries.iter().map(|entry| entry.seen_s).min());
        let held = self.month(node, to, month);
        if !held.fill(entries) {
            return false;
        }
        self.bytes += count * size_of::<Entry>();
        let oldest = oldest.unwrap_or(u32::MAX);
        self.oldest_s = if self.entries == 0 { oldest } else { self.oldest_s.min(oldest) };
        self.entries += count;
        true
    }

    /// Keeps the entries that pass, given market and origin, destination and first day of the
    /// month; drops what has become empty. Returns how many went.
    pub(super) fn retain(
        &mut self,
        mut keep: impl FnMut(Node, AirportCode, i32, &Entry) -> bool,
    ) -> usize {
        let mut oldest = u32::MAX;
        let (mut entries, mut bytes, mut gone) = (0, 0, 0);
        self.origins.retain(|&node, routes| {
            for route in routes.iter_mut() {
                let destination = route.destination;
                for held in &mut route.months {
                    let first_day = held.first_day;
                    gone += held.retain(|entry| {
                        let kept = keep(node, destination, first_day, entry);
                        if kept {
                            oldest = oldest.min(entry.seen_s);
                        }
                        kept
                    });
                    entries += held.entries().len();
                    bytes += held.heap_bytes();
                }
                route.months.retain(|month| !month.entries().is_empty());
                shrink(&mut route.months);
                bytes += route.months.len() * MONTH_BYTES;
            }
            routes.retain(|route| !route.months.is_empty());
            shrink(routes);
            bytes += routes.len() * (ROUTE_BYTES + INBOUND_BYTES);
            !routes.is_empty()
        });
        self.inbound.retain(|&node, origins| {
            origins.retain(|&origin| {
                self.origins.get(&node.at(origin)).is_some_and(|routes| {
                    routes.binary_search_by_key(&node.airport, |route| route.destination).is_ok()
                })
            });
            !origins.is_empty()
        });
        maps::shrink(&mut self.origins);
        maps::shrink(&mut self.inbound);
        bytes += (self.origins.len() + self.inbound.len()) * NODE_BYTES;
        self.entries = entries;
        self.bytes = bytes;
        self.oldest_s = oldest;
        gone
    }
}

fn shrink<T>(list: &mut Vec<T>) {
    if list.capacity() > list.len() * 2 {
        list.shrink_to_fit();
    }
}

impl Share for Shard {
    fn bytes(&self) -> usize {
        self.bytes
    }

    fn oldest_s(&self) -> Option<u32> {
        (self.entries > 0).then_some(self.oldest_s)
    }

    /// Drops the oldest seen entries, an eighth but at least one. Returns how many went: none if
    /// the oldest ones have been replaced since, which `oldest_s` then says.
    fn drop_oldest(&mut self) -> usize {
        let mut seen: Vec<u32> = Vec::with_capacity(self.entries);
        for routes in self.origins.values() {
            for month in routes.iter().flat_map(|route| &route.months) {
                seen.extend(month.entries().iter().map(|entry| entry.seen_s));
            }
        }
        let oldest = seen.iter().copied().min().unwrap_or(u32::MAX);
        if oldest > self.oldest_s || seen.is_empty() {
            self.oldest_s = oldest;
            return 0;
        }
        let share = (seen.len() / 8).max(1);
        let (older, &mut limit, _) = seen.select_nth_unstable(share - 1);
        // Of entries seen in the limit's second, as many go as the share still asks for.
        let mut of_limit = share - older.iter().filter(|&&seen_s| seen_s < limit).count();
        self.retain(|_, _, _, entry| {
            if entry.seen_s != limit {
                return entry.seen_s > limit;
            }
            let goes = of_limit > 0;
            of_limit -= usize::from(goes);
            !goes
        })
    }
}
