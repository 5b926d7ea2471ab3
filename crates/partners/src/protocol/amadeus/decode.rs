//! Bytes of an Amadeus answer into columns.

use std::borrow::Cow;

use domain::CarrierCode;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess};

use crate::protocol::draft::{
    Collector, Draft, DraftFare, DraftSegment, Flights, Names, Part, SEGMENTS_MAX,
};
use crate::protocol::read::{
    Amount, Count, Field, List, ListSeed, Object, ObjectSeed, Repeating, drain_seq, skip,
};
use crate::protocol::{DecodeContext, DecodeError, Decoded, json};

const NAMES: Names = Names { offers: "data", legs: "itineraries", part: name };

fn name(part: Part) -> &'static str {
    match part {
        Part::Offer | Part::Transfer => "",
        Part::Amount => "price.grandTotal",
        Part::Currency => "price.currency",
        Part::Seller => "validatingAirlineCodes",
        Part::Link => "id",
        Part::Legs => "itineraries",
        Part::Segments => "itineraries.segments",
        Part::Carrier => "carrierCode",
        Part::Operating => "operating.carrierCode",
        Part::Number => "number",
        Part::Origin => "departure.iataCode",
        Part::Destination => "arrival.iataCode",
        Part::Departs => "departure.at",
        Part::Arrives => "arrival.at",
        Part::Cabin => "travelerPricings.fareDetailsBySegment.cabin",
    }
}

/// Reads a whole answer.
///
/// # Errors
/// [`DecodeError`] if it is not JSON or has no list of offers.
pub fn decode(bytes: &[u8], context: DecodeContext<'_>) -> Result<Decoded, DecodeError> {
    decode_by(context, |root| json::read(bytes, ObjectSeed(root)))
}

/// Reads by the given parser.
pub(super) fn decode_by<'c, 'de>(
    context: DecodeContext<'c>,
    read: impl FnOnce(&mut Root<'c, 'de>) -> Result<(), DecodeError>,
) -> Result<Decoded, DecodeError> {
    let mut root = Root {
        collector: Collector::new(context),
        draft: Draft::default(),
        extra: Extra::default(),
        index: 0,
        found: false,
    };
    read(&mut root)?;
    if !root.found {
        return Err(DecodeError::NotADocument { path: "data", expected: "a list" });
    }
    Ok(root.collector.finish())
}

/// What an offer says besides the draft, until both are joined.
#[derive(Default)]
struct Extra<'de> {
    /// `price.total`, used if there is no `grandTotal`.
    total: Field<Cow<'de, str>>,
    /// Fare details of the first traveller with the segment id each is for.
    fares: Vec<(Field<Cow<'de, str>>, DraftFare<'de>)>,
    /// The brand of the first segment that has one.
    brand: Field<Cow<'de, str>>,
}

/// The document.
pub(super) struct Root<'c, 'de> {
    collector: Collector<'c>,
    draft: Draft<'de>,
    extra: Extra<'de>,
    index: usize,
    found: bool,
}

impl<'de> Object<'de> for Root<'_, 'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "data" => map.next_value_seed(ListSeed(self)),
            _ => skip(map),
        }
    }
}

impl<'de> List<'de> for Root<'_, 'de> {
    fn items<A: SeqAccess<'de>>(&mut self, mut seq: A) -> Result<(), A::Error> {
        self.found = true;
        loop {
            if self.collector.is_full() {
                if seq.next_element::<IgnoredAny>()?.is_none() {
                    return Ok(());
                }
                self.collector.skip_full(NAMES, self.index);
            } else {
                let Self { draft, extra, .. } = self;
                draft.clear();
                (extra.total, extra.brand) = (Field::Absent, Field::Absent);
                extra.fares.clear();
                if seq.next_element_seed(ObjectSeed(&mut Offer { draft, extra }))?.is_none() {
                    return Ok(());
                }
                join(draft, extra);
                self.collector.take(&self.draft, NAMES, self.index);
            }
            self.index += 1;
        }
    }
}

/// Gives each segment its fare: by id, which is usually the same place in both lists.
fn join<'de>(draft: &mut Draft<'de>, extra: &mut Extra<'de>) {
    if draft.amount == Field::Absent {
        draft.amount = std::mem::take(&mut extra.total);
    }
    draft.brand = std::mem::take(&mut extra.brand);
    for (index, segment) in draft.flights.segments.iter_mut().enumerate() {
        let same = |fare: &&mut (Field<Cow<'de, str>>, DraftFare<'de>)| fare.0 == segment.id;
        let found = match extra.fares.get_mut(index).filter(same) {
            Some(found) => Some(found),
            None => extra.fares.iter_mut().find(|fare| same(fare)),
        };
        segment.fare = found.map(|(_, fare)| std::mem::take(fare)).unwrap_or_default();
    }
}

struct Offer<'r, 'de> {
    draft: &'r mut Draft<'de>,
    extra: &'r mut Extra<'de>,
}

impl<'de> Object<'de> for Offer<'_, 'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "id" => map.next_value().map(|value| self.draft.id = value),
            "itineraries" => {
                let seed = FlightsSeed(&mut self.draft.flights);
                map.next_value_seed(Repeating { slot: 0, seed })?;
                self.draft.has_flights = true;
                Ok(())
            }
            "price" => map.next_value_seed(ObjectSeed(&mut Price {
                draft: self.draft,
                total: &mut self.extra.total,
            })),
            "validatingAirlineCodes" => {
                map.next_value_seed(ListSeed(&mut FirstCode(&mut self.draft.seller)))
            }
            "travelerPricings" => map.next_value_seed(ListSeed(&mut Travellers(self.extra))),
            _ => skip(map),
        }
    }

    fn not_an_object(&mut self) {
        self.draft.malformed(Part::Offer);
    }
}

struct Price<'r, 'de> {
    draft: &'r mut Draft<'de>,
    total: &'r mut Field<Cow<'de, str>>,
}

impl<'de> Object<'de> for Price<'_, 'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "currency" => map.next_value().map(|value| self.draft.currency = value),
            "grandTotal" => map.next_value().map(|value| self.draft.amount = value),
            "total" => map.next_value().map(|value| *self.total = value),
            _ => skip(map),
        }
    }

    fn not_an_object(&mut self) {
        self.draft.malformed(Part::Amount);
    }
}

struct FirstCode<'r>(&'r mut Field<CarrierCode>);

impl<'de> List<'de> for FirstCode<'_> {
    fn items<A: SeqAccess<'de>>(&mut self, mut seq: A) -> Result<(), A::Error> {
        if let Some(code) = seq.next_element()? {
            *self.0 = code;
        }
        drain_seq(seq)
    }

    fn not_a_list(&mut self) {
        *self.0 = Field::Wrong;
    }
}

/// The flights, which are often those of the offer before: another fare for the same itinerary.
struct FlightsSeed<'r, 'de>(&'r mut Flights<'de>);

impl<'de> DeserializeSeed<'de> for FlightsSeed<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.0.clear();
        ListSeed(&mut Itineraries(self.0)).deserialize(deserializer)
    }
}

struct Itineraries<'r, 'de>(&'r mut Flights<'de>);

impl<'de> List<'de> for Itineraries<'_, 'de> {
    fn items<A: SeqAccess<'de>>(&mut self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(ObjectSeed(&mut Itinerary(self.0)))?.is_some() {
            if !self.0.end_leg() {
                return drain_seq(seq);
            }
        }
        Ok(())
    }

    fn not_a_list(&mut self) {
        self.0.malformed(Part::Legs);
    }
}

struct Itinerary<'r, 'de>(&'r mut Flights<'de>);

impl<'de> Object<'de> for Itinerary<'_, 'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "segments" => map.next_value_seed(ListSeed(&mut Segments(self.0))),
            _ => skip(map),
        }
    }

    fn not_an_object(&mut self) {
        self.0.malformed(Part::Legs);
    }
}

struct Segments<'r, 'de>(&'r mut Flights<'de>);

impl<'de> List<'de> for Segments<'_, 'de> {
    fn items<A: SeqAccess<'de>>(&mut self, mut seq: A) -> Result<(), A::Error> {
        while let Some(segment) = self.0.next_segment() {
            if seq.next_element_seed(ObjectSeed(&mut SegmentOf(segment)))?.is_none() {
                self.0.segments.pop();
                return Ok(());
            }
        }
        drain_seq(seq)
    }

    fn not_a_list(&mut self) {
        self.0.malformed(Part::Segments);
    }
}

struct SegmentOf<'r, 'de>(&'r mut DraftSegment<'de>);

impl<'de> Object<'de> for SegmentOf<'_, 'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let segment = &mut *self.0;
        match key {
            "id" => map.next_value().map(|value| segment.id = value),
            "departure" => map.next_value_seed(ObjectSeed(&mut End {
                airport: &mut segment.origin,
                at: &mut segment.departs,
            })),
            "arrival" => map.next_value_seed(ObjectSeed(&mut End {
                airport: &mut segment.destination,
                at: &mut segment.arrives,
            })),
            "carrierCode" => map.next_value().map(|value| segment.carrier = value),
            "number" => map.next_value().map(|value| segment.number = value),
            "operating" => map.next_value_seed(ObjectSeed(&mut Operating(&mut segment.operating))),
            _ => skip(map),
        }
    }
}

struct End<'r> {
    airport: &'r mut Field<domain::AirportCode>,
    at: &'r mut Field<domain::LocalTime>,
}

impl<'de> Object<'de> for End<'_> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "iataCode" => map.next_value().map(|value| *self.airport = value),
            "at" => map.next_value().map(|value| *self.at = value),
            _ => skip(map),
        }
    }

    fn not_an_object(&mut self) {
        (*self.airport, *self.at) = (Field::Wrong, Field::Wrong);
    }
}

struct Operating<'r>(&'r mut Field<CarrierCode>);

impl<'de> Object<'de> for Operating<'_> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "carrierCode" => map.next_value().map(|value| *self.0 = value),
            _ => skip(map),
        }
    }
}

/// The first traveller's fares; the others' are skipped.
struct Travellers<'r, 'de>(&'r mut Extra<'de>);

impl<'de> List<'de> for Travellers<'_, 'de> {
    fn items<A: SeqAccess<'de>>(&mut self, mut seq: A) -> Result<(), A::Error> {
        seq.next_element_seed(ObjectSeed(&mut Traveller(self.0)))?;
        drain_seq(seq)
    }
}

struct Traveller<'r, 'de>(&'r mut Extra<'de>);

impl<'de> Object<'de> for Traveller<'_, 'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "fareDetailsBySegment" => map.next_value_seed(ListSeed(&mut Fares(self.0))),
            _ => skip(map),
        }
    }
}

struct Fares<'r, 'de>(&'r mut Extra<'de>);

impl<'de> List<'de> for Fares<'_, 'de> {
    fn items<A: SeqAccess<'de>>(&mut self, mut seq: A) -> Result<(), A::Error> {
        let Extra { fares, brand, .. } = &mut *self.0;
        while fares.len() < SEGMENTS_MAX {
            let mut fare = FareOf { id: Field::Absent, fare: DraftFare::default(), brand };
            if seq.next_element_seed(ObjectSeed(&mut fare))?.is_none() {
                return Ok(());
            }
            let FareOf { id, fare, .. } = fare;
            fares.push((id, fare));
        }
        drain_seq(seq)
    }
}

struct FareOf<'r, 'de> {
    id: Field<Cow<'de, str>>,
    fare: DraftFare<'de>,
    brand: &'r mut Field<Cow<'de, str>>,
}

impl<'de> Object<'de> for FareOf<'_, 'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let fare = &mut self.fare;
        match key {
            "segmentId" => map.next_value().map(|value| self.id = value),
            "cabin" => map.next_value().map(|value| fare.cabin = value),
            "class" => map.next_value().map(|value| fare.class = value),
            "fareBasis" => map.next_value().map(|value| fare.basis = value),
            "brandedFare" if *self.brand == Field::Absent => {
                map.next_value().map(|value| *self.brand = value)
            }
            "includedCheckedBags" => {
                map.next_value_seed(ObjectSeed(&mut Bags(&mut fare.checked_bags)))
            }
            "includedCabinBags" => map.next_value_seed(ObjectSeed(&mut Bags(&mut fare.cabin_bags))),
            _ => skip(map),
        }
    }
}

/// Pieces, or a weight that counts as one piece.
struct Bags<'r>(&'r mut Field<Count>);

impl<'de> Object<'de> for Bags<'_> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "quantity" => map.next_value().map(|value| *self.0 = value),
            "weight" => {
                let weight: Field<Amount> = map.next_value()?;
                if let (Field::Good(Amount(weight)), Field::Absent) = (weight, &self.0) {
                    *self.0 = Field::Good(Count(u32::from(weight > 0.0)));
                }
                Ok(())
            }
            _ => skip(map),
        }
    }
}
