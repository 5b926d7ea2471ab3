//! A search normalised once: what is really asked, and the key that names it everywhere.

use std::fmt;

use xxhash_rust::xxh3::Xxh3;

use crate::civil::Date;
use crate::code::{AirportCode, CountryCode};
use crate::request::{Place, SearchRequest};
use crate::travellers::{Cabin, Travellers};

/// An end of a leg: what was asked, and the airports that means.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PlaceSet {
    /// The place as asked; partners that take one code get this one.
    pub asked: Place,
    /// All airports that count, ascending, at least one.
    pub airports: Vec<AirportCode>,
}

impl PlaceSet {
    /// Whether the airport counts.
    #[must_use]
    pub fn contains(&self, airport: AirportCode) -> bool {
        self.airports.binary_search(&airport).is_ok()
    }
}

/// One leg of a question.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct QuestionLeg {
    /// From.
    pub origin: PlaceSet,
    /// To.
    pub destination: PlaceSet,
    /// Local day of departure.
    pub date: Date,
}

/// A search, normalised: places as sets of airports, travellers by type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    /// 1-6 legs.
    pub legs: Vec<QuestionLeg>,
    /// Wanted cabin.
    pub cabin: Cabin,
    /// Who travels.
    pub travellers: Travellers,
    /// The market whose prices are asked.
    pub market: CountryCode,
}

/// Names a question: sharing, memory, routing affinity and facts use it.
///
/// Source: xxh3 (128 bit) over a fixed byte form. Stable across releases.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QuestionKey(pub u128);

impl fmt::Debug for QuestionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl Question {
    /// Normalises a request; `resolve` gives the airports of a place (with nearby ones if wanted).
    /// Returns `None` if a place has no airport.
    pub fn normalise(
        request: &SearchRequest,
        mut resolve: impl FnMut(Place, bool) -> Vec<AirportCode>,
    ) -> Option<Self> {
        let mut legs = Vec::with_capacity(request.legs.len());
        for leg in &request.legs {
            let mut set = |asked| {
                let mut airports = resolve(asked, request.nearby);
                airports.sort_unstable();
                airports.dedup();
                if airports.is_empty() { None } else { Some(PlaceSet { asked, airports }) }
            };
            let (origin, destination) = (set(leg.origin)?, set(leg.destination)?);
            legs.push(QuestionLeg { origin, destination, date: leg.date });
        }
        Some(Self {
            legs,
            cabin: request.cabin,
            travellers: request.travellers.clone(),
            market: request.market,
        })
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> QuestionKey {
        let mut hasher = Xxh3::new();
        for leg in &self.legs {
            for set in [&leg.origin, &leg.destination] {
                for airport in &set.airports {
                    hasher.update(&airport.packed().to_le_bytes());
                }
                hasher.update(&[0xFF, 0xFF]);
            }
            hasher.update(&leg.date.days().to_le_bytes());
        }
        hasher.update(&[
            0xFE,
            self.cabin as u8,
            self.travellers.adults(),
            self.travellers.infants(),
        ]);
        hasher.update(self.travellers.children());
        hasher.update(&[0xFD]);
        hasher.update(&self.market.packed().to_le_bytes());
        QuestionKey(hasher.digest128())
    }

    /// First day of travel.
    #[must_use]
    pub fn first_date(&self) -> Option<Date> {
        self.legs.first().map(|leg| leg.date)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::CityCode;
    use crate::request::LegRequest;

    fn request(origin: Place) -> SearchRequest {
        SearchRequest {
            legs: vec![LegRequest {
                origin,
                destination: Place::Airport(AirportCode::literal("SIN")),
                date: Date::from_days(20_000),
            }],
            cabin: Cabin::Economy,
            travellers: Travellers::one_adult(),
            market: CountryCode::literal("GB"),
            nearby: false,
        }
    }

    fn airports(place: Place, _: bool) -> Vec<AirportCode> {
        match place {
            Place::Airport(code) => vec![code],
            Place::City(_) => vec![AirportCode::literal("EDI")],
        }
    }

    #[test]
    fn the_same_question_asked_in_two_ways_has_one_key() {
        let by_city = request(Place::City(CityCode::literal("EDI")));
        let by_airport = request(Place::Airport(AirportCode::literal("EDI")));
        let key = |request| Question::normalise(request, airports).unwrap().key();
        assert_eq!(key(&by_city), key(&by_airport));
    }

    #[test]
    fn every_part_of_a_question_changes_its_key() {
        let base =
            Question::normalise(&request(Place::City(CityCode::literal("EDI"))), airports).unwrap();
        let mut changed = vec![base.clone(); 4];
        changed[0].cabin = Cabin::First;
        changed[1].travellers = Travellers::new(1, &[7]).unwrap();
        changed[2].market = CountryCode::literal("DE");
        changed[3].legs[0].date = Date::from_days(20_001);
        for question in changed {
            assert_ne!(question.key(), base.key());
        }
    }

    #[test]
    fn a_place_without_airports_cannot_be_asked() {
        let nowhere =
            Question::normalise(&request(Place::City(CityCode::literal("XXX"))), |_, _| Vec::new());
        assert_eq!(nowhere, None);
    }
}
