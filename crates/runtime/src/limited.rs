//! Numbers with a range, checked when settings are read.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::{Serialize, Serializer};
use thiserror::Error as ThisError;

/// A whole number between `MIN` and `MAX`, both included.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Limited<const MIN: u64, const MAX: u64>(u64);

/// A number outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
#[error("{value} is outside {min}..={max}")]
pub struct OutsideRange {
    /// The refused value.
    pub value: u64,
    /// Smallest allowed.
    pub min: u64,
    /// Largest allowed.
    pub max: u64,
}

impl<const MIN: u64, const MAX: u64> Limited<MIN, MAX> {
    /// The number, if it is within range.
    ///
    /// # Errors
    /// [`OutsideRange`] otherwise.
    pub const fn new(value: u64) -> Result<Self, OutsideRange> {
        if value < MIN || value > MAX {
            return Err(OutsideRange { value, min: MIN, max: MAX });
        }
        Ok(Self(value))
    }

    /// A number written in the source, checked when it compiles.
    ///
    /// # Panics
    /// If it is out of range; in a `const` that stops the build.
    #[must_use]
    #[expect(clippy::panic, reason = "for literals only; documented")]
    pub const fn literal(value: u64) -> Self {
        match Self::new(value) {
            Ok(limited) => limited,
            Err(_) => panic!("a literal outside its range"),
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The number as a size.
    #[must_use]
    pub const fn size(self) -> usize {
        self.0 as usize
    }

    /// The number as milliseconds.
    #[must_use]
    pub const fn ms(self) -> std::time::Duration {
        std::time::Duration::from_millis(self.0)
    }

    /// The allowed range, for explaining.
    #[must_use]
    pub const fn range() -> (u64, u64) {
        (MIN, MAX)
    }
}

impl<'de, const MIN: u64, const MAX: u64> Deserialize<'de> for Limited<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_i64(Reader::<MIN, MAX>)
    }
}

/// Reads a number, and says what range it wants of anything else.
struct Reader<const MIN: u64, const MAX: u64>;

impl<const MIN: u64, const MAX: u64> Visitor<'_> for Reader<MIN, MAX> {
    type Value = Limited<MIN, MAX>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from {MIN} to {MAX}")
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        let number = u64::try_from(value).ok().and_then(|value| Limited::new(value).ok());
        number.ok_or_else(|| E::custom(format!("{value} is outside {MIN}..={MAX}")))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Limited::new(value).map_err(E::custom)
    }
}

impl<const MIN: u64, const MAX: u64> Serialize for Limited<MIN, MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

impl<const MIN: u64, const MAX: u64> fmt::Debug for Limited<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::Limited;

    #[derive(Debug, Deserialize)]
    struct Settings {
        deadline_ms: Limited<50, 60_000>,
    }

    fn check(text: &str, expected: Result<u64, &str>) {
        let read: Result<Settings, _> = toml::from_str(text);
        match expected {
            Ok(value) => assert_eq!(read.unwrap().deadline_ms.get(), value),
            Err(part) => assert!(read.unwrap_err().to_string().contains(part)),
        }
    }

    #[test]
    fn a_number_outside_its_range_is_refused_with_the_range() {
        check("deadline_ms = 8000", Ok(8_000));
        check("deadline_ms = 49", Err("49 is outside 50..=60000"));
        check("deadline_ms = 90000", Err("90000 is outside 50..=60000"));
        check("deadline_ms = -1", Err("-1 is outside 50..=60000"));
        check("deadline_ms = \"8\"", Err("invalid type"));
    }
}
