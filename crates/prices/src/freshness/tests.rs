use domain::CurrencyCode;
use proptest::prelude::{any, prop_assert, proptest};

use super::*;

const NOW: i64 = 1_700_000_000_000;

fn age(days: i32) -> Age {
    let today = Date::from_days(NOW.div_euclid(DAY_MS) as i32);
    Age {
        partner: PartnerId::literal("acme"),
        departs: today.plus_days(days),
        at_ms: NOW,
        has_offers: true,
        pace: Pace::default(),
    }
}

fn minutes(freshness: &Freshness, age: &Age) -> i64 {
    (freshness.fresh_until_ms(age) - NOW) / 60_000
}

#[test]
fn the_sooner_a_flight_leaves_the_sooner_its_price_is_stale() {
    let by_days =
        [-2, -1, 0, 6, 7, 29, 30, 300].map(|days| minutes(&Freshness::default(), &age(days)));
    assert_eq!(by_days, [0, 240, 240, 240, 1_440, 1_440, 2_160, 2_160]);
}

#[test]
fn no_flights_holds_a_day_and_a_half_however_soon() {
    let none = Age { has_offers: false, ..age(1) };
    assert_eq!(minutes(&Freshness::default(), &none), 2_160);
}

#[test]
fn a_partner_may_have_its_own_lifetimes() {
    let short =
        FreshnessSettings { later_minutes: Limited::literal(30), ..FreshnessSettings::default() };
    let freshness = Freshness::default().with_partner(PartnerId::literal("acme"), short);
    assert_eq!(minutes(&freshness, &age(90)), 30);
    let other = Age { partner: PartnerId::literal("other"), ..age(90) };
    assert_eq!(minutes(&freshness, &other), 2_160);
}

#[test]
fn to_buy_a_price_may_be_ten_minutes_old() {
    let freshness = Freshness::default();
    let partner = PartnerId::literal("acme");
    assert!(freshness.may_be_bought(partner, NOW, NOW + 599_999));
    assert!(!freshness.may_be_bought(partner, NOW, NOW + 600_000));
}

#[test]
fn prices_that_never_change_live_longer_and_restless_ones_shorter() {
    let freshness = Freshness::default();
    let after = |changed: u32| {
        let mut pace = Pace::default();
        for _ in 0..8 {
            pace = pace.observe(6, changed, 24 * HOUR_MS);
        }
        minutes(&freshness, &Age { pace, ..age(10) })
    };
    assert!(after(0) > 1_440, "{}", after(0));
    assert_eq!(after(6), 360);
    assert!(after(1) < 1_440);
}

#[test]
fn a_price_replaced_within_a_minute_teaches_nothing() {
    assert_eq!(Pace::default().observe(6, 6, 59_999), Pace::default());
    assert_eq!(Pace::default().observe(0, 0, HOUR_MS), Pace::default());
}

#[test]
fn a_shown_price_holds_from_four_percent_too_high_to_one_too_low() {
    let eur = |minor| Money::new(minor, CurrencyCode::literal("EUR"));
    let real = |minor| holds(eur(10_000), eur(minor));
    assert_eq!([9_599, 9_600, 10_100, 10_101].map(real), [false, true, true, false]);
    assert!(!holds(eur(100), Money::new(100, CurrencyCode::literal("USD"))));
}

#[test]
fn settings_out_of_range_are_refused() {
    let read = |text: &str| toml::from_str::<FreshnessSettings>(text);
    assert_eq!(read("").unwrap(), FreshnessSettings::default());
    assert!(read("click_out_minutes = 61").is_err());
    assert!(read("unknown = 1").is_err());
}

proptest! {
    #[test]
    fn adapted_lifetimes_stay_between_a_quarter_and_twice_the_base(
        seen in any::<Vec<(u32, u32, i64)>>(),
        days in 0_i32..300,
    ) {
        let freshness = Freshness::default();
        let pace = seen.into_iter().fold(Pace::default(), |pace, (compared, changed, elapsed)| {
            pace.observe(compared, changed, elapsed)
        });
        let (base, adapted) =
            (minutes(&freshness, &age(days)), minutes(&freshness, &Age { pace, ..age(days) }));
        prop_assert!(base / 4 <= adapted && adapted <= base * 2);
        let (changed, watched) = pace.parts();
        prop_assert!(Pace::from_parts(changed, watched) == pace);
    }
}
