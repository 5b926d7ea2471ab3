use std::collections::BTreeMap;

use domain::{AgentId, CurrencyCode, Segment};
use proptest::collection::vec;
use proptest::prelude::{Strategy, prop_assert_eq, proptest};
use runtime::Limited;

use super::*;
use crate::filter::Filters;
use crate::fixture::{GBP, Spec, answer, display, flight, question_between};
use crate::merge::{Combined, Shown, merge};
use crate::view::{View, view};

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

fn merged_with(answers: &[Arc<Answer>], combined: Option<Combined>) -> Merged {
    Shown { currency: GBP, not_before: i32::MIN }.merge(answers, combined, atlas::atlas())
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
    let all = merged_with(&[answer(&[real])], combined);
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

/// A ticket with a way back; minutes after midnight of the first day.
fn return_ticket(
    ends: [&str; 2],
    (out, back): ([i32; 2], [i32; 2]),
    agent: &'static str,
    price: i64,
) -> Spec {
    let [from, to] = ends;
    let legs = vec![
        vec![flight("KL", 9, [from, to], out)],
        vec![flight("KL", 10, [to, from], back.map(|minute| minute + 10 * 1_440))],
    ];
    Spec::new(legs, agent, money(price, 0))
}

#[test]
fn a_return_is_combined_if_its_tickets_meet_on_both_ways() {
    let near = [return_ticket(["EDI", "AMS"], ([360, 510], [1_200, 1_290]), "easy", 4_000)];
    let far = |out: [i32; 2], back: [i32; 2]| {
        let mut ticket = return_ticket(["AMS", "SIN"], (out, back), "klm1", 30_000);
        // Named by their way, so that they are different itineraries.
        ticket.legs[0][0].number = domain::FlightNumber::new(out[0] as u16);
        ticket.legs[1][0].number = domain::FlightNumber::new(back[1] as u16);
        ticket
    };
    let second = [
        far([720, 1_900], [200, 1_000]),
        // Too late for the way back from the hub.
        far([720, 1_900], [300, 1_100]),
        // Too early for the way out.
        far([600, 1_800], [200, 1_000]),
    ];
    let combined = combine(&merged(&near), &merged(&second), &settings());
    let all = merged_with(&[], combined);
    assert_eq!(all.itineraries().len(), 1);
    let itinerary = &all.itineraries()[0];
    let flown: Vec<Vec<_>> = all
        .legs(itinerary)
        .map(|leg| leg.segments().map(|segment| segment.origin.to_string()).collect())
        .collect();
    assert_eq!(flown, [["EDI", "AMS"], ["SIN", "AMS"]]);
    let offer = all.offer(&all.options(itinerary)[0]);
    assert_eq!((offer.amount, offer.parts().len()), (Some(34_000), 2));
    let ends: Vec<Vec<_>> = offer
        .parts()
        .map(|part| part.legs().map(|(from, to)| format!("{from}{to}")).collect())
        .collect();
    assert_eq!(ends, [["EDIAMS", "AMSEDI"], ["AMSSIN", "SINAMS"]]);
}

#[test]
fn the_hub_may_be_left_from_another_airport_of_its_city_if_there_is_time() {
    let first = [ticket(["EDI", "LHR"], [360, 450], "easy", 4_000)];
    let found = |departs: i32, from: &'static str| {
        // Both are local times of one zone in winter.
        let second = [ticket([from, "JFK"], [departs, departs + 200], "klm1", 30_000)];
        combine(&merged(&first), &merged(&second), &settings()).is_some()
    };
    assert!(found(600, "LHR") && !found(599, "LHR"));
    assert!(found(690, "LGW") && !found(689, "LGW"));
    assert!(!found(690, "AMS"));
}

#[test]
fn facet_filter_and_option_agree_on_who_sells_a_combination() {
    let first = [ticket(["EDI", "AMS"], [360, 510], "easy", 4_000)];
    // One that `easy` sells whole, as two tickets, and one of which it sells a half.
    let second = [
        ticket(["AMS", "SIN"], [720, 1_900], "easy", 30_000),
        ticket(["AMS", "SIN"], [740, 1_930], "klm1", 20_000),
    ];
    let combined = combine(&merged(&first), &merged(&second), &settings());
    let question = question_between(&[(&["EDI"], &["SIN"])]);
    let all = merged_with(&[], combined);
    let named = |itinerary: &MergedItinerary| {
        let offer = all.offer(&all.options(itinerary)[0]);
        offer.sole_agent().map(|agent| agent.to_string())
    };
    let shown = |agents: &[&'static str]| {
        let agents = agents.iter().map(|agent| AgentId::literal(agent)).collect();
        let filters = Filters { agents, ..Filters::default() };
        let page = view(&all, &question, &display(), &View { filters, ..View::default() });
        let names = page.rows.iter().map(|row| named(&all.itineraries()[row.itinerary as usize]));
        let mut names: Vec<_> = names.collect();
        names.sort();
        (names, page.facets.agents)
    };
    let easy = Some("easy".to_owned());
    let (everything, facets) = shown(&[]);
    assert_eq!(everything, [None, easy.clone()]);
    let facets: Vec<_> = facets.iter().map(|one| (one.value.to_string(), one.count)).collect();
    assert_eq!(facets, [("easy".to_owned(), 1)]);
    assert_eq!(shown(&["easy"]).0, std::slice::from_ref(&easy));
    assert_eq!(shown(&["klm1"]).0, []);
    assert_eq!(shown(&["easy", "klm1"]).0, [None, easy]);
}
