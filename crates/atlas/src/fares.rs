//! What people really paid: US domestic fares by city pair, to calibrate a simulated market on.
//!
//! Source: BTS DB1C Market (40% ticket sample, public domain), one-way fares in whole US dollars,
//! weighted by passengers; see `data/SOURCES.md`. Both directions of a pair are rows of their own.
//! The file is unpacked when first used; a look-up is a binary search in 20,000 rows.

use std::sync::OnceLock;

use domain::AirportCode;

use crate::rows::field;

const FARES: &[u8] = include_bytes!("../../../data/fares-us.csv.zst");

/// Fares of one origin and destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsFare {
    /// A quarter paid at most this, US dollars.
    pub p25: u16,
    /// Half paid at most this, US dollars.
    pub median: u16,
    /// Three quarters paid at most this, US dollars.
    pub p75: u16,
    /// Tickets in the sample.
    pub tickets: u32,
}

/// Fares of all pairs.
#[derive(Debug, Default)]
pub struct UsFares {
    /// Sorted by key.
    rows: Vec<(u32, UsFare)>,
}

/// The fares, unpacked on first use.
#[must_use]
pub fn us_fares() -> &'static UsFares {
    static ALL: OnceLock<UsFares> = OnceLock::new();
    ALL.get_or_init(|| {
        // The file is part of the program; if it were broken there would be no fares, and a test
        // would say so.
        let bytes = zstd::decode_all(FARES).unwrap_or_default();
        UsFares::read(str::from_utf8(&bytes).unwrap_or_default())
    })
}

impl UsFares {
    fn read(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#')).skip(1);
        let mut rows: Vec<_> = lines.filter_map(read_row).collect();
        rows.sort_unstable_by_key(|row| row.0);
        Self { rows }
    }

    /// The fares from one airport to another.
    #[must_use]
    pub fn get(&self, origin: AirportCode, destination: AirportCode) -> Option<UsFare> {
        let key = key(origin, destination);
        self.rows.binary_search_by_key(&key, |row| row.0).ok().map(|index| self.rows[index].1)
    }

    /// All pairs with their fares.
    pub fn iter(&self) -> impl Iterator<Item = (AirportCode, AirportCode, UsFare)> + '_ {
        self.rows.iter().filter_map(|&(key, fare)| {
            let origin = AirportCode::from_packed((key >> 16) as u16)?;
            Some((origin, AirportCode::from_packed(key as u16)?, fare))
        })
    }

    /// Number of pairs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no pair.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

fn key(origin: AirportCode, destination: AirportCode) -> u32 {
    u32::from(origin.packed()) << 16 | u32::from(destination.packed())
}

fn read_row(line: &str) -> Option<(u32, UsFare)> {
    let mut parts = line.split('|');
    let key = key(field(parts.next()?)?, field(parts.next()?)?);
    let mut number = || parts.next();
    let fare = UsFare {
        p25: field(number()?)?,
        median: field(number()?)?,
        p75: field(number()?)?,
        tickets: field(number()?)?,
    };
    Some((key, fare))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atlas;

    fn fare(origin: &str, destination: &str) -> Option<UsFare> {
        us_fares().get(AirportCode::literal(origin), AirportCode::literal(destination))
    }

    #[test]
    fn fares_of_a_pair_are_found_in_its_direction() {
        let west = fare("JFK", "LAX").unwrap();
        assert_eq!((west.p25, west.median, west.p75), (223, 333, 478));
        assert!(fare("LAX", "JFK").is_some());
        assert_eq!(fare("JFK", "LHR"), None);
    }

    #[test]
    fn every_pair_is_between_known_airports_and_its_quartiles_ascend() {
        let atlas = atlas();
        assert!(us_fares().len() > 20_000);
        assert_eq!(us_fares().iter().count(), us_fares().len());
        let mut unknown = 0;
        for (origin, destination, fare) in us_fares().iter() {
            unknown += usize::from(atlas.airport(origin).and(atlas.airport(destination)).is_none());
            assert!(fare.p25 <= fare.median && fare.median <= fare.p75 && fare.tickets >= 50);
        }
        assert_eq!(unknown, 0);
    }
}
