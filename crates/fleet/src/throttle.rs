//! Keeps away from a cell what it would refuse: of new work at most twice of what it takes.
//!
//! A refusal costs a cell, and the way to it, what a small answer costs. A cell that takes less than half of
//! what it is sent lately is sent less, by chance, and what is kept away is told what the cell would
//! have said. Twice, so that a cell which can take more again is seen at once. Each priority for
//! itself: cells take the most important first. Source: client-side throttling in "Handling Overload",
//! chapter 21 of Site Reliability Engineering (O'Reilly, 2016).
//!
//! Pure: time and chance are arguments.

use runtime::{Moment, Priority};

/// What was asked counts for about so long, seconds.
const REMEMBERED: f64 = 3.0;
/// A cell is sent so many times what it takes.
const TIMES: f64 = 2.0;
/// Refusals that prove nothing yet.
const SURE: f64 = 16.0;

/// What one cell took lately.
#[derive(Debug, Default)]
pub struct Throttle {
    classes: [Class; Priority::ALL.len()],
    at: Option<Moment>,
    kept_away: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Class {
    /// Answered by the cell or kept away from it.
    asked: f64,
    taken: f64,
}

impl Throttle {
    /// Whether one more is sent. `chance`: from 0 to 1, another one each time.
    #[must_use]
    pub fn passes(&mut self, priority: Priority, chance: f64, now: Moment) -> bool {
        self.fade(now);
        let class = &mut self.classes[priority as usize];
        let refused = class.asked - TIMES * class.taken - SURE;
        if chance >= refused / (class.asked + 1.0) {
            return true;
        }
        class.asked += 1.0;
        self.kept_away += 1;
        false
    }

    /// The cell answered one that was sent.
    pub fn on_answer(&mut self, priority: Priority, taken: bool, now: Moment) {
        self.fade(now);
        let class = &mut self.classes[priority as usize];
        class.asked += 1.0;
        class.taken += f64::from(u8::from(taken));
    }

    /// Whether the cell takes nearly all that it is sent: then it can have what another one refused.
    #[must_use]
    pub fn takes_all(&mut self, priority: Priority, now: Moment) -> bool {
        self.fade(now);
        let Class { asked, taken } = self.classes[priority as usize];
        asked - taken <= asked / 10.0 + 1.0
    }

    /// How many were not sent, since the start.
    #[must_use]
    pub const fn kept_away(&self) -> u64 {
        self.kept_away
    }

    fn fade(&mut self, now: Moment) {
        let since = now.saturating_duration_since(self.at.unwrap_or(now)).as_secs_f64();
        self.at = Some(now);
        let kept = (-since / REMEMBERED).exp();
        for class in &mut self.classes {
            class.asked *= kept;
            class.taken *= kept;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// A cell that takes so many a second, evenly.
    struct World {
        throttle: Throttle,
        now: Moment,
        count: u64,
    }

    impl World {
        fn new() -> Self {
            Self { throttle: Throttle::default(), now: runtime::now(), count: 0 }
        }

        /// A second in which so many are offered and so many are taken, if they come; gives how many
        /// came to the cell.
        fn second(&mut self, priority: Priority, offered: u32, takes: u32) -> u32 {
            let (mut came, mut taken) = (0, 0.0);
            for at in 0..offered {
                self.now += Duration::from_secs(1) / offered;
                self.count += 1;
                // Evenly spread over 0 to 1, in no order.
                let chance = (self.count as f64 * 0.618_033_988_75).fract();
                if self.throttle.passes(priority, chance, self.now) {
                    came += 1;
                    let due = f64::from(takes) * f64::from(at + 1) / f64::from(offered);
                    let takes_it = taken + 1.0 <= due + 1e-9;
                    taken += f64::from(u8::from(takes_it));
                    self.throttle.on_answer(priority, takes_it, self.now);
                }
            }
            came
        }
    }

    #[test]
    fn a_cell_that_takes_half_or_more_is_sent_all() {
        let mut world = World::new();
        for _ in 0..30 {
            assert_eq!(world.second(Priority::Asked, 190, 100), 190);
        }
        assert_eq!(world.throttle.kept_away(), 0);
    }

    #[test]
    fn a_cell_that_refuses_most_is_sent_about_twice_what_it_takes() {
        for offered in [500, 1_000, 5_000] {
            let mut world = World::new();
            let came = (0..30).map(|_| world.second(Priority::Asked, offered, 100)).last().unwrap();
            assert!((180..=240).contains(&came), "{came} of {offered}");
        }
    }

    #[test]
    fn a_cell_takes_all_if_it_refuses_one_in_ten_at_most() {
        let mut world = World::new();
        assert!(world.throttle.takes_all(Priority::Asked, world.now));
        for (offered, takes) in [(100, true), (105, true), (125, false), (300, false), (90, true)] {
            (0..10).for_each(|_| {
                world.second(Priority::Asked, offered, 100);
            });
            assert_eq!(world.throttle.takes_all(Priority::Asked, world.now), takes, "{offered}");
        }
    }

    #[test]
    fn what_comes_at_once_before_any_answer_is_sent() {
        let mut throttle = Throttle::default();
        let now = runtime::now();
        assert!((0..1_000).all(|_| throttle.passes(Priority::Asked, 0.0, now)));
    }

    #[test]
    fn a_few_refusals_prove_nothing() {
        let mut throttle = Throttle::default();
        let now = runtime::now();
        (0..16).for_each(|_| throttle.on_answer(Priority::Asked, false, now));
        assert!(throttle.passes(Priority::Asked, 0.0, now));
        throttle.on_answer(Priority::Asked, false, now);
        assert!(!throttle.passes(Priority::Asked, 0.0, now));
    }

    #[test]
    fn ten_seconds_after_a_flood_all_is_sent_again() {
        let mut world = World::new();
        for offered in [[1_000; 30].as_slice(), &[60; 10]].concat() {
            world.second(Priority::Asked, offered, 100);
        }
        assert_eq!(world.second(Priority::Asked, 60, 100), 60);
    }

    #[test]
    fn machines_that_are_refused_keep_no_people_away() {
        let mut world = World::new();
        for _ in 0..30 {
            world.second(Priority::Bot, 500, 0);
            assert_eq!(world.second(Priority::Asked, 100, 100), 100);
        }
        assert!(world.second(Priority::Bot, 500, 0) < 60);
    }
}
