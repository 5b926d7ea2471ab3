//! An answer made from finished columns, for readers that already know each thing once.
//!
//! The builder finds repeated segments, legs and itineraries by hashing. A reader of stored answers
//! has them sorted, so that one pass proves what the builder would have looked up.

use super::{Answer, AnswerFull, Limits, Ragged};
use crate::itinerary::{ItineraryKey, Segment};
use crate::offer::Offer;

/// Columns of an answer without fare details.
#[derive(Debug, Default)]
pub struct AnswerColumns {
    /// Segments, strictly ascending.
    pub segments: Vec<Segment>,
    /// Legs as rows of segment indexes, strictly ascending.
    pub legs: Ragged,
    /// Itineraries as rows of leg indexes, strictly ascending.
    pub itineraries: Ragged,
    /// Key of each itinerary.
    pub keys: Vec<ItineraryKey>,
    /// Fingerprint of each itinerary's operators.
    pub operators: Vec<u64>,
    /// Offers, without fare details.
    pub offers: Vec<Offer>,
    /// Fingerprint of each offer's brand; see [`brand_mark`].
    pub brand_marks: Vec<u64>,
    /// Texts that offers point into.
    pub texts: String,
}

/// Fingerprint of a brand: equal for equal brands in any answer.
#[must_use]
pub fn brand_mark(brand: &str) -> u64 {
    xxhash_rust::xxh3::xxh3_64(brand.as_bytes())
}

impl Answer {
    /// An answer of finished columns.
    ///
    /// Checked in one pass: everything listed once, every index in range, every row of an allowed
    /// length, every text within the texts. Keys, operators and brand marks are the caller's word.
    ///
    /// # Errors
    /// [`AnswerFull::Dangling`] for an index or text out of range or columns of unequal length,
    /// [`AnswerFull::Shape`] for rows that are repeated, out of order, empty or too long.
    pub fn from_columns(columns: AnswerColumns) -> Result<Self, AnswerFull> {
        let AnswerColumns {
            segments,
            legs,
            itineraries,
            keys,
            operators,
            offers,
            brand_marks,
            texts,
        } = columns;
        if !segments.is_sorted_by(|a, b| a < b) {
            return Err(AnswerFull::Shape);
        }
        check_rows(&legs, segments.len(), Limits::SEGMENTS_PER_LEG)?;
        check_rows(&itineraries, legs.len(), Limits::LEGS)?;
        let itinerary_count = itineraries.len();
        let within = |text: crate::offer::Text| {
            let (start, len) = (text.start as usize, text.len as usize);
            len == 0 || (texts.is_char_boundary(start) && texts.is_char_boundary(start + len))
        };
        let dangling = keys.len() != itinerary_count
            || operators.len() != itinerary_count
            || brand_marks.len() != offers.len()
            || offers.iter().any(|offer| {
                offer.itinerary as usize >= itinerary_count
                    || offer.fares_len != 0
                    || !within(offer.brand)
                    || !within(offer.link)
            });
        if dangling {
            return Err(AnswerFull::Dangling);
        }
        Ok(Self {
            segments,
            legs,
            itineraries,
            keys,
            operators,
            offers,
            brand_marks,
            fares: Vec::new(),
            texts,
        })
    }
}

/// Rows strictly ascending, each of 1 to `longest` indexes below `end`.
fn check_rows(rows: &Ragged, end: usize, longest: usize) -> Result<(), AnswerFull> {
    let mut before: &[u32] = &[];
    for index in 0..rows.len() as u32 {
        let row = rows.row(index);
        if row.is_empty() || row.len() > longest || row <= before {
            return Err(AnswerFull::Shape);
        }
        if row.iter().any(|&item| item as usize >= end) {
            return Err(AnswerFull::Dangling);
        }
        before = row;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::AnswerBuilder;
    use crate::civil::LocalTime;
    use crate::code::{AgentId, AirportCode, CarrierCode};
    use crate::itinerary::{FlightNumber, operators_of};
    use crate::offer::{BagAllowance, Text, Transfer};

    fn segment(minute: i32) -> Segment {
        Segment {
            departs: LocalTime::from_minutes(minute),
            arrives: LocalTime::from_minutes(minute + 90),
            number: FlightNumber::new(7),
            origin: AirportCode::literal("EDI"),
            destination: AirportCode::literal("LHR"),
            carrier: CarrierCode::literal("BA"),
            operating: CarrierCode::literal("BA"),
        }
    }

    fn offer(itinerary: u32) -> Offer {
        Offer {
            price: None,
            agent: AgentId::literal("ba__"),
            itinerary,
            fares_start: 0,
            fares_len: 0,
            transfer: Transfer::Managed,
            cabin_bags: BagAllowance::Unknown,
            checked_bags: BagAllowance::Unknown,
            brand: Text { start: 0, len: 5 },
            link: Text::default(),
            emissions_grams: 0,
        }
    }

    fn columns() -> AnswerColumns {
        let segments = vec![segment(100), segment(300)];
        let (mut legs, mut itineraries) = (Ragged::default(), Ragged::default());
        for row in [[0], [1]] {
            legs.push(&row);
            itineraries.push(&row);
        }
        AnswerColumns {
            keys: segments.iter().map(|segment| ItineraryKey::of([[segment]])).collect(),
            operators: segments.iter().map(|segment| operators_of([segment])).collect(),
            segments,
            legs,
            itineraries,
            offers: vec![offer(1)],
            brand_marks: vec![brand_mark("LIGHT")],
            texts: "LIGHT".to_owned(),
        }
    }

    #[test]
    fn finished_columns_make_the_answer_a_builder_would_make() {
        let mut builder = AnswerBuilder::default();
        builder.text("LIGHT").unwrap();
        for minute in [100, 300] {
            let segment = builder.segment(segment(minute));
            let leg = builder.leg(&[segment]).unwrap();
            builder.itinerary(&[leg]).unwrap();
        }
        builder.offer(offer(1), &[]).unwrap();
        assert_eq!(Answer::from_columns(columns()), Ok(builder.finish()));
    }

    #[test]
    fn columns_that_point_nowhere_or_repeat_themselves_are_refused() {
        let refused = |change: fn(&mut AnswerColumns)| {
            let mut columns = columns();
            change(&mut columns);
            Answer::from_columns(columns).unwrap_err()
        };
        assert_eq!(refused(|c| c.segments.swap(0, 1)), AnswerFull::Shape);
        assert_eq!(refused(|c| _ = c.legs.push(&[1])), AnswerFull::Shape);
        assert_eq!(refused(|c| _ = c.legs.push(&[])), AnswerFull::Shape);
        assert_eq!(refused(|c| _ = c.legs.push(&[2])), AnswerFull::Dangling);
        assert_eq!(refused(|c| c.offers[0].itinerary = 2), AnswerFull::Dangling);
        assert_eq!(refused(|c| c.offers[0].brand.len = 6), AnswerFull::Dangling);
        assert_eq!(refused(|c| c.brand_marks.clear()), AnswerFull::Dangling);
        assert_eq!(refused(|c| _ = c.keys.pop()), AnswerFull::Dangling);
    }
}
