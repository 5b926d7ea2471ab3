//! The flights of a block while it is made: each segment, leg and itinerary once, then in order.
//!
//! Order is by content (segments by time, rows by their first difference), so an itinerary stands at
//! the same place relative to another in every block that has both.

use domain::{Answer, Segment};
use runtime::FixedMap;

use crate::codec::CodecError;

/// Segments and legs of a block: their numbers fit 16 bits with one to spare.
const ROWS_MAX: usize = u16::MAX as usize - 1;

/// Up to eight numbers, the first in the highest bits; each one more than it is, so that a shorter
/// row comes before a longer one that starts like it.
pub(super) type Row = u128;

fn row(numbers: impl Iterator<Item = u32>) -> Row {
    let mut row = 0;
    let mut shift = 128;
    for number in numbers {
        shift -= 16;
        row |= u128::from(number as u16 + 1) << shift;
    }
    row
}

/// The numbers of a row.
pub(super) fn numbers(row: Row) -> impl Iterator<Item = u32> {
    (0..8)
        .map(move |index| (row >> (112 - 16 * index)) as u16)
        .take_while(|&number| number > 0)
        .map(|number| u32::from(number) - 1)
}

/// Numbers everything in the order it is met.
#[derive(Debug)]
pub(super) struct Gathering {
    segments: Vec<Segment>,
    segment_ids: FixedMap<Segment, u32>,
    legs: Vec<Row>,
    leg_ids: FixedMap<Row, u32>,
    itineraries: Vec<Row>,
    /// Key and operators of each itinerary.
    names: Vec<(u128, u64)>,
    /// Numbers of itineraries, plus one, at the place of their key or after it; 0 is free. Keys are
    /// hashes already, and at least half of the places stay free.
    table: Vec<u32>,
}

/// Everything in order, and where what was met went.
#[derive(Debug)]
pub(super) struct Flights {
    pub(super) segments: Vec<Segment>,
    pub(super) legs: Vec<Row>,
    pub(super) itineraries: Vec<Row>,
    /// Last 32 bits of each itinerary's key.
    pub(super) tags: Vec<u32>,
    /// By the number at which an itinerary was met, its place.
    pub(super) places: Vec<u32>,
}

impl Gathering {
    /// Ready to meet at most that many itineraries.
    pub(super) fn new(itineraries: usize) -> Self {
        let some = itineraries.min(128);
        Self {
            segments: Vec::with_capacity(some),
            segment_ids: FixedMap::with_capacity_and_hasher(some, Default::default()),
            legs: Vec::with_capacity(some),
            leg_ids: FixedMap::with_capacity_and_hasher(some, Default::default()),
            itineraries: Vec::with_capacity(some),
            names: Vec::with_capacity(some),
            table: vec![0; (2 * itineraries + 2).next_power_of_two()],
        }
    }

    /// Itineraries so far.
    pub(super) fn len(&self) -> usize {
        self.itineraries.len()
    }

    /// The number of an answer's itinerary.
    pub(super) fn meet(&mut self, answer: &Answer, itinerary: u32) -> Result<u32, CodecError> {
        let index = itinerary as usize;
        let name = (answer.keys()[index].0, answer.operators()[index]);
        let mask = self.table.len() - 1;
        let mut place = (name.0 as u64 ^ name.1) as usize & mask;
        loop {
            match self.table[place] {
                0 => break,
                number if self.names[number as usize - 1] == name => return Ok(number - 1),
                _ => place = (place + 1) & mask,
            }
        }
        let mut legs = [0; domain::answer::Limits::LEGS];
        let rows = answer.itinerary_legs(itinerary);
        for (slot, &leg) in legs.iter_mut().zip(rows) {
            *slot = self.meet_leg(answer, leg)?;
        }
        self.itineraries.push(row(legs[..rows.len()].iter().copied()));
        self.names.push(name);
        self.table[place] = self.names.len() as u32;
        Ok(self.names.len() as u32 - 1)
    }

    fn meet_leg(&mut self, answer: &Answer, leg: u32) -> Result<u32, CodecError> {
        let mut met = [0; domain::answer::Limits::SEGMENTS_PER_LEG];
        let rows = answer.leg_segments(leg);
        for (slot, &segment) in met.iter_mut().zip(rows) {
            let segment = answer.segments()[segment as usize];
            let segments = &mut self.segments;
            *slot = *self.segment_ids.entry(segment).or_insert_with(|| {
                segments.push(segment);
                segments.len() as u32 - 1
            });
        }
        if self.segments.len() > ROWS_MAX || self.legs.len() >= ROWS_MAX {
            return Err(CodecError::TooLarge("segments or legs"));
        }
        let row = row(met[..rows.len()].iter().copied());
        let legs = &mut self.legs;
        Ok(*self.leg_ids.entry(row).or_insert_with(|| {
            legs.push(row);
            legs.len() as u32 - 1
        }))
    }

    /// Puts everything in order.
    pub(super) fn sort(self) -> Flights {
        let mut order: Vec<(u64, u32)> = self
            .segments
            .iter()
            .zip(0..)
            .map(|(segment, index)| (departure_order(segment), index))
            .collect();
        order.sort_unstable_by(|a, b| {
            let of = |index: u32| &self.segments[index as usize];
            a.0.cmp(&b.0).then_with(|| of(a.1).cmp(of(b.1)))
        });
        let segments = order.iter().map(|&(_, index)| self.segments[index as usize]).collect();
        let mut segment_places = vec![0; order.len()];
        for (&(_, index), place) in order.iter().zip(0..) {
            segment_places[index as usize] = place;
        }
        let (legs, leg_places, _) = sort_rows(&self.legs, &segment_places);
        let (itineraries, places, first) = sort_rows(&self.itineraries, &leg_places);
        let tags = first.iter().map(|&index| self.names[index as usize].0 as u32).collect();
        Flights { segments, legs, itineraries, tags, places }
    }
}

fn departure_order(segment: &Segment) -> u64 {
    let half = |minutes: i32| u64::from(super::column::ordered(minutes));
    half(segment.departs.minutes()) << 32 | half(segment.arrives.minutes())
}

/// Renumbers the rows' contents, sorts them and drops repeats. Returns the rows, the place of each
/// row that was there, and for each place a row that went there.
fn sort_rows(rows: &[Row], places: &[u32]) -> (Vec<Row>, Vec<u32>, Vec<u32>) {
    let mut order: Vec<(Row, u32)> = rows
        .iter()
        .zip(0..)
        .map(|(&old, index)| (row(numbers(old).map(|number| places[number as usize])), index))
        .collect();
    order.sort_unstable();
    let (mut sorted, mut first) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    let mut moved = vec![0; rows.len()];
    for (row, index) in order {
        if sorted.last() != Some(&row) {
            sorted.push(row);
            first.push(index);
        }
        moved[index as usize] = sorted.len() as u32 - 1;
    }
    (sorted, moved, first)
}
