//! Failure modes: what arrives of a failing partner is what must be shown of it.

use std::time::Duration;

use domain::{PartnerId, Question};
use partners::{Asked, ProtocolKind};
use runtime::Fault as _;
use sandbox::faults::PartnerFault;
use sandbox::truth::Outcome;
use sandbox::{FaultPlan, Market};

use crate::questions;
use crate::world::{Running, assert_same, covering, market, said};

/// A partner of a protocol with offers for the question.
fn partner(market: &Market, question: &Question, protocol: ProtocolKind) -> PartnerId {
    let covering = covering(market, question);
    let fits = |id: &&PartnerId| {
        let seller = market.seller(**id).unwrap();
        seller.protocol == protocol && seller.manners.parts > 1
    };
    let mut fitting = covering.iter().filter(fits);
    *fitting.find(|id| market.answer(**id, question).offers().len() > 20).unwrap()
}

fn code(asked: &Asked) -> &'static str {
    asked.outcome.as_ref().map_or_else(|error| error.code(), |_| "none")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_failure_mode_of_each_protocol_shows_what_truth_says() {
    let question = questions::question("city:LON", "city:NYC", &[40, 54]);
    for fault in PartnerFault::ALL {
        let market = market();
        let ids = ProtocolKind::ALL.map(|protocol| partner(&market, &question, protocol));
        let mut plan = FaultPlan::none();
        for id in ids {
            plan.set(id, Some(fault));
        }
        let running = Running::start(plan.clone()).await;
        let within =
            Duration::from_millis(if fault == PartnerFault::Hanging { 300 } else { 30_000 });
        for shown in running.market.truth_for(&ids, &question, &plan).partners {
            let (parts, asked) = running.ask(shown.partner, &question, within).await;
            let failed = asked.outcome.is_err();
            assert_eq!(
                failed,
                shown.outcome == Outcome::Fails,
                "{fault:?} {}: {:?}",
                shown.partner,
                asked.outcome
            );
            let mut arrived = said(&parts);
            arrived.dedup();
            let mut right = said([&shown.answer]);
            right.dedup();
            assert_same(&arrived, &right, &format!("{fault:?} {}", shown.partner));
        }
        running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_reach_the_asker_as_what_they_are() {
    let question = questions::question("EDI", "SIN", &[40]);
    let market = market();
    let id = partner(&market, &question, ProtocolKind::Duffel);
    let check = async |fault, expected: &str| {
        let mut plan = FaultPlan::none();
        plan.set(id, Some(fault));
        let running = Running::start(plan).await;
        let (_, asked) = running.ask(id, &question, Duration::from_millis(1_500)).await;
        assert_eq!(code(&asked), expected, "{fault:?}");
        running.stop().await;
    };
    check(PartnerFault::Hanging, "partner_timeout").await;
    check(PartnerFault::Status { code: 502 }, "partner_refused").await;
    check(PartnerFault::Throttled { retry_after_s: 9 }, "partner_throttled").await;
    check(PartnerFault::Reset, "partner_connection_lost").await;
    check(PartnerFault::Truncated, "partner_connection_lost").await;
    check(PartnerFault::LyingLength, "partner_connection_lost").await;
    check(PartnerFault::Malformed, "partner_unreadable").await;
    check(PartnerFault::Slow { ms: 100 }, "none").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_currencies_and_wrong_types_are_counted_as_not_understood() {
    let question = questions::question("EDI", "SIN", &[40]);
    for protocol in ProtocolKind::ALL {
        let market = market();
        let id = partner(&market, &question, protocol);
        for fault in [PartnerFault::UnknownCurrency, PartnerFault::WrongTypes] {
            let mut plan = FaultPlan::none();
            plan.set(id, Some(fault));
            let running = Running::start(plan).await;
            let (_, asked) = running.ask(id, &question, Duration::from_secs(10)).await;
            let whole = market.answer(id, &question).offers().len() as u32;
            assert_eq!(asked.unread.count, whole.div_ceil(3), "{protocol:?} {fault:?}");
            assert_eq!(asked.offers + asked.unread.count, whole);
            running.stop().await;
        }
    }
}
