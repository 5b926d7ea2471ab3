//! What is asked of a schedule.

use domain::{AirportCode, Date};

/// Most airports at either end of a query; further ones are not looked at.
pub const PLACES_MAX: usize = 16;

/// Longest span of departures in UTC minutes; a longer one is shortened at its end.
pub const WINDOW_MINUTES_MAX: i32 = 3 * 1_440;

/// When the first flight may depart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Departs {
    /// On this day by the clock of the airport of departure.
    LocalDay(Date),
    /// Between two UTC minutes, both included.
    Utc {
        /// Earliest.
        from: i32,
        /// Latest.
        until: i32,
    },
}

/// From any of some airports to any of others.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// Where the journey may begin; at most [`PLACES_MAX`].
    pub origins: &'a [AirportCode],
    /// Where it may end; at most [`PLACES_MAX`]. An airport that is also an origin is no destination.
    pub destinations: &'a [AirportCode],
    /// When it may begin.
    pub departs: Departs,
}
