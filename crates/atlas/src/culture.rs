//! Markets, locales and the culture somebody is greeted in.
//!
//! A market is a country; outside it is named by two letters that are the country's code, except
//! that the United Kingdom is `UK`. Locale and currency change only how answers are shown.

use domain::CountryCode;

use crate::book::Atlas;
use crate::currency::Currency;
use crate::place::Country;

/// A language, as a country writes it.
#[derive(Clone, Debug)]
pub struct Locale {
    /// Tag, e.g. `en-GB`.
    pub code: &'static str,
    /// Name in the language itself.
    pub name: &'static str,
    /// Whether it is written from right to left.
    pub rtl: bool,
}

impl Locale {
    /// The language of the tag, e.g. `en`.
    #[must_use]
    pub fn language(&self) -> &'static str {
        self.code.split('-').next().unwrap_or(self.code)
    }
}

/// What somebody in a country is greeted with.
#[derive(Clone, Copy, Debug)]
pub struct Culture<'a> {
    /// The country as a market.
    pub market: &'a Country,
    /// Its usual language.
    pub locale: &'a Locale,
    /// Its currency.
    pub currency: &'a Currency,
}

const UNITED_KINGDOM: CountryCode = CountryCode::literal("GB");

/// Every pair of letters, end to end, so that a code can be lent as text.
const PAIRS: [u8; 26 * 26 * 2] = {
    let mut pairs = [0; 26 * 26 * 2];
    let mut index = 0;
    while index < 26 * 26 {
        pairs[index * 2] = b'A' + (index / 26) as u8;
        pairs[index * 2 + 1] = b'A' + (index % 26) as u8;
        index += 1;
    }
    pairs
};

/// The code of a market outside: `UK` for the United Kingdom, else the country's.
#[must_use]
pub fn market_code(country: CountryCode) -> &'static str {
    if country == UNITED_KINGDOM {
        return "UK";
    }
    let [first, second] = country.to_bytes().map(|letter| (letter - b'A') as usize);
    let start = (first * 26 + second) * 2;
    str::from_utf8(&PAIRS[start..start + 2]).unwrap_or_default()
}

/// The country of a market code in either case; `GB` means the United Kingdom too.
#[must_use]
pub fn country_of_market(code: &str) -> Option<CountryCode> {
    if code.eq_ignore_ascii_case("UK") { Some(UNITED_KINGDOM) } else { code.parse().ok() }
}

impl Atlas {
    /// All locales, by tag.
    #[must_use]
    pub fn locales(&self) -> &[Locale] {
        &self.locales
    }

    /// The locale of a tag in either case; a tag we do not have falls back to its language
    /// (`en-AU` to `en-GB`, `de-AT` to `de-DE`), and to none if nobody here speaks that.
    #[must_use]
    pub fn locale(&self, tag: &str) -> Option<&Locale> {
        let exact = self.locales.iter().find(|row| row.code.eq_ignore_ascii_case(tag));
        exact.or_else(|| {
            let language = tag.split(['-', '_']).next().unwrap_or(tag);
            let language = match language {
                "no" | "nn" => "nb",
                "iw" => "he",
                "in" => "id",
                _ => language,
            };
            self.locales.iter().find(|row| row.language().eq_ignore_ascii_case(language))
        })
    }

    /// The culture of a country.
    #[must_use]
    pub fn culture_of(&self, country: CountryCode) -> Option<Culture<'_>> {
        let market = self.country(country)?;
        let (locale, currency) = (self.locale(market.locale)?, self.currency(market.currency)?);
        Some(Culture { market, locale, currency })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;
    use crate::atlas;

    #[test]
    fn the_united_kingdom_is_uk_outside() {
        let country = CountryCode::literal;
        assert_eq!(market_code(country("GB")), "UK");
        assert_eq!(market_code(country("DE")), "DE");
        assert_eq!(market_code(country("ZZ")), "ZZ");
        assert_eq!(country_of_market("uk"), Some(country("GB")));
        assert_eq!(country_of_market("GB"), Some(country("GB")));
        assert_eq!(country_of_market("es"), Some(country("ES")));
        assert_eq!(country_of_market("ESP"), None);
        assert_eq!(country_of_market(""), None);
    }

    #[test]
    fn every_country_has_a_culture() {
        for country in atlas().countries() {
            assert_eq!(country_of_market(market_code(country.code)), Some(country.code));
            let culture = atlas().culture_of(country.code);
            let culture = culture.unwrap_or_else(|| panic!("{} has none", country.code));
            assert_eq!(culture.locale.code, country.locale, "{}", country.code);
        }
        let culture = atlas().culture_of(CountryCode::literal("JP")).unwrap();
        assert_eq!(
            (culture.market.name, culture.locale.code, culture.currency.symbol),
            ("Japan", "ja-JP", "¥")
        );
    }

    #[test]
    fn a_locale_falls_back_to_its_language() {
        let locale = |tag| atlas().locale(tag).map(|row| row.code);
        assert_eq!(locale("en-us"), Some("en-US"));
        assert_eq!(locale("en-AU"), Some("en-GB"));
        assert_eq!(locale("zh"), Some("zh-CN"));
        assert_eq!(locale("zh-TW"), Some("zh-TW"));
        assert_eq!(locale("no"), Some("nb-NO"));
        assert_eq!(locale("xx-XX"), None);
        assert_eq!(atlas().locales().len(), 43);
        let rtl: Vec<_> =
            atlas().locales().iter().filter(|row| row.rtl).map(|row| row.code).collect();
        assert_eq!(rtl, ["ar-AE", "he-IL"]);
    }

    proptest! {
        #[test]
        fn no_text_makes_a_market_or_locale_panic(text in any::<String>()) {
            let _ = atlas().locale(&text);
            if let Some(country) = country_of_market(&text) {
                prop_assert_eq!(country_of_market(market_code(country)), Some(country));
            }
        }
    }
}
