//! A search in `/v1` form: read from the body of a create, written back in every page.

use atlas::Atlas;
use domain::{Cabin, Date, LegRequest, Place, SearchRequest};
use search::Display;
use serde_json::Value;

use crate::json::Json;
use crate::key;
use crate::loose::{FieldError, Node};
use crate::party;

/// A search as a `/v1` client asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSearch {
    /// What is searched for.
    pub request: SearchRequest,
    /// How it is shown.
    pub display: Display,
}

const FIELDS: [&str; 8] =
    ["legs", "cabin", "adults", "childrenAges", "market", "locale", "currency", "nearby"];

/// Reads a body. Unlike v3, unknown fields are refused: a misspelt one would search for something
/// else than was meant.
///
/// # Errors
/// [`FieldError`] naming the first field that is missing or wrong.
pub fn read(body: &Value, atlas: &Atlas) -> Result<NewSearch, FieldError> {
    let root = Node::root_snake(body);
    root.only(&FIELDS)?;
    let legs = legs(root.field("legs")?, atlas)?;
    let cabin = cabin(root.field("cabin")?)?;
    let travellers = party::travellers(root.field("adults")?, root.field("childrenAges")?)?;
    let market = party::market(root.field("market")?, atlas)?;
    let locale = party::locale(root.field("locale")?)?;
    let currency = party::currency(root.field("currency")?, atlas)?;
    let nearby = root.field("nearby")?.flag()?;
    let request = SearchRequest { legs, cabin, travellers, market, nearby };
    Ok(NewSearch { request, display: Display::new(currency, locale) })
}

fn legs(list: Node<'_>, atlas: &Atlas) -> Result<Vec<LegRequest>, FieldError> {
    let mut legs = Vec::new();
    for leg in list.items(party::LEGS_READ)? {
        leg.only(&["origin", "destination", "date"])?;
        let origin = place(leg.field("origin")?, atlas)?;
        let destination = place(leg.field("destination")?, atlas)?;
        let date = leg.field("date")?;
        let text = date.required_text()?;
        let day: Date = text.parse().map_err(|_| date.wrong("must be a day, e.g. 2027-03-09"))?;
        legs.push(LegRequest { origin, destination, date: day });
    }
    if legs.is_empty() { Err(list.wrong("must have 1 to 6 legs")) } else { Ok(legs) }
}

fn place(node: Node<'_>, atlas: &Atlas) -> Result<Place, FieldError> {
    let text = node.required_text()?;
    let place = match text.strip_prefix("city:") {
        Some(city) => party::city_by_code(city, atlas),
        None => party::place_by_code(&text, atlas),
    };
    place.ok_or_else(|| node.wrong("must be an airport, e.g. EDI, or a city, e.g. city:LON"))
}

fn cabin(node: Node<'_>) -> Result<Cabin, FieldError> {
    match node.text()? {
        None => Ok(Cabin::Economy),
        Some(text) => text.parse().map_err(|expected| node.wrong(expected)),
    }
}

/// Writes a search as a body that asks for it again. Infants are written with an age of 1.
pub(super) fn write(json: &mut Json, request: &SearchRequest, display: &Display) {
    json.object(|json| {
        key!(json, "legs").list(|json| {
            for leg in &request.legs {
                json.object(|json| {
                    place_text(key!(json, "origin"), leg.origin);
                    place_text(key!(json, "destination"), leg.destination);
                    let day = super::text::time_text(leg.date.at_minute(0));
                    key!(json, "date").plain(&day[..10]);
                });
            }
        });
        key!(json, "cabin").plain(request.cabin.name().as_bytes());
        key!(json, "adults").number(request.travellers.adults());
        key!(json, "children_ages").list(|json| {
            let infants = usize::from(request.travellers.infants());
            for &age in request.travellers.children().iter().chain([1_u8; 8].iter().take(infants)) {
                json.number(age);
            }
        });
        key!(json, "market").plain(&request.market.to_bytes());
        key!(json, "locale").plain(display.locale.as_str().as_bytes());
        key!(json, "currency").plain(&display.currency.to_bytes());
        key!(json, "nearby").truth(request.nearby);
    });
}

fn place_text(json: &mut Json, place: Place) {
    json.plain_with(|text| match place {
        Place::Airport(code) => text.extend_from_slice(&code.to_bytes()),
        Place::City(code) => {
            text.extend_from_slice(b"city:");
            text.extend_from_slice(&code.to_bytes());
        }
    });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::loose;

    fn base() -> Value {
        json!({"legs": [
            {"origin": "EDI", "destination": "city:LON", "date": "2027-03-03"},
            {"origin": "city:LON", "destination": "EDI", "date": "2027-03-10"}],
            "cabin": "premium_economy", "adults": 2, "children_ages": [4, 1], "market": "GB",
            "locale": "en-GB", "currency": "GBP", "nearby": false})
    }

    fn parse(body: &Value) -> Result<NewSearch, FieldError> {
        read(&loose::read(body.to_string().as_bytes(), 32).unwrap(), atlas::atlas())
    }

    #[test]
    fn a_search_that_was_read_is_written_as_it_came() {
        let read = parse(&base()).unwrap();
        let mut json = Json::default();
        write(&mut json, &read.request, &read.display);
        let written: Value = serde_json::from_slice(json.as_bytes()).unwrap();
        assert_eq!(written, base());
    }

    #[test]
    fn what_is_wrong_is_named_by_its_field() {
        let check = |pointer: &str, value: Value, expected: &str| {
            let mut body = base();
            *body.pointer_mut(pointer).unwrap() = value;
            assert_eq!(parse(&body).unwrap_err().to_string(), expected);
        };
        check("/legs/1/date", json!("2027-02-30"), "legs[1].date: must be a day, e.g. 2027-03-09");
        check("/legs/0/date", json!(null), "legs[0].date: is required");
        check(
            "/legs/0/origin",
            json!("QQQ"),
            "legs[0].origin: must be an airport, e.g. EDI, or a city, e.g. city:LON",
        );
        check(
            "/children_ages",
            json!([1, 1, 1]),
            "children_ages: not more infants (0-1 years) than adults: 3 infants, 2 adults",
        );
        check("/adults", json!(9), "adults: must be 1 to 8");
        check(
            "/cabin",
            json!("cargo"),
            "cabin: expected economy, premium_economy, business or first",
        );
        let mut body = base();
        body["adulst"] = json!(1);
        assert_eq!(parse(&body).unwrap_err().to_string(), "adulst: is not a known field");
    }
}
