//! What differs between a release and the files another would be made of, for people.

use std::collections::BTreeSet;
use std::path::Path;

use super::Content;

/// Lines of a settings file that are shown.
const LINES_MAX: usize = 60;

/// Line by line; empty if nothing differs. Partner files are named and never shown: they hold secrets.
pub(in super::super) fn diff(
    (old, old_settings): (&Content, Option<&Path>),
    (new, new_settings): (&Content, Option<&Path>),
) -> Vec<String> {
    let mut lines = Vec::new();
    if old.binary != new.binary {
        lines.push(format!("binary: {} becomes {}", short(&old.binary), short(&new.binary)));
    }
    if old.settings != new.settings {
        lines.push("settings:".to_owned());
        let (before, after) = (lines_of(old_settings), lines_of(new_settings));
        let gone = before.difference(&after).map(|line| format!("  - {line}"));
        let come = after.difference(&before).map(|line| format!("  + {line}"));
        let changed: Vec<String> = gone.chain(come).collect();
        let more = changed.len().saturating_sub(LINES_MAX);
        lines.extend(changed.into_iter().take(LINES_MAX));
        if more > 0 {
            lines.push(format!("  and {more} lines more"));
        }
    }
    let names: BTreeSet<&String> = old.partners.keys().chain(new.partners.keys()).collect();
    for name in names {
        let what = match (old.partners.get(name), new.partners.get(name)) {
            (None, Some(_)) => "new",
            (Some(_), None) => "gone",
            (before, after) if before != after => "changed",
            _ => continue,
        };
        lines.push(format!("partner file {name}: {what}"));
    }
    lines
}

fn short(sum: &str) -> &str {
    sum.get(..8).unwrap_or(sum)
}

/// What a settings file says; comments and blank lines say nothing. Tables are part of each line, so
/// that equal keys of two tables are two lines.
fn lines_of(path: Option<&Path>) -> BTreeSet<String> {
    let text = path.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
    let mut table = String::new();
    let mut lines = BTreeSet::new();
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with('[') {
            line.clone_into(&mut table);
            continue;
        }
        lines.insert(format!("{table} {line}").trim().to_owned());
    }
    lines
}
