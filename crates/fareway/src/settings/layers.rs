//! Puts the layers of settings on top of each other.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use partners::FileError;
use toml::{Table, Value};

use super::Settings;

/// What environment variables that set something start with.
const PREFIX: &str = "FAREWAY__";

/// Settings with the layer that set each key; keys no layer set are absent and stand at their
/// compiled default.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) settings: Settings,
    pub(crate) origins: BTreeMap<String, String>,
}

/// Reads the file if one is given, then the environment, then flags (`key path`, `value`).
pub(crate) fn load(
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
    flags: &[(&str, Value)],
) -> Result<Loaded> {
    let mut table = Table::new();
    let mut origins = BTreeMap::new();
    if let Some(path) = file {
        let name = path.display();
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("the settings file {name} cannot be read"))?;
        // Read on its own first: the error then points into the file.
        toml::from_str::<Settings>(&text).map_err(|error| {
            let error = FileError::of_toml(&name.to_string(), &text, &error);
            anyhow!("the settings file is refused: {error}")
        })?;
        table = toml::from_str(&text).with_context(|| format!("the settings file {name}"))?;
        note_leaves(&table, "", &format!("file {name}"), &mut origins);
    }
    for (name, text) in environment {
        let Some(rest) = name.strip_prefix(PREFIX) else { continue };
        let key = rest.to_lowercase().replace("__", ".");
        set(&mut table, &key, value_of(&text))?;
        read(&table).with_context(|| format!("{name}={text} is refused"))?;
        origins.insert(key, format!("environment {name}"));
    }
    for (key, value) in flags {
        let shown = value.to_string();
        set(&mut table, key, value.clone())?;
        read(&table).with_context(|| format!("{shown} for {key} is refused"))?;
        origins.insert((*key).to_owned(), "flag".to_owned());
    }
    Ok(Loaded { settings: read(&table)?, origins })
}

fn read(table: &Table) -> Result<Settings> {
    Value::Table(table.clone())
        .try_into()
        .map_err(|error: toml::de::Error| anyhow!("{}", error.message()))
}

/// A bare number or truth value is one; everything else is text.
fn value_of(text: &str) -> Value {
    if let Ok(number) = text.parse::<i64>() {
        return Value::Integer(number);
    }
    match text {
        "true" => Value::Boolean(true),
        "false" => Value::Boolean(false),
        _ => Value::String(text.to_owned()),
    }
}

fn set(table: &mut Table, key: &str, value: Value) -> Result<()> {
    let mut parts: Vec<&str> = key.split('.').collect();
    let Some(last) = parts.pop().filter(|last| !last.is_empty()) else { bail!("{key} is no key") };
    let mut at = table;
    for part in parts {
        let entry = at.entry(part).or_insert_with(|| Value::Table(Table::new()));
        let Value::Table(inner) = entry else { bail!("{key}: {part} is not a section") };
        at = inner;
    }
    at.insert(last.to_owned(), value);
    Ok(())
}

fn note_leaves(table: &Table, path: &str, origin: &str, origins: &mut BTreeMap<String, String>) {
    for (key, value) in table {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        if let Value::Table(inner) = value {
            note_leaves(inner, &path, origin, origins);
        } else {
            origins.insert(path, origin.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn file(text: &str) -> std::path::PathBuf {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("fareway-settings-{}-{number}.toml", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn a_later_layer_wins_and_is_remembered() {
        let path = file("[server]\ndrain_ms = 100\nworker_threads = 3\n");
        let flags = [("server.listen", Value::String("127.0.0.1:9000".to_owned()))];
        let loaded =
            load(Some(&path), env(&[("FAREWAY__SERVER__DRAIN_MS", "200"), ("HOME", "/")]), &flags)
                .unwrap();
        assert_eq!(loaded.settings.server.drain_ms.get(), 200);
        assert_eq!(loaded.settings.server.worker_threads.get(), 3);
        assert_eq!(loaded.settings.server.listen.port(), 9000);
        assert_eq!(loaded.origins["server.drain_ms"], "environment FAREWAY__SERVER__DRAIN_MS");
        assert_eq!(loaded.origins["server.listen"], "flag");
        assert!(loaded.origins["server.worker_threads"].starts_with("file "));
    }

    fn refused(text: &str, expected: &[&str]) {
        let path = file(text);
        let error = format!("{:#}", load(Some(&path), env(&[]), &[]).unwrap_err());
        for part in expected {
            assert!(error.contains(part), "{error} does not name {part}");
        }
    }

    #[test]
    fn a_bad_file_is_refused_with_key_value_range_and_line() {
        refused(
            "[server]\ndrain_ms = 99999\n",
            &[".toml:2: server.drain_ms = 99999: 99999 is outside 0..=60000"],
        );
        refused(
            "[server]\n\ndrain_ms = \"soon\"\n",
            &[".toml:3: server.drain_ms = \"soon\": ", "a whole number from 0 to 60000"],
        );
        refused("[server]\nlissten = \"x\"\n", &[".toml:2: server.lissten", "unknown field"]);
        refused("[server\n", &[".toml:1: "]);
    }

    #[test]
    fn a_place_or_address_that_cannot_be_is_refused_with_its_key() {
        for (line, expected) in [
            ("home_market = \"XX\"", "country"),
            ("home_market = \"\"", "country"),
            ("home_locale = \"??\"", "en-GB"),
            ("public_url = \"javascript:alert(1)\"", "https://"),
            ("public_url = \"http://a\\r\\nb\"", "https://"),
            ("public_url = \"https://\"", "https://"),
        ] {
            let key = line.split(' ').next().unwrap();
            refused(&format!("[cell]\n{line}\n"), &[key, expected]);
        }
    }

    #[test]
    fn a_bad_variable_is_refused_by_its_name() {
        for (name, value) in [
            ("FAREWAY__SERVER__DRAIN_MS", "99999"),
            ("FAREWAY__SERVER__NO_SUCH", "1"),
            ("FAREWAY__SERVER", "1"),
            ("FAREWAY__", "1"),
        ] {
            let error = load(None, env(&[(name, value)]), &[]).unwrap_err();
            let text = format!("{error:#}");
            assert!(text.contains(name) || text.contains("is no key"), "{text}");
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = load(Some(Path::new("no/such.toml")), env(&[]), &[]).unwrap_err();
        assert!(error.to_string().contains("no/such.toml"));
    }
}
