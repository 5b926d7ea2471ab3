//! Who travels, and where they sit.

use std::fmt;
use std::str::FromStr;

/// A cabin class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cabin {
    /// Economy.
    #[default]
    Economy,
    /// Premium economy.
    PremiumEconomy,
    /// Business.
    Business,
    /// First.
    First,
}

impl Cabin {
    /// All cabins, cheapest first.
    pub const ALL: [Self; 4] = [Self::Economy, Self::PremiumEconomy, Self::Business, Self::First];

    /// Lower-case name: `economy`, `premium_economy`, `business`, `first`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Economy => "economy",
            Self::PremiumEconomy => "premium_economy",
            Self::Business => "business",
            Self::First => "first",
        }
    }
}

impl fmt::Display for Cabin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Cabin {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|cabin| cabin.name().eq_ignore_ascii_case(text))
            .ok_or("expected economy, premium_economy, business or first")
    }
}

/// A party: adults, children by age, infants on lap.
///
/// Shape: 1-8 adults, at most 8 under 18 (children and infants together), not more infants than
/// adults; children's ages (2-17) ascending, so that equal parties are equal values.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Travellers {
    adults: u8,
    children: Vec<u8>,
    infants: u8,
}

/// Why a party cannot be searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTravellers {
    /// Not 1 to 8 adults.
    #[error("adults must be 1 to 8, got {0}")]
    Adults(u32),
    /// More than 8 under 18.
    #[error("at most 8 children and infants, got {0}")]
    TooManyChildren(usize),
    /// An age above 17.
    #[error("a child's age must be 0 to 17, got {0}")]
    ChildAge(u32),
    /// More infants than laps.
    #[error("not more infants (0-1 years) than adults: {infants} infants, {adults} adults")]
    TooManyInfants {
        /// Children aged 0 or 1.
        infants: usize,
        /// Adults.
        adults: u32,
    },
}

impl Travellers {
    /// A party of adults and of children by age; ages 0 and 1 are infants on lap.
    ///
    /// # Errors
    /// [`InvalidTravellers`] naming what is out of range.
    pub fn new(adults: u32, children_ages: &[u32]) -> Result<Self, InvalidTravellers> {
        if !(1..=8).contains(&adults) {
            return Err(InvalidTravellers::Adults(adults));
        }
        if children_ages.len() > 8 {
            return Err(InvalidTravellers::TooManyChildren(children_ages.len()));
        }
        if let Some(&age) = children_ages.iter().find(|&&age| age > 17) {
            return Err(InvalidTravellers::ChildAge(age));
        }
        let infants = children_ages.iter().filter(|&&age| age <= 1).count();
        if infants > adults as usize {
            return Err(InvalidTravellers::TooManyInfants { infants, adults });
        }
        let mut children: Vec<u8> =
            children_ages.iter().filter(|&&age| age > 1).map(|&age| age as u8).collect();
        children.sort_unstable();
        Ok(Self { adults: adults as u8, children, infants: infants as u8 })
    }

    /// One adult.
    #[must_use]
    pub const fn one_adult() -> Self {
        Self { adults: 1, children: Vec::new(), infants: 0 }
    }

    /// Adults, 1-8.
    #[must_use]
    pub const fn adults(&self) -> u8 {
        self.adults
    }

    /// Ages of children with a seat (2-17), ascending.
    #[must_use]
    pub fn children(&self) -> &[u8] {
        &self.children
    }

    /// Infants on lap (0-1 years).
    #[must_use]
    pub const fn infants(&self) -> u8 {
        self.infants
    }

    /// Travellers with a seat.
    #[must_use]
    pub fn seats(&self) -> u32 {
        u32::from(self.adults) + self.children.len() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_parties_are_equal_values_however_their_children_are_listed() {
        assert_eq!(Travellers::new(2, &[11, 1, 4]), Travellers::new(2, &[4, 11, 0]));
    }

    #[test]
    fn parties_out_of_range_are_refused_with_the_reason() {
        assert_eq!(Travellers::new(0, &[]), Err(InvalidTravellers::Adults(0)));
        assert_eq!(Travellers::new(9, &[]), Err(InvalidTravellers::Adults(9)));
        assert_eq!(Travellers::new(1, &[18]), Err(InvalidTravellers::ChildAge(18)));
        assert_eq!(Travellers::new(1, &[9; 9]), Err(InvalidTravellers::TooManyChildren(9)));
        assert_eq!(
            Travellers::new(1, &[0, 1]),
            Err(InvalidTravellers::TooManyInfants { infants: 2, adults: 1 })
        );
    }
}
