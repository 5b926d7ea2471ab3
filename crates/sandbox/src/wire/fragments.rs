//! Pieces of an answer that repeat: written once, copied from then on.
//!
//! A piece depends on leg, candidate and brand, and on nothing else of an offer.

use std::ops::Range;

use crate::fares::brand::SLOTS;
use crate::offer::{OnShelf, Shelf};

const NOT_YET: u32 = u32::MAX;

/// Pieces by leg, candidate and brand.
#[derive(Debug)]
pub struct Fragments {
    bytes: Vec<u8>,
    /// Start and end of each piece.
    ranges: Vec<(u32, u32)>,
    /// Where each leg's candidates begin in `ranges`.
    starts: Vec<usize>,
}

impl Fragments {
    /// No pieces yet, for the offers of a shelf.
    #[must_use]
    pub fn new(shelf: &Shelf) -> Self {
        let mut starts = Vec::with_capacity(shelf.boards.len());
        let mut count = 0;
        for board in &shelf.boards {
            starts.push(count);
            count += board.candidates.len() * SLOTS;
        }
        Self { bytes: Vec::with_capacity(16 << 10), ranges: vec![(NOT_YET, 0); count], starts }
    }

    /// Copies the piece of an offer's leg to `out`; `write` makes it the first time.
    pub fn copy(
        &mut self,
        leg: usize,
        candidate: u16,
        slot: u8,
        out: &mut Vec<u8>,
        write: impl FnOnce(&mut Vec<u8>),
    ) {
        let slot =
            self.starts[leg] + usize::from(candidate) * SLOTS + usize::from(slot).min(SLOTS - 1);
        let (mut start, mut end) = self.ranges[slot];
        if start == NOT_YET {
            start = self.bytes.len() as u32;
            write(&mut self.bytes);
            end = self.bytes.len() as u32;
            self.ranges[slot] = (start, end);
        }
        let range: Range<usize> = start as usize..end as usize;
        out.extend_from_slice(&self.bytes[range]);
    }

    /// Copies the pieces of all legs of an offer with commas between.
    pub fn copy_all(
        &mut self,
        shelf: &Shelf,
        offer: &OnShelf,
        slot: u8,
        out: &mut Vec<u8>,
        mut write: impl FnMut(usize, &mut Vec<u8>),
    ) {
        for (leg, &candidate) in shelf.indexes_of(offer).iter().enumerate() {
            if leg > 0 {
                out.push(b',');
            }
            self.copy(leg, candidate, slot, out, |bytes| write(leg, bytes));
        }
    }
}
