//! Routes with their weekly patterns: what generators make and schedules are built from.

use connections::WeeklyFlight;
use domain::{CarrierCode, FlightNumber};

use super::carriers::Line;
use super::sites::Sites;

/// A flight number on its days of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// Flight number.
    pub number: u16,
    /// Local minute of the day at departure.
    pub departs: u16,
    /// Days it flies, in local days of departure; bit 0 is Monday.
    pub days: u8,
}

/// One carrier's flights from one airport to another.
#[derive(Clone, Debug)]
pub struct Route {
    /// Index of the airport of departure.
    pub origin: u16,
    /// Index of the airport of arrival.
    pub destination: u16,
    /// Index of the marketing carrier.
    pub line: u16,
    /// The operating carrier.
    pub operating: CarrierCode,
    /// Gate to gate, minutes.
    pub block: u16,
    /// Its flights.
    pub patterns: Vec<Pattern>,
}

impl Route {
    /// Flights a week.
    #[must_use]
    pub fn weekly(&self) -> u32 {
        self.patterns.iter().map(|pattern| pattern.days.count_ones()).sum()
    }
}

/// All flights, as a schedule is built from them.
pub fn weekly_flights<'a>(
    sites: &'a Sites,
    lines: &'a [Line],
    routes: &'a [Route],
) -> impl Iterator<Item = WeeklyFlight> + use<'a> {
    routes.iter().flat_map(move |route| {
        route.patterns.iter().map(move |pattern| WeeklyFlight {
            carrier: lines[usize::from(route.line)].code,
            operating: route.operating,
            number: FlightNumber::new(pattern.number),
            origin: sites.at(route.origin).code,
            destination: sites.at(route.destination).code,
            departs_minute: pattern.departs,
            block_minutes: route.block,
            weekdays: pattern.days,
        })
    })
}
