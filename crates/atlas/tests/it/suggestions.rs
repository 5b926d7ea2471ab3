use std::collections::HashSet;

use atlas::{Kinds, PlaceRef, SUGGESTIONS_MAX, SuggestOptions, Suggestion, atlas};
use domain::CountryCode;
use proptest::prelude::{any, prop_assert, proptest};

/// `EDI*` for a city, `EDI` for an airport, the name for a country.
fn short(suggestion: &Suggestion<'_>) -> String {
    match suggestion.place {
        PlaceRef::City(city) => format!("{}*", city.code),
        PlaceRef::Airport(airport) => airport.code.to_string(),
        PlaceRef::Country(country) => country.name.to_owned(),
        PlaceRef::Continent(continent) => continent.name.to_owned(),
    }
}

fn found(term: &str) -> Vec<String> {
    atlas().suggest(term, &SuggestOptions::default()).iter().map(short).collect()
}

fn check_first(term: &str, expected: &str) {
    let found = found(term);
    assert_eq!(found.first().map(String::as_str), Some(expected), "{term}: {found:?}");
}

#[test]
fn the_place_most_people_mean_comes_first() {
    for (term, expected) in [
        ("edin", "EDI*"),
        ("edinburgh", "EDI*"),
        ("london", "LON*"),
        ("new york", "NYC*"),
        ("lon", "LON*"),
        ("par", "PAR*"),
        ("sin", "SIN*"),
        ("singapore", "SIN*"),
        ("l", "LON*"),
        ("tokyo", "TYO*"),
        ("rome", "ROM*"),
        ("barcelona", "BCN*"),
        ("bar", "BCN*"),
        ("san fran", "SFO*"),
        ("los a", "LAX*"),
        ("new y", "NYC*"),
        ("paris", "PAR*"),
        ("sydney", "SYD*"),
        ("bangkok", "BKK*"),
        ("dubai", "DXB*"),
        ("mumbai", "BOM*"),
        ("chongqing", "CKG*"),
        ("saint petersburg", "LED*"),
        ("st petersburg", "LED*"),
        ("hong kong", "HKG*"),
        ("rio", "RIO*"),
        ("sao paulo", "SAO*"),
        ("washington", "WAS*"),
    ] {
        check_first(term, expected);
    }
}

#[test]
fn codes_find_their_place_in_either_case() {
    for (term, expected) in [
        ("LHR", "LHR"),
        ("lhr", "LHR"),
        ("JFK", "JFK"),
        ("EDI", "EDI*"),
        ("NYC", "NYC*"),
        ("TYO", "TYO*"),
        ("hnd", "HND"),
        ("GLA", "GLA*"),
        ("cdg", "CDG"),
    ] {
        check_first(term, expected);
    }
}

#[test]
fn two_letters_find_the_codes_that_start_so_before_names_in_other_languages() {
    for (term, expected) in [
        ("ny", "NYC*"),
        ("lh", "LHR"),
        ("cd", "CDG"),
        ("hk", "HKG*"),
        ("ed", "EDI*"),
        ("si", "SIN*"),
        ("ba", "BCN*"),
    ] {
        check_first(term, expected);
    }
    assert!(found("la").contains(&"LAX*".to_owned()), "{:?}", found("la"));
}

#[test]
fn a_region_that_is_typed_in_full_finds_its_cities() {
    check_first("bali", "DPS*");
    let florida = found("florida");
    assert!(florida[..2].contains(&"MIA*".to_owned()), "{florida:?}");
}

#[test]
fn misspellings_missing_marks_and_local_spellings_are_understood() {
    for (term, expected) in [
        ("munchen", "MUC*"),
        ("münchen", "MUC*"),
        ("muenchen", "MUC*"),
        ("köln", "CGN*"),
        ("koln", "CGN*"),
        ("koeln", "CGN*"),
        ("cologne", "CGN*"),
        ("zurch", "ZRH*"),
        ("zürich", "ZRH*"),
        ("zurich", "ZRH*"),
        ("edinbrugh", "EDI*"),
        ("edinburg", "EDI*"),
        ("lodon", "LON*"),
        ("lodnon", "LON*"),
        ("londno", "LON*"),
        ("barcelna", "BCN*"),
        ("singapour", "SIN*"),
        ("singapoer", "SIN*"),
        ("amsterdm", "AMS*"),
        ("pariss", "PAR*"),
        ("newyork", "NYC*"),
        ("sanfrancisco", "SFO*"),
        ("new yrok", "NYC*"),
        ("praha", "PRG*"),
        ("wien", "VIE*"),
        ("moskva", "MOW*"),
        ("firenze", "FLR*"),
        ("genève", "GVA*"),
        ("東京", "TYO*"),
        ("东京", "TYO*"),
        ("東", "TYO*"),
        ("北京", "BJS*"),
        ("纽约", "NYC*"),
        ("лондон", "LON*"),
        ("Москва", "MOW*"),
        ("Αθήνα", "ATH*"),
        ("دبي", "DXB*"),
        ("서울", "SEL*"),
        ("ลอนดอน", "LON*"),
        ("lisboa", "LIS*"),
        ("kobenhavn", "CPH*"),
        ("københavn", "CPH*"),
        ("istambul", "IST*"),
        ("reykjavik", "REK*"),
        ("bombay", "BOM*"),
    ] {
        check_first(term, expected);
    }
}

#[test]
fn several_words_narrow_the_search_in_any_order() {
    for (term, expected) in [
        ("london heathrow", "LHR"),
        ("heathrow", "LHR"),
        ("heathrow london", "LHR"),
        ("london gat", "LGW"),
        ("paris france", "PAR*"),
        ("paris texas", "PRX*"),
        ("paris orly", "ORY"),
        ("birmingham united kingdom", "BHX*"),
        ("london canada", "YXU*"),
        ("london airport", "LON*"),
        ("edinburgh, scotland", "EDI*"),
        ("milan malpensa", "MXP"),
    ] {
        check_first(term, expected);
    }
}

#[test]
fn a_city_stands_before_its_airports_and_popular_ones_first() {
    let list = found("london");
    assert_eq!(&list[..3], ["LON*", "LHR", "LGW"]);
    for term in ["l", "pa", "new", "tokyo", "mil", "edin", "zurch", "washington", "san"] {
        let suggestions =
            atlas().suggest(term, &SuggestOptions { limit: 50, ..Default::default() });
        let mut cities = HashSet::new();
        let mut airports = Vec::new();
        for (rank, suggestion) in suggestions.iter().enumerate() {
            match suggestion.place {
                PlaceRef::City(city) => {
                    cities.insert(city.code);
                    let late = airports.iter().find(|&&(_, city_code)| city_code == city.code);
                    assert_eq!(late, None, "{term}: {rank}");
                }
                PlaceRef::Airport(airport) => airports.push((airport.code, airport.city)),
                PlaceRef::Country(_) | PlaceRef::Continent(_) => panic!("not asked for"),
            }
        }
        assert!(suggestions.is_sorted_by(|a, b| a.score >= b.score));
    }
}

#[test]
fn without_a_term_the_most_popular_places_of_the_market_are_given() {
    let anywhere = found("");
    assert_eq!(anywhere.len(), 10);
    assert!(anywhere.contains(&"LON*".to_owned()));
    assert_eq!(found("  - "), anywhere);
    let market = Some(CountryCode::literal("SG"));
    let options = SuggestOptions { market, kinds: Kinds::AIRPORTS, ..Default::default() };
    let home = atlas().suggest("", &options);
    let rank = |list: &[Suggestion<'_>]| list.iter().position(|row| short(row) == "SIN");
    let options = SuggestOptions { limit: 50, kinds: Kinds::AIRPORTS, ..Default::default() };
    let away = rank(&atlas().suggest("", &options)).unwrap_or(50);
    assert!(rank(&home).unwrap_or(20) < away);
}

#[test]
fn only_the_wanted_kinds_and_number_are_given() {
    let with = |kinds, limit| {
        atlas().suggest("fra", &SuggestOptions { kinds, limit, ..Default::default() })
    };
    let cities = with(Kinds::CITIES, 5);
    assert!(cities.iter().all(|row| matches!(row.place, PlaceRef::City(_))));
    assert_eq!(cities.len(), 5);
    let airports = with(Kinds::AIRPORTS, 3);
    assert!(airports.iter().all(|row| matches!(row.place, PlaceRef::Airport(_))));
    assert!(with(Kinds::ALL, 10).iter().any(|row| short(row) == "France"));
    assert!(with(Kinds::NONE, 10).is_empty());
    assert!(with(Kinds::ALL, 0).is_empty());
    assert!(with(Kinds::ALL, 10_000).len() <= SUGGESTIONS_MAX);
    let merged = SuggestOptions { merge_single_airports: true, ..Default::default() };
    let merged: Vec<_> = atlas().suggest("edinb", &merged).iter().map(short).collect();
    assert!(merged.contains(&"EDI*".to_owned()) && !merged.contains(&"EDI".to_owned()));
}

#[test]
fn a_suggestion_shows_where_the_place_lies_and_what_was_typed() {
    let heathrow = &atlas().suggest("London Hea", &SuggestOptions::default())[0];
    assert_eq!(heathrow.hierarchy, "London Heathrow (LHR), London|England|United Kingdom");
    assert_eq!(heathrow.matched, [(0, 10), (23, 29)]);
    let edinburgh = &atlas().suggest("edin", &SuggestOptions::default())[0];
    assert_eq!(edinburgh.hierarchy, "Edinburgh (EDI), Scotland|United Kingdom");
    assert_eq!(edinburgh.matched, [(0, 4)]);
}

#[test]
fn every_place_with_traffic_is_found_by_its_code_and_its_name() {
    let atlas = atlas();
    let options = SuggestOptions { limit: 50, ..Default::default() };
    let mut lost = Vec::new();
    for city in atlas.cities().iter().filter(|city| city.popularity > 0.0).step_by(7) {
        for term in [city.code.to_string(), city.name.to_owned()] {
            let found = atlas.suggest(&term, &options);
            if !found.iter().any(|row| row.place.entity_id() == city.entity_id) {
                lost.push(term);
            }
        }
    }
    assert!(lost.is_empty(), "{lost:?}");
}

proptest! {
    #[test]
    fn no_term_makes_suggesting_panic_and_ranges_lie_inside_the_line(
        term in any::<String>(),
        limit in 0_usize..60,
    ) {
        for row in atlas().suggest(&term, &SuggestOptions { limit, ..Default::default() }) {
            let chars = row.hierarchy.chars().count() as u32;
            let mut before = 0;
            for (start, end) in row.matched {
                prop_assert!(before <= start && start < end && end <= chars);
                before = end;
            }
        }
    }
}
