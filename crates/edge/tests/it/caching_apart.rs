//! What must not get from one client to another, and bodies too large to be kept.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use http_body_util::BodyStream;
use runtime::Limited;

use crate::world::{Page, World, whole};

#[tokio::test]
async fn nothing_but_the_address_has_a_say_in_what_others_get() {
    let world = World::start_with(|settings| settings.behind_proxy = true).await;
    world.show(Page::new(&[("cache-control", "max-age=60")]));
    let poison = [
        ("x-forwarded-host", "evil"),
        ("x-forwarded-proto", "evil"),
        ("x-forwarded-for", "6.6.6.6"),
        ("x-forwarded-prefix", "/evil"),
        ("forwarded", "host=evil"),
        ("x-original-url", "/evil"),
        ("x-rewrite-url", "/evil"),
        ("x-http-method-override", "POST"),
        ("x-host", "evil"),
        ("x-fareway-visit", "mine"),
        ("cookie", "fareway-visit=mine"),
        ("origin", "http://evil"),
        ("referer", "http://evil"),
        ("user-agent", "evil"),
        ("transfer-encoding-x", "evil"),
    ];
    world.call("GET", "/pages/a", &poison).await;
    let asked = world.pages.asked.lock().unwrap()[0].clone();
    let mut names: Vec<&str> = asked.headers.keys().map(|name| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["host"], "a cell saw more than the address");
    assert!(world.get("/pages/a").await.how().contains("; hit;"));
}

#[tokio::test]
async fn what_a_cell_looks_at_without_saying_so_is_not_shown_to_it() {
    let world = World::start().await;
    // The cell says that it looks at `cookie`, which it never sees: nobody gets another's answer.
    world.show(Page::new(&[("cache-control", "max-age=60"), ("vary", "cookie")]));
    world.call("GET", "/pages/a", &[("cookie", "a=1")]).await;
    assert!(!world.pages.asked.lock().unwrap()[0].headers.contains_key("cookie"));
    assert!(world.call("GET", "/pages/a", &[("cookie", "a=2")]).await.how().contains("vary-miss"));
}

#[tokio::test]
async fn answers_for_one_are_given_to_nobody_else() {
    let world = World::start().await;
    let get = |headers: &'static [(&str, &str)]| world.call("GET", "/pages/a", headers);
    // Whoever shows credentials is answered by a cell, and alone.
    world.show(Page::new(&[("cache-control", "public, max-age=60")]));
    let credentials = &[("authorization", "Basic x")];
    assert_eq!((get(credentials).await.how(), get(credentials).await.how()), ("", ""));
    assert!(get(&[]).await.how().contains("uri-miss"));
    assert_eq!(get(credentials).await.how(), "");
    assert_eq!(world.asked(), 4);
    for lines in [
        &[("cache-control", "public, max-age=60"), ("set-cookie", "a=b")][..],
        &[("cache-control", "private, max-age=60")],
        &[("cache-control", "no-store, max-age=60")],
        &[("cache-control", "max-age=60"), ("vary", "*")],
    ] {
        let world = World::start().await;
        world.show(Page::new(lines));
        for _ in 0..2 {
            let got = world.get("/pages/a").await;
            assert_eq!(got.how(), "fareway-edge; fwd=uri-miss", "{lines:?}");
        }
        assert_eq!((world.asked(), world.kept("addresses").await), (2, 0), "{lines:?}");
    }
}

#[tokio::test]
async fn a_304_that_sets_a_cookie_ends_the_keeping() {
    let world = World::start().await;
    let lines = [("cache-control", "max-age=0"), ("etag", "\"1\"")];
    world.show(Page::new(&lines));
    world.get("/pages/a").await;
    world.show(Page::new(&[lines[0], lines[1], ("set-cookie", "a=b")]));
    let got = world.get("/pages/a").await;
    assert_eq!((got.status, got.text.as_str()), (200, "0123456789"));
    assert_eq!(got.line("set-cookie"), "a=b");
    assert_eq!(world.kept("addresses").await, 0);
}

#[tokio::test]
async fn a_request_that_is_judged_by_the_cell_reaches_it_as_it_is() {
    let world = World::start().await;
    world.show(Page::fresh(60));
    world.get("/pages/a").await;
    for header in [("if-match", "\"1\""), ("if-unmodified-since", "Sun, 01 Mar 2026 12:00:00 GMT")]
    {
        assert_eq!(world.call("GET", "/pages/a", &[header]).await.how(), "");
        assert!(world.pages.asked.lock().unwrap().last().unwrap().headers.contains_key(header.0));
    }
    // A GET with a body means something that its address does not say.
    let body = world.send("GET", "/pages/a", &[], whole("x")).await;
    assert!(!body.headers().contains_key("cache-status"));
}

fn pieces(count: usize) -> Page {
    Page {
        body: Bytes::from(vec![b'x'; count << 10]),
        piece: 1_024,
        pause: Duration::from_millis(20),
        ..Page::fresh(60)
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_streams_through_and_is_not_kept() {
    let world = World::start_with(|settings| {
        settings.hold_bytes = Limited::literal(1_024);
        settings.cache.entry_bytes_max = Limited::literal(4_096);
    })
    .await;
    // It does not end, so whatever arrives was passed on before its end.
    world.show(Page { endless: true, ..pieces(20) });
    let response = world.send("GET", "/pages/a", &[], whole("")).await;
    let mut frames = BodyStream::new(response.into_body());
    let mut bytes = 0;
    while bytes < 20 << 10 {
        bytes += frames.next().await.unwrap().unwrap().into_data().unwrap().len();
    }
    assert_eq!(bytes, 20 << 10);
    assert_eq!((world.kept("addresses").await, world.kept("too_large").await), (0, 1));
}

#[tokio::test]
async fn a_body_that_came_in_pieces_is_kept_when_its_end_was_seen_and_not_before() {
    let world = World::start_with(|settings| settings.hold_bytes = Limited::literal(1_024)).await;
    world.show(pieces(20));
    let response = world.send("GET", "/pages/a", &[], whole("")).await;
    let mut frames = BodyStream::new(response.into_body());
    frames.next().await.unwrap().unwrap();
    drop(frames);
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(world.kept("addresses").await, 0);
    assert_eq!(world.get("/pages/a").await.text.len(), 20 << 10);
    let kept = world.get("/pages/a").await;
    assert_eq!((kept.text.len(), kept.how().contains("; hit;")), (20 << 10, true));
}
