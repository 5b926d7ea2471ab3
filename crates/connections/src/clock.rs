//! What a local clock shows: a step function from local time to its distance from UTC.
//!
//! The steps stand in local time, because a schedule is read from local times: a local time that
//! does not exist (clocks go forward) is read with the offset before the step, one that happens
//! twice (clocks go back) means the first. That is the "compatible" reading of calendar libraries,
//! and `atlas::utc_minutes` has it too, so a clock sampled from there agrees with it to the minute.

use std::ops::Range;

use domain::civil::{DAY_MINUTES, Date, LocalTime};

/// A local clock for the days it was built for; outside of them it keeps its first or last offset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Clock {
    /// From this local minute on, local time minus UTC is so many minutes. Ascending.
    steps: Vec<(i32, i16)>,
}

impl Clock {
    /// The clock of UTC.
    #[must_use]
    pub const fn utc() -> Self {
        Self { steps: Vec::new() }
    }

    /// A clock that is always this many minutes ahead of UTC.
    #[must_use]
    pub fn fixed(ahead_minutes: i16) -> Self {
        Self { steps: vec![(i32::MIN, ahead_minutes)] }
    }

    /// Reads a clock off a conversion from local time to UTC minutes, over a range of days.
    ///
    /// The conversion may step at most once a day. `None` of the conversion keeps the offset of the
    /// day before; a clock that never says anything is UTC.
    ///
    /// Cost: one call a day, and ten more for each step.
    pub fn sample(days: Range<Date>, utc_minutes: impl Fn(LocalTime) -> Option<i32>) -> Self {
        let offset_at = |local: i32| -> Option<i16> {
            let utc = utc_minutes(LocalTime::from_minutes(local))?;
            i16::try_from(local.checked_sub(utc)?).ok()
        };
        let mut steps: Vec<(i32, i16)> = Vec::new();
        let mut seen_until = i32::MIN;
        for day in days.start.days()..days.end.days() {
            let noon = Date::from_days(day).at_minute(DAY_MINUTES / 2).minutes();
            let Some(offset) = offset_at(noon) else { continue };
            match steps.last() {
                None => steps.push((i32::MIN, offset)),
                Some(&(_, before)) if before != offset => {
                    // The first local minute of the new offset lies in (seen_until, noon].
                    let (mut old, mut new) = (seen_until, noon);
                    while new - old > 1 {
                        let middle = old + (new - old) / 2;
                        if offset_at(middle) == Some(offset) {
                            new = middle;
                        } else {
                            old = middle;
                        }
                    }
                    steps.push((new, offset));
                }
                Some(_) => {}
            }
            seen_until = noon;
        }
        Self { steps }
    }

    /// UTC minutes of a local time.
    #[must_use]
    pub fn utc_minutes(&self, local: LocalTime) -> i32 {
        let after = self.steps.partition_point(|&(from, _)| from <= local.minutes());
        local.minutes().saturating_sub(i32::from(self.offset(after)))
    }

    /// What the clock shows at a UTC minute.
    #[must_use]
    pub fn local_time(&self, utc: i32) -> LocalTime {
        let after =
            (1..self.steps.len()).rev().find(|&index| self.instant(index) <= utc).unwrap_or(0) + 1;
        LocalTime::from_minutes(utc.saturating_add(i32::from(self.offset(after))))
    }

    /// The smallest and largest offset in force at some moment of a span of UTC minutes.
    pub(crate) fn offsets_within(&self, from_utc: i32, until_utc: i32) -> (i16, i16) {
        // A step is a day away from its instant at most, so a day's margin finds all of them.
        let from = from_utc.saturating_sub(DAY_MINUTES);
        let until = until_utc.saturating_add(DAY_MINUTES);
        let first = self.steps.partition_point(|&(at, _)| at <= from);
        let end = self.steps.partition_point(|&(at, _)| at <= until);
        let mut range = (self.offset(first), self.offset(first));
        for after in first..=end {
            let offset = self.offset(after);
            range = (range.0.min(offset), range.1.max(offset));
        }
        range
    }

    /// Bytes held besides the value itself.
    pub(crate) fn bytes(&self) -> usize {
        self.steps.capacity() * size_of::<(i32, i16)>()
    }

    /// The offset in force after that many steps.
    fn offset(&self, steps: usize) -> i16 {
        let index = steps.saturating_sub(1);
        self.steps.get(index).map_or(0, |&(_, offset)| offset)
    }

    /// The UTC minute at which step `index` happens: both kinds of step happen when the clock that
    /// was (or will be) further ahead shows the step's local time.
    fn instant(&self, index: usize) -> i32 {
        let (at, after) = self.steps[index];
        let before = self.steps[index.saturating_sub(1)].1;
        at.saturating_sub(i32::from(after.max(before)))
    }
}

#[cfg(test)]
mod tests;
