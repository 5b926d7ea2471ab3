//! One itinerary of a page: its legs and its cheapest options.
//!
//! Members that are always there are written in pieces of known length ([`Json::put`]): a page has
//! some two thousand of them.

use domain::{AgentId, BagAllowance, Money, Segment, Transfer};
use search::{LegView, MergedItinerary, OfferView, OptionRow, PageRow, PartView};

use super::PageParts;
use super::names::Names;
use crate::agents::{AgentCard, NOBODY};
use crate::json::Json;
use crate::key;
use crate::v1::text::{
    amount, push_decimal, push_flight_number, push_hex, put_amount, seconds, time_text,
};

/// The text of a link, of which only the signed id at the end changes.
struct LinkText {
    text: String,
    base: usize,
}

impl LinkText {
    fn new(token: &str) -> Self {
        let mut text = String::with_capacity(token.len() + 40);
        text.push_str("/v1/go/");
        text.push_str(token);
        text.push_str("?l=");
        Self { base: text.len(), text }
    }

    fn with(&mut self, write: impl FnOnce(&mut String)) -> &[u8] {
        self.text.truncate(self.base);
        write(&mut self.text);
        self.text.as_bytes()
    }
}

/// Sellers of one itinerary, by index of the agent.
#[derive(Default)]
struct Sellers {
    few: u128,
    more: Vec<usize>,
}

impl Sellers {
    fn add(&mut self, index: usize) {
        match index {
            0..128 => self.few |= 1 << index,
            _ if self.more.contains(&index) => {}
            _ => self.more.push(index),
        }
    }

    fn count(&self) -> usize {
        self.few.count_ones() as usize + self.more.len()
    }
}

/// Writes the itineraries of a page.
pub(super) struct RowWriter<'a, 'n> {
    parts: &'a PageParts<'a>,
    names: &'n mut Names,
    link: LinkText,
}

impl<'a, 'n> RowWriter<'a, 'n> {
    pub(super) fn new(parts: &'a PageParts<'a>, names: &'n mut Names) -> Self {
        Self { parts, names, link: LinkText::new(parts.token) }
    }

    /// Writes one itinerary.
    pub(super) fn row(&mut self, json: &mut Json, row: &PageRow) {
        let merged = self.parts.merged;
        let Some(itinerary) = merged.itineraries().get(row.itinerary as usize) else { return };
        json.object(|json| {
            key!(json, "id").plain_with(|id| push_hex(id, itinerary.key.0));
            key!(json, "duration_minutes").number(itinerary.duration_minutes);
            key!(json, "stops").number(itinerary.stops);
            amount(key!(json, "price"), row.price);
            key!(json, "scores").object(|json| {
                key!(json, "best").share(row.scores.best);
                key!(json, "cheapest").share(row.scores.cheapest);
                key!(json, "fastest").share(row.scores.fastest);
            });
            key!(json, "self_transfer").truth(itinerary.transfer == Transfer::SelfTransfer);
            key!(json, "legs").list(|json| {
                for leg in merged.legs(itinerary) {
                    self.leg(json, &leg);
                }
            });
            let (mut count, mut sellers) = (0, Sellers::default());
            key!(json, "options").list(|json| {
                let shown = merged.options(itinerary);
                for option in shown.iter().filter(|option| self.parts.page.shows(merged, option)) {
                    self.count_sellers(&mut sellers, option);
                    if count < self.parts.options {
                        self.option(json, itinerary, option);
                    }
                    count += 1;
                }
            });
            key!(json, "options_total").number(count);
            key!(json, "sellers").number(sellers.count());
        });
    }

    fn count_sellers(&self, sellers: &mut Sellers, option: &OptionRow) {
        let merged = self.parts.merged;
        if option.agent_index() < merged.agents().len() {
            return sellers.add(option.agent_index());
        }
        for part in merged.offer(option).parts() {
            if let Some(index) = merged.agents().iter().position(|&known| known == part.agent()) {
                sellers.add(index);
            }
        }
    }

    fn leg(&mut self, json: &mut Json, leg: &LegView<'_>) {
        json.item().put(b"{\"origin\":\"").put(&leg.origin().to_bytes());
        json.put(b"\",\"destination\":\"").put(&leg.destination().to_bytes());
        json.put(b"\",\"departs\":\"").put(&time_text(leg.departs()));
        json.put(b"\",\"arrives\":\"").put(&time_text(leg.arrives()));
        json.put(b"\",\"duration_minutes\":").put_number(leg.duration_minutes);
        json.put(b",\"day_shift\":").put_number(leg.day_shift());
        json.put(b",\"stops\":").put_number(leg.stops());
        json.put(b",\"segments\":[");
        for segment in leg.segments() {
            self.names.add(segment);
            write_segment(json.item(), segment, leg.segment_minutes(segment));
        }
        json.put(b"]}");
    }

    fn option(&mut self, json: &mut Json, itinerary: &MergedItinerary, row: &OptionRow) {
        let offer = self.parts.merged.offer(row);
        let combination = self.parts.merged.is_combination(row);
        json.item().put(b"{");
        match offer.sole_agent() {
            Some(agent) => self.seller(json, agent),
            None => {
                json.put(NOBODY);
            }
        }
        json.put(b",\"price\":");
        put_amount(json, offer.amount);
        self.quoted(json, offer.quoted());
        put_terms(json, offer.brand(), offer.cabin_bags(), offer.checked_bags());
        json.put(match offer.transfer() {
            Transfer::Managed => b",\"transfer\":\"managed\",\"link\":",
            Transfer::ProtectedSelfTransfer => {
                b",\"transfer\":\"protected_self_transfer\",\"link\":"
            }
            Transfer::SelfTransfer => b",\"transfer\":\"self_transfer\",\"link\":",
        });
        if combination || !offer.can_follow() {
            json.put(b"null");
        } else {
            self.link(json, itinerary, &offer, 0);
        }
        json.put(b",\"seen_s\":");
        put_amount(json, seconds(offer.seen_ms()));
        json.put(b",\"parts\":[");
        for (index, part) in offer.parts().enumerate() {
            self.part(json, itinerary, &offer, (index as u8 + 1, &part));
        }
        json.put(b"]}");
    }

    /// A ticket of a combination, bought by itself.
    fn part(
        &mut self,
        json: &mut Json,
        itinerary: &MergedItinerary,
        offer: &OfferView<'_>,
        (number, part): (u8, &PartView<'_>),
    ) {
        json.item().put(b"{");
        self.seller(json, part.agent());
        json.put(b",\"legs\":[");
        for (origin, destination) in part.legs() {
            json.item().put(b"{\"origin\":\"").put(&origin.to_bytes());
            json.put(b"\",\"destination\":\"").put(&destination.to_bytes()).put(b"\"}");
        }
        json.put(b"]");
        json.put(b",\"price\":").put_number(part.amount());
        self.quoted(json, part.quoted());
        put_terms(json, part.brand(), part.cabin_bags(), part.checked_bags());
        json.put(b",\"link\":");
        if part.can_follow() {
            self.link(json, itinerary, offer, number);
        } else {
            json.put(b"null");
        }
        json.put(b",\"seen_s\":");
        put_amount(json, seconds(part.seen_ms()));
        json.put(b"}");
    }

    fn seller(&self, json: &mut Json, agent: AgentId) {
        match self.parts.agents.card(agent) {
            Some(card) => json.put(&card.members),
            None => json.put(&AgentCard::new(agent, agent.as_str(), false).members),
        };
    }

    fn quoted(&self, json: &mut Json, quoted: Option<Money>) {
        let Some(money) = quoted else {
            json.put(b",\"quoted\":null");
            return;
        };
        let known = self.parts.atlas.currency(money.currency);
        let decimals = known.map_or(2, |currency| currency.decimals);
        json.put(b",\"quoted\":{\"amount\":\"");
        push_decimal(json.bytes_mut(), money.minor, decimals);
        json.put(b"\",\"currency\":\"").put(&money.currency.to_bytes()).put(b"\"}");
    }

    fn link(
        &mut self,
        json: &mut Json,
        itinerary: &MergedItinerary,
        offer: &OfferView<'_>,
        part: u8,
    ) {
        let write_link = self.parts.write_link;
        let link = self.link.with(|text| write_link(itinerary, offer, part, text));
        json.put(b"\"").put(link).put(b"\"");
    }
}

fn write_segment(json: &mut Json, segment: &Segment, minutes: Option<i32>) {
    json.put(b"{\"carrier\":\"").put(&segment.carrier.to_bytes());
    json.put(b"\",\"operating\":\"").put(&segment.operating.to_bytes());
    json.put(b"\",\"number\":\"");
    push_flight_number(json.bytes_mut(), segment.number);
    json.put(b"\",\"origin\":\"").put(&segment.origin.to_bytes());
    json.put(b"\",\"destination\":\"").put(&segment.destination.to_bytes());
    json.put(b"\",\"departs\":\"").put(&time_text(segment.departs));
    json.put(b"\",\"arrives\":\"").put(&time_text(segment.arrives));
    json.put(b"\",\"duration_minutes\":").put_number(minutes.unwrap_or(0)).put(b"}");
}

/// Brand and bags of an offer.
fn put_terms(json: &mut Json, brand: &str, cabin: BagAllowance, checked: BagAllowance) {
    json.put(b",\"brand\":\"").put_escaped(brand).put(b"\",\"cabin_bags\":");
    put_bags(json, cabin);
    json.put(b",\"checked_bags\":");
    put_bags(json, checked);
}

fn put_bags(json: &mut Json, allowance: BagAllowance) {
    match allowance {
        BagAllowance::Unknown => json.put(b"null"),
        BagAllowance::Included(pieces) => json.put_number(pieces),
    };
}

#[cfg(test)]
mod tests {
    use super::Sellers;

    #[test]
    fn a_seller_with_two_fares_is_one_seller() {
        let mut sellers = Sellers::default();
        for index in [3, 200, 3, 200, 127] {
            sellers.add(index);
        }
        assert_eq!(sellers.count(), 3);
    }
}
