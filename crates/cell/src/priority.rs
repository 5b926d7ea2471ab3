//! How much a request matters when not all can be answered.
//!
//! Told by what callers say of themselves; whoever lies gains what everybody has. Browsers mark what
//! they fetch ahead with `Sec-Purpose` (the Fetch standard), older ones with `Purpose`; machines that
//! collect pages name themselves in `User-Agent`, as RFC 9110 asks of them.

use http::{HeaderMap, HeaderName};
use runtime::Priority;

const AHEAD: [HeaderName; 2] =
    [HeaderName::from_static("sec-purpose"), HeaderName::from_static("purpose")];
/// What the names of machines contain.
const MACHINES: [&str; 5] = ["bot", "crawl", "spider", "slurp", "scrap"];
/// Bytes of a name that are looked at.
const NAME_BYTES: usize = 512;

/// The priority of a request by its headers.
#[must_use]
pub fn priority_of(headers: &HeaderMap) -> Priority {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let is_machine = text(&http::header::USER_AGENT).is_some_and(|name| {
        let name = name.get(..NAME_BYTES).unwrap_or(name).to_ascii_lowercase();
        MACHINES.iter().any(|machine| name.contains(machine))
    });
    if is_machine {
        return Priority::Bot;
    }
    let ahead = AHEAD.iter().filter_map(text).any(|purpose| {
        let first = purpose.split([';', ',']).next().unwrap_or_default();
        ["prefetch", "prerender"].iter().any(|word| first.trim().eq_ignore_ascii_case(word))
    });
    if ahead { Priority::Prefetch } else { Priority::Asked }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn of(name: &'static str, value: &str) -> Priority {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::try_from(value).unwrap());
        priority_of(&headers)
    }

    #[test]
    fn what_is_fetched_ahead_matters_less_than_what_is_asked_for() {
        assert_eq!(priority_of(&HeaderMap::new()), Priority::Asked);
        for purpose in ["prefetch", "Prefetch;prerender", " prerender , x"] {
            assert_eq!(of("sec-purpose", purpose), Priority::Prefetch, "{purpose}");
            assert_eq!(of("purpose", purpose), Priority::Prefetch, "{purpose}");
        }
        assert_eq!(of("sec-purpose", "navigate"), Priority::Asked);
    }

    #[test]
    fn machines_that_name_themselves_matter_least() {
        for name in ["Googlebot/2.1", "my-Crawler", "Baiduspider", "Yahoo! Slurp", "scraper 1"] {
            assert_eq!(of("user-agent", name), Priority::Bot, "{name}");
        }
        for name in ["Mozilla/5.0 (X11; Linux x86_64)", "curl/8", "skyscanner-b2b", ""] {
            assert_eq!(of("user-agent", name), Priority::Asked, "{name}");
        }
        // Whatever is far behind, in however many bytes, is not looked at.
        assert_eq!(of("user-agent", &format!("{}bot", "x".repeat(NAME_BYTES))), Priority::Asked);
    }
}
