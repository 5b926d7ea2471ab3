//! A question as bytes. Read back exactly as asked, or refused.

use domain::{
    AirportCode, Cabin, CityCode, CountryCode, Date, Place, PlaceSet, Question, QuestionLeg,
    Travellers,
};

use crate::block::column::{from_ordered, ordered, put_number, take_number};
use crate::codec::CodecError;

/// Airports of one end of a leg.
const AIRPORTS_MAX: u64 = 1_024;
const WRONG: CodecError = CodecError::Corrupt("the question");

/// Writes a question.
pub(super) fn put(out: &mut Vec<u8>, question: &Question) {
    let Question { legs, cabin, travellers, market } = question;
    put_number(out, legs.len() as u64);
    for QuestionLeg { origin, destination, date } in legs {
        put_number(out, u64::from(ordered(date.days())));
        for PlaceSet { asked, airports } in [origin, destination] {
            let (mark, code) = match asked {
                Place::Airport(code) => (0, code.packed()),
                Place::City(code) => (1, code.packed()),
            };
            put_number(out, u64::from(code) << 1 | mark);
            put_number(out, airports.len() as u64);
            for airport in airports {
                out.extend_from_slice(&airport.packed().to_le_bytes());
            }
        }
    }
    out.extend_from_slice(&market.packed().to_le_bytes());
    out.extend_from_slice(&[*cabin as u8, travellers.adults(), travellers.infants()]);
    out.push(travellers.children().len() as u8);
    out.extend_from_slice(travellers.children());
}

/// Reads a question that fills the bytes.
pub(super) fn take(mut bytes: &[u8]) -> Result<Question, CodecError> {
    let bytes = &mut bytes;
    let leg_count = take_number(bytes)?;
    if !(1..=domain::request::LEGS_MAX as u64).contains(&leg_count) {
        return Err(WRONG);
    }
    let mut legs = Vec::with_capacity(leg_count as usize);
    for _ in 0..leg_count {
        let days = u32::try_from(take_number(bytes)?).map_err(|_| WRONG)?;
        let date = Date::from_days(from_ordered(days));
        legs.push(QuestionLeg { origin: take_set(bytes)?, destination: take_set(bytes)?, date });
    }
    let market = CountryCode::from_packed(take_u16(bytes)?).ok_or(WRONG)?;
    let [cabin, adults, infants, children] = take_bytes::<4>(bytes)?;
    let cabin = *Cabin::ALL.get(usize::from(cabin)).ok_or(WRONG)?;
    let ages = std::mem::take(bytes);
    if ages.len() != usize::from(children) || infants > 8 || ages.iter().any(|&age| age < 2) {
        return Err(WRONG);
    }
    let ages: Vec<u32> = std::iter::repeat_n(0, usize::from(infants))
        .chain(ages.iter().map(|&age| u32::from(age)))
        .collect();
    let travellers = Travellers::new(u32::from(adults), &ages).map_err(|_| WRONG)?;
    Ok(Question { legs, cabin, travellers, market })
}

fn take_set(bytes: &mut &[u8]) -> Result<PlaceSet, CodecError> {
    let asked = take_number(bytes)?;
    let code = u16::try_from(asked >> 1).map_err(|_| WRONG)?;
    let asked = match asked & 1 {
        0 => AirportCode::from_packed(code).map(Place::Airport),
        _ => CityCode::from_packed(code).map(Place::City),
    };
    let count = take_number(bytes)?;
    if !(1..=AIRPORTS_MAX).contains(&count) {
        return Err(WRONG);
    }
    let mut airports = Vec::new();
    for _ in 0..count {
        airports.push(AirportCode::from_packed(take_u16(bytes)?).ok_or(WRONG)?);
    }
    if !airports.is_sorted_by(|a, b| a < b) {
        return Err(WRONG);
    }
    Ok(PlaceSet { asked: asked.ok_or(WRONG)?, airports })
}

fn take_u16(bytes: &mut &[u8]) -> Result<u16, CodecError> {
    take_bytes(bytes).map(u16::from_le_bytes)
}

fn take_bytes<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], CodecError> {
    let (head, rest) = bytes.split_first_chunk().ok_or(CodecError::CutShort)?;
    *bytes = rest;
    Ok(*head)
}

/// Whether a question can be written and read back.
pub(super) fn fits(question: &Question) -> bool {
    let legs = 1..=domain::request::LEGS_MAX;
    legs.contains(&question.legs.len())
        && question.legs.iter().flat_map(|leg| [&leg.origin, &leg.destination]).all(|set| {
            (1..=AIRPORTS_MAX as usize).contains(&set.airports.len())
                && set.airports.is_sorted_by(|a, b| a < b)
        })
}
