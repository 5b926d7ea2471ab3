//! Distances on the globe and the nearest airport.
//!
//! Points are kept as unit vectors, so that comparing distances is three multiplications and the
//! date line and the poles need no special case. Cost: about 10 microseconds for a scan over all
//! airports.

use domain::{AirportCode, Place};

use crate::book::Atlas;
use crate::place::Airport;

/// How far "nearby" reaches, kilometres.
const NEARBY_KM: f64 = 120.0;
/// How many airports "nearby" adds at most.
const NEARBY_MAX: usize = 6;
/// Mean radius of the Earth (IUGG), kilometres.
const EARTH_KM: f64 = 6_371.008_8;

/// A point on the globe as a unit vector.
pub(crate) type Vector = [f64; 3];

/// The vector of degrees north and east.
pub(crate) fn vector(latitude: f64, longitude: f64) -> Vector {
    let (lat, lon) = (latitude.to_radians(), longitude.to_radians());
    [lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()]
}

/// Square of the straight line through the Earth, in radii: orders as the distance does.
pub(crate) fn chord_squared(a: Vector, b: Vector) -> f64 {
    let [x, y, z] = [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
    x * x + y * y + z * z
}

/// Great-circle distance of two points.
pub(crate) fn distance_km(a: Vector, b: Vector) -> f64 {
    2.0 * EARTH_KM * (chord_squared(a, b).sqrt() / 2.0).min(1.0).asin()
}

/// The squared chord of a distance, to compare without trigonometry.
pub(crate) fn chord_squared_of_km(km: f64) -> f64 {
    let chord = 2.0 * (km / (2.0 * EARTH_KM)).sin();
    chord * chord
}

impl Atlas {
    /// The airports that count for an end of a leg: those of the place and, if wanted, at most six
    /// more with scheduled traffic within 120 km, popular first.
    #[must_use]
    pub fn resolve(&self, place: Place, nearby: bool) -> Vec<AirportCode> {
        let own = self.airports_of(place);
        let mut found = own.to_vec();
        if nearby {
            let limit = chord_squared_of_km(NEARBY_KM);
            let from: Vec<Vector> = own
                .iter()
                .filter_map(|code| self.airport_at.find(code.packed()))
                .map(|index| self.vectors[index])
                .collect();
            // Airports stand most popular first; behind the last one with traffic is nothing to add.
            let busy =
                self.airports.iter().zip(&self.vectors).take_while(|row| row.0.popularity > 0.0);
            let near = busy.filter(|(airport, there)| {
                !own.contains(&airport.code)
                    && from.iter().any(|here| chord_squared(*here, **there) <= limit)
            });
            found.extend(near.take(NEARBY_MAX).map(|(airport, _)| airport.code));
        }
        found
    }

    /// Great-circle distance of two airports.
    #[must_use]
    pub fn distance_km(&self, a: AirportCode, b: AirportCode) -> Option<f64> {
        let (a, b) = (self.airport_at.find(a.packed())?, self.airport_at.find(b.packed())?);
        Some(distance_km(self.vectors[a], self.vectors[b]))
    }

    /// The airport with scheduled traffic nearest to a point in degrees.
    #[must_use]
    pub fn nearest_airport(&self, latitude: f64, longitude: f64) -> Option<&Airport> {
        let here = vector(latitude, longitude);
        let busy = self.airports.iter().zip(&self.vectors).take_while(|row| row.0.popularity > 0.0);
        busy.map(|(airport, there)| (chord_squared(here, *there), airport))
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, airport)| airport)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_agree_with_known_ones() {
        let (lhr, jfk) = (vector(51.4706, -0.461_941), vector(40.639_8, -73.778_9));
        assert!((distance_km(lhr, jfk) - 5_540.0).abs() < 10.0);
        let (east, west) = (vector(0.0, 179.5), vector(0.0, -179.5));
        assert!((distance_km(east, west) - 111.2).abs() < 0.1);
        assert!((distance_km(vector(0.0, 0.0), vector(0.0, 180.0)) - 20_015.1).abs() < 0.1);
        assert!(distance_km(lhr, lhr).abs() < 1e-9);
    }

    #[test]
    fn a_distance_and_its_chord_say_the_same() {
        let (a, b) = (vector(55.9, -4.4), vector(55.95, -3.37));
        let km = distance_km(a, b);
        assert!((chord_squared_of_km(km) - chord_squared(a, b)).abs() < 1e-12);
    }
}
