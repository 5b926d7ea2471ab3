//! Admits as much new work as keeps the process on time, and refuses the rest at the door.
//!
//! ```text
//! lateness of due work, the least of each window ─▶ share of new work admitted ─▶ yes / no
//! ```
//!
//! Work that is begun and not done by its deadline is worth nothing and takes the time of work that
//! would have been. So what is judged is the queue, by how late work is begun that was due. The least
//! lateness of a window counts, as in CoDel (RFC 8289): a burst that is worked off within a window
//! has moments on time, a queue that stands has none.
//!
//! The share falls and rises by a factor a second, so that it is as steady at a tenth of what is
//! offered as at nine tenths. What is admitted now shows as lateness only after a while, in which a
//! share that follows the lateness alone goes far too low, and later too high. So it is held between
//! bounds that need no lateness: the part of what is offered that is done. Late, not more is admitted
//! than is done; nor less than that, but for what lets the queue run empty within seconds.
//!
//! Where the processors have nothing left to give, the number of pieces under way is bounded too
//! ([`Admission::on_busy`]): begun on time and then waiting is late as well.
//!
//! Work is not all worth the same ([`Priority`]): what is admitted is spent on the most important
//! first, and what is left over on the next. Work that must be begun ([`Admission::takes`]) comes before
//! all of it.
//!
//! No randomness: the share is added up, and each whole is one admission. Pure: whoever owns it tells
//! the lateness and what is done.

mod room;

use std::time::Duration;

use self::room::Room;
use crate::lateness::Lateness;

/// Admits at least this share, so that the way back is seen.
const SHARE_MIN: f64 = 0.01;
/// How fast the share moves, a second, for a lateness that is off by the whole target.
const GAIN_PER_SECOND: f64 = 0.8;
/// Lateness counts as at most so many targets above the target.
const EXCESS_MAX: f64 = 3.0;
/// What is known of a window counts for no longer than this, seconds.
const COUNTS_MAX: f64 = 1.0;
/// What was offered and done counts for about so long, seconds.
const REMEMBERED: f64 = 2.0;
/// A queue is to run empty within so many seconds.
const EMPTY_WITHIN: f64 = 5.0;
/// Of what is done, at most so much is admitted for certain: a queue runs empty in any case.
const SURE_MAX: f64 = 0.9;
/// Between two windows at most this and what is done in a second is admitted: a flood that comes
/// while nobody looks would fill the queue for longer than anybody waits.
const BURST: f64 = 64.0;

/// How much a piece of new work matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Somebody waits for it.
    Asked,
    /// Somebody may want it soon.
    Prefetch,
    /// A machine collects it.
    Bot,
}

impl Priority {
    /// All, the most important first.
    pub const ALL: [Self; 3] = [Self::Asked, Self::Prefetch, Self::Bot];

    /// Name in figures.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Prefetch => "prefetch",
            Self::Bot => "bot",
        }
    }
}

/// Decides on new work.
#[derive(Clone, Debug)]
pub struct Admission {
    target: Duration,
    share: f64,
    classes: [Class; Priority::ALL.len()],
    /// What had to be begun, those of long ago counting less.
    had_to: f64,
    /// Pieces of work that were done, those of long ago counting less.
    done: f64,
    /// Admitted since the last window.
    taken: f64,
    burst: f64,
    room: Room,
}

/// What is known of one priority.
#[derive(Clone, Copy, Debug)]
struct Class {
    /// Pieces of work, those of long ago counting less.
    offered: f64,
    /// Shares added up, less the admissions. It begins with one, so that a late moment costs nothing
    /// where hardly anything is asked.
    credit: f64,
    refused: u64,
}

impl Admission {
    /// Admits everything, until work is begun later than `target` after it was due.
    #[must_use]
    pub fn new(target: Duration) -> Self {
        let class = Class { offered: 0.0, credit: 1.0, refused: 0 };
        Self {
            target: target.max(Duration::from_micros(1)),
            share: 1.0,
            classes: [class; Priority::ALL.len()],
            had_to: 0.0,
            done: 0.0,
            taken: 0.0,
            burst: BURST,
            room: Room::default(),
        }
    }

    /// Admits so much between two windows besides what is done in a second, and has at least so much room,
    /// instead of 64: more for small work, less where little is done a second.
    #[must_use]
    pub fn with_burst(self, burst: f64) -> Self {
        Self { burst, ..self }
    }

    /// Takes up the least lateness of a window, and how long the window was.
    pub fn on_window(&mut self, Lateness { least, window }: Lateness) {
        let late = least.as_secs_f64();
        let seconds = window.as_secs_f64().min(COUNTS_MAX);
        let off = (late / self.target.as_secs_f64() - 1.0).min(EXCESS_MAX);
        let share = self.share * (-GAIN_PER_SECOND * seconds * off).exp();
        let offered = self.offered();
        let done = if offered > 0.0 { (self.done / offered).min(1.0) } else { 1.0 };
        let sure = done * SURE_MAX.min(1.0 - late / EMPTY_WITHIN);
        let most = if off >= EXCESS_MAX { done } else { 1.0 };
        self.share = share.max(sure).min(most).clamp(SHARE_MIN, 1.0);
        let kept = (-seconds / REMEMBERED).exp();
        self.done *= kept;
        self.had_to *= kept;
        self.taken = 0.0;
        self.room.on_window(seconds);
        for class in &mut self.classes {
            class.offered *= kept;
        }
    }

    /// Takes up which part of the processors' time was used lately, 0 to 1, by whomever. Who never tells
    /// has no bound on what is under way.
    pub fn on_busy(&mut self, share: f64) {
        self.room.on_busy(share);
    }

    /// Whether one more piece of new work is admitted; then it is under way until it is told to be done
    /// or given up.
    pub fn admits(&mut self, priority: Priority) -> bool {
        let per_second = self.done / REMEMBERED;
        let burst = self.burst + per_second;
        let index = priority as usize;
        self.classes[index].offered += 1.0;
        let share = self.share_of(index);
        let fits = self.room.fits(priority, per_second, self.burst);
        let class = &mut self.classes[index];
        class.credit = (class.credit + share).min(2.0);
        if fits && class.credit >= 1.0 && self.taken < burst {
            class.credit -= 1.0;
            self.taken += 1.0;
            self.room.on_begun();
            return true;
        }
        class.refused += 1;
        false
    }

    /// A piece of work is begun whatever there is to do: others find the less room.
    pub fn takes(&mut self) {
        self.had_to += 1.0;
        self.taken += 1.0;
        self.room.on_begun();
    }

    /// Pieces that were offered lately.
    fn offered(&self) -> f64 {
        self.had_to + self.classes.iter().map(|class| class.offered).sum::<f64>()
    }

    /// Share of one priority that is admitted: what those before it leave.
    fn share_of(&self, index: usize) -> f64 {
        let before = self.classes.iter().take(index).map(|class| class.offered).sum::<f64>();
        let left = self.offered() * self.share - before - self.had_to;
        (left / self.classes[index].offered).clamp(0.0, 1.0)
    }

    /// An admitted piece of work is done, or so much of it as is of use: 0 to 1; and it took so long.
    pub fn on_done(&mut self, useful: f64, took: Duration) {
        self.done += useful.clamp(0.0, 1.0);
        self.room.on_done(took);
    }

    /// An admitted piece of work was not begun after all.
    pub fn on_given_up(&mut self) {
        self.room.on_left();
    }

    /// Share of new work that is admitted now, above 0 to 1.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.share
    }

    /// Whether it refuses nothing.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.share >= 1.0
    }

    /// How much it refused, of a priority.
    #[must_use]
    pub fn refused(&self, priority: Priority) -> u64 {
        self.classes[priority as usize].refused
    }
}

#[cfg(test)]
mod tests;
