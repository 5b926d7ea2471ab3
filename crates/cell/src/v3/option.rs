//! One pricing option of a v3 itinerary, and amounts.

use domain::{AgentId, Segment};
use search::{OfferView, OptionRow};

use super::catalog::Catalog;
use super::content::{Content, Shown, transfer_name};
use crate::json::Json;

/// Writes a price object. `None` is a price that is not known.
pub(super) fn price(json: &mut Json, milli: Option<i64>) {
    price_in(json, milli, b"PRICE_UNIT_MILLI");
}

/// Writes the price object of a count of nothing.
pub(super) fn no_price(json: &mut Json) {
    price_in(json, None, b"PRICE_UNIT_UNSPECIFIED");
}

/// Writes a price object in a unit; without an amount it is empty.
pub(super) fn price_in(json: &mut Json, milli: Option<i64>, unit: &[u8]) {
    json.object(|json| {
        json.key("amount");
        match milli {
            Some(milli) => json.number_text(milli),
            None => json.plain(b""),
        };
        json.key("unit").plain(unit);
        json.key("updateStatus").plain(b"PRICE_UPDATE_STATUS_UNSPECIFIED");
    });
}

/// Thousandths of the currency's major unit.
pub(super) fn milli(minor: i64, decimals: u8) -> i64 {
    match decimals {
        0..=3 => minor.saturating_mul(10_i64.pow(3 - u32::from(decimals))),
        more => {
            let divisor = 10_i64.saturating_pow(u32::from(more) - 3);
            (minor + divisor / 2).div_euclid(divisor)
        }
    }
}

/// Writes one option.
pub(super) fn write(
    json: &mut Json,
    content: &Content<'_>,
    catalog: &Catalog,
    shown: &Shown<'_>,
    row: &OptionRow,
) {
    let offer = content.merged().offer(row);
    let total = row.amount().map(|minor| milli(minor, content.decimals()));
    let parts: Vec<_> = offer.parts().collect();
    json.object(|json| {
        json.key("price");
        price(json, total);
        json.key("agentIds").list(|json| {
            if parts.is_empty() {
                json.plain(offer.agent().as_str().as_bytes());
            }
            for part in &parts {
                json.plain(part.agent().as_str().as_bytes());
            }
        });
        json.key("items").list(|json| {
            if parts.is_empty() {
                let item = Item { milli: total, agent: offer.agent(), link: (shown, &offer, 0) };
                item.write(json, content, |json| {
                    for fare in offer.fares() {
                        let letter = fare.booking_class.map(String::from).unwrap_or_default();
                        write_fare(json, catalog, fare.segment, &letter, fare.basis);
                    }
                });
            }
            for (index, part) in parts.iter().enumerate() {
                let item = Item {
                    milli: Some(milli(part.amount(), content.decimals())),
                    agent: part.agent(),
                    link: (shown, &offer, index as u8 + 1),
                };
                item.write(json, content, |json| {
                    for segment in part.segments() {
                        write_fare(json, catalog, segment, "", "");
                    }
                });
            }
        });
        json.key("transferType").plain(transfer_name(offer.transfer()));
        json.key("id").plain_with(|id| push_option_id(id, content, row, shown));
        json.key("pricingOptionFare");
        write_terms(json, shown, &offer);
    });
}

/// Writes what the fare is called, if its seller says so. What it includes stays out: of the words for
/// that only "not known" is known, and beside that a number of bags would be a contradiction.
fn write_terms(json: &mut Json, shown: &Shown<'_>, offer: &OfferView<'_>) {
    let mut brands: Vec<&str> = offer.parts().map(|part| part.brand()).collect();
    brands.push(offer.brand());
    brands.retain(|brand| !brand.is_empty());
    brands.dedup();
    if brands.is_empty() {
        json.null();
        return;
    }
    let names = |json: &mut Json| {
        json.key("brandNames").list(|json| {
            for brand in &brands {
                json.text(brand);
            }
        });
    };
    json.object(|json| {
        json.key("cabinBaggage").null();
        json.key("checkedBaggage").null();
        json.key("legDetails").object(|json| {
            for id in &shown.leg_ids {
                json.key_text(id).object(names);
            }
        });
        names(json);
    });
}

/// What is bought in one purchase.
struct Item<'a> {
    milli: Option<i64>,
    agent: AgentId,
    /// Itinerary, offer, and which part of it is bought.
    link: (&'a Shown<'a>, &'a OfferView<'a>, u8),
}

impl Item<'_> {
    fn write(&self, json: &mut Json, content: &Content<'_>, fares: impl FnOnce(&mut Json)) {
        json.object(|json| {
            json.key("price");
            price(json, self.milli);
            json.key("agentId").plain(self.agent.as_str().as_bytes());
            let mut link = String::with_capacity(content.link_base.len() + 24);
            link.push_str(content.link_base);
            let (shown, offer, part) = self.link;
            content.snapshot.write_link(shown.itinerary, offer, part, &mut link);
            json.key("deepLink").text(&link);
            json.key("fares").list(fares);
        });
    }
}

fn write_fare(json: &mut Json, catalog: &Catalog, segment: &Segment, letter: &str, basis: &str) {
    json.object(|json| {
        json.key("segmentId").text(&catalog.segment_id(segment));
        json.key("bookingCode").text(letter);
        json.key("fareBasisCode").text(basis);
    });
}

/// Twelve characters that name the option: the same in every answer of the search.
fn push_option_id(id: &mut Vec<u8>, content: &Content<'_>, row: &OptionRow, shown: &Shown<'_>) {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let offer = content.merged().offer(row);
    let mut name = Vec::with_capacity(64);
    name.extend_from_slice(&shown.itinerary.key.0.to_le_bytes());
    name.extend_from_slice(offer.agent().as_str().as_bytes());
    name.push(0);
    name.extend_from_slice(offer.brand().as_bytes());
    let mut hash = xxhash_rust::xxh3::xxh3_128(&name);
    for _ in 0..12 {
        id.push(LETTERS[(hash & 63) as usize]);
        hash >>= 6;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_thousandths_of_the_major_unit_whatever_the_currency() {
        assert_eq!(milli(11_845, 2), 118_450);
        assert_eq!(milli(12_900, 0), 12_900_000);
        assert_eq!(milli(1_234, 3), 1_234);
        assert_eq!(milli(12_345, 4), 1_235);
    }

    #[test]
    fn an_unknown_price_is_an_empty_amount() {
        let mut json = Json::default();
        price(&mut json, None);
        let text = String::from_utf8(json.into_bytes()).unwrap();
        assert!(text.starts_with(r#"{"amount":"","unit":"PRICE_UNIT_MILLI""#), "{text}");
    }
}
