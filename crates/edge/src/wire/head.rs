//! Heads: that of a request is written, that of an answer is read.

use std::mem::MaybeUninit;

use bytes::BytesMut;
use http::header::{CONNECTION, CONTENT_LENGTH, HeaderName, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Version, response};
use httparse::{ParserConfig, Status};

use super::WireError;
use super::chunks::Chunks;

/// Lines of an answer's head.
const LINES_MAX: usize = 100;
/// Lines that the door adds to an answer.
const LINES_ADDED: usize = 8;
/// What says where a message ends is said by who writes it.
const OWN: [HeaderName; 3] = [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING];

/// The head of an answer.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) parts: response::Parts,
    pub(super) left: Left,
    /// Whether the cell takes another request on the same wire.
    pub(super) stays: bool,
}

/// How much of an answer is to come.
#[derive(Debug)]
pub(super) enum Left {
    Bytes(u64),
    Chunks(Chunks),
    /// All until the cell closes.
    Rest,
}

/// Writes the head of a request with a body of so many bytes.
pub(super) fn write(asked: &Parts, body_bytes: usize, into: &mut BytesMut) {
    let mut put = |piece: &[u8]| into.extend_from_slice(piece);
    put(asked.method.as_str().as_bytes());
    put(b" ");
    let path = asked.uri.path_and_query().map_or("/", |path| path.as_str());
    if !path.starts_with(['/', '*']) {
        put(b"/");
    }
    put(path.as_bytes());
    put(b" HTTP/1.1\r\n");
    for (name, value) in asked.headers.iter().filter(|(name, _)| !OWN.contains(name)) {
        put(name.as_str().as_bytes());
        put(b": ");
        put(value.as_bytes());
        put(b"\r\n");
    }
    if body_bytes > 0 {
        put(format!("content-length: {body_bytes}\r\n").as_bytes());
    }
    put(b"\r\n");
}

/// Takes the head of an answer out of a buffer; `None`: not all of it is there.
pub(super) fn read(buffer: &mut BytesMut, asked: &Method) -> Result<Option<Answered>, WireError> {
    loop {
        let Some(end) = memchr::memmem::find(buffer, b"\r\n\r\n") else { return Ok(None) };
        let parts = parse(buffer.split_to(end + 4))?;
        match parts.status {
            StatusCode::SWITCHING_PROTOCOLS => {
                return Err(WireError::Wrong("it changes the protocol, which nobody asked for"));
            }
            status if status.is_informational() => {}
            _ => {
                let left = left(asked, &parts)?;
                let stays = !matches!(left, Left::Rest)
                    && parts.version == Version::HTTP_11
                    && !closes(&parts.headers);
                return Ok(Some(Answered { parts, left, stays }));
            }
        }
    }
}

fn parse(head: BytesMut) -> Result<response::Parts, WireError> {
    let head = head.freeze();
    let mut lines = [const { MaybeUninit::uninit() }; LINES_MAX];
    let mut told = httparse::Response::new(&mut []);
    let parsed =
        ParserConfig::default().parse_response_with_uninit_headers(&mut told, &head, &mut lines);
    if parsed != Ok(Status::Complete(head.len())) {
        return Err(WireError::Wrong("its head is no head of HTTP/1.1"));
    }
    let status = told.code.and_then(|code| StatusCode::from_u16(code).ok());
    let mut headers = HeaderMap::with_capacity(told.headers.len() + LINES_ADDED);
    for line in told.headers.iter() {
        let name = HeaderName::from_bytes(line.name.as_bytes());
        let value = HeaderValue::from_maybe_shared(head.slice_ref(line.value));
        let (Ok(name), Ok(value)) = (name, value) else {
            return Err(WireError::Wrong("a line of its head has no valid name or value"));
        };
        headers.append(name, value);
    }
    let (mut parts, ()) = Response::new(()).into_parts();
    parts.status = status.ok_or(WireError::Wrong("its status is none"))?;
    parts.version = if told.version == Some(1) { Version::HTTP_11 } else { Version::HTTP_10 };
    parts.headers = headers;
    Ok(parts)
}

/// Where an answer ends. Source: RFC 9112, section 6.3.
fn left(asked: &Method, answer: &response::Parts) -> Result<Left, WireError> {
    let empty = [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&answer.status);
    if empty || asked == Method::HEAD {
        return Ok(Left::Bytes(0));
    }
    let length = length(&answer.headers)?;
    let mut codings = answer.headers.get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next(), length) {
        (None, _, Some(length)) => Ok(Left::Bytes(length)),
        (None, _, None) => Ok(Left::Rest),
        (Some(coding), None, None)
            if coding.as_bytes().eq_ignore_ascii_case(b"chunked")
                && answer.version == Version::HTTP_11 =>
        {
            Ok(Left::Chunks(Chunks::default()))
        }
        (Some(_), _, _) => Err(WireError::Wrong("its end is told in an unknown way, or in two")),
    }
}

fn length(headers: &HeaderMap) -> Result<Option<u64>, WireError> {
    let mut told = headers.get_all(CONTENT_LENGTH).iter().map(|length| {
        let digits = length.to_str().ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
        digits.and_then(|digits| digits.parse::<u64>().ok())
    });
    let Some(first) = told.next() else { return Ok(None) };
    match first {
        Some(_) if told.all(|other| other == first) => Ok(first),
        _ => Err(WireError::Wrong("its length is none, or several")),
    }
}

fn closes(headers: &HeaderMap) -> bool {
    let told = headers.get_all(CONNECTION).iter().filter_map(|line| line.to_str().ok());
    told.flat_map(|line| line.split(',')).any(|word| word.trim().eq_ignore_ascii_case("close"))
}

#[cfg(test)]
mod tests;
