//! The departures of one route within a span of UTC minutes, both ends included.

use domain::LocalTime;

use super::{Schedule, Times, WEEK_MINUTES, WEEK_SHIFT};
use crate::clock::Clock;

/// One departure: the flight and its UTC minutes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Departure {
    pub(crate) flight: u32,
    pub(crate) departs: i32,
    pub(crate) arrives: i32,
}

/// Walks over departures in the order of the column: by time, except for flights in an hour that
/// clocks jump over.
#[derive(Debug)]
pub(crate) struct Departures<'s> {
    /// The flights of the route.
    departs: &'s [i32],
    block: &'s [u16],
    first_flight: u32,
    /// Next flight to look at.
    index: usize,
    /// What the column's minutes count from; advances by a week at the end of a weekly route.
    base: i32,
    /// Last minute to look at, in the column's kind of time.
    last: i32,
    /// Whether the column starts again at its end.
    weekly: bool,
    /// Minutes from UTC to the column's kind of time; used if `clock` is none.
    offset: i32,
    /// The clock, if it steps somewhere near.
    clock: Option<&'s Clock>,
    from: i32,
    until: i32,
}

impl Schedule {
    /// The departures of a route between two UTC minutes. `offsets` are the least and the most
    /// minutes that the clock of its origin is ahead of UTC around that time.
    #[inline]
    pub(crate) fn departures(
        &self,
        route: u32,
        offsets: (i16, i16),
        from: i32,
        until: i32,
    ) -> Departures<'_> {
        let (start, end) = (self.routes[route as usize], self.routes[route as usize + 1].flights);
        let flights = start.flights as usize..end as usize;
        let departs = &self.departs[flights.clone()];
        let block = &self.block[flights];
        let weekly = self.times == Times::WeeklyLocal;
        let (base, first, last, clock) = if weekly {
            let first = from + i32::from(offsets.0);
            let base = (first + WEEK_SHIFT).div_euclid(WEEK_MINUTES) * WEEK_MINUTES - WEEK_SHIFT;
            let clock = (offsets.0 != offsets.1).then(|| self.clock(start.origin));
            (base, first, until + i32::from(offsets.1), clock)
        } else {
            (0, from, until, None)
        };
        let index = departs.partition_point(|&at| base + at < first);
        Departures {
            departs,
            block,
            first_flight: start.flights,
            index,
            base,
            last,
            weekly,
            offset: if weekly { i32::from(offsets.0) } else { 0 },
            clock,
            from,
            until,
        }
    }
}

impl Iterator for Departures<'_> {
    type Item = Departure;

    #[inline]
    fn next(&mut self) -> Option<Departure> {
        loop {
            let Some(&at) = self.departs.get(self.index) else {
                if !self.weekly || self.base > self.last || self.departs.is_empty() {
                    return None;
                }
                self.base += WEEK_MINUTES;
                self.index = 0;
                continue;
            };
            let column = self.base + at;
            if column > self.last {
                return None;
            }
            let index = self.index;
            self.index += 1;
            let departs = match self.clock {
                None => column - self.offset,
                Some(clock) => clock.utc_minutes(LocalTime::from_minutes(column)),
            };
            if departs >= self.from && departs <= self.until {
                let arrives = departs + i32::from(self.block[index]);
                return Some(Departure {
                    flight: self.first_flight + index as u32,
                    departs,
                    arrives,
                });
            }
        }
    }
}
