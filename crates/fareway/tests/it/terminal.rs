//! Searching and checking partners from the terminal.

use serde_json::Value;

use crate::process::{Folder, fareway};

fn in_days(days: i32) -> String {
    let today = domain::Date::from_days((runtime::unix_ms() / 86_400_000) as i32);
    today.plus_days(days).to_string()
}

#[test]
fn a_search_prints_a_table_of_offers() {
    let data = Folder::new();
    let (out, back) = (in_days(60), in_days(74));
    let output =
        fareway(&data.0, &["search", "EDI", "SIN", &out, "--return", &back, "--adults", "2"])
            .env("FAREWAY__SANDBOX__LATENCY_PERCENT", "0")
            .output()
            .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.lines().filter(|line| line.contains("EDI")).count() >= 5, "{text}");
    assert!(text.contains('£'), "{text}");
}

#[test]
fn a_search_as_json_is_the_page_of_the_api() {
    let data = Folder::new();
    let output = fareway(&data.0, &["search", "city:LON", "JFK", &in_days(30), "--json"])
        .env("FAREWAY__SANDBOX__LATENCY_PERCENT", "0")
        .output()
        .unwrap();
    let page: Value = serde_json::from_slice(&output.stdout).expect("JSON on standard output");
    assert_eq!(page["status"], "complete");
    let first = &page["itineraries"][0];
    assert!(first["price"].as_i64().is_some_and(|minor| minor > 0), "{first}");
    assert!(!first["options"].as_array().unwrap().is_empty());
}

#[test]
fn a_question_that_makes_no_sense_is_refused_by_its_field() {
    let data = Folder::new();
    for (arguments, expected) in [
        (vec!["search", "EDI", "EDI", "2027-03-03"], "same place"),
        (vec!["search", "EDI", "QQQ", "2027-03-03"], "legs[0].destination"),
        (vec!["search", "EDI", "SIN", "2027-02-30"], "2027-02-30"),
        (vec!["search", "EDI", "SIN", "2020-01-01"], "past"),
        (vec!["search", "EDI", "SIN", "2027-03-03", "--adults", "9"], "adults"),
        (vec!["search", "EDI", "SIN", "2027-03-03", "--currency", "XXX"], "currency: "),
        (vec!["search", "EDI", "SIN", "2027-03-03", "--market", "XX"], "market: "),
    ] {
        let output = fareway(&data.0, &arguments).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && error.contains(expected), "{arguments:?}: {error}");
    }
}
