//! How an answer is shown: currency, language, and what the traveller ruled in or out from the start.
//!
//! None of it is part of the question, so searches that differ only here share one fan-out. All of
//! it travels in the token, so that a poll needs nothing else.

use std::fmt;
use std::str::FromStr;

use domain::{AgentId, CarrierCode, CurrencyCode};

use crate::error::InvalidDisplay;

/// Ids of one kind that a display may rule in or out.
pub const SELECTION_MAX: usize = 64;

/// A language tag such as `en-GB`: 2 to 16 letters, digits and hyphens.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Locale {
    bytes: [u8; 16],
    len: u8,
}

impl Locale {
    /// English as written in the United Kingdom.
    pub const EN_GB: Self = Self { bytes: *b"en-GB\0\0\0\0\0\0\0\0\0\0\0", len: 5 };

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.bytes[..self.len as usize]).unwrap_or_default()
    }
}

impl FromStr for Locale {
    type Err = InvalidDisplay;

    fn from_str(text: &str) -> Result<Self, InvalidDisplay> {
        let good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if !(2..=16).contains(&text.len()) || !text.bytes().all(good) {
            return Err(InvalidDisplay::Locale);
        }
        let mut bytes = [0_u8; 16];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Ok(Self { bytes, len: text.len() as u8 })
    }
}

impl fmt::Debug for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Values ruled in (empty: all) and ruled out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Selection<T> {
    /// Only these; empty means all.
    pub included: Vec<T>,
    /// None of these.
    pub excluded: Vec<T>,
}

impl<T> Default for Selection<T> {
    fn default() -> Self {
        Self { included: Vec::new(), excluded: Vec::new() }
    }
}

impl<T: PartialEq> Selection<T> {
    /// Whether the value may be shown.
    #[must_use]
    pub fn allows(&self, value: &T) -> bool {
        (self.included.is_empty() || self.included.contains(value))
            && !self.excluded.contains(value)
    }

    /// Whether everything may be shown.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.included.is_empty() && self.excluded.is_empty()
    }
}

/// How one search is shown.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Display {
    /// Prices are converted into this currency.
    pub currency: CurrencyCode,
    /// The traveller's language.
    pub locale: Locale,
    /// Marketing carriers ruled in or out when the search was created.
    pub carriers: Selection<CarrierCode>,
    /// Agents ruled in or out when the search was created.
    pub agents: Selection<AgentId>,
    /// Whether emissions are shown.
    pub sustainability: bool,
}

impl Display {
    /// Whether nobody's offers are left out.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.agents.is_all() && self.carriers.is_all()
    }

    /// Everything shown, in one currency and language.
    #[must_use]
    pub fn new(currency: CurrencyCode, locale: Locale) -> Self {
        Self {
            currency,
            locale,
            carriers: Selection::default(),
            agents: Selection::default(),
            sustainability: false,
        }
    }

    /// Checks the lists against [`SELECTION_MAX`].
    ///
    /// # Errors
    /// [`InvalidDisplay::TooMany`] naming the longest allowed list.
    pub fn validate(&self) -> Result<(), InvalidDisplay> {
        let longest = self
            .carriers
            .included
            .len()
            .max(self.carriers.excluded.len())
            .max(self.agents.included.len())
            .max(self.agents.excluded.len());
        if longest > SELECTION_MAX {
            return Err(InvalidDisplay::TooMany { max: SELECTION_MAX, got: longest });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_is_a_short_tag_and_nothing_else() {
        assert_eq!("zh-Hant-TW".parse::<Locale>().unwrap().as_str(), "zh-Hant-TW");
        assert_eq!(Locale::EN_GB, "en-GB".parse().unwrap());
        for wrong in ["", "e", "en_GB", "en-GB\n", "a-very-long-language-tag"] {
            assert!(wrong.parse::<Locale>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_empty_selection_allows_all_and_exclusion_wins() {
        let mut selection = Selection::<u8>::default();
        assert!(selection.is_all() && selection.allows(&1));
        selection.included = vec![1, 2];
        selection.excluded = vec![2];
        assert!(selection.allows(&1) && !selection.allows(&2) && !selection.allows(&3));
    }
}
