use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::happened::{Happened, Told, What};
use crate::rollout::{Rollout, RolloutSettings};
use crate::topology::tests::{fleet_of, region};

fn shown() -> Shown {
    let mut topology = fleet_of(vec![region("north", 1..=3, 100)]);
    topology.regions[0].cells[1].draining = true;
    let says = |cell: &CellSite| {
        (cell.id.0 == 1).then(|| ShownReport {
            release: "r1".to_owned(),
            process: 5,
            running: 2,
            late_ms: Some(0),
            leaving: None,
            rates: None,
        })
    };
    let mut happened = Happened::default();
    happened.note(Told::all(What::Started, "the control plane was started"), 10);
    let rollout = Rollout::plan(&topology, "r2", RolloutSettings::default(), false, 20).unwrap();
    Shown {
        at: 30,
        version: Some(1),
        read_only: None,
        frozen: Some(ShownFrozen { since: 3, why: "a holiday".to_owned() }),
        regions: ShownRegion::all(&topology, says),
        releases: vec![ShownRelease { name: "r1".to_owned(), made: 1 }],
        rollout: Some(ShownRollout::of(&rollout, &BTreeMap::new())),
        last_rollout: None,
        events: happened.newest(30).cloned().collect(),
    }
}

#[test]
fn regions_zones_and_cells_stand_in_one_tree() {
    let value = serde_json::to_value(shown()).unwrap();
    let north = &value["regions"][0];
    assert_eq!(north["zones"].as_array().unwrap().len(), 3);
    let expected = json!({
        "cell": "cell-1", "address": "127.0.0.1:10001", "seen": "unknown", "draining": false,
        "weight": 100, "tested_max": 100, "release": "0.1.0",
        "says": {"release": "r1", "process": 5, "running": 2, "late_ms": 0, "leaving": null, "rates": null},
    });
    assert_eq!(north["zones"][0]["cells"], json!([expected]));
    assert_eq!(north["zones"][1]["cells"][0]["draining"], true);
    assert_eq!(north["zones"][1]["cells"][0]["says"], json!(null));
    let capacity = json!({
        "peak": 100, "serving": 200, "after_worst_loss": 100, "ratio": 1.0, "holds": true,
        "losses": [{"lost": ["cell-1"], "remaining": 100}, {"lost": ["cell-3"], "remaining": 100}],
    });
    assert_eq!(north["capacity"], capacity);
}

#[test]
fn a_rollout_is_shown_with_waves_stage_and_notes() {
    let value = serde_json::to_value(shown()).unwrap();
    let rollout = &value["rollout"];
    assert_eq!(rollout["waves"], json!([["cell-1"], ["cell-2", "cell-3"]]));
    assert_eq!((&rollout["wave"], &rollout["stage"]), (&json!(1), &json!("moving")));
    assert_eq!(rollout["notes"], json!([{"at": 20, "note": "begun: 3 cells go to r2"}]));
    assert_eq!((&rollout["why"], &rollout["bake"]), (&json!(null), &json!(null)));
}

#[test]
fn no_field_comes_or_goes_unnoticed() {
    let value = serde_json::to_value(shown()).unwrap();
    let read: Shown = serde_json::from_value(value.clone()).unwrap();
    assert_eq!(read, shown());
    let mut names: Vec<&String> = value.as_object().unwrap().keys().collect();
    let expected = [
        "at",
        "events",
        "frozen",
        "last_rollout",
        "read_only",
        "regions",
        "releases",
        "rollout",
        "version",
    ];
    names.sort_unstable();
    assert_eq!(names, expected);
}
