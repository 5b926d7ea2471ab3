//! What can be wrong with a schedule.

use domain::{AirportCode, CarrierCode, FlightNumber};
use runtime::{Blame, Fault, Retry};
use thiserror::Error;

/// Flights that do not make a schedule.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ScheduleError {
    /// More flights than a schedule holds.
    #[error("a schedule holds at most {max} flights")]
    TooManyFlights {
        /// The most it holds.
        max: usize,
    },
    /// More airports, or members of a city, than a schedule holds.
    #[error("a schedule holds at most {max} airports")]
    TooManyAirports {
        /// The most it holds.
        max: usize,
    },
    /// A flight that takes no time, more than 36 hours, or goes from an airport to itself.
    #[error("flight {carrier} {number} from {origin} to {destination} is not a flight")]
    NotAFlight {
        /// Its carrier.
        carrier: CarrierCode,
        /// Its number.
        number: FlightNumber,
        /// Where it takes off.
        origin: AirportCode,
        /// Where it lands.
        destination: AirportCode,
    },
    /// An airport stands in two cities.
    #[error("{airport} stands in two cities")]
    InTwoCities {
        /// The airport.
        airport: AirportCode,
    },
}

impl Fault for ScheduleError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooManyFlights { .. } => "schedule_too_many_flights",
            Self::TooManyAirports { .. } => "schedule_too_many_airports",
            Self::NotAFlight { .. } => "schedule_not_a_flight",
            Self::InTwoCities { .. } => "schedule_in_two_cities",
        }
    }

    fn blame(&self) -> Blame {
        Blame::Caller
    }

    fn retry(&self) -> Retry {
        Retry::Never
    }
}
