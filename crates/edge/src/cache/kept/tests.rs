use http::Response;
use http::header::{CACHE_CONTROL, VARY};

use super::*;

const NOON_MS: i64 = 1_772_323_200_000;

fn parts(status: u16, lines: &[(&str, &str)]) -> response::Parts {
    let mut response = Response::builder().status(status);
    for (name, value) in lines {
        response = response.header(*name, *value);
    }
    response.body(()).unwrap().into_parts().0
}

fn when() -> Exchange {
    let now = runtime::now();
    Exchange { sent: now, answered: now, wall_ms: NOON_MS }
}

fn keepable(lines: &[(&str, &str)]) -> Option<Keepable> {
    Keepable::of(&HeaderMap::new(), &parts(200, lines), when())
}

#[test]
fn what_sets_a_cookie_or_varies_by_everything_is_never_kept() {
    let kept = ("cache-control", "public, max-age=60");
    assert!(keepable(&[kept]).is_some());
    for other in [("set-cookie", "a=b"), ("set-cookie2", "a=b"), ("vary", "*")] {
        assert!(keepable(&[kept, other]).is_none(), "{other:?}");
    }
}

#[test]
fn lines_of_one_answer_are_not_kept_and_a_date_is() {
    let lines = [
        ("cache-control", "max-age=60"),
        ("x-cell", "cell-1"),
        ("x-request-id", "a"),
        ("age", "3"),
        ("etag", "\"1\""),
    ];
    let kept = keepable(&lines).unwrap().with(Bytes::from_static(b"x"));
    let mut names: Vec<&str> = kept.headers.keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["cache-control", "date", "etag"]);
    assert_eq!(kept.headers[DATE], "Sun, 01 Mar 2026 00:00:00 GMT");
}

#[test]
fn a_304_renews_all_but_the_body_and_what_describes_it() {
    let lines = [
        ("cache-control", "max-age=1"),
        ("etag", "\"1\""),
        ("content-encoding", "gzip"),
        ("vary", "foo"),
        ("vary", "bar"),
        ("x-one", "kept"),
        ("x-two", "old"),
    ];
    let kept = keepable(&lines).unwrap().with(Bytes::from_static(b"body"));
    let told = [
        ("cache-control", "max-age=90"),
        ("content-encoding", "br"),
        ("content-length", "0"),
        ("x-two", "new"),
        ("x-two", "newer"),
    ];
    let new = kept.renewed(&HeaderMap::new(), &parts(304, &told), when()).unwrap();
    let all = |name: &str| -> Vec<_> { new.headers.get_all(name).iter().collect() };
    assert_eq!(new.headers[CACHE_CONTROL], "max-age=90");
    assert_eq!(
        (&new.headers["content-encoding"], &new.headers["x-one"]),
        (&"gzip".parse().unwrap(), &"kept".parse().unwrap())
    );
    assert_eq!(all("x-two"), ["new", "newer"]);
    // Several lines of one name stay several.
    assert_eq!(new.headers.get_all(VARY).iter().count(), 2);
    assert!(!new.headers.contains_key("content-length"));
    assert_eq!((new.body.as_ref(), new.lasts_s(runtime::now()) > 80), (b"body".as_ref(), true));
    let never = parts(304, &[("cache-control", "no-store")]);
    assert!(kept.renewed(&HeaderMap::new(), &never, when()).is_none());
    let cookie = parts(304, &[("set-cookie", "a=b")]);
    assert!(kept.renewed(&HeaderMap::new(), &cookie, when()).is_none());
}

#[test]
fn a_reload_asks_a_cell_but_not_twice_within_the_time_that_is_set() {
    let settings = CacheSettings::default();
    let kept = keepable(&[("cache-control", "max-age=60")]).unwrap().with(Bytes::new());
    let reload = Directives { no_cache: true, ..Directives::default() };
    let (start, none) = (runtime::now(), Directives::default());
    let after = |ms: u64| start + Duration::from_millis(ms);
    assert_eq!(kept.verdict(&none, &settings, after(0)), Verdict::Fresh);
    assert_eq!(kept.verdict(&reload, &settings, after(900)), Verdict::Fresh);
    assert_eq!(kept.verdict(&reload, &settings, after(1_100)), Verdict::Ask);
    assert_eq!(kept.verdict(&none, &settings, after(61_000)), Verdict::Ask);
}

#[test]
fn an_old_answer_is_given_meanwhile_to_whoever_does_not_insist() {
    let settings = CacheSettings::default();
    let lines = [("cache-control", "max-age=60, stale-while-revalidate=60")];
    let kept = keepable(&lines).unwrap().with(Bytes::new());
    let now = runtime::now() + Duration::from_secs(90);
    let reload = Directives { no_cache: true, ..Directives::default() };
    assert_eq!(kept.verdict(&Directives::default(), &settings, now), Verdict::Meanwhile);
    assert_eq!(kept.verdict(&reload, &settings, now), Verdict::Ask);
    assert!((-31..=-30).contains(&kept.lasts_s(now)));
}
