//! The name an answer is kept under: host, path and query.
//!
//! Nothing else of a request is part of it, so nothing else may have a say in what is kept: see
//! [`super::request`]. The host is written in lower case without the port that goes without saying;
//! path and query stay as they were sent.

use http::header::HOST;
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Uri};

/// Name of what is kept for one address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    text: Box<str>,
    /// Where the path begins.
    path_at: u32,
}

impl Key {
    /// The key of a request; `None` if it names no host, or several.
    pub(crate) fn of(head: &Parts) -> Option<Self> {
        Self::new(&host(&head.headers, &head.uri)?, path_of(&head.uri))
    }

    /// The key of an address that an answer names, if it lies at the same host.
    pub(crate) fn beside(&self, place: &HeaderValue) -> Option<Self> {
        let uri: Uri = place.to_str().ok()?.parse().ok()?;
        if let Some(authority) = uri.authority()
            && normal_host(authority) != self.host()
        {
            return None;
        }
        path_of(&uri).starts_with('/').then(|| Self::new(self.host(), path_of(&uri))).flatten()
    }

    fn new(host: &str, path: &str) -> Option<Self> {
        let path_at = u32::try_from(host.len()).ok()?;
        Some(Self { text: format!("{host}{path}").into(), path_at })
    }

    fn host(&self) -> &str {
        self.text.get(..self.path_at as usize).unwrap_or_default()
    }

    /// Path and query.
    pub(crate) fn path(&self) -> &str {
        self.text.get(self.path_at as usize..).unwrap_or_default()
    }

    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    /// Which of so many parts of all keys it is of.
    pub(crate) fn part(&self, parts: usize) -> usize {
        xxhash_rust::xxh3::xxh3_64(self.text.as_bytes()) as usize % parts
    }
}

fn path_of(uri: &Uri) -> &str {
    uri.path_and_query().map_or("/", |path| path.as_str())
}

/// The host a request is meant for. Two lines may be read differently behind us, so they are none.
fn host(headers: &HeaderMap, uri: &Uri) -> Option<String> {
    let mut lines = headers.get_all(HOST).iter();
    let line = match (lines.next(), lines.next()) {
        (Some(line), None) => line.to_str().ok()?.parse().ok(),
        (None, _) => uri.authority().cloned(),
        (Some(_), Some(_)) => None,
    };
    line.map(|authority| normal_host(&authority))
}

fn normal_host(authority: &Authority) -> String {
    let mut host = authority.host().to_ascii_lowercase();
    match authority.port_u16() {
        None | Some(80 | 443) => {}
        Some(port) => {
            host.push(':');
            host.push_str(&port.to_string());
        }
    }
    host
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn key(host: &str, path: &str) -> Key {
        let request = Request::get(path).header(HOST, host).body(()).unwrap();
        Key::of(&request.into_parts().0).unwrap()
    }

    #[test]
    fn equal_addresses_have_one_key_and_others_have_another() {
        assert_eq!(key("Example.org", "/a?b=1"), key("example.org:80", "/a?b=1"));
        for (host, path) in [("example.org", "/A?b=1"), ("example.org", "/a?b=2")] {
            assert_ne!(key("example.org", "/a?b=1"), key(host, path));
        }
        assert_ne!(key("example.org", "/a"), key("example.org:8080", "/a"));
        assert_ne!(key("example.org", "/a"), key("example.com", "/a"));
        // Where host and path meet does not matter to a text, but to a key.
        assert_ne!(key("a.b", "/c").path(), key("a.b", "/b/c").path());
        assert_eq!(key("a.b", "/c?d").path(), "/c?d");
    }

    #[test]
    fn a_request_with_two_hosts_or_none_has_no_key() {
        let two = Request::get("/a").header(HOST, "a").header(HOST, "b").body(()).unwrap();
        assert_eq!(Key::of(&two.into_parts().0), None);
        assert_eq!(Key::of(&Request::get("/a").body(()).unwrap().into_parts().0), None);
        let in_address = Request::get("http://A/b").body(()).unwrap();
        assert_eq!(Key::of(&in_address.into_parts().0), Some(key("a", "/b")));
    }

    #[test]
    fn an_answer_may_name_addresses_at_its_own_host_only() {
        let at = key("a.b", "/c");
        let named = |text: &str| at.beside(&HeaderValue::from_str(text).unwrap());
        assert_eq!(named("/d?e"), Some(key("a.b", "/d?e")));
        assert_eq!(named("http://A.B/d"), Some(key("a.b", "/d")));
        assert_eq!(named("http://other/d"), None);
        assert_eq!(named("d/e"), None);
    }
}
