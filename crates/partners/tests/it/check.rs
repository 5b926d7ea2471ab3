//! What `fareway partners check` reports.

use std::sync::Arc;
use std::time::Duration;

use partners::{AskerSettings, PartnerSettings, check, fuzz};
use runtime::Deadline;

use crate::server::{Server, status};
use crate::world::{asker, document, partner_file};

async fn report(protocol: &str, endpoint: &str) -> partners::CheckReport {
    let text = partner_file(protocol, endpoint, "");
    let settings = PartnerSettings::parse("test.toml", &text, None).unwrap();
    let deadline = Deadline::after(runtime::now(), Duration::from_secs(2));
    let asker = asker(AskerSettings::default());
    check(&asker, settings, Arc::new(fuzz::question()), deadline).await
}

#[tokio::test]
async fn a_report_says_what_was_understood_and_what_was_not() {
    let server = Server::of(document("fareway/one_good_many_bad.ndjson")).await;
    let report = report("fareway", &server.endpoint).await;
    assert_eq!(
        (report.status, report.parts, report.offers, report.itineraries),
        (Some(200), 1, 1, 1)
    );
    assert_eq!(
        report.sample,
        [
            "KL930 EDI 2027-03-03T06:00:00 - AMS 2027-03-03T08:35:00, KL4005 AMS 2027-03-03T10:50:00 - SIN 2027-03-04T06:15:00, KL836 SIN 2027-03-17T23:55:00 - AMS 2027-03-18T06:40:00, KL931 AMS 2027-03-18T09:15:00 - EDI 2027-03-18T09:50:00, 1184.30 EUR, klm1"
        ]
    );
    assert_eq!((report.unread_count, report.unread.len()), (12, 10));
    assert_eq!(report.unread[1].path, "offers[1].link");
    assert_eq!(report.failure, None);
}

#[tokio::test]
async fn a_report_names_what_went_wrong_with_its_causes() {
    let server = Server::start(|_| status(404)).await;
    let refused = report("fareway", &server.endpoint).await;
    let sentence = "the partner refused with status 404".to_owned();
    assert_eq!(refused.failure, Some(("partner_refused", sentence)));
    let server = Server::of("<html>").await;
    let (code, sentence) = report("duffel", &server.endpoint).await.failure.unwrap();
    assert_eq!(code, "partner_unreadable");
    assert!(
        sentence.starts_with("the answer cannot be read: not valid JSON at byte"),
        "{sentence}"
    );
}
