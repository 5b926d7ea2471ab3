use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use domain::{Money, Transfer};
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, proptest};

use super::*;
use crate::fixture::{GBP, KPW, Spec, answer, any_answers, day, display, flight, seen};

const EUR: CurrencyCode = CurrencyCode::literal("EUR");

fn merge_specs(answers: &[Vec<Spec>]) -> Merged {
    let answers: Vec<_> = answers.iter().map(|specs| answer(specs)).collect();
    merge(&answers, &display(), atlas::atlas())
}

fn direct(number: u16) -> Vec<Vec<domain::Segment>> {
    vec![vec![flight("BA", number, ["EDI", "SIN"], [600, 1_900])]]
}

fn gbp(minor: i64) -> Option<Money> {
    Some(Money::new(minor, GBP))
}

fn agents_and_amounts(merged: &Merged) -> Vec<(String, Option<i64>)> {
    let itinerary = &merged.itineraries()[0];
    let options = merged.options(itinerary).into_iter().map(|option| merged.offer(&option));
    options.map(|offer| (offer.agent().to_string(), offer.amount)).collect()
}

#[test]
fn the_same_itinerary_of_many_sellers_becomes_one_with_the_cheapest_first() {
    let merged = merge_specs(&[
        vec![Spec::new(direct(1), "ba__", gbp(30_000)), Spec::new(direct(2), "ba__", gbp(1))],
        vec![Spec::new(direct(1), "mtuk", gbp(20_000))],
    ]);
    assert_eq!(merged.itineraries().len(), 2);
    let options = agents_and_amounts(&merged);
    assert_eq!(options, [("mtuk".to_owned(), Some(20_000)), ("ba__".to_owned(), Some(30_000))]);
}

#[test]
fn a_seller_keeps_its_cheapest_offer_of_each_brand() {
    let brand = |brand, minor| Spec { brand, ..Spec::new(direct(1), "ba__", gbp(minor)) };
    let merged = merge_specs(&[
        vec![brand("LIGHT", 300), brand("FLEX", 500)],
        vec![brand("LIGHT", 200), brand("FLEX", 600)],
    ]);
    let options = agents_and_amounts(&merged);
    assert_eq!(options, [("ba__".to_owned(), Some(200)), ("ba__".to_owned(), Some(500))]);
}

#[test]
fn a_flight_that_has_departed_is_not_shown() {
    let at = |departs: i32| {
        let out = flight("BA", 1, ["EDI", "SIN"], [departs, departs + 900]);
        let home = flight("BA", 2, ["SIN", "EDI"], [20_000, 21_000]);
        Spec::new(vec![vec![out], vec![home]], "ba__", gbp(30_000))
    };
    let answers = [answer(&[at(599), at(600), at(601)])];
    // In winter Edinburgh's clock is UTC.
    let not_before = day().at_minute(600).minutes();
    let merged = Shown { currency: GBP, not_before }.merge(&answers, None, atlas::atlas());
    let departs =
        |itinerary| merged.legs(itinerary).next().unwrap().departs().minutes() - not_before;
    let mut shown: Vec<i32> = merged.itineraries().iter().map(departs).collect();
    shown.sort_unstable();
    assert_eq!((shown, merged.dropped(), merged.first_departs), (vec![0, 1], 1, not_before));
}

#[test]
fn offers_without_a_price_or_a_rate_stay_and_stand_last() {
    let merged = merge_specs(&[vec![
        Spec::new(direct(1), "np__", None),
        Spec::new(direct(1), "kpw_", Some(Money::new(5, KPW))),
        Spec::new(direct(1), "ba__", gbp(30_000)),
    ]]);
    let options = agents_and_amounts(&merged);
    let last: BTreeSet<_> = options[1..].iter().cloned().collect();
    assert_eq!(options[0], ("ba__".to_owned(), Some(30_000)));
    assert_eq!(last, [("kpw_".to_owned(), None), ("np__".to_owned(), None)].into());
    let quoted: Vec<_> = merged
        .options(&merged.itineraries()[0])
        .iter()
        .map(|option| merged.offer(option).quoted())
        .collect();
    assert!(quoted.contains(&Some(Money::new(5, KPW))), "the quote itself is still shown");
}

#[test]
fn an_offer_is_shown_as_quoted_and_converted_once() {
    let merged = merge_specs(&[vec![Spec::new(direct(1), "ba__", Some(Money::new(11_845, EUR)))]]);
    let option = merged.options(&merged.itineraries()[0])[0];
    let exact = atlas::atlas().rates().convert(Money::new(11_845, EUR), GBP).unwrap();
    assert_eq!(merged.offer(&option).quoted(), Some(Money::new(11_845, EUR)));
    assert_eq!(option.amount(), Some(exact.minor));
}

#[test]
fn times_that_make_no_itinerary_are_left_out_and_counted() {
    let backwards = vec![vec![flight("BA", 1, ["EDI", "SIN"], [600, 700])]];
    let nowhere = vec![vec![flight("BA", 2, ["EDI", "XXZ"], [600, 700])]];
    let merged = merge_specs(&[vec![
        Spec::new(backwards, "ba__", gbp(1)),
        Spec::new(nowhere, "ba__", gbp(2)),
        Spec::new(direct(1), "ba__", gbp(3)),
    ]]);
    assert_eq!((merged.itineraries().len(), merged.dropped()), (1, 2));
    assert_eq!(merged.option_count(), 1);
}

#[test]
fn durations_follow_the_clocks_at_both_ends() {
    // 28 March 2027: clocks go forward in Britain at 01:00, so 00:30 to 02:30 is one hour.
    let night = domain::Date::from_ymd(2027, 3, 28).unwrap();
    let mut short = flight("BA", 1, ["EDI", "LHR"], [0, 0]);
    (short.departs, short.arrives) = (night.at_minute(30), night.at_minute(150));
    // Auckland to Honolulu lands on the day before.
    let mut line = flight("NZ", 2, ["AKL", "HNL"], [0, 0]);
    (line.departs, line.arrives) = (day().at_minute(1_430), day().at_minute(530));
    let merged = merge_specs(&[vec![
        Spec::new(vec![vec![short]], "ba__", gbp(1)),
        Spec::new(vec![vec![line]], "nz__", gbp(2)),
    ]]);
    let minutes: BTreeSet<_> =
        merged.itineraries().iter().map(|itinerary| itinerary.duration_minutes).collect();
    // 23:50 at UTC+13 to 08:50 at UTC-10 of the same date: 15 hours back, 23 hours of zones.
    assert_eq!(minutes, [60, 8 * 60].into());
}

#[test]
fn the_seller_that_names_the_operator_is_believed() {
    let codeshare = |operator: &str| {
        let mut legs = direct(1);
        legs[0][0].operating = domain::CarrierCode::literal(operator);
        legs
    };
    let bare = vec![Spec::new(codeshare("BA"), "ba__", gbp(1))];
    let named = vec![Spec::new(codeshare("LM"), "mtuk", gbp(2))];
    for order in [[bare.clone(), named.clone()], [named, bare]] {
        let merged = merge_specs(&order);
        let leg = merged.legs(&merged.itineraries()[0]).next().unwrap();
        let operators: Vec<_> = leg.segments().map(|s| s.operating.to_string()).collect();
        assert_eq!(operators, ["LM"]);
    }
}

#[test]
fn many_offers_of_one_itinerary_are_kept_apart_as_few_are() {
    const BRANDS: [&str; 3] = ["", "LIGHT", "FLEX"];
    const AGENTS: [&str; 5] = ["ba__", "klm1", "mtuk", "gtuk", "easy"];
    let specs: Vec<Spec> = (0..400_usize)
        .map(|index| Spec {
            brand: BRANDS[index % 3],
            ..Spec::new(direct(1), AGENTS[index % 5], gbp(1_000 - index as i64))
        })
        .collect();
    let merged = merge_specs(&[specs]);
    assert_eq!(merged.option_count(), 15);
    assert_eq!(merged.itineraries()[0].price, Some(601));
}

/// Merging done the slow way, straight from the rules.
fn merged_by_the_rules(
    answers: &[Vec<Spec>],
) -> BTreeMap<u128, Vec<(String, String, Option<i64>)>> {
    let atlas = atlas::atlas();
    let mut all: BTreeMap<u128, BTreeMap<(String, String), Option<i64>>> = BTreeMap::new();
    for spec in answers.iter().flatten() {
        let sensible = spec.legs.iter().all(|leg| {
            let (first, last) = (leg[0], leg[leg.len() - 1]);
            let minutes =
                atlas.duration_minutes(first.origin, first.departs, last.destination, last.arrives);
            minutes.is_some_and(|minutes| minutes > 0)
        });
        if !sensible {
            continue;
        }
        let amount = spec
            .price
            .and_then(|price| atlas.rates().convert(price, GBP))
            .map(|converted| converted.minor);
        let sellers = all.entry(spec.key().0).or_default();
        let cheapest = sellers.entry((spec.agent.to_owned(), spec.brand.to_owned())).or_default();
        *cheapest = match (*cheapest, amount) {
            (Some(known), Some(other)) => Some(known.min(other)),
            (known, other) => known.or(other),
        };
    }
    let sorted = |sellers: BTreeMap<(String, String), Option<i64>>| {
        let mut rows: Vec<_> =
            sellers.into_iter().map(|((agent, brand), amount)| (agent, brand, amount)).collect();
        rows.sort_by_key(|(agent, brand, amount)| {
            (amount.unwrap_or(i64::MAX), agent.clone(), brand.clone())
        });
        rows
    };
    all.into_iter().map(|(key, sellers)| (key, sorted(sellers))).collect()
}

fn answers_in_two_orders() -> impl Strategy<Value = (Vec<Vec<Spec>>, Vec<Vec<Spec>>)> {
    any_answers().prop_flat_map(|answers| {
        let again = proptest::sample::subsequence(answers.clone(), 0..=answers.len());
        let mixed = again.prop_flat_map({
            let answers = answers.clone();
            move |again| {
                let all: Vec<_> = answers.iter().chain(&again).cloned().collect();
                Just(all).prop_shuffle()
            }
        });
        (Just(answers), mixed)
    })
}

proptest! {
    #[test]
    fn merging_does_not_depend_on_the_order_or_repetition_of_answers(
        (answers, mixed) in answers_in_two_orders(),
    ) {
        prop_assert_eq!(seen(&merge_specs(&answers)), seen(&merge_specs(&mixed)));
    }

    #[test]
    fn merging_does_not_depend_on_how_an_answer_is_cut_into_parts(
        answers in any_answers(), cut in 1_usize..4,
    ) {
        let parts: Vec<Vec<Spec>> =
            answers.iter().flat_map(|specs| specs.chunks(cut).map(<[Spec]>::to_vec)).collect();
        prop_assert_eq!(seen(&merge_specs(&answers)), seen(&merge_specs(&parts)));
    }

    #[test]
    fn the_option_in_front_is_the_first_in_order(answers in any_answers()) {
        let merged = merge_specs(&answers);
        for itinerary in merged.itineraries() {
            let (sorted, any) = (merged.options(itinerary), merged.any_order(itinerary));
            prop_assert_eq!(compare_options(&merged, &any[0], &sorted[0]), Ordering::Equal);
            prop_assert_eq!(sorted.len(), any.len());
            prop_assert!(any.iter().all(|option| sorted.contains(option)));
            prop_assert!(sorted.is_sorted_by(|a, b| compare_options(&merged, a, b).is_le()));
        }
    }

    #[test]
    fn merging_keeps_every_seller_and_brand_at_its_lowest_total(answers in any_answers()) {
        let merged = merge_specs(&answers);
        let mut rows = BTreeMap::new();
        for itinerary in merged.itineraries() {
            let options: Vec<_> = merged.options(itinerary).iter().map(|option| {
                let offer = merged.offer(option);
                (offer.agent().to_string(), offer.brand().to_owned(), offer.amount)
            }).collect();
            prop_assert_eq!(itinerary.price, options[0].2);
            rows.insert(itinerary.key.0, options);
        }
        prop_assert_eq!(rows, merged_by_the_rules(&answers));
    }

    #[test]
    fn every_total_shown_is_one_that_a_partner_quoted(answers in any_answers(), first in any::<bool>()) {
        let merged = merge_specs(&answers);
        for itinerary in merged.itineraries() {
            let options = merged.options(itinerary);
            let shown = if first { &options[..1] } else { &options[..] };
            for option in shown {
                let offer = merged.offer(option);
                let quoted = answers.iter().flatten().any(|spec| {
                    spec.key() == itinerary.key
                        && spec.agent == offer.agent().as_str()
                        && spec.brand == offer.brand()
                        && spec.price == offer.quoted()
                        && spec.link == offer.link()
                        && spec.transfer == offer.transfer()
                });
                prop_assert_eq!(quoted, true);
                prop_assert_eq!(offer.transfer() == Transfer::Managed, option.transfer() == Transfer::Managed);
            }
        }
    }
}
