//! Two regions of two zones on one machine: work stays near, and leaves its region only with the last cell there.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::cells::{cell_in, create, pid_of, search_in, signal, until};
use crate::process::{Platform, fareway};
use crate::region::address;

/// Searches that are begun to see where they go.
const SEARCHES: usize = 12;

fn start() -> Platform {
    let settings = [
        ("fleet.regions", "2"),
        ("fleet.zones", "2"),
        ("fleet.zone", "a"),
        ("sandbox.partners", "40"),
        ("sandbox.latency_percent", "10"),
        ("search.late_ms", "10000"),
        ("edge.probe_ms", "100"),
        ("edge.pull_ms", "100"),
    ];
    Platform::start_as(&["--cells", "4"], &settings)
}

/// The cells that new searches go to. Each must be answered.
async fn cells(platform: &Platform) -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    for day in 0..SEARCHES {
        found.insert(cell_in(&create(platform, day).await));
    }
    found
}

async fn goes_to(platform: &Platform, wanted: &[u32]) {
    let wanted: BTreeSet<u32> = wanted.iter().copied().collect();
    until(|| async { cells(platform).await == wanted }).await;
}

fn change(platform: &Platform, what: &str, cell: &str) {
    let done = fareway(&platform.data.0, &["fleet", what, cell, "--force"]).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// The cells whose prices a cell shows too.
async fn beside(platform: &Platform, cell: &str) -> Vec<String> {
    let path = format!("{}/v1/cell", address(platform, cell));
    let said = platform.get_as_operator(&path, &platform.operator()).await;
    let name = |one: &Value| one["cell"].as_str().unwrap().to_owned();
    said["beside"].as_array().unwrap().iter().map(name).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_goes_to_its_zone_then_to_its_region_and_to_another_region_only_if_all_of_it_fails() {
    let platform = start();
    let status = fareway(&platform.data.0, &["fleet", "status"]).output().unwrap();
    let status = String::from_utf8(status.stdout).unwrap();
    assert!(status.contains("region local:") && status.contains("region local-2:"), "{status}");
    goes_to(&platform, &[1]).await;
    assert_eq!(beside(&platform, "cell-1").await, ["cell-2"]);
    assert_eq!(beside(&platform, "cell-3").await, ["cell-4"]);

    change(&platform, "drain", "cell-1");
    goes_to(&platform, &[2]).await;
    let begun = search_in(&platform, 2).await;

    let stopped = pid_of(&platform.data.0, "cell-2").expect("it runs");
    signal(stopped, "-STOP");
    let elsewhere = cells(&platform).await;
    let again = platform.get(&format!("/v1/searches/{begun}")).await;
    signal(stopped, "-CONT");
    assert_eq!(elsewhere, BTreeSet::from([3, 4]));
    assert!(again["status"].is_string(), "{again}");

    goes_to(&platform, &[2]).await;
    change(&platform, "undrain", "cell-1");
    goes_to(&platform, &[1]).await;
}
