//! Days ahead of today, as text.

use crate::stopwatch;

/// The day this many days from now, as `2027-03-03`.
pub(super) fn ahead(days: i64) -> String {
    let (year, month, day) = civil(stopwatch::unix_days() + days);
    format!("{year}-{month:02}-{day:02}")
}

/// Year, month and day of a day since 1970. Source: Howard Hinnant, "chrono-compatible low-level
/// date algorithms", `civil_from_days`.
pub(super) fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_since_1970_become_calendar_days() {
        for (days, expected) in [
            (0, (1970, 1, 1)),
            (19_782, (2024, 2, 29)),
            (19_783, (2024, 3, 1)),
            (20_819, (2027, 1, 1)),
            (-1, (1969, 12, 31)),
        ] {
            assert_eq!(civil(days), expected, "{days}");
        }
    }
}
