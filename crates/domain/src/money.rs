//! Money: whole minor units of one currency.

use std::fmt;

use thiserror::Error;

use crate::code::CurrencyCode;

/// An amount in minor units (cent, yen, fils) of one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    /// Minor units; how many make one major unit is the currency's (see `atlas`).
    pub minor: i64,
    /// The currency.
    pub currency: CurrencyCode,
}

/// Two amounts do not add up, or a text is not an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MoneyError {
    /// The amounts are in different currencies.
    #[error("cannot add {left} and {right}")]
    CurrencyMismatch {
        /// Currency of the first amount.
        left: CurrencyCode,
        /// Currency of the second amount.
        right: CurrencyCode,
    },
    /// The amount does not fit.
    #[error("the amount is too large")]
    Overflow,
    /// The text is not a decimal number, or has more decimals than the currency.
    #[error("expected a decimal amount with at most {decimals} decimals")]
    NotAnAmount {
        /// Minor digits of the currency.
        decimals: u8,
    },
}

impl Money {
    /// An amount of minor units.
    #[must_use]
    pub const fn new(minor: i64, currency: CurrencyCode) -> Self {
        Self { minor, currency }
    }

    /// Adds two amounts of the same currency.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`] if the currencies differ, [`MoneyError::Overflow`] if the
    /// sum does not fit.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch {
                left: self.currency,
                right: other.currency,
            });
        }
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, currency: self.currency })
    }

    /// Reads a decimal text such as `184.30` exactly. Trailing zeros beyond the currency's digits
    /// are accepted (`184.300` EUR), other digits there are not.
    ///
    /// # Errors
    /// [`MoneyError::NotAnAmount`] or [`MoneyError::Overflow`].
    pub fn from_decimal(
        text: &[u8],
        currency: CurrencyCode,
        decimals: u8,
    ) -> Result<Self, MoneyError> {
        let wrong = MoneyError::NotAnAmount { decimals };
        let (negative, digits) = match text {
            [b'-', rest @ ..] => (true, rest),
            _ => (false, text),
        };
        let point = digits.iter().position(|&byte| byte == b'.');
        let (whole, fraction) = match point {
            Some(at) => (&digits[..at], &digits[at + 1..]),
            None => (digits, &digits[digits.len()..]),
        };
        if whole.is_empty() || (point.is_some() && fraction.is_empty()) {
            return Err(wrong);
        }
        let kept = fraction.len().min(decimals as usize);
        let (kept, dropped) = fraction.split_at(kept);
        if dropped.iter().any(|&byte| byte != b'0') {
            return Err(wrong);
        }
        let mut minor = 0_i64;
        for &byte in whole.iter().chain(kept) {
            if !byte.is_ascii_digit() {
                return Err(wrong);
            }
            minor = push_digit(minor, byte - b'0')?;
        }
        for _ in kept.len()..decimals as usize {
            minor = push_digit(minor, 0)?;
        }
        Ok(Self { minor: if negative { -minor } else { minor }, currency })
    }

    /// The amount as decimal text with the currency's minor digits, e.g. `184.30`.
    #[must_use]
    pub fn to_decimal(self, decimals: u8) -> String {
        let scale = 10_u64.pow(u32::from(decimals.min(18)));
        let sign = if self.minor < 0 { "-" } else { "" };
        let absolute = self.minor.unsigned_abs();
        if decimals == 0 {
            return format!("{sign}{absolute}");
        }
        format!(
            "{sign}{}.{:0width$}",
            absolute / scale,
            absolute % scale,
            width = decimals as usize
        )
    }
}

fn push_digit(minor: i64, digit: u8) -> Result<i64, MoneyError> {
    minor.checked_mul(10).and_then(|m| m.checked_add(i64::from(digit))).ok_or(MoneyError::Overflow)
}

impl fmt::Display for Money {
    /// Minor units and currency, for logs: `18430 EUR-minor`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}-minor", self.minor, self.currency)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    const EUR: CurrencyCode = CurrencyCode::literal("EUR");

    fn check(text: &str, decimals: u8, expected: Option<i64>) {
        let read = Money::from_decimal(text.as_bytes(), EUR, decimals);
        assert_eq!(read.ok().map(|money| money.minor), expected, "{text}");
    }

    #[test]
    fn decimal_texts_are_read_exactly_or_refused() {
        check("184.30", 2, Some(18_430));
        check("184.3", 2, Some(18_430));
        check("184", 2, Some(18_400));
        check("184.300", 2, Some(18_430));
        check("-0.05", 2, Some(-5));
        check("184.305", 2, None);
        check("12900", 0, Some(12_900));
        check("1.234", 3, Some(1_234));
        check("", 2, None);
        check(".5", 2, None);
        check("5.", 2, None);
        check("1e5", 2, None);
        check("99999999999999999999", 2, None);
    }

    #[test]
    fn amounts_of_two_currencies_do_not_add() {
        let sum = Money::new(1, EUR).checked_add(Money::new(1, CurrencyCode::literal("JPY")));
        assert!(matches!(sum, Err(MoneyError::CurrencyMismatch { .. })));
    }

    proptest! {
        #[test]
        fn written_amounts_read_back(minor in -1_000_000_000_000_i64..1_000_000_000_000, decimals in 0_u8..4) {
            let money = Money::new(minor, EUR);
            let text = money.to_decimal(decimals);
            prop_assert_eq!(Money::from_decimal(text.as_bytes(), EUR, decimals), Ok(money));
        }

        #[test]
        fn no_bytes_make_an_amount_panic(bytes in any::<Vec<u8>>(), decimals in 0_u8..20) {
            let _ = Money::from_decimal(&bytes, EUR, decimals);
        }
    }
}
