//! Starting, refusing to start, and stopping.

use std::net::TcpListener;
use std::time::Duration;

use crate::process::{Folder, Platform, fareway};

#[tokio::test]
async fn the_first_line_says_what_to_open_and_ctrl_c_stops_within_five_seconds() {
    let platform = Platform::start(&[("sandbox.partners", "20")]);
    assert!(platform.first_line.starts_with("Fareway is ready: http://127.0.0.1:"));
    let (status, _) = platform.call("GET", "/readyz", None).await;
    assert_eq!(status, 200);
    let (well, took) = platform.stop();
    assert!(well && took < Duration::from_secs(5), "ended well: {well}, after {took:?}");
}

fn refused(arguments: &[&str], data: &std::path::Path, expected: &str) {
    let output = fareway(data, arguments).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "it started with {arguments:?}");
    assert!(error.contains(expected), "{error:?} does not say {expected:?}");
    assert_eq!(error.trim().lines().count(), 1, "one sentence, not {error}");
}

#[test]
fn a_busy_port_is_said_in_one_sentence() {
    let data = Folder::new();
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = busy.local_addr().unwrap().to_string();
    refused(&["--listen", &address, "serve"], &data.0, &format!("{address} is in use"));
}

#[test]
fn an_unwritable_data_folder_is_said_in_one_sentence() {
    let folder = Folder::new();
    let file = folder.0.join("file");
    std::fs::write(&file, "not a folder").unwrap();
    refused(&["--listen", "127.0.0.1:0", "serve"], &file, "cannot be created");
}

#[test]
fn bad_settings_are_said_with_key_and_range() {
    let folder = Folder::new();
    let file = folder.0.join("settings.toml");
    std::fs::write(&file, "[search]\ndeadline_ms = 5\n").unwrap();
    let output =
        fareway(&folder.0, &["--settings", file.to_str().unwrap(), "serve"]).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success());
    assert!(error.contains("deadline_ms") && error.contains("5 is outside 50..=60000"), "{error}");
}

#[test]
fn every_setting_is_explained_with_its_origin() {
    let folder = Folder::new();
    let output = fareway(&folder.0, &["settings", "explain"])
        .env("FAREWAY__SEARCH__DEADLINE_MS", "8000")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.contains("search.deadline_ms = 8000    (environment FAREWAY__SEARCH__DEADLINE_MS)"),
        "{text}"
    );
    assert!(text.contains("range 50..=60000"), "{text}");
}
