//! Bytes of a Duffel answer into columns.

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess};

use crate::protocol::draft::{Collector, Draft, DraftFare, DraftSegment, Names, Part};
use crate::protocol::read::{
    Amount, Count, Field, List, ListSeed, Object, ObjectSeed, Repeating, Scalar, drain_seq, skip,
};
use crate::protocol::{DecodeContext, DecodeError, Decoded, json};

const NAMES: Names = Names { offers: "data.offers", legs: "slices", part: name };

fn name(part: Part) -> &'static str {
    match part {
        Part::Offer | Part::Transfer => "",
        Part::Amount => "total_amount",
        Part::Currency => "total_currency",
        Part::Seller => "owner.iata_code",
        Part::Link => "id",
        Part::Legs => "slices",
        Part::Segments => "slices.segments",
        Part::Carrier => "marketing_carrier.iata_code",
        Part::Operating => "operating_carrier.iata_code",
        Part::Number => "marketing_carrier_flight_number",
        Part::Origin => "origin.iata_code",
        Part::Destination => "destination.iata_code",
        Part::Departs => "departing_at",
        Part::Arrives => "arriving_at",
        Part::Cabin => "slices.segments.passengers.cabin_class",
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
    let mut root = Root(Offers {
        collector: Collector::new(context),
        draft: Draft::default(),
        fare: DraftFare::default(),
        index: 0,
        found: false,
    });
    read(&mut root)?;
    let Root(offers) = root;
    if !offers.found {
        return Err(DecodeError::NotADocument { path: "data.offers", expected: "a list" });
    }
    Ok(offers.collector.finish())
}

/// The document.
pub(super) struct Root<'c, 'de>(Offers<'c, 'de>);

impl<'de> Object<'de> for Root<'_, 'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "data" => map.next_value_seed(ObjectSeed(&mut Data(&mut self.0))),
            _ => skip(map),
        }
    }
}

/// An offer request with its offers, or a list of offers.
struct Data<'r, 'c, 'de>(&'r mut Offers<'c, 'de>);

impl<'de> Object<'de> for Data<'_, '_, 'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "offers" => map.next_value_seed(ListSeed(self.0)),
            _ => skip(map),
        }
    }

    fn items<A: SeqAccess<'de>>(&mut self, seq: A) -> Result<(), A::Error> {
        self.0.items(seq)
    }
}

struct Offers<'c, 'de> {
    collector: Collector<'c>,
    draft: Draft<'de>,
    fare: DraftFare<'de>,
    index: usize,
    found: bool,
}

impl<'de> List<'de> for Offers<'_, 'de> {
    fn items<A: SeqAccess<'de>>(&mut self, mut seq: A) -> Result<(), A::Error> {
        self.found = true;
        loop {
            if self.collector.is_full() {
                if seq.next_element::<IgnoredAny>()?.is_none() {
                    return Ok(());
                }
                self.collector.skip_full(NAMES, self.index);
            } else {
                self.draft.clear();
                let mut offer = Offer { draft: &mut self.draft, fare: &mut self.fare };
                if seq.next_element_seed(ObjectSeed(&mut offer))?.is_none() {
                    return Ok(());
                }
                self.collector.take(&self.draft, NAMES, self.index);
            }
            self.index += 1;
        }
    }
}

struct Offer<'r, 'de> {
    draft: &'r mut Draft<'de>,
    fare: &'r mut DraftFare<'de>,
}

impl<'de> Object<'de> for Offer<'_, 'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let draft = &mut *self.draft;
        match key {
            "id" => draft.id = map.next_value()?,
            "total_amount" => draft.amount = map.next_value()?,
            "total_currency" => draft.currency = map.next_value()?,
            "owner" => return map.next_value_seed(ObjectSeed(&mut CodeOf(&mut draft.seller))),
            "slices" => {
                draft.flights.clear();
                draft.has_flights = true;
                return map.next_value_seed(ListSeed(&mut Slices(self)));
            }
            "total_emissions_kg" => {
                let kilograms: Field<Amount> = map.next_value()?;
                draft.emissions_grams =
                    kilograms.good().map_or(0, |Amount(kilograms)| (kilograms * 1_000.0) as u32);
            }
            _ => return skip(map),
        }
        Ok(())
    }

    fn not_an_object(&mut self) {
        self.draft.malformed(Part::Offer);
    }
}

struct Slices<'r, 'o, 'de>(&'r mut Offer<'o, 'de>);

impl<'de> List<'de> for Slices<'_, '_, 'de> {
    fn items<A: SeqAccess<'de>>(&mut self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(ObjectSeed(&mut Slice(self.0)))?.is_some() {
            if !self.0.draft.flights.end_leg() {
                return drain_seq(seq);
            }
        }
        Ok(())
    }

    fn not_a_list(&mut self) {
        self.0.draft.flights.malformed(Part::Legs);
    }
}

struct Slice<'r, 'o, 'de>(&'r mut Offer<'o, 'de>);

impl<'de> Object<'de> for Slice<'_, '_, 'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "segments" => map.next_value_seed(ListSeed(&mut Segments(self.0))),
            "fare_brand_name" if self.0.draft.brand == Field::Absent => {
                self.0.draft.brand = map.next_value()?;
                Ok(())
            }
            _ => skip(map),
        }
    }

    fn not_an_object(&mut self) {
        self.0.draft.flights.malformed(Part::Legs);
    }
}

struct Segments<'r, 'o, 'de>(&'r mut Offer<'o, 'de>);

impl<'de> List<'de> for Segments<'_, '_, 'de> {
    fn items<A: SeqAccess<'de>>(&mut self, mut seq: A) -> Result<(), A::Error> {
        let Offer { draft, fare } = &mut *self.0;
        while let Some(segment) = draft.flights.next_segment() {
            if seq.next_element_seed(ObjectSeed(&mut SegmentOf { segment, fare }))?.is_none() {
                draft.flights.segments.pop();
                return Ok(());
            }
        }
        drain_seq(seq)
    }

    fn not_a_list(&mut self) {
        self.0.draft.flights.malformed(Part::Segments);
    }
}

struct SegmentOf<'r, 'de> {
    segment: &'r mut DraftSegment<'de>,
    /// The fare read last: passengers of one offer mostly fly all its segments on one fare.
    fare: &'r mut DraftFare<'de>,
}

impl<'de> Object<'de> for SegmentOf<'_, 'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let segment = &mut *self.segment;
        match key {
            "origin" => map.next_value_seed(ObjectSeed(&mut CodeOf(&mut segment.origin))),
            "destination" => map.next_value_seed(ObjectSeed(&mut CodeOf(&mut segment.destination))),
            "marketing_carrier" => {
                map.next_value_seed(ObjectSeed(&mut CodeOf(&mut segment.carrier)))
            }
            "operating_carrier" => {
                map.next_value_seed(ObjectSeed(&mut CodeOf(&mut segment.operating)))
            }
            "passengers" => {
                let seed = PassengersSeed(&mut *self.fare);
                map.next_value_seed(Repeating { slot: 0, seed })?;
                segment.fare = self.fare.clone();
                Ok(())
            }
            "departing_at" => map.next_value().map(|value| segment.departs = value),
            "arriving_at" => map.next_value().map(|value| segment.arrives = value),
            "marketing_carrier_flight_number" => {
                map.next_value().map(|value| segment.number = value)
            }
            _ => skip(map),
        }
    }
}

/// An airport or carrier, of which only the code is needed.
struct CodeOf<'r, T>(&'r mut Field<T>);

impl<'de, T: Scalar<'de>> Object<'de> for CodeOf<'_, T> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "iata_code" => map.next_value().map(|value| *self.0 = value),
            _ => skip(map),
        }
    }

    fn not_an_object(&mut self) {
        *self.0 = Field::Wrong;
    }
}

struct PassengersSeed<'r, 'de>(&'r mut DraftFare<'de>);

impl<'de> DeserializeSeed<'de> for PassengersSeed<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        *self.0 = DraftFare::default();
        ListSeed(&mut Passengers(self.0)).deserialize(deserializer)
    }
}

/// The first passenger's fare; the others' are skipped.
struct Passengers<'r, 'de>(&'r mut DraftFare<'de>);

impl<'de> List<'de> for Passengers<'_, 'de> {
    fn items<A: SeqAccess<'de>>(&mut self, mut seq: A) -> Result<(), A::Error> {
        seq.next_element_seed(ObjectSeed(&mut FareOf(self.0)))?;
        drain_seq(seq)
    }
}

struct FareOf<'r, 'de>(&'r mut DraftFare<'de>);

impl<'de> Object<'de> for FareOf<'_, 'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "cabin_class" => map.next_value().map(|value| self.0.cabin = value),
            "fare_basis_code" => map.next_value().map(|value| self.0.basis = value),
            "baggages" => map.next_value_seed(ListSeed(&mut Baggages(self.0))),
            _ => skip(map),
        }
    }
}

struct Baggages<'r, 'de>(&'r mut DraftFare<'de>);

impl<'de> List<'de> for Baggages<'_, 'de> {
    fn items<A: SeqAccess<'de>>(&mut self, mut seq: A) -> Result<(), A::Error> {
        let mut baggage = Baggage::default();
        while seq.next_element_seed(ObjectSeed(&mut baggage))?.is_some() {
            let Baggage { kind, pieces } = std::mem::take(&mut baggage);
            match kind {
                Field::Good(BaggageKind::CarryOn) => self.0.cabin_bags = pieces,
                Field::Good(BaggageKind::Checked) => self.0.checked_bags = pieces,
                Field::Absent | Field::Wrong => {}
            }
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum BaggageKind {
    CarryOn,
    Checked,
}

impl Scalar<'_> for BaggageKind {
    fn from_text(text: &str) -> Option<Self> {
        match text {
            "carry_on" => Some(Self::CarryOn),
            "checked" => Some(Self::Checked),
            _ => None,
        }
    }
}

#[derive(Default)]
struct Baggage {
    kind: Field<BaggageKind>,
    pieces: Field<Count>,
}

impl<'de> Object<'de> for Baggage {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "type" => map.next_value().map(|value| self.kind = value),
            "quantity" => map.next_value().map(|value| self.pieces = value),
            _ => skip(map),
        }
    }
}
