//! Files and arguments that processes of two releases share on one machine, as every released version
//! wrote them; and the list that notices a change of any of those files.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Parser;
use fleet::CellId;
use serde_json::Value;

use super::fixtures::{of_every_version, of_every_version_alike};
use super::machine::Machine;
use super::release::{Content, Release, Sources};
use super::supervise::cell_arguments;
use crate::cli::{Cli, Command, Role};
use crate::settings::{Settings, load};

const COMPAT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/compat");

fn local(port: u16) -> SocketAddr {
    ([127, 0, 0, 1], port).into()
}

fn machine() -> Machine {
    Machine {
        edge: local(8_080),
        control: local(10_001),
        sandbox: Some(local(10_002)),
        logs: None,
        cells: vec![(CellId(1), local(10_003)), (CellId(7), local(10_004))],
        places: Vec::new(),
        release: "r4".to_owned(),
        sources: Sources {
            binary: "bin/fareway".into(),
            settings: Some("etc/fareway.toml".into()),
            partners: "etc/partners".into(),
        },
    }
}

#[test]
fn compat_a_cell_of_this_release_is_started_by_a_parent_of_any_version() {
    let now = serde_json::to_vec_pretty(&machine()).unwrap();
    for (version, bytes) in of_every_version("machine.json", &now) {
        let mut later: Value = serde_json::from_slice(&bytes).unwrap();
        later["of_a_later_release"] = Value::from(1);
        later["sources"]["of_a_later_release"] = Value::from(1);
        for text in [bytes, later.to_string().into_bytes()] {
            assert_eq!(serde_json::from_slice::<Machine>(&text).unwrap(), machine(), "{version}");
        }
    }
    let (data, settings) = (Path::new("data"), Path::new("data/releases/r4/settings.toml"));
    let words = cell_arguments(data, (CellId(7), local(10_004)), "r4", Some(settings));
    let words: Vec<String> = words.into_iter().map(|word| word.into_string().unwrap()).collect();
    for (version, lines) in
        of_every_version_alike("cell-arguments.txt", words.join("\n").as_bytes())
    {
        let lines = String::from_utf8(lines).unwrap();
        let cli = Cli::try_parse_from(std::iter::once("fareway").chain(lines.lines())).unwrap();
        let Some(Command::Serve(serve)) = cli.command else { panic!("{version}: {lines}") };
        assert_eq!((serve.role, serve.cell), (Some(Role::Cell), Some(7)), "{version}");
        assert_eq!(serve.release.as_deref(), Some("r4"), "{version}");
        assert_eq!(serve.machine.as_deref(), Some(data), "{version}");
        let common = cli.common;
        assert_eq!(common.data, Some(PathBuf::from("data/cell-7")), "{version}");
        assert_eq!(
            (common.listen, common.settings.as_deref()),
            (Some(local(10_004)), Some(settings))
        );
    }
}

#[test]
fn compat_releases_that_any_version_made_can_be_rolled_out() {
    let sums = [("acme.secret", "1b"), ("acme.toml", "2c")];
    let sums = sums.map(|(file, sum)| (file.to_owned(), sum.repeat(16)));
    let release = Release {
        name: "r4".to_owned(),
        made: 1_795_000_000_000,
        content: Content {
            binary: "3d".repeat(16),
            settings: Some("4e".repeat(16)),
            partners: BTreeMap::from(sums),
        },
    };
    let now = serde_json::to_vec_pretty(&release).unwrap();
    for (version, bytes) in of_every_version("release.json", &now) {
        let mut later: Value = serde_json::from_slice(&bytes).unwrap();
        later["of_a_later_release"] = Value::from(1);
        later["content"]["of_a_later_release"] = Value::from(1);
        for text in [bytes, later.to_string().into_bytes()] {
            assert_eq!(serde_json::from_slice::<Release>(&text).unwrap(), release, "{version}");
        }
    }
}

/// Two files: what an operator may have written, with every key, and what it meant.
#[test]
fn compat_a_settings_file_of_any_version_means_what_it_meant() {
    let every_key = toml::to_string(&Settings::default()).unwrap();
    let meant = serde_json::to_string_pretty(&Settings::default()).unwrap();
    let meant = of_every_version("settings.json", meant.as_bytes());
    for (version, _) in of_every_version("settings.toml", every_key.as_bytes()) {
        let file = Path::new(COMPAT).join(&version).join("settings.toml");
        let read = load(Some(&file), [], &[]).unwrap().settings;
        let read = serde_json::to_value(&read).unwrap();
        let (_, meant) = meant.iter().find(|(of, _)| *of == version).unwrap();
        let meant: Value = serde_json::from_slice(meant).unwrap();
        assert_eq!(lost("", &meant, &read), Vec::<String>::new(), "{version}");
    }
}

/// Keys that mean something else than they did. New ones may have come.
fn lost(path: &str, before: &Value, now: &Value) -> Vec<String> {
    match before {
        Value::Object(fields) => {
            let inner = fields.iter().flat_map(|(key, value)| {
                lost(&format!("{path}/{key}"), value, now.get(key).unwrap_or(&Value::Null))
            });
            inner.collect()
        }
        _ if before == now => Vec::new(),
        _ => vec![format!("{path}: {now}, was {before}")],
    }
}

/// `SUMS` has a line a file: `CHECKSUM VERSION/NAME`, XXH3-128 of its bytes. Those that are not in
/// it are added in a run of their own, when nobody writes them any more.
#[test]
fn compat_no_file_of_a_released_version_ever_changes() {
    let sums = Path::new(COMPAT).join("SUMS");
    let mut listed = std::fs::read_to_string(&sums).unwrap_or_default();
    let mut found = BTreeMap::new();
    for folder in std::fs::read_dir(COMPAT).unwrap().map(|entry| entry.unwrap().path()) {
        for file in
            std::fs::read_dir(&folder).into_iter().flatten().map(|file| file.unwrap().path())
        {
            let name = file.strip_prefix(COMPAT).unwrap().display().to_string();
            let sum = xxhash_rust::xxh3::xxh3_128(&std::fs::read(&file).unwrap());
            found.insert(name, format!("{sum:032x}"));
        }
    }
    if option_env!("FAREWAY_WRITE_FIXTURES") == Some("sums") {
        let is_listed = |name: &str| listed.lines().any(|line| line.ends_with(&format!(" {name}")));
        let new = found.iter().filter(|(name, _)| !is_listed(name));
        let new: String = new.map(|(name, sum)| format!("{sum} {name}\n")).collect();
        listed.push_str(&new);
        std::fs::write(&sums, &listed).unwrap();
    }
    let lines = listed.lines().map(|line| line.split_once(' ').unwrap());
    let expected: BTreeMap<String, String> =
        lines.map(|(sum, name)| (name.to_owned(), sum.to_owned())).collect();
    assert_eq!(found, expected, "a released file changed, came or went: docs/compatibility.md");
}
