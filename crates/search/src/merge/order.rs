//! The order of one itinerary's options, and which of two offers of the same seller stays.

use std::cmp::Ordering;

use domain::{BagAllowance, FareDetail, Offer, Transfer};
use runtime::FixedSet;

use crate::merged::{Merged, OptionRow};

/// From this many options on, sellers are compared by hashing instead of one by one.
const MANY: usize = 48;

/// Sorts options: lowest amount first, then by agent and brand, then by what else they say.
///
/// So the first of several offers of one seller and brand is the one that stays, and the order
/// depends on nothing but what the offers say.
pub(super) fn sort_options(merged: &Merged, options: &mut [OptionRow]) {
    options.sort_unstable_by(|a, b| {
        a.sort_amount().cmp(&b.sort_amount()).then_with(|| compare(merged, a, b))
    });
}

/// Keeps the first option of each agent and brand at the front, in order; returns how many.
pub(super) fn one_per_seller(merged: &Merged, options: &mut [OptionRow]) -> usize {
    if options.len() > MANY {
        return one_of_many(merged, options);
    }
    // One bit an agent, shared by those 64 apart: if no bit comes twice, no seller does.
    let (mut agents, mut twice) = (0_u64, 0_u64);
    for option in options.iter() {
        let bit = 1 << (option.agent_index() % 64);
        twice |= agents & bit;
        agents |= bit;
    }
    if twice == 0 {
        return options.len();
    }
    let mut kept = 0;
    for index in 0..options.len() {
        let option = options[index];
        let same = |other: &OptionRow| {
            other.agent_index() == option.agent_index()
                && brand(merged, other) == brand(merged, &option)
        };
        if !options[..kept].iter().any(same) {
            options[kept] = option;
            kept += 1;
        }
    }
    kept
}

fn one_of_many(merged: &Merged, options: &mut [OptionRow]) -> usize {
    let mut sellers = FixedSet::<(usize, &str)>::default();
    let mut kept = 0;
    for index in 0..options.len() {
        let option = options[index];
        if sellers.insert((option.agent_index(), brand(merged, &option))) {
            options[kept] = option;
            kept += 1;
        }
    }
    kept
}

fn brand<'a>(merged: &'a Merged, option: &OptionRow) -> &'a str {
    let (answer, offer) = merged.raw(option);
    answer.text(offer.brand)
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
