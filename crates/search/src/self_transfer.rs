//! Self-transfers: two tickets sold separately, joined at a hub by the traveller.
//!
//! ```text
//! question of one or two legs ─▶ choose_hub ─▶ two extra questions, near and far of the hub
//! their merged answers ─▶ combine ─▶ combinations, each with both parts' sellers and prices
//! ```
//!
//! Every leg of a combination is flown on both tickets: to the hub on one and on from it on the other.
//! What is not combined, and why, stands in [`hub`]. Each part is the cheapest priced offer of an
//! itinerary with at most one stop a leg, and both may come from one seller: they are two tickets all the
//! same. At the hub the traveller may change to another airport of the same city, if there is time.
//! A combination's total is the sum of its parts' totals in the display currency; it is marked, is
//! never mixed with a quote, and carries both quotes as they were made.
//!
//! Limits: one hub, [`SIDE_MAX`] itineraries a side, `combinations_max` combinations.
//! Cost: choosing a hub looks at [`HUBS_MAX`] airports, about 20 us; pairing well under 1 ms.

pub mod hub;

use std::sync::Arc;

use connections::{SelfTransferRules, Touch, pair_self_transfers};
use domain::{AirportCode, Answer, AnswerBuilder, BagAllowance, Money, Offer, Segment, Transfer};

pub use hub::{HUBS_MAX, Hub, choose_hub};

use crate::merged::{Merged, MergedItinerary, OptionRow};
use crate::remembered::Source;
use crate::settings::SelfTransferSettings;

/// Itineraries of one side that are paired, cheapest first.
pub const SIDE_MAX: usize = 200;

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

/// Combines the merged answers to a hub's two questions, cheapest first; `None` if nothing fits.
///
/// The answer that comes out has one offer per entry of the parts, in the same order.
pub(crate) fn combine(
    first: &Merged,
    second: &Merged,
    settings: &SelfTransferSettings,
) -> Option<(Arc<Answer>, Vec<[Part; 2]>)> {
    let (near, far) = (side(first, End::Near), side(second, End::Far));
    let city = |code: AirportCode| first.atlas.airport(code).map(|airport| airport.city);
    let airport_change = settings.airport_change_min_minutes.get() as u16;
    let between = |from: AirportCode, to: AirportCode| {
        city(from).is_some_and(|one| city(to) == Some(one)).then_some(airport_change)
    };
    let rules = SelfTransferRules {
        change_min: settings.transfer_min_minutes.get() as u16,
        change_max: settings.transfer_max_minutes.get() as u16,
        between_min: &between,
        pairs_max: settings.combinations_max.size(),
    };
    // On the way back the far ticket lands and the near one takes off.
    let meet_again = |near_at: usize, far_at: usize| match (near[near_at].back, far[far_at].back) {
        (Some(next), Some(landing)) => rules.allows(landing, next),
        (None, None) => true,
        _ => false,
    };
    let touches = |side: &[Side<'_>]| side.iter().map(|side| side.out).collect::<Vec<_>>();
    let mut builder = AnswerBuilder::default();
    let mut parts = Vec::new();
    for pair in pair_self_transfers(&touches(&near), &touches(&far), &rules, &meet_again) {
        let (near, far) = (&near[pair.arrival], &far[pair.departure]);
        // At a limit of the answer the cheaper combinations are in it already.
        if let Some(joined) = join(&mut builder, [(first, near), (second, far)]) {
            parts.push(joined);
        }
    }
    (!parts.is_empty()).then(|| (Arc::new(builder.finish()), parts))
}

/// Which ticket it is: the one at the origin of the trip or the one at its destination.
#[derive(Clone, Copy)]
enum End {
    Near,
    Far,
}

/// One itinerary to a hub or from it, with its cheapest offer.
struct Side<'a> {
    itinerary: &'a MergedItinerary,
    option: &'a OptionRow,
    /// Where it meets the other ticket on the first leg.
    out: Touch,
    /// Where on the second, if there is one.
    back: Option<Touch>,
}

/// What can be combined of one side: at most one stop a leg, priced, cheapest first.
fn side(merged: &Merged, end: End) -> Vec<Side<'_>> {
    let mut side: Vec<Side<'_>> = Vec::new();
    for itinerary in merged.itineraries().iter().filter(|itinerary| itinerary.stops <= 1) {
        let option = merged.any_order(itinerary).first();
        let (Some(option), Some(cost)) = (option, itinerary.price) else { continue };
        let mut touches = merged.legs(itinerary).enumerate().map(|(index, leg)| {
            // The near ticket lands at the hub on the first leg, the far one on the second.
            let lands = matches!(end, End::Near) == (index == 0);
            let (airport, time) = match lands {
                true => (leg.destination(), leg.arrives()),
                false => (leg.origin(), leg.departs()),
            };
            merged.atlas.utc_minutes(airport, time).map(|at| Touch { airport, at, cost })
        });
        let (out, back) = (touches.next().flatten(), touches.next());
        if let (Some(out), false) = (out, back == Some(None)) {
            side.push(Side { itinerary, option, out, back: back.flatten() });
        }
    }
    // By key at last, so that nothing depends on who answered first.
    side.sort_unstable_by_key(|side| (side.out.cost, side.itinerary.key));
    side.truncate(SIDE_MAX);
    side
}

/// Adds one combination to the answer; `None` if it does not fit.
fn join(builder: &mut AnswerBuilder, sides: [(&Merged, &Side<'_>); 2]) -> Option<[Part; 2]> {
    let [near, far] = sides.map(|(merged, side)| {
        let legs = merged.legs(side.itinerary);
        legs.map(|leg| leg.segments().copied().collect()).collect::<Vec<Vec<Segment>>>()
    });
    let mut legs = Vec::with_capacity(near.len());
    for (index, (near, far)) in near.iter().zip(&far).enumerate() {
        let (before, after) = if index == 0 { (near, far) } else { (far, near) };
        let flown: Vec<u32> =
            before.iter().chain(after).map(|segment| builder.segment(*segment)).collect();
        legs.push(builder.leg(&flown).ok()?);
    }
    let itinerary = builder.itinerary(&legs).ok()?;
    let parts = sides.map(|(merged, side)| Part {
        answer: Arc::clone(&merged.answers[side.option.answer() as usize]),
        offer: side.option.offer_index(),
        amount: side.out.cost,
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
