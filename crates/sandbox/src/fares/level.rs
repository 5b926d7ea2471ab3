//! Level and spread of fares between two airports.

use domain::AirportCode;

use crate::noise;

/// Spread where it is not known; that of most US pairs.
///
/// Source: the middle of ln(p75 / p25) / 1.349 over 20,147 pairs of DB1C Market, June 2026.
const DEVIATION: f64 = 0.45;
/// Quartiles of the normal distribution lie this far apart, in deviations.
const QUARTILES: f64 = 1.349;

/// Level and spread of one pair.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// Median fare, US dollars, one way.
    pub median: f64,
    /// Deviation of the fare's logarithm.
    pub deviation: f64,
}

/// The level of a pair that lies so far apart.
#[must_use]
pub fn of(seed: u64, origin: AirportCode, destination: AirportCode, kilometres: f64) -> Level {
    match atlas::us_fares().get(origin, destination) {
        Some(fare) => Level {
            median: f64::from(fare.median),
            deviation: deviation(f64::from(fare.p25), f64::from(fare.p75)),
        },
        None => by_distance(seed, origin, destination, kilometres),
    }
}

fn deviation(p25: f64, p75: f64) -> f64 {
    ((p75.max(1.0) / p25.max(1.0)).ln() / QUARTILES).clamp(0.15, 0.8)
}

/// Less than proportional to distance, with a taste of its own for each pair, equal both ways.
fn by_distance(seed: u64, origin: AirportCode, destination: AirportCode, kilometres: f64) -> Level {
    let (a, b) = (origin.min(destination), origin.max(destination));
    let things = [0x1E, u64::from(a.packed()), u64::from(b.packed())];
    let taste = 0.22 * noise::bell(noise::draw(seed, &things));
    Level { median: (70.0 + 0.9 * kilometres.powf(0.68)) * taste.exp(), deviation: DEVIATION }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_give_the_deviation_back() {
        let deviation =
            deviation(300.0 * (-0.6745 * 0.4_f64).exp(), 300.0 * (0.6745 * 0.4_f64).exp());
        assert!((deviation - 0.4).abs() < 0.001, "{deviation}");
    }

    #[test]
    fn far_is_dearer_but_not_in_proportion() {
        let level = |kilometres| {
            let (a, b) = (AirportCode::literal("EDI"), AirportCode::literal("SIN"));
            by_distance(1, a, b, kilometres).median
        };
        assert!(level(1_000.0) > level(300.0));
        assert!(level(10_000.0) < 6.0 * level(1_000.0));
    }
}
