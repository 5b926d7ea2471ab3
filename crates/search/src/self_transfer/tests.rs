use std::collections::BTreeMap;

use domain::{CurrencyCode, Segment};
use proptest::collection::vec;
use proptest::prelude::{Strategy, prop_assert_eq, proptest};
use runtime::Limited;

use super::*;
use crate::fixture::{GBP, Spec, answer, display, flight, question_between};
use crate::merge::{merge, merge_with};

fn settings() -> SelfTransferSettings {
    SelfTransferSettings { combinations_max: Limited::literal(500), ..Default::default() }
}

fn money(minor: i64, at: usize) -> Option<Money> {
    let currencies = [GBP, CurrencyCode::literal("EUR"), CurrencyCode::literal("JPY")];
    Some(Money::new(minor, currencies[at % 3]))
}

fn merged(specs: &[Spec]) -> Merged {
    merge(&[answer(specs)], &display(), atlas::atlas())
}

/// Offers from EDI to AMS, or from AMS to SIN, with 0 to 2 stops.
fn any_side(first: bool) -> impl Strategy<Value = Vec<Spec>> {
    let one = (0_u16..8, 0_usize..3, 0_usize..3, 0_usize..4, 1_i64..200_000);
    vec(one, 0..12).prop_map(move |offers| {
        let spec = |(number, stops, agent, currency, minor): (u16, usize, usize, usize, i64)| {
            let [from, to] = if first { ["EDI", "AMS"] } else { ["AMS", "SIN"] };
            let (start, hop) = (i32::from(number) * 150, if first { 60 } else { 500 });
            let ends = [from, "CDG", "FRA", to];
            let mut segments: Vec<Segment> = Vec::new();
            for leg in 0..=stops {
                let to = if leg == stops { to } else { ends[leg + 1] };
                let from = if leg == 0 { from } else { ends[leg] };
                let at = start + leg as i32 * (hop + 90);
                segments.push(flight("KL", 1 + number, [from, to], [at, at + hop + 60]));
            }
            let price = if currency == 3 { None } else { money(minor, currency) };
            Spec::new(vec![segments], ["ba__", "klm1", "mtuk"][agent], price)
        };
        offers.into_iter().map(spec).collect()
    })
}

/// Every pair, tried one by one, straight from the rules.
fn by_brute_force(first: &[Spec], second: &[Spec]) -> BTreeMap<u128, i64> {
    let atlas = atlas::atlas();
    let amount = |spec: &Spec| {
        spec.price.and_then(|price| atlas.rates().convert(price, GBP)).map(|money| money.minor)
    };
    let mut all = BTreeMap::new();
    for one in first.iter().filter(|spec| spec.legs[0].len() <= 2) {
        for other in second.iter().filter(|spec| spec.legs[0].len() <= 2) {
            let (Some(a), Some(b)) = (amount(one), amount(other)) else { continue };
            let (lands, leaves) = (one.legs[0][one.legs[0].len() - 1], other.legs[0][0]);
            let wait = atlas.utc_minutes(leaves.origin, leaves.departs).unwrap()
                - atlas.utc_minutes(lands.destination, lands.arrives).unwrap();
            if lands.destination == leaves.origin && (150..=720).contains(&wait) {
                let flights: Vec<_> = one.legs[0].iter().chain(&other.legs[0]).collect();
                let key = domain::ItineraryKey::of([flights]).0;
                let lowest = all.entry(key).or_insert(i64::MAX);
                *lowest = (a + b).min(*lowest);
            }
        }
    }
    all
}

proptest! {
    #[test]
    fn combinations_are_those_that_trying_every_pair_finds(
        first in any_side(true), second in any_side(false),
    ) {
        let combined = combine(&merged(&first), &merged(&second), &settings());
        let mut found = BTreeMap::new();
        if let Some((answer, parts)) = &combined {
            prop_assert_eq!(answer.offers().len(), parts.len());
            for (offer, [one, other]) in answer.offers().iter().zip(parts) {
                let price = offer.price.unwrap();
                prop_assert_eq!(price, Money::new(one.amount + other.amount, GBP));
                prop_assert_eq!(offer.transfer, Transfer::SelfTransfer);
                found.insert(answer.keys()[offer.itinerary as usize].0, price.minor);
            }
        }
        prop_assert_eq!(found, by_brute_force(&first, &second));
    }
}

fn ticket(ends: [&str; 2], minutes: [i32; 2], agent: &'static str, price: i64) -> Spec {
    let spec = Spec::new(vec![vec![flight("KL", 9, ends, minutes)]], agent, money(price, 1));
    Spec { bags: BagAllowance::Included(1), ..spec }
}

#[test]
fn a_combination_shows_both_tickets_as_they_were_quoted_and_stands_beside_real_offers() {
    let first = [ticket(["EDI", "AMS"], [360, 510], "easy", 4_000)];
    let second = [ticket(["AMS", "SIN"], [720, 1_900], "klm1", 30_000)];
    // The same flights on one ticket, dearer, by a seller of one of the parts.
    let whole = vec![vec![first[0].legs[0][0], second[0].legs[0][0]]];
    let real = Spec::new(whole, "easy", money(90_000, 0));
    let combined = combine(&merged(&first), &merged(&second), &settings());
    let all = merge_with(&[answer(&[real])], combined, GBP, atlas::atlas());
    assert_eq!(all.itineraries().len(), 1);
    let itinerary = &all.itineraries()[0];
    let options = all.options(itinerary);
    assert_eq!(options.len(), 2, "a combination never stands in for a quote");
    assert!(all.is_combination(&options[0]) && !all.is_combination(&options[1]));
    assert_eq!(itinerary.transfer, Transfer::SelfTransfer);
    let offer = all.offer(&options[0]);
    assert_eq!((offer.quoted(), offer.link()), (None, ""), "nobody quoted the sum");
    let parts: Vec<_> =
        offer.parts().map(|part| (part.agent().to_string(), part.quoted(), part.link())).collect();
    assert_eq!(
        parts,
        [
            ("easy".to_owned(), money(4_000, 1), "https://easy.example/book"),
            ("klm1".to_owned(), money(30_000, 1), "https://klm1.example/book"),
        ]
    );
    let sum: i64 = offer.parts().map(|part| part.amount()).sum();
    assert_eq!(offer.amount, Some(sum));
    let flown: Vec<_> = offer.parts().map(|part| part.segments().count()).collect();
    assert_eq!(flown, [1, 1]);
    assert_eq!(all.offer(&options[1]).quoted(), money(90_000, 0));
}

#[test]
fn the_cheapest_combinations_stay_within_the_limit() {
    let first: Vec<_> = (0..20)
        .map(|at| {
            let minutes = [300 + at, 400 + at];
            ticket(["EDI", "AMS"], minutes, "easy", 4_000 + i64::from(at))
        })
        .collect();
    let second = [ticket(["AMS", "SIN"], [720, 1_900], "klm1", 30_000)];
    let few = SelfTransferSettings { combinations_max: Limited::literal(3), ..settings() };
    let (answer, parts) = combine(&merged(&first), &merged(&second), &few).unwrap();
    assert_eq!((answer.offers().len(), parts.len()), (3, 3));
    let quoted: Vec<_> = parts.iter().map(|[one, _]| one.offer().price.unwrap().minor).collect();
    assert_eq!(quoted, [4_000, 4_001, 4_002]);
}

#[test]
fn a_hub_lies_well_on_the_way_and_its_questions_meet_there() {
    let atlas = atlas::atlas();
    let question = question_between(&[(&["EDI"], &["SIN"])]);
    let hub = choose_hub(&question, atlas).unwrap();
    let (edi, sin) = (AirportCode::literal("EDI"), AirportCode::literal("SIN"));
    let way =
        atlas.distance_km(edi, hub.airport).unwrap() + atlas.distance_km(hub.airport, sin).unwrap();
    assert!(way <= 1.35 * atlas.distance_km(edi, sin).unwrap());
    assert_eq!(hub.first.legs[0].origin, question.legs[0].origin);
    assert_eq!(hub.first.legs[0].destination.airports, [hub.airport]);
    assert_eq!(hub.second.legs[0].origin.airports, [hub.airport]);
    assert_eq!(hub.second.legs[0].destination, question.legs[0].destination);
    assert_eq!(Some(hub), choose_hub(&question, atlas));
}

#[test]
fn short_ways_and_returns_have_no_hub() {
    let atlas = atlas::atlas();
    let ways: [&[(&[&str], &[&str])]; 2] =
        [&[(&["EDI"], &["LHR"])], &[(&["EDI"], &["SIN"]), (&["SIN"], &["EDI"])]];
    for legs in ways {
        assert_eq!(choose_hub(&question_between(legs), atlas), None);
    }
}
