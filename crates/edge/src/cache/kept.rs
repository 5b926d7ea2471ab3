//! One kept answer: made of a cell's, renewed by its 304, given out with its age.
//!
//! Never kept: anything that sets a cookie, parts of a body (206), what varies by everything. Header
//! lines of one connection or one request are not kept with it.

use std::time::Duration;

use bytes::Bytes;
use http::header::{
    AGE, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, DATE, ETAG, HeaderName, LAST_MODIFIED,
    SET_COOKIE,
};
use http::{HeaderMap, HeaderValue, StatusCode, response};
use runtime::Moment;

use super::directives::Directives;
use super::policy::{Exchange, Policy};
use super::settings::CacheSettings;
use super::vary::Selection;
use crate::headers::{CELL, REQUEST_ID};

/// Bytes an answer costs besides its texts.
const OVERHEAD: usize = 1_024;

/// Lines that are of one answer, not of what is kept.
const NOT_KEPT: [HeaderName; 3] = [AGE, CELL, REQUEST_ID];
/// Lines of the kept body, which a 304 does not change: RFC 9111, section 3.2. The validator is the
/// one that was asked about.
const OF_THE_BODY: [HeaderName; 5] =
    [CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, HeaderName::from_static("content-md5"), ETAG];
const SET_COOKIE2: HeaderName = HeaderName::from_static("set-cookie2");

/// What may be done with a kept answer for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It may have it.
    Fresh,
    /// It may have it while a newer one is fetched.
    Meanwhile,
    /// A cell must be asked first.
    Ask,
}

/// An answer that is kept.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) selection: Selection,
    policy: Policy,
}

/// An answer that may be kept once its body is here.
#[derive(Debug)]
pub(crate) struct Keepable {
    status: StatusCode,
    headers: HeaderMap,
    selection: Selection,
    policy: Policy,
}

impl Keepable {
    /// Looks whether an answer to a request may be kept.
    pub(crate) fn of(
        request: &HeaderMap,
        answer: &response::Parts,
        when: Exchange,
    ) -> Option<Self> {
        if sets_cookie(&answer.headers) {
            return None;
        }
        let selection = Selection::of(request, &answer.headers)?;
        let policy = Policy::of(request, answer, when)?;
        let mut headers = answer.headers.clone();
        for name in &NOT_KEPT {
            headers.remove(name);
        }
        if !headers.contains_key(DATE)
            && let Ok(ms) = u64::try_from(when.wall_ms)
        {
            let wall = std::time::UNIX_EPOCH + Duration::from_millis(ms);
            if let Ok(date) = HeaderValue::try_from(httpdate::fmt_http_date(wall)) {
                headers.insert(DATE, date);
            }
        }
        Some(Self { status: answer.status, headers, selection, policy })
    }

    /// The kept answer.
    pub(crate) fn with(self, body: Bytes) -> Kept {
        let Self { status, headers, selection, policy } = self;
        Kept { status, headers, body, selection, policy }
    }
}

impl Kept {
    /// The same answer after a cell said with a 304 that it still holds; `None` if it must not be
    /// kept any longer.
    pub(crate) fn renewed(
        &self,
        request: &HeaderMap,
        told: &response::Parts,
        when: Exchange,
    ) -> Option<Self> {
        let merged = self.merged(told);
        Keepable::of(request, &merged, when).map(|kept| kept.with(self.body.clone()))
    }

    /// The head it has after a 304.
    pub(crate) fn merged(&self, told: &response::Parts) -> response::Parts {
        let (mut merged, ()) = http::Response::new(()).into_parts();
        merged.status = self.status;
        merged.headers = self.headers.clone();
        // Of the 304, or there is none: the kept one is of an earlier day.
        merged.headers.remove(DATE);
        for name in told.headers.keys().filter(|name| !OF_THE_BODY.contains(name)) {
            merged.headers.remove(name);
            for value in told.headers.get_all(name) {
                merged.headers.append(name, value.clone());
            }
        }
        merged
    }

    /// What may be done with it for a request with such wishes.
    pub(crate) fn verdict(
        &self,
        wishes: &Directives,
        settings: &CacheSettings,
        now: Moment,
    ) -> Verdict {
        let since = now.saturating_duration_since(self.policy.at());
        let none = Directives::default();
        let heard = !wishes.is_reload() || since >= settings.reload_ms.ms();
        let wishes = if heard { wishes } else { &none };
        if self.policy.is_fresh_for(wishes, now) {
            return Verdict::Fresh;
        }
        let (meanwhile, _) = settings.unless_said();
        if !wishes.is_reload() && self.policy.serves_meanwhile(meanwhile, now) {
            return Verdict::Meanwhile;
        }
        Verdict::Ask
    }

    /// Whether it may be given out although no cell gave a good answer; `unreachable`: none at all.
    pub(crate) fn serves_on_error(
        &self,
        settings: &CacheSettings,
        unreachable: bool,
        now: Moment,
    ) -> bool {
        let (_, on_error) = settings.unless_said();
        self.policy.serves_on_error(on_error, unreachable, now)
    }

    /// How old it is, seconds.
    pub(crate) fn age_s(&self, now: Moment) -> u64 {
        self.policy.age(now).as_secs()
    }

    /// How many seconds it lasts yet; negative: since when it does not.
    pub(crate) fn lasts_s(&self, now: Moment) -> i64 {
        let left = self.policy.lasts(now);
        if left.is_zero() {
            return -(self.policy.stale_for(now).as_secs() as i64);
        }
        left.as_secs() as i64
    }

    /// By what a cell can say that nothing changed.
    pub(crate) fn validators(&self) -> (Option<&HeaderValue>, Option<&HeaderValue>) {
        (self.headers.get(ETAG), self.headers.get(LAST_MODIFIED))
    }

    /// What it costs.
    pub(crate) fn weight(&self) -> u64 {
        let lines = self.headers.iter();
        let lines: usize = lines.map(|(name, value)| name.as_str().len() + value.len() + 64).sum();
        (self.body.len() + lines + self.selection.bytes() + OVERHEAD) as u64
    }
}

/// Whether an answer is for one client alone.
pub(crate) fn sets_cookie(headers: &HeaderMap) -> bool {
    headers.contains_key(SET_COOKIE) || headers.contains_key(SET_COOKIE2)
}

#[cfg(test)]
mod tests;
