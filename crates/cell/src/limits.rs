//! What every request passes through before and after its handler.
//!
//! ```text
//! request ─▶ path tidied ─▶ counted, measured, read whole ─▶ request id ─▶ handler, in its time ─▶ response
//! ```
//!
//! Limits: header lines and their bytes, bytes of path, query and body, time for the body to come
//! and for the answer. Streams are limited where they are opened.
//!
//! What is so far beyond these limits that it does not fit the server's own buffers never gets here:
//! hyper answers a head of more than 100 lines or 400 KB (431), a path and query of more than 64 KB
//! (414) and a head that is no HTTP (400) by itself, without a body and without a way to give it one,
//! and closes the connection. All limits that can be set lie below those.

use std::borrow::Cow;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use futures_util::FutureExt;
use http::header::{CONTENT_ENCODING, HOST};
use http::{HeaderName, HeaderValue, StatusCode, Uri, Version};
use http_body::Body as _;
use http_body_util::{BodyExt, LengthLimitError, Limited as LimitedBody};

use crate::counts::Counts;
use crate::refusal::{Family, Refusal};
use crate::state::{Shared, is_host};
use crate::v1::facts;

/// Header that names one request in logs on both sides.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest request id taken from a caller.
const REQUEST_ID_BYTES: usize = 64;

/// Drops duplicate slashes from the path, as some clients join a base and a path badly.
pub(crate) fn tidy_path(mut request: Request) -> Request {
    if request.uri().path().contains("//")
        && let Some(uri) = tidied(request.uri())
    {
        *request.uri_mut() = uri;
    }
    request
}

fn tidied(uri: &Uri) -> Option<Uri> {
    let mut path = String::with_capacity(uri.path().len());
    for letter in uri.path().chars() {
        if letter != '/' || !path.ends_with('/') {
            path.push(letter);
        }
    }
    if let Some(query) = uri.query() {
        path.push('?');
        path.push_str(query);
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path.parse().ok()?);
    Uri::from_parts(parts).ok()
}

/// Limits, request id, time and panics of one request.
pub(crate) async fn guard(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let family = Family::of(request.uri().path());
    let counts = Counts::counts(request.uri().path());
    let began = runtime::now();
    let id = request_id(&shared, &request);
    let mut served = Served { shared: &shared, answered: false };
    let mut response = match admit(&shared, request).await {
        Ok(request) => answer(&shared, request, next, &id)
            .await
            .unwrap_or_else(|refusal| refusal.respond(family)),
        Err(refusal) => refusal.respond(family),
    };
    if counts {
        shared.counts.on_answer(response.status(), began.elapsed());
    }
    response.headers_mut().insert(REQUEST_ID, id);
    served.answered = true;
    response
}

/// Counts a request, also one that is dropped because its client has left.
struct Served<'s> {
    shared: &'s Shared,
    answered: bool,
}

impl Drop for Served<'_> {
    fn drop(&mut self) {
        let counter = &self.shared.served[usize::from(!self.answered)];
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// The handler's answer, if it neither panics nor takes too long.
async fn answer(
    shared: &Shared,
    request: Request,
    next: Next,
    id: &HeaderValue,
) -> Result<Response, Refusal> {
    let work = AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(shared.settings.request_ms.ms(), work).await {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(_)) => {
            tracing::error!(request_id = ?id, "a handler panicked");
            Err(Refusal::internal())
        }
        Err(_) => {
            let sentence = "The answer took too long.";
            Err(Refusal::new(StatusCode::GATEWAY_TIMEOUT, "too_slow", sentence))
        }
    }
}

/// The request with its body, if all of it is within the limits.
async fn admit(shared: &Shared, request: Request) -> Result<Request, Refusal> {
    check_head(shared, &request)?;
    whole(request, shared).await
}

fn check_head(shared: &Shared, request: &Request) -> Result<(), Refusal> {
    let settings = &shared.settings;
    let too_large =
        |code, sentence| Refusal::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, code, sentence);
    if request.headers().len() > settings.headers.size() {
        let sentence = format!("At most {} header lines.", settings.headers.get());
        return Err(too_large("too_many_headers", sentence));
    }
    let lines = request.headers().iter();
    let bytes: usize = lines.map(|(name, value)| name.as_str().len() + value.len()).sum();
    if bytes > settings.header_bytes.size() {
        let most = settings.header_bytes.get();
        let sentence = format!("Header lines together have at most {most} bytes.");
        return Err(too_large("headers_too_long", sentence));
    }
    let bytes = request.uri().path_and_query().map_or(0, |path| path.as_str().len());
    if bytes > settings.uri_bytes.size() {
        let sentence =
            format!("Path and query together have at most {} bytes.", settings.uri_bytes.get());
        return Err(Refusal::new(StatusCode::URI_TOO_LONG, "uri_too_long", sentence));
    }
    check_host(request)
}

/// One host, and a possible one: whoever stands between us and the caller may have read another of
/// two. Source: RFC 9112, section 3.2.
fn check_host(request: &Request) -> Result<(), Refusal> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let sentence = match (hosts.next(), hosts.next()) {
        (None, _) if request.version() == Version::HTTP_11 => "is required by HTTP/1.1",
        (None, _) => return Ok(()),
        (Some(_), Some(_)) => "must be there once",
        (Some(host), None) if host.to_str().is_ok_and(is_host) => return Ok(()),
        (Some(_), None) => "must be a host, with or without a port",
    };
    Err(Refusal::field("host", sentence))
}

/// The caller's id if it is a short plain text, else one of ours.
fn request_id(shared: &Shared, request: &Request) -> HeaderValue {
    let sent = request.headers().get(REQUEST_ID).filter(|sent| {
        (1..=REQUEST_ID_BYTES).contains(&sent.len())
            && sent
                .as_bytes()
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
    });
    match sent {
        Some(sent) => sent.clone(),
        None => {
            let mut text = [0_u8; 16];
            let mut number = shared.next_request();
            for digit in text.iter_mut().rev() {
                *digit = b"0123456789abcdef"[(number & 15) as usize];
                number >>= 4;
            }
            HeaderValue::from_bytes(&text).unwrap_or(HeaderValue::from_static("0"))
        }
    }
}

/// Takes in the body before the handler runs, whether it wants it or not. A connection that is
/// answered before its request was read is reset, and the client loses the end of a large answer;
/// clients are known to poll with a body that nobody needs. One that is announced too large is
/// refused at once: that answer is short, and nobody should have to send what is thrown away.
async fn whole(request: Request, shared: &Shared) -> Result<Request, Refusal> {
    if request.body().is_end_stream() {
        return Ok(request);
    }
    let most = most_of(request.uri().path(), shared);
    if request.body().size_hint().lower() > most as u64 {
        return Err(too_large(most));
    }
    let (head, unread) = request.into_parts();
    let packed =
        head.headers.get_all(CONTENT_ENCODING).iter().any(|coding| {
            !coding.is_empty() && !coding.as_bytes().eq_ignore_ascii_case(b"identity")
        });
    let reading = tokio::time::timeout(shared.settings.body_ms.ms(), body_within(unread, most));
    let bytes = reading.await.map_err(|_| {
        let sentence = format!("A body arrives within {} ms.", shared.settings.body_ms.get());
        Refusal::new(StatusCode::REQUEST_TIMEOUT, "body_too_slow", sentence)
    })??;
    if packed && !bytes.is_empty() {
        let sentence = "A body is sent as it is, without a content-encoding.";
        let refusal = Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "body_encoded", sentence);
        return Err(refusal.about("content-encoding".to_owned()));
    }
    Ok(Request::from_parts(head, Body::from(bytes)))
}

/// Bytes of a body that a path takes.
fn most_of(path: &str, shared: &Shared) -> usize {
    match path {
        facts::PATH => shared.settings.intake.facts_bytes.size(),
        _ => shared.settings.body_bytes.size(),
    }
}

/// Reads a body within the limit of most paths.
///
/// # Errors
/// [`Refusal`] if it is too large or breaks off.
pub(crate) async fn body(body: Body, shared: &Shared) -> Result<Bytes, Refusal> {
    body_within(body, shared.settings.body_bytes.size()).await
}

/// Reads a body of at most so many bytes.
///
/// # Errors
/// [`Refusal`] if it is too large or breaks off.
pub(crate) async fn body_within(body: Body, most: usize) -> Result<Bytes, Refusal> {
    match LimitedBody::new(body, most).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large(most)),
        Err(_) => Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "body_incomplete",
            "The body broke off before its end.",
        )),
    }
}

fn too_large(most: usize) -> Refusal {
    let sentence = format!("A body has at most {most} bytes.");
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", sentence)
}

/// Decodes `%XX` in a piece of a path or query; what is not UTF-8 is replaced.
pub(crate) fn decoded(text: &str) -> Cow<'_, str> {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy()
}

#[cfg(test)]
mod tests;
