//! The cheapest quotes by date: month grids, and the price graph over departure and stay.

use domain::Date;
use runtime::FixedMap;

use super::Indicative;
use super::days::Days;
use super::month::RouteMonth;
use super::query::{Ask, Best, Flight, QuotePair};
use super::when::Month;

/// What dates are grouped by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DateUnit {
    /// Each day.
    #[default]
    Day,
    /// Each calendar month.
    Month,
}

/// The cheapest of a day or month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateGroup {
    /// The day, or the first day of the month.
    pub date: Date,
    /// The cheapest quotes.
    pub quotes: QuotePair,
}

/// The cheapest quotes by date, dates ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ByDate {
    /// By departure.
    pub outbound: Vec<DateGroup>,
    /// By return flight; empty for one way.
    pub inbound: Vec<DateGroup>,
}

/// The cheapest of a day of departure and a day of the return flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayPair {
    /// Day of departure.
    pub departs: Date,
    /// Day of the return flight.
    pub returns: Option<Date>,
    /// The cheapest quotes.
    pub quotes: QuotePair,
}

/// The best per day or month, from a first one on.
struct Line {
    unit: DateUnit,
    /// Days or months since 1970 of the first group.
    start: i32,
    groups: Vec<Best>,
}

impl Line {
    /// Groups from the one of a first day on.
    fn new(unit: DateUnit, first: i32) -> Self {
        let month = Month::of(Date::from_days(first)).map_or(0, Month::index);
        let start = if unit == DateUnit::Day { first } else { i32::from(month) };
        Self { unit, start, groups: Vec::new() }
    }

    /// Takes an entry for a day, counted from the first of the entry's month.
    fn take(&mut self, flight: &Flight<'_>, month: &RouteMonth, day: i32, place: usize) {
        let Some(entry) = month.entries().get(place) else { return };
        let number = match self.unit {
            DateUnit::Day => month.first_day + day,
            DateUnit::Month => month_of(month, day),
        };
        // Days ahead are limited by what the index takes.
        let at = number.saturating_sub(self.start).max(0) as usize;
        if at >= self.groups.len() {
            self.groups.resize_with(at + 1, Best::default);
        }
        let group = &mut self.groups[at];
        if group.may_take(entry.slot.direct(), entry.eur) {
            group.take(&flight.hit(month, entry));
        }
    }

    fn finish(&self) -> Vec<DateGroup> {
        let groups = self.groups.iter().enumerate().filter(|(_, best)| best.cheapest().is_some());
        let date = |at: usize| {
            let number = self.start + at as i32;
            match self.unit {
                DateUnit::Day => Some(Date::from_days(number)),
                DateUnit::Month => Month::from_index(number as u16).map(Month::first_day),
            }
        };
        groups
            .filter_map(|(at, best)| Some(DateGroup { date: date(at)?, quotes: best.quotes() }))
            .collect()
    }
}

impl Indicative {
    /// The cheapest quotes by date of departure and of the return flight. Reads every price of the
    /// asked routes and days: for a pair of airports or cities, not for anywhere.
    #[must_use]
    pub fn by_date(&self, ask: &Ask<'_>, unit: DateUnit, now_ms: i64) -> ByDate {
        let filter = ask.filter(&self.window(now_ms));
        let first = filter.out.0;
        let mut outbound = Line::new(unit, first);
        let mut inbound = Line::new(unit, filter.back.map_or(first, |back| first.max(back.0)));
        let (mut out_days, mut back_days) = (Days::of_departure(), Days::of_return());
        self.visit(ask, |flight| {
            for month in flight.months(&filter) {
                for (place, entry) in month.matching(filter) {
                    let (slot, eur) = (entry.slot, entry.eur);
                    out_days.offer(slot.day(), slot.direct(), eur, place);
                    if let Some(stay) = slot.stay() {
                        back_days.offer(slot.day() + stay, slot.direct(), eur, place);
                    }
                }
                out_days.drain(|day, place| outbound.take(flight, month, day, place));
                back_days.drain(|day, place| inbound.take(flight, month, day, place));
            }
        });
        ByDate { outbound: outbound.finish(), inbound: inbound.finish() }
    }

    /// The cheapest quotes per day of departure and day of the return flight, ascending: for a
    /// price graph over departure and stay. At most `pairs_max` pairs of days, earliest first. Reads
    /// every price of the asked routes and days, as [`Indicative::by_date`] does.
    #[must_use]
    pub fn by_days(&self, ask: &Ask<'_>, pairs_max: usize, now_ms: i64) -> Vec<DayPair> {
        let filter = ask.filter(&self.window(now_ms));
        let mut pairs: FixedMap<(i32, Option<u16>), Best> = FixedMap::default();
        self.visit(ask, |flight| {
            for month in flight.months(&filter) {
                for (_, entry) in month.matching(filter) {
                    let departs = month.first_day + i32::from(entry.slot.day());
                    let best = pairs.entry((departs, entry.slot.stay())).or_default();
                    best.take(&flight.hit(month, entry));
                }
            }
        });
        let mut found: Vec<_> = pairs.into_iter().collect();
        found.sort_unstable_by_key(|&(days, _)| days);
        found.truncate(pairs_max);
        let pair = |((departs, stay), best): ((i32, Option<u16>), Best)| DayPair {
            departs: Date::from_days(departs),
            returns: stay.map(|stay| Date::from_days(departs + i32::from(stay))),
            quotes: best.quotes(),
        };
        found.into_iter().map(pair).collect()
    }
}

/// Months since 1970 of a day, counted from the first of a month.
fn month_of(start: &RouteMonth, day: i32) -> i32 {
    if day < start.month.days() as i32 {
        return i32::from(start.month.index());
    }
    let date = Date::from_days(start.first_day + day);
    Month::of(date).map_or(0, |month| i32::from(month.index()))
}
