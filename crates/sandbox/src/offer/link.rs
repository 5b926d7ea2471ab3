//! Ids of offers and links to them.
//!
//! An id says what would be bought, so that the seller's page needs no memory:
//! `EDI.KL930.AMS.KL861.SIN_SIN.KL862.AMS.KL929.EDI~e2-1-0~1` is two legs, economy, two adults, one
//! child, no infant, the second brand. Every character is one that URLs carry as it is.

use domain::{Cabin, Question};

use super::{OnShelf, Shelf};
use crate::wire::text;

/// Where an offer can be bought, as partner files write it for protocols without links; the rest of
/// a link that [`write_link`] makes.
#[must_use]
pub fn template(base_url: &str, partner: &str) -> String {
    format!(
        "{base_url}/p/{partner}/book?o={{offer_id}}&on={{date}}&price={{amount}}&in={{currency}}"
    )
}

/// Letter of a cabin in an id.
#[must_use]
pub const fn cabin_letter(cabin: Cabin) -> u8 {
    match cabin {
        Cabin::Economy => b'e',
        Cabin::PremiumEconomy => b'p',
        Cabin::Business => b'b',
        Cabin::First => b'f',
    }
}

/// What of an id is the same for all offers of a question.
#[must_use]
pub fn party_mark(question: &Question) -> Vec<u8> {
    let travellers = &question.travellers;
    let mut mark = vec![b'~', cabin_letter(question.cabin)];
    text::number(&mut mark, u64::from(travellers.adults()));
    mark.push(b'-');
    text::number(&mut mark, travellers.children().len() as u64);
    mark.push(b'-');
    text::number(&mut mark, u64::from(travellers.infants()));
    mark.push(b'~');
    mark
}

/// Writes the id of an offer.
pub fn write_id(shelf: &Shelf, offer: &OnShelf, party_mark: &[u8], out: &mut Vec<u8>) {
    for (leg, &candidate) in shelf.indexes_of(offer).iter().enumerate() {
        if leg > 0 {
            out.push(b'_');
        }
        out.extend_from_slice(shelf.boards[leg].texts.flights(candidate));
    }
    out.extend_from_slice(party_mark);
    text::digit(out, offer.brand_index);
}

/// Writes a link from its parts; `id` and `amount` need no encoding.
pub fn write_link(head: &[u8], id: &[u8], tail: &LinkTail, amount: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(head);
    out.extend_from_slice(id);
    out.extend_from_slice(&tail.before_amount);
    out.extend_from_slice(amount);
    out.extend_from_slice(&tail.after_amount);
}

/// The first part of all links of a partner.
#[must_use]
pub fn head(base_url: &str, partner: &str) -> Vec<u8> {
    format!("{base_url}/p/{partner}/book?o=").into_bytes()
}

/// What stands around the amount in all links of a shelf.
#[derive(Clone, Debug)]
pub struct LinkTail {
    before_amount: Vec<u8>,
    after_amount: Vec<u8>,
}

impl LinkTail {
    /// The tail for a shelf in a currency.
    #[must_use]
    pub fn new(shelf: &Shelf, currency: domain::CurrencyCode) -> Self {
        let mut before_amount = b"&on=".to_vec();
        if let Some(date) = shelf.first_date {
            text::date(&mut before_amount, date);
        }
        before_amount.extend_from_slice(b"&price=");
        let mut after_amount = b"&in=".to_vec();
        after_amount.extend_from_slice(&currency.to_bytes());
        Self { before_amount, after_amount }
    }
}
