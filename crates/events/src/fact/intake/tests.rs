use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::{any, prop_assert, proptest};
use runtime::Limited;
use serde_json::{Value as Json, json};
use storage::disk::FaultDisk;

use super::super::tests::{any_facts, click, origin, recording, stamped, stand_in};
use super::super::{FactSettings, Profile};
use super::*;
use crate::log::{FileLog, LogSettings};

const ID: &str = "000001a1b2c3d4e5f60718293a4b5c6d";

fn lines(facts: &[Json]) -> Vec<u8> {
    facts.iter().map(|fact| format!("{fact}\n")).collect::<String>().into_bytes()
}

fn call(fields: &Json) -> Json {
    let mut fact = json!({
        "kind": "partner_call", "question": ID, "partner": "ag0001", "took_ms": 120, "offers": 30,
    });
    fact.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    fact
}

fn timing() -> Json {
    json!({"kind": "page_timing", "page": "results", "metric": "lcp", "ms": 812.5})
}

async fn take(recorder: &Recorder, sender: Sender, body: &[u8]) -> TakenIn {
    recorder.keep(recorder.sort(sender, body).unwrap()).await.unwrap()
}

/// A body of the largest size that is all of the shortest lines.
#[tokio::test]
async fn a_body_of_nothing_but_wrong_lines_still_fits_into_the_log() {
    let (recorder, log) = recording(&Arc::new(FaultDisk::from_seed(1))).await;
    let body = "x\n".repeat(2 << 20);
    let taken = take(&recorder, Sender::Server, body.as_bytes()).await;
    assert_eq!((taken.refused, taken.durable), (2 << 20, 0));
    assert!(taken.unkept > 0 && taken.unkept < taken.refused, "{}", taken.unkept);
    let body = "{\"kind\":\"page_failed\",\"page\":\"\",\"error\":\"\"}\n".repeat(90_000);
    let taken = take(&recorder, Sender::Server, body.as_bytes()).await;
    assert_eq!(taken.waiting + taken.dropped, 90_000);
    recorder.flush().await;
    assert_eq!(stand_in(&log, Profile::Bronze).await.len() as u64, taken.waiting);
}

/// Number, field and sentence of what was refused.
fn named(taken: &TakenIn) -> Vec<(u64, &str, &str)> {
    let refused = taken.first_refused.iter();
    refused.map(|one| (one.line, one.unfit.field.as_str(), one.unfit.sentence.as_str())).collect()
}

#[tokio::test]
async fn what_a_server_sends_is_durable_when_it_is_acknowledged_with_its_own_ids_and_times() {
    let disk = Arc::new(FaultDisk::from_seed(1));
    let (recorder, log) = recording(&disk).await;
    let happened = runtime::unix_ms() - 5_000;
    let gold = json!({
        "kind": "click_out", "id": ID, "happened": happened, "visit": ID, "search": ID,
        "itinerary": ID, "agent": "ba__", "changed": false, "market": "GB",
    });
    let body = lines(&[call(&json!({})), gold, call(&json!({"fault": "partner_timeout"}))]);
    let taken = take(&recorder, Sender::Server, &body).await;
    assert_eq!(taken, TakenIn { durable: 3, ..TakenIn::default() });
    drop((recorder, log));
    disk.crash();
    disk.reboot();
    let (_, log) = recording(&disk).await;
    let gold = stand_in(&log, Profile::Gold).await;
    assert_eq!((gold.len(), &gold[0]["id"], &gold[0]["visit"]), (1, &json!(ID), &json!(ID)));
    assert_eq!(gold[0]["happened"], happened);
    assert_eq!(gold[0]["cell"], origin().cell);
    let silver = stand_in(&log, Profile::Silver).await;
    assert_eq!(silver.len(), 2);
    assert_eq!(silver[1]["fault"], "partner_timeout");
    assert_ne!(silver[0]["id"], silver[1]["id"]);
}

#[tokio::test]
async fn wrong_lines_are_named_and_kept_aside_and_hold_up_nothing() {
    let (recorder, log) = recording(&Arc::new(FaultDisk::from_seed(1))).await;
    let mut body = lines(&[
        call(&json!({"took_ms": -1})),
        call(&json!({})),
        json!({"kind": "no_such_kind"}),
        json!({"page": "results"}),
        call(&json!({"colour": "red"})),
        call(&json!({"id": "x"})),
        call(&json!({"happened": 5})),
        json!({"kind": "fact_refused", "sender": "x", "field": "x", "sentence": "x", "said": "x"}),
    ]);
    body.extend(b"\n[1]\n{\"kind\": \"page_sh");
    body.extend(b"\n\xff\xfe\n");
    let taken = take(&recorder, Sender::Server, &body).await;
    assert_eq!((taken.durable, taken.refused), (1, 10));
    let named = named(&taken);
    let places: Vec<_> = named.iter().map(|(line, field, _)| (*line, *field)).collect();
    assert_eq!(
        places,
        [
            (1, "took_ms"),
            (3, "kind"),
            (4, "kind"),
            (5, "colour"),
            (6, "id"),
            (7, "happened"),
            (8, "kind"),
            (10, "line"),
            (11, "line"),
            (12, "line"),
        ]
    );
    assert_eq!(named[0].2, "must be a whole number from 0 to 3600000");
    assert_eq!(named[9].2, "must be UTF-8");
    let silver = stand_in(&log, Profile::Silver).await;
    let kept: Vec<_> = silver.iter().filter(|fact| fact["kind"] == "fact_refused").collect();
    assert_eq!((silver.len(), kept.len()), (11, 10));
    assert_eq!(kept[1]["said"], "{\"kind\":\"no_such_kind\"}");
    assert_eq!(kept[1]["sender"], "server");
    assert_eq!(recorder.refused(), 10);
}

#[tokio::test]
async fn a_browser_tells_of_its_own_visit_what_browsers_see() {
    let (recorder, log) = recording(&Arc::new(FaultDisk::from_seed(1))).await;
    let mut other = timing();
    other["visit"] = json!(ID);
    let mut body = lines(&[timing(), call(&json!({})), other]);
    (0..40).for_each(|_| body.extend(b"{}\n"));
    let taken = take(&recorder, Sender::Browser(Some(7)), &body).await;
    assert_eq!((taken.waiting, taken.durable, taken.refused), (1, 0, 42));
    assert_eq!(taken.first_refused.len(), NAMED_REFUSALS);
    let named = named(&taken);
    assert_eq!(named[0], (2, "kind", "partner_call is not told by browsers"));
    assert_eq!(named[1], (3, "visit", "is not told by browsers"));
    recorder.flush().await;
    let bronze = stand_in(&log, Profile::Bronze).await;
    assert_eq!((bronze.len(), &bronze[0]["ms"]), (1, &json!(812.5)));
    assert_eq!(bronze[0]["visit"], format!("{:032x}", 7));
    assert_eq!(taken.unkept, 42 - BROWSER_REFUSALS);
    // Whoever sends rubbish does not fill the log with it.
    assert_eq!(stand_in(&log, Profile::Silver).await.len() as u64, BROWSER_REFUSALS);
}

#[tokio::test]
async fn a_flood_of_bronze_is_thinned_then_dropped_and_counted_and_gold_comes_through() {
    let disk = Arc::new(FaultDisk::from_seed(1));
    let log = FileLog::open_inline(Arc::clone(&disk) as _, "log", LogSettings::default()).unwrap();
    let log = Arc::new(log);
    let settings =
        FactSettings { held_bytes: Limited::literal(262_144), ..FactSettings::default() };
    let recorder = Recorder::open(Arc::clone(&log) as _, 7, origin(), settings).await.unwrap();
    let body = lines(&vec![timing(); 100]);
    let mut all = TakenIn::default();
    let mut whole = 0;
    // Five times what there is room for, and nobody writes it.
    for round in 0..100 {
        let taken = take(&recorder, Sender::Browser(None), &body).await;
        assert_eq!(taken.waiting + taken.dropped, 100, "{taken:?}");
        whole += u64::from(taken.dropped == 0);
        (all.waiting, all.dropped) = (all.waiting + taken.waiting, all.dropped + taken.dropped);
        recorder.record_gold(&click(), Some(round)).await.unwrap();
    }
    assert!(recorder.held() <= 262_144 / 2, "{}", recorder.held());
    assert!(all.waiting * 5 <= 10_000 + 500, "it was five times too much: {all:?}");
    assert!(whole >= 5 && all.waiting > whole * 100, "whole ones first, then thinned: {all:?}");
    assert_eq!(stand_in(&log, Profile::Gold).await.len(), 100);
    recorder.flush().await;
    assert_eq!(stand_in(&log, Profile::Bronze).await.len() as u64, all.waiting);
    let dropped: u64 = recorder.counts().map(|(_, counts)| counts.dropped).sum();
    assert_eq!(dropped, all.dropped);
}

#[tokio::test]
async fn what_the_log_refuses_is_not_acknowledged() {
    let disk = Arc::new(FaultDisk::from_seed(1));
    let (recorder, log) = recording(&disk).await;
    disk.set_read_only(true);
    let body = lines(&[call(&json!({"id": ID})), timing()]);
    let sorted = recorder.sort(Sender::Server, &body).unwrap();
    assert!(matches!(recorder.keep(sorted).await, Err(RecordError::Log(_))));
    disk.set_read_only(false);
    while stand_in(&log, Profile::Silver).await.iter().all(|fact| fact["id"] != ID) {
        let sorted = recorder.sort(Sender::Server, &body).unwrap();
        let _ = recorder.keep(sorted).await;
    }
}

proptest! {
    #[test]
    fn a_plain_line_is_read_as_json_says(
        (kind, facts) in any_facts(),
        id in any::<Option<u128>>(),
        happened in any::<Option<i64>>(),
        damage in vec((any::<usize>(), 32_u8..127), 0..3),
        spaced in any::<bool>(),
    ) {
        let mut rows = Rows::new(kind);
        for fact in &facts {
            let values: Vec<_> =
                fact.iter().map(|value| value.as_ref().map_or(Value::Absent, |one| one.value())).collect();
            rows.push_values(stamped(1), &values).unwrap();
        }
        let batch = rows.take(origin());
        for row in 0..facts.len() {
            let told = batch.to_json(row);
            let mut line = format!("{{\"kind\":\"{}\"", kind.name);
            let own = kind.fields.iter().filter_map(|field| Some((field.name, told.get(field.name)?.clone())));
            let id = id.map(|id| ("id", json!(format!("{id:032x}"))));
            let happened = happened.map(|at| ("happened", json!(at)));
            for (name, value) in own.chain(id).chain(happened) {
                line.push_str(&if spaced { format!(", \"{name}\": {value}") } else { format!(",\"{name}\":{value}") });
            }
            line.push('}');
            let mut bytes = line.clone().into_bytes();
            for (at, byte) in &damage {
                let at = at % bytes.len();
                if bytes[at].is_ascii() {
                    bytes[at] = *byte;
                }
            }
            let line = String::from_utf8(bytes).unwrap();
            check_line(&line);
        }
    }

    #[test]
    fn no_line_makes_reading_panic(bytes in vec(any::<u8>(), 0..200)) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let front = format!("{{\"kind\":\"page_timing\",\"ms\":{text}");
        prop_assert!(line::read(&text, Some(3), &mut Vec::new()).is_none());
        let _ = line::read(&front, Some(3), &mut Vec::new());
    }
}

#[test]
fn what_programs_write_is_read_without_a_detour() {
    let plain = |line: &str| line::read(line, None, &mut Vec::new()).is_some();
    assert!(plain(
        &call(&json!({"fault": "partner_timeout"}))
            .to_string()
            .replacen(
                // serde_json sorts; programs that care write the kind first.
                "{",
                "{\"kind\":\"partner_call\",",
                1
            )
            .replace(",\"kind\":\"partner_call\",\"offers\"", ",\"offers\"")
    ));
    assert!(plain(
        "{\"kind\": \"page_timing\", \"page\": \"results\", \"metric\": \"lcp\", \"ms\": 81.5}"
    ));
    assert!(!plain("{\"kind\":\"page_timing\",\"ms\":1,\"ms\":2}"));
    assert!(!plain("{\"page\":\"results\",\"kind\":\"page_timing\"}"));
}
