//! Another release walks through real cells under load; a good one arrives, a bad one goes back.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::cells::until;
use crate::console::{act, says, seen};
use crate::process::{Folder, Platform, fareway};

/// Travellers who search all the time.
const TRAVELLERS: usize = 4;

struct Fleet {
    platform: Arc<Platform>,
    files: Folder,
}

impl Fleet {
    fn start(settings: &str, latency_percent: &str) -> Self {
        let files = Folder::new();
        let path = files.0.join("settings.toml");
        std::fs::write(&path, settings).unwrap();
        std::fs::create_dir_all(files.0.join("partners")).unwrap();
        let arguments = ["--cells", "3", "--settings", path.to_str().unwrap()];
        let partners = files.0.join("partners");
        let variables = [
            ("partners.folder", partners.to_str().unwrap()),
            ("sandbox.partners", "40"),
            ("sandbox.latency_percent", latency_percent),
            ("edge.probe_ms", "100"),
            ("edge.pull_ms", "100"),
            ("fleet.look_ms", "500"),
        ];
        Self { platform: Arc::new(Platform::start_as(&arguments, &variables)), files }
    }

    fn data(&self) -> &Path {
        &self.platform.data.0
    }

    fn write_settings(&self, text: &str) {
        std::fs::write(self.files.0.join("settings.toml"), text).unwrap();
    }

    /// Runs `fareway fleet …`; gives whether it went well and what it said.
    fn fleet(&self, arguments: &[&str]) -> (bool, String) {
        let output = fareway(self.data(), &[&["fleet"], arguments].concat()).output().unwrap();
        let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
        said.push_str(&String::from_utf8_lossy(&output.stderr));
        (output.status.success(), said)
    }

    /// Whether a status has a line that starts so.
    fn says(&self, start: &str) -> bool {
        self.fleet(&["status"]).1.lines().any(|line| line.trim_start().starts_with(start))
    }

    /// How the rollout ended.
    async fn ended(&self) -> String {
        for _ in 0..600 {
            let (_, said) = self.fleet(&["status"]);
            if let Some(line) = said.lines().find(|line| line.starts_with("last rollout to")) {
                return line.to_owned();
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        panic!("it goes on and on: {}", self.fleet(&["status"]).1);
    }

    /// The release of each cell, as the edge knows it.
    async fn releases(&self) -> Vec<String> {
        let token = std::fs::read_to_string(self.data().join("operator.token")).unwrap();
        let seen = self.platform.get_as_operator("/v1/fleet", token.trim()).await;
        let cells = seen["cells"].as_array().unwrap();
        cells.iter().map(|cell| cell["version"].as_str().unwrap().to_owned()).collect()
    }
}

const CREATE: &str = "/apiservices/v3/flights/live/search/create";
const POLL: &str = "/apiservices/v3/flights/live/search/poll";

fn question(day: usize) -> Value {
    let days = (runtime::unix_ms() / 86_400_000) as i32 + 40 + day as i32 % 200;
    let date = domain::Date::from_days(days).to_string();
    let mut parts = date.split('-').map(|part| part.parse::<u32>().unwrap());
    let mut part = || parts.next().unwrap();
    let date = json!({"year": part(), "month": part(), "day": part()});
    let leg = json!({
        "originPlaceId": {"iata": "EDI"}, "destinationPlaceId": {"iata": "SIN"}, "date": date,
    });
    json!({"query": {
        "market": "GB", "locale": "en-GB", "currency": "GBP", "queryLegs": [leg],
        "cabinClass": "CABIN_CLASS_ECONOMY", "adults": 1,
    }})
}

/// Travellers who look only at whether they are answered.
struct Load {
    over: Arc<AtomicBool>,
    failed: Arc<AtomicUsize>,
    tasks: tokio::task::JoinSet<()>,
}

impl Load {
    fn start(platform: &Arc<Platform>) -> Self {
        let (over, failed) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let mut tasks = tokio::task::JoinSet::new();
        for traveller in 0..TRAVELLERS {
            let (platform, over) = (Arc::clone(platform), Arc::clone(&over));
            let failed = Arc::clone(&failed);
            tasks.spawn(async move {
                let mut search = 0;
                while !over.load(Ordering::SeqCst) {
                    let wanted = question(traveller * 50 + search);
                    search += 1;
                    let (mut status, mut body) = platform.call("POST", CREATE, Some(&wanted)).await;
                    for _ in 0..6 {
                        failed.fetch_add(usize::from(status != 200), Ordering::SeqCst);
                        let Some(token) = body["sessionToken"].as_str() else { break };
                        let path = format!("{POLL}/{token}");
                        (status, body) = platform.call("POST", &path, None).await;
                    }
                }
            });
        }
        Self { over, failed, tasks }
    }

    /// How many were not answered as they should have been.
    async fn stop(mut self) -> usize {
        self.over.store(true, Ordering::SeqCst);
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap();
        }
        self.failed.load(Ordering::SeqCst)
    }
}

const QUICK: [&str; 8] = ["rollout", "--bake", "8", "--warm-up", "3", "--requests", "40", "--go"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_file_reaches_cells_by_a_rollout_only_and_without_an_error() {
    let fleet = Fleet::start("[search]\nlate_ms = 10000\n", "5");
    assert_eq!(fleet.releases().await, ["r1", "r1", "r1"]);
    let (well, said) = fleet.fleet(&["rollout"]);
    assert!(!well && said.contains("nothing differs between r1"), "{said}");

    fleet.write_settings("[search]\nlate_ms = 9999\n");
    let (well, said) = fleet.fleet(&["rollout"]);
    assert!(well, "{said}");
    for line in [
        "- [search] late_ms = 10000",
        "+ [search] late_ms = 9999",
        "wave 1: cell-1",
        "nothing was changed",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    let load = Load::start(&fleet.platform);
    let (well, said) = fleet.fleet(&QUICK);
    assert!(well, "{said}");
    let (well, said) = fleet.fleet(&QUICK);
    assert!(!well && said.contains("there is a rollout already"), "{said}");
    let ended = fleet.ended().await;
    let status = fleet.fleet(&["status"]).1;
    assert_eq!(ended, "last rollout to r2: done, wave 2 of 2", "{status}");
    assert_eq!(load.stop().await, 0);
    until(|| async { fleet.releases().await == ["r2", "r2", "r2"] }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_release_reaches_one_cell_and_goes_back_by_itself() {
    let fleet = Fleet::start("[search]\nlate_ms = 10000\n", "100");
    fleet.write_settings("[search]\nno_such_key = 1\n");
    let (well, said) = fleet.fleet(&QUICK);
    assert!(
        !well && said.contains("refuses the settings") && said.contains("no_such_key"),
        "{said}"
    );

    // A poll that waits for news of a partner fails.
    fleet.write_settings("[search]\nlate_ms = 10000\n[cell]\nrequest_ms = 100\n");
    let load = Load::start(&fleet.platform);
    let (well, said) = fleet.fleet(&QUICK);
    assert!(well, "{said}");
    let mut most = 0;
    while !fleet.says("last rollout to r2: ") {
        let releases = fleet.releases().await;
        most = most.max(releases.iter().filter(|release| *release == "r2").count());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(most, 1);
    assert_eq!(fleet.ended().await, "last rollout to r2: returned, wave 1 of 2");
    until(|| async { fleet.releases().await == ["r1", "r1", "r1"] }).await;
    assert!(fleet.says("because failed answers: "), "{}", fleet.fleet(&["status"]).1);
    load.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_all_is_frozen_nothing_changes_and_a_killed_control_plane_remembers_it() {
    let fleet = Fleet::start("[search]\nlate_ms = 10000\n", "5");
    let (well, said) = fleet.fleet(&["freeze", "a holiday"]);
    assert!(well, "{said}");
    crate::cells::kill(fleet.data(), "control").await;
    fleet.write_settings("[search]\nlate_ms = 9998\n");
    until(|| async { fleet.says("FROZEN: a holiday") }).await;
    for change in [&QUICK[..], &["drain", "cell-1"]] {
        let (well, said) = fleet.fleet(change);
        assert!(!well && said.contains("all changes are frozen: a holiday"), "{said}");
    }
    // A cell that does harm can be taken out all the same.
    assert!(fleet.fleet(&["drain", "cell-1", "--force"]).0);
    assert!(fleet.fleet(&["unfreeze"]).0);
    let (well, said) = fleet.fleet(&["undrain", "cell-1"]);
    assert!(well, "{said}");
    let value: Value = fleet.platform.get("/healthz").await;
    assert_eq!(value["status"], "ok");

    // A release that is only made moves nobody; the console shows it and what it would change.
    let (well, said) = fleet.fleet(&["rollout", "--make"]);
    assert!(well && said.contains("r3 is made and no cell runs it"), "{said}");
    let shown = says(&seen(&fleet.platform).await);
    let names: Vec<&str> = shown.releases.iter().map(|release| &*release.name).collect();
    // The second was made for the rollout that was refused.
    assert_eq!((names, shown.rollout), (vec!["r1", "r2", "r3"], None));
    let wanted = json!({"to": "r3", "dry_run": true});
    let (status, planned) = act(&fleet.platform, "rollout", wanted).await;
    let lines = ["settings:", "  - [search] late_ms = 10000", "  + [search] late_ms = 9998"];
    assert_eq!((status, &planned["difference"]), (200, &json!({"from": "r1", "lines": lines})));
    assert_eq!(fleet.releases().await, ["r1", "r1", "r1"]);
}
