//! One line of an answer into columns.
//!
//! Keys may come in any order, but offers can only be understood once segments and itineraries are:
//! a line whose keys stand in another order is read again, at most three times.

use std::borrow::Cow;

use domain::{AgentId, CurrencyCode};
use serde::de::{IgnoredAny, MapAccess, SeqAccess};

use super::offers::{OfferDraft, Table};
use crate::protocol::draft::{DraftSegment, Part};
use crate::protocol::read::{
    Count, Field, List, ListSeed, Object, ObjectSeed, Scalar, drain_seq, skip,
};
use crate::protocol::{DecodeContext, DecodeError, Decoded, json};

/// What a line says.
#[derive(Debug)]
pub enum Line {
    /// Offers.
    Part(Box<Decoded>),
    /// The answer is whole.
    End {
        /// Parts it had.
        parts: u32,
    },
    /// Something this version does not know.
    Other,
}

/// Segments or itineraries listed in one part.
const LISTED_MAX: usize = 65_536;

/// Reads one line.
///
/// # Errors
/// [`DecodeError`] if it is no JSON object, or an end without a count.
pub fn decode_line(bytes: &[u8], context: DecodeContext<'_>) -> Result<Line, DecodeError> {
    decode_by(context, |root| json::read(bytes, ObjectSeed(root)))
}

/// Reads by the given parser.
pub(super) fn decode_by<'c, 'de>(
    context: DecodeContext<'c>,
    read: impl Fn(&mut Root<'c, 'de>) -> Result<(), DecodeError>,
) -> Result<Line, DecodeError> {
    let mut root = Root::new(context);
    for pass in 0..3 {
        root.pass = pass;
        root.again = false;
        read(&mut root)?;
        if !root.again {
            break;
        }
    }
    match root.kind {
        Field::Good(Kind::Part) => Ok(Line::Part(Box::new(root.table.finish()))),
        Field::Good(Kind::End) => match root.parts {
            Field::Good(Count(parts)) => Ok(Line::End { parts }),
            Field::Absent | Field::Wrong => {
                Err(DecodeError::NotADocument { path: "parts", expected: "a number" })
            }
        },
        Field::Good(Kind::Other) => Ok(Line::Other),
        Field::Absent | Field::Wrong => {
            Err(DecodeError::NotADocument { path: "type", expected: "a text" })
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Part,
    End,
    Other,
}

impl Scalar<'_> for Kind {
    fn from_text(text: &str) -> Option<Self> {
        Some(match text {
            "part" => Self::Part,
            "end" => Self::End,
            _ => Self::Other,
        })
    }
}

/// The line.
pub(super) struct Root<'c, 'de> {
    table: Table<'c>,
    draft: OfferDraft<'de>,
    kind: Field<Kind>,
    parts: Field<Count>,
    currency: Field<CurrencyCode>,
    pass: u8,
    again: bool,
    segments_read: bool,
    itineraries_read: bool,
    offers_read: bool,
}

impl<'c> Root<'c, '_> {
    fn new(context: DecodeContext<'c>) -> Self {
        Self {
            table: Table::new(context),
            draft: OfferDraft::default(),
            kind: Field::Absent,
            parts: Field::Absent,
            currency: Field::Absent,
            pass: 0,
            again: false,
            segments_read: false,
            itineraries_read: false,
            offers_read: false,
        }
    }

    /// Whether offers can be understood now: in the first pass only after everything they refer
    /// to; a part's currency may be absent, so later passes do not wait for it.
    fn offers_ready(&self) -> bool {
        let currency_known = self.pass > 0 || !matches!(self.currency, Field::Absent);
        self.segments_read && self.itineraries_read && currency_known
    }
}

impl<'de> Object<'de> for Root<'_, 'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "type" => map.next_value().map(|value| self.kind = value),
            "parts" => map.next_value().map(|value| self.parts = value),
            "currency" => map.next_value().map(|value| self.currency = value),
            "segments" if !self.segments_read => {
                self.segments_read = true;
                map.next_value_seed(ListSeed(&mut Segments(&mut self.table)))
            }
            "itineraries" if self.segments_read && !self.itineraries_read => {
                self.itineraries_read = true;
                map.next_value_seed(ListSeed(&mut Itineraries(&mut self.table)))
            }
            "offers" if self.offers_ready() && !self.offers_read => {
                self.offers_read = true;
                map.next_value_seed(ListSeed(&mut Offers {
                    table: &mut self.table,
                    draft: &mut self.draft,
                    currency: self.currency,
                }))
            }
            "itineraries" if !self.itineraries_read => {
                self.again = true;
                skip(map)
            }
            "offers" if !self.offers_read => {
                self.again = true;
                skip(map)
            }
            _ => skip(map),
        }
    }
}

struct Segments<'r, 'c>(&'r mut Table<'c>);

impl<'de> List<'de> for Segments<'_, '_> {
    fn items<A: SeqAccess<'de>>(&mut self, mut seq: A) -> Result<(), A::Error> {
        while self.0.segment_count() < LISTED_MAX {
            let mut segment = DraftSegment::default();
            if seq.next_element_seed(ObjectSeed(&mut SegmentOf(&mut segment)))?.is_none() {
                return Ok(());
            }
            self.0.add_segment(&segment);
        }
        drain_seq(seq)
    }
}

struct SegmentOf<'r, 'de>(&'r mut DraftSegment<'de>);

impl<'de> Object<'de> for SegmentOf<'_, 'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let segment = &mut *self.0;
        match key {
            "carrier" => map.next_value().map(|value| segment.carrier = value),
            "operating" => map.next_value().map(|value| segment.operating = value),
            "number" => map.next_value().map(|value| segment.number = value),
            "origin" => map.next_value().map(|value| segment.origin = value),
            "destination" => map.next_value().map(|value| segment.destination = value),
            "departs" => map.next_value().map(|value| segment.departs = value),
            "arrives" => map.next_value().map(|value| segment.arrives = value),
            _ => skip(map),
        }
    }
}

struct Itineraries<'r, 'c>(&'r mut Table<'c>);

impl<'de> List<'de> for Itineraries<'_, '_> {
    fn items<A: SeqAccess<'de>>(&mut self, mut seq: A) -> Result<(), A::Error> {
        while self.0.itinerary_count() < LISTED_MAX {
            self.0.begin_itinerary();
            if seq.next_element_seed(ListSeed(&mut Legs(self.0)))?.is_none() {
                return Ok(());
            }
            self.0.end_itinerary();
        }
        drain_seq(seq)
    }
}

struct Legs<'r, 'c>(&'r mut Table<'c>);

impl<'de> List<'de> for Legs<'_, '_> {
    fn items<A: SeqAccess<'de>>(&mut self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(ListSeed(&mut Leg(self.0)))?.is_some() {
            self.0.end_leg();
        }
        Ok(())
    }

    fn not_a_list(&mut self) {
        self.0.malformed_itinerary();
    }
}

struct Leg<'r, 'c>(&'r mut Table<'c>);

impl<'de> List<'de> for Leg<'_, '_> {
    fn items<A: SeqAccess<'de>>(&mut self, mut seq: A) -> Result<(), A::Error> {
        while let Some(segment) = seq.next_element::<Field<Count>>()? {
            self.0.push_flown(segment);
        }
        Ok(())
    }

    fn not_a_list(&mut self) {
        self.0.malformed_itinerary();
    }
}

struct Offers<'r, 'c, 'de> {
    table: &'r mut Table<'c>,
    draft: &'r mut OfferDraft<'de>,
    currency: Field<CurrencyCode>,
}

impl<'de> List<'de> for Offers<'_, '_, 'de> {
    fn items<A: SeqAccess<'de>>(&mut self, mut seq: A) -> Result<(), A::Error> {
        for index in 0.. {
            if self.table.is_full() {
                if seq.next_element::<IgnoredAny>()?.is_none() {
                    break;
                }
                self.table.skip_full(index);
            } else {
                self.draft.clear(self.currency);
                if seq.next_element_seed(ObjectSeed(self.draft))?.is_none() {
                    break;
                }
                self.table.take(self.draft, index);
            }
        }
        Ok(())
    }
}

impl<'de> Object<'de> for OfferDraft<'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "itinerary" => map.next_value().map(|value| self.itinerary = value),
            "price" => map.next_value().map(|value| self.price = value),
            "currency" => {
                let own: Field<CurrencyCode> = map.next_value()?;
                if !matches!(own, Field::Absent) {
                    self.currency = own;
                }
                Ok(())
            }
            "agent" => map.next_value::<Field<AgentId>>().map(|value| self.agent = value),
            "link" => map.next_value::<Field<Cow<'de, str>>>().map(|value| self.link = value),
            "brand" => map.next_value().map(|value| self.brand = value),
            "cabin_bags" => map.next_value().map(|value| self.cabin_bags = value),
            "checked_bags" => map.next_value().map(|value| self.checked_bags = value),
            "transfer" => map.next_value().map(|value| self.transfer = value),
            "emissions_grams" => map.next_value().map(|value| self.emissions_grams = value),
            "fares" => map.next_value_seed(ListSeed(&mut Fares(self))),
            _ => skip(map),
        }
    }

    fn not_an_object(&mut self) {
        self.malformed(Part::Offer);
    }
}

struct Fares<'r, 'de>(&'r mut OfferDraft<'de>);

impl<'de> List<'de> for Fares<'_, 'de> {
    fn items<A: SeqAccess<'de>>(&mut self, mut seq: A) -> Result<(), A::Error> {
        while let Some(fare) = self.0.next_fare() {
            if seq.next_element_seed(ObjectSeed(fare))?.is_none() {
                self.0.fares.pop();
                return Ok(());
            }
        }
        drain_seq(seq)
    }
}

impl<'de> Object<'de> for super::offers::OfferFare<'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "segment" => map.next_value().map(|value| self.segment = value),
            "class" => map.next_value().map(|value| self.class = value),
            "basis" => map.next_value().map(|value| self.basis = value),
            _ => skip(map),
        }
    }
}
