use http::HeaderValue;

use super::*;

fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    let line = |&(name, value): &(&'static str, &str)| {
        (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
    };
    lines.iter().map(line).collect()
}

fn of(text: &str) -> Directives {
    Directives::of_answer(&headers(&[("cache-control", text)])).0
}

#[test]
fn a_number_is_digits_and_everything_else_is_no_time_at_all() {
    for (text, expected) in [
        ("max-age=60", 60),
        ("MaX-AgE=60", 60),
        ("max-age=\"60\"", 60),
        ("max-age=060", 60),
        ("max-age=99999999999999999999999", SECONDS_MAX),
        ("max-age='60'", 0),
        ("max-age=-60", 0),
        ("max-age=60.0", 0),
        ("max-age=60a", 0),
        ("max-age=", 0),
        ("max-age", 0),
        ("max-age =60", 0),
        ("max-age= 60", 0),
        ("max-age=60, max-age=5", 5),
        ("max-age=5, max-age=60", 5),
    ] {
        assert_eq!(of(text).max_age, Some(expected), "{text}");
    }
}

#[test]
fn what_stands_in_quotes_is_no_directive() {
    for text in ["a=\"max-age=60, b\", max-age=1", "max-age=1, a=\"x\\\", max-age=60\""] {
        assert_eq!(of(text).max_age, Some(1), "{text}");
    }
    assert!(!of("a=\"no-store\"").no_store);
}

#[test]
fn a_field_that_cannot_be_read_keeps_an_answer_from_being_kept_and_is_no_wish() {
    assert!(of("max-age=60, a=\"open").no_store);
    let wish = Directives::of_request(&headers(&[("cache-control", "no-cache, a=\"open")]));
    assert_eq!(wish, Directives::default());
}

#[test]
fn the_field_for_caches_at_the_door_counts_instead_of_the_one_for_everybody() {
    let both = [("cache-control", "no-store"), ("cdn-cache-control", "max-age=5")];
    let (told, targeted) = Directives::of_answer(&headers(&both));
    assert_eq!((told.no_store, told.max_age, targeted), (false, Some(5), true));
    let broken = [("cache-control", "max-age=7"), ("cdn-cache-control", "max-age=\"5")];
    let (told, targeted) = Directives::of_answer(&headers(&broken));
    assert_eq!((told.max_age, targeted), (Some(7), false));
}

#[test]
fn pragma_counts_only_where_there_is_no_cache_control() {
    let old = headers(&[("pragma", "x, No-Cache")]);
    assert!(Directives::of_request(&old).no_cache && Directives::of_answer(&old).0.no_cache);
    let both = headers(&[("pragma", "no-cache"), ("cache-control", "max-age=9")]);
    assert!(!Directives::of_request(&both).no_cache && !Directives::of_answer(&both).0.no_cache);
}

#[test]
fn several_lines_are_one() {
    let mut lines = headers(&[("cache-control", "max-age=60")]);
    lines.append(CACHE_CONTROL, HeaderValue::from_static("must-revalidate, max-stale, max-age=5"));
    let told = Directives::of_answer(&lines).0;
    assert_eq!((told.max_age, told.must_revalidate, told.max_stale), (Some(5), true, Some(None)));
    assert!(told.is_strict());
}
