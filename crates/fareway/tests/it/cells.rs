//! An edge and three cells as real processes that are killed, stopped and drained under load.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::process::{Platform, fareway};

/// Travellers who search and poll at once.
const TRAVELLERS: usize = 4;

pub(crate) fn start() -> Arc<Platform> {
    let settings = [
        ("sandbox.partners", "40"),
        ("sandbox.latency_percent", "10"),
        // A machine that is busy with other tests shall refuse nobody.
        ("search.late_ms", "10000"),
        ("edge.probe_ms", "100"),
        ("edge.pull_ms", "100"),
    ];
    Arc::new(Platform::start_as(&["--cells", "3"], &settings))
}

/// Kills a process and waits until another is in its place.
pub(crate) async fn kill(data: &Path, role: &str) {
    let killed = pid_of(data, role).expect("it runs");
    signal(killed, "-KILL");
    until(|| async { pid_of(data, role).is_some_and(|pid| pid != killed) }).await;
}

/// The process that has a folder within the data folder.
pub(crate) fn pid_of(data: &Path, role: &str) -> Option<u32> {
    let folder = data.join(role);
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let mut words = line.split(|&byte| byte == 0);
        if words.any(|word| word == folder.as_os_str().as_encoded_bytes()) {
            return Some(pid);
        }
    }
    None
}

pub(crate) fn signal(pid: u32, signal: &str) {
    let sent = Command::new("kill").args([signal, &pid.to_string()]).status();
    assert!(sent.unwrap().success(), "{signal} for {pid}");
}

fn question(day: usize) -> Value {
    let days = (runtime::unix_ms() / 86_400_000) as i32 + 40 + day as i32 % 200;
    json!({
        "legs": [{"origin": "EDI", "destination": "SIN", "date": domain::Date::from_days(days).to_string()}],
        "adults": 1, "market": "GB", "locale": "en-GB", "currency": "GBP",
    })
}

pub(crate) async fn create(platform: &Platform, day: usize) -> String {
    let (status, body) = platform.call("POST", "/v1/searches", Some(&question(day))).await;
    assert_eq!(status, 201, "{body}");
    body["token"].as_str().unwrap().to_owned()
}

pub(crate) fn cell_in(token: &str) -> u32 {
    token.rsplit_once("-cell").unwrap().1.parse().unwrap()
}

/// A search that is kept by a cell.
pub(crate) async fn search_in(platform: &Platform, cell: u32) -> String {
    for day in 0..500 {
        let token = create(platform, day).await;
        if cell_in(&token) == cell {
            return token;
        }
    }
    panic!("cell {cell} gets no new search");
}

/// Travellers who search, poll until the answer is complete, and search again; every answer that is
/// not as it must be fails the test.
struct Crowd {
    over: Arc<AtomicBool>,
    answers: Arc<AtomicUsize>,
    tasks: tokio::task::JoinSet<()>,
}

impl Crowd {
    fn start(platform: &Arc<Platform>) -> Self {
        let (over, answers) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let mut tasks = tokio::task::JoinSet::new();
        for traveller in 0..TRAVELLERS {
            let (platform, over) = (Arc::clone(platform), Arc::clone(&over));
            let answers = Arc::clone(&answers);
            tasks.spawn(async move {
                for search in 0.. {
                    let token = create(&platform, traveller * 50 + search).await;
                    let path = format!("/v1/searches/{token}?limit=10");
                    loop {
                        let page = platform.get(&path).await;
                        answers.fetch_add(1, Ordering::SeqCst);
                        if over.load(Ordering::SeqCst) {
                            return;
                        }
                        if page["status"] == "complete" {
                            break;
                        }
                        tokio::time::sleep(Duration::from_millis(30)).await;
                    }
                }
            });
        }
        Self { over, answers, tasks }
    }

    /// Waits for so many further answers.
    async fn answers(&self, more: usize) {
        let wanted = self.answers.load(Ordering::SeqCst) + more;
        until(|| async { self.answers.load(Ordering::SeqCst) >= wanted }).await;
    }

    async fn stop(mut self) {
        self.over.store(true, Ordering::SeqCst);
        while let Some(ended) = self.tasks.join_next().await {
            ended.expect("a traveller saw no error");
        }
    }
}

pub(crate) async fn until<F: Future<Output = bool>>(mut so: impl FnMut() -> F) {
    for _ in 0..1_200 {
        if so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it never came to be so");
}

/// How the edge sees a cell.
fn standing(platform: &Platform, cell: &str) -> String {
    let output = fareway(&platform.data.0, &["fleet", "status"]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().find(|line| line.starts_with(cell));
    let line = line.unwrap_or_else(|| panic!("no {cell} in {text}"));
    line.split_whitespace().nth(1).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_and_draining_cells_under_load_shows_no_traveller_an_error() {
    let platform = start();
    let data = platform.data.0.clone();
    let crowd = Crowd::start(&platform);
    let (second, third) = (search_in(&platform, 2).await, search_in(&platform, 3).await);
    let page = |token: &str| format!("/v1/searches/{token}");
    crowd.answers(20).await;

    let killed = pid_of(&data, "cell-2").expect("cell-2 runs");
    signal(killed, "-KILL");
    platform.get(&page(&second)).await;
    crowd.answers(20).await;
    until(|| async { pid_of(&data, "cell-2").is_some_and(|pid| pid != killed) }).await;
    until(|| async { standing(&platform, "cell-2") == "up" }).await;
    search_in(&platform, 2).await;

    let drained = fareway(&data, &["fleet", "drain", "cell-3"]).output().unwrap();
    assert!(drained.status.success(), "{}", String::from_utf8_lossy(&drained.stderr));
    until(|| async { standing(&platform, "cell-3") == "draining" }).await;
    for day in 0..20 {
        assert_ne!(cell_in(&create(&platform, day).await), 3);
    }
    platform.get(&page(&third)).await;
    let refused = fareway(&data, &["fleet", "drain", "cell-1"]).output().unwrap();
    let error = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && error.contains("after one further loss 0"), "{error}");
    crowd.answers(20).await;
    crowd.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_control_plane_an_edge_starts_and_routes_and_without_the_parent_all_stop() {
    let platform = start();
    let data = platform.data.0.clone();
    let token = create(&platform, 1).await;
    let control = pid_of(&data, "control").expect("the control plane runs");
    // It holds its port and says nothing: started again, it would come back within 100 ms.
    signal(control, "-STOP");
    let edge = pid_of(&data, "edge").expect("the edge runs");
    signal(edge, "-KILL");
    until(|| async { pid_of(&data, "edge").is_some_and(|pid| pid != edge) }).await;
    let ready = || async {
        let connected = platform.base.strip_prefix("http://").unwrap();
        tokio::net::TcpStream::connect(connected).await.is_ok()
    };
    until(ready).await;
    platform.get(&format!("/v1/searches/{token}")).await;
    for day in 0..10 {
        create(&platform, day).await;
    }
    signal(control, "-CONT");

    let roles = ["sandbox", "logs", "control", "cell-1", "cell-2", "cell-3", "edge"];
    assert!(roles.iter().all(|role| pid_of(&data, role).is_some()));
    signal(platform.pid(), "-KILL");
    until(|| async { roles.iter().all(|role| pid_of(&data, role).is_none()) }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_control_plane_that_hangs_keeps_no_cell_from_being_started_again() {
    let platform = start();
    let data = platform.data.0.clone();
    let control = pid_of(&data, "control").expect("it runs");
    signal(control, "-STOP");
    let is_back = tokio::time::timeout(Duration::from_secs(20), kill(&data, "cell-2")).await;
    // Whatever came of it: one that is stopped would outlive its parent.
    signal(control, "-CONT");
    assert!(is_back.is_ok(), "nobody started it");
}

/// Creates a search of a visit; its cell.
async fn cell_of_visit(platform: &Platform, visit: &str) -> u32 {
    let headers = [("x-fareway-visit", visit)];
    let created = platform.call_with("POST", "/v1/searches", &headers, Some(&question(1))).await;
    assert_eq!(created.0, 201, "{}", created.1);
    cell_in(created.1["token"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_pins_a_visit_quarantines_another_and_takes_it_back() {
    let platform = start();
    let data = platform.data.0.clone();
    let run = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let output = fareway(&data, &[&["fleet"], words.as_slice()].concat()).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(text).unwrap())
    };
    let usual = cell_of_visit(&platform, "one").await;
    let other = usual % 3 + 1;
    let (done, text) = run(&format!("pin cell-{other} --visit one"));
    assert!(done && text.contains("pinned: bucket"), "{text}");
    until(|| async { cell_of_visit(&platform, "one").await == other }).await;
    assert!(run("status").1.contains("pinned: bucket"));
    let (done, text) = run(&format!("quarantine cell-{usual} --visit one"));
    assert!(!done && text.contains("has an override already"), "{text}");
    assert!(run("unpin --visit one").0);
    until(|| async { cell_of_visit(&platform, "one").await == usual }).await;
    assert!(run(&format!("quarantine cell-{other} --visit one")).0);
    until(|| async { cell_of_visit(&platform, "one").await == other }).await;
    // Its cell takes nothing new: it is refused, and goes to no healthy one.
    let (done, text) = run(&format!("drain cell-{other}"));
    assert!(done, "{text}");
    let refused = || async {
        let headers = [("x-fareway-visit", "one")];
        let question = question(1);
        let answer = platform.call_with("POST", "/v1/searches", &headers, Some(&question)).await;
        answer.0 == 503
    };
    until(refused).await;
    assert_eq!(platform.call("POST", "/v1/searches", Some(&question(2))).await.0, 201);
}

#[tokio::test]
async fn ctrl_c_stops_all_processes_within_five_seconds() {
    let platform = Arc::into_inner(start()).expect("nobody else has it");
    let data = platform.data.0.clone();
    let (well, took) = platform.stop();
    assert!(well && took < Duration::from_secs(5), "ended well: {well}, after {took:?}");
    for role in ["sandbox", "logs", "control", "cell-1", "cell-2", "cell-3", "edge"] {
        assert_eq!(pid_of(&data, role), None, "{role} is still there");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cell_that_is_told_to_go_finishes_what_it_has_and_no_traveller_sees_an_error() {
    let platform = start();
    let data = platform.data.0.clone();
    let crowd = Crowd::start(&platform);
    let kept = search_in(&platform, 2).await;
    crowd.answers(20).await;
    let told = pid_of(&data, "cell-2").expect("cell-2 runs");
    signal(told, "-TERM");
    until(|| async { standing(&platform, "cell-2") == "not_ready" }).await;
    // Its searches are still there; new ones go elsewhere.
    platform.get(&format!("/v1/searches/{kept}")).await;
    for day in 0..10 {
        assert_ne!(cell_in(&create(&platform, day).await), 2);
    }
    until(|| async { pid_of(&data, "cell-2").is_some_and(|pid| pid != told) }).await;
    until(|| async { standing(&platform, "cell-2") == "up" }).await;
    crowd.stop().await;
}
