//! Texts of a board that many answers repeat, written once.
//!
//! The flights of a candidate as part of an offer's id (`EDI.KL930.AMS.KL861.SIN`), and each segment
//! as Fareway's own protocol lists it.

use domain::Segment;

use super::{Board, Candidate};
use crate::wire::text;

/// Texts, end to end.
#[derive(Debug, Default)]
pub struct Texts {
    bytes: Vec<u8>,
    /// Where the text of each candidate ends; the first starts at 0.
    candidate_ends: Vec<u32>,
    /// Where the text of each segment ends; the first starts where the last candidate's ends.
    segment_ends: Vec<u32>,
}

impl Texts {
    /// The texts of a board.
    #[must_use]
    pub fn new(board: &Board) -> Self {
        let mut texts = Self {
            bytes: Vec::with_capacity(board.candidates.len() * 28 + board.segments.len() * 128),
            candidate_ends: Vec::with_capacity(board.candidates.len()),
            segment_ends: Vec::with_capacity(board.segments.len()),
        };
        for candidate in &board.candidates {
            flights(board, candidate, &mut texts.bytes);
            texts.candidate_ends.push(texts.bytes.len() as u32);
        }
        for segment in &board.segments {
            listed(segment, &mut texts.bytes);
            texts.segment_ends.push(texts.bytes.len() as u32);
        }
        texts
    }

    /// The flights of a candidate, as part of an id.
    #[must_use]
    pub fn flights(&self, candidate: u16) -> &[u8] {
        let candidate = usize::from(candidate);
        let start = candidate.checked_sub(1).map_or(0, |before| self.candidate_ends[before]);
        &self.bytes[start as usize..self.candidate_ends[candidate] as usize]
    }

    /// A segment, as the own protocol lists it.
    #[must_use]
    pub fn segment(&self, segment: u16) -> &[u8] {
        let segment = usize::from(segment);
        let start = match segment.checked_sub(1) {
            Some(before) => self.segment_ends[before],
            None => self.candidate_ends.last().copied().unwrap_or(0),
        };
        &self.bytes[start as usize..self.segment_ends[segment] as usize]
    }

    /// Bytes held on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.bytes.capacity() + (self.candidate_ends.capacity() + self.segment_ends.capacity()) * 4
    }
}

fn flights(board: &Board, candidate: &Candidate, out: &mut Vec<u8>) {
    for (place, &index) in candidate.segments().iter().enumerate() {
        let segment = &board.segments[usize::from(index)];
        if place == 0 {
            out.extend_from_slice(&segment.origin.to_bytes());
        }
        out.push(b'.');
        out.extend_from_slice(&segment.carrier.to_bytes());
        text::flight_number(out, segment.number);
        out.push(b'.');
        out.extend_from_slice(&segment.destination.to_bytes());
    }
}

fn listed(segment: &Segment, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"carrier\":\"");
    out.extend_from_slice(&segment.carrier.to_bytes());
    if segment.operating != segment.carrier {
        out.extend_from_slice(b"\",\"operating\":\"");
        out.extend_from_slice(&segment.operating.to_bytes());
    }
    out.extend_from_slice(b"\",\"number\":\"");
    text::flight_number(out, segment.number);
    out.extend_from_slice(b"\",\"origin\":\"");
    out.extend_from_slice(&segment.origin.to_bytes());
    out.extend_from_slice(b"\",\"destination\":\"");
    out.extend_from_slice(&segment.destination.to_bytes());
    out.extend_from_slice(b"\",\"departs\":\"");
    text::minute(out, segment.departs);
    out.extend_from_slice(b"\",\"arrives\":\"");
    text::minute(out, segment.arrives);
    out.extend_from_slice(b"\"}");
}
