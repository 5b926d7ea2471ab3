//! The order of one itinerary's options, and which of two offers of the same seller stays.

use std::cmp::Ordering;

use domain::{BagAllowance, FareDetail, Offer, Transfer};

use crate::merged::{Merged, OptionRow};

/// The order of options: lowest amount first, then by agent and brand, then by what else they say.
///
/// So the order, and which of a seller's offers stays, depend on nothing but what the offers say.
#[inline]
pub(crate) fn compare_options(merged: &Merged, a: &OptionRow, b: &OptionRow) -> Ordering {
    a.sort_amount().cmp(&b.sort_amount()).then_with(|| compare(merged, a, b))
}

/// Compares two options of the same amount by everything a traveller can see of them.
fn compare(merged: &Merged, a: &OptionRow, b: &OptionRow) -> Ordering {
    let ((answer_a, offer_a), (answer_b, offer_b)) = (merged.raw(a), merged.raw(b));
    let combined = merged.is_combination(a).cmp(&merged.is_combination(b));
    combined
        .then_with(|| offer_a.agent.cmp(&offer_b.agent))
        .then_with(|| answer_a.text(offer_a.brand).cmp(answer_b.text(offer_b.brand)))
        .then_with(|| price_key(offer_a).cmp(&price_key(offer_b)))
        .then_with(|| answer_a.text(offer_a.link).cmp(answer_b.text(offer_b.link)))
        .then_with(|| said(offer_a).cmp(&said(offer_b)))
        .then_with(|| {
            let fares = |answer: &'_ domain::Answer, fare: &FareDetail| {
                let segment = answer.segments()[fare.segment as usize];
                (segment, fare.booking_class, answer.text(fare.basis).to_owned())
            };
            let of_a = answer_a.fares_of(offer_a).iter().map(|fare| fares(answer_a, fare));
            of_a.cmp(answer_b.fares_of(offer_b).iter().map(|fare| fares(answer_b, fare)))
        })
}

fn price_key(offer: &Offer) -> Option<(u16, i64)> {
    offer.price.map(|price| (price.currency.packed(), price.minor))
}

/// What an offer says beside seller, price and link.
fn said(offer: &Offer) -> (Transfer, BagAllowance, BagAllowance, u32) {
    (offer.transfer, offer.cabin_bags, offer.checked_bags, offer.emissions_grams)
}
