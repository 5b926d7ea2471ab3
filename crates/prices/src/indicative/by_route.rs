//! The cheapest quotes by route: "where can I go for 150?".

use domain::AirportCode;
use runtime::FixedMap;

use super::Indicative;
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
        let mut group_at: FixedMap<(G, G), usize> = FixedMap::default();
        let mut groups: Vec<(G, G, Best)> = Vec::new();
        let mut from: Option<(AirportCode, Option<G>)> = None;
        self.visit(ask, |flight| {
            let group = match from {
                Some((airport, group)) if airport == flight.origin => group,
                _ => {
                    let group = origin(flight.origin);
                    from = Some((flight.origin, group));
                    group
                }
            };
            let to = destination(flight.route.destination);
            let Some((from, to)) = group.zip(to) else { return };
            let at = *group_at.entry((from, to)).or_insert_with(|| {
                groups.push((from, to, Best::default()));
                groups.len() - 1
            });
            let best = &mut groups[at].2;
            for month in flight.months(&filter) {
                for direct in [false, true] {
                    // Entered only if the month's cheapest price could win.
                    if best.may_take(direct, month.at_least(direct, &filter))
                        && let Some(entry) = month.cheapest(direct, &filter)
                    {
                        best.take(&flight.hit(month, entry));
                    }
                }
            }
        });
        // Places in the list are sorted, not the long rows.
        let mut order: Vec<(u32, G, G, usize)> = groups
            .iter()
            .enumerate()
            .filter_map(|(at, &(from, to, ref best))| Some((best.cheapest()?, from, to, at)))
            .collect();
        order.sort_unstable();
        order
            .into_iter()
            .map(|(_, origin, destination, at)| RouteGroup {
                origin,
                destination,
                quotes: groups[at].2.quotes(),
            })
            .collect()
    }
}
