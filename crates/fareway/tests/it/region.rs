//! Cells of a region that show each other's prices, as real processes.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::cells::{create, pid_of, search_in, signal, start, until};
use crate::process::Platform;

const CELLS: [&str; 3] = ["cell-1", "cell-2", "cell-3"];

/// Where a cell listens.
pub(crate) fn address(platform: &Platform, cell: &str) -> String {
    let text = std::fs::read_to_string(platform.data.0.join("machine.json")).unwrap();
    let machine: Value = serde_json::from_str(&text).unwrap();
    let cells = machine["cells"].as_array().unwrap();
    let found =
        cells.iter().find(|one| one[0] == cell[5..].parse::<u32>().unwrap() || one[0] == cell);
    format!("http://{}", found.unwrap()[1].as_str().unwrap())
}

/// The days that a cell shows a price of, and the cells it says are missing.
async fn month(platform: &Platform, cell: &str) -> (BTreeSet<String>, Vec<String>) {
    let path = "/v1/prices/month?origin=EDI&destination=SIN&market=GB&back=none";
    let url = format!("{}{path}", address(platform, cell));
    let (status, head, bytes) = platform.raw("GET", &url, &[], Default::default()).await;
    assert_eq!(status, 200);
    let body: Value = serde_json::from_slice(&bytes).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let days = body["days"].as_array().unwrap().iter().map(|day| text(&day["date"]));
    let missing: Vec<String> = body["missing_cells"].as_array().unwrap().iter().map(text).collect();
    let said = head.get("x-fareway-missing-cells").map(|line| line.to_str().unwrap().to_owned());
    assert_eq!(said, (!missing.is_empty()).then(|| missing.join(",")));
    (days.collect(), missing)
}

/// Finishes a search, so that its prices are remembered.
async fn finish(platform: &Platform, token: &str) {
    let path = format!("/v1/searches/{token}");
    until(|| async { platform.get(&path).await["status"] == "complete" }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_cell_shows_what_any_cell_saw_and_without_the_logs_its_own_and_says_so() {
    let platform = start();
    let data = platform.data.0.clone();
    // Somebody searches in each cell, so that each has days of its own.
    for cell in [1, 2, 3] {
        let token = search_in(&platform, cell).await;
        finish(&platform, &token).await;
    }
    for day in 100..104 {
        let token = create(&platform, day).await;
        finish(&platform, &token).await;
    }
    let same = || async {
        let one = month(&platform, "cell-1").await;
        let all_same =
            one == month(&platform, "cell-2").await && one == month(&platform, "cell-3").await;
        one.0.len() >= 5 && one.1.is_empty() && all_same
    };
    until(same).await;

    // The logs' process hangs: each cell goes on with what it knows, and names the others.
    let logs = pid_of(&data, "logs").expect("the logs are served");
    signal(logs, "-STOP");
    let known = month(&platform, "cell-1").await.0;
    until(|| async { month(&platform, "cell-1").await.1 == ["cell-2", "cell-3"] }).await;
    let (days, _) = month(&platform, "cell-1").await;
    assert!(days.is_superset(&known), "{days:?} {known:?}");
    platform.get("/v1/prices/explore?origin=EDI&market=GB").await;

    // It comes back, and what was seen meanwhile with it; killed, it is started again.
    signal(logs, "-CONT");
    until(same).await;
    signal(logs, "-KILL");
    until(|| async { pid_of(&data, "logs").is_some_and(|pid| pid != logs) }).await;
    until(|| async {
        let mut whole = true;
        for cell in CELLS {
            whole &= month(&platform, cell).await.1.is_empty();
        }
        whole
    })
    .await;

    // A cell that starts again has the others' prices too, of which its own log has nothing.
    let before = month(&platform, "cell-3").await.0;
    let killed = pid_of(&data, "cell-3").expect("it runs");
    signal(killed, "-KILL");
    until(|| async { pid_of(&data, "cell-3").is_some_and(|pid| pid != killed) }).await;
    let is_up = || async {
        let address = address(&platform, "cell-3");
        tokio::net::TcpStream::connect(address.trim_start_matches("http://")).await.is_ok()
    };
    until(is_up).await;
    until(|| async { month(&platform, "cell-3").await.0.is_superset(&before) }).await;
}
