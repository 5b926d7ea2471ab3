//! What is kept of rollouts, and what cells say of themselves, as every released version wrote it.

use fleet::CellReport;
use fleet::rollout::{Evidence, Stage};

use super::*;
use crate::fleet_of_processes::fixtures::of_every_version;
use crate::fleet_of_processes::sites::topology;

/// What one cell says and what is shown of it.
fn seen(cell: u32, runs: &str, open: u64) -> (CellId, CellView) {
    let mut evidence = Evidence { requests: 10 * u64::from(cell), ..Evidence::default() };
    evidence.note_time(2_000);
    let (health, process) = (SeenHealth::Ready, 1_000 + u64::from(cell));
    let runs = Some(runs.to_owned());
    (CellId(cell), CellView { health, runs, process, open, evidence })
}

/// One rollout that bakes, one that is over, a freeze: every field has something in it.
fn rollouts() -> Rollouts {
    let mut topology = topology();
    let settings = RolloutSettings {
        bake_ms: runtime::Limited::literal(60_000),
        warm_up_ms: runtime::Limited::literal(0),
        ..RolloutSettings::default()
    };
    let mut over = Rollout::plan(&topology, "r2", settings.clone(), false, 1).unwrap();
    over.turn_back("prices look wrong", 2);
    assert_eq!(over.step(&topology, &BTreeMap::new(), 3), []);
    let mut current = Rollout::plan(&topology, "r3", settings, false, 10).unwrap();
    let mut looks = |runs: &str, open: u64, now: u64| {
        let all = BTreeMap::from([seen(1, runs, open), seen(2, "r1", 3), seen(3, "r1", 0)]);
        let actions = current.step(&topology, &all, now);
        for action in actions {
            match action {
                Action::Drain { cell, .. } => topology.cell_mut(cell).unwrap().draining = true,
                Action::Undrain(cell) => topology.cell_mut(cell).unwrap().draining = false,
                Action::Run { cell, release } => topology.cell_mut(cell).unwrap().version = release,
            }
        }
    };
    // Drained, started again, in, undrained; it bakes, and counting begins.
    for (runs, open, now) in
        [("r1", 5, 20), ("r1", 5, 30), ("r1", 0, 3_000), ("r3", 0, 4_000), ("r3", 0, 5_000)]
    {
        looks(runs, open, now);
    }
    looks("r3", 1, 6_000);
    looks("r3", 1, 7_000);
    looks("r3", 1, 20_000);
    assert!(matches!(current.stage, Stage::Baking { .. }), "{current:?}");
    Rollouts {
        frozen: Some((4, "a holiday".to_owned())),
        current: Some(current),
        past: VecDeque::from([over]),
    }
}

#[test]
fn compat_a_control_plane_goes_on_with_what_every_version_kept_of_rollouts() {
    let now = serde_json::to_vec(&rollouts()).unwrap();
    for (version, bytes) in of_every_version("rollout.json", &now) {
        assert_eq!(serde_json::from_slice::<Rollouts>(&bytes).unwrap(), rollouts(), "{version}");
    }
}

#[test]
fn a_control_plane_leaves_aside_what_a_later_one_kept_more_and_takes_no_stage_that_it_does_not_know()
 {
    let mut later = serde_json::to_value(rollouts()).unwrap();
    for path in ["", "/current", "/current/settings", "/past/0", "/past/0/settings"] {
        later.pointer_mut(path).unwrap()["of_a_later_release"] = json!([1]);
    }
    assert_eq!(serde_json::from_value::<Rollouts>(later.clone()).unwrap(), rollouts());
    later["current"]["stage"] = json!("dreaming");
    assert!(serde_json::from_value::<Rollouts>(later).is_err());
    let begin = json!({"to": "r2", "settings": {"bake": 1}});
    let refused = serde_json::from_value::<Begin>(begin).unwrap_err().to_string();
    assert!(refused.contains("unknown field `bake`"), "{refused}");
}

#[test]
fn compat_what_a_cell_of_any_version_says_of_itself_is_understood() {
    let mut evidence =
        Evidence { requests: 9, failed: 1, refused: 2, followed: 4, changed: 3, times: Vec::new() };
    evidence.note_time(1_500);
    let said = CellReport {
        cell: "cell-2".to_owned(),
        release: "r1".to_owned(),
        process: 1_795_000_000_000,
        searches: 5,
        running: 4,
        created: 17,
        late_ms: Some(3),
        leaving: Some("spot".to_owned()),
        evidence,
        beside: Vec::new(),
    };
    for (version, bytes) in of_every_version("cell.json", json!(said).to_string().as_bytes()) {
        let mut later: Value = serde_json::from_slice(&bytes).unwrap();
        later["of_a_later_release"] = json!({"a": 1});
        later["evidence"]["of_a_later_release"] = json!(1);
        for bytes in [bytes, later.to_string().into_bytes()] {
            assert_eq!(serde_json::from_slice::<CellReport>(&bytes).unwrap(), said, "{version}");
        }
    }
}
