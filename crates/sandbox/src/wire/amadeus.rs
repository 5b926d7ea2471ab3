//! Amadeus Flight Offers Search v2.
//!
//! Written after amadeus4dev/amadeus-open-api-specification (MIT), Flight Offers Search v2.9.1.

mod read;

pub use read::{Wanted, question_of_body, question_of_query};

use domain::{AirportCode, Cabin, CarrierCode, Question, Segment};
use runtime::FixedSet;

use crate::board::Candidate;
use crate::fares::party::share_percent;
use crate::faults::Flaw;
use crate::offer::{OnShelf, Shelf, link};
use crate::seller::Seller;
use crate::wire::duffel::block_minutes;
use crate::wire::fragments::Fragments;
use crate::wire::{basis, text};

/// Content type of an answer.
pub const CONTENT_TYPE: &str = "application/vnd.amadeus+json";
/// Segments of one board at most, for ids that are unique in an answer.
const IDS_A_LEG: u64 = 1_000;

/// A kind of traveller: how it is called and what share of an adult's fare it pays.
type Kind = (&'static str, u32);

/// Writes an answer.
pub fn answer(seller: &Seller, seen: &Question, shelf: &Shelf, out: &mut Vec<u8>) {
    let travellers = travellers(seen);
    out.reserve(shelf.offers.len() * 1_300 * shelf.boards.len().max(1));
    out.extend_from_slice(b"{\"meta\":{\"count\":");
    text::number(out, shelf.offers.len() as u64);
    out.extend_from_slice(b"},\"data\":[");
    let mark = link::party_mark(seen);
    let (mut flights, mut fares) = (Fragments::new(shelf), Fragments::new(shelf));
    for (index, offer) in shelf.offers.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"type\":\"flight-offer\",\"id\":\"");
        link::write_id(shelf, offer, &mark, out);
        out.extend_from_slice(
            b"\",\"source\":\"GDS\",\"oneWay\":false,\"numberOfBookableSeats\":9,\"itineraries\":[",
        );
        flights.copy_all(shelf, offer, 0, out, |leg, bytes| {
            let candidate = candidate(shelf, offer, leg);
            itinerary(shelf, leg, candidate, bytes);
        });
        out.extend_from_slice(b"],\"price\":{");
        price(offer.flaw.currency(seller), seller.decimals, offer.minor, out);
        out.extend_from_slice(b",\"grandTotal\":");
        if offer.flaw == Flaw::Type {
            out.extend_from_slice(b"false");
        } else {
            out.push(b'"');
            text::decimal(out, offer.minor, seller.decimals);
            out.push(b'"');
        }
        out.extend_from_slice(
            b"},\"pricingOptions\":{\"fareType\":[\"PUBLISHED\"],\"includedCheckedBagsOnly\":",
        );
        out.extend_from_slice(if offer.brand.checked_bags > 0 { b"true" } else { b"false" });
        out.extend_from_slice(b"},\"validatingAirlineCodes\":[\"");
        out.extend_from_slice(&offer.owner.to_bytes());
        out.extend_from_slice(b"\"],\"travelerPricings\":[");
        pricings(seller, seen, shelf, offer, (&travellers, &mut fares), out);
        out.extend_from_slice(b"]}");
    }
    out.extend_from_slice(b"],\"dictionaries\":");
    dictionaries(seller, shelf, out);
    out.push(b'}');
}

fn candidate<'s>(shelf: &'s Shelf, offer: &OnShelf, leg: usize) -> &'s Candidate {
    &shelf.boards[leg].candidates[usize::from(shelf.indexes_of(offer)[leg])]
}

fn travellers(seen: &Question) -> Vec<Kind> {
    let party = &seen.travellers;
    let adults = (0..party.adults()).map(|_| ("ADULT", 100));
    let children = party.children().iter().map(|&age| ("CHILD", share_percent(age)));
    let infants = (0..party.infants()).map(|_| ("HELD_INFANT", share_percent(0)));
    adults.chain(children).chain(infants).collect()
}

fn price(currency: [u8; 3], decimals: u8, minor: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(b"\"currency\":\"");
    out.extend_from_slice(&currency);
    out.extend_from_slice(b"\",\"total\":\"");
    text::decimal(out, minor, decimals);
    // Taxes are a fixed share here: nobody compares them.
    out.extend_from_slice(b"\",\"base\":\"");
    text::decimal(out, minor - minor / 5, decimals);
    out.push(b'"');
}

fn itinerary(shelf: &Shelf, leg: usize, candidate: &Candidate, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"duration\":\"");
    text::duration(out, candidate.arrives - candidate.departs);
    out.extend_from_slice(b"\",\"segments\":[");
    for (place, &index) in candidate.segments().iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        let segment = &shelf.boards[leg].segments[usize::from(index)];
        let Segment { departs, arrives, number, origin, destination, carrier, operating } =
            *segment;
        out.extend_from_slice(b"{\"departure\":{\"iataCode\":\"");
        out.extend_from_slice(&origin.to_bytes());
        out.extend_from_slice(b"\",\"at\":\"");
        text::second(out, departs);
        out.extend_from_slice(b"\"},\"arrival\":{\"iataCode\":\"");
        out.extend_from_slice(&destination.to_bytes());
        out.extend_from_slice(b"\",\"at\":\"");
        text::second(out, arrives);
        out.extend_from_slice(b"\"},\"carrierCode\":\"");
        out.extend_from_slice(&carrier.to_bytes());
        out.extend_from_slice(b"\",\"number\":\"");
        text::flight_number(out, number);
        out.extend_from_slice(
            b"\",\"aircraft\":{\"code\":\"32N\"},\"operating\":{\"carrierCode\":\"",
        );
        out.extend_from_slice(&operating.to_bytes());
        out.extend_from_slice(b"\"},\"duration\":\"");
        text::duration(out, block_minutes(segment));
        out.extend_from_slice(b"\",\"id\":\"");
        text::number(out, segment_id(leg, index));
        out.extend_from_slice(b"\",\"numberOfStops\":0}");
    }
    out.extend_from_slice(b"]}");
}

fn segment_id(leg: usize, index: u16) -> u64 {
    leg as u64 * IDS_A_LEG + u64::from(index) + 1
}

/// Writes the price of each traveller; together they are the offer's.
fn pricings(
    seller: &Seller,
    seen: &Question,
    shelf: &Shelf,
    offer: &OnShelf,
    (travellers, fares): (&[Kind], &mut Fragments),
    out: &mut Vec<u8>,
) {
    let whole: i64 = travellers.iter().map(|(_, share)| i64::from(*share)).sum();
    let mut rest = offer.minor;
    for (index, (kind, share)) in travellers.iter().enumerate() {
        let last = index + 1 == travellers.len();
        let own = if last { rest } else { offer.minor * i64::from(*share) / whole.max(1) };
        rest -= own;
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"travelerId\":\"");
        text::number(out, index as u64 + 1);
        out.extend_from_slice(b"\",\"fareOption\":\"STANDARD\",\"travelerType\":\"");
        out.extend_from_slice(kind.as_bytes());
        if *kind == "HELD_INFANT" {
            // Each infant sits on the lap of the next adult.
            let lap = index + 1 - (travellers.len() - usize::from(seen.travellers.infants()));
            out.extend_from_slice(b"\",\"associatedAdultId\":\"");
            text::number(out, lap as u64);
        }
        out.extend_from_slice(b"\",\"price\":{");
        price(offer.flaw.currency(seller), seller.decimals, own, out);
        out.extend_from_slice(b"},\"fareDetailsBySegment\":[");
        fares.copy_all(shelf, offer, offer.brand.slot, out, |leg, bytes| {
            fare_details(seen, shelf, leg, offer, bytes);
        });
        out.extend_from_slice(b"]}");
    }
}

fn fare_details(seen: &Question, shelf: &Shelf, leg: usize, offer: &OnShelf, out: &mut Vec<u8>) {
    let candidate = candidate(shelf, offer, leg);
    for (place, (&index, cabins)) in candidate.segments().iter().zip(candidate.cabins()).enumerate()
    {
        if place > 0 {
            out.push(b',');
        }
        let segment = &shelf.boards[leg].segments[usize::from(index)];
        let cabin = cabins.seat(seen.cabin);
        let fare = basis::of(cabin, offer, segment.carrier);
        out.extend_from_slice(b"{\"segmentId\":\"");
        text::number(out, segment_id(leg, index));
        out.extend_from_slice(b"\",\"cabin\":\"");
        out.extend_from_slice(cabin_name(cabin).as_bytes());
        out.extend_from_slice(b"\",\"fareBasis\":\"");
        out.extend_from_slice(fare.basis.as_str().as_bytes());
        out.extend_from_slice(b"\",\"brandedFare\":\"");
        out.extend_from_slice(offer.brand.name.as_bytes());
        out.extend_from_slice(b"\",\"class\":\"");
        out.push(fare.class);
        out.extend_from_slice(b"\",\"includedCheckedBags\":{\"quantity\":");
        text::digit(out, offer.brand.checked_bags);
        out.extend_from_slice(b"},\"includedCabinBags\":{\"quantity\":");
        text::digit(out, offer.brand.cabin_bags);
        out.extend_from_slice(b"}}");
    }
}

const fn cabin_name(cabin: Cabin) -> &'static str {
    match cabin {
        Cabin::Economy => "ECONOMY",
        Cabin::PremiumEconomy => "PREMIUM_ECONOMY",
        Cabin::Business => "BUSINESS",
        Cabin::First => "FIRST",
    }
}

/// Writes what the codes of the answer mean.
fn dictionaries(seller: &Seller, shelf: &Shelf, out: &mut Vec<u8>) {
    let mut airports: FixedSet<AirportCode> = FixedSet::default();
    let mut carriers: FixedSet<CarrierCode> = FixedSet::default();
    for offer in &shelf.offers {
        for (board, candidate) in shelf.legs_of(offer) {
            for &index in candidate.segments() {
                let segment = &board.segments[usize::from(index)];
                airports.extend([segment.origin, segment.destination]);
                carriers.extend([segment.carrier, segment.operating]);
            }
        }
    }
    let atlas = atlas::atlas();
    let mut airports: Vec<AirportCode> = airports.into_iter().collect();
    airports.sort_unstable();
    let mut carriers: Vec<CarrierCode> = carriers.into_iter().collect();
    carriers.sort_unstable();
    out.extend_from_slice(b"{\"locations\":{");
    for (index, airport) in airports.iter().filter_map(|&code| atlas.airport(code)).enumerate() {
        out.extend_from_slice(if index == 0 { b"\"" } else { b",\"" });
        out.extend_from_slice(&airport.code.to_bytes());
        out.extend_from_slice(b"\":{\"cityCode\":\"");
        out.extend_from_slice(&airport.city.to_bytes());
        out.extend_from_slice(b"\",\"countryCode\":\"");
        out.extend_from_slice(&airport.country.to_bytes());
        out.extend_from_slice(b"\"}");
    }
    out.extend_from_slice(b"},\"aircraft\":{\"32N\":\"AIRBUS A320NEO\"},\"currencies\":{\"");
    out.extend_from_slice(&seller.currency.to_bytes());
    out.extend_from_slice(b"\":");
    text::json_text(out, atlas.currency(seller.currency).map_or("", |currency| currency.name));
    out.extend_from_slice(b"},\"carriers\":{");
    for (index, &code) in carriers.iter().enumerate() {
        out.extend_from_slice(if index == 0 { b"\"" } else { b",\"" });
        out.extend_from_slice(&code.to_bytes());
        out.extend_from_slice(b"\":");
        text::json_text(out, atlas.carrier(code).map_or("", |carrier| carrier.name));
    }
    out.extend_from_slice(b"}}");
}

/// Writes an error in Amadeus's form.
pub fn error(status: u16, code: u32, title: &str, detail: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"errors\":[{\"status\":");
    text::number(out, u64::from(status));
    out.extend_from_slice(b",\"code\":");
    text::number(out, u64::from(code));
    out.extend_from_slice(b",\"title\":");
    text::json_text(out, title);
    out.extend_from_slice(b",\"detail\":");
    text::json_text(out, detail);
    out.extend_from_slice(b"}]}");
}
