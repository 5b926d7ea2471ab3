//! One partner's answer to one question, as columns.
//!
//! Decoders push into an [`AnswerBuilder`], which keeps each segment, leg and itinerary once; the
//! finished [`Answer`] is what merging reads, memory keeps and the log carries.
//!
//! Limits: [`Limits`]; at a limit the builder refuses with [`AnswerFull`] and keeps what it has.
//! Cost: one hash look-up a segment, leg and itinerary; no allocation per offer.

mod columns;

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use thiserror::Error;

use crate::itinerary::{ItineraryKey, Segment, operators_of};
use crate::offer::{FareDetail, Offer, Text};

pub use columns::{AnswerColumns, brand_mark};

/// Rows of indexes, stored end to end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ragged {
    items: Vec<u32>,
    ends: Vec<u32>,
}

impl Ragged {
    /// No rows yet, with room for that many rows and indexes.
    #[must_use]
    pub fn with_capacity(rows: usize, items: usize) -> Self {
        Self { items: Vec::with_capacity(items), ends: Vec::with_capacity(rows) }
    }

    /// Adds a row and returns its index.
    pub fn push(&mut self, row: &[u32]) -> u32 {
        self.items.extend_from_slice(row);
        self.ends.push(self.items.len() as u32);
        (self.ends.len() - 1) as u32
    }

    /// The row, empty if there is none.
    #[must_use]
    #[inline]
    pub fn row(&self, index: u32) -> &[u32] {
        let index = index as usize;
        let start = if index == 0 { 0 } else { self.ends.get(index - 1).copied().unwrap_or(0) };
        match self.ends.get(index) {
            Some(&end) => &self.items[start as usize..end as usize],
            None => &[],
        }
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

/// A partner's answer: columns that refer to each other by index.
///
/// Shape: every index is in range (the builder sees to it); segments, legs and itineraries are
/// each listed once; offers stand in the partner's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    segments: Vec<Segment>,
    legs: Ragged,
    itineraries: Ragged,
    keys: Vec<ItineraryKey>,
    operators: Vec<u64>,
    offers: Vec<Offer>,
    brand_marks: Vec<u64>,
    fares: Vec<FareDetail>,
    texts: String,
}

impl Answer {
    /// All segments.
    #[must_use]
    #[inline]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// All offers, in the partner's order.
    #[must_use]
    #[inline]
    pub fn offers(&self) -> &[Offer] {
        &self.offers
    }

    /// Fingerprints of the offers' brands, by offer index: equal for equal brands in any answer.
    /// Comparing them spares reading texts that lie far apart.
    #[must_use]
    #[inline]
    pub fn brand_marks(&self) -> &[u64] {
        &self.brand_marks
    }

    /// Keys of the itineraries, by itinerary index.
    #[must_use]
    #[inline]
    pub fn keys(&self) -> &[ItineraryKey] {
        &self.keys
    }

    /// Fingerprints of who operates the itineraries, by itinerary index; see [`operators_of`].
    #[must_use]
    #[inline]
    pub fn operators(&self) -> &[u64] {
        &self.operators
    }

    /// Leg indexes of an itinerary.
    #[must_use]
    #[inline]
    pub fn itinerary_legs(&self, itinerary: u32) -> &[u32] {
        self.itineraries.row(itinerary)
    }

    /// Segment indexes of a leg.
    #[must_use]
    #[inline]
    pub fn leg_segments(&self, leg: u32) -> &[u32] {
        self.legs.row(leg)
    }

    /// The legs of an itinerary, each as its segments in flying order.
    pub fn legs_of(&self, itinerary: u32) -> impl Iterator<Item = impl Iterator<Item = &Segment>> {
        self.itineraries
            .row(itinerary)
            .iter()
            .map(|&leg| self.legs.row(leg).iter().map(|&segment| &self.segments[segment as usize]))
    }

    /// Fare details of an offer.
    #[must_use]
    #[inline]
    pub fn fares_of(&self, offer: &Offer) -> &[FareDetail] {
        let start = offer.fares_start as usize;
        self.fares.get(start..start + offer.fares_len as usize).unwrap_or_default()
    }

    /// A text of this answer; empty if not said.
    #[must_use]
    #[inline]
    pub fn text(&self, text: Text) -> &str {
        let start = text.start as usize;
        self.texts.get(start..start + text.len as usize).unwrap_or_default()
    }

    /// Bytes held on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.segments.capacity() * size_of::<Segment>()
            + (self.legs.items.capacity() + self.legs.ends.capacity()) * 4
            + (self.itineraries.items.capacity() + self.itineraries.ends.capacity()) * 4
            + self.keys.capacity() * 16
            + self.operators.capacity() * 8
            + self.brand_marks.capacity() * 8
            + self.offers.capacity() * size_of::<Offer>()
            + self.fares.capacity() * size_of::<FareDetail>()
            + self.texts.capacity()
    }
}

/// What one answer may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Offers.
    pub offers: usize,
    /// Bytes of text.
    pub text_bytes: usize,
}

impl Limits {
    /// Legs of an itinerary.
    pub const LEGS: usize = 6;
    /// Segments of a leg.
    pub const SEGMENTS_PER_LEG: usize = 8;
}

impl Default for Limits {
    fn default() -> Self {
        Self { offers: 10_000, text_bytes: 8 << 20 }
    }
}

/// The answer is at its limit; what is in it stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AnswerFull {
    /// Too many offers.
    #[error("more than {0} offers")]
    Offers(usize),
    /// Too much text.
    #[error("more than {0} bytes of text")]
    Text(usize),
    /// An itinerary without legs or with too many, or a leg without segments or with too many.
    #[error("an itinerary must have 1 to 6 legs of 1 to 8 segments")]
    Shape,
    /// An index that does not exist.
    #[error("an offer refers to something the answer does not have")]
    Dangling,
}

/// Builds an [`Answer`], keeping each segment, leg and itinerary once.
#[derive(Debug, Default)]
pub struct AnswerBuilder {
    answer: Answer,
    limits: Limits,
    segment_index: HashMap<Segment, u32, FixedHasher>,
    leg_index: HashMap<u128, u32, FixedHasher>,
    itinerary_index: HashMap<u128, u32, FixedHasher>,
}

impl AnswerBuilder {
    /// An empty answer with its limits.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Adds a segment, or finds it.
    pub fn segment(&mut self, segment: Segment) -> u32 {
        let segments = &mut self.answer.segments;
        *self.segment_index.entry(segment).or_insert_with(|| {
            segments.push(segment);
            (segments.len() - 1) as u32
        })
    }

    /// Adds a leg of segments in flying order, or finds it.
    ///
    /// # Errors
    /// [`AnswerFull::Shape`] or [`AnswerFull::Dangling`].
    pub fn leg(&mut self, segments: &[u32]) -> Result<u32, AnswerFull> {
        if segments.is_empty() || segments.len() > Limits::SEGMENTS_PER_LEG {
            return Err(AnswerFull::Shape);
        }
        if segments.iter().any(|&segment| segment as usize >= self.answer.segments.len()) {
            return Err(AnswerFull::Dangling);
        }
        let legs = &mut self.answer.legs;
        Ok(*self.leg_index.entry(index_key(segments)).or_insert_with(|| legs.push(segments)))
    }

    /// Adds an itinerary of legs, or finds it.
    ///
    /// # Errors
    /// [`AnswerFull::Shape`] or [`AnswerFull::Dangling`].
    pub fn itinerary(&mut self, legs: &[u32]) -> Result<u32, AnswerFull> {
        if legs.is_empty() || legs.len() > Limits::LEGS {
            return Err(AnswerFull::Shape);
        }
        if legs.iter().any(|&leg| leg as usize >= self.answer.legs.len()) {
            return Err(AnswerFull::Dangling);
        }
        let id = index_key(legs);
        if let Some(&found) = self.itinerary_index.get(&id) {
            return Ok(found);
        }
        let index = self.answer.itineraries.push(legs);
        let key = ItineraryKey::of(self.answer.legs_of(index));
        let operators = operators_of(self.answer.legs_of(index).flatten());
        self.answer.keys.push(key);
        self.answer.operators.push(operators);
        self.itinerary_index.insert(id, index);
        Ok(index)
    }

    /// Stores a text.
    ///
    /// # Errors
    /// [`AnswerFull::Text`] at the limit.
    pub fn text(&mut self, text: &str) -> Result<Text, AnswerFull> {
        let texts = &mut self.answer.texts;
        if texts.len() + text.len() > self.limits.text_bytes {
            return Err(AnswerFull::Text(self.limits.text_bytes));
        }
        let start = texts.len() as u32;
        texts.push_str(text);
        Ok(Text { start, len: text.len() as u32 })
    }

    /// Adds an offer with its fare details; the offer's own fare range is set here.
    ///
    /// # Errors
    /// [`AnswerFull::Offers`] at the limit, [`AnswerFull::Dangling`] for an unknown itinerary or
    /// segment.
    pub fn offer(&mut self, mut offer: Offer, fares: &[FareDetail]) -> Result<(), AnswerFull> {
        if self.answer.offers.len() >= self.limits.offers {
            return Err(AnswerFull::Offers(self.limits.offers));
        }
        let segments = self.answer.segments.len();
        if offer.itinerary as usize >= self.answer.keys.len()
            || fares.iter().any(|fare| fare.segment as usize >= segments)
            || fares.len() > Limits::LEGS * Limits::SEGMENTS_PER_LEG
        {
            return Err(AnswerFull::Dangling);
        }
        offer.fares_start = self.answer.fares.len() as u32;
        offer.fares_len = fares.len() as u16;
        let brand = brand_mark(self.answer.text(offer.brand));
        self.answer.fares.extend_from_slice(fares);
        self.answer.brand_marks.push(brand);
        self.answer.offers.push(offer);
        Ok(())
    }

    /// Adds everything another answer holds: its offers behind those that are there, segments, legs
    /// and itineraries that are known only once.
    ///
    /// # Errors
    /// [`AnswerFull`] at a limit; what was added until then stays.
    pub fn append(&mut self, other: &Answer) -> Result<(), AnswerFull> {
        let segments: Vec<u32> = other.segments.iter().map(|&one| self.segment(one)).collect();
        for offer in &other.offers {
            let mut legs = Vec::with_capacity(Limits::LEGS);
            for &leg in other.itinerary_legs(offer.itinerary) {
                let row: Vec<u32> =
                    other.leg_segments(leg).iter().map(|&old| segments[old as usize]).collect();
                legs.push(self.leg(&row)?);
            }
            let itinerary = self.itinerary(&legs)?;
            let mut fares = Vec::new();
            for fare in other.fares_of(offer) {
                let segment = segments[fare.segment as usize];
                fares.push(FareDetail {
                    segment,
                    basis: self.copy_text(other, fare.basis)?,
                    ..*fare
                });
            }
            let brand = self.copy_text(other, offer.brand)?;
            let link = self.copy_text(other, offer.link)?;
            self.offer(Offer { itinerary, brand, link, ..*offer }, &fares)?;
        }
        Ok(())
    }

    fn copy_text(&mut self, other: &Answer, text: Text) -> Result<Text, AnswerFull> {
        match other.text(text) {
            "" => Ok(Text::default()),
            text => self.text(text),
        }
    }

    /// Offers so far.
    #[must_use]
    pub fn offer_count(&self) -> usize {
        self.answer.offers.len()
    }

    /// The finished answer.
    #[must_use]
    pub fn finish(self) -> Answer {
        self.answer
    }
}

/// Names a row of indexes within one answer.
fn index_key(row: &[u32]) -> u128 {
    let mut bytes = [0_u8; 4 * Limits::SEGMENTS_PER_LEG];
    for (slot, index) in bytes.chunks_exact_mut(4).zip(row) {
        slot.copy_from_slice(&index.to_le_bytes());
    }
    xxhash_rust::xxh3::xxh3_128(&bytes[..4 * row.len()])
}

/// A hasher without random state, so that equal input gives equal runs (invariant 2).
type FixedHasher = BuildHasherDefault<Folding>;

/// Folds words by multiplication; the keys are short and not chosen by an attacker alone, and a
/// builder's size is limited.
#[derive(Debug, Default)]
pub struct Folding(u64);

impl Folding {
    fn fold(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word) * 0x9E37_79B9_7F4A_7C15;
        self.0 = (product as u64) ^ ((product >> 64) as u64);
    }
}

impl Hasher for Folding {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0_u8; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.fold(u64::from_le_bytes(word) ^ chunk.len() as u64);
        }
    }
    fn write_u16(&mut self, value: u16) {
        self.fold(u64::from(value) + 1);
    }
    fn write_u32(&mut self, value: u32) {
        self.fold(u64::from(value) + 1);
    }
    fn write_i32(&mut self, value: i32) {
        self.fold(u64::from(value as u32) + 1);
    }
    fn write_u64(&mut self, value: u64) {
        self.fold(value);
    }
    fn write_u128(&mut self, value: u128) {
        self.fold(value as u64);
        self.fold((value >> 64) as u64);
    }
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }
}

#[cfg(test)]
mod tests;
