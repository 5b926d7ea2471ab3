//! What a partner sells: which questions are worth asking it.
//!
//! Pure look-ups on sorted lists; a check costs well under a microsecond, so all partners can be
//! checked for every search.

use domain::{AirportCode, Cabin, CarrierCode, CountryCode, Date, PlaceSet, Question};
use runtime::Limited;

/// What a partner sells. An absent list means "all".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// Markets it sells in, ascending.
    pub markets: Option<Vec<CountryCode>>,
    /// Airports it sells, ascending; both ends of every leg must have one of them.
    pub airports: Option<Vec<AirportCode>>,
    /// Carriers it sells, ascending. No question names carriers: this is for choosing among
    /// partners, not for ruling one out.
    pub carriers: Option<Vec<CarrierCode>>,
    /// Cabins it sells.
    pub cabins: Option<Vec<Cabin>>,
    /// How many days ahead it sells.
    pub horizon_days: Limited<1, 400>,
    /// Largest party, infants included.
    pub travellers_max: Limited<1, 16>,
    /// Legs of one question.
    pub legs_max: Limited<1, 6>,
}

impl Default for Coverage {
    fn default() -> Self {
        Self {
            markets: None,
            airports: None,
            carriers: None,
            cabins: None,
            horizon_days: Limited::literal(330),
            travellers_max: Limited::literal(16),
            legs_max: Limited::literal(6),
        }
    }
}

/// Why a question is not for a partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NotCovered {
    /// It does not sell in the market.
    Market,
    /// It does not fly or sell between the places.
    Airports,
    /// It does not sell the cabin.
    Cabin,
    /// The day is too far ahead, or past.
    Horizon,
    /// The party is too large.
    Travellers,
    /// Too many legs.
    Legs,
}

impl NotCovered {
    /// Stable code for the ledger of a search.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Market => "not_covered: market",
            Self::Airports => "not_covered: airports",
            Self::Cabin => "not_covered: cabin",
            Self::Horizon => "not_covered: horizon",
            Self::Travellers => "not_covered: travellers",
            Self::Legs => "not_covered: legs",
        }
    }
}

impl Coverage {
    /// Whether a question is for this partner.
    ///
    /// # Errors
    /// The first [`NotCovered`] reason.
    pub fn covers(&self, question: &Question, today: Date) -> Result<(), NotCovered> {
        if question.legs.len() > self.legs_max.size() {
            return Err(NotCovered::Legs);
        }
        if self.markets.as_ref().is_some_and(|list| list.binary_search(&question.market).is_err()) {
            return Err(NotCovered::Market);
        }
        if self.cabins.as_ref().is_some_and(|list| !list.contains(&question.cabin)) {
            return Err(NotCovered::Cabin);
        }
        let party = question.travellers.seats() + u32::from(question.travellers.infants());
        if u64::from(party) > self.travellers_max.get() {
            return Err(NotCovered::Travellers);
        }
        for leg in &question.legs {
            // A day of grace behind, because `today` may be a day late where the leg departs.
            let ahead = i64::from(leg.date.days()) - i64::from(today.days());
            if ahead < -1 || ahead > self.horizon_days.get() as i64 {
                return Err(NotCovered::Horizon);
            }
            if let Some(airports) = &self.airports
                && !(meets(airports, &leg.origin) && meets(airports, &leg.destination))
            {
                return Err(NotCovered::Airports);
            }
        }
        Ok(())
    }
}

fn meets(sorted: &[AirportCode], place: &PlaceSet) -> bool {
    place.airports.iter().any(|airport| sorted.binary_search(airport).is_ok())
}

#[cfg(test)]
mod tests {
    use domain::{Place, QuestionLeg, Travellers};

    use super::*;

    fn question() -> Question {
        let place = |code| PlaceSet {
            asked: Place::Airport(AirportCode::literal(code)),
            airports: vec![AirportCode::literal(code)],
        };
        Question {
            legs: vec![QuestionLeg {
                origin: place("EDI"),
                destination: place("SIN"),
                date: Date::from_days(20_010),
            }],
            cabin: Cabin::Economy,
            travellers: Travellers::new(2, &[4, 0]).unwrap(),
            market: CountryCode::literal("GB"),
        }
    }

    #[test]
    fn a_question_outside_the_coverage_is_named_with_its_reason() {
        let check = |change: &dyn Fn(&mut Coverage), expected| {
            let mut coverage = Coverage::default();
            change(&mut coverage);
            assert_eq!(coverage.covers(&question(), Date::from_days(20_000)), expected);
        };
        check(&|_| (), Ok(()));
        check(&|c| c.markets = Some(vec![CountryCode::literal("DE")]), Err(NotCovered::Market));
        check(&|c| c.airports = Some(vec![AirportCode::literal("EDI")]), Err(NotCovered::Airports));
        check(
            &|c| {
                c.airports = Some(vec![AirportCode::literal("EDI"), AirportCode::literal("SIN")]);
            },
            Ok(()),
        );
        check(&|c| c.cabins = Some(vec![Cabin::Business]), Err(NotCovered::Cabin));
        check(&|c| c.horizon_days = Limited::literal(9), Err(NotCovered::Horizon));
        check(&|c| c.travellers_max = Limited::literal(3), Err(NotCovered::Travellers));
    }
}
