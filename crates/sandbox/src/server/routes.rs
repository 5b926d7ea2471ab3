//! Which path means what.

use domain::PartnerId;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use partners::ProtocolKind;

use super::body::Sending;
use super::wire_io::Cut;
use super::{Shared, ask, book, control, locations};
use crate::seller::Seller;
use bytes::Bytes;

/// Bytes of a request's body at most.
const REQUEST_BYTES_MAX: usize = 256 << 10;

/// An answer to a request.
pub(super) type Answer = Response<Sending>;

/// A request with its body read.
pub(super) struct Asked {
    pub(super) head: http::request::Parts,
    pub(super) body: Bytes,
}

impl Asked {
    /// A header as text.
    pub(super) fn header(&self, name: &str) -> &str {
        self.head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The query of the URL.
    pub(super) fn query(&self) -> &str {
        self.head.uri.query().unwrap_or_default()
    }
}

/// Answers one request.
pub(super) async fn answer(shared: &Shared, cut: &Cut, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, REQUEST_BYTES_MAX).collect().await else {
        return text(StatusCode::PAYLOAD_TOO_LARGE, "the request is too large or broken\n");
    };
    let asked = Asked { head, body: body.to_bytes() };
    let path = asked.head.uri.path().to_owned();
    if let Some(rest) = path.strip_prefix("/p/") {
        let (id, rest) = rest.split_once('/').unwrap_or((rest, ""));
        let id: Option<PartnerId> = id.parse().ok();
        return match id.and_then(|id| shared.market.seller(id)) {
            Some(seller) => {
                of_partner(shared, cut, seller, rest.trim_end_matches('/'), asked).await
            }
            None => text(StatusCode::NOT_FOUND, "no such partner\n"),
        };
    }
    match (&asked.head.method, path.as_str()) {
        (&Method::GET, "/control/faults") => control::list_faults(shared),
        (&Method::POST, "/control/faults") => control::set_faults(shared, &asked.body),
        (&Method::GET, "/control/partners") => control::partners(shared),
        (&Method::GET, "/v1/reference-data/locations") => locations::answer(asked.query()),
        (_, path) => match default_amadeus(shared) {
            Some(seller) => of_partner(shared, cut, seller, &path[1..], asked).await,
            None => text(StatusCode::NOT_FOUND, "nothing is here\n"),
        },
    }
}

/// The partner that public Amadeus clients reach without a prefix: the first that sells everywhere,
/// else the first.
fn default_amadeus(shared: &Shared) -> Option<&Seller> {
    let amadeus = || {
        let sellers = shared.market.sellers().iter();
        sellers.filter(|seller| seller.protocol == ProtocolKind::Amadeus && !seller.is_airline())
    };
    amadeus().find(|seller| seller.markets.is_none()).or_else(|| amadeus().next())
}

async fn of_partner(
    shared: &Shared,
    cut: &Cut,
    seller: &Seller,
    rest: &str,
    asked: Asked,
) -> Answer {
    let is = |method: &Method| asked.head.method == *method;
    match (seller.protocol, rest) {
        (_, "book") if is(&Method::GET) => book::page(seller, asked.query()),
        (ProtocolKind::Fareway, "offers") if is(&Method::POST) => {
            ask::fareway(shared, cut, seller, &asked).await
        }
        (ProtocolKind::Duffel, "air/offer_requests") if is(&Method::POST) => {
            ask::duffel(shared, cut, seller, &asked).await
        }
        (ProtocolKind::Amadeus, "v1/security/oauth2/token") if is(&Method::POST) => {
            ask::amadeus_token(seller, &asked)
        }
        (ProtocolKind::Amadeus, "v2/shopping/flight-offers")
            if is(&Method::GET) || is(&Method::POST) =>
        {
            ask::amadeus(shared, cut, seller, &asked).await
        }
        (_, _) => text(StatusCode::NOT_FOUND, "this partner does not answer here\n"),
    }
}

/// A plain answer.
pub(super) fn text(status: StatusCode, body: &'static str) -> Answer {
    with_type(status, "text/plain; charset=utf-8", body)
}

/// An answer of a content type.
pub(super) fn with_type(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Answer {
    let mut answer = Response::new(Sending::whole(body));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}
