//! How good an itinerary is: three scores between 0 and 1, and the orders that follow from them.
//!
//! ```text
//! fastest  = 1 - (d - dmin) / (dmax - dmin)        d: minutes of all legs
//! cheapest = 1 - (p - pmin) / (pmax - pmin)        p: cheapest option; pmax: over all options
//! best     = (pmin · dmin) / (p · d) / risk        the product of being cheap and being fast
//! risk     = 1    one ticket
//!            1.1  separate tickets whose seller protects the connection
//!            1.25 separate tickets, the traveller answers for the connection
//! ```
//!
//! `best` is 1 for an itinerary that is both the cheapest and the fastest, and falls alike for
//! twice the price and twice the time. What the risk of 1.1 is for protected transfers is known of
//! the reference service (fitted to recorded answers of its API); 1.25 for unprotected ones is ours: it takes a quarter off the
//! price before a traveller should be sent to rescue a connection on foot.
//!
//! An itinerary without a price scores 0 for `cheapest` and `best` and stands last there. Equal
//! scores are ordered by the other measure (price, or minutes) and then by the itinerary's key, so
//! an order never depends on which partner answered first.

use domain::Transfer;

use crate::facets::widen;
use crate::merged::{Merged, MergedItinerary};

/// What comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sort {
    /// The best mix of price and time.
    #[default]
    Best,
    /// The lowest price.
    Cheapest,
    /// The least time.
    Fastest,
}

impl Sort {
    /// All orders.
    pub const ALL: [Self; 3] = [Self::Best, Self::Cheapest, Self::Fastest];

    /// Name in queries and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Best => "best",
            Self::Cheapest => "cheapest",
            Self::Fastest => "fastest",
        }
    }
}

/// The scores of one itinerary.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Scores {
    /// Price and time together.
    pub best: f64,
    /// Price alone.
    pub cheapest: f64,
    /// Time alone.
    pub fastest: f64,
}

impl Scores {
    /// The score that counts for an order.
    #[must_use]
    pub fn of(&self, sort: Sort) -> f64 {
        match sort {
            Sort::Best => self.best,
            Sort::Cheapest => self.cheapest,
            Sort::Fastest => self.fastest,
        }
    }
}

/// What an itinerary is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measure {
    /// Total in minor units of the display currency.
    pub price: Option<i64>,
    /// Minutes of all legs.
    pub minutes: u32,
    /// Who answers for connections.
    pub transfer: Transfer,
}

impl From<&MergedItinerary> for Measure {
    fn from(itinerary: &MergedItinerary) -> Self {
        Self {
            price: itinerary.price,
            minutes: itinerary.duration_minutes,
            transfer: itinerary.transfer,
        }
    }
}

/// The bounds that scores are measured against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scale {
    /// Lowest and highest price of any option; `None` if nothing has a price.
    pub price: Option<(i64, i64)>,
    /// Least and most minutes of any itinerary; `None` if there is none.
    pub minutes: Option<(u32, u32)>,
}

impl Scale {
    /// The bounds of all merged itineraries and options.
    #[must_use]
    pub fn of(merged: &Merged) -> Self {
        let mut scale = Self::default();
        for itinerary in merged.itineraries() {
            let price = itinerary.price.zip(merged.dearest(itinerary));
            scale.widen(itinerary.duration_minutes, price);
        }
        scale
    }

    /// Widens the bounds by one itinerary: its minutes, its cheapest and its dearest option.
    pub fn widen(&mut self, minutes: u32, price: Option<(i64, i64)>) {
        widen(&mut self.minutes, minutes);
        if let Some((cheapest, dearest)) = price {
            widen(&mut self.price, cheapest);
            widen(&mut self.price, dearest);
        }
    }

    /// The scores of an itinerary within the bounds.
    #[must_use]
    pub fn scores(&self, measure: Measure) -> Scores {
        let Some((minutes_min, minutes_max)) = self.minutes else { return Scores::default() };
        let fastest =
            falling(f64::from(measure.minutes), f64::from(minutes_min), f64::from(minutes_max));
        let (Some((price_min, price_max)), Some(price)) = (self.price, measure.price) else {
            return Scores { fastest, ..Scores::default() };
        };
        let cheapest = falling(price as f64, price_min as f64, price_max as f64);
        let ideal = at_least_one(price_min) * f64::from(minutes_min.max(1));
        let this = at_least_one(price) * f64::from(measure.minutes.max(1));
        let best = (ideal / this / (risk_percent(measure.transfer) as f64 / 100.0)).min(1.0);
        Scores { best, cheapest, fastest }
    }
}

/// 1 at `low`, 0 at `high`, straight between; 1 if they are the same.
fn falling(value: f64, low: f64, high: f64) -> f64 {
    if high > low { (1.0 - (value - low) / (high - low)).clamp(0.0, 1.0) } else { 1.0 }
}

/// A price of nothing would be infinitely good.
fn at_least_one(minor: i64) -> f64 {
    minor.max(1) as f64
}

const fn risk_percent(transfer: Transfer) -> u64 {
    match transfer {
        Transfer::Managed => 100,
        Transfer::ProtectedSelfTransfer => 110,
        Transfer::SelfTransfer => 125,
    }
}

/// Where an itinerary stands in an order: ascending, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The measure of the order.
    pub first: u64,
    /// The other measure.
    pub second: u64,
}

impl Place {
    /// The place of an itinerary. Scores fall as `first` rises, so both give the same order.
    #[must_use]
    pub fn of(measure: Measure, sort: Sort) -> Self {
        let price = measure.price.map_or(u64::MAX, |price| price.max(0) as u64);
        let minutes = u64::from(measure.minutes);
        match sort {
            Sort::Cheapest => Self { first: price, second: minutes },
            Sort::Fastest => Self { first: minutes, second: price },
            Sort::Best => {
                let product = price.max(1).saturating_mul(minutes.max(1));
                let first = product.saturating_mul(risk_percent(measure.transfer));
                Self { first, second: price }
            }
        }
    }
}

#[cfg(test)]
mod tests;
