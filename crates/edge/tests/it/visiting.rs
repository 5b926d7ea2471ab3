//! The cookie of a visit, and what is kept for everybody.

use crate::world::{Got, Page, World};

const PAGE: [(&str, &str); 3] =
    [("cache-control", "no-cache"), ("cdn-cache-control", "max-age=60"), ("etag", "\"1\"")];

/// The visit that an answer begins.
fn visit(got: &Got) -> String {
    let line = got.line("set-cookie");
    let (pair, rest) = line.split_once(';').unwrap();
    assert_eq!(rest, " Path=/; HttpOnly; SameSite=Lax");
    pair.strip_prefix("visit=").unwrap().to_owned()
}

async fn open(world: &World, headers: &[(&str, &str)]) -> Got {
    let got = world.call("GET", "/pages/opened", headers).await;
    assert!([200, 304].contains(&got.status), "{got:?}");
    got
}

#[tokio::test]
async fn who_opens_a_page_gets_a_visit_of_its_own_also_from_what_is_kept() {
    let world = World::start().await;
    world.show(Page::new(&PAGE));
    let (first, second) = (open(&world, &[]).await, open(&world, &[]).await);
    assert!(first.how().contains("; stored") && second.how().contains("; hit"), "{second:?}");
    assert_ne!(visit(&first), visit(&second));
    // A page with a cookie is one traveller's, whatever caches stand before us.
    for got in [&first, &second] {
        assert_eq!(got.line("cache-control"), "private, no-cache");
        assert_eq!(got.line("cdn-cache-control"), "");
    }
    let known = format!("a=b; visit={}", visit(&first));
    let third = open(&world, &[("cookie", &known)]).await;
    assert!(third.how().contains("; hit"), "{third:?}");
    assert_eq!((third.line("set-cookie"), third.line("cache-control")), ("", "no-cache"));
    assert_eq!((world.asked(), world.kept("addresses").await), (1, 1));
    assert_eq!(world.get("/pages/other").await.line("set-cookie"), "");
}

#[tokio::test]
async fn a_wrong_visit_is_replaced_and_a_page_that_has_not_changed_begins_one_too() {
    let world = World::start().await;
    world.show(Page::new(&PAGE));
    for wrong in ["visit=", "visit=../../etc", "visit=0011223344556677889", "visits=1"] {
        visit(&open(&world, &[("cookie", wrong)]).await);
    }
    // The browser kept the page, and its session is over.
    let got = open(&world, &[("if-none-match", "\"1\"")]).await;
    assert_eq!(got.status, 304);
    visit(&got);
}

#[tokio::test]
async fn an_answer_that_is_not_good_begins_no_visit() {
    let world = World::start().await;
    world.show(Page { status: 404, ..Page::new(&[]) });
    let got = world.get("/pages/opened").await;
    assert_eq!((got.status, got.line("set-cookie")), (404, ""));
}

#[tokio::test]
async fn behind_a_proxy_that_speaks_tls_a_visit_is_shown_over_tls_only() {
    let world = World::start_with(|settings| settings.behind_proxy = true).await;
    let got = open(&world, &[("x-forwarded-proto", "https")]).await;
    assert!(got.line("set-cookie").ends_with("; SameSite=Lax; Secure"), "{got:?}");
}
