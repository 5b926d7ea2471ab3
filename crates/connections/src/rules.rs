//! What makes a journey sensible.

use std::fmt;

use crate::schedule::FlightId;

/// Most journeys an answer holds, whatever the rules say.
pub const JOURNEYS_MAX: usize = 2_000;

/// Longest journey in minutes, whatever the rules say.
pub const ELAPSED_MINUTES_MAX: i32 = 72 * 60;

/// Least time for a change between two airports of a city, minutes, unless a rule says otherwise.
pub const AIRPORT_CHANGE_MIN: u16 = 180;

/// Whether the first flight may be joined with the second: the carriers' agreement.
pub type Interline<'a> = &'a (dyn Fn(FlightId, FlightId) -> bool + Sync);

/// How far from the straight line a journey may lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detour {
    /// Kilometres flown in percent of the distance between the two ends ...
    pub percent: u16,
    /// ... and this many kilometres more.
    pub extra_km: u16,
}

/// How much worse than the best a journey may be; see [`Rules::journeys_max`] for what "worse" is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    /// Percent of the best journey's rank minutes ...
    pub percent: u16,
    /// ... and this many minutes more.
    pub extra_minutes: u16,
}

/// The rules of connecting. All bounds are inclusive: a connection of exactly the minimum is good.
///
/// A journey never comes through one city twice, and never changes aircraft at an airport that the
/// query names as an origin or a destination.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    /// Minimum connecting time between two flights of one country, minutes.
    pub connect_domestic_min: u16,
    /// Minimum connecting time of all other connections, minutes.
    pub connect_international_min: u16,
    /// Longest ordinary connection, minutes.
    pub connect_max: u16,
    /// Longest connection over night, minutes: one that is longer than `connect_max` is allowed if
    /// the next flight departs on a later local day. `None`: refused.
    pub overnight_max: Option<u16>,
    /// Least time for a change between airports of a city; the city's own time holds if it is
    /// longer. `None`: refused.
    pub airport_change_min: Option<u16>,
    /// Most changes of aircraft: 0, 1 or 2.
    pub stops_max: u8,
    /// Longest journey, minutes; at most [`ELAPSED_MINUTES_MAX`].
    pub elapsed_max: u16,
    /// Limit of distance flown; journeys through an airport of unknown position are not judged.
    pub detour: Option<Detour>,
    /// Limit of badness, compared with the best journey. Used by `journeys` only.
    pub spread: Option<Spread>,
    /// What a stop is worth in the ranking, minutes.
    pub stop_minutes: u16,
    /// Most journeys kept by `journeys`, best first, at most [`JOURNEYS_MAX`]. Rank minutes are
    /// elapsed minutes plus `stop_minutes` for each stop; equal ones are ordered by departure, then
    /// stops, then the flights' ids.
    pub journeys_max: u16,
    /// Which flights may be joined; `None`: all. Called for each pair that fits in time.
    pub interline: Option<Interline<'a>>,
    /// Most flights looked at for one query; at the limit the answer is what was found by then, and
    /// [`crate::Scratch::was_cut`] says so.
    pub work_max: u32,
}

impl Default for Rules<'_> {
    fn default() -> Self {
        Self {
            connect_domestic_min: 45,
            connect_international_min: 75,
            connect_max: 8 * 60,
            overnight_max: Some(16 * 60),
            airport_change_min: Some(AIRPORT_CHANGE_MIN),
            stops_max: 2,
            elapsed_max: 60 * 60,
            detour: Some(Detour { percent: 150, extra_km: 500 }),
            spread: Some(Spread { percent: 200, extra_minutes: 300 }),
            stop_minutes: 60,
            journeys_max: 300,
            interline: None,
            work_max: 4_000_000,
        }
    }
}

impl Rules<'_> {
    pub(crate) fn elapsed_minutes_max(&self) -> i32 {
        i32::from(self.elapsed_max).min(ELAPSED_MINUTES_MAX)
    }

    pub(crate) fn journeys_count_max(&self) -> usize {
        usize::from(self.journeys_max).min(JOURNEYS_MAX)
    }

    /// The longest time between two flights that any rule allows.
    pub(crate) fn wait_max(&self) -> i32 {
        i32::from(self.connect_max.max(self.overnight_max.unwrap_or(0)))
    }
}

impl fmt::Debug for Rules<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { connect_domestic_min, connect_international_min, connect_max, .. } = self;
        let Self { overnight_max, airport_change_min, stops_max, elapsed_max, detour, .. } = self;
        let Self { spread, stop_minutes, journeys_max, interline, work_max, .. } = self;
        f.debug_struct("Rules")
            .field("connect_domestic_min", connect_domestic_min)
            .field("connect_international_min", connect_international_min)
            .field("connect_max", connect_max)
            .field("overnight_max", overnight_max)
            .field("airport_change_min", airport_change_min)
            .field("stops_max", stops_max)
            .field("elapsed_max", elapsed_max)
            .field("detour", detour)
            .field("spread", spread)
            .field("stop_minutes", stop_minutes)
            .field("journeys_max", journeys_max)
            .field("interline", &interline.is_some())
            .field("work_max", work_max)
            .finish()
    }
}
