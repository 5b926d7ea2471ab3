//! The compact bytes of a request and a display inside a token.
//!
//! Every count is checked before anything is read, and values go through the same checks as those
//! from outside: a token can only hold what could have been asked.

use domain::request::LEGS_MAX;
use domain::{
    AgentId, AirportCode, Cabin, CarrierCode, CityCode, CountryCode, CurrencyCode, Date,
    LegRequest, Place, SearchRequest, Travellers,
};

use crate::display::{Display, Locale, SELECTION_MAX, Selection};

const CITY: u8 = 1;
const NEARBY: u8 = 1;
const SUSTAINABILITY: u8 = 1;

/// Takes bytes from the front, or nothing.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    left: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { left: bytes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.left.split_first_chunk::<N>()?;
        self.left = rest;
        Some(*head)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn byte(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    fn slice(&mut self, len: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.left.split_at_checked(len)?;
        self.left = rest;
        Some(head)
    }
}

pub(super) fn write_request(request: &SearchRequest, out: &mut Vec<u8>) {
    out.push(request.legs.len() as u8);
    for leg in &request.legs {
        write_place(leg.origin, out);
        write_place(leg.destination, out);
        out.extend_from_slice(&leg.date.days().to_le_bytes());
    }
    out.push(request.cabin as u8);
    out.push(request.travellers.adults());
    out.push(request.travellers.infants());
    out.push(request.travellers.children().len() as u8);
    out.extend_from_slice(request.travellers.children());
    out.extend_from_slice(&request.market.packed().to_le_bytes());
    out.push(if request.nearby { NEARBY } else { 0 });
}

pub(super) fn read_request(reader: &mut Reader<'_>) -> Option<SearchRequest> {
    let legs = reader.byte()? as usize;
    if legs == 0 || legs > LEGS_MAX {
        return None;
    }
    let mut request_legs = Vec::with_capacity(legs);
    for _ in 0..legs {
        request_legs.push(LegRequest {
            origin: read_place(reader)?,
            destination: read_place(reader)?,
            date: Date::from_days(reader.array().map(i32::from_le_bytes)?),
        });
    }
    let cabin = *Cabin::ALL.get(reader.byte()? as usize)?;
    let adults = u32::from(reader.byte()?);
    let infants = reader.byte()? as usize;
    let children = reader.byte()? as usize;
    if infants > 8 || children > 8 {
        return None;
    }
    let mut ages = vec![0_u32; infants];
    ages.extend(reader.slice(children)?.iter().map(|&age| u32::from(age)));
    let travellers = Travellers::new(adults, &ages).ok()?;
    let market = CountryCode::from_packed(reader.u16()?)?;
    let nearby = match reader.byte()? {
        0 => false,
        NEARBY => true,
        _ => return None,
    };
    Some(SearchRequest { legs: request_legs, cabin, travellers, market, nearby })
}

fn write_place(place: Place, out: &mut Vec<u8>) {
    let (kind, packed) = match place {
        Place::Airport(code) => (0, code.packed()),
        Place::City(code) => (CITY, code.packed()),
    };
    out.push(kind);
    out.extend_from_slice(&packed.to_le_bytes());
}

fn read_place(reader: &mut Reader<'_>) -> Option<Place> {
    let (kind, packed) = (reader.byte()?, reader.u16()?);
    match kind {
        0 => AirportCode::from_packed(packed).map(Place::Airport),
        CITY => CityCode::from_packed(packed).map(Place::City),
        _ => None,
    }
}

pub(super) fn write_display(display: &Display, out: &mut Vec<u8>) {
    let Display { currency, locale, carriers, agents, sustainability } = display;
    out.extend_from_slice(&currency.packed().to_le_bytes());
    out.push(locale.as_str().len() as u8);
    out.extend_from_slice(locale.as_str().as_bytes());
    out.push(if *sustainability { SUSTAINABILITY } else { 0 });
    for list in [&carriers.included, &carriers.excluded] {
        let list = &list[..list.len().min(SELECTION_MAX)];
        out.push(list.len() as u8);
        list.iter().for_each(|code| out.extend_from_slice(&code.packed().to_le_bytes()));
    }
    for list in [&agents.included, &agents.excluded] {
        let list = &list[..list.len().min(SELECTION_MAX)];
        out.push(list.len() as u8);
        for agent in list {
            out.push(agent.as_str().len() as u8);
            out.extend_from_slice(agent.as_str().as_bytes());
        }
    }
}

pub(super) fn read_display(reader: &mut Reader<'_>) -> Option<Display> {
    let currency = CurrencyCode::from_packed(reader.u16()?)?;
    let len = reader.byte()? as usize;
    let locale: Locale = str::from_utf8(reader.slice(len)?).ok()?.parse().ok()?;
    let sustainability = match reader.byte()? {
        0 => false,
        SUSTAINABILITY => true,
        _ => return None,
    };
    let carrier = |reader: &mut Reader<'_>| CarrierCode::from_packed(reader.u16()?);
    let agent = |reader: &mut Reader<'_>| {
        let len = reader.byte()? as usize;
        AgentId::from_bytes(reader.slice(len)?).ok()
    };
    Some(Display {
        currency,
        locale,
        carriers: Selection {
            included: read_list(reader, carrier)?,
            excluded: read_list(reader, carrier)?,
        },
        agents: Selection {
            included: read_list(reader, agent)?,
            excluded: read_list(reader, agent)?,
        },
        sustainability,
    })
}

fn read_list<T>(
    reader: &mut Reader<'_>,
    read: impl Fn(&mut Reader<'_>) -> Option<T>,
) -> Option<Vec<T>> {
    let len = reader.byte()? as usize;
    if len > SELECTION_MAX {
        return None;
    }
    let mut list = Vec::with_capacity(len);
    for _ in 0..len {
        list.push(read(reader)?);
    }
    Some(list)
}
