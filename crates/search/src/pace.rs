//! Whether all partners take longer than they usually do.
//!
//! A partner that is slow is its own affair. If each of many takes more than twice as long as it
//! usually does, all at the same time, it is we who cannot send or take in time: a network that is
//! full, processors that others use too. What the least of them takes beyond that is how late we are.
//!
//! A partner's usual time is a mean of ten minutes, and of a hundred where we are late: what lasts
//! becomes usual in the end, but not within a flood.
//!
//! Pure: whoever owns it tells what partners took. Limits: one entry a partner.

use std::time::Duration;

use domain::PartnerId;
use runtime::{FixedMap, Moment};

/// How long a partner's times are remembered.
const REMEMBERED: f64 = 600.0;
/// The same of times that were taken late.
const REMEMBERED_LATE: f64 = 6_000.0;
/// Answers of a partner before its usual time is known.
const ANSWERS_MIN: u32 = 8;
/// Partners that must have answered in a window to be judged by.
const PARTNERS_MIN: u32 = 8;
/// Usual times that an answer may take.
const USUAL_TIMES: f64 = 2.0;

/// What partners usually take, and what they took in this window.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    usual: FixedMap<PartnerId, Usual>,
    window: u32,
    /// Partners of known time that have answered in it.
    answered: u32,
    /// The least that one of them took beyond, seconds.
    least: f64,
    late: bool,
}

#[derive(Clone, Copy, Debug)]
struct Usual {
    seconds: f64,
    answers: u32,
    at: Moment,
    window: u32,
}

impl Pace {
    /// A partner gave a whole answer.
    pub(crate) fn on_answer(&mut self, partner: PartnerId, took: Duration, now: Moment) {
        let seconds = took.as_secs_f64();
        let first = Usual { seconds, answers: 0, at: now, window: self.window.wrapping_sub(1) };
        let usual = self.usual.entry(partner).or_insert(first);
        if usual.answers >= ANSWERS_MIN {
            let beyond = (seconds - USUAL_TIMES * usual.seconds).max(0.0);
            self.least = if self.answered == 0 { beyond } else { self.least.min(beyond) };
            if usual.window != self.window {
                usual.window = self.window;
                self.answered += 1;
            }
        }
        usual.answers = usual.answers.saturating_add(1);
        let remembered = if self.late { REMEMBERED_LATE } else { REMEMBERED };
        let since = now.saturating_duration_since(usual.at).as_secs_f64();
        // A plain mean of the first ones; then the later, the more.
        let first =
            if usual.answers <= ANSWERS_MIN { f64::from(usual.answers).recip() } else { 0.0 };
        let weight = first.max(1.0 - (-since / remembered).exp());
        usual.seconds += weight * (seconds - usual.seconds);
        usual.at = now;
    }

    /// Ends a window: what the least of them took beyond twice its usual time; zero if too few
    /// answered to tell.
    pub(crate) fn least_beyond(&mut self) -> Duration {
        let known = self.answered >= PARTNERS_MIN;
        let least = if known { self.least } else { 0.0 };
        self.late = least > 0.0;
        self.window = self.window.wrapping_add(1);
        (self.answered, self.least) = (0, 0.0);
        Duration::from_secs_f64(least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partner(number: u32) -> PartnerId {
        format!("p{number}").parse().unwrap()
    }

    /// Each of so many partners answers so often, every second; partner n takes n + 1 tenths of that.
    struct World {
        pace: Pace,
        now: Moment,
    }

    impl World {
        fn new() -> Self {
            let mut world = Self { pace: Pace::default(), now: runtime::now() };
            for _ in 0..20 {
                world.second(10, 1.0);
            }
            world
        }

        /// A second in which all of them take so many times what they usually do.
        fn second(&mut self, partners: u32, times: f64) -> f64 {
            self.now += Duration::from_secs(1);
            for number in 0..partners {
                let took = Duration::from_secs_f64(f64::from(number + 1) / 10.0 * times);
                self.pace.on_answer(partner(number), took, self.now);
            }
            self.pace.least_beyond().as_secs_f64()
        }
    }

    #[test]
    fn partners_that_take_what_they_usually_do_or_twice_that_are_on_time() {
        let mut world = World::new();
        for times in [1.0, 0.1, 1.9, 1.0] {
            assert!(world.second(10, times) < 0.01, "{times}");
        }
    }

    #[test]
    fn if_all_take_longer_the_least_beyond_is_told() {
        // The quickest takes 0.5 s instead of 0.1 s: 0.3 s beyond twice its time.
        let late = World::new().second(10, 5.0);
        assert!((late - 0.3).abs() < 0.01, "{late}");
    }

    #[test]
    fn one_partner_that_answers_as_usual_shows_that_it_is_the_others() {
        let mut world = World::new();
        world.now += Duration::from_secs(1);
        for number in 0..10 {
            let seconds = if number == 3 { 0.4 } else { 9.0 };
            let took = Duration::from_secs_f64(seconds);
            world.pace.on_answer(partner(number), took, world.now);
        }
        assert_eq!(world.pace.least_beyond(), Duration::ZERO);
    }

    #[test]
    fn a_few_partners_and_new_ones_prove_nothing() {
        let mut world = World::new();
        assert!(world.second(7, 9.0) < 0.001);
        // One that answers eight times is one.
        for _ in 0..8 {
            world.pace.on_answer(partner(1), Duration::from_secs(9), world.now);
        }
        assert_eq!(world.pace.least_beyond(), Duration::ZERO);
        for number in 50..90 {
            world.pace.on_answer(partner(number), Duration::from_secs(9), world.now);
        }
        assert_eq!(world.pace.least_beyond(), Duration::ZERO);
    }

    #[test]
    fn a_flood_of_minutes_does_not_become_usual_and_what_lasts_does() {
        let mut world = World::new();
        let first = world.second(10, 6.0);
        let after = (0..300).map(|_| world.second(10, 6.0)).last().unwrap();
        assert!(after > 0.5 * first, "{first} {after}");
        let seconds = (0..7_200).position(|_| world.second(10, 6.0) < 0.001);
        assert!(seconds.is_some(), "slow for ever is late for ever");
        assert!(world.second(10, 6.0) < 0.01);
    }
}
