//! Visits: a cookie that keeps the new work of one browser in one cell.
//!
//! It names nothing but the visit: 128 random bits in hexadecimal, gone with the browser's session,
//! shown to no script and to no other site. Anything else under its name counts as none and is
//! replaced. It is set on pages, after what is kept was looked up or stored, so what others are given
//! never holds one; and an answer with one says that no cache on its way may keep it.

use http::header::{CACHE_CONTROL, COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue};
use runtime::Random;

use crate::headers::FORWARDED_PROTO;

/// Digits of a visit's name.
const DIGITS: usize = 32;
/// RFC 9213: words for caches at a door, which go before `Cache-Control`.
const FOR_THE_DOOR: HeaderName = HeaderName::from_static("cdn-cache-control");

/// The visit that a request's cookies name, if its name can be one of ours.
#[must_use]
pub fn visit_in<'a>(headers: &'a HeaderMap, cookie: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
    let mut named = pairs.filter(|(name, _)| name.trim() == cookie).map(|(_, visit)| visit.trim());
    named.find(|visit| is_ours(visit))
}

fn is_ours(visit: &str) -> bool {
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    visit.len() == DIGITS && visit.bytes().all(digit)
}

/// Names a new visit in an answer. Without random bytes there is none: chance then spreads its work.
pub(crate) fn begin(cookie: &str, asked: &HeaderMap, answer: &mut HeaderMap) {
    let Ok(bytes) = Random::secret_bytes() else { return };
    let secure = asked.get(FORWARDED_PROTO).is_some_and(|scheme| scheme == "https");
    let secure = if secure { "; Secure" } else { "" };
    let visit = u128::from_le_bytes(bytes);
    let line = format!("{cookie}={visit:032x}; Path=/; HttpOnly; SameSite=Lax{secure}");
    if let Ok(line) = HeaderValue::try_from(line) {
        answer.append(SET_COOKIE, line);
        answer.remove(FOR_THE_DOOR);
        answer.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(lines: &[&'static str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        lines.iter().for_each(|line| {
            headers.append(COOKIE, HeaderValue::from_static(line));
        });
        visit_in(&headers, "visit").map(str::to_owned)
    }

    #[test]
    fn a_visit_is_found_among_other_cookies() {
        let visit = Some("00112233445566778899aabbccddeeff".to_owned());
        assert_eq!(found(&["visit=00112233445566778899aabbccddeeff"]), visit);
        assert_eq!(found(&["a=b; visit=00112233445566778899aabbccddeeff; c=d"]), visit);
        assert_eq!(found(&["a=b", "visit=00112233445566778899aabbccddeeff"]), visit);
        // A wrong one that a browser sends first does not hide ours.
        assert_eq!(found(&["visit=x; visit=00112233445566778899aabbccddeeff"]), visit);
    }

    #[test]
    fn what_cannot_be_a_name_of_ours_is_none() {
        for line in [
            "",
            "visit",
            "visit=",
            "visit=0011",
            "visit=00112233445566778899AABBCCDDEEFF",
            "visit=00112233445566778899aabbccddeeff0",
            "visit=00112233445566778899aabbccddeefg",
            "xvisit=00112233445566778899aabbccddeeff",
            "visits=00112233445566778899aabbccddeeff",
        ] {
            assert_eq!(found(&[line]), None, "{line}");
        }
    }

    #[test]
    fn a_new_visit_is_one_of_ours_and_no_cache_may_keep_its_answer() {
        let mut asked = HeaderMap::new();
        let mut names = Vec::new();
        for (scheme, secure) in [("http", ""), ("https", "; Secure")] {
            asked.insert(FORWARDED_PROTO, HeaderValue::from_static(scheme));
            let mut answer = HeaderMap::new();
            answer.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
            answer.insert(FOR_THE_DOOR, HeaderValue::from_static("max-age=60"));
            begin("visit", &asked, &mut answer);
            let line = answer[SET_COOKIE].to_str().unwrap();
            let (pair, rest) = line.split_once(';').unwrap();
            assert_eq!(rest, format!(" Path=/; HttpOnly; SameSite=Lax{secure}"));
            let visit = pair.strip_prefix("visit=").unwrap();
            assert!(is_ours(visit), "{visit}");
            names.push(visit.to_owned());
            assert_eq!(answer[CACHE_CONTROL], "private, no-cache");
            assert!(!answer.contains_key(FOR_THE_DOOR));
        }
        assert_ne!(names[0], names[1]);
    }
}
