//! Names of places in other languages and other spellings.
//!
//! The file is unpacked once, when the suggest index is made or a name is first asked for, and
//! stays in memory for the life of the process (about 1.2 MB).

use std::sync::OnceLock;

use crate::book::Atlas;
use crate::place::PlaceRef;
use crate::rows::field;

const NAMES: &[u8] = include_bytes!("../../../data/names.csv.zst");

/// One line a place: `language=name` or a bare spelling, separated by `|`.
#[derive(Debug)]
pub(crate) struct Names {
    pub(crate) cities: Vec<&'static str>,
    pub(crate) airports: Vec<&'static str>,
    pub(crate) countries: Vec<&'static str>,
}

/// The names of an atlas, unpacked on first use.
pub(crate) fn names(atlas: &Atlas) -> &'static Names {
    static ALL: OnceLock<Names> = OnceLock::new();
    ALL.get_or_init(|| {
        // The file is part of the program; if it were broken there would be no names, and a test
        // would say so.
        let bytes = zstd::decode_all(NAMES).unwrap_or_default();
        Names::read(atlas, String::from_utf8(bytes).unwrap_or_default().leak())
    })
}

impl Names {
    fn read(atlas: &Atlas, text: &'static str) -> Self {
        let mut names = Self {
            cities: vec![""; atlas.cities().len()],
            airports: vec![""; atlas.airports().len()],
            countries: vec![""; atlas.countries().len()],
        };
        for line in text.lines() {
            let Some((place, list)) = line.split_once('|') else { continue };
            let Some((kind, code)) = place.split_at_checked(1) else { continue };
            let slot = match kind {
                "C" => atlas.city_index(field(code)).and_then(|at| names.cities.get_mut(at)),
                "A" => atlas.airport_index(field(code)).and_then(|at| names.airports.get_mut(at)),
                _ => atlas.country_index(field(code)).and_then(|at| names.countries.get_mut(at)),
            };
            if let Some(slot) = slot {
                *slot = list;
            }
        }
        names
    }
}

/// The names of a line, without their languages.
pub(crate) fn spellings(line: &'static str) -> impl Iterator<Item = &'static str> {
    line.split('|')
        .map(|entry| entry.split_once('=').map_or(entry, |(_, name)| name))
        .filter(|name| !name.is_empty())
}

impl Atlas {
    /// The name of a place in a language such as `de` or `zh-TW`, where it differs from the
    /// English one and is known. A regional tag falls back to its language (`de-AT` to `de`).
    #[must_use]
    pub fn name_in(&self, place: PlaceRef<'_>, language: &str) -> Option<&'static str> {
        let names = names(self);
        let line = match place {
            PlaceRef::Airport(row) => names.airports[self.airport_index(Some(row.code))?],
            PlaceRef::City(row) => names.cities[self.city_index(Some(row.code))?],
            PlaceRef::Country(row) => names.countries[self.country_index(Some(row.code))?],
            PlaceRef::Continent(_) => return None,
        };
        let find = |wanted: &str| {
            line.split('|')
                .filter_map(|entry| entry.split_once('='))
                .find_map(|(tag, name)| tag.eq_ignore_ascii_case(wanted).then_some(name))
        };
        let primary = language.split(['-', '_']).next().unwrap_or(language);
        // Norwegian has two written forms, and Chinese of Hong Kong uses the signs of Taiwan.
        let usual = match (primary, language) {
            ("nb" | "nn", _) => "no",
            ("zh", "zh-HK" | "zh-MO" | "zh-Hant") => "zh-TW",
            _ => primary,
        };
        find(language).or_else(|| find(usual))
    }
}

#[cfg(test)]
mod tests {
    use domain::{AirportCode, CityCode, CountryCode};

    use crate::{PlaceRef, atlas};

    fn city(code: &str, language: &str) -> Option<&'static str> {
        let city = atlas().city(CityCode::literal(code)).unwrap();
        atlas().name_in(PlaceRef::City(city), language)
    }

    #[test]
    fn cities_and_countries_have_names_in_the_languages_of_their_readers() {
        assert_eq!(city("MUC", "de"), Some("München"));
        assert_eq!(city("MUC", "de-AT"), Some("München"));
        assert_eq!(city("NYC", "zh-CN"), Some("纽约"));
        assert_eq!(city("NYC", "zh-TW"), Some("紐約"));
        assert_eq!(city("TYO", "ja-JP"), Some("東京"));
        assert_eq!(city("DXB", "ar-AE"), Some("دبي"));
        assert_eq!(city("LON", "en-GB"), None);
        assert_eq!(city("LON", "xx"), None);
        let country = atlas().country(CountryCode::literal("DE")).unwrap();
        assert_eq!(atlas().name_in(PlaceRef::Country(country), "fr"), Some("Allemagne"));
        let airport = atlas().airport(AirportCode::literal("LHR")).unwrap();
        assert!(atlas().name_in(PlaceRef::Airport(airport), "es").is_some());
    }
}
