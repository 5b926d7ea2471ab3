//! What does not fly: airports, where they lie, how long a connection takes there, and which of
//! them serve one city.

use domain::{AirportCode, CountryCode};

use crate::clock::Clock;

/// Mean radius of the Earth, kilometres. Source: IUGG.
const EARTH_RADIUS_KM: f64 = 6_371.0;

/// A point on the globe, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Position {
    /// North is positive.
    pub latitude: f64,
    /// East is positive.
    pub longitude: f64,
}

/// Great-circle distance in kilometres. Source: haversine formula.
#[must_use]
pub fn great_circle_km(from: Position, to: Position) -> f64 {
    let (a, b) = (from.latitude.to_radians(), to.latitude.to_radians());
    let north = ((b - a) / 2.0).sin();
    let east = ((to.longitude - from.longitude).to_radians() / 2.0).sin();
    let chord = north * north + a.cos() * b.cos() * east * east;
    2.0 * EARTH_RADIUS_KM * chord.clamp(0.0, 1.0).sqrt().asin()
}

/// What the builder needs to know of an airport.
#[derive(Clone, Debug)]
pub struct AirportFacts {
    /// The airport.
    pub code: AirportCode,
    /// Its country: a connection between two flights inside one country is a domestic one. Without
    /// it, every connection counts as international.
    pub country: Option<CountryCode>,
    /// Where it lies. Without it, the detour rule does not judge journeys through it.
    pub position: Option<Position>,
    /// Its local clock: weekly flights depart by it, nights are nights by it.
    pub clock: Clock,
    /// Minimum connecting time between domestic flights here, minutes, instead of the rules' own.
    pub connect_domestic_min: Option<u16>,
    /// Minimum connecting time of all other connections here, minutes, instead of the rules' own.
    pub connect_international_min: Option<u16>,
}

impl AirportFacts {
    /// An airport of which nothing is known: UTC, no country, no position, the rules' own times.
    #[must_use]
    pub const fn unknown(code: AirportCode) -> Self {
        Self {
            code,
            country: None,
            position: None,
            clock: Clock::utc(),
            connect_domestic_min: None,
            connect_international_min: None,
        }
    }
}

/// Airports between which a traveller can change on the ground.
#[derive(Clone, Debug)]
pub struct CityGroup {
    /// The airports; one of them alone makes no difference.
    pub airports: Vec<AirportCode>,
    /// Least time from landing at one to taking off at another, minutes.
    pub transfer_min: u16,
}

/// All airports and cities. An airport that flights use but this does not name is
/// [`AirportFacts::unknown`]; one that no flight uses is dropped.
#[derive(Clone, Debug, Default)]
pub struct Ground {
    /// The airports; of two facts about one airport, the later counts.
    pub airports: Vec<AirportFacts>,
    /// The cities; no airport in two of them.
    pub cities: Vec<CityGroup>,
}
