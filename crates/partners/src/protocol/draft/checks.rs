//! What makes a price, a segment and an itinerary believable.

use std::borrow::Cow;

use domain::{CurrencyCode, Money, Question, Segment};

use super::{DraftSegment, Part, Refusal};
use crate::protocol::read::Field;
use crate::protocol::{Decimals, Reason};

/// Amounts above this are not prices; sums of them stay far from overflow.
const MINOR_MAX: i64 = 1_000_000_000_000_000;

/// Local clocks at two ends differ by at most 26 hours (UTC-12 to UTC+14).
const CLOCKS_MINUTES_MAX: i32 = 26 * 60;

/// No flight lasts longer, clocks included.
const FLIGHT_MINUTES_MAX: i32 = 48 * 60;

/// A price of the whole party.
pub(crate) fn money(
    amount: &Field<Cow<'_, str>>,
    currency: Field<CurrencyCode>,
    decimals: Decimals,
) -> Result<Money, Refusal> {
    let currency = required(&currency, Part::Currency)?;
    let digits = decimals(currency).ok_or(Refusal::new(Part::Currency, Reason::UnknownCurrency))?;
    let text = match amount {
        Field::Good(text) => text.as_bytes(),
        Field::Absent => return Err(Refusal::new(Part::Amount, Reason::Missing)),
        Field::Wrong => return Err(Refusal::new(Part::Amount, Reason::Malformed)),
    };
    let bad = Refusal::new(Part::Amount, Reason::BadAmount);
    let money = Money::from_decimal(text, currency, digits).map_err(|_| bad)?;
    if money.minor <= 0 || money.minor > MINOR_MAX { Err(bad) } else { Ok(money) }
}

fn required<T: Copy>(field: &Field<T>, part: Part) -> Result<T, Refusal> {
    match *field {
        Field::Good(value) => Ok(value),
        Field::Absent => Err(Refusal::new(part, Reason::Missing)),
        Field::Wrong => Err(Refusal::new(part, Reason::Malformed)),
    }
}

/// A segment with all it needs.
pub(crate) fn check_segment(draft: &DraftSegment<'_>) -> Result<Segment, (Part, Reason)> {
    fn need<T: Copy>(field: &Field<T>, part: Part) -> Result<T, (Part, Reason)> {
        required(field, part).map_err(|refusal| (part, refusal.reason))
    }
    let carrier = need(&draft.carrier, Part::Carrier)?;
    let segment = Segment {
        departs: need(&draft.departs, Part::Departs)?,
        arrives: need(&draft.arrives, Part::Arrives)?,
        number: need(&draft.number, Part::Number)?,
        origin: need(&draft.origin, Part::Origin)?,
        destination: need(&draft.destination, Part::Destination)?,
        carrier,
        operating: draft.operating.or(carrier).ok_or((Part::Operating, Reason::Malformed))?,
    };
    let minutes = segment.arrives.minutes() - segment.departs.minutes();
    if !(-CLOCKS_MINUTES_MAX..=FLIGHT_MINUTES_MAX).contains(&minutes) {
        return Err((Part::Arrives, Reason::ImpossibleTimes));
    }
    if segment.origin == segment.destination {
        return Err((Part::Destination, Reason::OtherPlaces));
    }
    Ok(segment)
}

/// Whether flights answer the question: legs, places, days, and one after the other.
///
/// Local times compare only at one airport; a change of airport is believed.
pub(crate) fn check_itinerary(
    question: &Question,
    flown: &[Segment],
    leg_ends: &[usize],
) -> Result<(), Refusal> {
    if leg_ends.is_empty() {
        return Err(Refusal::new(Part::Legs, Reason::Missing));
    }
    if leg_ends.len() != question.legs.len() {
        return Err(Refusal::new(Part::Legs, Reason::OtherLegs));
    }
    let mut start = 0;
    for (leg, (asked, &end)) in question.legs.iter().zip(leg_ends).enumerate() {
        let segments = flown.get(start..end).unwrap_or_default();
        let (Some(first), Some(last)) = (segments.first(), segments.last()) else {
            return Err(Refusal::new(Part::Legs, Reason::Missing));
        };
        let refuse = |part, segment, reason| Refusal { part, at: Some((leg, segment)), reason };
        if !asked.origin.contains(first.origin) {
            return Err(refuse(Part::Origin, 0, Reason::OtherPlaces));
        }
        if !asked.destination.contains(last.destination) {
            return Err(refuse(Part::Destination, segments.len() - 1, Reason::OtherPlaces));
        }
        if first.departs.date() != asked.date {
            return Err(refuse(Part::Departs, 0, Reason::OtherDate));
        }
        for (index, pair) in segments.windows(2).enumerate() {
            if pair[0].destination == pair[1].origin && pair[1].departs < pair[0].arrives {
                return Err(refuse(Part::Departs, index + 1, Reason::ImpossibleTimes));
            }
        }
        if start > 0
            && flown[start - 1].destination == first.origin
            && first.departs < flown[start - 1].arrives
        {
            return Err(refuse(Part::Departs, 0, Reason::ImpossibleTimes));
        }
        start = end;
    }
    Ok(())
}
