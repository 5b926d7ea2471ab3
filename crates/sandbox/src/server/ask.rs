//! A question over HTTP: read it, wait as long as the partner takes, answer or fail as it does.

use std::io::Write as _;
use std::sync::PoisonError;
use std::time::Duration;

use bytes::Bytes;
use domain::Question;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};
use partners::ProtocolKind;

use super::Shared;
use super::body::Sending;
use super::routes::{Answer, Asked, with_type};
use super::wire_io::Cut;
use crate::faults::{self, PartnerFault};
use crate::offer::Shelf;
use crate::seller::Seller;
use crate::seller::manners::Mood;
use crate::wire::{amadeus, duffel, fareway, text};

/// Bytes that a lying `content-length` adds.
const LIE_BYTES: usize = 1_000;
/// Shortest time between two parts of an answer, as a share of the latency.
const PART_SHARE: f64 = 0.25;
const JSON: &str = "application/json";

/// How a partner takes a question.
struct Taken<'s> {
    shared: &'s Shared,
    seller: &'s Seller,
    fault: Option<PartnerFault>,
    latency: Duration,
}

/// Waits as the partner does. An answer means that it fails here and now.
async fn take<'s>(
    shared: &'s Shared,
    cut: &Cut,
    seller: &'s Seller,
    seen: &Question,
) -> Result<Taken<'s>, Answer> {
    let fault = shared.faults.read().unwrap_or_else(PoisonError::into_inner).of(seller.id);
    let scale = shared.market.settings().latency_scale;
    let mood = seller.manners.mood(seller.draw, seen.key().0, scale);
    let (mut latency, fails) = match mood {
        Mood::Answers(latency) => (latency, false),
        Mood::Fails(latency) => (latency, true),
        Mood::Silent => return Err(silence(shared).await),
    };
    if let Some(PartnerFault::Slow { ms }) = fault {
        latency += Duration::from_millis(u64::from(ms));
    }
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    if fails {
        return Err(refusal(seller, StatusCode::SERVICE_UNAVAILABLE));
    }
    match fault {
        Some(PartnerFault::Hanging) => Err(silence(shared).await),
        Some(PartnerFault::Status { code }) => {
            let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            Err(refusal(seller, status))
        }
        Some(PartnerFault::Throttled { retry_after_s }) => {
            let mut answer = refusal(seller, StatusCode::TOO_MANY_REQUESTS);
            answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(retry_after_s));
            Err(answer)
        }
        Some(PartnerFault::Reset) => {
            cut.reset();
            Err(refusal(seller, StatusCode::INTERNAL_SERVER_ERROR))
        }
        _ => Ok(Taken { shared, seller, fault, latency }),
    }
}

/// Says nothing until the market closes or the other side leaves.
async fn silence(shared: &Shared) -> Answer {
    shared.shutdown.begun().await;
    with_type(StatusCode::SERVICE_UNAVAILABLE, "text/plain", "the market closes\n")
}

/// An error in the words of the partner's protocol.
fn refusal(seller: &Seller, status: StatusCode) -> Answer {
    let mut body = Vec::new();
    let code = status.as_u16();
    let title = status.canonical_reason().unwrap_or("error");
    match seller.protocol {
        ProtocolKind::Duffel => {
            duffel::error(code, &title.to_lowercase().replace(' ', "_"), title, &mut body)
        }
        ProtocolKind::Amadeus => {
            let number = match code {
                401 => 38_190,
                404 => 1_797,
                429 => 38_194,
                500.. => 141,
                _ => 477,
            };
            amadeus::error(code, number, &title.to_uppercase(), title, &mut body);
        }
        ProtocolKind::Fareway => {
            body.extend_from_slice(b"{\"error\":");
            text::json_text(&mut body, title);
            body.push(b'}');
        }
    }
    with_type(status, content_type(seller.protocol, code), body)
}

const fn content_type(protocol: ProtocolKind, status: u16) -> &'static str {
    match protocol {
        ProtocolKind::Fareway if status < 400 => fareway::CONTENT_TYPE,
        ProtocolKind::Amadeus => amadeus::CONTENT_TYPE,
        ProtocolKind::Fareway | ProtocolKind::Duffel => JSON,
    }
}

/// A request that is no question, with the field that is wrong.
fn bad_request(seller: &Seller, field: &str) -> Answer {
    let mut body = Vec::new();
    match seller.protocol {
        ProtocolKind::Duffel => duffel::error(422, "validation_required", field, &mut body),
        ProtocolKind::Amadeus => amadeus::error(400, 477, "INVALID FORMAT", field, &mut body),
        ProtocolKind::Fareway => {
            body.extend_from_slice(b"{\"error\":");
            text::json_text(&mut body, field);
            body.push(b'}');
        }
    }
    let status = match seller.protocol {
        ProtocolKind::Duffel => StatusCode::UNPROCESSABLE_ENTITY,
        ProtocolKind::Amadeus | ProtocolKind::Fareway => StatusCode::BAD_REQUEST,
    };
    with_type(status, content_type(seller.protocol, status.as_u16()), body)
}

fn is_authorised(seller: &Seller, asked: &Asked) -> bool {
    let token = asked.header("authorization").strip_prefix("Bearer ");
    token.is_some_and(|token| token == seller.secret())
}

/// Answers in Fareway's own protocol.
pub(super) async fn fareway(shared: &Shared, cut: &Cut, seller: &Seller, asked: &Asked) -> Answer {
    if !is_authorised(seller, asked) {
        return refusal(seller, StatusCode::UNAUTHORIZED);
    }
    let seen = match fareway::question(&asked.body) {
        Ok(seen) => seen,
        Err(problem) => return bad_request(seller, &problem),
    };
    let taken = match take(shared, cut, seller, &seen).await {
        Ok(taken) => taken,
        Err(answer) => return answer,
    };
    let shelf = taken.shelf(&seen).await;
    let mut writer = fareway::Writer::new(&shared.market, seller, &seen, &shelf);
    let parts = fareway::parts(seller, &shelf.offers);
    let whole = fareway::whole_parts(parts.len());
    if taken.latency.is_zero() && taken.fault.is_none() {
        let mut all = Vec::with_capacity(256 * shelf.offers.len() + 512);
        for part in &parts {
            writer.part(part, &mut all);
        }
        fareway::end(parts.len(), &mut all);
        return taken.send(asked, vec![all]);
    }
    let mut lines = Vec::with_capacity(parts.len() + 1);
    for (index, part) in parts.iter().enumerate() {
        let mut line = Vec::with_capacity(256 * part.len() + 256);
        writer.part(part, &mut line);
        match taken.fault {
            Some(PartnerFault::Truncated) if index == whole => line.truncate(line.len() / 2),
            Some(PartnerFault::Malformed) if index == whole => break_line(&mut line),
            _ => {}
        }
        lines.push(line);
        if index == whole && taken.fault == Some(PartnerFault::Truncated) {
            break;
        }
    }
    let mut end = Vec::new();
    fareway::end(parts.len(), &mut end);
    match taken.fault {
        Some(PartnerFault::Truncated) => {}
        Some(PartnerFault::Malformed) if parts.is_empty() => {
            lines.push(b"{\"type\":\"part\",[\n".to_vec())
        }
        _ => lines.push(end),
    }
    taken.send(asked, lines)
}

/// Makes a line of JSON a broken one.
fn break_line(line: &mut Vec<u8>) {
    let middle = line.len() / 2;
    line.truncate(middle);
    line.extend_from_slice(b"}]{\"\n");
}

/// Answers in Duffel's protocol.
pub(super) async fn duffel(shared: &Shared, cut: &Cut, seller: &Seller, asked: &Asked) -> Answer {
    if !is_authorised(seller, asked) {
        return refusal(seller, StatusCode::UNAUTHORIZED);
    }
    if asked.header("duffel-version") != "v2" {
        return refusal(seller, StatusCode::BAD_REQUEST);
    }
    let (seen, wanted) = match duffel::question(seller, &asked.body) {
        Ok(read) => read,
        Err(field) => return bad_request(seller, field),
    };
    let taken = match take(shared, cut, seller, &seen).await {
        Ok(taken) => taken,
        Err(answer) => return answer,
    };
    let mut shelf = taken.shelf(&seen).await;
    wanted.apply(&mut shelf);
    if asked.query().split('&').any(|pair| pair == "return_offers=false") {
        shelf.offers.clear();
    }
    let mut body = Vec::new();
    duffel::answer(seller, &seen, &shelf, &mut body);
    taken.send(asked, vec![body])
}

/// Gives an Amadeus token to a client that names its id and secret.
pub(super) fn amadeus_token(seller: &Seller, asked: &Asked) -> Answer {
    let body = String::from_utf8_lossy(&asked.body);
    let given = |key: &str| {
        body.split('&').filter_map(|pair| pair.split_once('=')).find(|(name, _)| *name == key).map(
            |(_, value)| {
                percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned()
            },
        )
    };
    let at_prefix = asked.head.uri.path().starts_with("/p/");
    let known = given("client_id").is_some_and(|id| id == seller.id.as_str())
        && given("client_secret").is_some_and(|secret| secret == seller.secret());
    // Without a prefix anyone may try: clients bring ids of their own.
    if given("grant_type").as_deref() != Some("client_credentials") || (at_prefix && !known) {
        return refusal(seller, StatusCode::UNAUTHORIZED);
    }
    let mut out = b"{\"type\":\"amadeusOAuth2Token\",\"username\":\"sandbox\",\"application_name\":\"sandbox\",\"client_id\":\"".to_vec();
    out.extend_from_slice(seller.id.as_str().as_bytes());
    out.extend_from_slice(b"\",\"token_type\":\"Bearer\",\"access_token\":\"");
    out.extend_from_slice(seller.secret().as_bytes());
    out.extend_from_slice(b"\",\"expires_in\":1799,\"state\":\"approved\",\"scope\":\"\"}");
    with_type(StatusCode::OK, JSON, out)
}

/// Answers in Amadeus's protocol.
pub(super) async fn amadeus(shared: &Shared, cut: &Cut, seller: &Seller, asked: &Asked) -> Answer {
    if !is_authorised(seller, asked) {
        return refusal(seller, StatusCode::UNAUTHORIZED);
    }
    let read = if asked.head.method == http::Method::POST {
        amadeus::question_of_body(seller, &asked.body)
    } else {
        amadeus::question_of_query(seller, asked.query())
    };
    let (seen, wanted) = match read {
        Ok(read) => read,
        Err(field) => return bad_request(seller, field),
    };
    let exchanged = wanted.currency.and_then(|currency| seller.quoting_in(currency));
    let seller = exchanged.as_ref().unwrap_or(seller);
    let taken = match take(shared, cut, seller, &seen).await {
        Ok(taken) => taken,
        Err(answer) => return answer,
    };
    let mut shelf = taken.shelf(&seen).await;
    if taken.fault != Some(PartnerFault::TenThousand) {
        wanted.apply(&mut shelf);
    }
    let mut body = Vec::new();
    amadeus::answer(seller, &seen, &shelf, &mut body);
    taken.send(asked, vec![body])
}

impl Taken<'_> {
    /// What the partner offers, spoiled by its fault.
    async fn shelf(&self, seen: &Question) -> Shelf {
        let mut shelf = self.shared.market.shelf_async(self.seller, seen).await;
        if let Some(fault) = self.fault {
            faults::spoil(&mut shelf, self.seller, fault);
        }
        shelf
    }

    /// Sends an answer in pieces, broken as the fault says.
    fn send(&self, asked: &Asked, pieces: Vec<Vec<u8>>) -> Answer {
        let own = self.seller.protocol == ProtocolKind::Fareway;
        let mut pieces = pieces;
        if !own && let Some(body) = pieces.first_mut() {
            match self.fault {
                Some(PartnerFault::Truncated) => body.truncate(body.len() / 2),
                Some(PartnerFault::Malformed) => break_line(body),
                _ => {}
            }
        }
        let gzip = self.packs(asked);
        if gzip && let Some(packed) = pack(&pieces) {
            pieces = vec![packed];
        }
        let length: usize = pieces.iter().map(Vec::len).sum();
        let pause = self.latency.mul_f64(PART_SHARE).min(Duration::from_secs(2));
        let mut sending = Sending::parts(pieces.into_iter().map(Bytes::from), pause);
        if self.fault == Some(PartnerFault::Truncated) {
            sending = sending.then_breaks();
        }
        let lies = self.fault == Some(PartnerFault::LyingLength);
        if lies {
            sending = sending.then_breaks();
        }
        let mut answer = Response::new(sending);
        let headers = answer.headers_mut();
        let content_type = content_type(self.seller.protocol, 200);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        if gzip {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if lies {
            headers.insert(CONTENT_LENGTH, HeaderValue::from((length + LIE_BYTES) as u64));
        }
        answer
    }

    /// Whether the answer is packed: if the partner does that and was asked to.
    fn packs(&self, asked: &Asked) -> bool {
        let asks = asked.header("accept-encoding").contains("gzip");
        let whole = self.fault.is_none_or(|fault| !fault.fails());
        asks && whole && self.seller.manners.gzip && !self.latency.is_zero()
    }
}

fn pack(pieces: &[Vec<u8>]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    for piece in pieces {
        encoder.write_all(piece).ok()?;
    }
    encoder.finish().ok()
}
