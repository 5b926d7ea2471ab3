//! The seller's page: what would be bought, at what price, and that nothing is for sale here.
//!
//! Everything stands in the link; nothing is remembered. Values from the link are shown as text only.

use domain::{AirportCode, CarrierCode};
use http::StatusCode;
use percent_encoding::percent_decode_str;

use super::routes::{Answer, with_type};
use crate::seller::Seller;

/// Bytes of a link's query that are looked at.
const QUERY_BYTES_MAX: usize = 2_048;

/// The page of a link.
pub(super) fn page(seller: &Seller, query: &str) -> Answer {
    let query: String = query.chars().take(QUERY_BYTES_MAX).collect();
    let get = |key: &str| {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let value = pairs.into_iter().find(|(name, _)| *name == key).map(|(_, value)| value);
        value.map(|value| percent_decode_str(value).decode_utf8_lossy().into_owned())
    };
    let Some(order) = get("o").as_deref().and_then(parse) else {
        let body = html(seller, "<p>This link does not name an offer.</p>");
        return with_type(StatusCode::NOT_FOUND, "text/html; charset=utf-8", body);
    };
    let mut body = String::new();
    for leg in &order.legs {
        body.push_str("<ol>");
        for flight in leg {
            body.push_str(&format!("<li>{}</li>", escape(flight)));
        }
        body.push_str("</ol>");
    }
    let amount = get("price").unwrap_or_default();
    let currency = get("in").unwrap_or_default();
    let date = get("on").unwrap_or_default();
    body.push_str(&format!(
        "<p>First day of travel: {}. Cabin: {}. Travellers: {}. Fare brand number {}.</p>\
         <p>Price for the whole party: <strong>{} {}</strong></p>",
        escape(&date),
        order.cabin,
        escape(&order.party),
        order.brand,
        escape(&amount),
        escape(&currency)
    ));
    with_type(StatusCode::OK, "text/html; charset=utf-8", html(seller, &body))
}

/// What an offer's id says.
struct Order {
    legs: Vec<Vec<String>>,
    cabin: &'static str,
    party: String,
    brand: u8,
}

fn parse(id: &str) -> Option<Order> {
    let id = id.strip_prefix("off_").unwrap_or(id);
    let mut parts = id.split('~');
    let (flights, party, brand) = (parts.next()?, parts.next()?, parts.next()?);
    let legs = flights.split('_').take(6).map(leg).collect::<Option<Vec<_>>>()?;
    let cabin = match party.as_bytes().first()? {
        b'e' => "economy",
        b'p' => "premium economy",
        b'b' => "business",
        b'f' => "first",
        _ => return None,
    };
    let mut counts = party.get(1..)?.split('-').map(str::parse::<u8>);
    let mut count = || counts.next()?.ok();
    let (adults, children, infants) = (count()?, count()?, count()?);
    let party = format!("{adults} adults, {children} children, {infants} infants");
    Some(Order { legs, cabin, party, brand: brand.parse::<u8>().ok()?.checked_add(1)? })
}

/// `EDI.KL930.AMS.KL861.SIN` as lines to read.
fn leg(text: &str) -> Option<Vec<String>> {
    let words: Vec<&str> = text.split('.').collect();
    if words.len() < 3 || words.len() > 7 || words.len().is_multiple_of(2) {
        return None;
    }
    let mut lines = Vec::new();
    for step in words.windows(3).step_by(2) {
        let origin: AirportCode = step[0].parse().ok()?;
        let destination: AirportCode = step[2].parse().ok()?;
        let carrier: CarrierCode = step[1].get(..2)?.parse().ok()?;
        let atlas = atlas::atlas();
        let name = atlas.carrier(carrier).map_or("", |carrier| carrier.name);
        let place = |code| atlas.airport(code).map_or("", |airport| airport.name);
        lines.push(format!(
            "{} {} ({name}): {origin} {} to {destination} {}",
            carrier,
            step[1].get(2..)?,
            place(origin),
            place(destination)
        ));
    }
    Some(lines)
}

fn html(seller: &Seller, body: &str) -> String {
    let name = escape(&seller.name);
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{name}</title></head>\
         <body><main><h1>{name}</h1><p>This is a simulated seller: nothing can be bought here.</p>\
         {body}</main></body></html>"
    )
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_what_would_be_bought() {
        let order = parse("off_EDI.KL930.AMS.KL861.SIN_SIN.KL862.AMS~b2-1-0~1").unwrap();
        assert_eq!(order.legs.len(), 2);
        assert_eq!(order.legs[0].len(), 2);
        assert!(order.legs[0][0].starts_with("KL 930 (KLM"));
        assert_eq!(
            (order.cabin, order.party.as_str()),
            ("business", "2 adults, 1 children, 0 infants")
        );
        assert_eq!(order.brand, 2);
    }

    #[test]
    fn texts_that_are_no_id_are_refused() {
        for text in
            ["", "~", "EDI.KL930.AMS", "EDI.KL930~e1-0-0~0", "<b>~e1-0-0~0", "EDI.é1.AMS~e1-0-0~0"]
        {
            assert!(parse(text).is_none(), "{text}");
        }
        assert_eq!(escape("<script>'&\""), "&lt;script&gt;&#39;&amp;&quot;");
    }
}
