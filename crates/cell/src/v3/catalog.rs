//! The maps of a v3 content: every segment, leg, place and carrier once, under its id.
//!
//! A leg's id holds carriers, times and the number of stops, not flight numbers, so two different
//! legs may have the same one (equal times by way of two hubs). The later one then gets a counter at
//! its end: ids stay unique, and the usual ones keep the recorded shape.

use std::collections::{BTreeMap, BTreeSet};

use atlas::Atlas;
use domain::{AirportCode, CarrierCode, Segment};
use search::LegView;

use super::ids;

/// Segments that make a leg the same leg.
type Flights = Vec<Segment>;

/// A leg as the `legs` map shows it.
#[derive(Debug)]
pub(super) struct LegEntry {
    /// Ids of its segments in flying order.
    pub(super) segment_ids: Vec<String>,
    /// Its flights in flying order.
    pub(super) flights: Flights,
    /// Minutes from departure to arrival.
    pub(super) minutes: u16,
}

/// A segment as the `segments` map shows it.
#[derive(Debug)]
pub(super) struct SegmentEntry {
    /// The flight.
    pub(super) segment: Segment,
    /// Minutes in the air.
    pub(super) minutes: i32,
}

/// Everything the itineraries of one content refer to.
#[derive(Debug)]
pub(super) struct Catalog {
    atlas: &'static Atlas,
    /// Legs by id.
    pub(super) legs: BTreeMap<String, LegEntry>,
    /// Segments by id.
    pub(super) segments: BTreeMap<String, SegmentEntry>,
    /// Airports in use.
    pub(super) airports: BTreeSet<AirportCode>,
    /// Carriers in use, marketing and operating.
    pub(super) carriers: BTreeSet<CarrierCode>,
}

impl Catalog {
    pub(super) fn new(atlas: &'static Atlas) -> Self {
        Self {
            atlas,
            legs: BTreeMap::new(),
            segments: BTreeMap::new(),
            airports: BTreeSet::new(),
            carriers: BTreeSet::new(),
        }
    }

    /// Adds a leg, or finds it, and gives its id.
    pub(super) fn leg(&mut self, leg: &LegView<'_>) -> String {
        let flights: Flights = leg.segments().copied().collect();
        let mut id = Vec::with_capacity(64);
        ids::push_leg_id(&mut id, self.atlas, flights.iter());
        let id = text(id);
        let free = unique(&id, |id| self.legs.get(id).map(|entry| same(&entry.flights, &flights)));
        if !self.legs.contains_key(&free) {
            let minutes = |segment: &Segment| leg.segment_minutes(segment).unwrap_or(0);
            let segment_ids =
                flights.iter().map(|segment| self.segment(segment, minutes(segment))).collect();
            let entry = LegEntry { segment_ids, flights, minutes: leg.duration_minutes };
            self.legs.insert(free.clone(), entry);
        }
        free
    }

    fn segment(&mut self, segment: &Segment, minutes: i32) -> String {
        let id = self.segment_id(segment);
        self.airports.extend([segment.origin, segment.destination]);
        self.carriers.extend([segment.carrier, segment.operating]);
        let entry = SegmentEntry { segment: *segment, minutes };
        self.segments.entry(id.clone()).or_insert(entry);
        id
    }

    /// The id of a segment: of the one in the map if it is there.
    pub(super) fn segment_id(&self, segment: &Segment) -> String {
        let mut id = Vec::with_capacity(48);
        ids::push_segment_id(&mut id, self.atlas, segment);
        unique(&text(id), |id| {
            self.segments.get(id).map(|entry| same(&[entry.segment], &[*segment]))
        })
    }
}

/// Whether the flights are the same; sellers may disagree about who operates them.
fn same(one: &[Segment], other: &[Segment]) -> bool {
    let flight = |segment: &Segment| Segment { operating: segment.carrier, ..*segment };
    one.len() == other.len()
        && one.iter().zip(other).all(|(one, other)| flight(one) == flight(other))
}

/// The id, with a counter if it is taken by something else. `taken` says of an id that is in use
/// whether it is used by the same thing.
fn unique(id: &str, taken: impl Fn(&str) -> Option<bool>) -> String {
    let mut free = id.to_owned();
    for counter in 2.. {
        match taken(&free) {
            None | Some(true) => break,
            Some(false) => free = format!("{id}-{counter}"),
        }
    }
    free
}

/// Ids are ASCII.
fn text(id: Vec<u8>) -> String {
    String::from_utf8(id).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(number: &str, operating: &str) -> Segment {
        Segment {
            departs: "2027-03-09T06:40".parse().unwrap(),
            arrives: "2027-03-09T09:25".parse().unwrap(),
            number: number.parse().unwrap(),
            origin: "EDI".parse().unwrap(),
            destination: "AMS".parse().unwrap(),
            carrier: "KL".parse().unwrap(),
            operating: operating.parse().unwrap(),
        }
    }

    #[test]
    fn two_flights_that_differ_only_in_number_have_two_ids() {
        let mut catalog = Catalog::new(atlas::atlas());
        let first = catalog.segment(&segment("1470", "KL"), 105);
        let second = catalog.segment(&segment("1472", "KL"), 105);
        assert_eq!(second, format!("{first}-2"));
        assert_eq!(catalog.segment(&segment("1470", "WA"), 105), first);
        assert_eq!(catalog.segment(&segment("1472", "KL"), 105), second);
        assert_eq!(catalog.segments.len(), 2);
    }
}
