//! All flights as columns, grouped by route.
//!
//! Shape: airports have dense indexes; a *route* is a pair of airports with at least one flight;
//! routes are sorted by (origin, destination), flights by (route, departure). So the departures of
//! a route within a span of time lie side by side, and so do the routes out of an airport. That is
//! what joining needs: it decides per route (does it lead anywhere, is it too far) and only then
//! looks at times.
//!
//! Time: a schedule *of days* holds every flight once, in UTC. A *weekly* schedule holds one week
//! in local time and answers for every date: a departure is turned into UTC with the clock of its
//! airport on its date, so summer time moves flights as it does in life, and a year needs the
//! memory of a week. Both are read through [`Schedule::departures`].
//!
//! Cost: 14 bytes a flight, 16 a route, 4 x 36^3 for the code table: 100,000 flights a day take
//! 1.4 MB a day, or 10 MB for all weeks of all years.

use std::ops::Range;

use domain::{AirportCode, CarrierCode, Date, FlightNumber};

use crate::clock::Clock;
use crate::rules::Rules;

mod build;
mod departures;

pub(crate) use departures::Departures;

/// Most flights of a schedule.
pub const FLIGHTS_MAX: usize = 1 << 24;

/// Longest flight, minutes.
pub const BLOCK_MINUTES_MAX: i32 = 36 * 60;

/// Furthest minute from 1970 that is looked at: some 1,900 years.
pub(crate) const MINUTES_MAX: i32 = 1_000_000_000;

/// Minutes in a week.
pub(crate) const WEEK_MINUTES: i32 = 7 * 1_440;

/// 1970-01-01 was a Thursday: Monday is three days back.
pub(crate) const WEEK_SHIFT: i32 = 3 * 1_440;

/// A distance nobody knows.
pub(crate) const KM_UNKNOWN: u16 = u16::MAX;

/// A flight of one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flight {
    /// The marketing carrier.
    pub carrier: CarrierCode,
    /// The operating carrier.
    pub operating: CarrierCode,
    /// Flight number of the marketing carrier.
    pub number: FlightNumber,
    /// Where it takes off.
    pub origin: AirportCode,
    /// Where it lands.
    pub destination: AirportCode,
    /// UTC minutes since 1970.
    pub departs: i32,
    /// UTC minutes since 1970.
    pub arrives: i32,
}

/// A flight that repeats every week, by the clock of its origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeeklyFlight {
    /// The marketing carrier.
    pub carrier: CarrierCode,
    /// The operating carrier.
    pub operating: CarrierCode,
    /// Flight number of the marketing carrier.
    pub number: FlightNumber,
    /// Where it takes off.
    pub origin: AirportCode,
    /// Where it lands.
    pub destination: AirportCode,
    /// Local minute of the day of departure, 0..1440.
    pub departs_minute: u16,
    /// Minutes from departure to arrival.
    pub block_minutes: u16,
    /// Days it departs: bit 0 is Monday, bit 6 is Sunday.
    pub weekdays: u8,
}

/// Names a flight of one schedule: its place in the columns. Ids ascend by origin, destination,
/// departure (of the week, if weekly), block minutes, carrier, operating carrier and number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct FlightId(pub u32);

/// What a schedule knows of a flight besides its times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlightFacts {
    /// The marketing carrier.
    pub carrier: CarrierCode,
    /// The operating carrier.
    pub operating: CarrierCode,
    /// Flight number of the marketing carrier.
    pub number: FlightNumber,
    /// Where it takes off.
    pub origin: AirportCode,
    /// Where it lands.
    pub destination: AirportCode,
    /// Minutes from departure to arrival.
    pub block_minutes: u16,
}

/// Which kind of time the column of departures holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Times {
    /// UTC minutes since 1970.
    Utc,
    /// Local minutes since Monday 00:00.
    WeeklyLocal,
}

/// Two airports with flights between them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    pub(crate) origin: u16,
    pub(crate) destination: u16,
    /// First of its flights; they end where the next route's begin.
    pub(crate) flights: u32,
    /// Great-circle distance, or [`KM_UNKNOWN`].
    pub(crate) km: u16,
    /// The shortest of its flights, minutes.
    pub(crate) block_min: u16,
    /// Both ends are in one country.
    pub(crate) domestic: bool,
}

/// What the builder knows of an airport, by its index.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stand {
    pub(crate) code: AirportCode,
    pub(crate) country: Option<domain::CountryCode>,
    pub(crate) position: Option<crate::ground::Position>,
    /// Index into the clocks.
    pub(crate) clock: u16,
    /// Index into the cities; airports alone in their city have one of their own.
    pub(crate) city: u16,
    /// Connecting times of its own: international, domestic.
    pub(crate) connect_min: [Option<u16>; 2],
}

/// A schedule: built once, then only read.
#[derive(Debug)]
pub struct Schedule {
    times: Times,
    /// Index + 1 of an airport by packed code; 0 is none.
    index_of_code: Vec<u16>,
    pub(crate) stands: Vec<Stand>,
    pub(crate) clocks: Vec<Clock>,
    /// First member of each city in `city_members`, and the end.
    cities: Vec<u32>,
    city_members: Vec<u16>,
    /// Transfer minutes of each city.
    city_transfer: Vec<u16>,
    /// All routes and one past the end, for its `flights`.
    routes: Vec<Route>,
    /// First route out of each airport, and the end.
    routes_out: Vec<u32>,
    /// First entry of each airport in `routes_in_ids`, and the end.
    routes_in: Vec<u32>,
    routes_in_ids: Vec<u32>,
    departs: Vec<i32>,
    block: Vec<u16>,
    carrier: Vec<CarrierCode>,
    operating: Vec<CarrierCode>,
    number: Vec<FlightNumber>,
}

impl Schedule {
    /// How many flights it holds; a weekly flight counts once for each of its days.
    #[must_use]
    pub fn len(&self) -> usize {
        self.departs.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.departs.is_empty()
    }

    /// How many pairs of airports have a flight.
    #[must_use]
    pub fn route_count(&self) -> usize {
        self.routes.len().saturating_sub(1)
    }

    /// The airports with flights, by code.
    pub fn airports(&self) -> impl Iterator<Item = AirportCode> {
        self.stands.iter().map(|stand| stand.code)
    }

    /// What is known of a flight.
    #[must_use]
    pub fn flight(&self, id: FlightId) -> Option<FlightFacts> {
        let index = id.0 as usize;
        let block_minutes = *self.block.get(index)?;
        let route = self.routes.partition_point(|route| route.flights <= id.0).checked_sub(1)?;
        let route = self.routes.get(route)?;
        Some(FlightFacts {
            carrier: self.carrier[index],
            operating: self.operating[index],
            number: self.number[index],
            origin: self.stands[usize::from(route.origin)].code,
            destination: self.stands[usize::from(route.destination)].code,
            block_minutes,
        })
    }

    /// The marketing carrier of a flight; for [`Rules::interline`], where [`Schedule::flight`]
    /// would cost too much.
    #[must_use]
    pub fn carrier(&self, id: FlightId) -> Option<CarrierCode> {
        self.carrier.get(id.0 as usize).copied()
    }

    /// The operating carrier of a flight.
    #[must_use]
    pub fn operating(&self, id: FlightId) -> Option<CarrierCode> {
        self.operating.get(id.0 as usize).copied()
    }

    /// Bytes held, allocations counted whole.
    #[must_use]
    pub fn bytes(&self) -> usize {
        fn of<T>(column: &Vec<T>) -> usize {
            column.capacity() * size_of::<T>()
        }
        size_of::<Self>()
            + of(&self.index_of_code)
            + of(&self.stands)
            + of(&self.clocks)
            + self.clocks.iter().map(Clock::bytes).sum::<usize>()
            + of(&self.cities)
            + of(&self.city_members)
            + of(&self.city_transfer)
            + of(&self.routes)
            + of(&self.routes_out)
            + of(&self.routes_in)
            + of(&self.routes_in_ids)
            + of(&self.departs)
            + of(&self.block)
            + of(&self.carrier)
            + of(&self.operating)
            + of(&self.number)
    }

    pub(crate) fn index(&self, code: AirportCode) -> Option<u16> {
        self.index_of_code.get(usize::from(code.packed()))?.checked_sub(1)
    }

    pub(crate) fn clock(&self, airport: u16) -> &Clock {
        &self.clocks[usize::from(self.stands[usize::from(airport)].clock)]
    }

    pub(crate) fn route(&self, route: u32) -> &Route {
        &self.routes[route as usize]
    }

    /// The routes that leave an airport.
    pub(crate) fn routes_out(&self, airport: u16) -> Range<u32> {
        let airport = usize::from(airport);
        self.routes_out[airport]..self.routes_out[airport + 1]
    }

    /// The routes that reach an airport.
    pub(crate) fn routes_in(&self, airport: u16) -> &[u32] {
        let airport = usize::from(airport);
        let range = self.routes_in[airport] as usize..self.routes_in[airport + 1] as usize;
        &self.routes_in_ids[range]
    }

    /// The airports of the same city, the airport itself included.
    pub(crate) fn city_of(&self, airport: u16) -> &[u16] {
        let city = usize::from(self.stands[usize::from(airport)].city);
        &self.city_members[self.cities[city] as usize..self.cities[city + 1] as usize]
    }

    /// Least minutes from landing at one airport to taking off at another of the same city, for an
    /// international and for a domestic connection; `None` if the rules refuse the change.
    pub(crate) fn connect_min(&self, at: u16, from: u16, rules: &Rules<'_>) -> Option<[u16; 2]> {
        let stand = &self.stands[usize::from(at)];
        if at == from {
            let [international, domestic] = stand.connect_min;
            return Some([
                international.unwrap_or(rules.connect_international_min),
                domestic.unwrap_or(rules.connect_domestic_min),
            ]);
        }
        let transfer = self.city_transfer[usize::from(stand.city)].max(rules.airport_change_min?);
        Some([transfer; 2])
    }

    /// The first local minute of a day, and of the next.
    pub(crate) fn local_day(date: Date) -> Range<i32> {
        date.at_minute(0).minutes()..date.plus_days(1).at_minute(0).minutes()
    }
}
