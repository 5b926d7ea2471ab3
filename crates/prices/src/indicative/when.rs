//! Months and spans of days that prices are asked for.

use domain::Date;
use domain::civil::days_in_month;

/// A calendar month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Month(u16);

impl Month {
    /// The month (1-12) of a year in 1970..=2999.
    #[must_use]
    pub fn new(year: i32, month: u32) -> Option<Self> {
        let valid = (1970..=2999).contains(&year) && (1..=12).contains(&month);
        valid.then(|| Self(((year - 1970) * 12) as u16 + month as u16 - 1))
    }

    /// The month of a day; `None` outside 1970..=2999.
    #[must_use]
    pub fn of(date: Date) -> Option<Self> {
        let (year, month, _) = date.ymd();
        Self::new(year, month)
    }

    /// Year and month (1-12).
    #[must_use]
    pub const fn year_month(self) -> (i32, u32) {
        (1970 + self.0 as i32 / 12, self.0 as u32 % 12 + 1)
    }

    /// First day.
    #[must_use]
    pub fn first_day(self) -> Date {
        let (year, month) = self.year_month();
        Date::from_ymd(year, month, 1).unwrap_or(Date::from_days(0))
    }

    /// Number of days.
    #[must_use]
    pub const fn days(self) -> u32 {
        let (year, month) = self.year_month();
        days_in_month(year, month)
    }

    /// Months since January 1970.
    pub(crate) const fn index(self) -> u16 {
        self.0
    }

    /// The month so many months after January 1970.
    pub(crate) fn from_index(index: u16) -> Option<Self> {
        (index < 1_030 * 12).then_some(Self(index))
    }
}

/// The days a leg may depart on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum When {
    /// One day.
    Day(Date),
    /// Whole months, both included.
    Months {
        /// First month.
        first: Month,
        /// Last month.
        last: Month,
    },
    /// Any day from today.
    #[default]
    Anytime,
}

impl When {
    /// First and last day, as days since 1970.
    pub(crate) fn span(self) -> (i32, i32) {
        match self {
            Self::Day(day) => (day.days(), day.days()),
            Self::Months { first, last } => {
                (first.first_day().days(), last.first_day().days() + last.days() as i32 - 1)
            }
            Self::Anytime => (i32::MIN, i32::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_knows_its_days() {
        let february = Month::new(2028, 2).unwrap();
        assert_eq!(february.first_day(), Date::from_ymd(2028, 2, 1).unwrap());
        assert_eq!(february.days(), 29);
        assert_eq!(Month::of(Date::from_ymd(2028, 2, 29).unwrap()), Some(february));
        assert_eq!(Month::from_index(february.index()), Some(february));
        assert_eq!(Month::new(1969, 12), None);
        assert_eq!(Month::new(2028, 13), None);
    }

    #[test]
    fn a_span_of_months_runs_to_the_last_day_of_the_last_one() {
        let (first, last) = (Month::new(2027, 12).unwrap(), Month::new(2028, 2).unwrap());
        let (from, to) = When::Months { first, last }.span();
        assert_eq!(Date::from_days(from), Date::from_ymd(2027, 12, 1).unwrap());
        assert_eq!(Date::from_days(to), Date::from_ymd(2028, 2, 29).unwrap());
    }
}
