//! A question as a partner sees it: protocols do not carry all of it.
//!
//! | | Fareway | Duffel | Amadeus |
//! |---|---|---|---|
//! | ends of a leg | every airport that counts | the asked code | the asked code; for an airport at most two more |
//! | children | ages | ages | number only; from twelve years on as adults |
//! | market | named | the partner's own | the partner's own |
//!
//! A code that names an airport and a city means the airport. [`as_seen`] is the only place that
//! knows this; `truth` uses it, and the server must arrive at the same question from the bytes of a
//! request alone (a test compares both).

use domain::{AirportCode, CityCode, Place, PlaceSet, Question, QuestionLeg, Travellers};
use partners::ProtocolKind;

use crate::seller::Seller;

/// The age that stands for any child where a protocol gives none.
pub const CHILD_AGE: u32 = 8;
/// Further airports that an Amadeus request names at one end.
pub const ALTERNATIVES_MAX: usize = 2;

/// The question that reaches a partner, or nothing if its protocol cannot carry it.
#[must_use]
pub fn as_seen(seller: &Seller, question: &Question) -> Option<Question> {
    let mut legs = Vec::with_capacity(question.legs.len());
    for leg in &question.legs {
        let QuestionLeg { origin, destination, date } = leg;
        let origin = place_seen(seller.protocol, origin)?;
        legs.push(QuestionLeg {
            origin,
            destination: place_seen(seller.protocol, destination)?,
            date: *date,
        });
    }
    let (travellers, market) = match seller.protocol {
        ProtocolKind::Fareway => (question.travellers.clone(), question.market),
        ProtocolKind::Duffel => (question.travellers.clone(), seller.market),
        ProtocolKind::Amadeus => (without_ages(&question.travellers)?, seller.market),
    };
    Some(Question { legs, cabin: question.cabin, travellers, market })
}

fn place_seen(protocol: ProtocolKind, place: &PlaceSet) -> Option<PlaceSet> {
    match (protocol, place.asked) {
        (ProtocolKind::Fareway, _) => place_of_airports(&place.airports),
        (ProtocolKind::Duffel, asked) => place_of_code(&letters(asked)),
        (ProtocolKind::Amadeus, Place::City(code)) => place_of_code(&code.to_bytes()),
        (ProtocolKind::Amadeus, Place::Airport(asked)) => {
            let others = place.airports.iter().copied().filter(|&airport| airport != asked);
            let mut airports = place_of_code(&asked.to_bytes())?.airports;
            airports.extend(others.take(ALTERNATIVES_MAX));
            place_of_airports(&airports)
        }
    }
}

fn letters(place: Place) -> [u8; 3] {
    match place {
        Place::Airport(code) => code.to_bytes(),
        Place::City(code) => code.to_bytes(),
    }
}

/// What a bare code means.
#[must_use]
pub fn place_of_code(letters: &[u8]) -> Option<PlaceSet> {
    let atlas = atlas::atlas();
    let airport = AirportCode::from_bytes(letters).ok().map(Place::Airport);
    let city = CityCode::from_bytes(letters).ok().map(Place::City);
    let places = [airport, city].into_iter().flatten();
    let airports =
        places.map(|place| atlas.airports_of(place)).find(|airports| !airports.is_empty())?;
    place_of_airports(airports)
}

/// A place of airports in any order; the first in order stands for what was asked.
#[must_use]
pub fn place_of_airports(airports: &[AirportCode]) -> Option<PlaceSet> {
    let mut airports = airports.to_vec();
    airports.sort_unstable();
    airports.dedup();
    let asked = Place::Airport(*airports.first()?);
    Some(PlaceSet { asked, airports })
}

/// The party of an Amadeus request: children are just children.
fn without_ages(travellers: &Travellers) -> Option<Travellers> {
    /// Travellers with a seat in one request.
    const SEATS_MAX: u32 = 9;
    /// From this age on a traveller is asked for as an adult.
    const ADULT_AGE: u8 = 12;
    if travellers.seats() > SEATS_MAX {
        return None;
    }
    let grown = travellers.children().iter().filter(|&&age| age >= ADULT_AGE).count();
    let children = travellers.children().len() - grown;
    party(travellers.adults() + grown as u8, children, travellers.infants())
}

/// A party of which only the numbers are known.
#[must_use]
pub fn party(adults: u8, children: usize, infants: u8) -> Option<Travellers> {
    let mut ages = vec![CHILD_AGE; children];
    ages.extend((0..infants).map(|_| 0));
    Travellers::new(u32::from(adults), &ages).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_of_airport_and_city_means_the_airport_and_a_city_code_all_of_its_airports() {
        let one = place_of_code(b"EDI").unwrap();
        assert_eq!(one.airports, [AirportCode::literal("EDI")]);
        let many = place_of_code(b"LON").unwrap();
        assert!(many.airports.len() >= 5);
        assert!(many.airports.is_sorted());
        assert_eq!(place_of_code(b"ZZZ9"), None);
    }
}
