//! Reads `Cache-Control`, and the fields that say the same to fewer: RFC 9111, sections 5.2 and 5.4,
//! RFC 5861 and RFC 9213.
//!
//! What cannot be read as a number of seconds counts as zero, so that a mistake makes an answer old
//! and never young. Of a directive that stands there twice the stricter one holds.

use std::time::Duration;

use http::header::{CACHE_CONTROL, PRAGMA};
use http::{HeaderMap, HeaderName};

/// Speaks to caches that stand before a service, and to no browser. Source: RFC 9213, section 3.1.
pub(crate) const CDN_CACHE_CONTROL: HeaderName = HeaderName::from_static("cdn-cache-control");
/// More seconds than that are none: RFC 9111, section 1.2.2.
const SECONDS_MAX: u64 = 1 << 31;

/// What one side says about keeping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Directives {
    pub(crate) no_store: bool,
    pub(crate) no_cache: bool,
    pub(crate) private: bool,
    pub(crate) public: bool,
    pub(crate) must_revalidate: bool,
    pub(crate) proxy_revalidate: bool,
    pub(crate) must_understand: bool,
    pub(crate) only_if_cached: bool,
    pub(crate) max_age: Option<u64>,
    pub(crate) s_maxage: Option<u64>,
    pub(crate) min_fresh: Option<u64>,
    /// `Some(None)`: a stale answer of any age will do.
    pub(crate) max_stale: Option<Option<u64>>,
    pub(crate) stale_while_revalidate: Option<u64>,
    pub(crate) stale_if_error: Option<u64>,
}

impl Directives {
    /// What an answer says to a cache at the front door: the field for such caches alone if it is
    /// there, else `Cache-Control`. Gives whether it was the former.
    pub(crate) fn of_answer(headers: &HeaderMap) -> (Self, bool) {
        if headers.contains_key(CDN_CACHE_CONTROL)
            && let Some(told) = Self::read(headers, &CDN_CACHE_CONTROL)
        {
            return (told, true);
        }
        let mut told = Self::read(headers, &CACHE_CONTROL).unwrap_or_else(Self::unreadable);
        told.no_cache |= !headers.contains_key(CACHE_CONTROL) && pragma_no_cache(headers);
        (told, false)
    }

    /// What a request says. These are wishes (RFC 9111, section 5.2.1): one that cannot be read is
    /// none.
    pub(crate) fn of_request(headers: &HeaderMap) -> Self {
        let mut told = Self::read(headers, &CACHE_CONTROL).unwrap_or_default();
        told.no_cache |= !headers.contains_key(CACHE_CONTROL) && pragma_no_cache(headers);
        told
    }

    /// Whether an answer must not be given out after its end, come what may.
    pub(crate) fn is_strict(&self) -> bool {
        self.must_revalidate || self.proxy_revalidate || self.no_cache || self.s_maxage.is_some()
    }

    /// Whether an answer says how long it lasts.
    pub(crate) fn says_how_long(&self) -> bool {
        self.max_age.is_some() || self.s_maxage.is_some()
    }

    /// Whether a request wants to hear from a cell although an answer is at hand.
    pub(crate) fn is_reload(&self) -> bool {
        self.no_cache || self.max_age.is_some() || self.min_fresh.is_some()
    }

    /// An answer whose field makes no sense is kept by nobody.
    fn unreadable() -> Self {
        Self { no_store: true, ..Self::default() }
    }

    /// `None` if a line is no text or a quoted part does not end.
    fn read(headers: &HeaderMap, name: &HeaderName) -> Option<Self> {
        let mut told = Self::default();
        for line in headers.get_all(name) {
            for directive in split(line.to_str().ok()?)? {
                told.take(&directive);
            }
        }
        Some(told)
    }

    fn take(&mut self, directive: &Directive<'_>) {
        let least = |known: &mut Option<u64>| {
            let seconds = directive.seconds();
            *known = Some(known.map_or(seconds, |known| known.min(seconds)));
        };
        match directive.name.to_ascii_lowercase().trim_end() {
            "no-store" => self.no_store = true,
            // Also where only some header lines are meant: the whole is the safe reading.
            "no-cache" => self.no_cache = true,
            "private" => self.private = true,
            "public" => self.public = true,
            "must-revalidate" => self.must_revalidate = true,
            "proxy-revalidate" => self.proxy_revalidate = true,
            "must-understand" => self.must_understand = true,
            "only-if-cached" => self.only_if_cached = true,
            "max-age" => least(&mut self.max_age),
            "s-maxage" => least(&mut self.s_maxage),
            "stale-while-revalidate" => least(&mut self.stale_while_revalidate),
            "stale-if-error" => least(&mut self.stale_if_error),
            "min-fresh" => least(&mut self.min_fresh),
            "max-stale" => self.max_stale = Some(directive.value.map(|_| directive.seconds())),
            _ => {}
        }
    }
}

/// Seconds as a length of time.
pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds.min(SECONDS_MAX))
}

/// Reads a number of seconds: digits and nothing else.
pub(crate) fn read_seconds(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // Digits that are no number of 64 bits are more than enough seconds.
    digits.then(|| text.parse().unwrap_or(SECONDS_MAX).min(SECONDS_MAX))
}

fn pragma_no_cache(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(PRAGMA).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|one| one.trim().eq_ignore_ascii_case("no-cache"))
}

/// `name`, `name=token` or `name="text"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Directive<'a> {
    name: &'a str,
    value: Option<&'a str>,
}

impl Directive<'_> {
    /// A blank before or after the `=` is no value either.
    fn seconds(&self) -> u64 {
        let plain = !self.name.ends_with([' ', '\t']);
        self.value.filter(|_| plain).and_then(read_seconds).unwrap_or(0)
    }
}

/// Splits at commas that stand in no quotes.
fn split(line: &str) -> Option<Vec<Directive<'_>>> {
    let (mut found, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, byte) in line.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted => {
                found.extend(directive(line.get(start..at)?));
                start = at + 1;
            }
            _ => {}
        }
    }
    if quoted {
        return None;
    }
    found.extend(directive(line.get(start..)?));
    Some(found)
}

fn directive(text: &str) -> Option<Directive<'_>> {
    let text = text.trim_matches([' ', '\t']);
    if text.is_empty() {
        return None;
    }
    let Some((name, value)) = text.split_once('=') else {
        return Some(Directive { name: text, value: None });
    };
    let inner = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    Some(Directive { name, value: Some(inner.unwrap_or(value)) })
}

#[cfg(test)]
mod tests;
