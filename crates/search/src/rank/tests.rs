use proptest::prelude::{any, prop_assert, proptest};

use super::*;

fn measure(price: i64, minutes: u32) -> Measure {
    Measure { price: Some(price), minutes, transfer: Transfer::Managed }
}

fn scale() -> Scale {
    let mut scale = Scale::default();
    scale.widen(100, Some((20_000, 60_000)));
    scale.widen(300, Some((30_000, 100_000)));
    scale
}

fn check(measure: Measure, best: f64, cheapest: f64, fastest: f64) {
    let scores = scale().scores(measure);
    for (name, got, expected) in [
        ("best", scores.best, best),
        ("cheapest", scores.cheapest, cheapest),
        ("fastest", scores.fastest, fastest),
    ] {
        assert!((got - expected).abs() < 1e-12, "{name}: {got} instead of {expected}");
    }
}

#[test]
fn the_formulas_give_what_the_header_says() {
    check(measure(20_000, 100), 1.0, 1.0, 1.0);
    check(measure(40_000, 100), 0.5, 0.75, 1.0);
    check(measure(20_000, 300), 1.0 / 3.0, 1.0, 0.0);
    check(measure(100_000, 200), 0.1, 0.0, 0.5);
}

#[test]
fn separate_tickets_are_worth_less_and_unprotected_ones_still_less() {
    let with = |transfer| Measure { transfer, ..measure(40_000, 100) };
    check(with(Transfer::ProtectedSelfTransfer), 0.5 / 1.1, 0.75, 1.0);
    check(with(Transfer::SelfTransfer), 0.5 / 1.25, 0.75, 1.0);
}

#[test]
fn without_a_price_there_is_only_speed() {
    check(Measure { price: None, ..measure(0, 200) }, 0.0, 0.0, 0.5);
}

#[test]
fn a_single_itinerary_is_the_best_the_cheapest_and_the_fastest() {
    let mut scale = Scale::default();
    scale.widen(100, Some((5, 5)));
    let scores = scale.scores(measure(5, 100));
    assert_eq!(scores, Scores { best: 1.0, cheapest: 1.0, fastest: 1.0 });
    assert_eq!(Scale::default().scores(measure(5, 100)), Scores::default());
}

proptest! {
    #[test]
    fn a_better_place_never_has_a_lower_score(
        prices in any::<[u32; 2]>(), minutes in any::<[u16; 2]>(), transfers in any::<[u8; 2]>(),
        sort in 0_usize..3,
    ) {
        let all = [Transfer::Managed, Transfer::ProtectedSelfTransfer, Transfer::SelfTransfer];
        let [one, other] = [0, 1].map(|at| Measure {
            // One in eight has no price.
            price: (prices[at] % 8 > 0).then_some(i64::from(prices[at] >> 8)),
            minutes: u32::from(minutes[at].max(1)),
            transfer: all[transfers[at] as usize % 3],
        });
        let mut scale = Scale::default();
        for measure in [one, other] {
            scale.widen(measure.minutes, measure.price.map(|price| (price, price)));
        }
        let sort = Sort::ALL[sort];
        let (one_scores, other_scores) = (scale.scores(one), scale.scores(other));
        if Place::of(one, sort) < Place::of(other, sort) {
            prop_assert!(one_scores.of(sort) >= other_scores.of(sort) - 1e-9);
        }
        for scores in [one_scores, other_scores] {
            for sort in Sort::ALL {
                prop_assert!((0.0..=1.0).contains(&scores.of(sort)));
            }
        }
    }
}
