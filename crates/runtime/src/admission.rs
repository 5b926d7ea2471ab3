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
//! The share falls and rises by a factor a window, so that it is as steady at a tenth of what is
//! offered as at nine tenths. No randomness: the share is added up, and each whole is one admission.
//!
//! Pure: whoever owns it tells the lateness.

use std::time::Duration;

/// Admits at least this share, so that the way back is seen.
const SHARE_MIN: f64 = 0.01;
/// How fast the share moves, a window, for a lateness that is off by the whole target.
const GAIN: f64 = 0.08;
/// Lateness counts as at most so many targets above the target.
const EXCESS_MAX: f64 = 3.0;

/// Decides on new work.
#[derive(Clone, Debug)]
pub struct Admission {
    target: Duration,
    share: f64,
    /// Shares added up, less the admissions. It begins with one, so that a late moment costs nothing
    /// where hardly anything is asked.
    credit: f64,
    refused: u64,
}

impl Admission {
    /// Admits everything, until work is begun later than `target` after it was due.
    #[must_use]
    pub fn new(target: Duration) -> Self {
        Self { target: target.max(Duration::from_micros(1)), share: 1.0, credit: 1.0, refused: 0 }
    }

    /// Takes up the least lateness of a window.
    pub fn on_window(&mut self, least: Duration) {
        let off = (least.as_secs_f64() / self.target.as_secs_f64() - 1.0).min(EXCESS_MAX);
        self.share = (self.share * (-GAIN * off).exp()).clamp(SHARE_MIN, 1.0);
    }

    /// Whether one more piece of new work is admitted.
    pub fn admits(&mut self) -> bool {
        self.credit = (self.credit + self.share).min(2.0);
        if self.credit >= 1.0 {
            self.credit -= 1.0;
            return true;
        }
        self.refused += 1;
        false
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

    /// How often it refused.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused
    }
}

#[cfg(test)]
mod tests;
