//! The page: files of `web/`, embedded when the binary is built.
//!
//! `/`, `/explore` and every path under `/search` answer with `index.html`, so that a link to a
//! search or to the map opens the page. `/console/cells` answers with `console.html`, and all that this
//! one needs stands below `/console/` too, so that a front door can serve it without any cell. Each file has an `ETag` of its content; browsers ask again each time and get 304.
//! The tag is a weak one, as a compressed file has the same.
//!
//! Nothing is read from disk when the service runs.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::{
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use crate::state::PAGE;

/// What the page may load: only what comes from here.
pub const POLICY: &str = "default-src 'self'; base-uri 'none'; object-src 'none'; \
                          frame-ancestors 'none'; form-action 'self'";

/// Path and bytes of every file, by path.
static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// Whether a path is the page itself and not a part of it.
#[must_use]
pub fn opens_page(path: &str) -> bool {
    matches!(path, "/" | "/explore" | "/search") || path.starts_with("/search/")
}

/// Below here stands the operator's page with everything it needs.
const CONSOLE: &str = "/console";

/// The file that answers a path, if there is one.
fn find(path: &str) -> Option<(&'static str, &'static [u8])> {
    let path = if opens_page(path) { "/index.html" } else { path };
    let path = match path.strip_prefix(CONSOLE) {
        Some("/cells") => "/console.html",
        Some(file) if ["/css/", "/js/", "/img/"].iter().any(|part| file.starts_with(part)) => file,
        _ => path,
    };
    let at = FILES.binary_search_by(|(known, _)| (*known).cmp(path)).ok()?;
    FILES.get(at).copied()
}

/// The bytes of a file of the page.
pub(crate) fn file(path: &str) -> Option<&'static [u8]> {
    find(path).map(|(_, bytes)| bytes)
}

/// Whether there is a file for the path.
#[must_use]
pub fn exists(path: &str) -> bool {
    find(path).is_some()
}

/// The answer for a path, or `None` if there is no such file.
#[must_use]
pub fn answer(method: &Method, path: &str, headers: &HeaderMap) -> Option<Response> {
    whole(method, path, headers).map(|response| response.map(Body::from))
}

/// The answer for a path of the operator's page, `None` for any other: what a front door answers
/// itself, so that it is there when no cell is.
#[must_use]
pub fn console(method: &Method, path: &str, headers: &HeaderMap) -> Option<http::Response<Bytes>> {
    let below = path.strip_prefix(CONSOLE).is_some_and(|rest| rest.starts_with('/'));
    if below { whole(method, path, headers) } else { None }
}

fn whole(method: &Method, path: &str, headers: &HeaderMap) -> Option<http::Response<Bytes>> {
    let (name, bytes) = find(path)?;
    let tag = format!("\"{:032x}\"", xxhash_rust::xxh3::xxh3_128(bytes));
    let known = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .map(str::trim)
        .any(|one| one == "*" || one.trim_start_matches("W/") == tag);
    let body =
        if known || method == Method::HEAD { Bytes::new() } else { Bytes::from_static(bytes) };
    let mut response = http::Response::new(body);
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let answered = response.headers_mut();
    answered.insert(CONTENT_TYPE, HeaderValue::from_static(media_type(name)));
    PAGE.write(answered);
    answered.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    answered.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answered.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    answered.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(tag) = HeaderValue::try_from(format!("W/{tag}")) {
        answered.insert(ETAG, tag);
    }
    Some(response)
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_sorted_so_that_they_can_be_found() {
        assert!(FILES.is_sorted_by(|one, two| one.0 < two.0));
    }

    #[test]
    fn every_file_is_answered_once_and_then_not_modified() {
        for (path, bytes) in FILES {
            let first = answer(&Method::GET, path, &HeaderMap::new()).unwrap();
            assert_eq!((first.status(), bytes.is_empty()), (StatusCode::OK, false), "{path}");
            let mut headers = HeaderMap::new();
            headers.insert(IF_NONE_MATCH, first.headers()[ETAG].clone());
            let second = answer(&Method::GET, path, &headers).unwrap();
            assert_eq!(second.status(), StatusCode::NOT_MODIFIED);
            assert_eq!(second.headers()[VARY], "accept-encoding");
            headers.insert(IF_NONE_MATCH, HeaderValue::from_static("*"));
            assert_eq!(
                answer(&Method::GET, path, &headers).unwrap().status(),
                StatusCode::NOT_MODIFIED
            );
            assert!(first.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap().contains("'self'"));
        }
    }

    #[test]
    fn links_into_a_search_or_the_map_open_the_page_and_other_paths_do_not() {
        assert_eq!(exists("/"), exists("/index.html"));
        assert_eq!(exists("/explore"), exists("/index.html"));
        assert_eq!(exists("/search/abc-cell1"), exists("/index.html"));
        assert!(!exists("/searching"));
        assert!(!exists("/console/index.html") && !exists("/console/locales/en.json"));
        assert!(!exists("/../Cargo.toml"));
    }

    #[test]
    fn everything_that_the_operators_page_loads_stands_below_it() {
        let get = |path: &str| console(&Method::GET, path, &HeaderMap::new());
        let mut todo = vec!["/console/cells".to_owned()];
        let mut seen = Vec::new();
        while let Some(path) = todo.pop() {
            let answer = get(&path).unwrap_or_else(|| panic!("there is no {path}"));
            let text = String::from_utf8_lossy(answer.body()).into_owned();
            let folder = path.rsplit_once('/').unwrap().0;
            for word in text.split(['"', '\'']) {
                let joined = match word.strip_prefix("./").map(|rest| (folder, rest)) {
                    Some((folder, rest)) => format!("{folder}/{rest}"),
                    None => match word.strip_prefix("../") {
                        Some(rest) => format!("{}/{rest}", folder.rsplit_once('/').unwrap().0),
                        None => word.to_owned(),
                    },
                };
                let loads = [".js", ".css", ".svg"].iter().any(|end| joined.ends_with(end));
                if loads && !joined.contains([' ', '`', '$']) && !seen.contains(&joined) {
                    assert!(joined.starts_with("/console/"), "{path} loads {joined}");
                    seen.push(joined.clone());
                    todo.push(joined);
                }
            }
        }
        assert!(seen.iter().any(|path| path.ends_with("/console/page.js")), "{seen:?}");
        assert!(get("/").is_none() && get("/js/app.js").is_none() && get("/consoles").is_none());
    }
}
