//! Two tickets: brute force against the product's own way of pairing.

use std::collections::BTreeMap;

use connections::{SelfTransferRules, Touch, pair_self_transfers};
use domain::{AirportCode, CurrencyCode, ItineraryKey, Place, PlaceSet, Question, Segment};
use sandbox::FaultPlan;
use sandbox::truth::{Truth, TwoTickets};

use crate::questions;
use crate::world::{covering, market};

const POUND: CurrencyCode = CurrencyCode::literal("GBP");
const RULES: TwoTickets = TwoTickets {
    change_min: 150,
    airport_change_min: 240,
    change_max: 1_200,
    side_max: usize::MAX,
    combinations_max: usize::MAX,
    currency: POUND,
};

/// An itinerary of one side and where it touches the hub on each leg.
struct Ticket {
    key: ItineraryKey,
    legs: Vec<Vec<Segment>>,
    touches: Vec<Touch>,
}

/// The cheapest price of each itinerary with at most one stop a leg, with where and when it touches.
fn tickets(truth: &Truth, near: bool) -> Vec<Ticket> {
    let mut cheapest: BTreeMap<ItineraryKey, (Vec<Vec<Segment>>, i64)> = BTreeMap::new();
    for shown in &truth.partners {
        for offer in shown.answer.offers() {
            let legs: Vec<Vec<Segment>> =
                shown.answer.legs_of(offer.itinerary).map(|leg| leg.copied().collect()).collect();
            if legs.iter().any(|leg| leg.len() > 2) {
                continue;
            }
            let cost = atlas::atlas().rates().convert(offer.price.unwrap(), POUND).unwrap().minor;
            let key = shown.answer.keys()[offer.itinerary as usize];
            let known = cheapest.entry(key).or_insert((legs, cost));
            known.1 = known.1.min(cost);
        }
    }
    let ticket = |(key, (legs, cost)): (ItineraryKey, (Vec<Vec<Segment>>, i64))| {
        let touch = |(index, leg): (usize, &Vec<Segment>)| {
            let (first, last) = (leg[0], leg[leg.len() - 1]);
            let (airport, time) = match near == (index == 0) {
                true => (last.destination, last.arrives),
                false => (first.origin, first.departs),
            };
            Touch { airport, at: atlas::atlas().utc_minutes(airport, time).unwrap(), cost }
        };
        let touches = legs.iter().enumerate().map(touch).collect();
        Ticket { key, legs, touches }
    };
    let mut tickets: Vec<Ticket> = cheapest.into_iter().map(ticket).collect();
    tickets.sort_by_key(|ticket| (ticket.touches[0].cost, ticket.key));
    tickets
}

/// All pairs the product finds, as (cost, wait, key).
fn paired(near: &[Ticket], far: &[Ticket]) -> Vec<(i64, i32, ItineraryKey)> {
    let city = |code: AirportCode| atlas::atlas().airport(code).unwrap().city;
    let rules = SelfTransferRules {
        change_min: 150,
        change_max: 1_200,
        between_min: &|from, to| (city(from) == city(to)).then_some(240),
        pairs_max: 10_000,
    };
    let out = |side: &[Ticket]| side.iter().map(|ticket| ticket.touches[0]).collect::<Vec<_>>();
    let meet_again =
        |one: usize, other: usize| match (&near[one].touches[..], &far[other].touches[..]) {
            ([_, next], [_, landing]) => rules.allows(*landing, *next),
            _ => true,
        };
    let pairs = pair_self_transfers(&out(near), &out(far), &rules, &meet_again);
    let flown = |pair: &connections::SelfTransfer| {
        let (near, far) = (&near[pair.arrival].legs, &far[pair.departure].legs);
        let legs = near.iter().zip(far).enumerate().map(|(index, (near, far))| {
            let (before, after) = if index == 0 { (near, far) } else { (far, near) };
            before.iter().chain(after)
        });
        ItineraryKey::of(legs)
    };
    pairs.iter().map(|pair| (pair.cost, pair.wait_minutes, flown(pair))).collect()
}

fn truth_of(question: &Question) -> Truth {
    let market = market();
    market.truth_for(&covering(&market, question), question, &FaultPlan::none())
}

/// Compares both ways for the questions near and far of a hub, with so many itineraries a side; how
/// many combinations there are.
fn compare(near: &Question, far: &Question, side_max: usize) -> usize {
    let (near, far) = (truth_of(near), truth_of(far));
    let rules = TwoTickets { side_max, ..RULES };
    let mut found: Vec<_> =
        rules.combine(&near, &far).into_iter().map(|one| (one.minor, one.wait, one.key)).collect();
    let (mut near, mut far) = (tickets(&near, true), tickets(&far, false));
    near.truncate(side_max);
    far.truncate(side_max);
    let mut paired = paired(&near, &far);
    found.sort_unstable();
    paired.sort_unstable();
    assert_eq!(found, paired);
    found.len()
}

#[test]
fn every_pair_of_tickets_that_fits_is_found_at_the_sum_of_both_prices() {
    let near = questions::question("EDI", "LHR", &[40]);
    let far = questions::question("LHR", "JFK", &[40]);
    assert!(compare(&near, &far, usize::MAX) > 50);
    let few = TwoTickets { combinations_max: 5, ..RULES };
    let few = few.combine(&truth_of(&near), &truth_of(&far));
    assert_eq!(few.len(), 5);
    assert!(few.windows(2).all(|pair| pair[0].minor <= pair[1].minor));
}

#[test]
fn tickets_with_a_way_back_meet_twice() {
    // The way back over the ocean takes a night.
    let near = questions::question("EDI", "LHR", &[40, 48]);
    let far = questions::question("LHR", "JFK", &[40, 47]);
    // A hundred itineraries a side make no more pairs than are kept.
    let both = compare(&near, &far, 100);
    assert!((20..10_000).contains(&both), "{both}");
}

#[test]
fn a_hub_with_several_airports_is_left_from_any_of_them() {
    let london = Place::City("LON".parse().unwrap());
    let mut airports = atlas::atlas().airports_of(london).to_vec();
    airports.sort_unstable();
    let hub = PlaceSet { asked: london, airports };
    let mut near = questions::question("EDI", "LHR", &[40]);
    let mut far = questions::question("LHR", "JFK", &[40]);
    let one_airport = compare(&near, &far, usize::MAX);
    near.legs[0].destination = hub.clone();
    far.legs[0].origin = hub;
    let all = compare(&near, &far, usize::MAX);
    assert!(all > one_airport, "{all} and {one_airport}");
    let (near, far) = (truth_of(&near), truth_of(&far));
    let (near_tickets, far_tickets) = (tickets(&near, true), tickets(&far, false));
    let crossing: Vec<ItineraryKey> = near_tickets
        .iter()
        .flat_map(|one| far_tickets.iter().map(move |other| (one, other)))
        .filter(|(one, other)| one.touches[0].airport != other.touches[0].airport)
        .map(|(one, other)| ItineraryKey::of([one.legs[0].iter().chain(&other.legs[0])]))
        .collect();
    let combined = RULES.combine(&near, &far);
    let crossed = combined.iter().filter(|one| crossing.contains(&one.key));
    assert!(crossed.clone().count() > 0, "nobody changes airports");
    assert!(crossed.clone().all(|one| one.wait >= 240));
}
