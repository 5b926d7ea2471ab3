//! What is asked of the index, and the walk over the routes that can answer.

use domain::{AirportCode, CountryCode};

use super::entry::{Entry, Hit};
use super::month::{Filter, RouteMonth};
use super::shard::{Node, Route};
use super::when::When;
use super::{Indicative, Quote, Window};
use crate::shares::SHARES;

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

    /// The lowest price.
    pub(super) fn cheapest(&self) -> Option<u32> {
        self.0.iter().flatten().map(|hit| hit.entry.eur).min()
    }

    pub(super) fn quotes(&self) -> QuotePair {
        let [indirect, direct] = self.0;
        let limit = direct.map_or(u32::MAX, |hit| hit.entry.eur);
        let cheaper = indirect.filter(|hit| direct.is_none() || hit.entry.eur < limit);
        QuotePair {
            indirect: cheaper.map(|hit| hit.quote()),
            direct: direct.map(|hit| hit.quote()),
        }
    }
}

/// A route with its airports, while its share is locked.
pub(super) struct Flight<'a> {
    pub(super) origin: AirportCode,
    pub(super) route: &'a Route,
}

impl Flight<'_> {
    /// The months that a filter can match.
    pub(super) fn months(&self, filter: &Filter) -> impl Iterator<Item = &RouteMonth> {
        let (first, last) = filter.out;
        let months = self.route.months.iter();
        months
            .skip_while(move |month| month.first_day.saturating_add(31) <= first)
            .take_while(move |month| month.first_day <= last)
    }

    pub(super) fn hit(&self, month: &RouteMonth, entry: &Entry) -> Hit {
        let (first_day, entry) = (month.first_day, *entry);
        Hit { origin: self.origin, destination: self.route.destination, first_day, entry }
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

/// Airports, ascending, each once.
fn sorted(airports: &[AirportCode]) -> Vec<AirportCode> {
    let mut airports = airports.to_vec();
    airports.sort_unstable();
    airports.dedup();
    airports
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
                for shard in self.shares.each() {
                    for (node, routes) in &shard.origins {
                        if node.market == ask.market {
                            for route in routes {
                                each(&Flight { origin: node.airport, route });
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
        destinations: Option<&[AirportCode]>,
        each: &mut impl FnMut(&Flight<'_>),
    ) {
        for origin in sorted(origins) {
            let node = Node { market, airport: origin };
            let shard = self.shares.read(node.shard(SHARES));
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
        destinations: &[AirportCode],
        each: &mut impl FnMut(&Flight<'_>),
    ) {
        for shard in self.shares.each() {
            for &destination in destinations {
                let end = Node { market, airport: destination };
                let origins = shard.inbound.get(&end);
                for &origin in origins.into_iter().flatten() {
                    if let Some(route) = shard.route(end.at(origin), destination) {
                        each(&Flight { origin, route });
                    }
                }
            }
        }
    }
}
