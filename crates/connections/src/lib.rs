//! Builds journeys from a schedule: which flights, joined how, bring a traveller from A to B.
//!
//! ```text
//! flights (weekly or of days) + Ground ──build──▶ Schedule          built once, read by all threads
//! Schedule + Query + Rules + Scratch ──journeys──▶ Vec<Journey>     every sensible journey, best first
//!                                    ──pareto────▶ Vec<Journey>     none beaten in time and transfers
//! arrivals + departures ──pair_self_transfers──▶ pairs              two tickets, joined by the traveller
//! ```
//!
//! Flows in: flights, and facts about airports that the caller looks up (country, position, clock,
//! connecting times, cities). Flows out: journeys of one to three flights, in UTC minutes. It knows
//! nothing of prices, partners or seats, reads no clock and does no input or output.
//!
//! Limits: [`FLIGHTS_MAX`] flights, three flights a journey, [`PLACES_MAX`] airports at either end,
//! [`JOURNEYS_MAX`] journeys an answer, and a budget of flights looked at per query
//! ([`Rules::work_max`]); whatever is cut is cut in the same place every time.
//!
//! Start reading at [`schedule`], then [`rules`], then `explore`.
//!
//! ```
//! use connections::{Departs, Flight, Ground, Query, Rules, Schedule, Scratch};
//! use domain::{AirportCode, CarrierCode, FlightNumber};
//!
//! let flight = |number, from, to, departs, arrives| Flight {
//!     carrier: CarrierCode::literal("KL"),
//!     operating: CarrierCode::literal("KL"),
//!     number: FlightNumber::new(number),
//!     origin: AirportCode::literal(from),
//!     destination: AirportCode::literal(to),
//!     departs,
//!     arrives,
//! };
//! let flights = [flight(924, "EDI", "AMS", 360, 460), flight(835, "AMS", "SIN", 600, 1_380)];
//! let schedule = Schedule::build(flights, &Ground::default())?;
//! let query = Query {
//!     origins: &[AirportCode::literal("EDI")],
//!     destinations: &[AirportCode::literal("SIN")],
//!     departs: Departs::Utc { from: 0, until: 1_439 },
//! };
//! let journeys = schedule.journeys(&query, &Rules::default(), &mut Scratch::default());
//! assert_eq!(journeys[0].stops(), 1);
//! assert_eq!(journeys[0].arrives(), 1_380);
//! # Ok::<(), connections::ScheduleError>(())
//! ```

pub mod clock;
pub mod error;
mod explore;
pub mod ground;
pub mod journey;
pub mod query;
mod rank;
pub mod rules;
pub mod schedule;
mod scratch;
pub mod self_transfer;

pub use clock::Clock;
pub use error::ScheduleError;
pub use ground::{AirportFacts, CityGroup, Ground, Position, great_circle_km};
pub use journey::{Hop, Journey};
pub use query::{Departs, PLACES_MAX, Query};
pub use rules::{AIRPORT_CHANGE_MIN, Detour, Interline, JOURNEYS_MAX, Rules, Spread};
pub use schedule::{FLIGHTS_MAX, Flight, FlightFacts, FlightId, Schedule, WeeklyFlight};
pub use scratch::Scratch;
pub use self_transfer::{SelfTransfer, SelfTransferRules, Touch, pair_self_transfers};
