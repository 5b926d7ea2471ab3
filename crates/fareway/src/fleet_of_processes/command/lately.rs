//! What cells do at present and what happened in the last hour, for `fareway fleet status`: the same
//! document that the console shows.

use std::fmt::Write;

use fleet::happened::Event;
use fleet::shown::{Shown, ShownCell};
use serde_json::Value;

/// Events that are shown; the console has all.
const EVENTS_SHOWN: usize = 12;

/// Instead of what another release says.
const NOT_UNDERSTOOD: &str = "what the control plane says is not understood: it is of another release than this command; /console/cells shows it";

/// Renders `control` of `GET /v1/fleet`. Writing to a String cannot fail, so its results are dropped.
pub(super) fn render(control: &Value) -> String {
    let mut text = String::new();
    if control["says"].is_null() {
        return text;
    }
    let says: Shown = match serde_json::from_value(control["says"].clone()) {
        Ok(says) => says,
        Err(error) => return format!("{NOT_UNDERSTOOD} ({error})\n"),
    };
    if control["answers"] != true {
        let seconds = control["age_ms"].as_u64().unwrap_or_default() / 1_000;
        let _ = writeln!(text, "the control plane is silent; this was so {seconds} s ago:");
    }
    let _ = writeln!(
        text,
        "{:<9} {:>10} {:>10} {:>8} {:>8} {:>8} {:>8}  release",
        "cell", "requests/s", "searches/s", "failed", "p50 ms", "p99 ms", "late ms"
    );
    let zones = says.regions.iter().flat_map(|region| &region.zones);
    zones.flat_map(|zone| &zone.cells).for_each(|cell| row(&mut text, cell));
    if !says.events.is_empty() {
        let _ = writeln!(text, "last hour, the newest first:");
    }
    for event in says.events.iter().take(EVENTS_SHOWN) {
        let Event { at, sentence, .. } = event;
        let _ = writeln!(text, "{:>7} s ago  {sentence}", says.at.saturating_sub(*at) / 1_000);
    }
    let more = says.events.len().saturating_sub(EVENTS_SHOWN);
    if more > 0 {
        let _ = writeln!(text, "  and {more} more: /console/cells shows them");
    }
    text
}

fn row(text: &mut String, cell: &ShownCell) {
    let dash = || "-".to_owned();
    let number = |value: Option<f64>| value.map_or_else(dash, |value| value.to_string());
    let says = cell.says.as_ref();
    let rates = says.and_then(|says| says.rates.as_ref());
    let failed = rates.and_then(|rates| rates.failed_percent);
    let late = says.and_then(|says| says.late_ms);
    let runs = says.map_or(cell.release.as_str(), |says| says.release.as_str());
    let goes = if runs == cell.release { String::new() } else { format!(" -> {}", cell.release) };
    let _ = writeln!(
        text,
        "{:<9} {:>10} {:>10} {:>8} {:>8} {:>8} {:>8}  {runs}{goes}",
        cell.cell,
        number(rates.map(|rates| rates.requests_per_second)),
        number(rates.map(|rates| rates.searches_per_second)),
        failed.map_or_else(dash, |percent| format!("{percent}%")),
        number(rates.and_then(|rates| rates.p50_ms)),
        number(rates.and_then(|rates| rates.p99_ms)),
        late.map_or_else(dash, |late| late.to_string()),
    );
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn control(answers: bool) -> Value {
        let rates = json!({
            "over_ms": 10_000, "requests_per_second": 12.5, "searches_per_second": 2.0,
            "failed_percent": 0.25, "refused_percent": 0.0, "p50_ms": 4.0, "p99_ms": 90.5,
        });
        let cell = |name: &str, says: Value| {
            json!({
                "cell": name, "address": null, "seen": "ready", "draining": false, "weight": 100,
                "tested_max": 100, "release": "r2", "says": says,
            })
        };
        let says = json!({
            "release": "r1", "process": 1, "running": 0, "late_ms": 3, "leaving": null,
            "rates": rates,
        });
        let event = |at: u64| {
            json!({
                "at": at, "what": "drained", "cell": "cell-2", "sentence": "cell-2 is drained",
            })
        };
        json!({"answers": answers, "age_ms": 7_000, "says": {
            "at": 60_000, "version": 3, "read_only": null, "frozen": null,
            "regions": [{"region": "local", "capacity": null, "zones": [
                {"zone": "a", "cells": [cell("cell-1", says), cell("cell-2", Value::Null)]},
            ]}],
            "releases": [], "rollout": null, "last_rollout": null,
            "events": (0..20).map(|_| event(18_000)).collect::<Vec<_>>(),
        }})
    }

    #[test]
    fn a_status_says_what_cells_do_and_what_happened() {
        let text = render(&control(true));
        let lines: Vec<String> = text
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(lines[1], "cell-1 12.5 2 0.25% 4 90.5 3 r1 -> r2");
        assert_eq!(lines[2], "cell-2 - - - - - - r2");
        assert_eq!(lines[4], "42 s ago cell-2 is drained");
        assert_eq!(lines[lines.len() - 1], "and 8 more: /console/cells shows them");
        assert!(
            render(&control(false)).starts_with("the control plane is silent; this was so 7 s")
        );
        assert_eq!(render(&json!({"answers": false, "age_ms": null, "says": null})), "");
    }

    #[test]
    fn what_a_later_release_says_more_is_left_aside_and_what_is_not_understood_is_said() {
        let mut later = control(true);
        later["says"]["mood"] = json!("good");
        later["says"]["regions"][0]["zones"][0]["cells"][0]["seen"] = json!("sleepy");
        later["says"]["events"][0]["what"] = json!("cell_dreams");
        assert_eq!(render(&later), render(&control(true)));
        later["says"]["regions"] = json!("none");
        let text = render(&later);
        assert!(text.starts_with("what the control plane says is not understood"), "{text}");
    }
}
