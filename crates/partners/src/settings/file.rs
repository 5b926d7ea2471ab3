//! What is wrong with a partner file, and where.

use std::fmt;
use std::ops::Range;

use thiserror::Error;

/// A partner file that cannot be used. Names file, line, key and what is wrong with the value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct FileError {
    /// The file.
    pub file: String,
    /// Line, from 1, if it is known.
    pub line: Option<usize>,
    /// Key with its table, e.g. `coverage.horizon_days`; empty if the file as a whole is wrong.
    pub key: String,
    /// The value as written, shortened; empty for secrets and missing keys.
    pub value: String,
    /// What is wrong, with the allowed range or values.
    pub problem: String,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, key, value, problem } = self;
        write!(f, "{file}")?;
        if let Some(line) = line {
            write!(f, ":{line}")?;
        }
        f.write_str(": ")?;
        if !key.is_empty() {
            write!(f, "{key}")?;
            if !value.is_empty() {
                write!(f, " = {value}")?;
            }
            f.write_str(": ")?;
        }
        f.write_str(problem)
    }
}

impl FileError {
    /// The file as a whole is wrong.
    pub(crate) fn whole(file: &str, problem: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line: None,
            key: String::new(),
            value: String::new(),
            problem: problem.into(),
        }
    }

    /// What the TOML reader found, with the key looked up in the text.
    #[must_use]
    pub fn of_toml(file: &str, text: &str, error: &toml::de::Error) -> Self {
        let (line, key, value) = match error.span() {
            Some(span) => locate(text, span),
            None => (None, String::new(), String::new()),
        };
        let problem = error.message().lines().next().unwrap_or_default();
        let problem = problem.chars().take(300).collect();
        Self { file: file.to_owned(), line, key, value, problem }
    }

    /// A key whose value does not fit with the rest.
    pub(super) fn of_key(file: &str, text: &str, key: &str, problem: impl Into<String>) -> Self {
        let (table, name) = key.rsplit_once('.').unwrap_or(("", key));
        let mut current = String::new();
        let mut found = (None, String::new());
        for (index, line) in text.lines().enumerate() {
            if let Some(header) = table_of(line) {
                current = header;
            } else if current == table && key_of(line) == Some(name) {
                found = (Some(index + 1), value_of(name, line));
                break;
            }
        }
        let (line, value) = found;
        Self { file: file.to_owned(), line, key: key.to_owned(), value, problem: problem.into() }
    }
}

/// Line, key with table, and value at a place of the text.
fn locate(text: &str, span: Range<usize>) -> (Option<usize>, String, String) {
    let start = span.start.min(text.len());
    let before = text.get(..start).unwrap_or(text);
    let index = before.matches('\n').count();
    let table = before.lines().rev().find_map(table_of).unwrap_or_default();
    let line = text.lines().nth(index).unwrap_or_default();
    // A list may go over lines: the key then stands above.
    let upward = text.lines().take(index + 1).collect::<Vec<_>>();
    let name = upward.iter().rev().take(200).find_map(|line| key_of(line)).unwrap_or_default();
    let in_header = table_of(line).is_some();
    let key = match (table.as_str(), name) {
        (_, _) if in_header => table_of(line).unwrap_or_default(),
        ("", name) => name.to_owned(),
        (table, name) => format!("{table}.{name}"),
    };
    let value = if in_header { String::new() } else { value_of(name, line) };
    (Some(index + 1), key, value)
}

fn table_of(line: &str) -> Option<String> {
    let line = line.trim();
    let inner = line.strip_prefix("[[").and_then(|rest| rest.split("]]").next()).or_else(|| {
        let rest = line.strip_prefix('[')?;
        // A list item may start with a bracket too; a table name has no quote or comma.
        rest.split(']').next()
    })?;
    let plain = inner.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
    (plain && !inner.is_empty()).then(|| inner.to_owned())
}

fn key_of(line: &str) -> Option<&str> {
    let (key, _) = line.split_once('=')?;
    let key = key.trim();
    let plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
    (plain && !key.is_empty()).then_some(key)
}

/// The value as written; nothing for keys that hold secrets.
fn value_of(key: &str, line: &str) -> String {
    if key.contains("secret") || key.contains("token") || key.starts_with("client_") {
        return String::new();
    }
    let value = line.split_once('=').map_or(line, |(_, value)| value).trim();
    value.chars().take(60).collect()
}
