//! Headers on their way through: what belongs to one connection stays there, what names the request
//! and its sender is added.
//!
//! Hop-by-hop headers are those of RFC 9110, section 7.6.1, and whatever `Connection` names. The request
//! id is the caller's if it is a short plain text. `traceparent` follows W3C Trace Context level 1: a
//! valid one is continued with a span of ours, any other is replaced.

use std::net::IpAddr;

use http::header::{
    CONNECTION, CONTENT_LENGTH, EXPECT, HOST, HeaderName, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION,
    TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};

/// Names one request in logs on both sides.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The cell that answered.
pub const CELL: HeaderName = HeaderName::from_static("x-cell");
/// The trace a request belongs to.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// Longest request id taken from a caller.
const REQUEST_ID_BYTES: usize = 64;

const FORWARDED: HeaderName = HeaderName::from_static("forwarded");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
/// The scheme that the client used; [`prepare`] sets it if a proxy before us did not.
pub(crate) const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
const HTTP2_SETTINGS: HeaderName = HeaderName::from_static("http2-settings");

/// Headers of one connection.
const HOP_BY_HOP: [HeaderName; 10] = [
    CONNECTION,
    KEEP_ALIVE,
    PROXY_CONNECTION,
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
    HTTP2_SETTINGS,
];

/// Removes what belongs to one connection.
pub fn remove_hop_by_hop(headers: &mut HeaderMap) {
    if headers.contains_key(CONNECTION) {
        let named: Vec<HeaderName> = headers
            .get_all(CONNECTION)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|name| name.trim().parse().ok())
            // `Connection: host` would take away what every request needs.
            .filter(|name| *name != HOST)
            .collect();
        for name in named {
            headers.remove(name);
        }
    }
    for name in &HOP_BY_HOP {
        headers.remove(name);
    }
}

/// Where requests come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outside {
    /// Whether another proxy stands there, whose words are believed.
    pub behind_proxy: bool,
    /// Whether they come over TLS.
    pub secure: bool,
}

/// What is added to a request: who sent it, its name, its trace. Gives the request id.
pub fn prepare(
    parts: &mut Parts,
    peer: Option<IpAddr>,
    outside: Outside,
    chance: u128,
) -> HeaderValue {
    remove_hop_by_hop(&mut parts.headers);
    // The length is that of the body which was read: a second word on it could be read otherwise
    // behind us (RFC 9112, section 6.3). Whoever waits for a go-ahead had it from us.
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.remove(EXPECT);
    // HTTP/2 has the host in the request's address; inside it is a header always.
    if !parts.headers.contains_key(HOST)
        && let Some(authority) = parts.uri.authority()
        && let Ok(host) = HeaderValue::from_str(authority.as_str())
    {
        parts.headers.insert(HOST, host);
    }
    forwarded(&mut parts.headers, peer, outside);
    let trace = trace(parts.headers.get(TRACEPARENT), chance);
    parts.headers.insert(TRACEPARENT, trace);
    let id = parts.headers.get(REQUEST_ID).filter(|id| is_plain(id.as_bytes()));
    let id = id.cloned().unwrap_or_else(|| hex_value(format!("{:016x}", chance as u64)));
    parts.headers.insert(REQUEST_ID, id.clone());
    id
}

fn forwarded(headers: &mut HeaderMap, peer: Option<IpAddr>, outside: Outside) {
    if !outside.behind_proxy {
        for name in [FORWARDED, FORWARDED_FOR, FORWARDED_HOST, FORWARDED_PROTO] {
            headers.remove(name);
        }
    }
    if let Some(peer) = peer {
        let before = headers.get(FORWARDED_FOR).and_then(|value| value.to_str().ok());
        let chain = match before {
            Some(before) => format!("{before}, {peer}"),
            None => peer.to_string(),
        };
        if let Ok(chain) = HeaderValue::try_from(chain) {
            headers.insert(FORWARDED_FOR, chain);
        }
    }
    if !headers.contains_key(FORWARDED_PROTO) {
        let scheme = if outside.secure { "https" } else { "http" };
        headers.insert(FORWARDED_PROTO, HeaderValue::from_static(scheme));
    }
    if !headers.contains_key(FORWARDED_HOST)
        && let Some(host) = headers.get(HOST).cloned()
    {
        headers.insert(FORWARDED_HOST, host);
    }
}

fn is_plain(id: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    (1..=REQUEST_ID_BYTES).contains(&id.len()) && id.iter().all(plain)
}

/// `00-<trace, 32 digits>-<span, 16 digits>-<flags, 2 digits>`.
fn trace(sent: Option<&HeaderValue>, chance: u128) -> HeaderValue {
    // A span of zeros is none.
    let span = (chance >> 64) as u64 | 1;
    let continued = sent.and_then(|sent| {
        let text = sent.to_str().ok()?;
        let (trace, flags) = parse_trace(text)?;
        Some(format!("00-{trace}-{span:016x}-{flags}"))
    });
    hex_value(continued.unwrap_or_else(|| format!("00-{:032x}-{span:016x}-00", chance | 1)))
}

fn parse_trace(text: &str) -> Option<(&str, &str)> {
    let mut parts = text.split('-');
    let (version, trace, span, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hex = |part: &str, digits: usize| {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        part.len() == digits && part.bytes().all(digit)
    };
    let zero = |part: &str| part.bytes().all(|byte| byte == b'0');
    let known = hex(version, 2) && version != "ff" && (version != "00" || parts.next().is_none());
    let whole = hex(trace, 32) && hex(span, 16) && hex(flags, 2);
    (known && whole && !zero(trace) && !zero(span)).then_some((trace, flags))
}

fn hex_value(text: String) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("0"))
}

#[cfg(test)]
mod tests;
