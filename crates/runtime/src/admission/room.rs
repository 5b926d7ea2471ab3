//! How much work may be under way at once where the processors have nothing left to give.
//!
//! By Little's law, what is under way is what is done a second times how long each piece takes. On
//! processors that are all busy more under way gets no more done: each piece takes longer, and in the
//! end longer than anybody waits. No lateness of our own shows that if the wait is somebody else's,
//! such as a partner's on the same machine. So there is room for what is done times how long it usually
//! takes, twice over. While processors idle there is room for all: pieces that take longer then wait for
//! something that is not ours, and refusing others would make nothing faster.

use std::time::Duration;

use super::Priority;

/// Times the usual time that a piece may take.
const SLOWER: f64 = 2.0;
/// Part of the processors' time from which on they have nothing left to give.
const BUSY: f64 = 0.85;
/// Part below which what takes longer does so for reasons of its own. In between, as in a flood that leaves
/// a moment free, nothing is learnt of it: that would let in more, which takes longer, and so on.
const CALM: f64 = 0.7;
/// What is usual is what was so for about this long, seconds.
const USUAL_OVER: f64 = 60.0;
/// How long pieces took lately counts for about so long, seconds.
const LATELY: f64 = 2.0;
/// Pieces that tell how long they take.
const PIECES_MIN: f64 = 5.0;

#[derive(Clone, Debug, Default)]
pub(super) struct Room {
    under_way: usize,
    /// Seconds that pieces took lately, and how many these were.
    took: f64,
    pieces: f64,
    /// Seconds that a piece takes while there is time for all.
    usual: Option<f64>,
    /// Part of the processors' time that is used.
    used: f64,
}

impl Room {
    pub(super) fn on_begun(&mut self) {
        self.under_way += 1;
    }

    pub(super) fn on_left(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    pub(super) fn on_done(&mut self, took: Duration) {
        self.on_left();
        self.took += took.as_secs_f64();
        self.pieces += 1.0;
    }

    pub(super) fn on_busy(&mut self, share: f64) {
        self.used = share;
    }

    /// A window of so many seconds is over.
    pub(super) fn on_window(&mut self, seconds: f64) {
        if self.pieces >= PIECES_MIN {
            let lately = self.took / self.pieces;
            let weight = 1.0 - (-seconds / USUAL_OVER).exp();
            let calm = self.used < CALM;
            self.usual = match self.usual {
                None => calm.then_some(lately),
                // What takes longer now may do so because there is too much of it.
                Some(usual) if !calm && lately > usual => Some(usual),
                Some(usual) => Some(usual + (lately - usual) * weight),
            };
        }
        let kept = (-seconds / LATELY).exp();
        self.took *= kept;
        self.pieces *= kept;
    }

    /// Whether one more fits, of which so many are done a second; `least` fit in any case, for who has done
    /// nothing lately must begin somewhere. What matters less leaves a part of the room to what matters more.
    pub(super) fn fits(&self, priority: Priority, done_per_second: f64, least: f64) -> bool {
        let Some(usual) = self.usual.filter(|_| self.used >= BUSY) else { return true };
        let room = (SLOWER * usual * done_per_second).max(least);
        let part = match priority {
            Priority::Asked => 1.0,
            Priority::Prefetch => 0.75,
            Priority::Bot => 0.5,
        };
        (self.under_way as f64) < room * part
    }
}
