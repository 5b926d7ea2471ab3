//! The answers that only reference data is needed for: culture and carriers.

use std::collections::BTreeMap;
use std::net::IpAddr;

use atlas::{Atlas, Country, Currency, PlaceRef};
use bytes::Bytes;
use domain::CountryCode;

use crate::culture::{self, LOCALES, Language};
use crate::json::Json;
use crate::party;

/// `GET culture/markets/{locale}`: every country, by its name in the language.
#[must_use]
pub fn markets(atlas: &Atlas, language: &str) -> Bytes {
    complete(|json| {
        json.key("markets").list(|json| {
            for country in atlas.countries() {
                market(json, atlas, country, language);
            }
        });
    })
}

fn market(json: &mut Json, atlas: &Atlas, country: &Country, language: &str) {
    json.object(|json| {
        json.key("code").plain(&culture::v3_market(country.code));
        json.key("name").text(party::name_in(atlas, PlaceRef::Country(country), language));
    });
}

/// `GET culture/locales`: every language by its own name.
#[must_use]
pub fn locales() -> Bytes {
    complete(|json| {
        json.key("locales").list(|json| {
            for language in LOCALES {
                locale(json, language);
            }
        });
    })
}

fn locale(json: &mut Json, language: &Language) {
    json.object(|json| {
        json.key("code").plain(language.code.as_bytes());
        json.key("name").text(language.name);
    });
}

/// `GET culture/currencies`: every currency prices can be shown in.
#[must_use]
pub fn currencies(atlas: &Atlas) -> Bytes {
    complete(|json| {
        json.key("currencies").list(|json| {
            for row in atlas.currencies().iter().filter(|row| atlas.rates().knows(row.code)) {
                currency(json, row);
            }
        });
    })
}

fn currency(json: &mut Json, currency: &Currency) {
    json.object(|json| {
        json.key("code").plain(&currency.code.to_bytes());
        json.key("symbol").text(currency.symbol);
        json.key("thousandsSeparator").text(currency.thousands);
        json.key("decimalSeparator").text(currency.decimal);
        json.key("symbolOnLeft").truth(currency.symbol_on_left);
        json.key("spaceBetweenAmountAndSymbol").truth(currency.space);
        json.key("decimalDigits").number(currency.decimals);
    });
}

/// `GET culture/nearestculture`: market, language and currency of the country an address is
/// nearest to; of `home` if nothing is known about it. `None` if the home market is no country.
#[must_use]
pub fn nearest_culture(atlas: &Atlas, address: IpAddr, home: (CountryCode, &str)) -> Option<Bytes> {
    let nearest = culture::market_of_address(address);
    let country =
        nearest.and_then(|market| atlas.country(market)).or_else(|| atlas.country(home.0))?;
    let language = if nearest.is_none() { home.1 } else { language_of(country.code, home.1) };
    let language = LOCALES.iter().find(|known| known.code == language)?;
    let row = atlas.currency(country.currency)?;
    Some(complete(|json| {
        market(json.key("market"), atlas, country, language.code);
        locale(json.key("locale"), language);
        currency(json.key("currency"), row);
    }))
}

/// The first language of a country; `other` if there is none.
fn language_of(market: CountryCode, other: &str) -> &str {
    let code = market.to_bytes();
    LOCALES
        .iter()
        .map(|language| language.code)
        .find(|locale| locale.as_bytes().ends_with(&code))
        .unwrap_or(other)
}

/// `GET flights/carriers`: every carrier by id.
#[must_use]
pub fn carriers(atlas: &Atlas) -> Bytes {
    let by_id: BTreeMap<String, _> =
        atlas.carriers().iter().map(|carrier| (carrier.id.to_string(), carrier)).collect();
    complete(|json| {
        json.key("carriers").object(|json| {
            for (id, carrier) in by_id {
                let code = carrier.code.to_bytes();
                json.key_text(&id).object(|json| {
                    json.key("name").text(carrier.name);
                    json.key("iata").plain(&code);
                    json.key("icao").text(carrier.icao);
                    json.key("displayCode").plain(&code);
                });
            }
        });
    })
}

fn complete(members: impl FnOnce(&mut Json)) -> Bytes {
    let mut json = Json::with_capacity(16 << 10);
    json.object(|json| {
        json.key("status").plain(b"RESULT_STATUS_COMPLETE");
        members(json);
    });
    Bytes::from(json.into_bytes())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn read(bytes: Bytes) -> Value {
        serde_json::from_slice(&bytes).unwrap()
    }

    #[test]
    fn markets_call_the_united_kingdom_uk() {
        let markets = read(markets(atlas::atlas(), "en-GB"));
        let list = markets["markets"].as_array().unwrap();
        let name = |code: &str| list.iter().find(|market| market["code"] == code);
        assert_eq!(name("UK").unwrap()["name"], "United Kingdom");
        assert!(name("GB").is_none());
        assert!(list.len() > 200);
        let german = read(super::markets(atlas::atlas(), "de-DE"));
        assert!(
            german["markets"]
                .as_array()
                .unwrap()
                .iter()
                .any(|market| market["name"] == "Frankreich")
        );
    }

    #[test]
    fn a_currency_says_how_it_is_written() {
        let currencies = read(currencies(atlas::atlas()));
        let list = currencies["currencies"].as_array().unwrap();
        let yen = list.iter().find(|currency| currency["code"] == "JPY").unwrap();
        assert_eq!(yen["decimalDigits"], 0);
        let euro = list.iter().find(|currency| currency["code"] == "EUR").unwrap();
        assert_eq!(euro["symbol"], "€");
        assert_eq!(euro.as_object().unwrap().len(), 7);
    }

    #[test]
    fn the_nearest_culture_is_home_for_an_address_nobody_knows() {
        let home = (CountryCode::literal("DE"), "de-DE");
        let nearest = |address: &str| {
            read(nearest_culture(atlas::atlas(), address.parse().unwrap(), home).unwrap())
        };
        let unknown = nearest("127.0.0.1");
        assert_eq!(unknown["market"]["code"], "DE");
        assert_eq!(unknown["locale"]["name"], "Deutsch");
        assert_eq!(unknown["currency"]["code"], "EUR");
        let known = nearest("8.8.8.8");
        assert_eq!(
            (&known["market"]["code"], &known["locale"]["code"]),
            (&"US".into(), &"en-US".into())
        );
    }

    #[test]
    fn carriers_have_their_known_ids() {
        let carriers = read(carriers(atlas::atlas()));
        assert_eq!(carriers["carriers"]["-32480"]["iata"], "BA");
        assert_eq!(carriers["carriers"]["-32480"]["icao"], "BAW");
    }
}
