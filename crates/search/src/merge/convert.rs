//! Totals into the display currency: exact, half-up, without 128-bit division for nearly all.
//!
//! The rate between two currencies is measured once as a fixed-point factor. A product that does
//! not lie close to the middle between two minor units rounds the same way as the exact one and is
//! taken; any other, and any large amount, goes through the exact conversion. A test compares both.

use atlas::Rates;
use domain::{CurrencyCode, Money};

/// Amounts above this are converted exactly: below it the factor's error stays far under [`DOUBT`].
const FAST_MAX: i64 = 1 << 30;
/// Bits of a factor behind the point.
const FACTOR_BITS: u32 = 48;
/// Factors above this are not used: their products would not fit.
const FACTOR_MAX: u64 = 1 << (FACTOR_BITS + 15);
/// Half a minor unit, in a product.
const HALF: u64 = 1 << (FACTOR_BITS - 1);
/// How close to the middle between two minor units a product may come: 1/256 of one.
const DOUBT: u64 = 1 << (FACTOR_BITS - 8);
/// A factor is measured by converting this many minor units: 10^14.
const PROBE: i64 = 100_000_000_000_000;
/// The probe's result must have this many units for the factor to be exact enough.
const PROBED_MIN: i64 = 1_000_000_000;

#[derive(Clone, Copy, Debug)]
enum Rate {
    Same,
    Fast(u64),
    Exact,
    Unknown,
}

/// Converts into one currency, remembering the rates it met.
#[derive(Debug)]
pub(crate) struct Converter {
    to: CurrencyCode,
    rates: &'static Rates,
    known: Vec<(CurrencyCode, Rate)>,
    at_hand: (CurrencyCode, Rate),
}

impl Converter {
    pub(crate) fn new(to: CurrencyCode, rates: &'static Rates) -> Self {
        Self { to, rates, known: Vec::new(), at_hand: (to, Rate::Same) }
    }

    /// The amount in minor units of the display currency; `None` without an exchange rate.
    #[inline]
    pub(crate) fn convert(&mut self, money: Money) -> Option<i64> {
        if self.at_hand.0 != money.currency {
            self.at_hand = (money.currency, self.rate(money.currency));
        }
        match self.at_hand.1 {
            // The largest number stands for "no price".
            Rate::Same => (money.minor != i64::MAX).then_some(money.minor),
            Rate::Fast(factor) => match fast(money.minor, factor) {
                Some(minor) => Some(minor),
                None => self.exact(money),
            },
            Rate::Exact => self.exact(money),
            Rate::Unknown => None,
        }
    }

    fn exact(&self, money: Money) -> Option<i64> {
        let converted = self.rates.convert(money, self.to)?.minor;
        (converted != i64::MAX).then_some(converted)
    }

    fn rate(&mut self, from: CurrencyCode) -> Rate {
        if from == self.to {
            return Rate::Same;
        }
        if let Some(&(_, rate)) = self.known.iter().find(|(known, _)| *known == from) {
            return rate;
        }
        let one = self.rates.convert(Money::new(1, from), self.to);
        let probed = self.rates.convert(Money::new(PROBE, from), self.to);
        let rate = match (one, probed) {
            (None, None) => Rate::Unknown,
            (_, Some(probed)) if probed.minor >= PROBED_MIN => {
                let factor = (i128::from(probed.minor) << FACTOR_BITS) / i128::from(PROBE);
                match u64::try_from(factor) {
                    Ok(factor) if factor <= FACTOR_MAX => Rate::Fast(factor),
                    _ => Rate::Exact,
                }
            }
            _ => Rate::Exact,
        };
        self.known.push((from, rate));
        rate
    }
}

/// The product, rounded half-up, if there is no doubt about it.
#[inline]
fn fast(minor: i64, factor: u64) -> Option<i64> {
    if !(0..=FAST_MAX).contains(&minor) {
        return None;
    }
    let product = u128::from(minor as u64) * u128::from(factor);
    let rest = product as u64 & ((1 << FACTOR_BITS) - 1);
    if rest.wrapping_sub(HALF - DOUBT) <= 2 * DOUBT {
        return None;
    }
    Some(((product + u128::from(HALF)) >> FACTOR_BITS) as i64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    proptest! {
        #[test]
        fn the_fast_way_gives_what_the_exact_one_gives(
            small in 0_i64..100_000_000, large in any::<i64>(), pair in any::<[usize; 2]>(),
        ) {
            let atlas = atlas::atlas();
            let codes = atlas.currencies();
            let [from, to] = pair.map(|at| codes[at % codes.len()].code);
            let mut converter = Converter::new(to, atlas.rates());
            for minor in [small, large, 0, 1, i64::MAX, i64::MIN] {
                let money = Money::new(minor, from);
                let exact = atlas.rates().convert(money, to).map(|money| money.minor);
                prop_assert_eq!(converter.convert(money), exact.filter(|&minor| minor != i64::MAX));
            }
        }
    }

    #[test]
    fn amounts_between_two_minor_units_are_left_to_the_exact_way() {
        let one = 1 << FACTOR_BITS;
        assert_eq!(fast(3, one / 2), None);
        assert_eq!(fast(3, one / 10 * 4), Some(1));
        assert_eq!(fast(4, one / 10 * 4), Some(2));
        assert_eq!(fast(FAST_MAX + 1, one), None);
        assert_eq!(fast(-1, one), None);
    }
}
