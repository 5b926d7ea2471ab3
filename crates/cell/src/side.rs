//! One side of a question about remembered prices: a place, or anywhere.
//!
//! A price belongs to airports; a side says which airports count and by which place their prices are
//! grouped: an airport or city by itself, a country by its cities, anywhere by country (or city).

use atlas::{Atlas, PlaceRef};
use domain::{AirportCode, CityCode, CountryCode, Place};
use prices::indicative::Places;

/// One side of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Side {
    /// All the world.
    Anywhere {
        /// Whether prices are grouped by city, not by country.
        by_city: bool,
    },
    /// One airport.
    Airport(AirportCode),
    /// A city with all its airports.
    City(CityCode),
    /// A country with all its airports.
    Country(CountryCode),
}

/// The airports of a side, kept for as long as the index is asked.
pub(crate) struct Airports(Option<Vec<AirportCode>>);

impl Airports {
    pub(crate) fn places(&self) -> Places<'_> {
        match &self.0 {
            None => Places::Anywhere,
            Some(airports) => Places::Airports(airports),
        }
    }
}

impl Side {
    /// The side of a place that prices can be asked for; `None` for a continent or a city without
    /// airports.
    pub(crate) fn of(place: PlaceRef<'_>) -> Option<Self> {
        match place {
            PlaceRef::Airport(airport) => Some(Self::Airport(airport.code)),
            PlaceRef::City(city) if !city.airports.is_empty() => Some(Self::City(city.code)),
            PlaceRef::Country(country) => Some(Self::Country(country.code)),
            PlaceRef::City(_) | PlaceRef::Continent(_) => None,
        }
    }

    /// The one airport or city it is.
    pub(crate) fn place(self, atlas: &Atlas) -> Option<PlaceRef<'_>> {
        match self {
            Self::Airport(code) => atlas.airport(code).map(PlaceRef::Airport),
            Self::City(code) => atlas.city(code).map(PlaceRef::City),
            Self::Country(_) | Self::Anywhere { .. } => None,
        }
    }

    /// Whether it is one airport or city, so that every day of a month can be looked at.
    pub(crate) fn is_small(self) -> bool {
        matches!(self, Self::Airport(_) | Self::City(_))
    }

    /// Its airports.
    pub(crate) fn airports(self, atlas: &Atlas) -> Airports {
        Airports(match self {
            Self::Anywhere { .. } => None,
            Self::Airport(code) => Some(vec![code]),
            Self::City(code) => Some(atlas.airports_of(Place::City(code)).to_vec()),
            Self::Country(code) => {
                let inside = atlas.airports().iter().filter(|airport| airport.country == code);
                Some(inside.map(|airport| airport.code).collect())
            }
        })
    }

    /// The place that an airport's prices are shown for.
    pub(crate) fn group(self, atlas: &Atlas, airport: AirportCode) -> Option<PlaceRef<'_>> {
        let known = atlas.airport(airport)?;
        let city = || atlas.city(known.city).map(PlaceRef::City);
        match self {
            Self::Airport(_) => Some(PlaceRef::Airport(known)),
            Self::City(code) => atlas.city(code).map(PlaceRef::City),
            Self::Country(_) | Self::Anywhere { by_city: true } => {
                city().or(Some(PlaceRef::Airport(known)))
            }
            Self::Anywhere { by_city: false } => {
                atlas.country(known.country).map(PlaceRef::Country)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(side: Side, airport: &'static str) -> String {
        let place = side.group(atlas::atlas(), AirportCode::literal(airport)).unwrap();
        place.name().to_owned()
    }

    #[test]
    fn a_side_groups_airports_by_what_was_asked() {
        let (lon, gb) = (CityCode::literal("LON"), CountryCode::literal("GB"));
        assert_eq!(group(Side::City(lon), "LGW"), "London");
        assert_eq!(group(Side::Country(gb), "LGW"), "London");
        assert_eq!(group(Side::Anywhere { by_city: true }, "LGW"), "London");
        assert_eq!(group(Side::Anywhere { by_city: false }, "LGW"), "United Kingdom");
    }

    #[test]
    fn a_country_has_the_airports_in_it_and_anywhere_has_all() {
        let atlas = atlas::atlas();
        let britain = Side::Country(CountryCode::literal("GB")).airports(atlas);
        let Places::Airports(airports) = britain.places() else { panic!("not anywhere") };
        assert!(airports.contains(&AirportCode::literal("EDI")));
        assert!(!airports.contains(&AirportCode::literal("CDG")));
        let all = Side::Anywhere { by_city: false }.airports(atlas);
        assert_eq!(all.places(), Places::Anywhere);
    }
}
