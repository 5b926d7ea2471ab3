//! What filters could still be chosen, how many itineraries each would leave, and from what price.
//!
//! Every facet is counted with all filters of the other kinds applied, not its own: so a count is
//! what choosing that value alone would show.

use atlas::AllianceId;
use domain::{AgentId, AirportCode, CarrierCode};

/// One value of a facet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FacetValue<T> {
    /// The value.
    pub value: T,
    /// Itineraries that have it.
    pub count: u32,
    /// Lowest price among them, minor units of the display currency.
    pub price_min: Option<i64>,
}

/// All facets of a search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facets {
    /// Stops of the leg with most: 0, 1, and 2 for two and more; ascending.
    pub stops: Vec<FacetValue<u8>>,
    /// Marketing carriers; most itineraries first.
    pub carriers: Vec<FacetValue<CarrierCode>>,
    /// Alliances; most itineraries first.
    pub alliances: Vec<FacetValue<AllianceId>>,
    /// Airports at the ends of legs, by code; counted as the filter sees them.
    pub airports: Vec<FacetValue<AirportCode>>,
    /// Agents that sell an itinerary as a whole, be it as two tickets; most itineraries first. The
    /// price is the agent's own.
    pub agents: Vec<FacetValue<AgentId>>,
    /// Least and most minutes.
    pub minutes: Option<(u32, u32)>,
    /// Lowest and highest price.
    pub price: Option<(i64, i64)>,
}

/// Counts and lowest prices of values that are small indexes.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    rows: Vec<(u32, i64)>,
}

impl Tally {
    pub(crate) fn new(values: usize) -> Self {
        Self { rows: vec![(0, i64::MAX); values] }
    }

    pub(crate) fn add(&mut self, index: usize, price: Option<i64>) {
        if let Some((count, lowest)) = self.rows.get_mut(index) {
            *count += 1;
            *lowest = (*lowest).min(price.unwrap_or(i64::MAX));
        }
    }

    /// The values that occurred.
    pub(crate) fn values<T: Copy>(&self, names: impl Iterator<Item = T>) -> Vec<FacetValue<T>> {
        names
            .zip(&self.rows)
            .filter(|(_, (count, _))| *count > 0)
            .map(|(value, &(count, lowest))| FacetValue {
                value,
                count,
                price_min: (lowest != i64::MAX).then_some(lowest),
            })
            .collect()
    }
}

/// Widens a range by a value.
pub(crate) fn widen<T: Copy + Ord>(range: &mut Option<(T, T)>, value: T) {
    *range = Some(match *range {
        Some((low, high)) => (low.min(value), high.max(value)),
        None => (value, value),
    });
}
