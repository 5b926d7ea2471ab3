//! Self-transfers: two tickets sold separately, joined at a hub by the traveller.
//!
//! ```text
//! one-way question ─▶ choose_hub ─▶ two extra questions: origin ─▶ hub, hub ─▶ destination
//! their merged answers ─▶ combine ─▶ combinations, each with both parts' sellers and prices
//! ```
//!
//! Only questions of one leg are combined: a combination of a longer one would need more extra
//! questions than a search may ask (two). Each part is the cheapest priced offer of an itinerary
//! with at most one stop, and both may come from one seller: they are two tickets all the same.
//! A combination's total is the sum of its parts' totals in the display currency; it is marked, is
//! never mixed with a quote, and carries both quotes as they were made.
//!
//! Limits: one hub, [`SIDE_MAX`] itineraries a side, `combinations_max` combinations.
//! Cost: choosing a hub looks at [`HUBS_MAX`] airports, about 20 us; pairing well under 1 ms.

use std::sync::{Arc, OnceLock};

use atlas::{Airport, Atlas};
use connections::{SelfTransferRules, Touch, pair_self_transfers};
use domain::{
    AirportCode, Answer, AnswerBuilder, BagAllowance, Money, Offer, Place, PlaceSet, Question,
    QuestionLeg, Transfer,
};

use crate::merged::{Merged, MergedItinerary, OptionRow};
use crate::remembered::Source;
use crate::settings::SelfTransferSettings;

/// Itineraries of one side that are paired, cheapest first.
pub const SIDE_MAX: usize = 200;
/// Airports that can be hubs: the most popular of the world.
pub const HUBS_MAX: usize = 150;
/// Ends nearer than this are not worth a change of tickets.
const DISTANCE_KM_MIN: f64 = 700.0;
/// A hub this close to an end is no hub.
const HUB_KM_MIN: f64 = 250.0;
/// How much longer than the straight line the way over a hub may be.
const DETOUR_MAX: f64 = 1.35;

/// One ticket of a combination: an offer of an answer to one of the two extra questions.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) answer: Arc<Answer>,
    pub(crate) offer: u32,
    /// Minor units of the display currency.
    pub(crate) amount: i64,
    pub(crate) source: Option<Source>,
}

impl Part {
    pub(crate) fn offer(&self) -> &Offer {
        &self.answer.offers()[self.offer as usize]
    }
}

/// A hub and the two questions whose answers meet there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hub {
    /// Where tickets are changed.
    pub airport: AirportCode,
    /// From the origin to the hub.
    pub first: Question,
    /// From the hub to the destination.
    pub second: Question,
}

/// The hub worth trying for a question; `None` if it has more than one leg, or there is no airport
/// well on the way.
///
/// Of the world's most popular airports on the way, the one with the most popularity for its
/// detour; the same for the same question everywhere.
#[must_use]
pub fn choose_hub(question: &Question, atlas: &'static Atlas) -> Option<Hub> {
    let [leg] = &question.legs[..] else { return None };
    let (from, to) = (main_airport(&leg.origin, atlas)?, main_airport(&leg.destination, atlas)?);
    let straight = atlas.distance_km(from, to)?;
    if straight < DISTANCE_KM_MIN {
        return None;
    }
    let mut best: Option<(f64, AirportCode, f64)> = None;
    for &hub in hubs(atlas) {
        if leg.origin.contains(hub.code) || leg.destination.contains(hub.code) {
            continue;
        }
        let (Some(before), Some(after)) =
            (atlas.distance_km(from, hub.code), atlas.distance_km(hub.code, to))
        else {
            continue;
        };
        let detour = (before + after) / straight;
        if before < HUB_KM_MIN || after < HUB_KM_MIN || detour > DETOUR_MAX {
            continue;
        }
        let worth = f64::from(hub.popularity) / (detour * detour);
        // Strictly better, and hubs come in a fixed order: ties go to the first of them.
        if best.is_none_or(|(known, _, _)| worth > known) {
            best = Some((worth, hub.code, before));
        }
    }
    let (_, hub, before) = best?;
    let place = PlaceSet { asked: Place::Airport(hub), airports: vec![hub] };
    let part = |leg: QuestionLeg| Question { legs: vec![leg], ..question.clone() };
    Some(Hub {
        airport: hub,
        first: part(QuestionLeg { destination: place.clone(), ..leg.clone() }),
        second: part(QuestionLeg {
            origin: place,
            date: leg.date.plus_days(i32::from(before > OVERNIGHT_KM)),
            ..leg.clone()
        }),
    })
}

/// A flight longer than this lands on the next day more often than not: about ten hours.
const OVERNIGHT_KM: f64 = 8_000.0;

/// The most popular airport of a place.
fn main_airport(place: &PlaceSet, atlas: &Atlas) -> Option<AirportCode> {
    let popularity = |code: &AirportCode| atlas.airport(*code).map_or(0.0, |a| a.popularity);
    // The first of equals, because `max_by` takes the last.
    place.airports.iter().rev().copied().max_by(|a, b| popularity(a).total_cmp(&popularity(b)))
}

/// The most popular airports, most popular first.
fn hubs(atlas: &'static Atlas) -> &'static [&'static Airport] {
    static HUBS: OnceLock<Vec<&'static Airport>> = OnceLock::new();
    HUBS.get_or_init(|| {
        let mut airports: Vec<&Airport> = atlas.airports().iter().collect();
        airports.sort_by(|a, b| {
            b.popularity.total_cmp(&a.popularity).then_with(|| a.code.cmp(&b.code))
        });
        airports.truncate(HUBS_MAX);
        airports
    })
}

/// Combines the merged answers to a hub's two questions, cheapest first; `None` if nothing fits.
///
/// The answer that comes out has one offer per entry of the parts, in the same order.
pub(crate) fn combine(
    first: &Merged,
    second: &Merged,
    settings: &SelfTransferSettings,
) -> Option<(Arc<Answer>, Vec<[Part; 2]>)> {
    let (before, after) = (side(first, End::Arrival), side(second, End::Departure));
    let touches = |side: &[Side<'_>]| side.iter().map(|side| side.touch).collect::<Vec<_>>();
    let rules = SelfTransferRules {
        change_min: settings.transfer_min_minutes.get() as u16,
        change_max: settings.transfer_max_minutes.get() as u16,
        // Both parts meet at one airport.
        between_min: &|_, _| None,
        pairs_max: settings.combinations_max.size(),
    };
    let mut builder = AnswerBuilder::default();
    let mut parts = Vec::new();
    for pair in pair_self_transfers(&touches(&before), &touches(&after), &rules) {
        let (before, after) = (&before[pair.arrival], &after[pair.departure]);
        // At a limit of the answer the cheaper combinations are in it already.
        if let Some(joined) = join(&mut builder, [(first, before), (second, after)]) {
            parts.push(joined);
        }
    }
    (!parts.is_empty()).then(|| (Arc::new(builder.finish()), parts))
}

/// Which end of a part lies at the hub.
#[derive(Clone, Copy)]
enum End {
    Arrival,
    Departure,
}

/// One itinerary to a hub or from it, with its cheapest offer.
struct Side<'a> {
    itinerary: &'a MergedItinerary,
    option: &'a OptionRow,
    touch: Touch,
}

/// What can be combined of one side: at most one stop, priced, cheapest first.
fn side(merged: &Merged, end: End) -> Vec<Side<'_>> {
    let mut side: Vec<Side<'_>> = Vec::new();
    for itinerary in merged.itineraries().iter().filter(|itinerary| itinerary.stops <= 1) {
        let option = merged.options(itinerary).first();
        let (Some(option), Some(cost), Some(leg)) =
            (option, itinerary.price, merged.legs(itinerary).next())
        else {
            continue;
        };
        let (airport, time) = match end {
            End::Arrival => (leg.destination(), leg.arrives()),
            End::Departure => (leg.origin(), leg.departs()),
        };
        if let Some(at) = merged.atlas.utc_minutes(airport, time) {
            side.push(Side { itinerary, option, touch: Touch { airport, at, cost } });
        }
    }
    // By key at last, so that nothing depends on who answered first.
    side.sort_unstable_by_key(|side| (side.touch.cost, side.itinerary.key));
    side.truncate(SIDE_MAX);
    side
}

/// Adds one combination to the answer; `None` if it does not fit.
fn join(builder: &mut AnswerBuilder, sides: [(&Merged, &Side<'_>); 2]) -> Option<[Part; 2]> {
    let mut segments = Vec::new();
    for (merged, side) in sides {
        for leg in merged.legs(side.itinerary) {
            segments.extend(leg.segments().map(|segment| builder.segment(*segment)));
        }
    }
    let leg = builder.leg(&segments).ok()?;
    let itinerary = builder.itinerary(&[leg]).ok()?;
    let parts = sides.map(|(merged, side)| Part {
        answer: Arc::clone(&merged.answers[side.option.answer() as usize]),
        offer: side.option.offer_index(),
        amount: side.touch.cost,
        source: merged.source(side.option.answer()),
    });
    let [first, second] = [parts[0].offer(), parts[1].offer()];
    let total = parts[0].amount.checked_add(parts[1].amount)?;
    let offer = Offer {
        price: Some(Money::new(total, sides[0].0.currency())),
        agent: first.agent,
        itinerary,
        fares_start: 0,
        fares_len: 0,
        transfer: Transfer::SelfTransfer,
        cabin_bags: fewer(first.cabin_bags, second.cabin_bags),
        checked_bags: fewer(first.checked_bags, second.checked_bags),
        brand: domain::Text::default(),
        link: domain::Text::default(),
        emissions_grams: match (first.emissions_grams, second.emissions_grams) {
            (0, _) | (_, 0) => 0,
            (one, other) => one.saturating_add(other),
        },
    };
    builder.offer(offer, &[]).ok()?;
    Some(parts)
}

/// Bags that both tickets include; unknown if one does not say.
fn fewer(one: BagAllowance, other: BagAllowance) -> BagAllowance {
    match (one, other) {
        (BagAllowance::Included(one), BagAllowance::Included(other)) => {
            BagAllowance::Included(one.min(other))
        }
        (BagAllowance::Unknown, _) | (_, BagAllowance::Unknown) => BagAllowance::Unknown,
    }
}

#[cfg(test)]
mod tests;
