//! Currencies and how amounts in them are written.

use domain::CurrencyCode;

/// A currency, with the way its home country writes it.
#[derive(Clone, Debug)]
pub struct Currency {
    /// ISO 4217 code.
    pub code: CurrencyCode,
    /// English name.
    pub name: &'static str,
    /// Symbol that no other currency here shares a country prefix with, e.g. `€`, `CA$`, `kr`.
    pub symbol: &'static str,
    /// Minor digits of ISO 4217: 2 for EUR, 0 for JPY, 3 for KWD.
    pub decimals: u8,
    /// Between groups of three digits.
    pub thousands: &'static str,
    /// Before the minor digits.
    pub decimal: &'static str,
    /// Whether the symbol stands before the amount.
    pub symbol_on_left: bool,
    /// Whether a space stands between symbol and amount.
    pub space: bool,
}

impl Currency {
    /// An amount of minor units as the currency's home writes it: `€` 1184.50 is `1.184,50 €`.
    #[must_use]
    pub fn format(&self, minor: i64) -> String {
        let decimal = domain::Money::new(minor, self.code).to_decimal(self.decimals);
        let (sign, digits) = match decimal.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", &decimal[..]),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let mut amount = String::with_capacity(decimal.len() + 8);
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index).is_multiple_of(3) {
                amount.push_str(self.thousands);
            }
            amount.push(digit);
        }
        if !fraction.is_empty() {
            amount.push_str(self.decimal);
            amount.push_str(fraction);
        }
        let space = if self.space { "\u{a0}" } else { "" };
        if self.symbol_on_left {
            format!("{sign}{}{space}{amount}", self.symbol)
        } else {
            format!("{sign}{amount}{space}{}", self.symbol)
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::CurrencyCode;

    use crate::atlas;

    #[test]
    fn amounts_are_written_as_at_home() {
        let check = |code: &str, minor: i64, expected: &str| {
            let currency = atlas().currency(CurrencyCode::literal(code)).unwrap();
            assert_eq!(currency.format(minor), expected);
        };
        check("EUR", 118_450, "1.184,50\u{a0}€");
        check("GBP", 118_450, "£1,184.50");
        check("USD", -5, "-$0.05");
        check("JPY", 1_234_567, "¥1,234,567");
        check("KWD", 1_000, "1.000\u{a0}KWD");
        check("SEK", 99_900, "999,00\u{a0}kr");
        check("USD", i64::MIN, "-$92,233,720,368,547,758.08");
    }

    #[test]
    fn every_currency_has_what_writing_it_needs() {
        for currency in atlas().currencies() {
            assert!(!currency.symbol.is_empty() && !currency.name.is_empty(), "{}", currency.code);
            assert!(!currency.decimal.is_empty() && !currency.thousands.is_empty());
            assert!(currency.decimals <= 3 && currency.decimal != currency.thousands);
        }
    }
}
