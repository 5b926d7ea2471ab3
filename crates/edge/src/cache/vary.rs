//! Which of several answers of one address a request gets: `Vary`, RFC 9111, section 4.1.
//!
//! Values are compared after blanks around commas are gone and several lines are one; those of
//! `Accept…` fields also without regard to case, which they have none.

use http::header::VARY;
use http::{HeaderMap, HeaderName};

/// More names make an answer one that nobody else gets.
const NAMES_MAX: usize = 16;

/// The header lines an answer was chosen by, and their values then.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selection(Vec<(HeaderName, Option<Box<[u8]>>)>);

impl Selection {
    /// By what an answer to a request was chosen; `None` if that cannot be known (`*`, no name).
    pub(crate) fn of(request: &HeaderMap, answer: &HeaderMap) -> Option<Self> {
        let mut names: Vec<HeaderName> = Vec::new();
        for line in answer.get_all(VARY) {
            for name in line.to_str().ok()?.split(',').map(str::trim) {
                if name.is_empty() {
                    continue;
                }
                if name == "*" || names.len() == NAMES_MAX {
                    return None;
                }
                names.push(name.parse().ok()?);
            }
        }
        names.sort_by(|one, other| one.as_str().cmp(other.as_str()));
        names.dedup();
        let chosen_by = |name: HeaderName| {
            let value = normal(request, &name);
            (name, value)
        };
        Some(Self(names.into_iter().map(chosen_by).collect()))
    }

    /// Whether a request would have been answered with it.
    pub(crate) fn fits(&self, request: &HeaderMap) -> bool {
        self.0.iter().all(|(name, value)| normal(request, name) == *value)
    }

    /// The values another request has for the same names, as part of a name for equal requests.
    pub(crate) fn name_for(&self, request: &HeaderMap) -> Vec<Option<Box<[u8]>>> {
        self.0.iter().map(|(name, _)| normal(request, name)).collect()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.0.iter().map(|(_, value)| value.as_ref().map_or(0, |value| value.len()) + 64).sum()
    }
}

fn normal(request: &HeaderMap, name: &HeaderName) -> Option<Box<[u8]>> {
    let mut lines = request.get_all(name).iter().peekable();
    lines.peek()?;
    let mut value = Vec::new();
    for part in lines.flat_map(|line| line.as_bytes().split(|&byte| byte == b',')) {
        if !value.is_empty() {
            value.push(b',');
        }
        value.extend_from_slice(part.trim_ascii());
    }
    if name.as_str().starts_with("accept") {
        value.make_ascii_lowercase();
    }
    Some(value.into())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for &(name, value) in lines {
            headers.append(name, HeaderValue::from_static(value));
        }
        headers
    }

    fn fits(vary: &'static str, first: &HeaderMap, second: &HeaderMap) -> bool {
        Selection::of(first, &headers(&[("vary", vary)])).unwrap().fits(second)
    }

    #[test]
    fn a_request_gets_what_was_chosen_by_the_same_values_and_nothing_else() {
        let one = headers(&[("foo", "1"), ("bar", "2")]);
        assert!(fits("Foo, bar", &one, &headers(&[("bar", "2"), ("foo", "1"), ("other", "3")])));
        assert!(!fits("foo, bar", &one, &headers(&[("foo", "1")])));
        assert!(!fits("foo", &headers(&[]), &headers(&[("foo", "")])));
        assert!(fits("foo", &headers(&[]), &headers(&[])));
        assert!(fits("", &one, &headers(&[])));
    }

    #[test]
    fn blanks_and_lines_do_not_matter_and_case_only_where_it_means_something() {
        let lines = headers(&[("foo", "1"), ("foo", "2")]);
        assert!(fits("foo", &lines, &headers(&[("foo", "1 ,  2")])));
        assert!(!fits("foo", &headers(&[("foo", "a")]), &headers(&[("foo", "A")])));
        let accepts = headers(&[("accept-language", "en, de")]);
        assert!(fits("accept-language", &accepts, &headers(&[("accept-language", "EN,DE")])));
        assert!(!fits("accept-language", &accepts, &headers(&[("accept-language", "de,en")])));
    }

    #[test]
    fn an_answer_that_varies_by_anything_at_all_is_nobody_elses() {
        for vary in ["*", "*, *", ", *", "foo, *", "*, foo"] {
            assert_eq!(Selection::of(&headers(&[]), &headers(&[("vary", vary)])), None, "{vary}");
        }
        let two = headers(&[("vary", "foo"), ("vary", "*")]);
        assert_eq!(Selection::of(&headers(&[]), &two), None);
    }
}
