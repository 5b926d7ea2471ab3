//! Local times to UTC for the few airports and days of one search, faster than looking each up.
//!
//! On a day when a zone's clock does not change, midnight and the next midnight are 24 hours apart,
//! and every minute of the day has the same offset. So two look-ups a day and airport answer for
//! all its minutes; days of a change are looked up minute by minute.

use atlas::Atlas;
use domain::civil::DAY_MINUTES;
use domain::{AirportCode, Date, LocalTime};

/// Airports and days remembered; a power of two. A search has about ten.
const SLOTS: usize = 64;

#[derive(Clone, Copy, Debug)]
struct Day {
    airport: AirportCode,
    date: Date,
    /// Minutes from local to UTC, if they are the same all day.
    shift: Option<i32>,
}

/// Remembers the offsets of airports on days.
#[derive(Debug)]
pub(super) struct Zones {
    atlas: &'static Atlas,
    days: [Option<Day>; SLOTS],
}

impl Zones {
    pub(super) fn new(atlas: &'static Atlas) -> Self {
        Self { atlas, days: [None; SLOTS] }
    }

    /// UTC minutes of a local time; `None` for an airport nobody knows.
    pub(super) fn utc_minutes(&mut self, airport: AirportCode, local: LocalTime) -> Option<i32> {
        let date = local.date();
        let slot = (airport.packed() as usize).wrapping_mul(31) + date.days() as usize;
        let slot = slot % SLOTS;
        let shift = match self.days[slot] {
            Some(day) if day.airport == airport && day.date == date => day.shift,
            _ => {
                let shift = self.shift_of(airport, date);
                self.days[slot] = Some(Day { airport, date, shift });
                shift
            }
        };
        match shift {
            Some(shift) => local.minutes().checked_add(shift),
            None => self.atlas.utc_minutes(airport, local),
        }
    }

    /// Minutes from local to UTC on a day without a change of the clock.
    fn shift_of(&self, airport: AirportCode, date: Date) -> Option<i32> {
        let midnight = date.at_minute(0);
        let start = self.atlas.utc_minutes(airport, midnight)?;
        let end = self.atlas.utc_minutes(airport, date.plus_days(1).at_minute(0))?;
        let steady = end.checked_sub(start) == Some(DAY_MINUTES);
        if steady { start.checked_sub(midnight.minutes()) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::*;

    proptest! {
        #[test]
        fn a_remembered_day_gives_what_looking_up_gives(
            picks in proptest::collection::vec((0_usize..100_000, 20_400_i32..21_200, 0_i32..1_440), 1..300),
        ) {
            let atlas = atlas::atlas();
            let airports = atlas.airports();
            let mut zones = Zones::new(atlas);
            for (airport, day, minute) in picks {
                let airport = airports[airport % airports.len()].code;
                let local = Date::from_days(day).at_minute(minute);
                prop_assert_eq!(zones.utc_minutes(airport, local), atlas.utc_minutes(airport, local));
            }
        }
    }
}
