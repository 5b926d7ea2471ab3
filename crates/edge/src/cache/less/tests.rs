use http::Request;

use super::*;

const NOON: &str = "Sun, 01 Mar 2026 12:00:00 GMT";
const LATER: &str = "Sun, 01 Mar 2026 12:00:05 GMT";

fn asked(method: &str, lines: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().method(method).uri("/a");
    for (name, value) in lines {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

/// Status, body and `Content-Range` of what is given of the ten bytes `0123456789`.
fn given(method: &str, lines: &[(&str, &str)]) -> (u16, String, String) {
    let mut headers = HeaderMap::new();
    headers.insert(ETAG, HeaderValue::from_static("\"a,b\""));
    headers.insert(LAST_MODIFIED, HeaderValue::from_static(NOON));
    headers.insert(DATE, HeaderValue::from_static(LATER));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    let body = Bytes::from_static(b"0123456789");
    let less = less(&asked(method, lines), StatusCode::OK, &headers, &body);
    let range = less.headers.get(CONTENT_RANGE).map(|value| value.to_str().unwrap().to_owned());
    let status = less.status.as_u16();
    assert_eq!(less.headers.contains_key(CONTENT_TYPE), status != 304);
    assert_eq!(less.headers[ETAG], "\"a,b\"");
    (status, String::from_utf8(less.body.to_vec()).unwrap(), range.unwrap_or_default())
}

#[test]
fn a_client_that_has_it_hears_so() {
    for tags in ["\"a,b\"", "W/\"a,b\"", "\"x\", \"a,b\", \"y\"", "*"] {
        assert_eq!(given("GET", &[("if-none-match", tags)]).0, 304, "{tags}");
        assert_eq!(given("HEAD", &[("if-none-match", tags)]).0, 304, "{tags}");
    }
    for tags in ["\"a\"", "\"b\"", "\"\"", "a,b", ""] {
        assert_eq!(given("GET", &[("if-none-match", tags)]).0, 200, "{tags}");
    }
    assert_eq!(given("GET", &[("if-modified-since", NOON)]).0, 304);
    assert_eq!(given("GET", &[("if-modified-since", "Sunday, 01-Mar-26 12:00:00 GMT")]).0, 304);
    assert_eq!(given("GET", &[("if-modified-since", "Sun, 01 Mar 2026 11:59:59 GMT")]).0, 200);
    assert_eq!(given("GET", &[("if-modified-since", "whenever")]).0, 200);
    // A tag says more than a date.
    let both = [("if-none-match", "\"x\""), ("if-modified-since", NOON)];
    assert_eq!(given("GET", &both).0, 200);
}

#[test]
fn a_head_has_no_body_and_says_how_long_it_would_be() {
    let headers = HeaderMap::new();
    let body = Bytes::from_static(b"abc");
    let less = less(&asked("HEAD", &[]), StatusCode::OK, &headers, &body);
    assert_eq!((less.body.len(), less.headers[CONTENT_LENGTH].to_str().unwrap()), (0, "3"));
}

#[test]
fn one_part_is_cut_out_and_what_is_no_part_is_answered_whole() {
    let part = |range: &str| {
        let (status, body, place) = given("GET", &[("range", range)]);
        format!("{status} {body} {place}")
    };
    for (range, expected) in [
        ("bytes=2-4", "206 234 bytes 2-4/10"),
        ("bytes=8-", "206 89 bytes 8-9/10"),
        ("bytes=8-99", "206 89 bytes 8-9/10"),
        ("bytes=-3", "206 789 bytes 7-9/10"),
        ("bytes=-99", "206 0123456789 bytes 0-9/10"),
        ("BYTES=0-0", "206 0 bytes 0-0/10"),
        ("bytes=10-", "416  bytes */10"),
        ("bytes=99-100", "416  bytes */10"),
        ("bytes=-0", "416  bytes */10"),
        ("bytes=99999999999999999999999-", "416  bytes */10"),
        ("bytes=0-99999999999999999999999", "206 0123456789 bytes 0-9/10"),
    ] {
        assert_eq!(part(range), expected, "{range}");
    }
    for range in ["bytes=4-2", "bytes=1-2,4-5", "lines=1-2", "bytes=a-b", "bytes=-", "bytes", ""] {
        assert_eq!(part(range), "200 0123456789 ", "{range}");
    }
    assert_eq!(given("HEAD", &[("range", "bytes=0-1")]).0, 200);
}

#[test]
fn a_part_of_another_answer_is_not_given() {
    let status = |only: &str| given("GET", &[("range", "bytes=0-1"), ("if-range", only)]).0;
    assert_eq!((status("\"a,b\""), status("\"other\""), status("W/\"a,b\"")), (206, 200, 200));
    assert_eq!((status(NOON), status(LATER)), (206, 200));
}

#[test]
fn there_is_no_part_of_nothing() {
    let given = less(
        &asked("GET", &[("range", "bytes=-1")]),
        StatusCode::OK,
        &HeaderMap::new(),
        &Bytes::new(),
    );
    assert_eq!(
        (given.status.as_u16(), given.headers[CONTENT_RANGE].to_str().unwrap()),
        (416, "bytes */0")
    );
}
