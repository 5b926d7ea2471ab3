//! Randomness that has no state: every draw is a function of the numbers it is for.
//!
//! The market must give the same answer however often and in whatever order it is asked, so nothing
//! here is a stream. A draw is a hash of (seed, purpose, things); see [`draw`].

/// Scrambles 64 bits (the finaliser of SplitMix64: every input bit changes half the output bits).
#[must_use]
pub const fn mix(word: u64) -> u64 {
    let mut word = word.wrapping_add(0x9E37_79B9_7F4A_7C15);
    word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

/// Joins a draw with one more thing it depends on.
#[must_use]
pub const fn join(left: u64, right: u64) -> u64 {
    mix(left.rotate_left(23) ^ mix(right))
}

/// The draw for these things, in this order.
#[must_use]
pub fn draw(seed: u64, things: &[u64]) -> u64 {
    things.iter().fold(mix(seed), |draw, &thing| join(draw, thing))
}

/// A draw as a number in 0..1.
#[must_use]
pub fn unit(draw: u64) -> f64 {
    (draw >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
}

/// A draw as a number between two others.
#[must_use]
pub fn between(draw: u64, low: f64, high: f64) -> f64 {
    low + (high - low) * unit(draw)
}

/// A draw as a whole number below `end`; 0 if `end` is 0.
#[must_use]
pub fn below(draw: u64, end: u64) -> u64 {
    ((u128::from(draw) * u128::from(end)) >> 64) as u64
}

/// A draw as a nearly normal number: mean 0, deviation 1, never beyond 3.5.
///
/// The sum of four uniform numbers, scaled; no call into the platform's mathematics library.
#[must_use]
pub fn bell(draw: u64) -> f64 {
    let sum = (0..4).map(|part| (draw >> (16 * part)) & 0xFFFF).sum::<u64>();
    (sum as f64 / 65_535.0 - 2.0) * 1.732
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_spread_evenly_and_bells_have_unit_deviation() {
        let draws: Vec<u64> = (0..20_000).map(|index| draw(7, &[index, 3])).collect();
        let mean = draws.iter().map(|&draw| unit(draw)).sum::<f64>() / 20_000.0;
        assert!((mean - 0.5).abs() < 0.01, "{mean}");
        let square = draws.iter().map(|&draw| bell(draw) * bell(draw)).sum::<f64>() / 20_000.0;
        assert!((square - 1.0).abs() < 0.03, "{square}");
        let sevens = draws.iter().filter(|&&draw| below(draw, 10) == 7).count();
        assert!((1_800..2_200).contains(&sevens), "{sevens}");
    }

    #[test]
    fn the_order_of_things_matters_and_the_seed_too() {
        assert_ne!(draw(1, &[2, 3]), draw(1, &[3, 2]));
        assert_ne!(draw(1, &[2, 3]), draw(2, &[2, 3]));
        assert_eq!(draw(1, &[2, 3]), draw(1, &[2, 3]));
    }
}
