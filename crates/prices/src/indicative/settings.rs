//! `[prices.indicative]` in the settings file.

use runtime::Limited;
use serde::{Deserialize, Serialize};

/// `[prices.indicative]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IndicativeSettings {
    /// How long a price is shown after it was seen, seconds.
    pub keep_s: Limited<60, 2_592_000>,
    /// Departures further ahead than this many days do not count.
    pub horizon_days: Limited<1, 1_000>,
    /// Memory for all prices, bytes. At the limit the oldest seen prices go first.
    pub bytes_max: Limited<1_048_576, 1_099_511_627_776>,
}

impl Default for IndicativeSettings {
    fn default() -> Self {
        Self {
            keep_s: Limited::literal(4 * 86_400),
            horizon_days: Limited::literal(400),
            bytes_max: Limited::literal(1 << 30),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::IndicativeSettings;

    fn check(text: &str, expected: Result<u64, &str>) {
        match (toml::from_str::<IndicativeSettings>(text), expected) {
            (Ok(read), Ok(value)) => assert_eq!(read.keep_s.get(), value),
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
            (read, _) => panic!("{text}: {read:?}"),
        }
    }

    #[test]
    fn prices_are_kept_four_days_unless_set_otherwise_within_a_range() {
        check("", Ok(345_600));
        check("keep_s = 3600", Ok(3_600));
        check("keep_s = 59", Err("59 is outside 60..=2592000"));
        check("keep = 1", Err("unknown field"));
    }
}
