use atlas::{PlaceRef, atlas};
use domain::{AirportCode, CarrierCode, CityCode, CountryCode, CurrencyCode, Place};

fn airport(code: &str) -> AirportCode {
    AirportCode::literal(code)
}

#[test]
fn a_metropolitan_code_means_several_airports_busiest_first() {
    let atlas = atlas();
    let check = |code: &str, first: &[&str]| {
        let airports = atlas.airports_of(Place::City(CityCode::literal(code)));
        let expected: Vec<_> = first.iter().copied().map(airport).collect();
        assert!(airports.starts_with(&expected), "{code}: {airports:?}");
    };
    check("LON", &["LHR", "LGW"]);
    check("NYC", &["JFK", "EWR", "LGA"]);
    check("TYO", &["HND", "NRT"]);
    check("EDI", &["EDI"]);
    assert_eq!(atlas.airports_of(Place::Airport(airport("LHR"))), [airport("LHR")]);
    assert!(atlas.airports_of(Place::City(CityCode::literal("XXX"))).is_empty());
}

#[test]
fn every_reference_between_tables_leads_somewhere() {
    let atlas = atlas();
    for row in atlas.airports() {
        let city = atlas.city(row.city).unwrap_or_else(|| panic!("{}: no city", row.code));
        assert!(atlas.country(row.country).is_some(), "{}", row.code);
        assert!(atlas.airport(row.code).is_some_and(|same| same.code == row.code));
        assert!(!row.name.is_empty() && !city.name.is_empty());
        assert!(
            (-90.0..=90.0).contains(&row.latitude) && (-180.0..=180.0).contains(&row.longitude)
        );
        assert!((0.0..=1.0).contains(&row.popularity));
        // Busy airports are in the list of their city; idle ones may be left out of it.
        assert!(row.popularity == 0.0 || city.airports.contains(&row.code), "{}", row.code);
    }
    for city in atlas.cities() {
        assert!(!city.airports.is_empty(), "{}", city.code);
        assert!(city.airports.iter().all(|&code| atlas.airport(code).is_some()), "{}", city.code);
        assert!(atlas.country(city.country).is_some(), "{}", city.code);
    }
    for country in atlas.countries() {
        assert!(atlas.currency(country.currency).is_some(), "{}", country.code);
        assert!(atlas.continent(country.continent).is_some(), "{}", country.code);
    }
    for carrier in atlas.carriers() {
        assert!(carrier.hubs.iter().all(|&hub| atlas.airport(hub).is_some()), "{}", carrier.code);
        assert!(carrier.country.is_none_or(|code| atlas.country(code).is_some()));
        assert!(carrier.alliance.is_none_or(|id| atlas.alliance(id).is_some()));
    }
}

#[test]
fn every_entity_id_leads_back_to_its_place() {
    let atlas = atlas();
    for row in atlas.airports() {
        let found = atlas.place_by_entity(row.entity_id);
        assert!(matches!(found, Some(PlaceRef::Airport(same)) if same.code == row.code));
    }
    for row in atlas.cities() {
        let found = atlas.place_by_entity(row.entity_id);
        assert!(matches!(found, Some(PlaceRef::City(same)) if same.code == row.code));
    }
    assert_eq!(atlas.place_by_entity(29_475_375).map(PlaceRef::name), Some("United Kingdom"));
    assert!(atlas.place_by_entity(0).is_none());
}

#[test]
fn tables_are_sorted_as_their_documentation_says() {
    let atlas = atlas();
    assert!(atlas.airports().is_sorted_by(|a, b| a.popularity >= b.popularity));
    assert!(atlas.cities().is_sorted_by(|a, b| a.popularity >= b.popularity));
    assert!(atlas.countries().is_sorted_by_key(|row| row.code));
    assert!(atlas.carriers().is_sorted_by_key(|row| row.code));
    assert!(atlas.currencies().is_sorted_by_key(|row| row.code));
    for city in atlas.cities() {
        let popularity = |code: &AirportCode| atlas.airport(*code).unwrap().popularity;
        assert!(city.airports.is_sorted_by(|a, b| popularity(a) >= popularity(b)), "{}", city.code);
    }
}

#[test]
fn carriers_have_names_alliances_and_currencies_minor_digits() {
    let atlas = atlas();
    let check = |code: &str, name: &str, icao: &str, alliance: Option<&str>| {
        let carrier = atlas.carrier(CarrierCode::literal(code)).unwrap();
        let key = carrier.alliance.and_then(|id| atlas.alliance(id)).map(|row| row.key);
        assert_eq!((carrier.name, carrier.icao, key), (name, icao, alliance));
    };
    check("BA", "British Airways", "BAW", Some("oneworld"));
    check("LH", "Lufthansa", "DLH", Some("star"));
    check("KL", "KLM", "KLM", Some("skyteam"));
    check("U2", "easyJet", "EZY", None);
    assert!(atlas.carriers().len() > 800);
    let decimals = |code: &str| atlas.currency(CurrencyCode::literal(code)).unwrap().decimals;
    assert_eq!(["EUR", "JPY", "KWD", "USD"].map(decimals), [2, 0, 3, 2]);
    assert_eq!(atlas.country(CountryCode::literal("JP")).unwrap().name, "Japan");
}

#[test]
fn nearby_adds_at_most_six_busy_airports_within_120_km() {
    let atlas = atlas();
    for row in atlas.airports().iter().step_by(37) {
        let found = atlas.resolve(Place::Airport(row.code), true);
        assert_eq!(found[0], row.code);
        assert!(found.len() <= 7);
        for &code in &found[1..] {
            assert!(atlas.distance_km(row.code, code).unwrap() <= 120.001);
            assert!(atlas.airport(code).unwrap().popularity > 0.0);
        }
    }
    let near = atlas.resolve(Place::Airport(airport("EDI")), true);
    assert!(near.contains(&airport("GLA")), "{near:?}");
    assert_eq!(atlas.resolve(Place::Airport(airport("EDI")), false), [airport("EDI")]);
}

#[test]
fn the_nearest_airport_is_the_nearest_with_traffic() {
    let atlas = atlas();
    let nearest = |lat, lon| atlas.nearest_airport(lat, lon).unwrap().code.to_string();
    assert_eq!(nearest(55.9, -4.4), "GLA");
    assert_eq!(nearest(1.35, 103.98), "SIN");
    assert_eq!(nearest(-16.7, 179.9), "TVU");
    let km = atlas.distance_km(airport("LHR"), airport("JFK")).unwrap();
    assert!((km - 5_540.0).abs() < 15.0, "{km}");
    assert_eq!(atlas.distance_km(airport("LHR"), airport("XXX")), None);
}
