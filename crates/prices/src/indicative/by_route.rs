//! The cheapest quotes by route: "where can I go for 150?".

use domain::AirportCode;
use runtime::FixedMap;

use super::Indicative;
use super::entry::kinds;
use super::query::{Ask, Best, QuotePair};

/// The cheapest between two groups of airports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteGroup<G> {
    /// Group of the airport of departure.
    pub origin: G,
    /// Group of the airport of arrival.
    pub destination: G,
    /// The cheapest quotes.
    pub quotes: QuotePair,
}

impl Indicative {
    /// The cheapest quotes per pair of groups, cheapest pair first (then by groups). `origin` and
    /// `destination` say which group an airport belongs to, such as its city or country; airports
    /// of no group are left out. They are called once a route while a share of the index is
    /// locked: a look-up in a table, not more.
    pub fn by_route<G: Copy + Ord + std::hash::Hash>(
        &self,
        ask: &Ask<'_>,
        origin: impl Fn(AirportCode) -> Option<G>,
        destination: impl Fn(AirportCode) -> Option<G>,
        now_ms: i64,
    ) -> Vec<RouteGroup<G>> {
        let filter = ask.filter(&self.window(now_ms));
        let mut groups: FixedMap<(G, G), Best> = FixedMap::default();
        let mut from: Option<(u16, Option<G>)> = None;
        self.visit(ask, |flight| {
            let group = match from {
                Some((airport, group)) if airport == flight.origin => group,
                _ => {
                    let group = AirportCode::from_packed(flight.origin).and_then(&origin);
                    from = Some((flight.origin, group));
                    group
                }
            };
            let to = AirportCode::from_packed(flight.route.destination).and_then(&destination);
            let Some(pair) = group.zip(to) else { return };
            let best = groups.entry(pair).or_default();
            for (month, first_day, held) in flight.months(&filter) {
                for (kind, direct) in kinds(filter.back.is_some()) {
                    // Entered only if the month's cheapest price could win.
                    if best.may_take(direct, held.at_least(kind))
                        && let Some(entry) = held.cheapest(kind, first_day, &filter)
                    {
                        best.take(&flight.hit(month, entry));
                    }
                }
            }
        });
        let mut found: Vec<RouteGroup<G>> = groups
            .into_iter()
            .filter(|(_, best)| !best.is_empty())
            .map(|((origin, destination), best)| RouteGroup {
                origin,
                destination,
                quotes: best.quotes(),
            })
            .collect();
        found.sort_unstable_by_key(|group| {
            let cheapest = group.quotes.cheapest().map_or(i64::MAX, |quote| quote.eur_micro);
            (cheapest, group.origin, group.destination)
        });
        found
    }
}
