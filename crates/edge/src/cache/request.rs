//! Which requests may be answered from what is kept, and what a cell is shown of them.
//!
//! Others get the answer too, so nothing that is not part of its name may have a say in it: of a
//! request whose answer may be kept a cell sees only the header lines that [`Rules::shows`] lets
//! through, and of those it must name in `Vary` what it looks at. Cookies, credentials and
//! `x-forwarded-…` never reach it.

use http::header::{
    AUTHORIZATION, COOKIE, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE,
    IF_UNMODIFIED_SINCE, RANGE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::directives::Directives;
use super::key::Key;
use crate::rules::Rules;

/// Lines that ask for less than the whole answer. What is kept is whole; they are answered from it.
const FOR_LESS: [HeaderName; 4] = [IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_RANGE, RANGE];

/// A request that may be answered from what is kept.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) key: Key,
    pub(crate) wishes: Directives,
}

impl Wanted {
    /// `None`: the request goes to a cell as it is.
    pub(crate) fn of(head: &Parts, rules: &Rules) -> Option<Self> {
        let reads = [Method::GET, Method::HEAD].contains(&head.method);
        // Credentials are for one client; a precondition is for the cell to judge.
        let own = [AUTHORIZATION, IF_MATCH, IF_UNMODIFIED_SINCE];
        let own = own.iter().any(|name| head.headers.contains_key(name));
        if !reads || own || !(rules.keeps)(head) {
            return None;
        }
        let key = Key::of(head)?;
        Some(Self { key, wishes: Directives::of_request(&head.headers) })
    }
}

/// The request a cell is sent: for the whole answer, or to hear whether a kept one still holds.
pub(crate) fn for_cell(
    head: &Parts,
    rules: &Rules,
    validators: (Option<&HeaderValue>, Option<&HeaderValue>),
) -> Parts {
    let mut asked = head.clone();
    let shown = |name: &HeaderName| (rules.shows)(name) && *name != COOKIE;
    asked.headers = HeaderMap::with_capacity(8);
    for name in head.headers.keys().filter(|name| shown(name) && !FOR_LESS.contains(name)) {
        for value in head.headers.get_all(name) {
            asked.headers.append(name, value.clone());
        }
    }
    let (tag, changed) = validators;
    if let Some(tag) = tag {
        asked.headers.insert(IF_NONE_MATCH, tag.clone());
    }
    if let Some(changed) = changed {
        asked.headers.insert(IF_MODIFIED_SINCE, changed.clone());
    }
    asked
}

/// Whether a request wants a part of the answer.
pub(crate) fn wants_part(head: &Parts) -> bool {
    head.method == Method::GET && head.headers.contains_key(RANGE)
}
