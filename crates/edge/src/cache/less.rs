//! Answers with less than what is kept: nothing new (304), a part (206), or no body (HEAD).
//!
//! Source: RFC 9110, sections 13.2.2 (order), 8.8.3.2 (how tags are compared) and 14 (parts). Of
//! several parts at once the whole is answered, as section 14.2 allows.

use std::time::SystemTime;

use bytes::Bytes;
use http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, DATE, ETAG, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, IF_RANGE, LAST_MODIFIED, RANGE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use super::policy::date;

/// Lines that describe a body, which a 304 has not.
const OF_A_BODY: [HeaderName; 4] = [CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE];

/// What of an answer goes to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Less {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// The part of a whole answer that a request is for.
pub(crate) fn less(asked: &Parts, status: StatusCode, headers: &HeaderMap, body: &Bytes) -> Less {
    let mut given = Less { status, headers: headers.clone(), body: body.clone() };
    if status.is_success() && is_known(&asked.headers, headers) {
        given.status = StatusCode::NOT_MODIFIED;
        given.body = Bytes::new();
        for name in &OF_A_BODY {
            given.headers.remove(name);
        }
        return given;
    }
    if asked.method == Method::HEAD {
        given.headers.entry(CONTENT_LENGTH).or_insert_with(|| body.len().into());
        given.body = Bytes::new();
        return given;
    }
    if status == StatusCode::OK
        && asked.method == Method::GET
        && part_holds(&asked.headers, headers)
    {
        cut(&mut given, asked.headers.get(RANGE));
    }
    given
}

/// Whether the client has it already.
fn is_known(asked: &HeaderMap, headers: &HeaderMap) -> bool {
    if asked.contains_key(IF_NONE_MATCH) {
        let known = headers.get(ETAG).map(|tag| plain_tag(tag.as_bytes()));
        let lines = asked.get_all(IF_NONE_MATCH).iter();
        return lines.flat_map(|line| tags(line.as_bytes())).any(|tag| {
            tag == b"*" || known.is_some_and(|known| !known.is_empty() && plain_tag(tag) == known)
        });
    }
    let Some(since) = date(asked, &IF_MODIFIED_SINCE) else { return false };
    changed(headers).is_some_and(|changed| changed <= since)
}

/// When it changed last; an answer that does not say so is as new as it says it was made.
fn changed(headers: &HeaderMap) -> Option<SystemTime> {
    date(headers, &LAST_MODIFIED).or_else(|| date(headers, &DATE))
}

/// A tag without the mark of a weak one: for a GET both are as good.
fn plain_tag(tag: &[u8]) -> &[u8] {
    let tag = tag.trim_ascii();
    tag.strip_prefix(b"W/").unwrap_or(tag)
}

/// Splits at commas that stand in no tag.
fn tags(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    line.split(move |&byte| {
        quoted ^= byte == b'"';
        byte == b',' && !quoted
    })
    .map(<[u8]>::trim_ascii)
    .filter(|tag| !tag.is_empty())
}

/// Whether a part is wanted of just this answer: a part of another would not fit to what the client
/// has. Only a strong tag, or a date that cannot be mistaken, says so.
fn part_holds(asked: &HeaderMap, headers: &HeaderMap) -> bool {
    let Some(only_of) = asked.get(IF_RANGE) else { return true };
    if only_of.as_bytes().starts_with(b"\"") {
        return headers.get(ETAG) == Some(only_of);
    }
    let strong = || {
        let (made, changed) = (date(headers, &DATE)?, date(headers, &LAST_MODIFIED)?);
        (made.duration_since(changed).ok()?.as_secs() >= 1).then_some(())
    };
    date(asked, &IF_RANGE)
        .is_some_and(|only| date(headers, &LAST_MODIFIED) == Some(only) && strong().is_some())
}

/// What a `Range` line asks of so many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// The whole: it is no line we know.
    Whole,
    /// From, up to and without.
    Of(u64, u64),
    /// There is no such part.
    None,
}

fn part(line: &str, bytes: u64) -> Part {
    let Some((unit, spec)) = line.split_once('=') else { return Part::Whole };
    let Some((first, last)) = spec.trim().split_once('-') else { return Part::Whole };
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().unwrap_or(u64::MAX))
    };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Part::Whole;
    }
    match (number(first), number(last)) {
        (Some(first), Some(last)) if first > last => Part::Whole,
        (Some(first), _) if first >= bytes => match last.is_empty() || number(last).is_some() {
            true => Part::None,
            false => Part::Whole,
        },
        (Some(first), Some(last)) => Part::Of(first, last.saturating_add(1).min(bytes)),
        (Some(first), None) if last.is_empty() => Part::Of(first, bytes),
        (None, Some(0)) if first.is_empty() => Part::None,
        (None, Some(_)) if first.is_empty() && bytes == 0 => Part::None,
        (None, Some(count)) if first.is_empty() => Part::Of(bytes.saturating_sub(count), bytes),
        _ => Part::Whole,
    }
}

fn cut(given: &mut Less, line: Option<&HeaderValue>) {
    let Some(line) = line.and_then(|line| line.to_str().ok()) else { return };
    let bytes = given.body.len() as u64;
    let (status, place, body) = match part(line, bytes) {
        Part::Whole => return,
        Part::Of(from, to) => {
            let body = given.body.slice(from as usize..to as usize);
            (StatusCode::PARTIAL_CONTENT, format!("bytes {from}-{}/{bytes}", to - 1), body)
        }
        Part::None => (StatusCode::RANGE_NOT_SATISFIABLE, format!("bytes */{bytes}"), Bytes::new()),
    };
    given.headers.insert(CONTENT_LENGTH, body.len().into());
    if let Ok(place) = HeaderValue::try_from(place) {
        given.headers.insert(CONTENT_RANGE, place);
    }
    given.status = status;
    given.body = body;
}

#[cfg(test)]
mod tests;
