//! Codes of travel, packed into integers: compared and hashed as numbers, text on every wire.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A text is not a code of the wanted kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected {expected}")]
pub struct CodeError {
    /// What a good code looks like.
    pub expected: &'static str,
}

/// Value of an upper-case letter or digit in base 36; lower case is folded.
const fn digit36(byte: u8) -> Option<u16> {
    match byte {
        b'0'..=b'9' => Some((byte - b'0') as u16),
        b'A'..=b'Z' => Some((byte - b'A') as u16 + 10),
        b'a'..=b'z' => Some((byte - b'a') as u16 + 10),
        _ => None,
    }
}

const fn char36(digit: u16) -> u8 {
    if digit < 10 { b'0' + digit as u8 } else { b'A' + (digit - 10) as u8 }
}

macro_rules! code {
    ($(#[$doc:meta])* $name:ident, $len:literal, letters_only: $letters:literal, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(u16);

        impl $name {
            /// Reads the code from its letters; lower case is accepted.
            ///
            /// # Errors
            /// [`CodeError`] if the length or a character is wrong.
            pub const fn from_bytes(bytes: &[u8]) -> Result<Self, CodeError> {
                const WRONG: CodeError = CodeError { expected: $expected };
                if bytes.len() != $len {
                    return Err(WRONG);
                }
                let mut packed = 0_u16;
                let mut index = 0;
                while index < $len {
                    match digit36(bytes[index]) {
                        Some(digit) if digit >= 10 || !$letters => packed = packed * 36 + digit,
                        _ => return Err(WRONG),
                    }
                    index += 1;
                }
                Ok(Self(packed))
            }

            /// The code written in the source, checked when it compiles.
            ///
            /// # Panics
            /// If the text is not a code; in a `const` that stops the build.
            #[must_use]
            pub const fn literal(text: &str) -> Self {
                match Self::from_bytes(text.as_bytes()) {
                    Ok(code) => code,
                    Err(_) => panic!($expected),
                }
            }

            /// The letters, upper case.
            #[must_use]
            pub const fn to_bytes(self) -> [u8; $len] {
                let mut bytes = [0_u8; $len];
                let mut rest = self.0;
                let mut index = $len;
                while index > 0 {
                    index -= 1;
                    bytes[index] = char36(rest % 36);
                    rest /= 36;
                }
                bytes
            }

            /// The packed number: stable, used in keys and columns.
            #[must_use]
            pub const fn packed(self) -> u16 {
                self.0
            }

            /// The code of a packed number, if there is one.
            #[must_use]
            pub fn from_packed(packed: u16) -> Option<Self> {
                Self::from_bytes(&Self(packed).to_bytes()).ok().filter(|code| code.0 == packed)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let bytes = self.to_bytes();
                f.pad(str::from_utf8(&bytes).unwrap_or_default())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = CodeError;

            fn from_str(text: &str) -> Result<Self, CodeError> {
                Self::from_bytes(text.as_bytes())
            }
        }
    };
}

code!(
    /// An IATA airport code, e.g. `EDI`.
    AirportCode, 3, letters_only: true, "a three-letter IATA airport code, e.g. EDI"
);
code!(
    /// An IATA city or metropolitan code, e.g. `LON`. A city with one airport often shares its code.
    CityCode, 3, letters_only: true, "a three-letter IATA city code, e.g. LON"
);
code!(
    /// An ISO 3166 two-letter country code, e.g. `GB`. Markets are countries.
    CountryCode, 2, letters_only: true, "a two-letter ISO country code, e.g. GB"
);
code!(
    /// An ISO 4217 currency code, e.g. `GBP`.
    CurrencyCode, 3, letters_only: true, "a three-letter ISO currency code, e.g. GBP"
);
code!(
    /// An IATA carrier designator, e.g. `BA` or `U2`.
    CarrierCode, 2, letters_only: false, "a two-character IATA carrier code, e.g. BA or U2"
);

macro_rules! short_id {
    ($(#[$doc:meta])* $name:ident, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; 8]);

        impl $name {
            /// Reads an id of 1 to 8 characters out of `a-z`, `0-9`, `_` and `-`.
            ///
            /// # Errors
            /// [`CodeError`] if the length or a character is wrong.
            pub const fn from_bytes(bytes: &[u8]) -> Result<Self, CodeError> {
                const WRONG: CodeError = CodeError { expected: $expected };
                if bytes.is_empty() || bytes.len() > 8 {
                    return Err(WRONG);
                }
                let mut packed = [0_u8; 8];
                let mut index = 0;
                while index < bytes.len() {
                    match bytes[index] {
                        byte @ (b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-') => packed[index] = byte,
                        _ => return Err(WRONG),
                    }
                    index += 1;
                }
                Ok(Self(packed))
            }

            /// The id written in the source, checked when it compiles.
            ///
            /// # Panics
            /// If the text is not an id; in a `const` that stops the build.
            #[must_use]
            pub const fn literal(text: &str) -> Self {
                match Self::from_bytes(text.as_bytes()) {
                    Ok(id) => id,
                    Err(_) => panic!($expected),
                }
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                let end = self.0.iter().position(|&byte| byte == 0).unwrap_or(8);
                str::from_utf8(&self.0[..end]).unwrap_or_default()
            }

            /// The packed number: stable, used in keys and columns; orders as the text does.
            #[must_use]
            pub const fn packed(self) -> u64 {
                u64::from_be_bytes(self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = CodeError;

            fn from_str(text: &str) -> Result<Self, CodeError> {
                Self::from_bytes(text.as_bytes())
            }
        }
    };
}

short_id!(
    /// A seller a traveller sees, e.g. `ba__`.
    AgentId, "an agent id of 1 to 8 characters out of a-z, 0-9, _ and -"
);
short_id!(
    /// A system we ask.
    PartnerId, "a partner id of 1 to 8 characters out of a-z, 0-9, _ and -"
);

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn codes_keep_their_letters_and_fold_case() {
        assert_eq!(AirportCode::literal("edi").to_string(), "EDI");
        assert_eq!("U2".parse::<CarrierCode>().unwrap().to_string(), "U2");
        assert_eq!(AgentId::literal("ba__").to_string(), "ba__");
    }

    #[test]
    fn wrong_lengths_and_characters_are_refused() {
        assert!("ED".parse::<AirportCode>().is_err());
        assert!("E1I".parse::<AirportCode>().is_err());
        assert!("ÉDI".parse::<AirportCode>().is_err());
        assert!("".parse::<AgentId>().is_err());
        assert!("BA".parse::<AgentId>().is_err());
        assert!("ninechars".parse::<PartnerId>().is_err());
    }

    proptest! {
        #[test]
        fn a_packed_airport_unpacks_to_itself(text in "[A-Z]{3}") {
            let code: AirportCode = text.parse().unwrap();
            prop_assert_eq!(code.to_string(), text);
            prop_assert_eq!(AirportCode::from_packed(code.packed()), Some(code));
        }

        #[test]
        fn no_bytes_make_a_code_panic(bytes in any::<Vec<u8>>()) {
            let _ = AirportCode::from_bytes(&bytes);
            let _ = CarrierCode::from_bytes(&bytes);
            let _ = AgentId::from_bytes(&bytes);
        }
    }
}
