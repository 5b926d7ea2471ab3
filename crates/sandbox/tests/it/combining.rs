//! Two tickets: brute force against the product's own way of pairing.

use std::collections::BTreeMap;

use connections::{SelfTransferRules, Touch, pair_self_transfers};
use domain::{CurrencyCode, ItineraryKey, Segment};
use sandbox::FaultPlan;
use sandbox::truth::{Truth, TwoTickets};

use crate::questions;
use crate::world::{covering, market};

const POUND: CurrencyCode = CurrencyCode::literal("GBP");

/// The cheapest price of each itinerary with at most one stop, with where and when it touches.
fn touches(truth: &Truth, arrival: bool) -> Vec<(Vec<Segment>, Touch)> {
    let mut cheapest: BTreeMap<ItineraryKey, (Vec<Segment>, i64)> = BTreeMap::new();
    for shown in &truth.partners {
        for offer in shown.answer.offers() {
            let flown: Vec<Segment> =
                shown.answer.legs_of(offer.itinerary).flatten().copied().collect();
            if flown.len() > 2 {
                continue;
            }
            let cost = atlas::atlas().rates().convert(offer.price.unwrap(), POUND).unwrap().minor;
            let key = shown.answer.keys()[offer.itinerary as usize];
            let known = cheapest.entry(key).or_insert((flown, cost));
            known.1 = known.1.min(cost);
        }
    }
    let touch = |(flown, cost): (Vec<Segment>, i64)| {
        let (airport, time) = if arrival {
            (flown[flown.len() - 1].destination, flown[flown.len() - 1].arrives)
        } else {
            (flown[0].origin, flown[0].departs)
        };
        let at = atlas::atlas().utc_minutes(airport, time).unwrap();
        (flown, Touch { airport, at, cost })
    };
    cheapest.into_values().map(touch).collect()
}

#[test]
fn every_pair_of_tickets_that_fits_is_found_at_the_sum_of_both_prices() {
    let market = market();
    let truth_of = |from, to| {
        let question = questions::question(from, to, &[40]);
        market.truth_for(&covering(&market, &question), &question, &FaultPlan::none())
    };
    let (first, second) = (truth_of("EDI", "LHR"), truth_of("LHR", "JFK"));
    let rules = TwoTickets {
        change_min: 150,
        change_max: 1_200,
        side_max: usize::MAX,
        combinations_max: usize::MAX,
        currency: POUND,
    };
    let mut found: Vec<_> = rules
        .combine(&first, &second)
        .into_iter()
        .map(|one| (one.minor, one.wait, one.key))
        .collect();
    let (before, after) = (touches(&first, true), touches(&second, false));
    let only = |side: &[(Vec<Segment>, Touch)]| side.iter().map(|one| one.1).collect::<Vec<_>>();
    let pairing = SelfTransferRules {
        change_min: 150,
        change_max: 1_200,
        between_min: &|_, _| None,
        pairs_max: 10_000,
    };
    let mut paired: Vec<_> = pair_self_transfers(&only(&before), &only(&after), &pairing)
        .into_iter()
        .map(|pair| {
            let flown = before[pair.arrival].0.iter().chain(&after[pair.departure].0);
            (pair.cost, pair.wait_minutes, ItineraryKey::of([flown]))
        })
        .collect();
    found.sort_unstable();
    paired.sort_unstable();
    assert!(found.len() > 50, "{}", found.len());
    assert_eq!(found, paired);
    let few = TwoTickets { combinations_max: 5, ..rules }.combine(&first, &second);
    assert_eq!(few.len(), 5);
    assert!(few.windows(2).all(|pair| pair[0].minor <= pair[1].minor));
}
