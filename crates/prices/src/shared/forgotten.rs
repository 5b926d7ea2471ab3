//! What was forgotten, so that it is not taken back from the second level.

use xxhash_rust::xxh3::xxh3_64;

use crate::seen::Seen;
use crate::store::Invalidation;

/// Things forgotten that are told apart.
pub(super) const FORGOTTEN_MAX: usize = 256;
/// Version of the bytes.
const VERSION: u8 = 1;
/// Bytes of one of them.
const ONE: usize = 17;

/// What was forgotten, and until when it was seen. Beyond [`FORGOTTEN_MAX`] nothing is taken that was
/// seen before the oldest of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Forgotten {
    pub(super) all: Vec<(Invalidation, i64)>,
    floor_ms: Option<i64>,
}

impl Forgotten {
    pub(super) fn add(&mut self, what: Invalidation, until_ms: i64) {
        match self.all.iter_mut().find(|(known, _)| *known == what) {
            Some((_, known_ms)) => *known_ms = until_ms.max(*known_ms),
            None => self.all.push((what, until_ms)),
        }
        if self.all.len() > FORGOTTEN_MAX {
            self.all.sort_unstable_by_key(|&(_, until_ms)| until_ms);
            let (_, oldest_ms) = self.all.remove(0);
            self.floor_ms = self.floor_ms.max(Some(oldest_ms));
        }
    }

    pub(super) fn add_all(&mut self, other: &Self) {
        self.floor_ms = self.floor_ms.max(other.floor_ms);
        for &(what, until_ms) in &other.all {
            self.add(what, until_ms);
        }
    }

    pub(super) fn concerns(&self, seen: &Seen) -> bool {
        self.floor_ms.is_some_and(|floor_ms| seen.at_ms <= floor_ms)
            || self
                .all
                .iter()
                .any(|&(what, until_ms)| seen.at_ms <= until_ms && what.concerns(seen))
    }

    /// Whether adding the other one would change nothing.
    pub(super) fn has_all_of(&self, other: &Self) -> bool {
        let has = |&(what, until_ms): &(Invalidation, i64)| {
            self.floor_ms.is_some_and(|floor_ms| until_ms <= floor_ms)
                || self.all.iter().any(|&(own, own_ms)| own == what && until_ms <= own_ms)
        };
        other.floor_ms <= self.floor_ms && other.all.iter().all(has)
    }

    /// version, checksum of the rest, floor, then each of them.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut rest = self.floor_ms.unwrap_or(i64::MIN).to_le_bytes().to_vec();
        for &(what, until_ms) in &self.all {
            rest.extend(what.to_bytes(until_ms));
        }
        let mut bytes = vec![VERSION];
        bytes.extend(xxh3_64(&rest).to_le_bytes());
        bytes.extend(rest);
        bytes
    }

    /// The same back; nothing if these bytes are something else.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&version, rest) = bytes.split_first()?;
        let (sum, rest) = rest.split_first_chunk()?;
        if version != VERSION || u64::from_le_bytes(*sum) != xxh3_64(rest) {
            return None;
        }
        let (floor, rest) = rest.split_first_chunk()?;
        let floor_ms = Some(i64::from_le_bytes(*floor)).filter(|&floor_ms| floor_ms != i64::MIN);
        if rest.len() % ONE != 0 || rest.len() / ONE > FORGOTTEN_MAX {
            return None;
        }
        let each = rest.chunks_exact(ONE).map(|one| Invalidation::from_bytes(one).ok());
        Some(Self { all: each.collect::<Option<_>>()?, floor_ms })
    }
}

#[cfg(test)]
mod tests {
    use domain::{AirportCode, CarrierCode, PartnerId};

    use super::*;

    fn some() -> Forgotten {
        let mut forgotten = Forgotten::default();
        forgotten.add(Invalidation::Partner(PartnerId::literal("acme")), 5);
        forgotten.add(Invalidation::Carrier(CarrierCode::literal("BA")), 7);
        let (origin, destination) = (AirportCode::literal("EDI"), AirportCode::literal("SIN"));
        forgotten.add(Invalidation::Route { origin, destination }, 6);
        forgotten
    }

    #[test]
    fn what_is_written_is_read_and_nothing_else_is() {
        let mut floored = some();
        floored.floor_ms = Some(3);
        for forgotten in [Forgotten::default(), some(), floored] {
            let bytes = forgotten.to_bytes();
            assert_eq!(Forgotten::from_bytes(&bytes), Some(forgotten));
            for at in 0..bytes.len() {
                let mut other = bytes.clone();
                other[at] ^= 4;
                assert_eq!(Forgotten::from_bytes(&other), None, "byte {at}");
                assert_eq!(Forgotten::from_bytes(&bytes[..at]), None, "{at} bytes");
            }
        }
    }

    #[test]
    fn who_has_all_of_another_has_nothing_to_add() {
        let (mut all, none) = (some(), Forgotten::default());
        assert!(all.has_all_of(&some()) && all.has_all_of(&none) && !none.has_all_of(&all));
        all.add(Invalidation::Carrier(CarrierCode::literal("BA")), 9);
        assert!(all.has_all_of(&some()) && !some().has_all_of(&all));
        let mut merged = some();
        merged.add_all(&all);
        assert!(merged.has_all_of(&all));
    }
}
