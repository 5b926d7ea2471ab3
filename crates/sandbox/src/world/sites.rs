//! Airports of the simulated world, as an indexed table.

use domain::{AirportCode, CityCode, CountryCode, LocalTime};

/// "No such site" in the table by packed code.
const NONE: u16 = u16::MAX;
/// Airports taken at most, most popular first; about what has scheduled flights in the real world.
const SITES_MAX: usize = 3_600;
/// A winter noon (2026-01-15), at which planning offsets are read.
const PLANNING_NOON: LocalTime = LocalTime::from_minutes((20_468 * 24 + 12) * 60);

/// One airport.
#[derive(Clone, Debug)]
pub struct Site {
    /// IATA code.
    pub code: AirportCode,
    /// The city it serves.
    pub city: CityCode,
    /// Its country.
    pub country: CountryCode,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// Demand, by rank of popularity: 1 for the first.
    pub weight: f64,
    /// Its time zone.
    pub zone: atlas::ZoneId,
    /// Minutes ahead of UTC in winter; for planning departure times only, never for durations.
    pub offset: i32,
    /// The point on the unit sphere.
    point: [f64; 3],
}

/// All airports, most popular first.
#[derive(Debug)]
pub struct Sites {
    all: Vec<Site>,
    by_code: Vec<u16>,
}

impl Sites {
    /// The airports of `atlas` that people fly to.
    #[must_use]
    pub fn load() -> Self {
        let atlas = atlas::atlas();
        let mut airports: Vec<&atlas::Airport> =
            atlas.airports().iter().filter(|airport| airport.popularity > 0.0).collect();
        airports.sort_by(|a, b| b.popularity.total_cmp(&a.popularity).then(a.code.cmp(&b.code)));
        airports.truncate(SITES_MAX);
        let all: Vec<Site> =
            airports.iter().enumerate().map(|(rank, airport)| site(rank, airport)).collect();
        let mut by_code = vec![NONE; 1 << 16];
        for (index, site) in all.iter().enumerate() {
            by_code[usize::from(site.code.packed())] = index as u16;
        }
        Self { all, by_code }
    }

    /// All of them, most popular first.
    #[must_use]
    pub fn all(&self) -> &[Site] {
        &self.all
    }

    /// The index of an airport.
    #[must_use]
    pub fn index(&self, code: AirportCode) -> Option<u16> {
        Some(self.by_code[usize::from(code.packed())]).filter(|&index| index != NONE)
    }

    /// The index of an airport by the letters of its code.
    #[must_use]
    pub fn index_of(&self, letters: &[u8]) -> Option<u16> {
        self.index(AirportCode::from_bytes(letters).ok()?)
    }

    /// The airport at an index that came from here.
    #[must_use]
    pub fn at(&self, index: u16) -> &Site {
        &self.all[usize::from(index)]
    }

    /// Great-circle distance in kilometres.
    #[must_use]
    pub fn distance_km(&self, from: u16, to: u16) -> f64 {
        let (a, b) = (&self.at(from).point, &self.at(to).point);
        let chord = ((a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2) + (a[2] - b[2]).powi(2)).sqrt();
        2.0 * 6_371.0 * (chord / 2.0).min(1.0).asin()
    }
}

fn site(rank: usize, airport: &atlas::Airport) -> Site {
    let (latitude, longitude) = (airport.latitude.to_radians(), airport.longitude.to_radians());
    let offset = atlas::atlas()
        .utc_minutes(airport.code, PLANNING_NOON)
        .map_or(0, |utc| PLANNING_NOON.minutes() - utc);
    Site {
        code: airport.code,
        city: airport.city,
        country: airport.country,
        latitude: airport.latitude,
        longitude: airport.longitude,
        weight: 25.0 / (rank as f64 + 25.0),
        zone: airport.zone,
        offset,
        point: [latitude.cos() * longitude.cos(), latitude.cos() * longitude.sin(), latitude.sin()],
    }
}
