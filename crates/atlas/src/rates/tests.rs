use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

use super::*;
use crate::atlas;

fn money(minor: i64, code: &str) -> Money {
    Money::new(minor, CurrencyCode::literal(code))
}

fn table(units: &[(&str, &str)]) -> Rates {
    let units = units.iter().map(|(code, text)| (CurrencyCode::literal(code), *text));
    Rates::new(Date::from_days(0), units, atlas().currencies())
}

#[test]
fn amounts_are_converted_through_the_euro_and_rounded_half_up() {
    let rates = table(&[("USD", "1.25"), ("JPY", "160"), ("KWD", "0.4")]);
    let check = |from: Money, to: &str, expected: i64| {
        let to = CurrencyCode::literal(to);
        assert_eq!(rates.convert(from, to), Some(Money::new(expected, to)), "{from}");
    };
    check(money(10_000, "USD"), "EUR", 8_000);
    check(money(10_000, "EUR"), "JPY", 16_000);
    check(money(16_000, "JPY"), "USD", 12_500);
    check(money(1_000, "KWD"), "EUR", 250);
    check(money(1, "JPY"), "EUR", 1); // 0.625 cent
    check(money(2, "USD"), "EUR", 2); // 1.6 cent
    check(money(-1, "JPY"), "EUR", -1);
    check(money(5, "EUR"), "JPY", 8);
}

#[test]
fn an_exact_half_rounds_away_from_zero() {
    assert_eq!(divide_half_up(5, 2), 3);
    assert_eq!(divide_half_up(-5, 2), -3);
    assert_eq!(divide_half_up(4, 3), 1);
    assert_eq!(divide_half_up(5, 3), 2);
}

#[test]
fn the_same_currency_is_exact_and_unknown_ones_are_not_converted() {
    let rates = table(&[("USD", "1.25")]);
    let yen = money(7, "JPY");
    assert_eq!(rates.convert(yen, yen.currency), Some(yen));
    assert_eq!(rates.convert(yen, CurrencyCode::literal("USD")), None);
    assert_eq!(rates.factor(yen.currency, CurrencyCode::literal("USD")), None);
    assert!(!rates.knows(yen.currency));
}

#[test]
fn a_result_that_does_not_fit_is_refused() {
    let rates = table(&[("IDR", "20000")]);
    assert_eq!(rates.convert(money(i64::MAX, "EUR"), CurrencyCode::literal("IDR")), None);
}

#[test]
fn every_rate_of_the_bank_is_there_and_positive() {
    let rates = atlas().rates();
    assert!(rates.known().count() >= 40);
    assert!(rates.known().all(|code| rates.units_per_euro(code).unwrap() > 0.0));
    let (year, ..) = rates.date().ymd();
    assert!((2024..2100).contains(&year));
}

proptest! {
    #[test]
    fn there_and_back_loses_less_than_the_coarser_unit(minor in 0_i64..1_000_000_000_000) {
        let rates = table(&[("USD", "1.1172"), ("GBP", "0.8338")]);
        let (usd, gbp) = (CurrencyCode::literal("USD"), CurrencyCode::literal("GBP"));
        let there = rates.convert(Money::new(minor, usd), gbp).unwrap();
        let back = rates.convert(there, usd).unwrap();
        prop_assert!((back.minor - minor).abs() <= 1);
        let factor = rates.factor(usd, gbp).unwrap();
        prop_assert!((minor as f64 * factor - there.minor as f64).abs() <= 0.500_1);
        prop_assert_eq!(there.currency, gbp);
    }
}
