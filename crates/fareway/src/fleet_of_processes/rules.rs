//! What the edge must be told about requests: which search they belong to, whether they can be sent
//! twice, how a refusal looks.

use std::sync::Arc;

use bytes::Bytes;
use cell::{CODE_HEADER, Family, OPERATOR_HEADER, OperatorToken, REQUEST_ID, Refusal};
use edge::{Rules, Turned};
use fleet::CellId;
use fleet::attempts::Work;
use http::header::{ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, AUTHORIZATION, HOST};
use http::request::Parts;
use http::{HeaderMap, HeaderName, Method, Response, StatusCode, response};
use runtime::{Fault, Priority};
use search::SearchError;
use xxhash_rust::xxh3::xxh3_64;

/// Header with an API key; `Authorization: Bearer` is understood too.
const KEY_HEADER: &str = "x-api-key";
/// Header that names a visit.
const VISIT_HEADER: &str = "x-fareway-visit";
/// Cookie that does; the edge sets it with the page.
const VISIT_COOKIE: &str = "fareway-visit";
/// Longest name of a visit in the header that is looked at.
const VISIT_BYTES_MAX: usize = 128;
/// A token is longer than this; most parts of a path are not looked at.
const TOKEN_BYTES_MIN: usize = 48;

/// The rules of this product.
pub(super) fn rules(operator: OperatorToken) -> Rules {
    let priority = |head: &Parts| match head.uri.path() {
        // What browsers tell is worth less than anything that somebody waits for.
        "/v1/beacon" => Priority::Bot,
        _ => cell::priority_of(&head.headers),
    };
    let operator = Arc::new(move |headers: &HeaderMap| operator.opens(headers));
    let proof = OPERATOR_HEADER;
    Rules {
        work,
        tenant,
        priority,
        repeatable,
        refusable,
        declines,
        overloaded,
        keeps,
        shows,
        visit_cookie: VISIT_COOKIE,
        begins_visit,
        refuse,
        operator,
        proof,
        everywhere,
        own,
    }
}

/// Each cell remembers prices of its own, and all of them are to forget.
fn everywhere(head: &Parts) -> Option<&'static str> {
    let forgets = head.method == Method::POST && head.uri.path() == "/v1/prices/forget";
    forgets.then_some("/v1/prices/")
}

/// The console: an operator needs it most when no cell answers.
fn own(head: &Parts) -> Option<Response<Bytes>> {
    cell::assets::console(&head.method, head.uri.path(), &head.headers)
}

/// Paths whose answers are the same for everybody: reference data and prices seen before. Searches,
/// what an operator sees and everything with a token in it are not among them.
const SAME_FOR_ALL: [&str; 8] = [
    "/v1/places",
    "/v1/culture",
    "/v1/prices/month",
    "/v1/prices/graph",
    "/v1/prices/explore",
    "/v1/prices/history",
    "/openapi.json",
    "/apiservices/v3/flights/carriers",
];
/// The same, with something after them.
const SAME_BELOW: [&str; 2] =
    ["/apiservices/v3/culture/", "/apiservices/v3/geo/hierarchy/flights/"];

/// Whether an answer may be given to others too. The answer has the last word: `Cache-Control`.
fn keeps(head: &Parts) -> bool {
    let path = head.uri.path();
    // Pages of searches have their token in the path, so nobody else asks for them.
    let of_the_page = || !path.starts_with("/search/") && cell::assets::exists(path);
    let same =
        SAME_FOR_ALL.contains(&path) || SAME_BELOW.iter().any(|below| path.starts_with(below));
    (same || of_the_page()) && !head.headers.contains_key(OPERATOR_HEADER)
}

/// What a cell may look at to answer such a request: not who asks, not where from, not for what visit.
/// An API key is not among it, as any is good today; once keys have rights, requests with one must
/// not be kept, or kept by key.
fn shows(name: &HeaderName) -> bool {
    [HOST, ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, REQUEST_ID].contains(name)
        || name.as_str() == "traceparent"
}

/// A search goes to its cell, everything else by its visit.
fn work(head: &Parts) -> Work {
    let key = visit(&head.headers).map(|visit| xxh3_64(visit.as_bytes()));
    let mut parts = head.uri.path().split('/').filter(|part| part.len() >= TOKEN_BYTES_MIN);
    if let Some((search, cell)) = parts.find_map(search::named_by) {
        let id = search.0;
        return Work::Kept { cell: CellId(cell), work: id as u64 ^ (id >> 64) as u64, key };
    }
    Work::New { key }
}

/// Whoever shows an API key. Keys are not checked: this bounds what a client does by mistake, and what a
/// holder of one key does on purpose once they are.
fn tenant(head: &Parts) -> Option<u64> {
    let key = head.headers.get(KEY_HEADER).map(|key| key.as_bytes());
    let bearer = || {
        let (scheme, key) = head.headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| key.trim().as_bytes())
    };
    key.or_else(bearer).filter(|key| !key.is_empty()).map(xxh3_64)
}

/// The visit that a request names.
pub(crate) fn visit(headers: &HeaderMap) -> Option<&str> {
    let header = headers.get(VISIT_HEADER).and_then(|value| value.to_str().ok());
    let header = header.filter(|visit| (1..=VISIT_BYTES_MAX).contains(&visit.len()));
    header.or_else(|| edge::visit_in(headers, VISIT_COOKIE))
}

/// Travellers open pages; what the page itself asks for comes with its cookie.
fn begins_visit(head: &Parts) -> bool {
    head.method == Method::GET
        && cell::assets::opens_page(head.uri.path())
        && visit(&head.headers).is_none()
}

/// A search that is created twice is two searches, one of which nobody asks for: no harm. Anything an
/// operator does is not done twice.
fn repeatable(head: &Parts) -> bool {
    let path = head.uri.path();
    let reads = [Method::GET, Method::HEAD].contains(&head.method);
    reads || path.starts_with("/apiservices/") || path == "/v1/searches"
}

/// A cell takes as many new searches as it can do in time, and everything else.
fn refusable(head: &Parts) -> bool {
    let path = head.uri.path();
    head.method == Method::POST
        && (path == "/v1/searches" || path == "/apiservices/v3/flights/live/search/create")
}

/// A cell that stops says so of every search; other refusals for now are of one path only.
fn declines(answer: &response::Parts) -> bool {
    answer.status == StatusCode::SERVICE_UNAVAILABLE
        && answer.headers.get(CODE_HEADER).is_some_and(|code| code == SearchError::Stopping.code())
}

/// Another cell may have room, unless it is the caller who asks too much.
fn overloaded(answer: &response::Parts) -> bool {
    let code = answer.headers.get(CODE_HEADER);
    code.is_some_and(|code| code == "search_overloaded")
}

fn refuse(path: &str, turned: &Turned) -> Response<Bytes> {
    let Turned { status, code, sentence, retry_after } = turned;
    let refusal = Refusal::new(*status, code, sentence.as_str());
    let refusal = match retry_after {
        Some(after) => refusal.after(*after),
        None => refusal,
    };
    refusal.render(Family::of(path))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::Request;
    use serde_json::Value;

    use super::*;

    fn head(method: &str, path: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    /// Format, key, search 5 and more, of cell 12.
    const TOKEN: &str = "AQEFAAAAAAAAAAAAAAAAAAAA6AMAAAEAAAACAAAAAAAAAAAAAAAAAAAAAAAA-cell12";

    #[test]
    fn a_request_with_a_token_belongs_to_the_search_and_its_cell() {
        for path in [
            format!("/v1/searches/{TOKEN}?limit=10"),
            format!("/v1/searches/{TOKEN}/events"),
            format!("/v1/go/{TOKEN}?l=x"),
            format!("/apiservices/v3/flights/live/search/poll/{TOKEN}"),
        ] {
            let found = work(&head("GET", &path, &[]));
            assert_eq!(found, Work::Kept { cell: CellId(12), work: 5, key: None }, "{path}");
        }
    }

    #[test]
    fn new_work_goes_by_its_visit_and_without_one_by_chance() {
        let key = |headers: &[(&str, &str)]| work(&head("POST", "/v1/searches", headers));
        let known = Work::New { key: Some(xxh3_64(b"abc")) };
        assert_eq!(key(&[("x-fareway-visit", "abc")]), known);
        let ours = "00112233445566778899aabbccddeeff";
        let cookies = format!("a=b; fareway-visit={ours}; c=d");
        let by_cookie = Work::New { key: Some(xxh3_64(ours.as_bytes())) };
        assert_eq!(key(&[("cookie", &cookies)]), by_cookie);
        assert_eq!(key(&[("cookie", &cookies), ("x-fareway-visit", "abc")]), known);
        for other in ["", "fareway-visit=", "fareway-visit=abc", "xfareway-visit=abc"] {
            assert_eq!(key(&[("cookie", other)]), Work::New { key: None }, "{other}");
        }
        let long = "x".repeat(VISIT_BYTES_MAX + 1);
        assert_eq!(key(&[("x-fareway-visit", &long)]), Work::New { key: None });
    }

    #[test]
    fn opening_a_page_begins_a_visit_unless_there_is_one() {
        let begins = |method, path, headers: &[_]| begins_visit(&head(method, path, headers));
        let cookie = ("cookie", "fareway-visit=00112233445566778899aabbccddeeff");
        for path in ["/", "/explore", "/search/abc"] {
            assert!(begins("GET", path, &[]), "{path}");
            assert!(begins("GET", path, &[("cookie", "fareway-visit=abc")]), "{path}");
            assert!(!begins("GET", path, &[cookie]), "{path}");
            assert!(!begins("GET", path, &[("x-fareway-visit", "abc")]), "{path}");
            assert!(!begins("HEAD", path, &[]), "{path}");
        }
        for path in ["/js/early.js", "/v1/places", "/v1/searches", "/v1/go/abc"] {
            assert!(!begins("GET", path, &[]), "{path}");
        }
    }

    #[test]
    fn an_api_key_names_a_tenant_in_either_header() {
        let of = |headers: &[(&str, &str)]| tenant(&head("POST", "/v1/searches", headers));
        let known = Some(xxh3_64(b"abc"));
        assert_eq!(of(&[("x-api-key", "abc")]), known);
        assert_eq!(of(&[("authorization", "Bearer abc")]), known);
        assert_eq!(of(&[("authorization", "bearer  abc")]), known);
        assert_eq!(of(&[("x-api-key", "abc"), ("authorization", "Bearer x")]), known);
        for none in [("x-api-key", ""), ("authorization", "Basic abc"), ("authorization", "Bearer")]
        {
            assert_eq!(of(&[none]), None, "{none:?}");
        }
    }

    #[test]
    fn what_an_operator_does_is_not_done_twice() {
        assert!(repeatable(&head("POST", "/v1/searches", &[])));
        assert!(repeatable(&head("POST", "/apiservices/v3/flights/live/search/create", &[])));
        assert!(repeatable(&head("GET", "/v1/places", &[])));
        assert!(!repeatable(&head("POST", "/v1/prices/forget", &[])));
    }

    #[test]
    fn only_a_new_search_may_be_refused_for_want_of_room() {
        let path = "/apiservices/v3/flights/live/search/create";
        assert!(
            refusable(&head("POST", "/v1/searches", &[])) && refusable(&head("POST", path, &[]))
        );
        assert!(!refusable(&head("GET", "/v1/places", &[])));
        assert!(!refusable(&head("GET", &format!("/v1/searches/{TOKEN}"), &[])));
    }

    #[test]
    fn what_is_the_same_for_all_may_be_kept_and_searches_and_the_operators_answers_may_not() {
        let kept = |path: &str, headers: &[(&str, &str)]| keeps(&head("GET", path, headers));
        for path in [
            "/",
            "/explore",
            "/js/early.js",
            "/v1/places?term=edin",
            "/v1/prices/month?origin=EDI",
            "/apiservices/v3/culture/markets/en-GB",
            "/apiservices/v3/geo/hierarchy/flights/en-GB",
        ] {
            assert!(kept(path, &[]), "{path}");
            assert!(!kept(path, &[("x-fareway-operator", "x")]), "{path}");
        }
        for path in [
            format!("/v1/searches/{TOKEN}"),
            format!("/search/{TOKEN}"),
            format!("/v1/go/{TOKEN}"),
            "/v1/fleet".to_owned(),
            "/v1/prices/forget".to_owned(),
            "/v1/prices/month/..".to_owned(),
            "/v1/%70rices/month".to_owned(),
            "/readyz".to_owned(),
        ] {
            assert!(!kept(&path, &[]), "{path}");
        }
    }

    #[test]
    fn a_cell_is_not_shown_who_asks_for_what_others_get_too() {
        for name in ["cookie", "x-fareway-visit", "x-forwarded-host", "user-agent", "x-api-key"] {
            assert!(!shows(&HeaderName::from_static(name)), "{name}");
        }
        assert!(shows(&ACCEPT_ENCODING) && shows(&HOST));
    }

    #[test]
    fn what_is_to_be_forgotten_is_told_to_every_cell() {
        let told = |method: &str, path: &str| everywhere(&head(method, path, &[]));
        assert_eq!(told("POST", "/v1/prices/forget"), Some("/v1/prices/"));
        assert_eq!(told("GET", "/v1/prices/forget"), None);
        assert_eq!(told("POST", "/v1/searches"), None);
    }

    #[test]
    fn the_console_is_answered_at_the_door_and_nothing_else_of_the_page_is() {
        let page = own(&head("GET", "/console/cells", &[])).unwrap();
        let policy = page.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'self'") && !policy.contains("unsafe"), "{policy}");
        for path in ["/", "/js/app.js", "/console", "/console/", "/v1/fleet"] {
            assert!(own(&head("GET", path, &[])).is_none(), "{path}");
        }
    }

    #[test]
    fn only_a_cell_that_stops_declines_all_work() {
        let answer = |status, code: &'static str| {
            let answer = Response::builder().status(status).header(CODE_HEADER, code);
            answer.body(()).unwrap().into_parts().0
        };
        assert!(declines(&answer(StatusCode::SERVICE_UNAVAILABLE, "search_stopping")));
        assert!(!declines(&answer(StatusCode::SERVICE_UNAVAILABLE, "log_stopped")));
        assert!(!declines(&answer(StatusCode::TOO_MANY_REQUESTS, "search_overloaded")));
        assert!(overloaded(&answer(StatusCode::TOO_MANY_REQUESTS, "search_overloaded")));
        assert!(!overloaded(&answer(StatusCode::TOO_MANY_REQUESTS, "client_limit")));
        assert!(!overloaded(&answer(StatusCode::SERVICE_UNAVAILABLE, "search_stopping")));
    }

    #[test]
    fn refusals_of_the_edge_look_like_those_of_a_cell() {
        let turned = Turned {
            status: StatusCode::SERVICE_UNAVAILABLE,
            code: "no_cell",
            sentence: "No cell.".to_owned(),
            retry_after: Some(Duration::from_secs(1)),
        };
        let of = |path: &str| {
            let response = refuse(path, &turned);
            assert_eq!(response.headers()["retry-after"], "1");
            serde_json::from_slice::<Value>(response.body()).unwrap()
        };
        assert_eq!(of("/v1/searches")["code"], "no_cell");
        let v3 = serde_json::json!({"code": 14, "message": "No cell.", "details": []});
        assert_eq!(of("/apiservices/v3/culture/locales"), v3);
    }
}
