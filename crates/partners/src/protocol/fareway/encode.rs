//! Writes answers of the own protocol: for the sandbox, for test partners, for anyone in Rust.

use domain::{Answer, BagAllowance, CurrencyCode, Offer, Transfer};

use crate::protocol::Decimals;
use crate::protocol::json::write_text;

/// Writes an answer as one `part` line. Offers without a price or in a currency without known
/// minor digits are left out. The part's `currency` is that of the first offer.
///
/// Cost: one pass, no allocation besides `out` and the texts of amounts.
pub fn write_part(answer: &Answer, decimals: Decimals, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"type\":\"part\"");
    let currency = answer.offers().iter().find_map(|offer| offer.price).map(|price| price.currency);
    if let Some(currency) = currency {
        out.extend_from_slice(b",\"currency\":\"");
        out.extend_from_slice(&currency.to_bytes());
        out.push(b'"');
    }
    write_segments(answer, out);
    write_itineraries(answer, out);
    out.extend_from_slice(b",\"offers\":[");
    let mut first = true;
    for offer in answer.offers() {
        let Some(price) = offer.price else { continue };
        let Some(digits) = decimals(price.currency) else { continue };
        if !std::mem::take(&mut first) {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"itinerary\":");
        write_number(offer.itinerary, out);
        out.extend_from_slice(b",\"price\":\"");
        out.extend_from_slice(price.to_decimal(digits).as_bytes());
        out.push(b'"');
        write_offer_rest(answer, offer, currency, out);
    }
    out.extend_from_slice(b"]}\n");
}

/// Writes the closing line.
pub fn write_end(parts: u32, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"type\":\"end\",\"parts\":");
    write_number(parts, out);
    out.extend_from_slice(b"}\n");
}

fn write_segments(answer: &Answer, out: &mut Vec<u8>) {
    use std::io::Write as _;
    out.extend_from_slice(b",\"segments\":[");
    for (index, segment) in answer.segments().iter().enumerate() {
        out.extend_from_slice(if index == 0 { b"{\"carrier\":\"" } else { b",{\"carrier\":\"" });
        out.extend_from_slice(&segment.carrier.to_bytes());
        if segment.operating != segment.carrier {
            out.extend_from_slice(b"\",\"operating\":\"");
            out.extend_from_slice(&segment.operating.to_bytes());
        }
        // Writing to a Vec cannot fail.
        let _ = write!(
            out,
            "\",\"number\":\"{}\",\"origin\":\"{}\",\"destination\":\"{}\",\"departs\":\"{}\",\"arrives\":\"{}\"}}",
            segment.number, segment.origin, segment.destination, segment.departs, segment.arrives
        );
    }
    out.push(b']');
}

fn write_itineraries(answer: &Answer, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"itineraries\":[");
    for itinerary in 0..answer.keys().len() as u32 {
        out.extend_from_slice(if itinerary == 0 { b"[" } else { b",[" });
        for (index, &leg) in answer.itinerary_legs(itinerary).iter().enumerate() {
            out.extend_from_slice(if index == 0 { b"[" } else { b",[" });
            for (index, &segment) in answer.leg_segments(leg).iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_number(segment, out);
            }
            out.push(b']');
        }
        out.push(b']');
    }
    out.push(b']');
}

fn write_offer_rest(
    answer: &Answer,
    offer: &Offer,
    currency: Option<CurrencyCode>,
    out: &mut Vec<u8>,
) {
    if let Some(own) = offer.price.map(|price| price.currency).filter(|own| Some(*own) != currency)
    {
        out.extend_from_slice(b",\"currency\":\"");
        out.extend_from_slice(&own.to_bytes());
        out.push(b'"');
    }
    out.extend_from_slice(b",\"agent\":\"");
    out.extend_from_slice(offer.agent.as_str().as_bytes());
    out.push(b'"');
    for (key, text) in [("link", offer.link), ("brand", offer.brand)] {
        if text.len > 0 {
            write_key(key, out);
            write_text(answer.text(text), out);
        }
    }
    for (key, bags) in [("cabin_bags", offer.cabin_bags), ("checked_bags", offer.checked_bags)] {
        if let BagAllowance::Included(pieces) = bags {
            write_key(key, out);
            write_number(u32::from(pieces), out);
        }
    }
    match offer.transfer {
        Transfer::Managed => {}
        Transfer::ProtectedSelfTransfer => out.extend_from_slice(b",\"transfer\":\"protected\""),
        Transfer::SelfTransfer => out.extend_from_slice(b",\"transfer\":\"self\""),
    }
    if offer.emissions_grams > 0 {
        write_key("emissions_grams", out);
        write_number(offer.emissions_grams, out);
    }
    write_fares(answer, offer, out);
    out.push(b'}');
}

fn write_fares(answer: &Answer, offer: &Offer, out: &mut Vec<u8>) {
    let fares = answer.fares_of(offer);
    if fares.is_empty() {
        return;
    }
    out.extend_from_slice(b",\"fares\":[");
    for (index, fare) in fares.iter().enumerate() {
        out.extend_from_slice(if index == 0 { b"{\"segment\":" } else { b",{\"segment\":" });
        write_number(fare.segment, out);
        if fare.booking_class.is_ascii_uppercase() {
            out.extend_from_slice(b",\"class\":\"");
            out.extend_from_slice(&[fare.booking_class, b'"']);
        }
        if fare.basis.len > 0 {
            write_key("basis", out);
            write_text(answer.text(fare.basis), out);
        }
        out.push(b'}');
    }
    out.push(b']');
}

fn write_key(key: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(key.as_bytes());
    out.extend_from_slice(b"\":");
}

fn write_number(number: u32, out: &mut Vec<u8>) {
    let mut digits = [0_u8; 10];
    let mut start = digits.len();
    let mut rest = number;
    loop {
        start -= 1;
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}
