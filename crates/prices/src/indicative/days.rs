//! The cheapest price of each day within one month of one route, gathered in one pass.
//!
//! A day's price and the place of its entry are one number, of which the smaller is cheaper, or
//! earlier in the month: a pass compares numbers and copies no entries.

use super::reduce::STAY_MAX;

/// Days from the first of a month to the last return flight of its trips.
const DAYS: usize = 31 + STAY_MAX as usize;

const NONE: u64 = u64::MAX;

#[derive(Debug)]
pub(super) struct Days {
    /// By day, indirect before direct.
    best: Vec<u64>,
    /// What may be other than [`NONE`].
    used: (usize, usize),
}

impl Days {
    /// Room for days of departure.
    pub(super) fn of_departure() -> Self {
        Self { best: vec![NONE; 2 * 31], used: (usize::MAX, 0) }
    }

    /// Room for days of the return flight.
    pub(super) fn of_return() -> Self {
        Self { best: vec![NONE; 2 * DAYS], used: (usize::MAX, 0) }
    }

    /// Offers the entry at a place; `day` counts from the first of the month.
    pub(super) fn offer(&mut self, day: u16, direct: bool, eur: u32, place: usize) {
        let at = usize::from(day) * 2 + usize::from(direct);
        if let Some(best) = self.best.get_mut(at) {
            *best = (*best).min(u64::from(eur) << 32 | place as u64);
            self.used = (self.used.0.min(at), self.used.1.max(at + 1));
        }
    }

    /// Hands out the day and place of each day's cheapest entries, and forgets them.
    pub(super) fn drain(&mut self, mut each: impl FnMut(i32, usize)) {
        let (start, end) = self.used;
        for (best, at) in self.best[start.min(end)..end].iter_mut().zip(start..) {
            if *best != NONE {
                each((at / 2) as i32, *best as u32 as usize);
                *best = NONE;
            }
        }
        self.used = (usize::MAX, 0);
    }
}
