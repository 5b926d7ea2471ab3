//! Exchange rates of one day, with the euro in the middle.
//!
//! Amounts are converted in whole minor units with 128-bit arithmetic; half a unit rounds away from
//! zero. Rates are kept as the decimals the source prints, so a conversion is reproducible.

use domain::{CurrencyCode, Date, Money};

use crate::currency::Currency;

/// Rates are kept as multiples of a hundred-millionth.
const SCALE: i128 = 100_000_000;

/// Units of each known currency for one euro.
#[derive(Debug)]
pub struct Rates {
    date: Date,
    /// Sorted by code.
    rows: Vec<Row>,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    code: CurrencyCode,
    /// Minor units for one euro, times [`SCALE`].
    minor_per_euro: i128,
    minor_digits: u8,
}

impl Rates {
    /// Reads `code, decimal` pairs; the euro is added, currencies without known digits are left
    /// out.
    pub(crate) fn new<'a>(
        date: Date,
        units: impl Iterator<Item = (CurrencyCode, &'a str)>,
        currencies: &[Currency],
    ) -> Self {
        const EUR: CurrencyCode = CurrencyCode::literal("EUR");
        let digits = |code| {
            let index = currencies.binary_search_by_key(&code, |currency| currency.code).ok()?;
            Some(currencies[index].decimals)
        };
        let mut rows: Vec<Row> = units
            .chain([(EUR, "1")])
            .filter_map(|(code, text)| {
                let minor_digits = digits(code)?;
                let scaled = Money::from_decimal(text.as_bytes(), code, 8).ok()?.minor;
                let minor_per_euro = i128::from(scaled) * 10_i128.pow(u32::from(minor_digits));
                (scaled > 0).then_some(Row { code, minor_per_euro, minor_digits })
            })
            .collect();
        rows.sort_unstable_by_key(|row| row.code);
        Self { date, rows }
    }

    /// The day of the rates.
    #[must_use]
    pub const fn date(&self) -> Date {
        self.date
    }

    /// Whether amounts in the currency can be converted.
    #[must_use]
    pub fn knows(&self, code: CurrencyCode) -> bool {
        self.row(code).is_some()
    }

    /// All currencies with a rate, by code.
    pub fn known(&self) -> impl Iterator<Item = CurrencyCode> + '_ {
        self.rows.iter().map(|row| row.code)
    }

    /// The amount in another currency; the same amount if it is in that currency already.
    /// `None` if a rate is not known or the result does not fit.
    #[must_use]
    pub fn convert(&self, money: Money, to: CurrencyCode) -> Option<Money> {
        if money.currency == to {
            return Some(money);
        }
        let (from, into) = (self.row(money.currency)?, self.row(to)?);
        // At most 9.2e18 * 1e13 * 1e3 units: well within 128 bits.
        let product = i128::from(money.minor) * into.minor_per_euro;
        let rounded = divide_half_up(product, from.minor_per_euro);
        i64::try_from(rounded).ok().map(|minor| Money::new(minor, to))
    }

    /// Minor units of `to` for one minor unit of `from`: for sorting and estimates only, because
    /// it is not exact.
    #[must_use]
    pub fn factor(&self, from: CurrencyCode, to: CurrencyCode) -> Option<f64> {
        if from == to {
            return Some(1.0);
        }
        let (from, into) = (self.row(from)?, self.row(to)?);
        Some(into.minor_per_euro as f64 / from.minor_per_euro as f64)
    }

    /// Major units for one euro, for showing.
    #[must_use]
    pub fn units_per_euro(&self, code: CurrencyCode) -> Option<f64> {
        let row = self.row(code)?;
        Some(row.minor_per_euro as f64 / (SCALE * 10_i128.pow(u32::from(row.minor_digits))) as f64)
    }

    fn row(&self, code: CurrencyCode) -> Option<Row> {
        self.rows.binary_search_by_key(&code, |row| row.code).ok().map(|index| self.rows[index])
    }
}

/// Divides by a positive number; half rounds away from zero.
const fn divide_half_up(value: i128, by: i128) -> i128 {
    let half = by / 2 + by % 2;
    let quotient = value / by;
    let rest = value % by;
    if rest.abs() >= half { quotient + value.signum() } else { quotient }
}

#[cfg(test)]
mod tests;
