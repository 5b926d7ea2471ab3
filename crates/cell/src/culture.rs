//! Markets and languages, and which of them an address is nearest to.
//!
//! Markets are the countries of `atlas`; the reference calls the United Kingdom `UK`, ISO calls it
//! `GB`, and both are understood on the way in. Languages are a table of ours, with their own
//! names. Addresses are placed by the public registries' tables of blocks, nothing finer.

use atlas::Atlas;
use domain::CountryCode;

mod tables;

pub use tables::{LOCALES, Language, market_of_address};

/// The United Kingdom, which the reference calls `UK`.
pub(crate) const GB: CountryCode = CountryCode::literal("GB");

/// A market as travellers write it: ISO 3166, or `UK`.
///
/// Returns `None` for anything that is not two letters.
#[must_use]
pub fn read_market(text: &str) -> Option<CountryCode> {
    if text.eq_ignore_ascii_case("UK") { Some(GB) } else { text.parse().ok() }
}

/// A market there is.
pub(crate) fn known_market(text: &str, atlas: &Atlas) -> Option<CountryCode> {
    read_market(text).filter(|&market| atlas.country(market).is_some())
}

/// A market in the reference's spelling.
#[must_use]
pub fn v3_market(market: CountryCode) -> [u8; 2] {
    if market == GB { *b"UK" } else { market.to_bytes() }
}

/// The locale in its usual spelling (`en-GB`), if the text names one: two or three letters, then
/// at most one script and one region. Unknown ones are accepted: a locale only changes texts.
#[must_use]
pub fn read_locale(text: &str) -> Option<String> {
    if text.len() > 12 {
        return None;
    }
    let mut parts = text.split(['-', '_']);
    let language = parts.next().filter(|part| (2..=3).contains(&part.len()) && letters(part))?;
    let mut locale = language.to_ascii_lowercase();
    for part in parts {
        let written = match part.len() {
            4 if letters(part) => part[..1].to_ascii_uppercase() + &part[1..].to_ascii_lowercase(),
            2 if letters(part) => part.to_ascii_uppercase(),
            3 if part.bytes().all(|byte| byte.is_ascii_digit()) => part.to_owned(),
            _ => return None,
        };
        locale.push('-');
        locale.push_str(&written);
    }
    Some(locale)
}

fn letters(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    #[test]
    fn the_united_kingdom_has_two_spellings() {
        assert_eq!(read_market("UK"), Some(GB));
        assert_eq!(read_market("gb"), Some(GB));
        assert_eq!(read_market("GBR"), None);
        assert_eq!(v3_market(GB), *b"UK");
        assert_eq!(v3_market(CountryCode::literal("DE")), *b"DE");
    }

    #[test]
    fn locales_are_read_in_any_spelling_and_nonsense_is_not() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(read_locale(text).as_deref(), expected, "{text}");
        };
        check("en-GB", Some("en-GB"));
        check("EN_gb", Some("en-GB"));
        check("zh-hans-CN", Some("zh-Hans-CN"));
        check("es-419", Some("es-419"));
        check("ar", Some("ar"));
        check("english", None);
        check("en-", None);
        check("<script>", None);
        check("", None);
    }

    #[test]
    fn every_language_is_listed_once_and_reads_back() {
        for (index, locale) in LOCALES.iter().enumerate() {
            assert_eq!(read_locale(locale.code).as_deref(), Some(locale.code));
            assert!(LOCALES[index + 1..].iter().all(|other| other.code != locale.code));
        }
        assert_eq!(LOCALES.len(), 43);
    }

    #[test]
    fn an_address_has_a_market_where_a_registry_covers_it() {
        let market = |text: &str| market_of(text.parse().unwrap());
        fn market_of(address: IpAddr) -> Option<String> {
            market_of_address(address).map(|market| market.to_string())
        }
        assert_eq!(market("127.0.0.1"), None);
        assert_eq!(market("10.1.2.3"), None);
        assert_eq!(market("8.8.8.8").as_deref(), Some("US"));
        assert_eq!(market("196.10.0.1").as_deref(), Some("ZA"));
        assert_eq!(market("200.1.2.3").as_deref(), Some("BR"));
        assert_eq!(market("2001:4860::1").as_deref(), Some("US"));
        assert_eq!(market("::ffff:8.8.8.8").as_deref(), Some("US"));
    }
}
