//! One request and its answer on one connection.

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, HOST, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use runtime::Deadline;

use super::connect::Http1;
use super::http_partner::HttpPartner;
use super::pool::Keep;
use super::shared::Lease;
use crate::error::{CannotAsk, PartnerError};
use crate::protocol::{DEADLINE_HEADER, Outgoing};

/// Bytes of a refusal that are read only to keep the connection.
const DRAINED_MAX: usize = 16 << 10;

enum Link {
    Http1(Box<Http1>),
    /// Held only to keep the connection open.
    Http2 {
        _lease: Lease,
    },
}

/// An answer whose head is here and whose body is coming.
pub(super) struct Exchange<'p> {
    partner: &'p HttpPartner,
    link: Link,
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    body: Incoming,
}

impl<'p> Exchange<'p> {
    /// Sends a request and waits for the head of the answer. A kept connection that turns out to
    /// be dead is replaced by a new one, once.
    pub(super) async fn start(
        partner: &'p HttpPartner,
        outgoing: &Outgoing,
        deadline: Deadline,
    ) -> Result<Self, PartnerError> {
        let uri: Uri =
            outgoing.url.parse().map_err(|_| PartnerError::CannotAsk { cause: CannotAsk::Url })?;
        let request = build(partner, outgoing, &uri, deadline)?;
        let (link, answer) = if partner.settings.http2 {
            over_http2(partner, &uri, request).await?
        } else {
            over_http1(partner, &uri, request).await?
        };
        let (head, body) = answer.into_parts();
        Ok(Self { partner, link, status: head.status, headers: head.headers, body })
    }

    /// Whether the body is gzipped.
    pub(super) fn is_gzip(&self) -> bool {
        let coding = self.headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes);
        coding.is_some_and(|coding| coding.eq_ignore_ascii_case(b"gzip"))
    }

    /// Length of the body as announced.
    pub(super) fn announced(&self) -> Option<u64> {
        self.headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
    }

    /// The next chunk of the body; `None` at its end.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, PartnerError> {
        loop {
            let frame = match &mut self.link {
                Link::Http1(connection) => connection.drive(self.body.frame()).await,
                Link::Http2 { .. } => self.body.frame().await,
            };
            match frame {
                None => return Ok(None),
                Some(Err(cause)) => {
                    return Err(PartnerError::ConnectionLost { cause: Some(cause) });
                }
                // Trailers say nothing we need.
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }

    /// Keeps the connection for the next request; only after the body has ended.
    pub(super) fn keep(self) {
        if let Link::Http1(mut connection) = self.link
            && connection.is_usable()
        {
            let settings = &self.partner.settings;
            let keep = Keep {
                connections_max: settings.idle_connections.size(),
                lasts: settings.idle_ms.ms(),
            };
            self.partner.inner.pool.put(self.partner.key, connection, keep, runtime::now());
        }
    }

    /// Reads what is left if it is little, to keep the connection.
    pub(super) async fn drain(mut self) {
        let mut drained = 0;
        while let Ok(Some(chunk)) = self.chunk().await {
            drained += chunk.len();
            if drained > DRAINED_MAX {
                return;
            }
        }
        self.keep();
    }
}

async fn over_http1(
    partner: &HttpPartner,
    uri: &Uri,
    request: Request<Full<Bytes>>,
) -> Result<(Link, Response<Incoming>), PartnerError> {
    // A kept connection that fails was closed before the partner said a word; searches may be
    // repeated, so a new one is tried.
    if let Some(mut kept) = partner.inner.pool.take(partner.key, runtime::now())
        && let Ok(answer) = kept.send(request.clone()).await
    {
        return Ok((Link::Http1(kept), answer));
    }
    let permit = partner.inner.pool.room().await.map_err(|_| PartnerError::Busy)?;
    let connected = partner.inner.connector.http1(uri.clone(), permit).await;
    let mut connection = connected.map_err(|cause| PartnerError::Unreachable { cause })?;
    match connection.send(request).await {
        Ok(answer) => Ok((Link::Http1(connection), answer)),
        Err(cause) => Err(PartnerError::ConnectionLost { cause: Some(cause) }),
    }
}

async fn over_http2(
    partner: &HttpPartner,
    uri: &Uri,
    request: Request<Full<Bytes>>,
) -> Result<(Link, Response<Incoming>), PartnerError> {
    let lease = |fresh| async move {
        let HttpPartner { inner, settings, http2, .. } = partner;
        let lease = http2.lease(inner, settings, uri, fresh).await;
        lease.map_err(|cause| PartnerError::Unreachable { cause })
    };
    let mut first = lease(false).await?;
    match first.sender.send_request(request.clone()).await {
        Ok(answer) => return Ok((Link::Http2 { _lease: first }, answer)),
        // Going away or closed: it was not understood, so it may be repeated.
        Err(cause) if cause.is_canceled() || cause.is_closed() || first.sender.is_closed() => {}
        Err(cause) => return Err(PartnerError::ConnectionLost { cause: Some(cause) }),
    }
    let mut second = lease(true).await?;
    match second.sender.send_request(request).await {
        Ok(answer) => Ok((Link::Http2 { _lease: second }, answer)),
        Err(cause) => Err(PartnerError::ConnectionLost { cause: Some(cause) }),
    }
}

fn build(
    partner: &HttpPartner,
    outgoing: &Outgoing,
    uri: &Uri,
    deadline: Deadline,
) -> Result<Request<Full<Bytes>>, PartnerError> {
    let url = |_| PartnerError::CannotAsk { cause: CannotAsk::Url };
    let mut headers = outgoing.headers.clone();
    let target = if partner.settings.http2 {
        uri.clone()
    } else {
        let host = uri.authority().map_or("", |authority| authority.as_str());
        headers.insert(HOST, HeaderValue::from_str(host).map_err(url)?);
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        path.parse().map_err(|_| PartnerError::CannotAsk { cause: CannotAsk::Url })?
    };
    headers.insert(USER_AGENT, HeaderValue::from_static("fareway"));
    if partner.settings.gzip {
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    }
    let left_ms = deadline.left(runtime::now()).as_millis() as u64;
    headers.insert(HeaderName::from_static(DEADLINE_HEADER), HeaderValue::from(left_ms));
    let mut request = Request::new(Full::new(outgoing.body.clone()));
    *request.method_mut() = outgoing.method.clone();
    *request.uri_mut() = target;
    *request.headers_mut() = headers;
    Ok(request)
}
