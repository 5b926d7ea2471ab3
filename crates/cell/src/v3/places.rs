//! Places in the v3 form, each with its parents.
//!
//! ```text
//! airport ─▶ city ─▶ country ─▶ continent
//! ```
//!
//! A live answer goes up to the country and shows no coordinates, as recorded; the hierarchy goes
//! up to the continent and shows those that are known.

use std::collections::BTreeMap;

use atlas::{Atlas, PlaceRef};
use domain::AirportCode;

use super::ids;
use crate::json::Json;
use crate::party::name_in;

/// Where the chain of parents ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Top {
    Country,
    Continent,
}

/// One place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    parent: Option<u32>,
    name: String,
    kind: &'static [u8],
    iata: String,
    at: Option<(f64, f64)>,
}

/// Adds an airport and its parents up to the country, by entity id.
pub(super) fn collect(
    entries: &mut BTreeMap<String, Entry>,
    atlas: &Atlas,
    airport: AirportCode,
    language: &str,
) {
    match atlas.airport(airport) {
        Some(known) => {
            let place = PlaceRef::Airport(known);
            collect_up(entries, atlas, place, (Top::Country, language));
        }
        None => {
            let entry = Entry {
                parent: None,
                name: airport.to_string(),
                kind: b"PLACE_TYPE_AIRPORT",
                iata: airport.to_string(),
                at: None,
            };
            entries.insert(ids::entity_id(atlas, airport).to_string(), entry);
        }
    }
}

/// Adds a place and its parents.
pub(super) fn collect_up(
    entries: &mut BTreeMap<String, Entry>,
    atlas: &Atlas,
    place: PlaceRef<'_>,
    (top, language): (Top, &str),
) {
    let mut next = Some(place);
    while let Some(place) = next {
        let id = place.entity_id().to_string();
        if entries.contains_key(&id) {
            return;
        }
        next = parent(atlas, place, top);
        let name = name_in(atlas, place, language);
        entries.insert(id, entry(place, name, next.map(PlaceRef::entity_id)));
    }
}

/// The next larger place.
pub(super) fn parent<'a>(atlas: &'a Atlas, place: PlaceRef<'_>, top: Top) -> Option<PlaceRef<'a>> {
    match place {
        PlaceRef::Airport(airport) => atlas
            .city(airport.city)
            .map(PlaceRef::City)
            .or_else(|| atlas.country(airport.country).map(PlaceRef::Country)),
        PlaceRef::City(city) => atlas.country(city.country).map(PlaceRef::Country),
        PlaceRef::Country(country) if top == Top::Continent => {
            atlas.continent(country.continent).map(PlaceRef::Continent)
        }
        PlaceRef::Country(_) | PlaceRef::Continent(_) => None,
    }
}

/// `type` of a place.
pub(super) fn kind(place: PlaceRef<'_>) -> &'static [u8] {
    match place {
        PlaceRef::Airport(_) => b"PLACE_TYPE_AIRPORT",
        PlaceRef::City(_) => b"PLACE_TYPE_CITY",
        PlaceRef::Country(_) => b"PLACE_TYPE_COUNTRY",
        PlaceRef::Continent(_) => b"PLACE_TYPE_CONTINENT",
    }
}

/// The IATA code of an airport or city; empty for others.
pub(super) fn iata(place: PlaceRef<'_>) -> String {
    match place {
        PlaceRef::Airport(airport) => airport.code.to_string(),
        PlaceRef::City(city) => city.code.to_string(),
        PlaceRef::Country(_) | PlaceRef::Continent(_) => String::new(),
    }
}

fn entry(place: PlaceRef<'_>, name: &str, parent: Option<u32>) -> Entry {
    let at = match place {
        PlaceRef::Airport(airport) => Some((airport.latitude, airport.longitude)),
        PlaceRef::City(city) => Some((city.latitude, city.longitude)),
        PlaceRef::Country(country) => Some((country.latitude, country.longitude)),
        PlaceRef::Continent(_) => None,
    };
    Entry { parent, name: name.to_owned(), kind: kind(place), iata: iata(place), at }
}

/// Writes the members of a `places` map.
pub(super) fn write_map(json: &mut Json, entries: &BTreeMap<String, Entry>, coordinates: bool) {
    for (id, entry) in entries {
        json.key_text(id).object(|json| {
            json.key("entityId").text(id);
            json.key("parentId");
            match entry.parent {
                Some(parent) => json.number_text(i64::from(parent)),
                None => json.plain(b""),
            };
            json.key("name").text(&entry.name);
            json.key("type").plain(entry.kind);
            json.key("iata").text(&entry.iata);
            json.key("coordinates");
            match entry.at.filter(|_| coordinates) {
                None => json.null(),
                Some((latitude, longitude)) => json.object(|json| {
                    json.key("latitude").float64(latitude);
                    json.key("longitude").float64(longitude);
                }),
            };
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(top: Top) -> String {
        let atlas = atlas::atlas();
        let mut entries = BTreeMap::new();
        let airport = atlas.airport("LHR".parse().unwrap()).unwrap();
        collect_up(&mut entries, atlas, PlaceRef::Airport(airport), (top, "en-GB"));
        let mut json = Json::default();
        json.object(|json| write_map(json, &entries, top == Top::Continent));
        String::from_utf8(json.into_bytes()).unwrap()
    }

    #[test]
    fn an_airport_comes_with_its_city_and_country_and_nothing_above() {
        let read: serde_json::Value = serde_json::from_str(&chain(Top::Country)).unwrap();
        assert_eq!(read["95565050"]["parentId"], "27544008");
        assert_eq!(read["27544008"]["parentId"], "29475375");
        assert_eq!(read["29475375"]["parentId"], "");
        assert_eq!(read["29475375"]["type"], "PLACE_TYPE_COUNTRY");
        assert!(read["95565050"]["coordinates"].is_null());
        assert_eq!(read.as_object().unwrap().len(), 3);
    }

    #[test]
    fn the_hierarchy_goes_up_to_the_continent_and_knows_where_places_are() {
        let read: serde_json::Value = serde_json::from_str(&chain(Top::Continent)).unwrap();
        assert_eq!(read["29475375"]["parentId"], "27563221");
        assert_eq!(read["27563221"]["name"], "Europe");
        let latitude = read["95565050"]["coordinates"]["latitude"].as_f64().unwrap();
        assert!((latitude - 51.47).abs() < 0.1);
    }

    #[test]
    fn names_are_in_the_wanted_language_where_they_are_known() {
        let atlas = atlas::atlas();
        let mut entries = BTreeMap::new();
        collect(&mut entries, atlas, "MUC".parse().unwrap(), "de-DE");
        assert!(entries.values().any(|entry| entry.name == "München"));
    }
}
