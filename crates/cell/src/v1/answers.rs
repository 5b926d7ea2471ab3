//! Handlers of the `/v1` paths that need no search.

use std::sync::Arc;

use atlas::{Atlas, PlaceRef, SuggestOptions, Suggestion};
use axum::extract::{RawQuery, State};
use axum::response::Response;
use bytes::Bytes;
use domain::CountryCode;

use super::pairs::{self, pairs, unknown, wrong};
use crate::culture::{self, LOCALES};
use crate::json::Json;
use crate::key;
use crate::party::name_in;
use crate::refusal::{Family, Refusal};
use crate::state::{REFERENCE, Shared, json_kept};

/// Places of one answer: unless said otherwise, and at most.
const PLACES: (usize, usize) = (8, 50);

/// Characters of a term; no name is longer.
const TERM_MAX: usize = 100;

/// What is wanted of `/v1/places`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wanted {
    term: String,
    limit: usize,
    language: String,
    market: Option<CountryCode>,
}

/// `GET /v1/places?term=edin&limit=8&locale=en-GB`.
pub(crate) async fn places(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
) -> Response {
    match read(query.as_deref(), shared.atlas) {
        Ok(wanted) => json_kept(suggest(shared.atlas, &wanted), REFERENCE),
        Err(refusal) => refusal.respond(Family::Own),
    }
}

fn read(query: Option<&str>, atlas: &Atlas) -> Result<Wanted, Refusal> {
    let mut wanted =
        Wanted { term: String::new(), limit: PLACES.0, language: "en-GB".to_owned(), market: None };
    for pair in pairs(query)? {
        let value = &*pair.value;
        let refuse = |sentence| wrong(pair.name, sentence);
        match pair.name {
            "term" if value.chars().count() > TERM_MAX => {
                return Err(refuse("must have at most 100 characters"));
            }
            "term" => wanted.term = value.to_owned(),
            "limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=PLACES.1).contains(limit));
                wanted.limit = limit.ok_or_else(|| refuse("must be 1 to 50"))?;
            }
            "locale" => {
                let locale = culture::read_locale(value);
                wanted.language =
                    locale.ok_or_else(|| refuse("must be a language and country, e.g. en-GB"))?;
            }
            "market" => {
                let market = culture::known_market(value, atlas);
                wanted.market = Some(
                    market.ok_or_else(|| refuse("must be a two-letter country code, e.g. GB"))?,
                );
            }
            name => return Err(unknown(name)),
        }
    }
    Ok(wanted)
}

fn suggest(atlas: &Atlas, wanted: &Wanted) -> Bytes {
    let options = SuggestOptions {
        limit: wanted.limit,
        market: wanted.market,
        merge_single_airports: true,
        ..SuggestOptions::default()
    };
    let mut json = Json::with_capacity(2_048);
    json.object(|json| {
        key!(json, "places").list(|json| {
            for found in atlas.suggest(&wanted.term, &options) {
                write_place(json, atlas, &found, wanted);
            }
        });
    });
    Bytes::from(json.into_bytes())
}

fn write_place(json: &mut Json, atlas: &Atlas, found: &Suggestion<'_>, wanted: &Wanted) {
    let (id, kind, city, country) = match found.place {
        PlaceRef::Airport(airport) => {
            (airport.code.to_string(), "airport", atlas.city(airport.city), airport.country)
        }
        PlaceRef::City(city) => (format!("city:{}", city.code), "city", Some(city), city.country),
        PlaceRef::Country(_) | PlaceRef::Continent(_) => return,
    };
    let named = |place| name_in(atlas, place, &wanted.language);
    let name = named(found.place);
    json.object(|json| {
        key!(json, "id").text(&id);
        key!(json, "kind").plain(kind.as_bytes());
        key!(json, "name").text(name);
        key!(json, "city").text(city.map_or("", |city| named(PlaceRef::City(city))));
        let row = atlas.country(country).map(PlaceRef::Country);
        key!(json, "country").text(row.map_or("", named));
        key!(json, "country_code").plain(&country.to_bytes());
        key!(json, "iata").text(id.trim_start_matches("city:"));
        key!(json, "highlight").list(|json| {
            for (start, end) in highlight(found, name, &wanted.term) {
                json.list(|json| {
                    json.number(start).number(end);
                });
            }
        });
    });
}

/// Parts of the name that were typed, `[start, end)` in characters.
fn highlight(found: &Suggestion<'_>, name: &str, term: &str) -> Vec<(u32, u32)> {
    let length = name.chars().count() as u32;
    if name == found.place.name() {
        // The name begins the hierarchy.
        let within = |&(start, end): &(u32, u32)| (start, end.min(length));
        return found.matched.iter().map(within).filter(|(start, end)| start < end).collect();
    }
    let (term, lower) = (term.trim().to_lowercase(), name.to_lowercase());
    if !term.is_empty() && lower.starts_with(&term) {
        return vec![(0, (term.chars().count() as u32).min(length))];
    }
    Vec::new()
}

/// `GET /v1/culture`.
pub(crate) async fn culture(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
) -> Response {
    if let Err(refusal) = pairs::none(query.as_deref()) {
        return refusal.respond(Family::Own);
    }
    let bytes = shared.fixed.culture.get_or_init(|| render_culture(shared.atlas));
    json_kept(bytes.clone(), REFERENCE)
}

fn render_culture(atlas: &Atlas) -> Bytes {
    let mut json = Json::with_capacity(32 << 10);
    json.object(|json| {
        key!(json, "markets").list(|json| {
            for country in atlas.countries() {
                json.object(|json| {
                    key!(json, "code").plain(&country.code.to_bytes());
                    key!(json, "name").text(country.name);
                    key!(json, "currency").plain(&country.currency.to_bytes());
                });
            }
        });
        key!(json, "locales").list(|json| {
            for language in LOCALES {
                json.object(|json| {
                    key!(json, "code").plain(language.code.as_bytes());
                    key!(json, "name").text(language.name);
                    key!(json, "rtl").truth(language.rtl);
                });
            }
        });
        key!(json, "currencies").list(|json| {
            for row in atlas.currencies().iter().filter(|row| atlas.rates().knows(row.code)) {
                json.object(|json| {
                    key!(json, "code").plain(&row.code.to_bytes());
                    key!(json, "symbol").text(row.symbol);
                    key!(json, "decimals").number(row.decimals);
                });
            }
        });
    });
    Bytes::from(json.into_bytes())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn places(query: &str) -> Value {
        let wanted = read(Some(query), atlas::atlas()).unwrap();
        serde_json::from_slice(&suggest(atlas::atlas(), &wanted)).unwrap()
    }

    #[test]
    fn a_city_comes_before_its_airports_and_what_was_typed_is_marked() {
        let read = places("term=londo&limit=8&locale=en-GB");
        let first = &read["places"][0];
        assert_eq!((&first["id"], &first["kind"]), (&"city:LON".into(), &"city".into()));
        assert_eq!(first["country_code"], "GB");
        assert_eq!(first["highlight"], serde_json::json!([[0, 5]]));
        assert!(read["places"].as_array().unwrap().iter().any(|place| place["id"] == "LHR"));
    }

    #[test]
    fn places_are_named_in_the_travellers_language() {
        let first = &places("term=munchen&locale=de-DE")["places"][0];
        assert_eq!((&first["name"], &first["country"]), (&"München".into(), &"Deutschland".into()));
    }

    #[test]
    fn a_query_that_is_wrong_is_refused_by_name() {
        let long = format!("term={}", "x".repeat(101));
        for (query, field) in [
            ("limit=51", "limit"),
            ("limit=", "limit"),
            ("locale=english", "locale"),
            ("market=XX", "market"),
            ("market=", "market"),
            ("word=x", "word"),
            ("term=a&term=b", "term"),
            (long.as_str(), "term"),
        ] {
            let refusal = read(Some(query), atlas::atlas()).unwrap_err();
            assert_eq!(refusal.field_name(), Some(field), "{query}");
        }
        let uk = read(Some("market=uk&term="), atlas::atlas()).unwrap();
        assert_eq!(uk.market, Some(culture::GB));
    }

    #[test]
    fn culture_lists_markets_locales_and_currencies() {
        let read: Value = serde_json::from_slice(&render_culture(atlas::atlas())).unwrap();
        let arabic = &read["locales"][0];
        assert_eq!((&arabic["code"], &arabic["rtl"]), (&"ar-AE".into(), &true.into()));
        let has = |list: &str, code: &str| {
            read[list].as_array().unwrap().iter().any(|row| row["code"] == code)
        };
        assert!(has("markets", "GB") && has("currencies", "GBP") && !has("markets", "UK"));
    }
}
