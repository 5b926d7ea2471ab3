//! What happens is told: facts of real searches, read from the log while the platform runs.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::process::{Folder, Platform, fareway};

/// What `fareway facts read` prints.
fn read(data: &Path, arguments: &[&str]) -> Vec<Value> {
    let output = fareway(data, &[&["facts", "read"], arguments].concat()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Reads until so many facts of a kind are there.
async fn until(data: &Path, kind: &str, count: usize) -> Vec<Value> {
    for _ in 0..100 {
        let facts = read(data, &["--kind", kind]);
        if facts.len() >= count {
            return facts;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{count} facts of {kind} never came: {:?}", read(data, &[]));
}

#[tokio::test]
async fn a_search_its_partners_and_the_click_on_an_offer_are_told_as_facts() {
    let platform = Platform::start(&[
        ("sandbox.partners", "40"),
        ("sandbox.latency_percent", "0"),
        ("fleet.region", "north"),
    ]);
    let day = domain::Date::from_days((runtime::unix_ms() / 86_400_000) as i32 + 40);
    let question = json!({
        "legs": [{"origin": "EDI", "destination": "city:LON", "date": day.to_string()}],
        "cabin": "economy", "adults": 2, "children_ages": [1, 7], "market": "GB",
        "currency": "EUR", "locale": "de-DE",
    });
    let visit = [("x-fareway-visit", "somebody")];
    let (status, created) =
        platform.call_with("POST", "/v1/searches", &visit, Some(&question)).await;
    assert_eq!(status, 201, "{created}");
    let token = created["token"].as_str().unwrap().to_owned();
    let page = loop {
        let page = platform.get(&format!("/v1/searches/{token}?limit=1")).await;
        if page["status"] == "complete" {
            break page;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let option = &page["itineraries"][0]["options"][0];
    let link = option["link"].as_str().unwrap();
    // Whoever only looks, fetches ahead or is a machine is led nowhere.
    for (method, line) in [
        ("HEAD", visit[0]),
        ("GET", ("sec-purpose", "prefetch")),
        ("GET", ("user-agent", "somebot/1.0")),
    ] {
        assert_eq!(platform.raw(method, link, &[line], Default::default()).await.0, 302);
    }
    let (status, headers, _) = platform.raw("GET", link, &visit, Default::default()).await;
    assert_eq!(status, 302);
    let data = platform.data.0.as_path();

    // Gold is there at once.
    let clicks = read(data, &["--kind", "click_out"]);
    assert_eq!(clicks.len(), 1, "{clicks:?}");
    let click = &clicks[0];
    assert_eq!((&click["agent"], &click["changed"]), (&option["agent"], &json!(false)));
    assert!(headers.contains_key("location") && click["minor"].as_i64() > Some(0), "{click}");
    assert_eq!((&click["cell"], &click["region"]), (&json!("cell-1"), &json!("north")));

    let created = until(data, "search_created", 1).await;
    assert_eq!(created.len(), 1);
    let search = &created[0];
    for (field, value) in [
        ("origin", json!("EDI")),
        ("destination", json!("LON")),
        ("departs", json!(day.to_string())),
        ("adults", json!(2)),
        ("children", json!(1)),
        ("infants", json!(1)),
        ("currency", json!("EUR")),
        ("locale", json!("de-DE")),
        ("shared", json!(false)),
    ] {
        assert_eq!(search[field], value, "{field}: {search}");
    }
    assert!(!search.as_object().unwrap().contains_key("returns"), "{search}");
    assert_eq!((&click["search"], &click["visit"]), (&search["search"], &search["visit"]));
    let told = serde_json::to_string(&read(data, &[])).unwrap();
    assert!(!told.contains("somebody"), "a visit is told by its name");

    let ended = until(data, "fan_out_ended", 1).await;
    let asked = ended[0]["asked"].as_u64().unwrap();
    let calls = until(data, "partner_call", asked as usize).await;
    assert_eq!((calls.len() as u64, &ended[0]["status"]), (asked, &json!("complete")));
    assert!(calls.iter().all(|call| call["question"] == search["question"]));
    let offers: u64 = calls.iter().map(|call| call["offers"].as_u64().unwrap()).sum();
    assert_eq!(ended[0]["offers"].as_u64(), Some(offers));
    assert!(read(data, &["--kind", "partner_call", "--limit", "1"]).len() == 1);
}

#[tokio::test]
async fn what_servers_and_browsers_send_is_read_from_the_log_as_they_said_it() {
    let platform = Platform::start(&[("sandbox.partners", "4"), ("facts.flush_ms", "20")]);
    let data = platform.data.0.as_path();
    let operator = platform.operator();
    let id = "000001a1b2c3d4e5f60718293a4b5c6d";
    let click = json!({
        "kind": "click_out", "id": id, "search": id, "itinerary": id, "agent": "ba__",
        "changed": false, "market": "GB",
    });
    let body = format!("{click}\n{{\"kind\":\"click_out\",\"agent\":7}}\n");
    let line = [("x-fareway-operator", operator.as_str())];
    let (status, _, answer) = platform.raw("POST", "/v1/facts", &line, body.into()).await;
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!((status, &answer["durable"], &answer["refused"]), (200, &json!(1), &json!(1)));
    let clicks = read(data, &["--kind", "click_out"]);
    assert_eq!(
        (clicks.len(), &clicks[0]["id"], &clicks[0]["agent"]),
        (1, &json!(id), &json!("ba__"))
    );
    let refused = read(data, &["--kind", "fact_refused"]);
    assert_eq!((&refused[0]["field"], &refused[0]["sender"]), (&json!("agent"), &json!("server")));

    let told = json!({"kind": "page_timing", "page": "results", "metric": "lcp", "ms": 812.5});
    let visit = [("x-fareway-visit", "somebody")];
    let path = "/v1/beacon?key=page";
    let (status, ..) = platform.raw("POST", path, &visit, told.to_string().into()).await;
    assert_eq!(status, 202);
    let timings = until(data, "page_timing", 1).await;
    assert_eq!(timings[0]["ms"], json!(812.5));
    assert_eq!(timings[0]["visit"].as_str().map(str::len), Some(32));
}

#[test]
fn a_folder_without_a_log_and_a_kind_that_is_none_are_said_in_one_sentence() {
    let folder = Folder::new();
    for (arguments, expected) in [
        (&["facts", "read"][..], "has no log"),
        (&["facts", "read", "--kind", "clicks"], "no kind of fact"),
    ] {
        let output = fareway(&folder.0, arguments).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && error.contains(expected), "{error}");
        assert_eq!(error.trim().lines().count(), 1, "{error}");
    }
}

#[test]
fn kinds_and_their_schemas_are_printed_and_written() {
    let folder = Folder::new();
    let output = fareway(&folder.0, &["facts", "kinds"]).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("click_out              1  gold"));
    let out = folder.0.join("schemas");
    let output = fareway(&folder.0, &["facts", "schemas", "--out", out.to_str().unwrap()]).output();
    assert!(output.unwrap().status.success());
    let text = std::fs::read_to_string(out.join("click_out.json")).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(schema["x-profile"], "gold");
}
