//! What a traveller asks, before places are resolved.

use thiserror::Error;

use crate::civil::Date;
use crate::code::{AirportCode, CityCode, CountryCode};
use crate::travellers::{Cabin, Travellers};

/// Legs of a search.
pub const LEGS_MAX: usize = 6;

/// An end of a leg as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// One airport.
    Airport(AirportCode),
    /// A city with all its airports.
    City(CityCode),
}

impl Place {
    /// Its IATA code. A city and one of its airports can have the same.
    #[must_use]
    pub fn iata(self) -> String {
        match self {
            Self::Airport(code) => code.to_string(),
            Self::City(code) => code.to_string(),
        }
    }
}

/// One leg as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LegRequest {
    /// From.
    pub origin: Place,
    /// To.
    pub destination: Place,
    /// Local day of departure.
    pub date: Date,
}

/// A traveller's search: one way, return or up to six legs.
///
/// Display currency, language, filters and sorting are not part of it: they are applied to the
/// answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SearchRequest {
    /// 1-6 legs, dates ascending.
    pub legs: Vec<LegRequest>,
    /// Wanted cabin.
    pub cabin: Cabin,
    /// Who travels.
    pub travellers: Travellers,
    /// The market whose prices are asked.
    pub market: CountryCode,
    /// Whether airports near either end count too.
    pub nearby: bool,
}

/// Why a search cannot be run; names the field that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidSearch {
    /// Not 1 to 6 legs.
    #[error("a search has 1 to 6 legs, got {0}")]
    LegCount(usize),
    /// A leg starts and ends at the same place.
    #[error("leg {} starts and ends at the same place", .leg + 1)]
    SamePlace {
        /// Index of the leg, from 0.
        leg: usize,
    },
    /// A leg departs before the leg before it.
    #[error("leg {} departs before the leg before it", .leg + 1)]
    DatesDescend {
        /// Index of the leg, from 0.
        leg: usize,
    },
    /// A leg departs in the past.
    #[error("leg {} departs in the past", .leg + 1)]
    Past {
        /// Index of the leg, from 0.
        leg: usize,
    },
    /// A leg departs too far ahead.
    #[error("leg {} departs more than {days} days ahead", .leg + 1)]
    TooFar {
        /// Index of the leg, from 0.
        leg: usize,
        /// The booking horizon in days.
        days: u32,
    },
}

impl SearchRequest {
    /// Checks legs, places and dates. `today` is the earliest local day anywhere on Earth.
    ///
    /// # Errors
    /// The first [`InvalidSearch`] found.
    pub fn validate(&self, today: Date, horizon_days: u32) -> Result<(), InvalidSearch> {
        if self.legs.is_empty() || self.legs.len() > LEGS_MAX {
            return Err(InvalidSearch::LegCount(self.legs.len()));
        }
        let mut before = today;
        for (leg, request) in self.legs.iter().enumerate() {
            if request.origin == request.destination {
                return Err(InvalidSearch::SamePlace { leg });
            }
            if request.date < today {
                return Err(InvalidSearch::Past { leg });
            }
            if request.date < before {
                return Err(InvalidSearch::DatesDescend { leg });
            }
            if request.date.days() - today.days() > horizon_days as i32 {
                return Err(InvalidSearch::TooFar { leg, days: horizon_days });
            }
            before = request.date;
        }
        Ok(())
    }

    /// Whether this is out and back between the same two places.
    #[must_use]
    pub fn is_return(&self) -> bool {
        matches!(&self.legs[..], [out, back] if out.origin == back.destination && out.destination == back.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(days: &[i32]) -> SearchRequest {
        let places =
            [Place::Airport(AirportCode::literal("EDI")), Place::City(CityCode::literal("SIN"))];
        let legs = days.iter().enumerate().map(|(index, &day)| LegRequest {
            origin: places[index % 2],
            destination: places[(index + 1) % 2],
            date: Date::from_days(day),
        });
        SearchRequest {
            legs: legs.collect(),
            cabin: Cabin::Economy,
            travellers: Travellers::one_adult(),
            market: CountryCode::literal("GB"),
            nearby: false,
        }
    }

    #[test]
    fn a_search_names_the_leg_that_is_wrong() {
        let today = Date::from_days(20_000);
        let check = |days: &[i32]| request(days).validate(today, 330);
        assert_eq!(check(&[20_000, 20_010]), Ok(()));
        assert_eq!(check(&[]), Err(InvalidSearch::LegCount(0)));
        assert_eq!(check(&[20_000; 7]), Err(InvalidSearch::LegCount(7)));
        assert_eq!(check(&[19_999]), Err(InvalidSearch::Past { leg: 0 }));
        assert_eq!(check(&[20_010, 20_009]), Err(InvalidSearch::DatesDescend { leg: 1 }));
        assert_eq!(check(&[20_331]), Err(InvalidSearch::TooFar { leg: 0, days: 330 }));
        let mut same = request(&[20_000]);
        same.legs[0].destination = same.legs[0].origin;
        assert_eq!(same.validate(today, 330), Err(InvalidSearch::SamePlace { leg: 0 }));
    }

    #[test]
    fn out_and_back_is_a_return() {
        assert!(request(&[20_000, 20_010]).is_return());
        assert!(!request(&[20_000]).is_return());
    }
}
