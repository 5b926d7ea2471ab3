//! Whether a price is low, typical or high for its trip.
//!
//! Compared are the medians of the observed days, each day counted once, so that a day on which
//! many searched weighs as much as another. Of a trip between cities, the pair of airports with the
//! lowest median speaks for a day. If the day of departure itself was observed too little,
//! departures up to [`POOL_DAYS`] days around it count with it, and the verdict says so.

use std::collections::BTreeMap;

use domain::Date;

use super::series::Day;
use super::{DayPrices, History, HistorySettings, Trip};
use crate::indicative::micro;

/// Prices below this share of the observed ones are low.
pub const LOW_QUANTILE: f64 = 0.25;
/// Prices above this share of the observed ones are high.
pub const HIGH_QUANTILE: f64 = 0.75;
/// Days around the departure that may count with it.
pub const POOL_DAYS: i32 = 3;

/// What a price is for its trip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Below the lower quantile.
    Low,
    /// Between the quantiles, both included.
    Typical,
    /// Above the upper quantile.
    High,
    /// Too little was observed.
    Unknown,
}

/// A verdict and what stands behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// The verdict.
    pub verdict: Verdict,
    /// The price at [`LOW_QUANTILE`], micro-euro; 0 if nothing was observed.
    pub low_eur_micro: i64,
    /// The median, micro-euro; 0 if nothing was observed.
    pub median_eur_micro: i64,
    /// The price at [`HIGH_QUANTILE`], micro-euro; 0 if nothing was observed.
    pub high_eur_micro: i64,
    /// Daily medians that the quantiles are of.
    pub observations: usize,
    /// Searches behind them.
    pub searches: u64,
    /// First and last day of departure that count.
    pub departures: (Date, Date),
}

impl History {
    /// Prices of a trip by day of observation, days ascending.
    #[must_use]
    pub fn daily(&self, trip: &Trip<'_>, now_ms: i64) -> Vec<DayPrices> {
        let days = self.days(trip, 0, now_ms);
        days.into_values().map(|day| DayPrices::of(&day)).collect()
    }

    /// Whether a price, in micro-euro, is low, typical or high for a trip.
    #[must_use]
    pub fn for_trip(&self, trip: &Trip<'_>, eur_micro: i64, now_ms: i64) -> Outlook {
        let exact = self.days(trip, 0, now_ms);
        let known = self.outlook(&exact, trip, 0, eur_micro);
        if known.verdict != Verdict::Unknown {
            return known;
        }
        let pooled = self.days(trip, POOL_DAYS, now_ms);
        self.outlook(&pooled, trip, POOL_DAYS, eur_micro)
    }

    /// The days of all pairs of airports together, by departure and day of observation.
    fn days(&self, trip: &Trip<'_>, around: i32, now_ms: i64) -> BTreeMap<(u16, u16), Day> {
        let mut days: BTreeMap<(u16, u16), Day> = BTreeMap::new();
        self.visit(trip, around, now_ms, |departs, day| {
            let joined = days.entry((departs, day.day)).or_insert(day);
            joined.low = joined.low.min(day.low);
            joined.median = joined.median.min(day.median);
            joined.high = joined.high.min(day.high);
            joined.searches = joined.searches.max(day.searches);
        });
        days
    }

    fn outlook(
        &self,
        days: &BTreeMap<(u16, u16), Day>,
        trip: &Trip<'_>,
        around: i32,
        eur_micro: i64,
    ) -> Outlook {
        let mut medians: Vec<u32> = days.values().map(|day| day.median).collect();
        medians.sort_unstable();
        let searches = days.values().map(|day| u64::from(day.searches)).sum();
        let (low, high) = (quantile(&medians, LOW_QUANTILE), quantile(&medians, HIGH_QUANTILE));
        let HistorySettings { days_min, searches_min, .. } = &self.settings;
        let verdict = if medians.len() < days_min.size() || searches < searches_min.get() {
            Verdict::Unknown
        } else if eur_micro < low {
            Verdict::Low
        } else if eur_micro > high {
            Verdict::High
        } else {
            Verdict::Typical
        };
        Outlook {
            verdict,
            low_eur_micro: low,
            median_eur_micro: quantile(&medians, 0.5),
            high_eur_micro: high,
            observations: medians.len(),
            searches,
            departures: (trip.departs.plus_days(-around), trip.departs.plus_days(around)),
        }
    }
}

/// The smallest value that at least this share of the values does not exceed, in micro-euro.
fn quantile(sorted: &[u32], share: f64) -> i64 {
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).map_or(0, |&parts| micro(parts))
}
