//! Answers that are kept: given again, renewed, in parts, and taken away.

use std::time::Duration;

use runtime::Limited;

use crate::world::{Page, World, whole};

#[tokio::test]
async fn a_kept_answer_is_given_again_with_its_age_and_no_cell_is_asked() {
    let world = World::start().await;
    world.show(Page::new(&[("cache-control", "max-age=60"), ("age", "7"), ("x-own", "1")]));
    let first = world.get("/pages/a?b").await;
    assert_eq!(first.how(), "fareway-edge; fwd=uri-miss; stored");
    assert!(first.headers.contains_key("x-cell"));
    let second = world.get("/pages/a?b").await;
    assert!(second.how().starts_with("fareway-edge; hit; ttl=5"), "{}", second.how());
    assert_eq!((second.status, second.text.as_str()), (200, "0123456789"));
    assert_eq!((second.line("x-own"), second.line("x-cell")), ("1", ""));
    let age: u64 = second.headers["age"].to_str().unwrap().parse().unwrap();
    assert!((7..12).contains(&age), "{age}");
    assert_eq!(second.headers["date"], first.headers["date"]);
    assert_ne!(second.headers["x-request-id"], first.headers["x-request-id"]);
    assert_eq!(world.asked(), 1);
    // Another address, another host.
    assert!(world.get("/pages/a?c").await.how().contains("uri-miss"));
    let other = world.call("GET", "/pages/a?b", &[("host", "other")]).await;
    assert!(other.how().contains("uri-miss"));
    let counts = (world.kept("hits").await, world.kept("misses").await, world.kept("stored").await);
    assert_eq!((counts, world.kept("addresses").await), ((1, 3, 3), 3));
}

#[tokio::test]
async fn a_head_is_answered_from_what_a_get_left() {
    let world = World::start().await;
    world.show(Page::fresh(60));
    let missed = world.call("HEAD", "/pages/a", &[]).await;
    assert_eq!((missed.status, missed.how()), (200, "fareway-edge; fwd=partial"));
    world.get("/pages/a").await;
    let head = world.call("HEAD", "/pages/a", &[]).await;
    assert_eq!((head.text.as_str(), head.line("content-length")), ("", "10"));
    assert!(head.how().contains("; hit;"));
}

#[tokio::test]
async fn a_client_that_has_it_hears_304_and_so_does_the_edge() {
    let world = World::start().await;
    world.show(Page::new(&[("cache-control", "max-age=0"), ("etag", "\"1\"")]));
    let have = [("if-none-match", "\"1\"")];
    // The cell is asked for all of it, so that it can be kept.
    let first = world.call("GET", "/pages/a", &have).await;
    assert_eq!((first.status, first.line("etag"), first.text.as_str()), (304, "\"1\"", ""));
    assert_eq!(first.how(), "fareway-edge; fwd=uri-miss; stored");
    let second = world.get("/pages/a").await;
    assert_eq!((second.status, second.text.as_str()), (200, "0123456789"));
    assert!(second.how().starts_with("fareway-edge; fwd=stale; fwd-status=304;"));
    let third = world.call("GET", "/pages/a", &[("if-none-match", "\"0\"")]).await;
    assert_eq!(third.status, 200);
    let asked: Vec<Option<String>> = {
        let asked = world.pages.asked.lock().unwrap();
        let tag = |head: &http::request::Parts| {
            Some(head.headers.get("if-none-match")?.to_str().unwrap().to_owned())
        };
        asked.iter().map(tag).collect()
    };
    assert_eq!(asked, [None, Some("\"1\"".to_owned()), Some("\"1\"".to_owned())]);
    assert_eq!(world.kept("renewed").await, 2);
    // Another page in its place: the old one is not given any more.
    world.show(Page { body: "new".into(), ..Page::new(&[("etag", "\"2\"")]) });
    assert_eq!(world.get("/pages/a").await.text, "new");
}

#[tokio::test]
async fn a_part_is_cut_out_of_what_is_kept_and_else_fetched_as_it_is() {
    let world = World::start().await;
    world.show(Page::fresh(60));
    let part = [("range", "bytes=2-4")];
    let missed = world.call("GET", "/pages/a", &part).await;
    // The stand-in knows no parts.
    assert_eq!((missed.status, missed.how()), (200, "fareway-edge; fwd=partial"));
    assert_eq!(world.kept("addresses").await, 0);
    world.get("/pages/a").await;
    let cut = world.call("GET", "/pages/a", &part).await;
    assert_eq!((cut.status, cut.text.as_str()), (206, "234"));
    assert_eq!(cut.headers["content-range"], "bytes 2-4/10");
    assert_eq!(world.call("GET", "/pages/a", &[("range", "bytes=10-")]).await.status, 416);
    assert_eq!(world.asked(), 2);
}

#[tokio::test]
async fn who_accepts_other_things_gets_another_answer() {
    let world = World::start().await;
    world.show(Page::new(&[("cache-control", "max-age=60"), ("vary", "Accept-Language")]));
    let get = |language: &'static str| {
        let world = &world;
        async move { world.call("GET", "/pages/a", &[("accept-language", language)]).await }
    };
    assert!(get("en").await.how().contains("uri-miss"));
    assert!(get("de").await.how().contains("vary-miss"));
    assert!(world.get("/pages/a").await.how().contains("vary-miss"));
    for language in ["en", "de", "EN"] {
        assert!(get(language).await.how().contains("; hit;"), "{language}");
    }
    assert_eq!(world.asked(), 3);
}

#[tokio::test]
async fn the_operator_takes_away_what_is_kept_and_nobody_else_does() {
    let world = World::start().await;
    world.show(Page::fresh(60));
    for path in ["/pages/a?1", "/pages/a?2", "/pages/b"] {
        world.get(path).await;
    }
    let purge = |body: &'static str, headers: &'static [(&str, &str)]| {
        let sent = world.send("POST", "/v1/fleet/purge", headers, whole(body));
        async move {
            let response = sent.await;
            let status = response.status().as_u16();
            let bytes = http_body_util::BodyExt::collect(response.into_body()).await.unwrap();
            (status, String::from_utf8(bytes.to_bytes().to_vec()).unwrap())
        }
    };
    let operator = &[("x-operator", "1")];
    assert_eq!(purge("{\"prefix\":\"/\"}", &[]).await.0, 401);
    for wrong in ["", "{}", "{\"prefix\":\"pages\"}", "{\"prefix\":\"/\",\"more\":1}"] {
        assert_eq!(purge(wrong, operator).await.0, 400, "{wrong}");
    }
    assert_eq!(world.call("GET", "/v1/fleet/purge", operator).await.status, 405);
    let purged = purge("{\"prefix\":\"/pages/a\"}", operator).await;
    assert_eq!(purged, (200, "{\"purged\":2}".to_owned()));
    assert!(world.get("/pages/a?1").await.how().contains("uri-miss"));
    assert!(world.get("/pages/b").await.how().contains("; hit;"));
    assert_eq!(world.kept("purged").await, 2);
}

#[tokio::test]
async fn what_changes_something_takes_away_what_is_kept_of_it_and_of_what_it_names() {
    let world = World::start().await;
    world.show(Page::fresh(60));
    for path in ["/pages/a", "/pages/named", "/pages/other"] {
        world.get(path).await;
    }
    assert_eq!(world.call("POST", "/pages/a", &[]).await.status, 200);
    assert!(world.get("/pages/a").await.how().contains("uri-miss"));
    assert!(world.get("/pages/named").await.how().contains("uri-miss"));
    assert!(world.get("/pages/other").await.how().contains("; hit;"));
    assert_eq!(world.kept("invalidated").await, 2);
}

#[tokio::test]
async fn a_reload_asks_a_cell_but_not_again_and_again() {
    let world = World::start_with(|settings| {
        settings.cache.reload_ms = Limited::literal(600_000);
    })
    .await;
    world.show(Page::fresh(60));
    world.get("/pages/a").await;
    let reload = [("cache-control", "no-cache")];
    for _ in 0..5 {
        assert!(world.call("GET", "/pages/a", &reload).await.how().contains("; hit;"));
    }
    assert_eq!(world.asked(), 1);
    let patient =
        World::start_with(|settings| settings.cache.reload_ms = Limited::literal(0)).await;
    patient.show(Page::fresh(60));
    patient.get("/pages/a").await;
    let asked = patient.call("GET", "/pages/a", &reload).await;
    assert_eq!(asked.how(), "fareway-edge; fwd=request; stored");
    let only = patient.call("GET", "/pages/b", &[("cache-control", "only-if-cached")]).await;
    assert_eq!((only.status, patient.asked()), (504, 2));
}

#[tokio::test]
async fn an_old_answer_is_given_at_once_and_a_new_one_fetched_meanwhile() {
    let world = World::start().await;
    let lines = [("cache-control", "max-age=0, stale-while-revalidate=60"), ("etag", "\"1\"")];
    world.show(Page::new(&lines));
    world.get("/pages/a").await;
    let mut page = Page { body: "new".into(), ..Page::fresh(60) };
    page.pause = Duration::from_millis(300);
    world.show(page);
    for _ in 0..5 {
        let meanwhile = world.get("/pages/a").await;
        assert_eq!(meanwhile.text, "0123456789");
        assert!(meanwhile.how().starts_with("fareway-edge; hit; detail=meanwhile; ttl="));
    }
    world.until(|| async { world.get("/pages/a").await.text == "new" }).await;
    assert!(world.get("/pages/a").await.how().contains("; hit; ttl="));
    // Five were given the old one, one fetch was made for all.
    assert_eq!((world.asked(), world.kept("refreshed").await), (2, 1));
}

#[tokio::test]
async fn an_edge_that_is_told_so_keeps_nothing() {
    let world = World::start_with(|settings| settings.cache.enabled = false).await;
    world.show(Page::fresh(60));
    for _ in 0..3 {
        assert_eq!(world.get("/pages/a").await.how(), "");
    }
    assert_eq!((world.asked(), world.kept("addresses").await), (3, 0));
}
