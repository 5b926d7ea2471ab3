use http::Request;

use super::*;

fn prepared(headers: &[(&'static str, &'static str)], behind_proxy: bool) -> HeaderMap {
    prepared_from(headers, Outside { behind_proxy, secure: false })
}

fn prepared_from(headers: &[(&'static str, &'static str)], outside: Outside) -> HeaderMap {
    let mut request = Request::builder().uri("http://fares.example/v1/places");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (mut parts, ()) = request.body(()).unwrap().into_parts();
    prepare(
        &mut parts,
        Some(IpAddr::from([10, 1, 2, 3])),
        outside,
        0xABCD_0000_0000_0000_0000_0000_0000_0012,
    );
    parts.headers
}

#[test]
fn what_belongs_to_one_connection_is_not_passed_on() {
    let headers = prepared(
        &[
            ("connection", "keep-alive, X-Private, host"),
            ("keep-alive", "timeout=5"),
            ("te", "trailers"),
            ("upgrade", "h2c"),
            ("transfer-encoding", "chunked"),
            ("content-length", "7"),
            ("expect", "100-continue"),
            ("x-private", "1"),
            ("host", "fares.example"),
            ("accept", "*/*"),
        ],
        false,
    );
    for gone in [
        "connection",
        "keep-alive",
        "te",
        "upgrade",
        "transfer-encoding",
        "x-private",
        "content-length",
        "expect",
    ] {
        assert!(!headers.contains_key(gone), "{gone}");
    }
    assert!(headers["accept"] == "*/*" && headers["host"] == "fares.example");
}

#[test]
fn the_host_of_an_http2_request_becomes_a_header() {
    assert_eq!(prepared(&[], false)["host"], "fares.example");
}

#[test]
fn a_stranger_cannot_say_who_he_is_and_a_proxy_can() {
    let sent =
        [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-proto", "https"), ("forwarded", "for=1")];
    let headers = prepared(&sent, false);
    assert_eq!(headers["x-forwarded-for"], "10.1.2.3");
    assert_eq!(headers["x-forwarded-proto"], "http");
    assert!(!headers.contains_key("forwarded"));
    let headers = prepared(&sent, true);
    assert_eq!(headers["x-forwarded-for"], "1.1.1.1, 10.1.2.3");
    assert_eq!(headers["x-forwarded-proto"], "https");
    assert_eq!(headers["x-forwarded-host"], "fares.example");
}

#[test]
fn a_cell_hears_that_the_client_came_over_tls() {
    let outside = Outside { behind_proxy: false, secure: true };
    let headers = prepared_from(&[("x-forwarded-proto", "http")], outside);
    assert_eq!(headers["x-forwarded-proto"], "https");
}

#[test]
fn a_plain_request_id_is_kept_and_any_other_is_replaced() {
    assert_eq!(prepared(&[("x-request-id", "a-1.b_2")], false)["x-request-id"], "a-1.b_2");
    for wrong in ["", "a b", "<script>"] {
        assert_eq!(prepared(&[("x-request-id", wrong)], false)["x-request-id"], "0000000000000012");
    }
}

#[test]
fn a_valid_trace_is_continued_with_a_span_of_ours() {
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let passed = prepared(&[("traceparent", trace)], false);
    assert_eq!(passed["traceparent"], "00-4bf92f3577b34da6a3ce929d0e0e4736-abcd000000000001-01");
}

#[test]
fn an_invalid_trace_is_replaced() {
    for wrong in [
        "",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
    ] {
        let passed = prepared(&[("traceparent", wrong)], false);
        assert_eq!(
            passed["traceparent"], "00-abcd0000000000000000000000000013-abcd000000000001-00",
            "{wrong}"
        );
    }
    // A later version may say more than we know.
    let later = "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more";
    let passed = prepared(&[("traceparent", later)], false);
    assert_eq!(passed["traceparent"], "00-4bf92f3577b34da6a3ce929d0e0e4736-abcd000000000001-01");
}
