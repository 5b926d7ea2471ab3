//! The share of calls saved at any rate, by formula instead of simulation.
//!
//! A question that comes λ times a second and whose answers live T seconds is asked once for every
//! λT + 1 times it comes (arrivals without memory), so λT / (1 + λT) of its calls are saved. Drawing
//! questions from the mix and averaging gives the share at any rate. A full store lets go of what is
//! older than some time, which is found so that what is held fits. Lifetimes are the defaults, not
//! adapted. What a party, a market, a cabin and a return cost is told by leaving them out.

use runtime::Random;

use super::mix::{Asked, Mix};
use super::offered::EMPTY;
use super::{MEAN_PER_SECOND, MEMORY_BYTES, question_bytes};
use crate::report::Report;

const DRAWS: usize = 200_000;
const HOUR: f64 = 3_600.0;
const KEEP: f64 = 96.0 * HOUR;
const NO_FLIGHTS: f64 = 36.0 * HOUR;

/// Questions drawn from a mix: how probable each is, and how long its prices live.
#[derive(Debug)]
pub(super) struct Sample(Vec<(f64, f64)>);

impl Sample {
    pub(super) fn new(mix: &Mix, seed: u64, draws: usize) -> Self {
        Self::of(mix, seed, draws, Mix::chance)
    }

    /// Where questions count as one that have something in common.
    fn of(mix: &Mix, seed: u64, draws: usize, chance: impl Fn(&Mix, &Asked) -> f64) -> Self {
        let mut random = Random::from_seed(seed);
        let one = |_| {
            let asked = mix.draw(&mut random);
            let hours = match asked.days {
                ..7 => 4.0,
                7..30 => 24.0,
                _ => 36.0,
            };
            (chance(mix, &asked), hours * HOUR)
        };
        Self((0..draws).map(one).collect())
    }

    fn mean(&self, of: impl Fn(f64, f64) -> f64) -> f64 {
        self.0.iter().map(|&(chance, life)| of(chance, life)).sum::<f64>() / self.0.len() as f64
    }

    /// The share of calls saved if nothing is held longer than `keep` seconds.
    pub(super) fn saved(&self, per_second: f64, keep: f64) -> f64 {
        let share = |expected: f64| expected / (1.0 + expected);
        self.mean(|chance, life| {
            let rate = chance * per_second;
            EMPTY * share(rate * NO_FLIGHTS.min(keep))
                + (1.0 - EMPTY) * share(rate * life.min(keep))
        })
    }

    /// Questions held if each goes `keep` seconds after it was last asked.
    pub(super) fn held(&self, per_second: f64, keep: f64) -> f64 {
        self.mean(|chance, life| {
            let rate = chance * per_second;
            let life = life.min(keep);
            let stale = (1.0 - (-rate * (keep - life)).exp()) / rate;
            (life + stale) / (life + 1.0 / rate) / chance
        })
    }

    /// How long a store of so many questions can hold them.
    fn keep(&self, per_second: f64, questions: f64) -> f64 {
        let (mut low, mut high) = (0.0, KEEP);
        if self.held(per_second, high) <= questions {
            return high;
        }
        for _ in 0..40 {
            let middle = (low + high) / 2.0;
            if self.held(per_second, middle) <= questions { low = middle } else { high = middle }
        }
        low
    }
}

/// Tells the shares at several rates.
pub(super) fn tell(report: &mut Report, name: &str, mix: &Mix, seed: u64) {
    let sample = Sample::new(mix, seed, DRAWS);
    let trips = Sample::of(mix, seed, DRAWS, Mix::chance_of_trip);
    let days = Sample::of(mix, seed, DRAWS, Mix::chance_of_day);
    let gib = (1_u64 << 30) as f64;
    for (label, per_second) in [
        ("1/1000", MEAN_PER_SECOND / 1_000.0),
        ("1/100", MEAN_PER_SECOND / 100.0),
        ("1/10", MEAN_PER_SECOND / 10.0),
        ("full rate", MEAN_PER_SECOND),
        ("peak", 5_000.0),
    ] {
        let name = format!("formula, {name}, {label}");
        let keep = sample.keep(per_second, MEMORY_BYTES / question_bytes());
        report.figure(&format!("{name}: saved, store of 8 GiB"), sample.saved(per_second, keep));
        report.figure(&format!("{name}: saved, all memory"), sample.saved(per_second, KEEP));
        let saved = trips.saved(per_second, KEEP);
        report.figure(&format!("{name}: saved, all memory, one party, market, cabin"), saved);
        let saved = days.saved(per_second, KEEP);
        report.figure(&format!("{name}: saved, all memory, the same without returns"), saved);
        let held = sample.held(per_second, NO_FLIGHTS);
        report.figure(&format!("{name}: GiB to hold 36 h"), held * question_bytes() / gib);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_traffic_saves_more_and_a_small_store_less() {
        let mix = Mix::new(super::super::mix::EXPONENT).unwrap();
        let sample = Sample::new(&mix, 1, 5_000);
        assert!(sample.saved(4.24, KEEP) < sample.saved(42.4, KEEP));
        let trips = Sample::of(&mix, 1, 5_000, Mix::chance_of_trip);
        assert!(sample.saved(4.24, KEEP) < trips.saved(4.24, KEEP));
        assert!(sample.saved(4.24, HOUR) < sample.saved(4.24, KEEP));
        let keep = sample.keep(4.24, 100_000.0);
        assert!((sample.held(4.24, keep) - 100_000.0).abs() < 1_000.0);
    }
}
