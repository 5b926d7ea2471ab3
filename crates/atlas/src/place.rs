//! Places a traveller names: airports, cities, countries, continents.

use std::fmt;

use domain::{AirportCode, CityCode, CountryCode, CurrencyCode};

use crate::zones::ZoneId;

/// An airport with an IATA code.
#[derive(Clone, Debug)]
pub struct Airport {
    /// IATA code.
    pub code: AirportCode,
    /// ICAO code; empty if it has none.
    pub icao: &'static str,
    /// Name without the word "Airport" at its end.
    pub name: &'static str,
    /// The city it belongs to first; further cities may list it too.
    pub city: CityCode,
    /// Country.
    pub country: CountryCode,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// Time zone.
    pub zone: ZoneId,
    /// PageRank in the flight network, 0 to 1; 0 means no scheduled traffic is known.
    pub popularity: f32,
    /// Number of the place in the v3 API.
    pub entity_id: u32,
    /// Number of the airport in leg and segment ids of the v3 API.
    pub internal_id: u32,
}

/// A city or metropolitan area: the places one code means to a traveller.
#[derive(Clone, Debug)]
pub struct City {
    /// IATA city or metropolitan code; often the code of its only airport.
    pub code: CityCode,
    /// Name.
    pub name: &'static str,
    /// State or region; empty if not known.
    pub region: &'static str,
    /// Country.
    pub country: CountryCode,
    /// Its airports, popular first, at least one. Fields without scheduled traffic are left out
    /// where the city has others.
    pub airports: &'static [AirportCode],
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// PageRank in the flight network, 0 to 1.
    pub popularity: f32,
    /// Number of the place in the v3 API.
    pub entity_id: u32,
}

/// A country or territory with at least one airport.
#[derive(Clone, Debug)]
pub struct Country {
    /// ISO 3166 code.
    pub code: CountryCode,
    /// English name.
    pub name: &'static str,
    /// Continent.
    pub continent: ContinentCode,
    /// Legal tender.
    pub currency: CurrencyCode,
    /// Tag of the locale its travellers usually book in.
    pub locale: &'static str,
    /// Degrees north of the middle of its busiest airports.
    pub latitude: f64,
    /// Degrees east of the middle of its busiest airports.
    pub longitude: f64,
    /// Number of the place in the v3 API.
    pub entity_id: u32,
}

/// A continent.
#[derive(Clone, Debug)]
pub struct Continent {
    /// Two letters, e.g. `EU`.
    pub code: ContinentCode,
    /// English name.
    pub name: &'static str,
    /// Number of the place in the v3 API.
    pub entity_id: u32,
}

/// Two letters that name a continent: `AF AN AS EU NA OC SA`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContinentCode([u8; 2]);

impl ContinentCode {
    /// The code of two upper-case letters.
    #[must_use]
    pub const fn from_bytes(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [a @ b'A'..=b'Z', b @ b'A'..=b'Z'] => Some(Self([*a, *b])),
            _ => None,
        }
    }

    /// The letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for ContinentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for ContinentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A place of any kind.
#[derive(Clone, Copy, Debug)]
pub enum PlaceRef<'a> {
    /// An airport.
    Airport(&'a Airport),
    /// A city.
    City(&'a City),
    /// A country.
    Country(&'a Country),
    /// A continent.
    Continent(&'a Continent),
}

impl<'a> PlaceRef<'a> {
    /// Number of the place in the v3 API.
    #[must_use]
    pub const fn entity_id(self) -> u32 {
        match self {
            Self::Airport(place) => place.entity_id,
            Self::City(place) => place.entity_id,
            Self::Country(place) => place.entity_id,
            Self::Continent(place) => place.entity_id,
        }
    }

    /// English name.
    #[must_use]
    pub const fn name(self) -> &'a str {
        match self {
            Self::Airport(place) => place.name,
            Self::City(place) => place.name,
            Self::Country(place) => place.name,
            Self::Continent(place) => place.name,
        }
    }
}
