//! Duffel v2: an offer request with its offers.
//!
//! Written after the public client duffelhq/duffel-api-javascript (MIT): what its types call
//! required and a reader of prices needs is there, what only booking needs is not.

mod read;

pub use read::{Wanted, question};

use domain::{Question, Segment};

use crate::board::{Board, Candidate};
use crate::faults::Flaw;
use crate::offer::{OnShelf, Shelf, link};
use crate::seller::Seller;
use crate::wire::fragments::Fragments;
use crate::wire::text;

/// How ids of offers begin.
pub const ID_PREFIX: &[u8] = b"off_";

/// Whole kilograms of CO2 of an offer.
#[must_use]
pub const fn kilograms(offer: &OnShelf) -> u32 {
    offer.grams / 1_000 + (offer.grams % 1_000 >= 500) as u32
}

/// Writes an answer.
pub fn answer(seller: &Seller, seen: &Question, shelf: &Shelf, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"data\":{\"id\":\"orq_");
    let name = seen.key().0 as u64;
    text::number(out, name);
    out.extend_from_slice(b"\",\"live_mode\":false,\"cabin_class\":\"");
    out.extend_from_slice(seen.cabin.name().as_bytes());
    out.extend_from_slice(b"\",\"passengers\":[");
    passengers(seen, out, |index, age, out| {
        out.extend_from_slice(b"{\"id\":\"pas_");
        text::number(out, index);
        match age {
            None => out.extend_from_slice(b"\",\"type\":\"adult\"}"),
            Some(age) => {
                out.extend_from_slice(b"\",\"type\":");
                out.extend_from_slice(if age < 2 {
                    b"\"infant_without_seat\""
                } else {
                    b"\"child\""
                });
                out.extend_from_slice(b",\"age\":");
                text::number(out, u64::from(age));
                out.push(b'}');
            }
        }
    });
    out.extend_from_slice(b"],\"offers\":[");
    offers(seller, seen, shelf, &shelf.offers, out);
    out.extend_from_slice(b"]}}");
}

/// Writes offers with commas between.
fn offers(seller: &Seller, seen: &Question, shelf: &Shelf, offers: &[OnShelf], out: &mut Vec<u8>) {
    let mark = link::party_mark(seen);
    let mut slices = Fragments::new(shelf);
    let per_offer = 1_200 * shelf.boards.len().max(1);
    out.reserve(offers.len() * per_offer);
    for (index, offer) in offers.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"id\":\"");
        out.extend_from_slice(ID_PREFIX);
        link::write_id(shelf, offer, &mark, out);
        out.extend_from_slice(
            b"\",\"live_mode\":false,\"partial\":false,\"owner\":{\"iata_code\":\"",
        );
        out.extend_from_slice(&offer.owner.to_bytes());
        out.extend_from_slice(b"\"},\"total_amount\":");
        if offer.flaw == Flaw::Type {
            out.extend_from_slice(b"{\"value\":1}");
        } else {
            out.push(b'"');
            text::decimal(out, offer.minor, seller.decimals);
            out.push(b'"');
        }
        out.extend_from_slice(b",\"total_currency\":\"");
        out.extend_from_slice(&offer.flaw.currency(seller));
        out.extend_from_slice(b"\",\"tax_amount\":null,\"total_emissions_kg\":\"");
        text::number(out, u64::from(kilograms(offer)));
        out.extend_from_slice(b"\",\"slices\":[");
        slices.copy_all(shelf, offer, offer.brand.slot, out, |leg, bytes| {
            let board = &shelf.boards[leg];
            let candidate = &board.candidates[usize::from(shelf.indexes_of(offer)[leg])];
            slice(seen, board, candidate, offer, bytes);
        });
        out.extend_from_slice(b"]}");
    }
}

fn slice(
    seen: &Question,
    board: &Board,
    candidate: &Candidate,
    offer: &OnShelf,
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(b"{\"duration\":\"");
    text::duration(out, candidate.arrives - candidate.departs);
    out.extend_from_slice(b"\",\"fare_brand_name\":\"");
    out.extend_from_slice(offer.brand.name.as_bytes());
    out.extend_from_slice(b"\",\"segments\":[");
    for (place, (&index, cabins)) in candidate.segments().iter().zip(candidate.cabins()).enumerate()
    {
        if place > 0 {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"id\":\"seg_");
        text::number(out, u64::from(index));
        segment(&board.segments[usize::from(index)], out);
        out.extend_from_slice(b",\"passengers\":[");
        let cabin = cabins.seat(seen.cabin).name();
        passengers(seen, out, |index, _, out| {
            out.extend_from_slice(b"{\"passenger_id\":\"pas_");
            text::number(out, index);
            out.extend_from_slice(b"\",\"cabin_class\":\"");
            out.extend_from_slice(cabin.as_bytes());
            out.extend_from_slice(b"\",\"baggages\":[{\"type\":\"carry_on\",\"quantity\":");
            text::digit(out, offer.brand.cabin_bags);
            out.extend_from_slice(b"},{\"type\":\"checked\",\"quantity\":");
            text::digit(out, offer.brand.checked_bags);
            out.extend_from_slice(b"}]}");
        });
        out.extend_from_slice(b"]}");
    }
    out.extend_from_slice(b"]}");
}

/// Writes a segment after its id.
fn segment(segment: &Segment, out: &mut Vec<u8>) {
    let Segment { departs, arrives, number, origin, destination, carrier, operating } = *segment;
    out.extend_from_slice(b"\",\"origin\":{\"iata_code\":\"");
    out.extend_from_slice(&origin.to_bytes());
    out.extend_from_slice(b"\"},\"destination\":{\"iata_code\":\"");
    out.extend_from_slice(&destination.to_bytes());
    out.extend_from_slice(b"\"},\"departing_at\":\"");
    text::second(out, departs);
    out.extend_from_slice(b"\",\"arriving_at\":\"");
    text::second(out, arrives);
    out.extend_from_slice(b"\",\"marketing_carrier\":{\"iata_code\":\"");
    out.extend_from_slice(&carrier.to_bytes());
    out.extend_from_slice(b"\"},\"marketing_carrier_flight_number\":\"");
    text::flight_number(out, number);
    out.extend_from_slice(b"\",\"operating_carrier\":{\"iata_code\":\"");
    out.extend_from_slice(&operating.to_bytes());
    out.extend_from_slice(b"\"},\"duration\":\"");
    text::duration(out, block_minutes(segment));
    out.push(b'"');
}

/// Gate to gate minutes of a segment.
pub(crate) fn block_minutes(segment: &Segment) -> i32 {
    let Segment { departs, arrives, origin, destination, .. } = *segment;
    atlas::atlas().duration_minutes(origin, departs, destination, arrives).unwrap_or(0)
}

/// Writes something for each passenger, adults first, with commas between.
fn passengers(
    seen: &Question,
    out: &mut Vec<u8>,
    mut write: impl FnMut(u64, Option<u8>, &mut Vec<u8>),
) {
    let travellers = &seen.travellers;
    let adults = (0..travellers.adults()).map(|_| None);
    let children = travellers.children().iter().map(|&age| Some(age));
    let infants = (0..travellers.infants()).map(|_| Some(0));
    for (index, age) in adults.chain(children).chain(infants).enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(index as u64, age, out);
    }
}

/// Writes an error in Duffel's form.
pub fn error(status: u16, code: &str, title: &str, out: &mut Vec<u8>) {
    let kind = match status {
        401 | 403 => "authentication_error",
        429 => "rate_limit_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    };
    out.extend_from_slice(b"{\"errors\":[{\"type\":");
    text::plain(out, kind);
    out.extend_from_slice(b",\"code\":");
    text::json_text(out, code);
    out.extend_from_slice(b",\"title\":");
    text::json_text(out, title);
    out.extend_from_slice(b",\"message\":");
    text::json_text(out, title);
    out.extend_from_slice(b"}],\"meta\":{\"status\":");
    text::number(out, u64::from(status));
    out.extend_from_slice(b",\"request_id\":\"sandbox\"}}");
}
