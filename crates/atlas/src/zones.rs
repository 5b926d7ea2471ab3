//! Local times and instants, fast: per zone a sorted table of the changes of its offset.
//!
//! ```text
//! (zone, local minutes) ──▶ UTC minutes      (zone, UTC minutes) ──▶ local minutes
//! ```
//!
//! A local time that a clock skips in spring means the time after the gap (02:30 is read as
//! 03:30); one that it shows twice in autumn means the first of both. That is what calendars call
//! the "compatible" reading. It is one comparison here: with offsets `before` and `after` a change
//! at UTC minute `t`, a local time below `t + max(before, after)` still uses `before`.
//!
//! Tables span 2020 to 2040 and are made from the bundled IANA data when a zone is first used.
//! Outside these years the calendar library answers, about thirty times slower.
//! Cost: a binary search in at most about 45 numbers; some 10 kB for all zones in use.

use std::sync::OnceLock;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Index of a time zone in the atlas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ZoneId(pub(crate) u16);

impl ZoneId {
    /// The index, for tables by zone.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// 2020-01-01T00:00Z and 2040-01-01T00:00Z in minutes since 1970.
const TABLE_MINUTES: std::ops::Range<i32> = 26_297_280..36_816_480;

/// A time zone: its name and, once used, its table.
#[derive(Debug)]
pub(crate) struct Zone {
    pub(crate) name: &'static str,
    made: OnceLock<Made>,
}

#[derive(Debug)]
struct Made {
    table: Table,
    zone: TimeZone,
}

/// Changes of the offset; `offsets` has one entry more than the others.
#[derive(Debug, Default, PartialEq, Eq)]
struct Table {
    /// UTC minute of each change, ascending.
    utc: Vec<i32>,
    /// First local minute that is read with the offset after the change, ascending.
    local: Vec<i32>,
    /// Minutes east of UTC before the first change and after each.
    offsets: Vec<i32>,
}

impl Zone {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, made: OnceLock::new() }
    }

    /// UTC minutes of a local time.
    pub(crate) fn utc(&self, local: i32) -> Option<i32> {
        let made = self.made();
        if TABLE_MINUTES.contains(&local) {
            return Some(local - made.table.offset(&made.table.local, local));
        }
        let seconds = i64::from(local) * 60;
        let civil: DateTime =
            Timestamp::from_second(seconds).ok()?.to_zoned(TimeZone::UTC).datetime();
        let instant = made.zone.to_ambiguous_timestamp(civil).compatible().ok()?;
        i32::try_from(instant.as_second().div_euclid(60)).ok()
    }

    /// Local minutes of an instant.
    pub(crate) fn local(&self, utc: i32) -> Option<i32> {
        let made = self.made();
        if TABLE_MINUTES.contains(&utc) {
            return Some(utc + made.table.offset(&made.table.utc, utc));
        }
        let instant = Timestamp::from_second(i64::from(utc) * 60).ok()?;
        utc.checked_add(made.zone.to_offset(instant).seconds().div_euclid(60))
    }

    fn made(&self) -> &Made {
        self.made.get_or_init(|| {
            // A zone the bundled data does not know counts as UTC; a test says there is none.
            let zone = jiff::tz::db().get(self.name).unwrap_or(TimeZone::UTC);
            Made { table: Table::of(&zone), zone }
        })
    }
}

impl Table {
    fn of(zone: &TimeZone) -> Self {
        let bound = |minutes: i32| Timestamp::from_second(i64::from(minutes) * 60).ok();
        // A day to spare at both ends: local times are up to 14 hours away from UTC.
        let (Some(start), Some(end)) =
            (bound(TABLE_MINUTES.start - 1_440), bound(TABLE_MINUTES.end + 1_440))
        else {
            return Self { offsets: vec![0], ..Self::default() };
        };
        let mut before = zone.to_offset(start).seconds().div_euclid(60);
        let mut table = Self { offsets: vec![before], ..Self::default() };
        for change in zone.following(start).take_while(|change| change.timestamp() < end) {
            let after = change.offset().seconds().div_euclid(60);
            let Ok(at) = i32::try_from(change.timestamp().as_second().div_euclid(60)) else {
                break;
            };
            // Changes of the name alone (standard to war time and the like) move no clock.
            if after != before {
                table.utc.push(at);
                table.local.push(at + before.max(after));
                table.offsets.push(after);
                before = after;
            }
        }
        table
    }

    /// The offset in force at a minute of the given column.
    fn offset(&self, column: &[i32], minute: i32) -> i32 {
        let index = column.partition_point(|&change| change <= minute);
        self.offsets.get(index).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests;
