//! The console of a real fleet: seen, changed, and still there when no cell answers.

use bytes::Bytes;
use fleet::shown::{Shown, ShownCell};
use fleet::topology::SeenHealth;
use serde_json::{Value, json};

use crate::cells::{create, pid_of, signal, start, until};
use crate::process::{Platform, fareway};

const CELLS: [&str; 3] = ["cell-1", "cell-2", "cell-3"];

pub(crate) async fn seen(platform: &Platform) -> Value {
    platform.get_as_operator("/v1/fleet", &platform.operator()).await
}

/// Read strictly: a field that is missing or too many fails.
pub(crate) fn says(fleet: &Value) -> Shown {
    serde_json::from_value(fleet["control"]["says"].clone()).unwrap()
}

pub(crate) async fn act(platform: &Platform, what: &str, body: Value) -> (u16, Value) {
    let token = platform.operator();
    let path = format!("/v1/fleet/{what}");
    platform.call_with("POST", &path, &[("x-fareway-operator", &token)], Some(&body)).await
}

async fn happened(platform: &Platform, sentence: &str) -> bool {
    let shown = says(&seen(platform).await);
    shown.events.iter().any(|event| event.sentence.contains(sentence))
}

/// Stops all cells where they are; they go on when it is dropped.
struct Stopped(Vec<u32>);

impl Stopped {
    fn all(platform: &Platform) -> Self {
        let pids = CELLS.map(|cell| pid_of(&platform.data.0, cell).expect("it runs"));
        pids.iter().for_each(|&pid| signal(pid, "-STOP"));
        Self(pids.to_vec())
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        self.0.iter().for_each(|&pid| signal(pid, "-CONT"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_sees_drains_and_freezes_cells_at_the_front_door() {
    let platform = start();
    until(|| async { seen(&platform).await["control"]["answers"] == true }).await;
    let traffic = || async {
        create(&platform, 3).await;
        let shown = says(&seen(&platform).await);
        let cells = shown.regions.iter().flat_map(|region| &region.zones);
        let mut cells = cells.flat_map(|zone| &zone.cells);
        cells.any(|cell| {
            let rates = cell.says.as_ref().and_then(|says| says.rates.as_ref());
            rates.is_some_and(|rates| rates.searches_per_second > 0.0 && rates.p99_ms.is_some())
        })
    };
    until(traffic).await;
    let shown = says(&seen(&platform).await);
    let cells = &shown.regions[0].zones[0].cells;
    assert_eq!(cells.iter().map(|cell| &*cell.cell).collect::<Vec<_>>(), CELLS);
    assert!(shown.regions[0].capacity.as_ref().unwrap().holds);
    assert_eq!((shown.releases[0].name.as_str(), shown.read_only), ("r1", None));

    let drain = |cell: u32, force: bool| json!({"changes": [{"drain": cell}], "force": force});
    let (status, plan) = act(&platform, "change", drain(2, false)).await;
    assert_eq!((status, &plan["refused"]), (200, &Value::Null), "{plan}");
    assert!(happened(&platform, "cell-2 is drained").await);
    let (status, refused) = act(&platform, "change", drain(3, false)).await;
    assert_eq!((status, &refused["code"]), (409, &json!("change_refused")));
    assert!(refused["detail"].as_str().unwrap().contains("after one further loss 0"), "{refused}");
    let (status, _) = act(&platform, "freeze", json!({"why": "a holiday"})).await;
    assert_eq!(status, 200);
    let (status, refused) = act(&platform, "change", json!({"changes": [{"undrain": 2}]})).await;
    assert!(status == 409 && refused["detail"].as_str().unwrap().contains("a holiday"));
    let (status, refused) = act(&platform, "freeze", json!({"why": "x".repeat(301)})).await;
    assert_eq!((status, &refused["field"]), (400, &json!("why")));
    act(&platform, "freeze", json!({"why": null})).await;
    assert!(happened(&platform, "changes are allowed again").await);
    let (status, refused) = act(&platform, "rollout", json!({"to": "r9", "dry_run": false})).await;
    assert!(status == 409 && refused["detail"].as_str().unwrap().contains("no release r9"));

    // The terminal says the same.
    let output = fareway(&platform.data.0, &["fleet", "status"]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("s ago  cell-2 is drained") && text.contains("searches/s"), "{text}");
    // A control plane that was killed still knows.
    crate::cells::kill(&platform.data.0, "control").await;
    until(|| async { seen(&platform).await["control"]["answers"] == true }).await;
    assert!(happened(&platform, "cell-2 is drained").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_console_is_there_when_no_cell_answers_and_for_nobody_but_the_operator() {
    let platform = start();
    let get = |path: &'static str| platform.raw("GET", path, &[], Bytes::new());
    let ready = || async {
        let fleet = seen(&platform).await;
        let answers = fleet["control"]["answers"] == true;
        let regions = if answers { says(&fleet).regions } else { Vec::new() };
        let mut zones = regions.iter().flat_map(|region| &region.zones);
        let is_ready = |cell: &ShownCell| cell.seen == SeenHealth::Ready;
        answers && zones.all(|zone| zone.cells.iter().all(is_ready))
    };
    until(ready).await;
    let stopped = Stopped::all(&platform);
    until(|| async { platform.call("GET", "/readyz", None).await.0 == 503 }).await;
    let (status, headers, page) = get("/console/cells").await;
    assert_eq!(
        (status, &headers["content-type"]),
        (200, &"text/html; charset=utf-8".parse().unwrap())
    );
    assert!(!headers.contains_key("x-cell") && !headers.contains_key("set-cookie"));
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"));
    let page = String::from_utf8(page.to_vec()).unwrap();
    let files = page.split('"').filter(|word| word.starts_with("/console/"));
    for file in files {
        let (status, _, _) = platform.raw("GET", file, &[], Bytes::new()).await;
        assert_eq!(status, 200, "{file}");
    }
    let told = || async {
        let fleet = seen(&platform).await;
        let gone = fleet["cells"].as_array().unwrap().iter().all(|cell| cell["standing"] == "gone");
        gone && happened(&platform, "does not answer the control plane").await
    };
    until(told).await;
    drop(stopped);
    until(|| happened(&platform, "takes work now")).await;

    let body = json!({"changes": [{"drain": 1}], "force": true});
    for path in ["plan", "change", "rollout", "rollback", "freeze"] {
        let path = format!("/v1/fleet/{path}");
        let (status, refused) = platform.call("POST", &path, Some(&body)).await;
        assert_eq!((status, &refused["code"]), (401, &json!("operator_required")), "{path}");
        let wrong = [("x-fareway-operator", "0123")];
        let (status, refused) = platform.call_with("POST", &path, &wrong, Some(&body)).await;
        assert_eq!((status, &refused["code"]), (403, &json!("operator_wrong")), "{path}");
        // A cookie or a parameter is not the header.
        let cookie = format!("x-fareway-operator={}", platform.operator());
        let (status, _) =
            platform.call_with("POST", &path, &[("cookie", &cookie)], Some(&body)).await;
        assert_eq!(status, 401);
    }
    assert!(!happened(&platform, "cell-1 is drained").await);
}
