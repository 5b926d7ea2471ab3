//! What the operator asks of the door: seen, passed on, refused.

use serde_json::{Value, json};

use crate::world::{Got, World, whole};

const OPERATOR: (&str, &str) = ("x-operator", "1");
const CHANGES: [&str; 5] = ["plan", "change", "rollout", "rollback", "freeze"];

fn read(got: &Got) -> Value {
    serde_json::from_str(&got.text).unwrap_or_else(|_| panic!("{}", got.text))
}

async fn post(world: &World, path: &str, headers: &[(&str, &str)], body: &'static str) -> Got {
    use http_body_util::BodyExt;
    let response = world.send("POST", path, headers, whole(body)).await;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    Got { status, headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
}

#[tokio::test]
async fn what_the_control_plane_says_is_shown_and_when_it_is_silent_how_old_that_is() {
    let world = World::start().await;
    let control = || async {
        let got = world.call("GET", "/v1/fleet", &[OPERATOR]).await;
        assert_eq!((got.status, got.line("cache-control")), (200, "no-store"));
        read(&got)["control"].clone()
    };
    let said = json!({"path": "/fleet/shown", "operator": "1", "body": ""});
    assert_eq!(control().await, json!({"answers": true, "age_ms": 0, "says": said}));
    world.control.die().await;
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    let silent = control().await;
    assert_eq!((&silent["answers"], &silent["says"]), (&json!(false), &said));
    assert!(silent["age_ms"].as_u64() >= Some(20), "{silent}");
}

#[tokio::test]
async fn changes_are_passed_on_and_the_answer_comes_back_as_it_was_said() {
    let world = World::start().await;
    for change in CHANGES {
        let path = format!("/v1/fleet/{change}");
        let got = post(&world, &path, &[OPERATOR], r#"{"a":1}"#).await;
        assert_eq!((got.status, got.line("content-type")), (409, "application/told"), "{path}");
        let told =
            json!({"path": format!("/fleet/{change}"), "operator": "1", "body": r#"{"a":1}"#});
        assert_eq!(read(&got), told);
    }
    assert_eq!(world.call("GET", "/v1/fleet/change", &[OPERATOR]).await.status, 405);
    assert_eq!(world.call("DELETE", "/v1/fleet", &[OPERATOR]).await.status, 405);
    // What the control plane has for edges and for the parent is nobody's here.
    let other = world.call("POST", "/v1/fleet/wanted", &[OPERATOR]).await;
    assert!(other.text.starts_with("cell-"), "{}", other.text);
    world.control.die().await;
    let got = post(&world, "/v1/fleet/change", &[OPERATOR], "{}").await;
    assert_eq!((got.status, got.text.as_str()), (503, "control_silent"));
}

#[tokio::test]
async fn nobody_but_the_operator_gets_to_the_control_plane() {
    let world = World::start().await;
    let paths = CHANGES.map(|change| format!("/v1/fleet/{change}"));
    for path in paths.iter().map(String::as_str).chain(["/v1/fleet", "/v1/fleet/purge"]) {
        for method in ["GET", "POST"] {
            let none = world.call(method, path, &[]).await;
            assert_eq!((none.status, none.text.as_str()), (401, "operator_required"), "{path}");
            let wrong = world.call(method, path, &[("x-operator", "2")]).await;
            assert_eq!((wrong.status, wrong.text.as_str()), (403, "operator_wrong"), "{path}");
        }
    }
}

#[tokio::test]
async fn the_doors_own_page_is_there_when_no_cell_and_no_control_plane_is() {
    let world = World::start().await;
    for cell in &world.cells {
        cell.die().await;
    }
    world.control.die().await;
    world.until(|| async { world.get("/readyz").await.status == 503 }).await;
    let got = world.get("/own/page").await;
    assert_eq!((got.status, got.text.as_str()), (200, "the door's own page"));
    assert_eq!(world.call("POST", "/own/page", &[]).await.status, 405);
    assert_eq!(world.call("GET", "/v1/fleet", &[OPERATOR]).await.status, 200);
}
