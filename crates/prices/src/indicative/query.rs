//! What is asked of the index, and the walk over the routes that can answer.

use domain::{AirportCode, CountryCode};

use super::entry::{Entry, Hit};
use super::month::{Filter, RouteMonth};
use super::shard::{Node, Route};
use super::when::{Month, When};
use super::{Indicative, Quote, SHARDS, Window};

/// One side of a route.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Places<'a> {
    /// All airports there are prices for.
    #[default]
    Anywhere,
    /// These airports: one, or those of a city or country, in any order.
    Airports(&'a [AirportCode]),
}

/// A question to the index: one way, or there and back.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// Whose prices.
    pub market: CountryCode,
    /// From.
    pub origin: Places<'a>,
    /// To.
    pub destination: Places<'a>,
    /// Days of departure.
    pub out: When,
    /// Days of the return flight; `None` for one way.
    pub back: Option<When>,
}

/// The cheapest of a group: the cheapest direct quote, and an indirect one only if it is cheaper or
/// there is no direct one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuotePair {
    /// Cheapest that changes planes, if it is cheaper than the direct one.
    pub indirect: Option<Quote>,
    /// Cheapest direct.
    pub direct: Option<Quote>,
}

impl QuotePair {
    /// The quotes, cheapest first.
    pub fn iter(&self) -> impl Iterator<Item = &Quote> {
        self.indirect.iter().chain(&self.direct)
    }

    /// The cheapest.
    #[must_use]
    pub fn cheapest(&self) -> Option<&Quote> {
        self.iter().next()
    }
}

/// The best hits of a group so far: indirect, direct.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Best([Option<Hit>; 2]);

impl Best {
    /// Whether a price can still be among the best.
    pub(super) fn may_take(&self, direct: bool, eur: u32) -> bool {
        self.0[usize::from(direct)].as_ref().is_none_or(|best| eur <= best.entry.eur)
    }

    pub(super) fn take(&mut self, hit: &Hit) {
        let best = &mut self.0[usize::from(hit.entry.slot.direct())];
        if best.as_ref().is_none_or(|best| hit.order() < best.order()) {
            *best = Some(*hit);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0 == [None, None]
    }

    pub(super) fn quotes(&self) -> QuotePair {
        let [indirect, direct] = self.0;
        let limit = direct.map_or(u32::MAX, |hit| hit.entry.eur);
        let cheaper = indirect.filter(|hit| direct.is_none() || hit.entry.eur < limit);
        QuotePair {
            indirect: cheaper.and_then(|hit| hit.quote()),
            direct: direct.and_then(|hit| hit.quote()),
        }
    }
}

impl PartialEq for Hit {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}

/// A route with its airports, while its share is locked.
pub(super) struct Flight<'a> {
    pub(super) origin: u16,
    pub(super) route: &'a Route,
}

impl Flight<'_> {
    /// The months that a filter can match, with their first days.
    pub(super) fn months(
        &self,
        filter: &Filter,
    ) -> impl Iterator<Item = (Month, i32, &RouteMonth)> {
        let (first, last) = filter.out;
        self.route
            .months
            .iter()
            .filter_map(|held| {
                let month = Month::from_index(held.month)?;
                Some((month, month.first_day().days(), held))
            })
            .skip_while(move |&(month, first_day, _)| {
                first_day.saturating_add(month.days() as i32) <= first
            })
            .take_while(move |&(_, first_day, _)| first_day <= last)
    }

    pub(super) fn hit(&self, month: Month, entry: &Entry) -> Hit {
        Hit { origin: self.origin, destination: self.route.destination, month, entry: *entry }
    }
}

impl Ask<'_> {
    pub(super) fn filter(&self, window: &Window) -> Filter {
        let (first, last) = self.out.span();
        Filter {
            out: (first.max(window.today), last),
            back: self.back.map(When::span),
            seen_after_s: window.seen_after_s,
        }
    }
}

/// Packed airports, ascending, each once.
fn sorted(airports: &[AirportCode]) -> Vec<u16> {
    let mut packed: Vec<u16> = airports.iter().map(|airport| airport.packed()).collect();
    packed.sort_unstable();
    packed.dedup();
    packed
}

impl Indicative {
    /// Visits every route between the asked places, one share after the other.
    pub(super) fn visit(&self, ask: &Ask<'_>, mut each: impl FnMut(&Flight<'_>)) {
        match (ask.origin, ask.destination) {
            (Places::Airports(origins), destination) => {
                let destinations = match destination {
                    Places::Anywhere => None,
                    Places::Airports(airports) => Some(sorted(airports)),
                };
                self.visit_from(ask.market, origins, destinations.as_deref(), &mut each);
            }
            (Places::Anywhere, Places::Airports(destinations)) => {
                self.visit_to(ask.market, &sorted(destinations), &mut each);
            }
            (Places::Anywhere, Places::Anywhere) => {
                for shard in (0..SHARDS).map(|index| self.read(index)) {
                    for (node, routes) in &shard.origins {
                        if node.market() == ask.market.packed() {
                            for route in routes {
                                each(&Flight { origin: node.airport(), route });
                            }
                        }
                    }
                }
            }
        }
    }

    fn visit_from(
        &self,
        market: CountryCode,
        origins: &[AirportCode],
        destinations: Option<&[u16]>,
        each: &mut impl FnMut(&Flight<'_>),
    ) {
        for origin in sorted(origins) {
            let node = Node::new(market, origin);
            let shard = self.read(node.shard(SHARDS));
            let Some(routes) = shard.origins.get(&node) else { continue };
            match destinations {
                None => routes.iter().for_each(|route| each(&Flight { origin, route })),
                // Look up the shorter list in the longer one.
                Some(wanted) if wanted.len() < routes.len() => {
                    for &destination in wanted {
                        if let Some(route) = shard.route(node, destination) {
                            each(&Flight { origin, route });
                        }
                    }
                }
                Some(wanted) => {
                    for route in routes {
                        if wanted.binary_search(&route.destination).is_ok() {
                            each(&Flight { origin, route });
                        }
                    }
                }
            }
        }
    }

    fn visit_to(
        &self,
        market: CountryCode,
        destinations: &[u16],
        each: &mut impl FnMut(&Flight<'_>),
    ) {
        for shard in (0..SHARDS).map(|index| self.read(index)) {
            for &destination in destinations {
                let origins = shard.inbound.get(&Node::new(market, destination));
                for &origin in origins.into_iter().flatten() {
                    if let Some(route) = shard.route(Node::new(market, origin), destination) {
                        each(&Flight { origin, route });
                    }
                }
            }
        }
    }
}
