//! Two tickets joined by the traveller, by brute force.
//!
//! True answers to the questions near and far of a hub flow in; every pair that fits in time on every
//! leg flows out, cheapest first. It looks at every pair and shares nothing with the product's own way
//! of combining (`connections::self_transfer`, `search`), so that one can be held against the other.
//!
//! Rules: on the first leg the near ticket lands where the far one takes off, on the second it is the
//! other way round; both airports are the same, or of one city with more time between; of each itinerary
//! with at most one stop a leg the cheapest offer in the wished currency; sides are cut at `side_max`
//! cheapest.

use std::collections::BTreeMap;

use domain::{AirportCode, Answer, CurrencyCode, ItineraryKey, Money, Segment};

use super::Truth;

/// What may be combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TwoTickets {
    /// Least minutes at the hub.
    pub change_min: i32,
    /// Least minutes from one airport of its city to another.
    pub airport_change_min: i32,
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
    /// The flights of both tickets, leg by leg.
    pub key: ItineraryKey,
    /// Sum of both tickets, minor units of the wished currency.
    pub minor: i64,
    /// Minutes at the hub on the first leg.
    pub wait: i32,
    /// What each ticket is quoted at.
    pub quoted: [Money; 2],
}

/// One itinerary of a side with its cheapest price.
#[derive(Clone, Debug)]
struct Side {
    legs: Vec<Vec<Segment>>,
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

    fn join(&self, near: &Side, far: &Side) -> Option<Combination> {
        if near.legs.len() != far.legs.len() {
            return None;
        }
        let (mut legs, mut waits) = (Vec::new(), Vec::new());
        for (index, (near, far)) in near.legs.iter().zip(&far.legs).enumerate() {
            let (before, after) = if index == 0 { (near, far) } else { (far, near) };
            waits.push(self.wait(before.last()?, after.first()?)?);
            legs.push(before.iter().chain(after).copied().collect::<Vec<Segment>>());
        }
        let minor = near.minor.checked_add(far.minor)?;
        let (key, wait) = (ItineraryKey::of(&legs), *waits.first()?);
        Some(Combination { key, minor, wait, quoted: [near.quoted, far.quoted] })
    }

    /// Minutes between two flights, if a traveller can make the change.
    fn wait(&self, landing: &Segment, take_off: &Segment) -> Option<i32> {
        let atlas = atlas::atlas();
        let (from, to) = (landing.destination, take_off.origin);
        let least = if from == to {
            self.change_min
        } else if atlas.airport(from)?.city == atlas.airport(to)?.city {
            self.airport_change_min.max(self.change_min)
        } else {
            return None;
        };
        let utc = |airport: AirportCode, time| atlas.utc_minutes(airport, time);
        let wait = utc(to, take_off.departs)? - utc(from, landing.arrives)?;
        (least..=self.change_max).contains(&wait).then_some(wait)
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
            let legs: Vec<Vec<Segment>> =
                answer.legs_of(offer.itinerary).map(|leg| leg.copied().collect()).collect();
            let few_stops = legs.iter().all(|leg| leg.len() <= 2);
            let converted = offer.price.and_then(|quoted| {
                let money = atlas::atlas().rates().convert(quoted, self.currency)?;
                Some((quoted, money.minor))
            });
            let (Some((quoted, minor)), true) = (converted, few_stops) else { continue };
            let key = answer.keys()[offer.itinerary as usize];
            let side = Side { legs, minor, quoted };
            let known = cheapest.entry(key).or_insert_with(|| side.clone());
            if side.minor < known.minor {
                *known = side;
            }
        }
    }
}
