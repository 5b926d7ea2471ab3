//! Explains every setting: value, who set it, what it means, range.
//!
//! The words come from the commented file `config/laptop.toml`, which a test holds against the
//! compiled defaults and against the ranges the types enforce.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use toml::{Table, Value};

use super::{Loaded, Settings};

/// The complete, commented settings file of the laptop profile.
pub(crate) const LAPTOP: &str = include_str!("../../../../config/laptop.toml");

/// One key of the commented file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Documented {
    pub(crate) doc: String,
    pub(crate) range: Option<(u64, u64)>,
}

/// A table of all settings, one paragraph a key.
pub(crate) fn explain(loaded: &Loaded) -> Result<String> {
    let mut text = String::new();
    let docs = documented(LAPTOP);
    for (key, value) in leaves(&loaded.settings)? {
        let origin = loaded.origins.get(&key).map_or("default", String::as_str);
        let value = without_password(value);
        text.push_str(&format!("{key} = {value}    ({origin})\n"));
        if let Some(entry) = docs.get(&key) {
            text.push_str(&format!("    {}\n", entry.doc));
            if let Some((min, max)) = entry.range {
                text.push_str(&format!("    range {min}..={max}\n"));
            }
        }
    }
    Ok(text)
}

/// A URL without the user and password that may stand in it.
fn without_password(value: Value) -> Value {
    if let Value::String(text) = &value
        && let Some((scheme, rest)) = text.split_once("://")
        && let Some((_, place)) = rest.rsplit_once('@')
    {
        return Value::String(format!("{scheme}://…@{place}"));
    }
    value
}

/// Every key with its value.
pub(crate) fn leaves(settings: &Settings) -> Result<Vec<(String, Value)>> {
    fn walk(table: Table, path: &str, found: &mut Vec<(String, Value)>) {
        for (key, value) in table {
            let path = if path.is_empty() { key } else { format!("{path}.{key}") };
            match value {
                Value::Table(inner) => walk(inner, &path, found),
                leaf => found.push((path, leaf)),
            }
        }
    }
    let table = Table::try_from(settings).context("settings cannot be written as TOML")?;
    let mut found = Vec::new();
    walk(table, "", &mut found);
    Ok(found)
}

/// Reads the comments above each key; a range stands there as `Range: MIN..=MAX.`
pub(crate) fn documented(text: &str) -> BTreeMap<String, Documented> {
    let mut found = BTreeMap::new();
    let (mut section, mut comment) = (String::new(), String::new());
    for line in text.lines().map(str::trim) {
        if let Some(words) = line.strip_prefix('#') {
            let space = if comment.is_empty() { "" } else { " " };
            comment.push_str(space);
            comment.push_str(words.trim());
        } else if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            name.clone_into(&mut section);
            comment.clear();
        } else if let Some((key, _)) = line.split_once('=') {
            let (doc, range) = split_range(&comment);
            found.insert(format!("{section}.{}", key.trim()), Documented { doc, range });
            comment.clear();
        } else {
            comment.clear();
        }
    }
    found
}

fn split_range(comment: &str) -> (String, Option<(u64, u64)>) {
    let parsed = comment.split_once("Range: ").and_then(|(doc, rest)| {
        let (min, max) = rest.trim_end_matches('.').split_once("..=")?;
        Some((doc.trim().to_owned(), (min.parse().ok()?, max.parse().ok()?)))
    });
    match parsed {
        Some((doc, range)) => (doc, Some(range)),
        None => (comment.to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::load;

    #[test]
    fn the_commented_file_is_complete_and_equals_the_compiled_defaults() {
        let from_file: Settings = toml::from_str(LAPTOP).unwrap();
        let defaults = leaves(&Settings::default()).unwrap();
        assert_eq!(leaves(&from_file).unwrap(), defaults);
        let docs = documented(LAPTOP);
        for (key, _) in &defaults {
            let entry =
                docs.get(key).unwrap_or_else(|| panic!("{key} is not in config/laptop.toml"));
            assert!(entry.doc.len() > 15, "{key} has no comment");
        }
        assert_eq!(docs.len(), defaults.len());
    }

    #[test]
    fn a_password_in_a_url_is_not_shown() {
        let shown = |text: &str| without_password(Value::String(text.to_owned())).to_string();
        assert_eq!(shown("redis://me:p@ss@host:1/0"), "\"redis://…@host:1/0\"");
        assert_eq!(shown("redis://host:1/0"), "\"redis://host:1/0\"");
        assert_eq!(shown("a@b"), "\"a@b\"");
    }

    #[test]
    fn every_documented_range_is_the_enforced_one() {
        for (key, value) in leaves(&Settings::default()).unwrap() {
            let range = documented(LAPTOP).remove(&key).and_then(|entry| entry.range);
            assert_eq!(range.is_some(), value.is_integer(), "{key}: numbers have a range");
            let Some((min, max)) = range else { continue };
            let accepts = |number: u64| {
                let Ok(number) = i64::try_from(number) else { return false };
                load(None, [], &[(key.as_str(), Value::Integer(number))]).is_ok()
            };
            assert!(accepts(min) && accepts(max), "{key} refuses its own range");
            assert!(min == 0 || !accepts(min - 1), "{key} accepts less than {min}");
            assert!(!accepts(max + 1), "{key} accepts more than {max}");
        }
    }
}
