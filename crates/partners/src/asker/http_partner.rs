//! A partner that is asked over HTTP: its limits, its pause, and the way of one ask.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use domain::Question;
use http::StatusCode;
use runtime::{Deadline, Moment, TokenBucket};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::body::Unpack;
use super::exchange::Exchange;
use super::shared::SharedConnection;
use super::token::TokenCache;
use super::{Inner, retry_after};
use crate::contract::{AnswerSink, AskFuture, Asked, Ended, Partner};
use crate::error::PartnerError;
use crate::protocol::fareway::{Feed, decode_line};
use crate::protocol::{
    DecodeContext, DecodeError, Decoded, OFFERS_MAX, Outgoing, Unread, amadeus, duffel, fareway,
};
use crate::settings::{PartnerSettings, ProtocolKind, Secret};

/// Requests that may wait for a place, as a multiple of the places.
const WAITING_PER_PLACE: usize = 4;

/// Longest wait for quota; beyond it the search does better without this partner.
const QUOTA_WAIT: Duration = Duration::from_millis(200);

/// A body announced smaller than this is gathered in one piece of memory.
const GATHERED_AT_ONCE: u64 = 4 << 20;

/// A partner asked over HTTP.
pub(super) struct HttpPartner {
    pub(super) inner: Arc<Inner>,
    pub(super) key: u64,
    pub(super) settings: Arc<PartnerSettings>,
    pub(super) http2: SharedConnection,
    places: Semaphore,
    waiting: AtomicUsize,
    quota: Mutex<TokenBucket>,
    paused_until: Mutex<Option<Moment>>,
    tokens: TokenCache,
}

impl fmt::Debug for HttpPartner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpPartner").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// What has come so far; outlives a timeout.
#[derive(Default)]
struct Progress {
    status: Option<u16>,
    bytes: u64,
    offers: u32,
    parts: u32,
    unread: Unread,
}

impl Progress {
    fn deliver(&mut self, decoded: Decoded, parts: &mut AnswerSink) {
        let Decoded { answer, unread } = decoded;
        self.unread.merge(unread);
        self.offers += answer.offers().len() as u32;
        self.parts += 1;
        parts(answer);
    }
}

impl Partner for HttpPartner {
    fn settings(&self) -> &PartnerSettings {
        &self.settings
    }

    fn ask(&self, question: Arc<Question>, deadline: Deadline, parts: AnswerSink) -> AskFuture<'_> {
        Box::pin(async move {
            let mut parts = parts;
            let start = runtime::now();
            let own = Deadline::after(start, self.settings.timeout_ms.ms());
            let deadline = deadline.sooner(own);
            let mut progress = Progress::default();
            let work = self.run(&question, deadline, &mut parts, &mut progress);
            let outcome = tokio::time::timeout_at(deadline.moment(), work).await;
            let took = runtime::now().saturating_duration_since(start);
            let Progress { status, bytes, offers, unread, .. } = progress;
            let outcome = outcome.unwrap_or(Err(PartnerError::TimedOut { waited: took }));
            Asked { offers, took, status, bytes, unread, outcome }
        })
    }

    fn paused(&self) -> Option<Duration> {
        let until = (*self.paused_until.lock().unwrap_or_else(PoisonError::into_inner))?;
        let left = until.saturating_duration_since(runtime::now());
        (!left.is_zero()).then_some(left)
    }
}

impl Drop for HttpPartner {
    fn drop(&mut self) {
        self.inner.pool.forget(self.key);
    }
}

impl HttpPartner {
    pub(super) fn new(inner: Arc<Inner>, key: u64, settings: PartnerSettings) -> Self {
        let rate = settings.requests_per_second.get() as f64;
        let quota = TokenBucket::new(rate, settings.burst.get() as f64, runtime::now());
        Self {
            inner,
            key,
            places: Semaphore::new(settings.concurrency.size()),
            waiting: AtomicUsize::new(0),
            quota: Mutex::new(quota),
            paused_until: Mutex::new(None),
            tokens: TokenCache::default(),
            http2: SharedConnection::default(),
            settings: Arc::new(settings),
        }
    }

    async fn run(
        &self,
        question: &Arc<Question>,
        deadline: Deadline,
        parts: &mut AnswerSink,
        progress: &mut Progress,
    ) -> Result<Ended, PartnerError> {
        if let Some(retry_after) = self.paused() {
            return Err(PartnerError::Throttled { retry_after });
        }
        let _place = self.place(deadline).await?;
        self.take_quota(deadline).await?;
        let cannot = |cause| PartnerError::CannotAsk { cause };
        match self.settings.protocol {
            ProtocolKind::Fareway => {
                let outgoing = fareway::request(question, &self.settings).map_err(cannot)?;
                let exchange = self.start(&outgoing, deadline, progress).await?;
                self.follow(exchange, question, parts, progress).await?;
            }
            ProtocolKind::Duffel => {
                let left_ms = deadline.left(runtime::now()).as_millis() as u64;
                let outgoing =
                    duffel::request(question, &self.settings, left_ms).map_err(cannot)?;
                let exchange = self.start(&outgoing, deadline, progress).await?;
                self.whole(exchange, question, duffel::decode, parts, progress).await?;
            }
            ProtocolKind::Amadeus => {
                let exchange = self.start_amadeus(question, deadline, progress).await?;
                self.whole(exchange, question, amadeus::decode, parts, progress).await?;
            }
        }
        Ok(Ended { parts: progress.parts })
    }

    /// A place among the requests open at once.
    async fn place(&self, deadline: Deadline) -> Result<SemaphorePermit<'_>, PartnerError> {
        if let Ok(place) = self.places.try_acquire() {
            return Ok(place);
        }
        let waiting = Waiting::join(&self.waiting);
        if waiting.before >= self.settings.concurrency.size() * WAITING_PER_PLACE {
            return Err(PartnerError::Busy);
        }
        match tokio::time::timeout_at(deadline.moment(), self.places.acquire()).await {
            // A place that comes with the deadline is of no use.
            Ok(Ok(place)) if !deadline.passed(runtime::now()) => Ok(place),
            Ok(_) | Err(_) => Err(PartnerError::Busy),
        }
    }

    async fn take_quota(&self, deadline: Deadline) -> Result<(), PartnerError> {
        let mut waited = Duration::ZERO;
        loop {
            let now = runtime::now();
            let taken = self.quota.lock().unwrap_or_else(PoisonError::into_inner).take(now);
            let Err(wait) = taken else { return Ok(()) };
            waited += wait;
            if waited > QUOTA_WAIT.min(deadline.left(now) / 2) {
                return Err(PartnerError::OverQuota { retry_after: wait });
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// Sends; gives the answer if it is one.
    async fn start(
        &self,
        outgoing: &Outgoing,
        deadline: Deadline,
        progress: &mut Progress,
    ) -> Result<Exchange<'_>, PartnerError> {
        let exchange = Exchange::start(self, outgoing, deadline).await?;
        progress.status = Some(exchange.status.as_u16());
        if exchange.status.is_success() {
            return Ok(exchange);
        }
        let status = exchange.status;
        let said = match status {
            StatusCode::TOO_MANY_REQUESTS => {
                Some(retry_after::or_default(&exchange.headers, runtime::unix_ms()))
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                retry_after::said(&exchange.headers, runtime::unix_ms())
            }
            _ => None,
        };
        if let Some(retry_after) = said {
            let until = runtime::now() + retry_after;
            *self.paused_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
        }
        exchange.drain().await;
        Err(match said {
            Some(retry_after) => PartnerError::Throttled { retry_after },
            None => PartnerError::Refused { status: status.as_u16() },
        })
    }

    /// Asks with a token; a token that is refused is fetched anew, once.
    async fn start_amadeus(
        &self,
        question: &Question,
        deadline: Deadline,
        progress: &mut Progress,
    ) -> Result<Exchange<'_>, PartnerError> {
        let mut stale: Option<Secret> = None;
        loop {
            let fetch = self.fetch_token(deadline);
            let token = self.tokens.get(stale.as_ref(), fetch).await?;
            let outgoing = amadeus::request(question, &self.settings, &token)
                .map_err(|cause| PartnerError::CannotAsk { cause })?;
            match self.start(&outgoing, deadline, progress).await {
                Err(PartnerError::Refused { status: 401 }) if stale.is_none() => {
                    stale = Some(token);
                }
                answered => return answered,
            }
        }
    }

    async fn fetch_token(&self, deadline: Deadline) -> Result<amadeus::AccessToken, PartnerError> {
        // Settings without a client id were refused when they were read.
        let outgoing = amadeus::token_request(&self.settings)
            .ok_or(PartnerError::Refused { status: StatusCode::UNAUTHORIZED.as_u16() })?;
        let mut progress = Progress::default();
        let exchange = self.start(&outgoing, deadline, &mut progress).await?;
        let body = self.gather(exchange, &mut progress).await?;
        amadeus::read_token(&body).map_err(|cause| PartnerError::Unreadable { cause })
    }

    /// Reads and decodes a body that is one document.
    async fn whole(
        &self,
        exchange: Exchange<'_>,
        question: &Arc<Question>,
        decode: fn(&[u8], DecodeContext<'_>) -> Result<Decoded, DecodeError>,
        parts: &mut AnswerSink,
        progress: &mut Progress,
    ) -> Result<(), PartnerError> {
        let body = self.gather(exchange, progress).await?;
        let decoded = self.decode(body, question, OFFERS_MAX, decode).await?;
        progress.deliver(decoded, parts);
        Ok(())
    }

    /// Reads a body whole. One that comes in one chunk is not copied.
    async fn gather(
        &self,
        mut exchange: Exchange<'_>,
        progress: &mut Progress,
    ) -> Result<Bytes, PartnerError> {
        let bytes_max = self.settings.answer_bytes_max.get();
        let announced = exchange.announced().unwrap_or(0);
        if announced > bytes_max {
            return Err(PartnerError::TooLarge { bytes_max });
        }
        let mut unpack = Unpack::new(exchange.is_gzip(), bytes_max);
        let mut first = Bytes::new();
        let mut all = BytesMut::new();
        let mut add = |bytes: Bytes| {
            if bytes.is_empty() {
            } else if first.is_empty() && all.is_empty() {
                first = bytes;
            } else {
                if all.is_empty() {
                    all.reserve(announced.min(GATHERED_AT_ONCE) as usize);
                    all.extend_from_slice(&std::mem::take(&mut first));
                }
                all.extend_from_slice(&bytes);
            }
        };
        while let Some(chunk) = exchange.chunk().await? {
            let unpacked = unpack.push(chunk);
            progress.bytes = unpack.bytes();
            add(unpacked?);
        }
        add(unpack.finish()?);
        progress.bytes = unpack.bytes();
        exchange.keep();
        Ok(if all.is_empty() { first } else { all.freeze() })
    }

    /// Reads an answer of the own protocol line by line, handing over parts as they come.
    async fn follow(
        &self,
        mut exchange: Exchange<'_>,
        question: &Arc<Question>,
        parts: &mut AnswerSink,
        progress: &mut Progress,
    ) -> Result<(), PartnerError> {
        let mut unpack = Unpack::new(exchange.is_gzip(), self.settings.answer_bytes_max.get());
        let mut feed = Feed::default();
        loop {
            let chunk = exchange.chunk().await?;
            let at_end = chunk.is_none();
            let unpacked = match chunk {
                Some(chunk) => unpack.push(chunk),
                None => unpack.finish(),
            };
            progress.bytes = unpack.bytes();
            feed.lines.push(&unpacked?).map_err(unreadable)?;
            loop {
                let mut line = feed.lines.next_line();
                if line.is_none() && at_end {
                    line = feed.lines.rest();
                }
                let Some(line) = line else { break };
                let room = OFFERS_MAX.saturating_sub(progress.offers as usize);
                let line = match self.decode(line, question, room, decode_line).await {
                    // What is left when the connection has ended need not be a whole line.
                    Err(PartnerError::Unreadable { .. }) if at_end && !feed.ended() => {
                        return Err(PartnerError::ConnectionLost { cause: None });
                    }
                    line => line?,
                };
                if let Some(decoded) = feed.on_line(line).map_err(unreadable)? {
                    progress.deliver(decoded, parts);
                }
            }
            if at_end {
                break;
            }
        }
        if !feed.ended() {
            return Err(PartnerError::ConnectionLost { cause: None });
        }
        exchange.keep();
        Ok(())
    }

    /// Decodes here, or on a worker if it is much.
    async fn decode<T: Send + 'static>(
        &self,
        bytes: Bytes,
        question: &Arc<Question>,
        offers_max: usize,
        decode: fn(&[u8], DecodeContext<'_>) -> Result<T, DecodeError>,
    ) -> Result<T, PartnerError> {
        let decimals = self.inner.decimals;
        let large = bytes.len() as u64 > self.inner.settings.worker_bytes.get();
        let decoded = match &self.inner.workers {
            Some(workers) if large => {
                let (question, settings) = (Arc::clone(question), Arc::clone(&self.settings));
                let job = move || {
                    let context = DecodeContext {
                        question: &question,
                        settings: &settings,
                        decimals,
                        offers_max,
                    };
                    decode(&bytes, context)
                };
                workers.run_if_wanted(job).await.map_err(|_| PartnerError::Busy)?
            }
            Some(_) | None => {
                let settings = &self.settings;
                decode(&bytes, DecodeContext { question, settings, decimals, offers_max })
            }
        };
        decoded.map_err(unreadable)
    }
}

const fn unreadable(cause: DecodeError) -> PartnerError {
    PartnerError::Unreadable { cause }
}

/// Counts one that waits, until it is dropped.
struct Waiting<'w> {
    count: &'w AtomicUsize,
    before: usize,
}

impl<'w> Waiting<'w> {
    fn join(count: &'w AtomicUsize) -> Self {
        Self { count, before: count.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}
