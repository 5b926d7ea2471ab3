//! What goes to every cell, and what is said of those that did not do it.

use serde_json::{Value, json};

use crate::world::{Got, Mood, Page, World, whole};

const OPERATOR: [(&str, &str); 1] = [("x-operator", "1")];

async fn tell(world: &World, headers: &[(&str, &str)], body: String) -> Got {
    use http_body_util::BodyExt;
    let response = world.send("POST", "/everywhere", headers, whole(body)).await;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    Got { status, headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
}

fn rows(got: &Got) -> Vec<Value> {
    let value: Value = serde_json::from_str(&got.text).unwrap();
    value["cells"].as_array().unwrap().clone()
}

#[tokio::test]
async fn every_cell_is_told_once_and_has_a_row() {
    let world = World::start().await;
    let got = tell(&world, &OPERATOR, "forget".to_owned()).await;
    assert_eq!(got.status, 200);
    let row = |cell: u32| {
        json!({
            "cell": format!("cell-{cell}"), "status": 200, "fault": null,
            "answer": {"cell": cell, "told": "forget"},
        })
    };
    assert_eq!(rows(&got), [row(1), row(2), row(3)]);
    let told: Vec<_> = world
        .cells
        .iter()
        .map(|cell| cell.seen.load(std::sync::atomic::Ordering::SeqCst))
        .collect();
    assert_eq!(told, [1, 1, 1]);
}

#[tokio::test]
async fn a_cell_that_did_not_do_it_is_named_and_the_others_did_it() {
    let world = World::start().await;
    world.cell(2).is(Mood::Says(500));
    world.cell(3).die().await;
    let got = tell(&world, &OPERATOR, String::new()).await;
    let rows = rows(&got);
    assert_eq!((got.status, rows[0]["status"].as_u64()), (502, Some(200)));
    assert_eq!(rows[1]["status"], 500);
    assert_eq!(rows[2]["fault"], "the cell cannot be reached");
    // One that finds nothing to do is no failure, unless nobody finds anything.
    let world = World::start().await;
    world.cell(1).is(Mood::Says(404));
    assert_eq!(tell(&world, &OPERATOR, String::new()).await.status, 200);
    world.cells.iter().for_each(|cell| cell.is(Mood::Says(404)));
    let got = tell(&world, &OPERATOR, String::new()).await;
    assert_eq!((got.status, got.text.as_str()), (404, "told"));
}

#[tokio::test]
async fn what_it_makes_wrong_is_kept_no_longer() {
    let world = World::start().await;
    world.show(Page::new(&[("cache-control", "max-age=60")]));
    world.get("/pages/a").await;
    assert_eq!(world.kept("addresses").await, 1);
    tell(&world, &OPERATOR, String::new()).await;
    assert_eq!(world.kept("addresses").await, 0);
}

#[tokio::test]
async fn only_the_operator_reaches_every_cell_and_not_with_any_size() {
    let world = World::start().await;
    assert_eq!(tell(&world, &[], String::new()).await.status, 401);
    assert_eq!(tell(&world, &[("x-operator", "2")], String::new()).await.status, 403);
    let large = "x".repeat(100_000);
    assert_eq!(tell(&world, &OPERATOR, large).await.status, 413);
    let seen = |cell: u32| world.cell(cell).seen.load(std::sync::atomic::Ordering::SeqCst);
    assert_eq!((seen(1), seen(2), seen(3)), (0, 0, 0));
}
