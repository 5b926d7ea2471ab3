//! `POST autosuggest/flights`: the places a traveller may mean while typing.
//!
//! Limits: 1 to 50 places. Without a term, the most popular ones.

use atlas::{Atlas, Kinds, PlaceRef, SuggestOptions, Suggestion};
use bytes::Bytes;
use serde_json::Value;

use super::places::{self, Top};
use crate::json::Json;
use crate::loose::{FieldError, Node};
use crate::party;

/// Kinds of places by the number of the enum.
const TYPES: [&str; 8] = [
    "PLACE_TYPE_UNSPECIFIED",
    "PLACE_TYPE_AIRPORT",
    "PLACE_TYPE_CITY",
    "PLACE_TYPE_COUNTRY",
    "PLACE_TYPE_CONTINENT",
    "PLACE_TYPE_ISLAND",
    "PLACE_TYPE_DISTRICT",
    "PLACE_TYPE_TRAIN_STATION",
];

/// Answers a body.
///
/// # Errors
/// [`FieldError`] naming the first field that is missing or wrong.
pub fn answer(body: &Value, atlas: &Atlas) -> Result<Bytes, FieldError> {
    let root = Node::root(body);
    let query = root.field("query")?;
    let market = party::market(query.field("market")?, atlas)?;
    let locale = party::locale(query.field("locale")?)?;
    let term = query.field("searchTerm")?.text()?.unwrap_or_default();
    let limit = root.field("limit")?;
    let limit = match limit.whole()?.unwrap_or(0) {
        0 => 10,
        wanted @ 1..=50 => wanted as usize,
        _ => return Err(limit.wrong("must be 1 to 50")),
    };
    let kinds = kinds(query.field("includedEntityTypes")?)?;
    let options = SuggestOptions { limit, kinds, market: Some(market), ..Default::default() };
    let mut json = Json::with_capacity(limit * 400);
    json.object(|json| {
        json.key("places").list(|json| {
            for found in atlas.suggest(&term, &options) {
                write(json, atlas, &found, locale.as_str());
            }
        });
    });
    Ok(Bytes::from(json.into_bytes()))
}

/// Wanted kinds; all if none is named. Kinds there are no places of are accepted.
fn kinds(list: Node<'_>) -> Result<Kinds, FieldError> {
    let items = list.items(16)?;
    let mut kinds = if items.is_empty() { Kinds::ALL } else { Kinds::NONE };
    for item in &items {
        kinds = kinds.with(match item.one_of(&TYPES)? {
            0 => Kinds::ALL,
            1 => Kinds::AIRPORTS,
            2 => Kinds::CITIES,
            3 => Kinds::COUNTRIES,
            _ => Kinds::NONE,
        });
    }
    Ok(kinds)
}

fn write(json: &mut Json, atlas: &Atlas, found: &Suggestion<'_>, language: &str) {
    let place = found.place;
    let (country, city, at) = match place {
        PlaceRef::Airport(airport) => (
            atlas.country(airport.country),
            atlas.city(airport.city),
            Some((airport.latitude, airport.longitude)),
        ),
        PlaceRef::City(city) => {
            (atlas.country(city.country), Some(city), Some((city.latitude, city.longitude)))
        }
        PlaceRef::Country(country) => {
            (Some(country), None, Some((country.latitude, country.longitude)))
        }
        PlaceRef::Continent(_) => (None, None, None),
    };
    let named = |place| party::name_in(atlas, place, language);
    json.object(|json| {
        json.key("entityId").number_text(i64::from(place.entity_id()));
        json.key("iataCode").text(&places::iata(place));
        json.key("parentId");
        match places::parent(atlas, place, Top::Continent) {
            Some(parent) => json.number_text(i64::from(parent.entity_id())),
            None => json.plain(b""),
        };
        json.key("name").text(named(place));
        json.key("countryId").text(&country.map(|row| row.code.to_string()).unwrap_or_default());
        json.key("countryName").text(country.map_or("", |row| named(PlaceRef::Country(row))));
        json.key("cityName").text(city.map_or("", |row| named(PlaceRef::City(row))));
        json.key("location");
        match at {
            Some((latitude, longitude)) => json.text(&format!("{latitude},{longitude}")),
            None => json.plain(b""),
        };
        json.key("hierarchy").text(&found.hierarchy);
        json.key("type").plain(places::kind(place));
        json.key("highlighting").list(|json| {
            for &(start, end) in &found.matched {
                json.list(|json| {
                    json.number(start).number(end);
                });
            }
        });
        json.key("airportInformation").null();
    });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn suggested(body: &Value) -> Result<Value, String> {
        let bytes = answer(body, atlas::atlas()).map_err(|error| error.to_string())?;
        Ok(serde_json::from_slice(&bytes).unwrap())
    }

    fn body(term: &str, types: &[&str], limit: u32) -> Value {
        json!({"query": {"market": "UK", "locale": "en-GB", "searchTerm": term,
            "includedEntityTypes": types}, "limit": limit, "isDestination": false})
    }

    #[test]
    fn a_typed_airport_comes_with_everything_it_belongs_to() {
        let read = suggested(&body("heathrow", &["PLACE_TYPE_AIRPORT"], 5)).unwrap();
        let first = &read["places"][0];
        assert_eq!(first["iataCode"], "LHR");
        assert_eq!(first["entityId"], "95565050");
        assert_eq!(first["parentId"], "27544008");
        assert_eq!((&first["countryId"], &first["cityName"]), (&"GB".into(), &"London".into()));
        assert_eq!(first["type"], "PLACE_TYPE_AIRPORT");
        assert!(first["hierarchy"].as_str().unwrap().contains("(LHR)"));
        assert!(!first["highlighting"].as_array().unwrap().is_empty());
        assert_eq!(first.as_object().unwrap().len(), 12);
    }

    #[test]
    fn without_a_term_the_most_popular_places_come_and_never_more_than_asked_for() {
        let read = suggested(&body("", &[], 3)).unwrap();
        assert_eq!(read["places"].as_array().unwrap().len(), 3);
        let cities = suggested(&body("", &["PLACE_TYPE_CITY"], 50)).unwrap();
        let all_cities = |place: &Value| place["type"] == "PLACE_TYPE_CITY";
        assert!(cities["places"].as_array().unwrap().iter().all(all_cities));
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(suggested(&body("x", &[], 51)).unwrap_err(), "limit: must be 1 to 50");
        let unknown = suggested(&body("x", &["CITY"], 5)).unwrap_err();
        assert!(unknown.starts_with("query.includedEntityTypes[0]: must be one of"), "{unknown}");
        let none = suggested(&json!({})).unwrap_err();
        assert_eq!(none, "query.market: is required");
    }
}
