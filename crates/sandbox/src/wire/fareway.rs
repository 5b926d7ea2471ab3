//! Fareway's own protocol: NDJSON in parts.
//!
//! The format is the one `partners::protocol::fareway` describes and `api/partner.openapi.json`
//! publishes. Each part lists the flights and itineraries of its own offers.

use crate::asked;
use crate::faults::{Flaw, UNKNOWN_CURRENCY};
use crate::market::Market;
use crate::offer::{OnShelf, Shelf, link};
use crate::seller::Seller;
use crate::wire::text;
use domain::{Question, Transfer};

/// Content type of an answer.
pub const CONTENT_TYPE: &str = "application/x-ndjson";

/// What all parts of an answer share.
#[derive(Debug)]
pub struct Writer<'a> {
    seller: &'a Seller,
    shelf: &'a Shelf,
    mark: Vec<u8>,
    head: Vec<u8>,
    tail: link::LinkTail,
    /// Index in the current part of each board's segments, one list a leg.
    places: Vec<Vec<u32>>,
    id: Vec<u8>,
    amount: Vec<u8>,
}

const NOWHERE: u32 = u32::MAX;

impl<'a> Writer<'a> {
    /// A writer for a shelf.
    #[must_use]
    pub fn new(market: &Market, seller: &'a Seller, seen: &Question, shelf: &'a Shelf) -> Self {
        Self {
            seller,
            shelf,
            mark: link::party_mark(seen),
            head: link::head(market.base_url(), seller.id.as_str()),
            tail: link::LinkTail::new(shelf, seller.currency),
            places: shelf.boards.iter().map(|board| vec![NOWHERE; board.segments.len()]).collect(),
            id: Vec::with_capacity(128),
            amount: Vec::with_capacity(24),
        }
    }

    /// Writes offers of the shelf as one part.
    pub fn part(&mut self, offers: &[OnShelf], out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"type\":\"part\",\"currency\":\"");
        out.extend_from_slice(&self.seller.currency.to_bytes());
        out.extend_from_slice(b"\",\"segments\":[");
        self.segments(offers, out);
        out.extend_from_slice(b"],\"itineraries\":[");
        let mut before: Option<&OnShelf> = None;
        for offer in offers {
            if before.is_some_and(|before| self.same_flights(before, offer)) {
                continue;
            }
            if before.is_some() {
                out.push(b',');
            }
            self.itinerary(offer, out);
            before = Some(offer);
        }
        out.extend_from_slice(b"],\"offers\":[");
        let (mut itinerary, mut before) = (0, None);
        for offer in offers {
            if let Some(before) = before {
                out.push(b',');
                itinerary += u64::from(!self.same_flights(before, offer));
            }
            self.offer(itinerary, offer, out);
            before = Some(offer);
        }
        out.extend_from_slice(b"]}\n");
    }

    fn same_flights(&self, one: &OnShelf, other: &OnShelf) -> bool {
        self.shelf.indexes_of(one) == self.shelf.indexes_of(other)
    }

    /// Lists each flight of the offers once and notes its place.
    fn segments(&mut self, offers: &[OnShelf], out: &mut Vec<u8>) {
        for places in &mut self.places {
            places.fill(NOWHERE);
        }
        let mut count = 0;
        for offer in offers {
            for (leg, (board, candidate)) in self.shelf.legs_of(offer).enumerate() {
                for &index in candidate.segments() {
                    let place = &mut self.places[leg][usize::from(index)];
                    if *place != NOWHERE {
                        continue;
                    }
                    *place = count;
                    if count > 0 {
                        out.push(b',');
                    }
                    count += 1;
                    out.extend_from_slice(board.texts.segment(index));
                }
            }
        }
    }

    fn itinerary(&self, offer: &OnShelf, out: &mut Vec<u8>) {
        out.push(b'[');
        for (leg, (_, candidate)) in self.shelf.legs_of(offer).enumerate() {
            out.extend_from_slice(if leg == 0 { b"[" } else { b",[" });
            for (place, &index) in candidate.segments().iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                text::number(out, u64::from(self.places[leg][usize::from(index)]));
            }
            out.push(b']');
        }
        out.push(b']');
    }

    fn offer(&mut self, itinerary: u64, offer: &OnShelf, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"itinerary\":");
        text::number(out, itinerary);
        self.amount.clear();
        text::decimal(&mut self.amount, offer.minor, self.seller.decimals);
        out.extend_from_slice(b",\"price\":");
        if offer.flaw == Flaw::Type {
            out.extend_from_slice(b"[true]");
        } else {
            out.push(b'"');
            out.extend_from_slice(&self.amount);
            out.push(b'"');
        }
        if offer.flaw == Flaw::Currency {
            out.extend_from_slice(b",\"currency\":\"");
            out.extend_from_slice(UNKNOWN_CURRENCY);
            out.push(b'"');
        }
        out.extend_from_slice(b",\"link\":\"");
        self.id.clear();
        link::write_id(self.shelf, offer, &self.mark, &mut self.id);
        link::write_link(&self.head, &self.id, &self.tail, &self.amount, out);
        out.extend_from_slice(b"\",\"brand\":\"");
        out.extend_from_slice(offer.brand.name.as_bytes());
        out.extend_from_slice(b"\",\"cabin_bags\":");
        text::digit(out, offer.brand.cabin_bags);
        out.extend_from_slice(b",\"checked_bags\":");
        text::digit(out, offer.brand.checked_bags);
        match offer.transfer {
            Transfer::Managed => {}
            Transfer::ProtectedSelfTransfer => {
                out.extend_from_slice(b",\"transfer\":\"protected\"")
            }
            Transfer::SelfTransfer => out.extend_from_slice(b",\"transfer\":\"self\""),
        }
        out.extend_from_slice(b",\"emissions_grams\":");
        text::number(out, u64::from(offer.grams));
        out.push(b'}');
    }
}

/// Writes the closing line.
pub fn end(parts: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"type\":\"end\",\"parts\":");
    text::number(out, parts as u64);
    out.extend_from_slice(b"}\n");
}

/// Writes an answer in one go, in as many parts as the seller sends.
pub fn answer(market: &Market, seller: &Seller, seen: &Question, shelf: &Shelf, out: &mut Vec<u8>) {
    let mut writer = Writer::new(market, seller, seen, shelf);
    let parts = parts(seller, &shelf.offers);
    let count = parts.len();
    for part in parts {
        writer.part(part, out);
    }
    end(count, out);
}

/// The offers in as many parts as the seller sends, the first the smallest.
#[must_use]
pub fn parts<'o>(seller: &Seller, offers: &'o [OnShelf]) -> Vec<&'o [OnShelf]> {
    let count = seller.manners.parts.max(1);
    let whole = count * (count + 1) / 2;
    let mut parts = Vec::with_capacity(count);
    let mut from = 0;
    for part in 1..=count {
        let until = offers.len() * (part * (part + 1) / 2) / whole;
        if until > from {
            parts.push(&offers[from..until]);
            from = until;
        }
    }
    parts
}

/// Parts that are still whole when an answer of so many breaks half way.
#[must_use]
pub const fn whole_parts(parts: usize) -> usize {
    parts / 2
}

/// The question of a request.
///
/// # Errors
/// A sentence saying what is wrong with it.
pub fn question(body: &[u8]) -> Result<Question, String> {
    let ask: read::Ask<'_> = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    ask.question().ok_or_else(|| "legs, cabin, party or market cannot be answered".to_owned())
}

mod read {
    //! The request as it stands on the wire; unknown keys are ignored, as the format says.

    use domain::{AirportCode, Question, QuestionLeg, Travellers};
    use serde::Deserialize;

    use super::asked;

    #[derive(Deserialize)]
    pub(super) struct Ask<'a> {
        version: u32,
        #[serde(borrow)]
        legs: Vec<Leg<'a>>,
        #[serde(borrow)]
        cabin: &'a str,
        adults: u32,
        #[serde(default)]
        children: Vec<u32>,
        #[serde(default)]
        infants: u32,
        #[serde(borrow)]
        market: &'a str,
    }

    #[derive(Deserialize)]
    struct Leg<'a> {
        #[serde(borrow)]
        origins: Vec<&'a str>,
        #[serde(borrow)]
        destinations: Vec<&'a str>,
        #[serde(borrow)]
        date: &'a str,
    }

    impl Ask<'_> {
        pub(super) fn question(&self) -> Option<Question> {
            if self.version != 1 || self.legs.is_empty() || self.legs.len() > 6 || self.infants > 8
            {
                return None;
            }
            let mut legs = Vec::with_capacity(self.legs.len());
            for leg in &self.legs {
                legs.push(QuestionLeg {
                    origin: asked::place_of_airports(&airports(&leg.origins)?)?,
                    destination: asked::place_of_airports(&airports(&leg.destinations)?)?,
                    date: leg.date.parse().ok()?,
                });
            }
            let mut ages = self.children.clone();
            ages.extend((0..self.infants).map(|_| 0));
            let travellers = Travellers::new(self.adults, &ages).ok()?;
            let cabin = self.cabin.parse().ok()?;
            Some(Question { legs, cabin, travellers, market: self.market.parse().ok()? })
        }
    }

    fn airports(codes: &[&str]) -> Option<Vec<AirportCode>> {
        if codes.len() > 64 {
            return None;
        }
        codes.iter().map(|code| code.parse().ok()).collect()
    }
}
