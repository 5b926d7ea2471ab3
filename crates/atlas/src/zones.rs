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
//! Cost: a look-up by three-week bucket and one or two comparisons, about 10 ns; 1.5 kB a zone.

use std::sync::OnceLock;

use domain::{AirportCode, LocalTime};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::book::Atlas;

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

/// Changes of the offset.
#[derive(Debug, Default)]
struct Table {
    /// UTC minute of each change.
    utc: Column,
    /// First local minute that is read with the offset after the change.
    local: Column,
}

/// Minutes at which the offset changes, on one clock.
#[derive(Debug, Default)]
struct Column {
    /// Ascending, and a last one that never comes; with the offset that is in force before it.
    changes: Vec<(i32, i32)>,
    /// For each bucket of time the first change after its beginning.
    buckets: Vec<u8>,
}

/// Minutes of a bucket as a power of two: 22.8 days.
const BUCKET_BITS: u32 = 15;

impl Zone {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, made: OnceLock::new() }
    }

    /// UTC minutes of a local time.
    pub(crate) fn utc(&self, local: i32) -> Option<i32> {
        let made = self.made();
        if TABLE_MINUTES.contains(&local) {
            return Some(local - made.table.local.offset(local));
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
            return Some(utc + made.table.utc.offset(utc));
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
            return Self::default();
        };
        let mut before = zone.to_offset(start).seconds().div_euclid(60);
        let (mut utc, mut local) = (Vec::new(), Vec::new());
        for change in zone.following(start).take_while(|change| change.timestamp() < end) {
            let after = change.offset().seconds().div_euclid(60);
            let Ok(at) = i32::try_from(change.timestamp().as_second().div_euclid(60)) else {
                break;
            };
            // Changes of the name alone (standard to war time and the like) move no clock.
            if after != before {
                utc.push((at, before));
                local.push((at + before.max(after), before));
                before = after;
            }
        }
        Self { utc: Column::of(utc, before), local: Column::of(local, before) }
    }
}

impl Column {
    fn of(mut changes: Vec<(i32, i32)>, last: i32) -> Self {
        changes.push((i32::MAX, last));
        let buckets = TABLE_MINUTES.step_by(1 << BUCKET_BITS).map(|start| {
            let first = changes.partition_point(|change| change.0 <= start);
            // Zones change their offset at most a few times a year.
            first.min(255) as u8
        });
        Self { buckets: buckets.collect(), changes }
    }

    /// The offset in force at a minute within [`TABLE_MINUTES`].
    #[inline]
    fn offset(&self, minute: i32) -> i32 {
        let bucket = ((minute - TABLE_MINUTES.start) >> BUCKET_BITS) as usize;
        let first = self.buckets.get(bucket).copied().unwrap_or(0) as usize;
        let rest = self.changes.get(first..).unwrap_or_default();
        rest.iter().find(|change| change.0 > minute).map_or(0, |change| change.1)
    }
}

impl Atlas {
    /// IANA name of a zone.
    #[must_use]
    pub fn zone_name(&self, zone: ZoneId) -> &'static str {
        self.zones.get(zone.index()).map_or("UTC", |zone| zone.name)
    }

    /// Number of zones; ids run from 0.
    #[must_use]
    pub fn zone_count(&self) -> usize {
        self.zones.len()
    }

    /// Minutes since 1970 UTC of a local time at an airport. A time the clock skips means the time
    /// after the gap, a time it shows twice means the first.
    #[must_use]
    pub fn utc_minutes(&self, airport: AirportCode, local: LocalTime) -> Option<i32> {
        self.zone_at(airport)?.utc(local.minutes())
    }

    /// Local time at an airport, minutes since 1970 UTC given.
    #[must_use]
    pub fn local_time(&self, airport: AirportCode, utc_minutes: i32) -> Option<LocalTime> {
        self.zone_at(airport)?.local(utc_minutes).map(LocalTime::from_minutes)
    }

    /// Minutes from a local departure to a local arrival; negative if it arrives before it departs.
    #[must_use]
    pub fn duration_minutes(
        &self,
        from: AirportCode,
        departs: LocalTime,
        to: AirportCode,
        arrives: LocalTime,
    ) -> Option<i32> {
        self.utc_minutes(to, arrives)?.checked_sub(self.utc_minutes(from, departs)?)
    }

    fn zone_at(&self, airport: AirportCode) -> Option<&Zone> {
        self.zones.get(self.zone_at.find(airport.packed())?)
    }
}

#[cfg(test)]
mod tests;
