//! What a block's offers refer to, read and checked: flights, sellers, kinds, emissions.

use domain::answer::{Limits, brand_mark};
use domain::itinerary::operators_of;
use domain::{
    AgentId, AirportCode, BagAllowance, CarrierCode, CurrencyCode, FlightNumber, ItineraryKey,
    LocalTime, PartnerId, Segment, Transfer,
};

use super::column::{Column, from_ordered};
use super::layout::Layout;
use crate::codec::CodecError;

/// Everything but answers and offers.
#[derive(Debug)]
pub(super) struct Tables<'a> {
    pub(super) segments: Vec<Segment>,
    pub(super) legs: Rows,
    pub(super) itineraries: Rows,
    pub(super) keys: Vec<ItineraryKey>,
    pub(super) operators: Vec<u64>,
    pub(super) agents: Vec<AgentId>,
    pub(super) kinds: Vec<Kind>,
    pub(super) brands: Vec<(&'a str, u64)>,
    /// First emission value of each itinerary, and the end.
    pub(super) emission_starts: Vec<u32>,
    pub(super) emissions: Vec<u32>,
}

/// What an offer says beside price, seller and itinerary.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    /// `None` if the seller shows no price.
    pub(super) currency: Option<CurrencyCode>,
    pub(super) transfer: Transfer,
    pub(super) cabin_bags: BagAllowance,
    pub(super) checked_bags: BagAllowance,
    /// 0 for none, else one more than its place among the brands.
    pub(super) brand: u32,
}

/// Rows of numbers, end to end.
#[derive(Debug)]
pub(super) struct Rows {
    starts: Vec<u32>,
    items: Vec<u32>,
}

impl Rows {
    fn read(
        body: &[u8],
        lens: &Column,
        items: &Column,
        longest: usize,
        end: usize,
    ) -> Result<Self, CodecError> {
        let starts = starts_of(&lens.all(body), 1, longest as u32)?;
        let items = items.all(body);
        if starts.last().copied().unwrap_or(0) as usize != items.len() {
            return Err(CodecError::Corrupt("the length of rows"));
        }
        if items.iter().any(|&item| item as usize >= end) {
            return Err(CodecError::Corrupt("a row"));
        }
        let rows = Self { starts, items };
        let ascending = (1..rows.len()).all(|index| rows.row(index - 1) < rows.row(index));
        if ascending { Ok(rows) } else { Err(CodecError::Corrupt("the order of rows")) }
    }

    pub(super) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    #[inline]
    pub(super) fn row(&self, index: usize) -> &[u32] {
        &self.items[self.starts[index] as usize..self.starts[index + 1] as usize]
    }
}

/// Starts of rows of the given lengths, and the end of the last.
fn starts_of(lens: &[u32], shortest: u32, longest: u32) -> Result<Vec<u32>, CodecError> {
    let mut starts = Vec::with_capacity(lens.len() + 1);
    let mut end = 0_u32;
    starts.push(0);
    for &len in lens {
        if !(shortest..=longest).contains(&len) {
            return Err(CodecError::Corrupt("the length of a row"));
        }
        end = end.checked_add(len).ok_or(CodecError::Corrupt("the length of rows"))?;
        starts.push(end);
    }
    Ok(starts)
}

impl<'a> Tables<'a> {
    pub(super) fn read(layout: &Layout<'a>) -> Result<Self, CodecError> {
        let (body, columns) = (layout.body, &layout.columns);
        let segments = read_segments(layout)?;
        let legs = Rows::read(
            body,
            &columns.leg_len,
            &columns.leg_item,
            Limits::SEGMENTS_PER_LEG,
            segments.len(),
        )?;
        let itineraries = Rows::read(
            body,
            &columns.itinerary_len,
            &columns.itinerary_item,
            Limits::LEGS,
            legs.len(),
        )?;
        let flights = Flights { segments: &segments, legs: &legs };
        let (keys, operators) =
            (0..itineraries.len()).map(|index| flights.named(itineraries.row(index))).unzip();
        let brands = read_brands(layout)?;
        let agents = columns.agent.all_wide(body);
        let agents = agents.into_iter().map(agent_id).collect::<Result<_, _>>()?;
        let counts = columns.emission_count.all(body);
        let emission_starts = starts_of(&counts, 0, u32::MAX)?;
        let emissions = columns.emission.all(body);
        if emission_starts.last().copied().unwrap_or(0) as usize != emissions.len() {
            return Err(CodecError::Corrupt("the count of emissions"));
        }
        let kinds = read_kinds(layout, brands.len())?;
        Ok(Self {
            segments,
            legs,
            itineraries,
            keys,
            operators,
            agents,
            kinds,
            brands,
            emission_starts,
            emissions,
        })
    }
}

/// Enough to name itineraries.
#[derive(Clone, Copy, Debug)]
struct Flights<'a> {
    segments: &'a [Segment],
    legs: &'a Rows,
}

impl<'a> Flights<'a> {
    fn leg(self, leg: u32) -> impl Iterator<Item = &'a Segment> {
        self.legs.row(leg as usize).iter().map(move |&segment| &self.segments[segment as usize])
    }

    fn named(self, legs: &[u32]) -> (ItineraryKey, u64) {
        let key = ItineraryKey::of(legs.iter().map(|&leg| self.leg(leg)));
        (key, operators_of(legs.iter().flat_map(|&leg| self.leg(leg))))
    }
}

/// The key of one itinerary, without reading the rest.
pub(super) fn key_of(layout: &Layout<'_>, itinerary: usize) -> Option<ItineraryKey> {
    let (body, columns) = (layout.body, &layout.columns);
    let row = |lens: &Column, index: usize| {
        let start = lens.sum(body, index) as usize;
        start..start + lens.get(body, index) as usize
    };
    let mut segments: Vec<Segment> = Vec::with_capacity(8);
    let mut ends: Vec<usize> = Vec::with_capacity(Limits::LEGS);
    for leg in row(&columns.itinerary_len, itinerary) {
        let leg = columns.itinerary_item.get(body, leg) as usize;
        for segment in row(&columns.leg_len, leg) {
            segments.push(segment_at(layout, columns.leg_item.get(body, segment) as usize)?);
        }
        ends.push(segments.len());
    }
    let starts = std::iter::once(0).chain(ends.iter().copied());
    Some(ItineraryKey::of(starts.zip(&ends).map(|(start, &end)| &segments[start..end])))
}

fn segment_at(layout: &Layout<'_>, index: usize) -> Option<Segment> {
    let (body, columns) = (layout.body, &layout.columns);
    let number = |column: &Column| column.get(body, index) as u32;
    let code = |codes: &Column, place: &Column| codes.get(body, number(place) as usize) as u16;
    let airport = |place| AirportCode::from_packed(code(&columns.airport, place));
    let carrier = |place| CarrierCode::from_packed(code(&columns.carrier, place));
    let departs = from_ordered(number(&columns.departs));
    let flies = from_ordered(number(&columns.flies));
    Some(Segment {
        departs: LocalTime::from_minutes(departs),
        arrives: LocalTime::from_minutes(departs.wrapping_add(flies)),
        number: FlightNumber::from_packed(number(&columns.number))?,
        origin: airport(&columns.origin)?,
        destination: airport(&columns.destination)?,
        carrier: carrier(&columns.marketing)?,
        operating: carrier(&columns.operating)?,
    })
}

/// The carriers of a block, without reading the rest.
pub(super) fn read_carriers(layout: &Layout<'_>) -> Result<Vec<CarrierCode>, CodecError> {
    let codes = layout.columns.carrier.all(layout.body).into_iter();
    codes
        .map(|code| {
            let code = u16::try_from(code).ok().and_then(CarrierCode::from_packed);
            code.ok_or(CodecError::Corrupt("a carrier"))
        })
        .collect()
}

fn read_segments(layout: &Layout<'_>) -> Result<Vec<Segment>, CodecError> {
    const WRONG: CodecError = CodecError::Corrupt("a segment");
    let (body, columns) = (layout.body, &layout.columns);
    let carriers = read_carriers(layout)?;
    let mut airports = Vec::with_capacity(layout.counts.airports);
    for code in columns.airport.all(body) {
        let code = u16::try_from(code).ok().and_then(AirportCode::from_packed);
        airports.push(code.ok_or(CodecError::Corrupt("an airport"))?);
    }
    let all = |column: &Column| column.all(body);
    let (departs, flies, numbers) =
        (all(&columns.departs), all(&columns.flies), all(&columns.number));
    let (origins, destinations) = (all(&columns.origin), all(&columns.destination));
    let (marketing, operating) = (all(&columns.marketing), all(&columns.operating));
    let mut segments = Vec::with_capacity(departs.len());
    for index in 0..departs.len() {
        let departs = from_ordered(departs[index]);
        let airport = |place: u32| airports.get(place as usize).copied().ok_or(WRONG);
        let carrier = |place: u32| carriers.get(place as usize).copied().ok_or(WRONG);
        segments.push(Segment {
            departs: LocalTime::from_minutes(departs),
            arrives: LocalTime::from_minutes(departs.wrapping_add(from_ordered(flies[index]))),
            number: FlightNumber::from_packed(numbers[index]).ok_or(WRONG)?,
            origin: airport(origins[index])?,
            destination: airport(destinations[index])?,
            carrier: carrier(marketing[index])?,
            operating: carrier(operating[index])?,
        });
    }
    if segments.is_sorted_by(|a, b| a < b) { Ok(segments) } else { Err(WRONG) }
}

fn read_brands<'a>(layout: &Layout<'a>) -> Result<Vec<(&'a str, u64)>, CodecError> {
    const WRONG: CodecError = CodecError::Corrupt("the brands");
    let text = str::from_utf8(layout.brands()).map_err(|_| WRONG)?;
    let starts = starts_of(&layout.columns.brand_len.all(layout.body), 1, u32::MAX)?;
    if starts.last().copied().unwrap_or(0) as usize != text.len() {
        return Err(WRONG);
    }
    let brand = |pair: &[u32]| text.get(pair[0] as usize..pair[1] as usize).ok_or(WRONG);
    starts.windows(2).map(|pair| brand(pair).map(|brand| (brand, brand_mark(brand)))).collect()
}

fn read_kinds(layout: &Layout<'_>, brands: usize) -> Result<Vec<Kind>, CodecError> {
    const WRONG: CodecError = CodecError::Corrupt("a kind of offer");
    let (body, columns) = (layout.body, &layout.columns);
    let mut kinds = Vec::with_capacity(layout.counts.kinds);
    for index in 0..layout.counts.kinds {
        let number = |column: &Column| column.get(body, index);
        let brand = number(&columns.kind_brand);
        if brand > brands as u64 {
            return Err(WRONG);
        }
        let currency = u16::try_from(number(&columns.kind_currency)).map_err(|_| WRONG)?;
        let currency = match (number(&columns.kind_priced), currency) {
            (0, 0) => None,
            (1, code) => Some(CurrencyCode::from_packed(code).ok_or(WRONG)?),
            _ => return Err(WRONG),
        };
        let transfer = match number(&columns.kind_transfer) {
            0 => Transfer::Managed,
            1 => Transfer::ProtectedSelfTransfer,
            2 => Transfer::SelfTransfer,
            _ => return Err(WRONG),
        };
        let bags = |column: &Column| match number(column) {
            0 => Ok(BagAllowance::Unknown),
            pieces => u8::try_from(pieces - 1).map(BagAllowance::Included).map_err(|_| WRONG),
        };
        kinds.push(Kind {
            currency,
            transfer,
            cabin_bags: bags(&columns.kind_cabin_bags)?,
            checked_bags: bags(&columns.kind_checked_bags)?,
            brand: brand as u32,
        });
    }
    Ok(kinds)
}

/// The seller of a packed number.
pub(super) fn agent_id(packed: u64) -> Result<AgentId, CodecError> {
    let bytes = packed.to_be_bytes();
    AgentId::from_bytes(trimmed(&bytes))
        .ok()
        .filter(|agent| agent.packed() == packed)
        .ok_or(CodecError::Corrupt("a seller"))
}

/// The partner of a packed number.
pub(super) fn partner_id(packed: u64) -> Result<PartnerId, CodecError> {
    let bytes = packed.to_be_bytes();
    PartnerId::from_bytes(trimmed(&bytes))
        .ok()
        .filter(|partner| partner.packed() == packed)
        .ok_or(CodecError::Corrupt("a partner"))
}

fn trimmed(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len())]
}
