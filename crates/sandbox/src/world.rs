//! The simulated world: airports, carriers and the flights between them.
//!
//! `atlas` and a seed flow in (or a file of monthly segments, [`World::from_segments`]); out comes a
//! weekly [`Schedule`], which answers for every day, because a year of flights would not fit and no
//! answer needs it.
//!
//! It knows no partner and no price. Cost: about 690,000 departures a week in 12 MB; built in about
//! a second.

pub mod carriers;
pub mod coverage;
pub mod departures;
pub mod gravity;
pub mod ground;
pub mod network;
pub mod segments;
pub mod sites;

use connections::{FlightId, Schedule, ScheduleError};
use domain::{CarrierCode, CountryCode};
use runtime::FixedMap;
use thiserror::Error;

pub use carriers::{Agreements, Kind, Line};
pub use network::{Pattern, Route};
pub use sites::{Site, Sites};

/// Departures a day that the generated network is calibrated to.
///
/// Source: 3,056,818 departures in August 2016 (OpenTravelData's monthly segments) over 31 days.
pub const DEPARTURES_A_DAY: u32 = 98_600;

/// Airports, carriers and flights.
#[derive(Debug)]
pub struct World {
    /// Airports with flights.
    pub sites: Sites,
    /// Carriers, by index.
    pub lines: Vec<Line>,
    /// Which carriers sell each other's flights on one ticket.
    pub agreements: Agreements,
    /// All flights.
    pub schedule: Schedule,
    /// Airports each carrier serves, ascending, by its index.
    pub served: Vec<Vec<u16>>,
    /// Countries each carrier departs from, most departures first, by its index.
    pub countries: Vec<Vec<CountryCode>>,
    line_of: FixedMap<CarrierCode, u16>,
    /// Index of the carrier of each flight of the schedule.
    line_of_flight: Vec<u16>,
}

/// No world can be made.
#[derive(Debug, Error)]
pub enum WorldError {
    /// The file of segments cannot be used.
    #[error("the file of monthly segments cannot be used")]
    Segments(#[from] segments::SegmentsError),
    /// The flights do not make a schedule.
    #[error("the flights do not make a schedule")]
    Schedule(#[from] ScheduleError),
}

impl World {
    /// The generated world of a seed.
    ///
    /// # Errors
    /// [`WorldError::Schedule`] if `atlas` does not carry enough to make a schedule.
    pub fn generate(seed: u64) -> Result<Self, WorldError> {
        let sites = Sites::load();
        let lines = carriers::load(&sites);
        let routes = gravity::generate(seed, &sites, &lines);
        Self::new(seed, sites, lines, &routes)
    }

    /// The world that a file of monthly segments describes.
    ///
    /// # Errors
    /// [`WorldError`].
    pub fn from_segments(seed: u64, bytes: &[u8]) -> Result<Self, WorldError> {
        let sites = Sites::load();
        let read = segments::read(bytes, &sites)?;
        let routes = segments::routes(seed, &sites, &read);
        Self::new(seed, sites, read.lines, &routes)
    }

    fn new(
        seed: u64,
        sites: Sites,
        lines: Vec<Line>,
        routes: &[Route],
    ) -> Result<Self, WorldError> {
        let agreements = Agreements::new(seed, &sites, &lines);
        let ground = ground::of(&sites);
        let flights = network::weekly_flights(&sites, &lines, routes);
        let schedule = Schedule::build_weekly(flights, &ground)?;
        let (served, countries) = presence(&sites, lines.len(), routes);
        let line_of: FixedMap<CarrierCode, u16> =
            lines.iter().enumerate().map(|(index, line)| (line.code, index as u16)).collect();
        let line_of_flight = (0..schedule.len() as u32)
            .map(|flight| schedule.carrier(FlightId(flight)))
            .map(|code| code.and_then(|code| line_of.get(&code).copied()).unwrap_or_default())
            .collect();
        Ok(Self { sites, lines, agreements, schedule, served, countries, line_of, line_of_flight })
    }

    /// The index of a carrier.
    #[must_use]
    pub fn line_index(&self, code: CarrierCode) -> Option<u16> {
        self.line_of.get(&code).copied()
    }

    /// The index of the carrier of a flight of the schedule.
    #[must_use]
    pub fn line_of_flight(&self, flight: FlightId) -> u16 {
        self.line_of_flight.get(flight.0 as usize).copied().unwrap_or_default()
    }

    /// Departures of an average day.
    #[must_use]
    pub fn departures_a_day(&self) -> f64 {
        self.schedule.len() as f64 / 7.0
    }
}

/// Airports and countries of each carrier.
fn presence(
    sites: &Sites,
    lines: usize,
    routes: &[Route],
) -> (Vec<Vec<u16>>, Vec<Vec<CountryCode>>) {
    let mut served = vec![Vec::new(); lines];
    let mut departures: Vec<FixedMap<CountryCode, u32>> = vec![FixedMap::default(); lines];
    for route in routes.iter().filter(|route| !route.patterns.is_empty()) {
        let line = usize::from(route.line);
        served[line].push(route.origin);
        *departures[line].entry(sites.at(route.origin).country).or_default() += route.weekly();
    }
    for sites in &mut served {
        sites.sort_unstable();
        sites.dedup();
    }
    let ranked = |departures: FixedMap<CountryCode, u32>| {
        let mut ranked: Vec<_> = departures.into_iter().collect();
        ranked.sort_by_key(|&(country, weekly)| (std::cmp::Reverse(weekly), country));
        ranked.into_iter().map(|(country, _)| country).collect()
    };
    (served, departures.into_iter().map(ranked).collect())
}
