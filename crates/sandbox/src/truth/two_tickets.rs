//! Two tickets joined by the traveller, by brute force.
//!
//! True answers to "origin to hub" and "hub to destination" flow in; every pair that fits in time
//! flows out, cheapest first. It looks at every pair and shares nothing with the product's own way
//! of combining (`connections::self_transfer`, `search`), so that one can be held against the other.
//!
//! Rules: one leg a side; of each itinerary with at most one stop the cheapest offer
//! in the wished currency; sides are cut at `side_max` cheapest; both meet at one airport.

use std::collections::BTreeMap;

use domain::{AirportCode, Answer, CurrencyCode, ItineraryKey, Money, Segment};

use super::Truth;

/// What may be combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TwoTickets {
    /// Least minutes at the hub.
    pub change_min: i32,
    /// Most minutes at the hub.
    pub change_max: i32,
    /// Itineraries of one side, cheapest first.
    pub side_max: usize,
    /// Combinations, cheapest first.
    pub combinations_max: usize,
    /// Currency in which costs are compared and added.
    pub currency: CurrencyCode,
}

/// Two tickets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Combination {
    /// All flights as one leg.
    pub key: ItineraryKey,
    /// Sum of both tickets, minor units of the wished currency.
    pub minor: i64,
    /// Minutes at the hub.
    pub wait: i32,
    /// What each ticket is quoted at.
    pub quoted: [Money; 2],
}

/// One itinerary of a side with its cheapest price.
#[derive(Clone, Debug)]
struct Side {
    segments: Vec<Segment>,
    minor: i64,
    quoted: Money,
}

impl TwoTickets {
    /// All combinations of both sides, cheapest first.
    #[must_use]
    pub fn combine(&self, first: &Truth, second: &Truth) -> Vec<Combination> {
        let (before, after) = (self.side(first), self.side(second));
        let mut combinations = Vec::new();
        for one in &before {
            for other in &after {
                combinations.extend(self.join(one, other));
            }
        }
        combinations.sort_by_key(|one| (one.minor, one.wait, one.key));
        combinations.truncate(self.combinations_max);
        combinations
    }

    fn join(&self, one: &Side, other: &Side) -> Option<Combination> {
        let (landing, take_off) = (one.segments.last()?, other.segments.first()?);
        if landing.destination != take_off.origin {
            return None;
        }
        let utc = |airport: AirportCode, time| atlas::atlas().utc_minutes(airport, time);
        let wait =
            utc(take_off.origin, take_off.departs)? - utc(landing.destination, landing.arrives)?;
        if wait < self.change_min || wait > self.change_max {
            return None;
        }
        let key = ItineraryKey::of([one.segments.iter().chain(&other.segments)]);
        let minor = one.minor.checked_add(other.minor)?;
        Some(Combination { key, minor, wait, quoted: [one.quoted, other.quoted] })
    }

    fn side(&self, truth: &Truth) -> Vec<Side> {
        let mut cheapest: BTreeMap<ItineraryKey, Side> = BTreeMap::new();
        for shown in &truth.partners {
            self.add_side(&shown.answer, &mut cheapest);
        }
        let mut side: Vec<(ItineraryKey, Side)> = cheapest.into_iter().collect();
        side.sort_by_key(|(key, side)| (side.minor, *key));
        side.truncate(self.side_max);
        side.into_iter().map(|(_, side)| side).collect()
    }

    fn add_side(&self, answer: &Answer, cheapest: &mut BTreeMap<ItineraryKey, Side>) {
        for offer in answer.offers() {
            let segments: Vec<Segment> =
                answer.legs_of(offer.itinerary).flatten().copied().collect();
            let one_leg = answer.itinerary_legs(offer.itinerary).len() == 1;
            let converted = offer.price.and_then(|quoted| {
                let money = atlas::atlas().rates().convert(quoted, self.currency)?;
                Some((quoted, money.minor))
            });
            let (Some((quoted, minor)), true) = (converted, one_leg && segments.len() <= 2) else {
                continue;
            };
            let key = answer.keys()[offer.itinerary as usize];
            let side = Side { segments, minor, quoted };
            let known = cheapest.entry(key).or_insert_with(|| side.clone());
            if side.minor < known.minor {
                *known = side;
            }
        }
    }
}
