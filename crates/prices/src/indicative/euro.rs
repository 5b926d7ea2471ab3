//! Euro amounts for comparing prices in different currencies.
//!
//! An amount is kept as a count of [`EURO_UNIT`]ths of a euro in 32 bits: exact to a hundredth of a
//! cent, up to 429,496 EUR. That is for ordering only; what is shown is the price as it was quoted.

use domain::{CurrencyCode, Money};
use runtime::FixedMap;

/// Parts of a euro that comparable amounts are counted in.
pub const EURO_UNIT: u32 = 10_000;

/// Micro-euro in one part.
const MICRO: i64 = 1_000_000 / EURO_UNIT as i64;

/// Exchange rates towards the euro.
#[derive(Clone, Debug, Default)]
pub struct EuroRates {
    /// Parts of a euro for one minor unit.
    parts: FixedMap<CurrencyCode, f64>,
}

impl EuroRates {
    /// Rates from pairs of currency and euro for one minor unit of it. Rates that are not positive
    /// numbers are left out.
    pub fn new(euro_per_minor: impl IntoIterator<Item = (CurrencyCode, f64)>) -> Self {
        let good = |&(_, rate): &(CurrencyCode, f64)| rate.is_finite() && rate > 0.0;
        let parts = |(code, rate)| (code, rate * f64::from(EURO_UNIT));
        Self { parts: euro_per_minor.into_iter().filter(good).map(parts).collect() }
    }

    /// The amount in parts of a euro; `None` if there is no rate, or the amount is not positive or
    /// too large.
    #[must_use]
    pub fn parts(&self, money: Money) -> Option<u32> {
        scale(money.minor, *self.parts.get(&money.currency)?)
    }

    /// Parts of a euro for one minor unit of the currency.
    pub(crate) fn rate(&self, currency: CurrencyCode) -> Option<f64> {
        self.parts.get(&currency).copied()
    }
}

impl From<&atlas::Rates> for EuroRates {
    fn from(rates: &atlas::Rates) -> Self {
        const EUR: CurrencyCode = CurrencyCode::literal("EUR");
        let euro = |code| Some((code, rates.factor(code, EUR)? / 100.0));
        Self::new(rates.known().filter_map(euro))
    }
}

/// Minor units times a rate, rounded; `None` outside 1..`u32::MAX`.
pub(crate) fn scale(minor: i64, rate: f64) -> Option<u32> {
    let parts = (minor as f64 * rate).round();
    (1.0..f64::from(u32::MAX)).contains(&parts).then_some(parts as u32)
}

/// Parts of a euro as micro-euro.
pub(crate) const fn micro(parts: u32) -> i64 {
    parts as i64 * MICRO
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(code: &str, minor: i64, expected: Option<u32>) {
        let rates = EuroRates::from(atlas::atlas().rates());
        assert_eq!(
            rates.parts(Money::new(minor, code.parse().unwrap())),
            expected,
            "{minor} {code}"
        );
    }

    #[test]
    fn amounts_are_compared_in_hundredths_of_a_cent() {
        check("EUR", 1, Some(100));
        check("EUR", 4_294_967_200, None);
        check("EUR", 42_949_672, Some(4_294_967_200));
        check("EUR", 0, None);
        check("EUR", -5, None);
        check("ZZZ", 100, None);
    }

    #[test]
    fn every_currency_with_a_rate_agrees_with_the_exact_conversion() {
        let (table, rates) = (atlas::atlas().rates(), EuroRates::from(atlas::atlas().rates()));
        for code in table.known() {
            let money = Money::new(1_234_567, code);
            let exact = table.convert(money, CurrencyCode::literal("EUR")).unwrap().minor;
            let off = i64::from(rates.parts(money).unwrap()) - exact * 100;
            assert!(off.abs() <= 50, "{code}: {off}");
        }
    }
}
