//! Whether an answer may be kept, how long it lasts, and whether a request may have it: RFC 9111 by
//! the crate `http-cache-semantics`, which is shown requests and answers in plain form.
//!
//! ```text
//! answer ─▶ read strictly (directives, dates, age) ─▶ plain form ─▶ library ─▶ kept? how long? for whom?
//! ```
//!
//! The plain form exists because the library reads generously where a mistake would make an answer
//! younger than it is (case, quotes, dates, a broken `Age`). Addresses, hosts and `Vary` are ours
//! ([`super::key`], [`super::vary`]), so it sees one address and no `Vary`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::header::{AGE, CACHE_CONTROL, DATE, EXPIRES, LAST_MODIFIED};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, request, response};
use http_cache_semantics::{CacheOptions, CachePolicy};
use runtime::Moment;

use super::directives::{Directives, read_seconds, seconds};

/// Older than this is older than anything lasts.
const AGE_MAX: u64 = 1 << 31;
/// Statuses whose answers may last without saying how long: RFC 9110, section 15.1.
const LASTING: [u16; 11] = [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501];

/// What the rules say about one answer.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    library: CachePolicy,
    told: Directives,
    /// When it came: for us, and for the library.
    at: Moment,
    wall_at: SystemTime,
}

/// When a request was sent and its answer came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exchange {
    pub(crate) sent: Moment,
    pub(crate) answered: Moment,
    /// The wall clock at the second of them.
    pub(crate) wall_ms: i64,
}

impl Policy {
    /// The policy of an answer; `None` if it must not be kept.
    pub(crate) fn of(
        request: &HeaderMap,
        answer: &response::Parts,
        when: Exchange,
    ) -> Option<Self> {
        let (told, targeted) = Directives::of_answer(&answer.headers);
        let wall_at = UNIX_EPOCH + Duration::from_millis(u64::try_from(when.wall_ms).ok()?);
        let plain = plain_answer(answer, &told, targeted, (when, wall_at))?;
        let options = CacheOptions {
            shared: true,
            immutable_min_time_to_live: Duration::ZERO,
            ..CacheOptions::default()
        };
        let asked = plain_request(&Directives::of_request(request));
        let library = CachePolicy::new_options(&asked, &plain, wall_at, options);
        let policy = Self { library, told, at: when.answered, wall_at };
        policy.library.is_storable().then_some(policy)
    }

    /// Whether a request with such wishes may have it without a word to a cell.
    pub(crate) fn is_fresh_for(&self, wishes: &Directives, now: Moment) -> bool {
        if *wishes == Directives::default() {
            return !self.library.is_stale(self.wall(now));
        }
        let asked = plain_request(wishes);
        self.library.before_request(&asked, self.wall(now)).satisfies_without_revalidation()
    }

    /// How old it is.
    pub(crate) fn age(&self, now: Moment) -> Duration {
        self.library.age(self.wall(now))
    }

    /// How long it lasts yet.
    pub(crate) fn lasts(&self, now: Moment) -> Duration {
        self.library.time_to_live(self.wall(now))
    }

    /// For how long it has been past its end.
    pub(crate) fn stale_for(&self, now: Moment) -> Duration {
        let whole = self.library.time_to_live(self.wall_at) + self.library.age(self.wall_at);
        self.age(now).saturating_sub(whole)
    }

    /// When it came.
    pub(crate) fn at(&self) -> Moment {
        self.at
    }

    /// Whether it may be given out after its end while a newer one is fetched.
    pub(crate) fn serves_meanwhile(&self, unless_said: Duration, now: Moment) -> bool {
        let within = self.told.stale_while_revalidate.map_or(unless_said, seconds);
        !self.told.is_strict() && self.stale_for(now) < within
    }

    /// Whether it may be given out after its end when a cell answers with an error, or, if
    /// `unreachable`, none answers.
    pub(crate) fn serves_on_error(
        &self,
        unless_said: Duration,
        unreachable: bool,
        now: Moment,
    ) -> bool {
        // Without a word of the answer itself only who is cut off may (RFC 9111, section 4.2.4).
        let unless_said = if unreachable { unless_said } else { Duration::ZERO };
        let within = self.told.stale_if_error.map_or(unless_said, seconds);
        !self.told.is_strict() && self.stale_for(now) < within
    }

    /// The wall clock as it would be had nobody set it since the answer came.
    fn wall(&self, now: Moment) -> SystemTime {
        self.wall_at + now.saturating_duration_since(self.at)
    }
}

fn plain_request(wishes: &Directives) -> request::Parts {
    let mut parts = Request::new(()).into_parts().0;
    let mut words = Vec::new();
    let number = |name: &str, value: Option<u64>| value.map(|value| format!("{name}={value}"));
    words.extend(wishes.no_store.then(|| "no-store".to_owned()));
    words.extend(wishes.no_cache.then(|| "no-cache".to_owned()));
    words.extend(number("max-age", wishes.max_age));
    words.extend(number("min-fresh", wishes.min_fresh));
    words.extend(wishes.max_stale.map(|most| match most {
        Some(most) => format!("max-stale={most}"),
        None => "max-stale".to_owned(),
    }));
    put(&mut parts.headers, CACHE_CONTROL, words.join(", "));
    parts
}

/// `None` if the status rules out that it is kept.
fn plain_answer(
    answer: &response::Parts,
    told: &Directives,
    targeted: bool,
    (when, wall_at): (Exchange, SystemTime),
) -> Option<response::Parts> {
    let expires = if targeted { None } else { expires(&answer.headers) };
    let status = plain_status(answer.status, told, expires.is_some())?;
    let (mut parts, ()) = Response::new(()).into_parts();
    parts.status = status;
    let headers = &mut parts.headers;
    put(headers, CACHE_CONTROL, words(told));
    let date = date(&answer.headers, &DATE);
    let age = age(&answer.headers, date, (when, wall_at));
    put(headers, AGE, age.to_string());
    if let Some(date) = date {
        put(headers, DATE, httpdate::fmt_http_date(date));
    }
    if let Some(expires) = expires {
        put(headers, EXPIRES, expires);
    }
    if let Some(changed) = date_of(&answer.headers, &LAST_MODIFIED) {
        put(headers, LAST_MODIFIED, changed);
    }
    Some(parts)
}

/// An answer with a status that is not known may be kept if it says how long (RFC 9111, section 3);
/// the library knows some of these, so it is shown an ordinary one.
fn plain_status(status: StatusCode, told: &Directives, expires: bool) -> Option<StatusCode> {
    let code = status.as_u16();
    let known = LASTING.contains(&code) || matches!(code, 302 | 303 | 307);
    let says = told.says_how_long() || told.public || expires;
    match code {
        // Parts are not put together here.
        206 | 304 | 100..=199 => None,
        // What no cell promised to be the same for all.
        _ if told.must_understand && !known => None,
        _ if LASTING.contains(&code) || says => Some(StatusCode::OK),
        _ => None,
    }
}

fn words(told: &Directives) -> String {
    let mut words = Vec::new();
    let mut word = |so: bool, word: &str| words.extend(so.then(|| word.to_owned()));
    word(told.no_store, "no-store");
    word(told.no_cache, "no-cache");
    word(told.private, "private");
    word(told.public, "public");
    // The library takes `proxy-revalidate` for the end of all keeping; it forbids old answers only.
    word(
        told.must_revalidate || told.proxy_revalidate || told.s_maxage.is_some(),
        "must-revalidate",
    );
    words.extend(told.max_age.map(|age| format!("max-age={age}")));
    words.extend(told.s_maxage.map(|age| format!("s-maxage={age}")));
    words.join(", ")
}

/// `Expires` in its one good form, or as a time that is past. Two lines are no time.
fn expires(headers: &HeaderMap) -> Option<String> {
    headers.contains_key(EXPIRES).then(|| {
        let past = || httpdate::fmt_http_date(UNIX_EPOCH);
        date_of(headers, &EXPIRES).unwrap_or_else(past)
    })
}

fn date_of(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    date(headers, name).map(httpdate::fmt_http_date)
}

/// A date that stands there once.
pub(crate) fn date(headers: &HeaderMap, name: &HeaderName) -> Option<SystemTime> {
    let mut lines = headers.get_all(name).iter();
    let (Some(line), None) = (lines.next(), lines.next()) else { return None };
    let date = httpdate::parse_http_date(line.to_str().ok()?).ok()?;
    // What cannot be written again is no date for us.
    (date >= UNIX_EPOCH && date < UNIX_EPOCH + Duration::from_secs(253_402_300_800)).then_some(date)
}

/// How old an answer was when it came: RFC 9111, section 4.2.3. An `Age` that cannot be read makes
/// it too old for anything.
fn age(
    headers: &HeaderMap,
    date: Option<SystemTime>,
    (when, wall_at): (Exchange, SystemTime),
) -> u64 {
    let mut lines = headers.get_all(AGE).iter();
    let told = match (lines.next(), lines.next()) {
        (None, _) => Some(0),
        (Some(line), None) => line.to_str().ok().and_then(|text| read_seconds(text.trim())),
        (Some(_), Some(_)) => None,
    };
    let Some(told) = told else { return AGE_MAX };
    let apparent = date.and_then(|date| wall_at.duration_since(date).ok());
    let apparent = apparent.map_or(0, |age| age.as_secs());
    let delay = when.answered.saturating_duration_since(when.sent).as_secs();
    (told + delay).max(apparent).min(AGE_MAX)
}

/// Texts here are made of words, figures and dates.
fn put(headers: &mut HeaderMap, name: HeaderName, text: String) {
    if !text.is_empty()
        && let Ok(value) = HeaderValue::try_from(text)
    {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests;
