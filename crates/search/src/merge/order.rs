//! The order of one itinerary's options, and which of two offers of the same seller stays.

use std::cmp::Ordering;

use domain::{BagAllowance, FareDetail, Offer, Transfer};

use crate::merged::{Merged, OptionRow};

/// The order of options: lowest amount first, then by agent and brand, then by what else they say.
///
/// So the order, and which of a seller's offers stays, depend on nothing but what the offers say.
#[inline]
pub(super) fn compare_options(merged: &Merged, a: &OptionRow, b: &OptionRow) -> Ordering {
    a.sort_amount().cmp(&b.sort_amount()).then_with(|| compare(merged, a, b))
}

/// Bits of a sort key that are the option's place.
const PLACE_BITS: u32 = 16;
/// Amounts from here on do not fit beside a place.
const AMOUNT_END: i64 = 1 << (63 - PLACE_BITS);

/// Puts options into the order of [`compare_options`].
///
/// Nearly all are decided by amount. So numbers are sorted, amount above place, which takes a third
/// of the time that sorting rows by a comparison does; only equal amounts are looked at closely.
pub(super) fn sort_options(merged: &Merged, options: &mut [OptionRow], scratch: &mut SortScratch) {
    let SortScratch { keys, rows } = scratch;
    keys.clear();
    rows.clear();
    for (place, row) in (0_u64..).zip(&*options) {
        let amount = row.amount().unwrap_or(AMOUNT_END);
        let fits = row.amount().is_none_or(|amount| (0..AMOUNT_END).contains(&amount));
        if !fits || place >= 1 << PLACE_BITS {
            options.sort_unstable_by(|a, b| compare_options(merged, a, b));
            return;
        }
        keys.push((amount as u64) << PLACE_BITS | place);
    }
    keys.sort_unstable();
    rows.extend_from_slice(options);
    for (row, key) in options.iter_mut().zip(&*keys) {
        *row = rows[(key & ((1 << PLACE_BITS) - 1)) as usize];
    }
    for equal in options.chunk_by_mut(|a, b| a.sort_amount() == b.sort_amount()) {
        if equal.len() > 1 {
            equal.sort_unstable_by(|a, b| compare(merged, a, b));
        }
    }
}

/// Memory that sorting uses again and again.
#[derive(Debug, Default)]
pub(super) struct SortScratch {
    keys: Vec<u64>,
    rows: Vec<OptionRow>,
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
