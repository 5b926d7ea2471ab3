//! The world's places: `GET geo/hierarchy/flights/{locale}` and `POST …/nearest`.
//!
//! Names are in the locale's language where they are known, else in English. Limits: the hierarchy
//! is one answer of about 3 MB; callers keep it, because rendering takes some 20 ms.

use std::collections::BTreeMap;
use std::net::IpAddr;

use atlas::{Airport, Atlas, PlaceRef};
use bytes::Bytes;
use domain::CountryCode;
use search::Locale;
use serde_json::Value;

use super::places::{self, Top};
use crate::culture;
use crate::json::Json;
use crate::loose::{FieldError, Node};
use crate::party;

/// Renders the whole hierarchy with names in a language.
#[must_use]
pub fn hierarchy(atlas: &Atlas, language: &str) -> Bytes {
    let mut entries = BTreeMap::new();
    let airports = atlas.airports().iter().map(PlaceRef::Airport);
    let cities = atlas.cities().iter().map(PlaceRef::City);
    for place in airports.chain(cities) {
        places::collect_up(&mut entries, atlas, place, (Top::Continent, language));
    }
    render(&entries, 3 << 20)
}

/// Renders the nearest airport and its parents.
///
/// # Errors
/// [`FieldError`] if the body names no point or address.
pub fn nearest(body: &Value, atlas: &Atlas, home: CountryCode) -> Result<Bytes, FieldError> {
    let root = Node::root(body);
    let locale = root.field("locale")?;
    let language = if locale.is_present() { party::locale(locale)? } else { Locale::EN_GB };
    let locator = root.field("locator")?;
    let coordinates = locator.field("coordinates")?;
    let airport = if coordinates.is_present() {
        let degrees = |node: Node<'_>, most: f64| match node.decimal()? {
            Some(degrees) if degrees.abs() <= most => Ok(degrees),
            _ => Err(node.wrong(format!("must be degrees between -{most} and {most}"))),
        };
        let latitude = degrees(coordinates.field("latitude")?, 90.0)?;
        let longitude = degrees(coordinates.field("longitude")?, 180.0)?;
        atlas.nearest_airport(latitude, longitude)
    } else {
        let node = locator.field("ipAddress")?;
        let Some(text) = node.text()? else {
            return Err(locator.wrong("must have coordinates or an ipAddress"));
        };
        let address = text.parse().map_err(|_| node.wrong("must be an IP address"))?;
        airport_of_address(address, atlas, home)
    };
    let mut entries = BTreeMap::new();
    if let Some(airport) = airport {
        let place = PlaceRef::Airport(airport);
        places::collect_up(&mut entries, atlas, place, (Top::Continent, language.as_str()));
    }
    Ok(render(&entries, 1 << 10))
}

/// The most popular airport of the market an address is nearest to.
fn airport_of_address(address: IpAddr, atlas: &Atlas, home: CountryCode) -> Option<&Airport> {
    let market = culture::market_of_address(address).unwrap_or(home);
    atlas.airports().iter().find(|airport| airport.country == market)
}

fn render(entries: &BTreeMap<String, places::Entry>, capacity: usize) -> Bytes {
    let mut json = Json::with_capacity(capacity);
    json.object(|json| {
        json.key("status").plain(b"RESULT_STATUS_COMPLETE");
        json.key("places").object(|json| places::write_map(json, entries, true));
    });
    Bytes::from(json.into_bytes())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const GB: CountryCode = CountryCode::literal("GB");

    fn nearest_to(locator: Value) -> Result<Value, String> {
        let body = json!({"locale": "en-GB", "locator": locator});
        let rendered = nearest(&body, atlas::atlas(), GB).map_err(|error| error.to_string())?;
        Ok(serde_json::from_slice(&rendered).unwrap())
    }

    #[test]
    fn the_hierarchy_holds_the_world_and_every_parent_is_in_it() {
        let read: Value = serde_json::from_slice(&hierarchy(atlas::atlas(), "en-GB")).unwrap();
        let places = read["places"].as_object().unwrap();
        assert!(places.len() > 10_000);
        for place in places.values() {
            let parent = place["parentId"].as_str().unwrap();
            assert_eq!(parent.is_empty(), place["type"] == "PLACE_TYPE_CONTINENT", "{place}");
            assert!(parent.is_empty() || places.contains_key(parent), "{place}");
        }
    }

    #[test]
    fn the_nearest_airport_comes_with_its_parents() {
        let read = nearest_to(json!({"coordinates": {"latitude": 55.95, "longitude": "-3.36"}}));
        let read = read.unwrap();
        assert_eq!(read["places"]["95673668"]["iata"], "EDI");
        assert_eq!(read["places"].as_object().unwrap().len(), 4);
        assert!(nearest_to(json!({"ipAddress": "8.8.8.8"})).is_ok());
    }

    #[test]
    fn a_point_off_the_globe_or_none_at_all_is_refused() {
        let refused = |locator: Value| nearest_to(locator).unwrap_err();
        let off = refused(json!({"coordinates": {"latitude": 91, "longitude": 0}}));
        assert_eq!(off, "locator.coordinates.latitude: must be degrees between -90 and 90");
        assert_eq!(refused(json!({})), "locator: must have coordinates or an ipAddress");
        assert_eq!(refused(json!({"ipAddress": "x"})), "locator.ipAddress: must be an IP address");
    }
}
