//! Whether a quantity grows: a straight line through its samples.

use std::fmt;

/// Growth an hour, as a share of the mean, that counts as flat.
pub(super) const GROWTH_MAX: f64 = 0.01;
/// Samples that scatter so much that an hour's growth is not known better than this say nothing.
const ERROR_MAX: f64 = 0.025;

/// The line with the least squares.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fit {
    /// Growth an hour, share of the mean.
    pub(super) growth: f64,
    /// Standard error of it.
    pub(super) error: f64,
}

impl Fit {
    /// The line through (hours, value).
    pub(super) fn of(points: &[(f64, f64)]) -> Self {
        let count = points.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
        let (hours, value) = (mean(|point| point.0), mean(|point| point.1));
        let spread: f64 = points.iter().map(|point| (point.0 - hours).powi(2)).sum();
        let slope: f64 =
            points.iter().map(|point| (point.0 - hours) * (point.1 - value)).sum::<f64>() / spread;
        let off = |point: &(f64, f64)| point.1 - value - slope * (point.0 - hours);
        let rest: f64 = points.iter().map(|point| off(point).powi(2)).sum();
        let error = (rest / (count - 2.0) / spread).sqrt();
        Self { growth: slope / value, error: error / value }
    }

    /// Whether it grows by no more than [`GROWTH_MAX`] an hour, or by no more than chance explains
    /// (two standard errors) while chance is small. NaN is not flat.
    pub(super) fn is_flat(&self) -> bool {
        self.error <= ERROR_MAX && self.growth <= GROWTH_MAX.max(2.0 * self.error)
    }
}

impl fmt::Display for Fit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (growth, error) = (self.growth * 100.0, self.error * 100.0);
        write!(f, "it grows by {growth:.2}% an hour (standard error {error:.2}%)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(value: impl Fn(f64) -> f64) -> Fit {
        let points: Vec<(f64, f64)> =
            (0..45).map(|minute| (f64::from(minute) / 60.0, value(f64::from(minute)))).collect();
        Fit::of(&points)
    }

    #[test]
    fn a_line_is_found_as_it_is() {
        let found = fit(|minute| 1_000.0 + minute);
        assert!((found.growth - 60.0 / 1_022.0).abs() < 1e-9, "{found:?}");
        assert!(found.error < 1e-9);
    }

    #[test]
    fn what_stays_or_swings_is_flat_and_what_grows_is_not() {
        let swing = |minute: f64| if minute % 2.0 < 1.0 { 10.0 } else { -10.0 };
        assert!(fit(|_| 5.0).is_flat());
        assert!(fit(|minute| 1_000.0 + swing(minute)).is_flat());
        assert!(fit(|minute| 1_000.0 - minute).is_flat(), "it may shrink");
        assert!(!fit(|minute| 1_000.0 + 0.5 * minute).is_flat());
        assert!(!fit(|minute| 1_000.0 + 0.5 * minute + swing(minute)).is_flat());
    }

    #[test]
    fn what_scatters_too_much_is_not_called_flat() {
        assert!(!fit(|minute| if minute % 2.0 < 1.0 { 500.0 } else { 1_500.0 }).is_flat());
        assert!(!Fit::of(&[]).is_flat());
    }
}
