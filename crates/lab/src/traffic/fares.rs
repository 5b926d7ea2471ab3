//! When prices change: a fare of a flight jumps to another level at moments of its own.
//!
//! Whoever sells the flight sells it at the new level, so all partners change together. How often
//! depends on how soon it leaves ([`CHANGES`]); a price of two flights changes when either does.
//!
//! A pure function of (seed, flight, moment): each quarter of a day draws whether it has a change.
//!
//! Source: none that covers the year. An assumption: 0.4 changes a day in the last week, 0.25 in the
//! two before, then fewer; a new level is 10% up or down, as a rule, from the middle one.

use sandbox::noise;

const SLOT_MS: i64 = 21_600_000;
const SLOTS_A_DAY: f64 = 4.0;
/// (less than so many days to departure, changes of a flight's fare a day).
const CHANGES: [(i64, f64); 4] = [(7, 0.4), (21, 0.25), (60, 0.12), (i64::MAX, 0.06)];
/// How far levels lie apart, as a logarithm.
const SPREAD: f64 = 0.1;

/// The process.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fares {
    pub(super) seed: u64,
    /// Moment from which there are changes, a midnight.
    pub(super) start_ms: i64,
    /// Factor on the number of changes.
    pub(super) changes: f64,
}

impl Fares {
    /// The level of a flight's fare: 1 in the middle. `departs` is its day since 1970.
    pub(super) fn level(&self, flight: u64, departs: i64, now_ms: i64) -> f64 {
        let flight = noise::draw(self.seed, &[0x7A, flight]);
        let current = (now_ms - self.start_ms).max(0) / SLOT_MS;
        let first_day = self.start_ms / 86_400_000;
        let happened = (0..=current).rev().find_map(|slot| {
            let draw = noise::join(flight, slot as u64);
            let left = departs - first_day - slot / 4;
            let a_day = CHANGES.iter().find(|&&(days, _)| left < days).map_or(0.0, |&(_, a)| a);
            if noise::unit(draw) >= 1.0 - (-self.changes * a_day / SLOTS_A_DAY).exp() {
                return None;
            }
            let moment = noise::below(noise::mix(draw), SLOT_MS as u64) as i64;
            (self.start_ms + slot * SLOT_MS + moment <= now_ms).then_some(draw)
        });
        (SPREAD * noise::bell(noise::join(happened.unwrap_or(flight), 0xE1))).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A level's bits: it changes or stays, never nearly.
    fn level(fares: &Fares, flight: u64, departs: i64, now_ms: i64) -> u64 {
        fares.level(flight, departs, now_ms).to_bits()
    }

    #[test]
    fn fares_change_as_often_as_stated_and_more_often_before_departure() {
        let fares = Fares { seed: 1, start_ms: 0, changes: 1.0 };
        let changed = |departs: i64| {
            let day = 86_400_000;
            let changed = |&flight: &u64| {
                level(&fares, flight, departs, 3 * day) != level(&fares, flight, departs, 4 * day)
            };
            (0..20_000).filter(changed).count() as f64 / 20_000.0
        };
        for (departs, a_day) in [(6, 0.4_f64), (20, 0.25), (50, 0.12), (200, 0.06)] {
            let expected = 1.0 - (-a_day).exp();
            assert!((changed(departs) - expected).abs() < 0.02, "{departs} {}", changed(departs));
        }
    }

    #[test]
    fn a_level_depends_on_nothing_but_flight_and_moment() {
        let fares = Fares { seed: 1, start_ms: 0, changes: 1.0 };
        let later = level(&fares, 5, 30, 300_000_000);
        level(&fares, 5, 30, 100);
        assert_eq!(later, level(&fares, 5, 30, 300_000_000));
        assert_ne!(level(&fares, 5, 30, 0), level(&fares, 6, 30, 0));
    }
}
