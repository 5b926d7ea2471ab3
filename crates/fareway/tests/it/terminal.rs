//! Searching and checking partners from the terminal.

use std::fs::OpenOptions;
use std::io::{PipeWriter, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

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

/// A pipe whose reader has left.
fn read_by_nobody() -> PipeWriter {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer
}

#[test]
fn a_command_whose_reader_has_seen_enough_ends_quietly() {
    let data = Folder::new();
    for arguments in [&["settings", "explain"][..], &["--version"], &["fleet", "status"]] {
        let mut command = fareway(&data.0, arguments);
        let output = command.stdout(read_by_nobody()).stderr(Stdio::piped()).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        // There is no fleet whose status could be told: that has nothing to do with who reads.
        let expected = if arguments[0] == "fleet" { 1 } else { 0 };
        assert_eq!(output.status.code(), Some(expected), "{arguments:?}: {error}");
        assert!(!error.contains("panicked"), "{arguments:?}: {error}");
        assert_eq!(error.is_empty(), expected == 0, "{arguments:?}: {error}");
    }
    let mut command = fareway(&data.0, &["fleet", "status"]);
    let status = command.stdout(Stdio::null()).stderr(read_by_nobody()).status().unwrap();
    assert_eq!(status.code(), Some(1), "an error that nobody reads is an error");
}

#[test]
fn a_command_that_cannot_be_written_down_fails_and_says_why() {
    let data = Folder::new();
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = fareway(&data.0, &["settings", "explain"]);
    let output = command.stdout(full).stderr(Stdio::piped()).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("standard output cannot be written: No space"), "{error}");
}

#[test]
fn a_service_goes_on_when_nobody_reads_what_it_says_any_more() {
    let data = Folder::new();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let listen = free.to_string();
    let mut child = fareway(&data.0, &["--listen", &listen, "serve"])
        .env("FAREWAY__SERVER__LOG", "debug")
        .stdout(read_by_nobody())
        .stderr(read_by_nobody())
        .spawn()
        .unwrap();
    let ready = (0..600).any(|_| {
        std::thread::park_timeout(Duration::from_millis(100));
        assert_eq!(child.try_wait().unwrap(), None, "it is still there");
        get(&listen, "/readyz").starts_with("HTTP/1.1 200")
    });
    let page = get(&listen, "/v1/places?term=edinburgh");
    let stopped = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let status = child.wait().unwrap();
    assert!(ready && page.contains("EDI"), "{page}");
    assert!(stopped.success() && status.success(), "{status}");
}

/// The whole answer; nothing while nobody listens there.
fn get(address: &str, path: &str) -> String {
    let mut answer = Vec::new();
    if let Ok(mut stream) = TcpStream::connect(address) {
        let ask = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        let _ = stream.write_all(ask.as_bytes()).and_then(|()| stream.read_to_end(&mut answer));
    }
    String::from_utf8_lossy(&answer).into_owned()
}
