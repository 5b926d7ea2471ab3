//! The ids of the v3 answers, in the shapes recorded from the reference.
//!
//! ```text
//! leg        12345-2703090640--32132-0-9451-2703090925      several carriers: …--32132,-32677-1-…
//! segment    12345-9451-2703090640-2703090925--32132
//! itinerary  its legs' ids joined with "|"; with one leg: the leg's id
//! ```
//!
//! Airports and carriers that the atlas does not know get a number outside the range of the known
//! ones, made of their code: the same in every answer.

use atlas::Atlas;
use domain::{AirportCode, CarrierCode, LocalTime, Segment};

use crate::json::two;

/// Where the ids of airports the atlas does not know begin.
const UNKNOWN_AIRPORT: u32 = 9_000_000;
/// Where the (negative) ids of carriers the atlas does not know begin.
const UNKNOWN_CARRIER: i32 = -60_000;

/// The number of an airport within leg and segment ids.
#[must_use]
pub fn internal_id(atlas: &Atlas, airport: AirportCode) -> u32 {
    atlas
        .airport(airport)
        .map_or(UNKNOWN_AIRPORT + u32::from(airport.packed()), |airport| airport.internal_id)
}

/// The number of an airport within `places`.
#[must_use]
pub fn entity_id(atlas: &Atlas, airport: AirportCode) -> u32 {
    atlas
        .airport(airport)
        .map_or(UNKNOWN_AIRPORT + u32::from(airport.packed()), |airport| airport.entity_id)
}

/// The number of a carrier; negative.
#[must_use]
pub fn carrier_id(atlas: &Atlas, carrier: CarrierCode) -> i32 {
    atlas.carrier(carrier).map_or(UNKNOWN_CARRIER - i32::from(carrier.packed()), |known| known.id)
}

/// The id of a segment.
pub fn push_segment_id(id: &mut Vec<u8>, atlas: &Atlas, segment: &Segment) {
    push_number(id, internal_id(atlas, segment.origin));
    id.push(b'-');
    push_number(id, internal_id(atlas, segment.destination));
    id.push(b'-');
    push_time(id, segment.departs);
    id.push(b'-');
    push_time(id, segment.arrives);
    id.push(b'-');
    push_number(id, carrier_id(atlas, segment.carrier));
}

/// The id of a leg: segments in flying order, at least one.
pub fn push_leg_id<'a>(
    id: &mut Vec<u8>,
    atlas: &Atlas,
    segments: impl Iterator<Item = &'a Segment> + Clone,
) {
    let mut ends = segments.clone();
    let Some(first) = ends.next() else { return };
    let last = ends.last().unwrap_or(first);
    push_number(id, internal_id(atlas, first.origin));
    id.push(b'-');
    push_time(id, first.departs);
    id.push(b'-');
    let carriers = distinct_carriers(segments.clone().map(|segment| segment.carrier));
    for (index, &carrier) in carriers.iter().enumerate() {
        if index > 0 {
            id.push(b',');
        }
        push_number(id, carrier_id(atlas, carrier));
    }
    id.push(b'-');
    push_number(id, segments.count().saturating_sub(1));
    id.push(b'-');
    push_number(id, internal_id(atlas, last.destination));
    id.push(b'-');
    push_time(id, last.arrives);
}

/// Carriers in flying order, each once.
pub fn distinct_carriers(carriers: impl Iterator<Item = CarrierCode>) -> Vec<CarrierCode> {
    let mut distinct = Vec::with_capacity(2);
    for carrier in carriers {
        if !distinct.contains(&carrier) {
            distinct.push(carrier);
        }
    }
    distinct
}

fn push_number(id: &mut Vec<u8>, number: impl itoa::Integer) {
    id.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// `yyMMddHHmm`.
fn push_time(id: &mut Vec<u8>, time: LocalTime) {
    let (year, month, day) = time.date().ymd();
    let (hour, minute) = time.hour_minute();
    for number in [year.rem_euclid(100) as u32, month, day, hour, minute] {
        id.extend_from_slice(&two(number));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(from: &str, to: &str, carrier: &str, departs: &str, arrives: &str) -> Segment {
        Segment {
            departs: departs.parse().unwrap(),
            arrives: arrives.parse().unwrap(),
            number: "1470".parse().unwrap(),
            origin: from.parse().unwrap(),
            destination: to.parse().unwrap(),
            carrier: carrier.parse().unwrap(),
            operating: carrier.parse().unwrap(),
        }
    }

    fn text(push: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut id = Vec::new();
        push(&mut id);
        String::from_utf8(id).unwrap()
    }

    #[test]
    fn ids_have_the_recorded_shape() {
        let atlas = atlas::atlas();
        let one = segment("EDI", "AMS", "KL", "2027-03-09T06:40", "2027-03-09T09:25");
        assert_eq!(
            text(|id| push_segment_id(id, atlas, &one)),
            "11235-9451-2703090640-2703090925--32132"
        );
        assert_eq!(
            text(|id| push_leg_id(id, atlas, [&one].into_iter())),
            "11235-2703090640--32132-0-9451-2703090925"
        );
    }

    #[test]
    fn a_leg_with_two_carriers_names_both_and_counts_its_stops() {
        let atlas = atlas::atlas();
        let legs = [
            segment("EDI", "AMS", "KL", "2027-03-09T06:40", "2027-03-09T09:25"),
            segment("AMS", "LHR", "BA", "2027-03-09T11:00", "2027-03-09T11:20"),
        ];
        assert_eq!(
            text(|id| push_leg_id(id, atlas, legs.iter())),
            "11235-2703090640--32132,-32480-1-13554-2703091120"
        );
    }

    #[test]
    fn an_unknown_airport_still_has_an_id_of_its_own() {
        let atlas = atlas::atlas();
        let (one, two) = ("QQX".parse().unwrap(), "QQY".parse().unwrap());
        assert!(internal_id(atlas, one) >= UNKNOWN_AIRPORT);
        assert_ne!(internal_id(atlas, one), internal_id(atlas, two));
    }
}
