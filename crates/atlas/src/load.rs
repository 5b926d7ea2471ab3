//! Decodes the embedded tables.

use std::collections::HashMap;

use domain::{AirportCode, CurrencyCode, Date};

use crate::carrier::{ALLIANCES, Alliance, AllianceId, Carrier};
use crate::culture::Locale;
use crate::currency::Currency;
use crate::ids::Ids;
use crate::place::{Airport, City, Continent, ContinentCode, Country};
use crate::rates::Rates;
use crate::rows::{field, rows};
use crate::zones::{Zone, ZoneId};

pub(crate) const AIRPORTS: &str = include_str!("../../../data/airports.csv");
pub(crate) const CITIES: &str = include_str!("../../../data/cities.csv");
pub(crate) const COUNTRIES: &str = include_str!("../../../data/countries.csv");
pub(crate) const CONTINENTS: &str = include_str!("../../../data/continents.csv");
pub(crate) const CARRIERS: &str = include_str!("../../../data/carriers.csv");
pub(crate) const CURRENCIES: &str = include_str!("../../../data/currencies.csv");
pub(crate) const LOCALES: &str = include_str!("../../../data/locales.csv");
pub(crate) const RATES: &str = include_str!("../../../data/rates.csv");

/// Airports, most popular first, and the zones they are in.
pub(crate) fn airports(ids: &Ids) -> (Vec<Airport>, Vec<Zone>) {
    let mut zones: Vec<Zone> = Vec::with_capacity(400);
    let mut zone_ids: HashMap<&'static str, ZoneId> = HashMap::with_capacity(400);
    let mut airports = Vec::with_capacity(AIRPORTS.len() / 64);
    airports.extend(rows(AIRPORTS).filter_map(|row| {
        let [code, icao, name, city, country, latitude, longitude, zone, popularity] = row;
        let zone = *zone_ids.entry(zone).or_insert_with(|| {
            zones.push(Zone::new(zone));
            ZoneId((zones.len() - 1) as u16)
        });
        Some(Airport {
            code: field(code)?,
            icao,
            name,
            city: field(city)?,
            country: field(country)?,
            latitude: field(latitude)?,
            longitude: field(longitude)?,
            zone,
            popularity: field(popularity)?,
            entity_id: ids.place("airport", code)?,
            internal_id: ids.place("internal", code)?,
        })
    }));
    (airports, zones)
}

/// Cities, most popular first. Their airport lists share one leaked arena: the atlas lives as long
/// as the process.
pub(crate) fn cities(ids: &Ids) -> Vec<City> {
    let mut arena: Vec<AirportCode> = Vec::with_capacity(CITIES.len() / 32);
    let mut cities = Vec::with_capacity(CITIES.len() / 48);
    let mut ends = Vec::with_capacity(CITIES.len() / 48);
    cities.extend(rows(CITIES).filter_map(|row| {
        let [code, name, region, country, latitude, longitude, popularity, airports] = row;
        let city = City {
            code: field(code)?,
            name,
            region,
            country: field(country)?,
            airports: &[],
            latitude: field(latitude)?,
            longitude: field(longitude)?,
            popularity: field(popularity)?,
            entity_id: ids.place("city", code)?,
        };
        let list = if airports.is_empty() { code } else { airports };
        arena.extend(list.split(' ').filter_map(field::<AirportCode>));
        ends.push(arena.len());
        Some(city)
    }));
    let mut rest: &'static [AirportCode] = arena.leak();
    let mut taken = 0;
    for (city, end) in cities.iter_mut().zip(ends) {
        let (own, others) = rest.split_at(end - taken);
        (city.airports, rest, taken) = (own, others, end);
    }
    cities
}

/// Countries by code.
pub(crate) fn countries(ids: &Ids) -> Vec<Country> {
    rows(COUNTRIES)
        .filter_map(|[code, name, continent, currency, locale, latitude, longitude]| {
            Some(Country {
                code: field(code)?,
                name,
                continent: ContinentCode::from_bytes(continent.as_bytes())?,
                currency: field(currency)?,
                locale,
                latitude: field(latitude)?,
                longitude: field(longitude)?,
                entity_id: ids.place("country", code)?,
            })
        })
        .collect()
}

/// Continents by code.
pub(crate) fn continents(ids: &Ids) -> Vec<Continent> {
    rows(CONTINENTS)
        .filter_map(|[code, name]| {
            let entity_id = ids.place("continent", code)?;
            Some(Continent { code: ContinentCode::from_bytes(code.as_bytes())?, name, entity_id })
        })
        .collect()
}

/// Alliances, by number.
pub(crate) fn alliances(ids: &Ids) -> Vec<Alliance> {
    ALLIANCES
        .iter()
        .filter_map(|&(key, name)| {
            Some(Alliance { id: AllianceId(ids.negative("alliance", key)?), key, name })
        })
        .collect()
}

/// Carriers by code.
pub(crate) fn carriers(ids: &Ids, alliances: &[Alliance]) -> Vec<Carrier> {
    rows(CARRIERS)
        .filter_map(|[code, icao, name, country, alliance, lowcost, hubs]| {
            let hubs: Vec<AirportCode> = hubs.split(' ').filter_map(field).collect();
            Some(Carrier {
                code: field(code)?,
                icao,
                name,
                country: field(country),
                alliance: alliances.iter().find(|row| row.key == alliance).map(|row| row.id),
                lowcost: lowcost == "1",
                hubs: if hubs.is_empty() { &[] } else { hubs.leak() },
                id: ids.negative("carrier", code)?,
                agent: ids.agent(code)?,
            })
        })
        .collect()
}

/// Locales by tag.
pub(crate) fn locales() -> Vec<Locale> {
    rows(LOCALES).map(|[code, name, rtl]| Locale { code, name, rtl: rtl == "1" }).collect()
}

/// Currencies by code.
pub(crate) fn currencies() -> Vec<Currency> {
    rows(CURRENCIES)
        .filter_map(|[code, name, symbol, decimals, thousands, decimal, left, space]| {
            Some(Currency {
                code: field(code)?,
                name,
                symbol,
                decimals: field(decimals)?,
                thousands,
                decimal,
                symbol_on_left: left == "1",
                space: space == "1",
            })
        })
        .collect()
}

/// Exchange rates; the remark in the first line is their day.
pub(crate) fn rates(currencies: &[Currency]) -> Rates {
    let day = RATES.lines().next().and_then(|line| field(line.trim_start_matches("# ")));
    let units = rows(RATES).filter_map(|[code, units]| Some((field::<CurrencyCode>(code)?, units)));
    Rates::new(day.unwrap_or(Date::from_days(0)), units, currencies)
}
