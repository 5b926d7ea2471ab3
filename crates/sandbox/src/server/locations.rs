//! Amadeus `GET /v1/reference-data/locations`: airports and cities by keyword.

use atlas::{PlaceRef, SuggestOptions};
use http::StatusCode;

use super::routes::{Answer, with_type};
use crate::wire::amadeus;

/// Places of one answer.
const LIMIT: usize = 10;

/// Answers a query with `keyword` and `subType`.
pub(super) fn answer(query: &str) -> Answer {
    let get = |key: &str| {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let value = pairs.into_iter().find(|(name, _)| *name == key).map(|(_, value)| value);
        value.map(|value| {
            percent_encoding::percent_decode_str(value).decode_utf8_lossy().replace('+', " ")
        })
    };
    let Some(keyword) = get("keyword").filter(|keyword| !keyword.is_empty()) else {
        let mut body = Vec::new();
        amadeus::error(400, 32_171, "MANDATORY DATA MISSING", "keyword", &mut body);
        return with_type(StatusCode::BAD_REQUEST, amadeus::CONTENT_TYPE, body);
    };
    let kinds = get("subType").unwrap_or_else(|| "AIRPORT,CITY".to_owned());
    let options = SuggestOptions { limit: LIMIT, ..SuggestOptions::default() };
    let found = atlas::atlas().suggest(&keyword, &options);
    let rows: Vec<serde_json::Value> = found
        .iter()
        .filter_map(|suggestion| location(suggestion.place))
        .filter(|(kind, _)| kinds.split(',').any(|wanted| wanted == *kind))
        .map(|(_, row)| row)
        .collect();
    let body = serde_json::json!({ "meta": { "count": rows.len() }, "data": rows });
    with_type(StatusCode::OK, amadeus::CONTENT_TYPE, body.to_string())
}

fn location(place: PlaceRef<'_>) -> Option<(&'static str, serde_json::Value)> {
    let atlas = atlas::atlas();
    let (kind, code, name, city, country) = match place {
        PlaceRef::Airport(airport) => {
            let city = atlas.city(airport.city);
            ("AIRPORT", airport.code.to_string(), airport.name, city, airport.country)
        }
        PlaceRef::City(city) => {
            ("CITY", city.code.to_string(), city.name, Some(city), city.country)
        }
        PlaceRef::Country(_) | PlaceRef::Continent(_) => return None,
    };
    let row = serde_json::json!({
        "type": "location",
        "subType": kind,
        "name": name.to_uppercase(),
        "id": format!("{}{code}", &kind[..1]),
        "iataCode": code,
        "address": {
            "cityName": city.map_or("", |city| city.name).to_uppercase(),
            "cityCode": city.map(|city| city.code.to_string()),
            "countryCode": country.to_string(),
            "countryName": atlas.country(country).map_or("", |country| country.name).to_uppercase(),
        },
    });
    Some((kind, row))
}
