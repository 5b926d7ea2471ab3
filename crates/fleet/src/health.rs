//! How one cell fares, as one edge sees it: from probes it sends, and from answers to real work.
//!
//! Two passive triggers, because each alone misses what the other catches: failures in a row see a
//! cell that is gone within a few requests but not one that fails half the time; a failure ratio over
//! a window sees that, but is slow on a total loss. Refused connections weigh more: nothing listens.
//!
//! ```text
//!            2 x refused or unreachable                      5 in a row, or the ratio
//!   Gone ◀───────────────────────────── Up (slow start) ───────────────────────────▶ Ejected
//!    └────────── a good probe ──────────▶ ▲ ▲ ◀──── a good probe after the time is over ──┘
//!                                         │ └── a good probe ◀─ NotReady ◀─ a probe says so
//!                                   no look yet: taken as up
//! ```
//!
//! The time of an ejection doubles each time, up to a limit, and starts anew after a quiet minute.
//! Whoever comes back gets a growing share of new work, so that cold caches do not sink it again.

use std::time::Duration;

use runtime::{Limited, Moment, Priority};
use serde::{Deserialize, Serialize};

use crate::throttle::Throttle;

/// Buckets of the window.
const SLOTS: usize = 10;
/// Failures in reaching a cell that mean that it is gone.
const UNREACHED_MAX: u32 = 2;
/// Quiet time after which a further ejection counts as the first.
const FORGIVEN_AFTER: Duration = Duration::from_secs(60);
/// Time after a refusal for want of room in which a cell is not sent what others refuse.
const FULL_FOR: Duration = Duration::from_secs(2);
/// The share of work a cell starts with, of 255.
const FIRST_SHARE: u64 = 26;

/// When a cell is left alone, and how it comes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HealthSettings {
    /// Failures in a row after which a cell gets no new work.
    pub failures_max: Limited<1, 1_000>,
    /// Failures in the window, percent, from which it gets none.
    pub failed_percent: Limited<1, 100>,
    /// Requests in the window below which the percentage means nothing.
    pub requests_min: Limited<1, 1_000_000>,
    /// Length of the window, milliseconds.
    pub window_ms: Limited<100, 600_000>,
    /// How long a cell is left alone the first time, milliseconds.
    pub ejected_ms: Limited<10, 600_000>,
    /// How long at most, milliseconds.
    pub ejected_most_ms: Limited<10, 3_600_000>,
    /// How long a cell that is back gets less than its share, milliseconds.
    pub slow_start_ms: Limited<0, 600_000>,
    /// Below this share of usable cells of a region, percent, ejected ones are used all the same.
    pub panic_percent: Limited<0, 100>,
}

impl Default for HealthSettings {
    fn default() -> Self {
        Self {
            failures_max: Limited::literal(5),
            failed_percent: Limited::literal(50),
            requests_min: Limited::literal(20),
            window_ms: Limited::literal(10_000),
            ejected_ms: Limited::literal(1_000),
            ejected_most_ms: Limited::literal(15_000),
            slow_start_ms: Limited::literal(10_000),
            panic_percent: Limited::literal(50),
        }
    }
}

/// What became of a request to a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered, and the cell is not to blame for the answer.
    Answered,
    /// It failed, or the answer says that the cell failed.
    Failed,
    /// The connection was refused.
    Refused,
    /// The cell takes no work now and says so.
    Declined,
    /// The cell has more to do than can be done in time and says so.
    Overloaded,
}

/// What a probe found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probed {
    /// It takes work.
    Ready,
    /// It answers, and wants no work.
    NotReady,
    /// It does not answer.
    Unreachable,
}

/// Whether a cell gets work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It does: its share of new work, of 255.
    Up {
        /// 255 is all of it.
        share: u8,
    },
    /// It is left alone because it failed; in a panic it is used all the same.
    Ejected,
    /// It wants no work.
    NotReady,
    /// Nothing answers there.
    Gone,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    number: u64,
    requests: u32,
    failures: u32,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Up { since: Option<Moment> },
    Ejected { until: Moment },
    NotReady,
    Gone,
}

/// The state of one cell.
#[derive(Clone, Debug)]
pub struct CellHealth {
    settings: HealthSettings,
    state: State,
    failures: u32,
    unreached: u32,
    ejections: u32,
    last_ejected: Option<Moment>,
    last_full: Option<Moment>,
    /// By [`Priority::ALL`], as a cell refuses what matters least first.
    throttles: [Throttle; Priority::ALL.len()],
    began: Moment,
    slots: [Slot; SLOTS],
}

impl CellHealth {
    /// A cell nobody has looked at: it gets work until it proves unable.
    #[must_use]
    pub fn new(settings: HealthSettings, now: Moment) -> Self {
        Self {
            settings,
            state: State::Up { since: None },
            failures: 0,
            unreached: 0,
            ejections: 0,
            last_ejected: None,
            last_full: None,
            throttles: Priority::ALL.map(|_| Throttle::new(now)),
            began: now,
            slots: [Slot::default(); SLOTS],
        }
    }

    /// Whether it gets work.
    #[must_use]
    pub fn standing(&self, now: Moment) -> Standing {
        match self.state {
            State::Up { since } => Standing::Up { share: self.share(since, now) },
            State::Ejected { .. } => Standing::Ejected,
            State::NotReady => Standing::NotReady,
            State::Gone => Standing::Gone,
        }
    }

    /// Whether it has refused nothing for want of room lately.
    #[must_use]
    pub fn takes_all(&self, now: Moment) -> bool {
        self.last_full.is_none_or(|last| now >= last + FULL_FOR)
    }

    /// Whether a request that it may refuse for want of room is sent to it; `chance` is any number, drawn anew
    /// for each.
    pub fn sends(&mut self, priority: Priority, chance: u64, now: Moment) -> bool {
        self.throttles[priority as usize].sends(chance, now)
    }

    /// It took such a request, or refused it for want of room.
    pub fn on_taken(&mut self, priority: Priority, taken: bool, now: Moment) {
        self.throttles[priority as usize].on_answered(taken, now);
    }

    /// A request to it ended.
    pub fn on_outcome(&mut self, outcome: Outcome, now: Moment) {
        let failed = matches!(outcome, Outcome::Failed | Outcome::Refused);
        let slot = self.slot(now);
        slot.requests = slot.requests.saturating_add(1);
        slot.failures = slot.failures.saturating_add(u32::from(failed));
        if !failed {
            (self.failures, self.unreached) = (0, 0);
            if outcome == Outcome::Overloaded {
                self.last_full = Some(now);
            }
            // A look comes only so often; until then all that it declines would have to be sent twice.
            if outcome == Outcome::Declined && matches!(self.state, State::Up { .. }) {
                self.state = State::NotReady;
            }
            return;
        }
        self.failures = self.failures.saturating_add(1);
        if outcome == Outcome::Refused {
            self.unreached = self.unreached.saturating_add(1);
            if self.unreached >= UNREACHED_MAX {
                self.state = State::Gone;
            }
        }
        let in_a_row = u64::from(self.failures) >= self.settings.failures_max.get();
        if matches!(self.state, State::Up { .. }) && (in_a_row || self.fails_often(now)) {
            self.eject(now);
        }
    }

    /// A probe of it ended.
    pub fn on_probe(&mut self, probed: Probed, now: Moment) {
        match probed {
            Probed::Ready => {
                self.unreached = 0;
                let back = match self.state {
                    State::Up { .. } => false,
                    State::Ejected { until } => now >= until,
                    State::NotReady | State::Gone => true,
                };
                if back {
                    self.state = State::Up { since: Some(now) };
                    self.failures = 0;
                    self.slots = [Slot::default(); SLOTS];
                }
            }
            Probed::NotReady => {
                self.unreached = 0;
                self.state = State::NotReady;
            }
            Probed::Unreachable => {
                self.unreached = self.unreached.saturating_add(1);
                if self.unreached >= UNREACHED_MAX {
                    self.state = State::Gone;
                }
            }
        }
    }

    fn eject(&mut self, now: Moment) {
        let quiet = self.last_ejected.is_none_or(|last| now >= last + FORGIVEN_AFTER);
        self.ejections = if quiet { 0 } else { self.ejections.saturating_add(1) };
        let first_ms = self.settings.ejected_ms.get();
        let doubled_ms = first_ms.saturating_mul(1 << self.ejections.min(20));
        let for_ms = doubled_ms.min(self.settings.ejected_most_ms.get());
        let until = now + Duration::from_millis(for_ms);
        self.last_ejected = Some(until);
        self.state = State::Ejected { until };
    }

    fn share(&self, since: Option<Moment>, now: Moment) -> u8 {
        let slow_ms = self.settings.slow_start_ms.get();
        let Some(since) = since else { return u8::MAX };
        let up_ms = now.saturating_duration_since(since).as_millis() as u64;
        if up_ms >= slow_ms {
            return u8::MAX;
        }
        let most = u64::from(u8::MAX);
        (FIRST_SHARE + (most - FIRST_SHARE) * up_ms / slow_ms) as u8
    }

    fn slot_number(&self, now: Moment) -> u64 {
        let slot_ms = (self.settings.window_ms.get() / SLOTS as u64).max(1);
        now.saturating_duration_since(self.began).as_millis() as u64 / slot_ms
    }

    fn slot(&mut self, now: Moment) -> &mut Slot {
        let number = self.slot_number(now);
        let slot = &mut self.slots[(number % SLOTS as u64) as usize];
        if slot.number != number {
            *slot = Slot { number, ..Slot::default() };
        }
        slot
    }

    fn fails_often(&self, now: Moment) -> bool {
        let newest = self.slot_number(now);
        let recent = self.slots.iter().filter(|slot| slot.number + SLOTS as u64 > newest);
        let (requests, failures) = recent.fold((0_u64, 0_u64), |(requests, failures), slot| {
            (requests + u64::from(slot.requests), failures + u64::from(slot.failures))
        });
        requests >= self.settings.requests_min.get()
            && failures * 100 >= requests * self.settings.failed_percent.get()
    }
}

#[cfg(test)]
mod tests;
