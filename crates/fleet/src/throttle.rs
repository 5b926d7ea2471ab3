//! What is not sent to a cell that would refuse it.
//!
//! A refusal costs the cell little, but with ten times what it can do nine tenths of its requests are
//! refusals. So whoever sends counts, over the last one and a half seconds, what the cell took and all that was
//! refused, there or here, and refuses by chance what goes beyond twice what it takes:
//!
//! ```text
//! wanted = taken + refused there + refused here
//! share refused here = (wanted − 2 × taken) / (wanted + 1), at most nine tenths
//! ```
//!
//! What is not answered yet counts as neither, so a slow cell is sent as much as a fast one.
//! A cell that takes everything is sent everything; one that takes nothing is still sent a tenth, so that
//! whoever is well again is found so at once. Of little work nothing is refused here. Source: "Handling Overload", chapter 21 of *Site
//! Reliability Engineering*; the bound is ours.

use std::time::Duration;

use runtime::Moment;

/// What is sent, in units of what is taken.
const SENT_PER_TAKEN: u64 = 2;
/// Of so many that are wanted one is always sent.
const SENT_OF: u64 = 10;
/// With fewer than these in the time that is remembered, the cell decides for itself.
const WANTED_MIN: u64 = 32;
/// Pieces of the time that is remembered.
const SLOTS: usize = 6;
/// Length of one.
const SLOT: Duration = Duration::from_millis(250);

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    number: u64,
    wanted: u64,
    taken: u64,
}

/// What one cell takes of one kind of work.
#[derive(Clone, Debug)]
pub(crate) struct Throttle {
    began: Moment,
    slots: [Slot; SLOTS],
}

impl Throttle {
    /// Sends everything until something was refused.
    pub(crate) fn new(now: Moment) -> Self {
        Self { began: now, slots: [Slot::default(); SLOTS] }
    }

    /// Whether a request is sent; `chance` is any number, drawn anew for each.
    pub(crate) fn sends(&mut self, chance: u64, now: Moment) -> bool {
        let number = self.number(now);
        let kept = self.slots.iter().filter(|slot| slot.number + SLOTS as u64 > number);
        let (wanted, taken) =
            kept.fold((0, 0), |(wanted, taken), slot| (wanted + slot.wanted, taken + slot.taken));
        if wanted < WANTED_MIN {
            return true;
        }
        let most = (wanted + 1) * (SENT_OF - 1) / SENT_OF;
        let refused = wanted.saturating_sub(SENT_PER_TAKEN * taken).min(most);
        let sends = chance % (wanted + 1) >= refused;
        if !sends {
            self.slot(number).wanted += 1;
        }
        sends
    }

    /// One that was sent was taken, or refused for want of room.
    pub(crate) fn on_answered(&mut self, taken: bool, now: Moment) {
        let number = self.number(now);
        let slot = self.slot(number);
        slot.wanted += 1;
        slot.taken += u64::from(taken);
    }

    fn number(&self, now: Moment) -> u64 {
        (now.saturating_duration_since(self.began).as_millis() / SLOT.as_millis()) as u64
    }

    fn slot(&mut self, number: u64) -> &mut Slot {
        let slot = &mut self.slots[(number % SLOTS as u64) as usize];
        if slot.number != number {
            *slot = Slot { number, ..Slot::default() };
        }
        slot
    }
}

#[cfg(test)]
mod tests;
