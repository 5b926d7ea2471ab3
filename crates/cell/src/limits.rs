//! What every request passes through before and after its handler.
//!
//! ```text
//! request ─▶ path tidied ─▶ counted, measured, read whole ─▶ request id ─▶ handler, in its time ─▶ response
//! ```
//!
//! Limits: header lines, bytes of path, query and body, time for the whole answer. Streams are
//! limited where they are opened.

use std::borrow::Cow;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderName, HeaderValue, StatusCode, Uri};
use http_body::Body as _;
use http_body_util::{BodyExt, LengthLimitError, Limited as LimitedBody};

use crate::refusal::{Family, Refusal};
use crate::state::Shared;

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
    let id = request_id(&shared, &request);
    let mut response = match refuse_early(&shared, &request) {
        Some(refusal) => refusal.respond(family),
        None => {
            let answer = async {
                match whole(request, &shared).await {
                    Ok(request) => next.run(request).await,
                    Err(refusal) => refusal.respond(family),
                }
            };
            let work = AssertUnwindSafe(answer).catch_unwind();
            match tokio::time::timeout(shared.settings.request_ms.ms(), work).await {
                Ok(Ok(response)) => response,
                Ok(Err(_)) => {
                    tracing::error!(request_id = ?id, "a handler panicked");
                    Refusal::internal().respond(family)
                }
                Err(_) => {
                    let sentence = "The answer took too long.";
                    Refusal::new(StatusCode::GATEWAY_TIMEOUT, "too_slow", sentence).respond(family)
                }
            }
        }
    };
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

fn refuse_early(shared: &Shared, request: &Request) -> Option<Refusal> {
    let settings = &shared.settings;
    if request.headers().len() > settings.headers.size() {
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        let sentence = format!("At most {} header lines.", settings.headers.get());
        return Some(Refusal::new(status, "too_many_headers", sentence));
    }
    let bytes = request.uri().path_and_query().map_or(0, |path| path.as_str().len());
    if bytes > settings.uri_bytes.size() {
        let sentence =
            format!("Path and query together have at most {} bytes.", settings.uri_bytes.get());
        return Some(Refusal::new(StatusCode::URI_TOO_LONG, "uri_too_long", sentence));
    }
    None
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
/// clients are known to poll with a body that nobody needs.
async fn whole(request: Request, shared: &Shared) -> Result<Request, Refusal> {
    if request.body().is_end_stream() {
        return Ok(request);
    }
    let (head, unread) = request.into_parts();
    let bytes = body(unread, shared).await?;
    Ok(Request::from_parts(head, Body::from(bytes)))
}

/// Reads a body within the limit.
///
/// # Errors
/// [`Refusal`] if it is too large or breaks off.
pub(crate) async fn body(body: Body, shared: &Shared) -> Result<Bytes, Refusal> {
    let most = shared.settings.body_bytes.size();
    match LimitedBody::new(body, most).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            format!("A body has at most {most} bytes."),
        )),
        Err(_) => Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "body_incomplete",
            "The body broke off before its end.",
        )),
    }
}

/// Decodes `%XX` in a piece of a path or query; what is not UTF-8 is replaced.
pub(crate) fn decoded(text: &str) -> Cow<'_, str> {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy()
}

#[cfg(test)]
mod tests;
