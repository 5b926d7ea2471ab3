//! Asking partners over HTTP.

use std::time::Duration;

use partners::ProtocolKind;
use runtime::Random;
use sandbox::{FaultPlan, asked};

use crate::questions;
use crate::world::{Running, Said, assert_same, covering, market, said, today};

const WITHIN: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn what_is_decoded_from_any_partners_answer_is_exactly_what_is_true() {
    let running = Running::start(FaultPlan::none()).await;
    let mut random = Random::from_seed(11);
    let (mut offers, mut by_protocol) = (0, [0_usize; 3]);
    for round in 0..60 {
        let question = questions::random(&mut random);
        let covering = covering(&running.market, &question);
        let some: Vec<_> = covering.iter().copied().step_by(1 + covering.len() / 9).collect();
        let truth = running.market.truth_for(&some, &question, &FaultPlan::none());
        for shown in &truth.partners {
            let (parts, asked) = running.ask(shown.partner, &question, WITHIN).await;
            let seller = running.market.seller(shown.partner).unwrap();
            if asked::as_seen(seller, &question).is_none() {
                assert!(asked.outcome.is_err());
                continue;
            }
            assert!(asked.outcome.is_ok(), "round {round} {seller:?}: {:?}", asked.outcome);
            let right = said([&shown.answer]);
            assert_same(&said(&parts), &right, &format!("round {round}, {}", shown.partner));
            offers += right.len();
            by_protocol[seller.protocol as usize] += right.len();
        }
    }
    assert!(offers > 10_000, "only {offers} offers were compared");
    assert!(by_protocol.iter().all(|&offers| offers > 1_000), "{by_protocol:?}");
    running.stop().await;
}

#[test]
fn the_server_reads_the_question_that_truth_supposes() {
    let market = market();
    let files = market.partner_files("http://127.0.0.1:1");
    let mut random = Random::from_seed(5);
    for round in 0..400_usize {
        let question = questions::random(&mut random);
        let (name, text) = &files[round * 7 % files.len()];
        let settings = partners::PartnerSettings::parse(name, text, None).unwrap();
        let seller = market.seller(settings.id).unwrap();
        let Some(seen) = asked::as_seen(seller, &question) else { continue };
        let body = |outgoing: partners::protocol::Outgoing| outgoing.body;
        let read = match seller.protocol {
            ProtocolKind::Fareway => {
                let outgoing = partners::protocol::fareway::request(&question, &settings).unwrap();
                sandbox::wire::fareway::question(&body(outgoing)).unwrap()
            }
            ProtocolKind::Duffel => {
                let outgoing =
                    partners::protocol::duffel::request(&question, &settings, 5_000).unwrap();
                sandbox::wire::duffel::question(seller, &body(outgoing)).unwrap().0
            }
            ProtocolKind::Amadeus => {
                let token = partners::settings::Secret::new("t".to_owned());
                let outgoing =
                    partners::protocol::amadeus::request(&question, &settings, &token).unwrap();
                sandbox::wire::amadeus::question_of_body(seller, &body(outgoing)).unwrap().0
            }
        };
        assert_eq!(read, seen, "{} {}", seller.id, seller.protocol.name());
    }
}

#[test]
fn a_busy_route_brings_thousands_of_quotes_from_dozens_of_sellers() {
    let question = questions::question("city:LON", "city:NYC", &[40, 54]);
    let market = market();
    let covering = covering(&market, &question);
    let truth = market.truth_for(&covering, &question, &FaultPlan::none());
    let mut sellers: Vec<usize> =
        truth.partners.iter().map(|shown| shown.answer.offers().len()).filter(|&n| n > 0).collect();
    sellers.sort_unstable();
    assert!(sellers.len() >= 30, "{} sellers", sellers.len());
    let average = sellers.iter().sum::<usize>() / sellers.len();
    assert!((55..=110).contains(&average), "{average} offers each");
}

#[test]
fn equal_seeds_give_equal_markets_and_other_seeds_others() {
    let question = questions::question("EDI", "SIN", &[30]);
    let settings = || sandbox::MarketSettings {
        today: sandbox::Today::Fixed(today()),
        ..sandbox::MarketSettings::fast()
    };
    let of = |seed| {
        let market = sandbox::Market::generate(seed, settings()).unwrap();
        let truth = market.truth(&question);
        said(truth.partners.iter().map(|shown| &shown.answer))
    };
    let first = of(3);
    assert!(!first.is_empty());
    assert_eq!(first, of(3));
    assert_ne!(first, of(4));
}

#[test]
fn on_another_day_the_same_flights_have_other_fares_and_a_day_always_the_same() {
    let question = questions::question("EDI", "SIN", &[30]);
    let of = |market: &sandbox::Market| {
        let truth = market.truth(&question);
        said(truth.partners.iter().map(|shown| &shown.answer))
    };
    let market = market();
    let (first, later) = (of(&market), of(&market.on(today().plus_days(20))));
    let flights = |all: &[Said]| {
        all.iter().map(|said| said.itinerary).collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(flights(&first), flights(&later));
    let sum = |all: &[Said]| all.iter().map(|said| said.price.0).sum::<i64>();
    assert!(sum(&later) > sum(&first), "ten days before departure it is dearer");
    assert_eq!(of(&market.on(today().plus_days(20)).on(today())), first);
}
