//! Documents of the control plane as every released version wrote them, and as a later one may write
//! them: an edge and a control plane of two releases run side by side.

#[path = "../../../tests/compat/fixtures.rs"]
mod fixtures;

use std::collections::BTreeMap;

use fixtures::{of_every_version, of_every_version_alike};
use serde_json::{Value, json};
use storage::disk::FaultDisk;

use crate::control::Change;
use crate::happened::{Event, Happened, Told, What};
use crate::kept;
use crate::rollout::{Rollout, RolloutSettings};
use crate::shown::{Shown, ShownFrozen, ShownRegion, ShownRelease, ShownReport, ShownRollout};
use crate::signed::SignedError;
use crate::topology::{CellSite, Override, OverrideKind, Region, SeenHealth};
use crate::traffic::Rates;
use crate::{CellId, Signer, Table, Topology, Verifier};

/// A key of tests only.
fn signer() -> Signer {
    Signer::new(&[7; 32]).unwrap()
}

/// Every field has a value that no default gives.
fn topology() -> Topology {
    let cell = |(id, zone, weight): (u32, &str, u16), draining, health| CellSite {
        id: CellId(id),
        zone: zone.to_owned(),
        address: ([10, 0, 0, id as u8], 9_000).into(),
        weight,
        tested_max: 150,
        version: format!("r{id}"),
        draining,
        health,
    };
    let region = |name: &str, zones: &[&str], peak, cells| Region {
        name: name.to_owned(),
        zones: zones.iter().map(|&zone| zone.to_owned()).collect(),
        peak,
        cells,
    };
    let north = vec![
        cell((1, "a", 100), false, SeenHealth::Ready),
        cell((2, "b", 50), true, SeenHealth::NotReady),
        cell((5, "b", 100), false, SeenHealth::Unreachable),
    ];
    let south = vec![cell((7, "c", 1), false, SeenHealth::Unknown)];
    let entry = |kind, first, last, cell| Override { kind, first, last, cell: CellId(cell) };
    let mut topology = Topology {
        version: 12,
        table: crate::TableSum::default(),
        regions: vec![region("north", &["a", "b"], 200, north), region("south", &["c"], 0, south)],
        overrides: vec![
            entry(OverrideKind::Pinned, 0, 9, 1),
            entry(OverrideKind::Canary, 10, 10, 5),
            entry(OverrideKind::Quarantine, 65_000, 65_535, 7),
        ],
    };
    topology.table = Table::build(&topology).sum();
    topology
}

#[test]
fn compat_topologies_of_every_version_are_believed_and_read_whole() {
    let now = signer().sign(&topology()).unwrap();
    for (version, signed) in of_every_version("topology.json", &now) {
        assert_eq!(signer().verifier().open(&signed).unwrap(), topology(), "{version}");
    }
    let key = signer().verifier().render();
    for (version, key) in of_every_version("fleet.pub", key.as_bytes()) {
        let key = Verifier::parse(str::from_utf8(&key).unwrap()).unwrap();
        assert!(key.open(&now).is_ok(), "{version}");
    }
}

/// The topology names the checksum of the bytes of its table, so no table need be kept here.
#[test]
fn compat_tables_of_every_version_have_the_bytes_and_the_places_that_they_had() {
    let sum = topology().table.to_string();
    for (version, sum) in of_every_version_alike("table.sum", sum.as_bytes()) {
        let table = Table::build(&topology());
        assert_eq!(table.sum().to_string().as_bytes(), sum, "{version}: buckets would move");
        assert_eq!(Table::decode(&table.encode()).unwrap(), table);
    }
}

#[test]
fn compat_what_an_edge_kept_in_every_version_is_what_it_starts_with() {
    let now = signer().sign(&topology()).unwrap();
    let table = Table::build(&topology()).encode();
    for (version, signed) in of_every_version("topology.json", &now) {
        let disk = FaultDisk::from_seed(1);
        disk.put("topology.json", &signed);
        disk.put(&format!("table-{}.bin", topology().table), &table);
        let kept = kept::read(&disk, &signer().verifier()).unwrap().expect("it is there");
        assert_eq!((kept.fleet.topology, kept.signed), (topology(), signed), "{version}");
    }
}

#[test]
fn an_edge_leaves_aside_what_a_later_control_plane_says_more() {
    let mut later = serde_json::to_value(topology()).unwrap();
    with_more(&mut later);
    later["regions"][0]["cells"][0]["health"] = json!("sleepy");
    let mut expected = topology();
    expected.regions[0].cells[0].health = SeenHealth::Unknown;
    assert_eq!(Topology::parse(later.to_string().as_bytes()).unwrap(), expected);
    let mut envelope: Value = serde_json::from_slice(&signer().sign(&topology()).unwrap()).unwrap();
    with_more(&mut envelope);
    let opened = signer().verifier().open(envelope.to_string().as_bytes());
    assert_eq!(opened.unwrap(), topology());
}

#[test]
fn an_edge_refuses_what_it_could_only_do_wrong() {
    let mut later = serde_json::to_value(topology()).unwrap();
    later["overrides"][0]["kind"] = json!("mirrored");
    assert!(Topology::parse(later.to_string().as_bytes()).is_err());
    let mut envelope: Value = serde_json::from_slice(&signer().sign(&topology()).unwrap()).unwrap();
    envelope["format"] = json!(2);
    let opened = signer().verifier().open(envelope.to_string().as_bytes());
    assert!(matches!(opened, Err(SignedError::Format { format: 2 })), "{opened:?}");
}

#[test]
fn compat_changes_that_an_operator_of_any_version_wants_are_understood_and_no_others() {
    let cell = topology().regions[0].cells[0].clone();
    let entry = topology().overrides[0].clone();
    let changes = vec![
        Change::Drain(CellId(2)),
        Change::Undrain(CellId(2)),
        Change::Weight(CellId(3), 50),
        Change::Add { region: "north".to_owned(), cell },
        Change::Remove(CellId(4)),
        Change::Run(CellId(1), "r2".to_owned()),
        Change::Overrides(vec![entry.clone()]),
        Change::Override(entry),
        Change::FollowTable { first: 0, last: 9 },
    ];
    let now = serde_json::to_vec(&changes).unwrap();
    for (version, bytes) in of_every_version("changes.json", &now) {
        assert_eq!(serde_json::from_slice::<Vec<Change>>(&bytes).unwrap(), changes, "{version}");
    }
    for later in [json!({"paint": 2}), json!({"follow_table": {"first": 0, "last": 9, "at": 5}})] {
        assert!(serde_json::from_value::<Change>(later).is_err());
    }
}

fn happened() -> Happened {
    let mut happened = Happened::default();
    happened.note(Told::all(What::Started, "the control plane was started"), 5);
    happened.note(Told::of(CellId(2), What::CellRestarted, "cell-2 was started again as r2"), 9);
    happened
}

#[test]
fn compat_what_happened_is_known_from_every_version_and_from_a_later_one() {
    let now = serde_json::to_vec(&happened()).unwrap();
    for (version, bytes) in of_every_version("happened.json", &now) {
        let read: Happened = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(read, happened(), "{version}");
    }
    let mut later = serde_json::to_value(happened()).unwrap();
    with_more(&mut later);
    later[1]["what"] = json!("cell_dreams");
    let read: Happened = serde_json::from_value(later).unwrap();
    let newest: Vec<&Event> = read.newest(10).collect();
    assert_eq!((newest[0].what, newest[1].what), (What::Other, What::Started));
    assert_eq!(newest[0].sentence, "cell-2 was started again as r2");
}

fn shown() -> Shown {
    let says = |cell: &CellSite| {
        (cell.id.0 == 1).then(|| ShownReport {
            release: "r1".to_owned(),
            process: 5,
            running: 2,
            late_ms: Some(1),
            leaving: Some("spot".to_owned()),
            rates: Some(Rates {
                over_ms: 10_000,
                requests_per_second: 12.5,
                searches_per_second: 2.0,
                failed_percent: Some(0.25),
                refused_percent: Some(0.5),
                p50_ms: Some(4.0),
                p99_ms: Some(90.5),
            }),
        })
    };
    let mut one = topology();
    one.regions.iter_mut().flat_map(|region| &mut region.cells).for_each(|cell| {
        "r1".clone_into(&mut cell.version);
    });
    let rollout = Rollout::plan(&one, "r2", RolloutSettings::default(), false, 20).unwrap();
    Shown {
        at: 30,
        version: Some(12),
        read_only: Some("somebody looks".to_owned()),
        frozen: Some(ShownFrozen { since: 3, why: "a holiday".to_owned() }),
        regions: ShownRegion::all(&topology(), says),
        releases: vec![ShownRelease { name: "r1".to_owned(), made: 1 }],
        rollout: Some(ShownRollout::of(&rollout, &BTreeMap::new())),
        last_rollout: None,
        events: happened().newest(30).cloned().collect(),
    }
}

#[test]
fn compat_what_an_operator_is_shown_is_read_from_every_version_and_from_a_later_one() {
    let now = serde_json::to_vec(&shown()).unwrap();
    for (version, bytes) in of_every_version("shown.json", &now) {
        assert_eq!(serde_json::from_slice::<Shown>(&bytes).unwrap(), shown(), "{version}");
    }
    let mut later = serde_json::to_value(shown()).unwrap();
    // It has names of cells as keys.
    let from = later["rollout"]["from"].take();
    with_more(&mut later);
    later["rollout"]["from"] = from;
    assert_eq!(serde_json::from_value::<Shown>(later).unwrap(), shown());
}

/// Adds a field that nobody knows to every object in a document.
fn with_more(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.values_mut().for_each(with_more);
            fields.insert("of_a_later_release".to_owned(), json!({"a": [1, null]}));
        }
        Value::Array(entries) => entries.iter_mut().for_each(with_more),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
