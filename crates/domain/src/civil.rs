//! Calendar dates and local times of day, packed into integers.
//!
//! Local times carry no zone: an airport's zone turns them into instants (see `atlas`). The
//! conversion between days and year/month/day is Howard Hinnant's published algorithm
//! (`days_from_civil`), checked against a calendar library in a property test.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Minutes in a day.
pub const DAY_MINUTES: i32 = 1_440;

/// A text or a set of numbers is not a date or local time between years 1900 and 2999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected {expected}")]
pub struct CivilError {
    /// What a good value looks like.
    pub expected: &'static str,
}

/// A calendar date: days since 1970-01-01.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Date(i32);

impl Date {
    const EXPECTED: CivilError = CivilError { expected: "a date such as 2027-03-09" };

    /// The date of a year, month and day.
    ///
    /// # Errors
    /// [`CivilError`] if there is no such day, or the year is outside 1900..=2999.
    pub fn from_ymd(year: i32, month: u32, day: u32) -> Result<Self, CivilError> {
        let valid = (1900..=2999).contains(&year)
            && (1..=12).contains(&month)
            && day >= 1
            && day <= days_in_month(year, month);
        if valid { Ok(Self(days_from_civil(year, month, day))) } else { Err(Self::EXPECTED) }
    }

    /// The date that many days after 1970-01-01.
    #[must_use]
    pub const fn from_days(days: i32) -> Self {
        Self(days)
    }

    /// Days since 1970-01-01.
    #[must_use]
    #[inline]
    pub const fn days(self) -> i32 {
        self.0
    }

    /// Year, month (1-12) and day (1-31).
    #[must_use]
    pub const fn ymd(self) -> (i32, u32, u32) {
        civil_from_days(self.0)
    }

    /// The date this many days later (earlier if negative).
    #[must_use]
    #[inline]
    pub const fn plus_days(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// Day of the week: Monday is 0, Sunday is 6.
    #[must_use]
    pub const fn weekday(self) -> u32 {
        (self.0 + 3).rem_euclid(7) as u32
    }

    /// This date at a minute of its day.
    #[must_use]
    #[inline]
    pub const fn at_minute(self, minute: i32) -> LocalTime {
        LocalTime(self.0.saturating_mul(DAY_MINUTES).saturating_add(minute))
    }

    /// Reads `2027-03-09`.
    ///
    /// # Errors
    /// [`CivilError`] for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CivilError> {
        if let [a, b, c, d, b'-', e, f, b'-', g, h] = *bytes {
            let year = two_digits(a, b).zip(two_digits(c, d)).map(|(high, low)| high * 100 + low);
            if let (Some(year), Some(month), Some(day)) = (year, two_digits(e, f), two_digits(g, h))
            {
                return Self::from_ymd(year, month as u32, day as u32);
            }
        }
        Err(Self::EXPECTED)
    }
}

impl FromStr for Date {
    type Err = CivilError;

    fn from_str(text: &str) -> Result<Self, CivilError> {
        Self::from_bytes(text.as_bytes())
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.ymd();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A local date and time, to the minute: minutes since 1970-01-01T00:00 of the same clock.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalTime(i32);

impl LocalTime {
    const EXPECTED: CivilError =
        CivilError { expected: "a local date and time such as 2027-03-09T06:40:00" };

    /// The local time that many minutes after 1970-01-01T00:00.
    #[must_use]
    pub const fn from_minutes(minutes: i32) -> Self {
        Self(minutes)
    }

    /// Minutes since 1970-01-01T00:00 of the same clock.
    #[must_use]
    #[inline]
    pub const fn minutes(self) -> i32 {
        self.0
    }

    /// The calendar day.
    #[must_use]
    #[inline]
    pub const fn date(self) -> Date {
        Date(self.0.div_euclid(DAY_MINUTES))
    }

    /// Minute of the day, 0..1440.
    #[must_use]
    #[inline]
    pub const fn minute_of_day(self) -> i32 {
        self.0.rem_euclid(DAY_MINUTES)
    }

    /// Hour (0-23) and minute (0-59).
    #[must_use]
    pub const fn hour_minute(self) -> (u32, u32) {
        let minute = self.minute_of_day();
        ((minute / 60) as u32, (minute % 60) as u32)
    }

    /// The same clock this many minutes later (earlier if negative).
    #[must_use]
    pub const fn plus_minutes(self, minutes: i32) -> Self {
        Self(self.0.saturating_add(minutes))
    }

    /// Reads `2027-03-09T06:40` or `2027-03-09T06:40:00`, seconds dropped. An offset or fraction
    /// is refused: partners that send one mean something else.
    ///
    /// # Errors
    /// [`CivilError`] for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CivilError> {
        let (clock, seconds) = match bytes.len() {
            16 => (&bytes[10..], true),
            19 => (
                &bytes[10..16],
                bytes[16] == b':' && two_digits(bytes[17], bytes[18]).is_some_and(|s| s < 60),
            ),
            _ => return Err(Self::EXPECTED),
        };
        if let ([b'T' | b' ', a, b, b':', c, d], true) = (clock, seconds) {
            let date = Date::from_bytes(&bytes[..10])?;
            if let (Some(hour @ 0..24), Some(minute @ 0..60)) =
                (two_digits(*a, *b), two_digits(*c, *d))
            {
                return Ok(date.at_minute(hour * 60 + minute));
            }
        }
        Err(Self::EXPECTED)
    }
}

impl FromStr for LocalTime {
    type Err = CivilError;

    fn from_str(text: &str) -> Result<Self, CivilError> {
        Self::from_bytes(text.as_bytes())
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute) = self.hour_minute();
        write!(f, "{}T{hour:02}:{minute:02}:00", self.date())
    }
}

impl fmt::Debug for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

const fn two_digits(high: u8, low: u8) -> Option<i32> {
    if high.is_ascii_digit() && low.is_ascii_digit() {
        Some(((high - b'0') * 10 + (low - b'0')) as i32)
    } else {
        None
    }
}

/// Days of a month (1-12) of a year.
#[must_use]
pub const fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

const fn days_from_civil(year: i32, month: u32, day: u32) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let shifted_month = (month as i32 + 9) % 12;
    let day_of_year = (153 * shifted_month + 2) / 5 + day as i32 - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

const fn civil_from_days(days: i32) -> (i32, u32, u32) {
    let days = days.saturating_add(719_468);
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * shifted_month + 2) / 5 + 1) as u32;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 } as u32;
    let year = year_of_era + era * 400;
    (if month <= 2 { year + 1 } else { year }, month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn days_that_do_not_exist_are_refused() {
        assert!(Date::from_ymd(2027, 2, 29).is_err());
        assert!(Date::from_ymd(2028, 2, 29).is_ok());
        assert!("2027-13-01".parse::<Date>().is_err());
        assert!("2027-3-01".parse::<Date>().is_err());
    }

    #[test]
    fn local_times_read_with_and_without_seconds_but_never_with_an_offset() {
        let expected = Date::from_ymd(2027, 3, 9).unwrap().at_minute(400);
        assert_eq!("2027-03-09T06:40".parse(), Ok(expected));
        assert_eq!("2027-03-09T06:40:00".parse(), Ok(expected));
        assert!("2027-03-09T06:40:00Z".parse::<LocalTime>().is_err());
        assert!("2027-03-09T24:00".parse::<LocalTime>().is_err());
        assert!("2027-03-09T06:40:61".parse::<LocalTime>().is_err());
    }

    proptest! {
        #[test]
        fn dates_agree_with_a_calendar_library(days in -25_000_i32..370_000) {
            let date = Date::from_days(days);
            let (year, month, day) = date.ymd();
            let theirs = jiff::civil::date(1970, 1, 1)
                .checked_add(jiff::Span::new().days(days)).unwrap();
            prop_assert_eq!((year, month, day),
                (i32::from(theirs.year()), theirs.month() as u32, theirs.day() as u32));
            prop_assert_eq!(date.weekday(), theirs.weekday().to_monday_zero_offset() as u32);
            prop_assert_eq!(date.to_string().parse::<Date>().unwrap(), date);
        }

        #[test]
        fn no_bytes_make_a_time_panic(bytes in any::<Vec<u8>>()) {
            let _ = LocalTime::from_bytes(&bytes);
            let _ = Date::from_bytes(&bytes);
        }
    }
}
