//! Answers a request that may be answered from what is kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fleet::attempts::Work;
use http::header::{AGE, CONTENT_LENGTH};
use http::request::Parts;
use http::{HeaderMap, Method, Response, StatusCode, response};
use http_body_util::BodyExt;
use runtime::Priority;

use super::Cache;
use super::flights::{FlightName, Joined, Landed, Lead};
use super::kept::{Keepable, Kept, Verdict};
use super::key::Key;
use super::less::{Less, less};
use super::policy::Exchange;
use super::request::{Wanted, for_cell, wants_part};
use super::tap::Filling;
use super::word::{Counts, How, Told, Why};
use crate::body::Passing;
use crate::cells::Edge;
use crate::door::through;
use crate::forward::Answer;
use crate::rules::Turned;

/// How often a request begins anew because the one it waited for was given up.
const ROUNDS: usize = 3;

/// A request, and whose it is.
struct Asking<'a> {
    edge: &'a Arc<Edge>,
    key: &'a Key,
    head: &'a Parts,
    work: Work,
    priority: Priority,
}

/// What asking a cell came to.
enum Fetched {
    /// There is a kept answer to give.
    Kept(Arc<Kept>, How, bool),
    /// The cell's answer passes on.
    Passed(Answer, bool),
}

/// Answers a request from what is kept, or by asking a cell.
pub(crate) async fn serve(
    edge: &Arc<Edge>,
    wanted: Wanted,
    head: &Parts,
) -> Result<Answer, Turned> {
    let Wanted { key, wishes } = wanted;
    let cache = &edge.cache;
    let rules = &edge.parts.rules;
    let (work, priority) = ((rules.work)(head), (rules.priority)(head));
    let asking = Asking { edge, key: &key, head, work, priority };
    let mut waited = false;
    let mut last = None;
    for _ in 0..ROUNDS {
        let (found, any) = cache.store.find(&key, &head.headers);
        let now = runtime::now();
        let how = match found.as_ref().map(|kept| kept.verdict(&wishes, &cache.settings, now)) {
            Some(Verdict::Fresh) => Some(How::Hit),
            Some(Verdict::Meanwhile) => Some(How::Meanwhile),
            Some(Verdict::Ask) | None => None,
        };
        if let (Some(how), Some(kept)) = (how, &found) {
            if how == How::Meanwhile {
                asking.refresh(kept);
            }
            return Ok(cache.give(kept, head, Told { collapsed: waited, ..Told::new(how) }));
        }
        let why = match (&found, &any) {
            (Some(_), _) if wishes.is_reload() => Why::Request,
            (Some(_), _) => Why::Stale,
            (None, Some(_)) => Why::VaryMiss,
            (None, None) => Why::UriMiss,
        };
        if wishes.only_if_cached {
            let sentence = "Nothing is kept that answers this, and no cell was to be asked.";
            return Err(Turned::new(StatusCode::GATEWAY_TIMEOUT, "not_kept", sentence));
        }
        if head.method == Method::HEAD || wants_part(head) {
            return asking.pass_on().await;
        }
        last = Some((found.clone(), why));
        if waited || wishes.no_store {
            break;
        }
        let selected = any.map(|any| any.selection.name_for(&head.headers)).unwrap_or_default();
        match cache.flights.join(FlightName { key: key.clone(), selected }) {
            Joined::Lead(lead) => {
                return asking.ask(found, Some(lead), Told::new(How::Forwarded(why))).await;
            }
            Joined::Wait(waiter) => match waiter.landed(cache.settings.wait_ms.ms()).await {
                Landed::Kept => waited = true,
                Landed::Apart => break,
                Landed::Vanished => {}
            },
            Joined::Alone => {
                Counts::one(&cache.counts.alone);
                break;
            }
        }
    }
    let (found, why) = last.unwrap_or((None, Why::UriMiss));
    asking.ask(found, None, Told::new(How::Forwarded(why))).await
}

impl Asking<'_> {
    /// Sends the request as it is; its answer is nobody else's.
    async fn pass_on(&self) -> Result<Answer, Turned> {
        Counts::one(&self.edge.cache.counts.misses);
        let whose = (self.work, self.priority);
        let mut answer = through(self.edge, whose, self.head, Passing::default()).await?;
        Told::new(How::Forwarded(Why::Partial)).write(answer.headers_mut());
        Ok(answer)
    }

    /// Asks a cell, and answers.
    async fn ask(
        &self,
        stale: Option<Arc<Kept>>,
        lead: Option<Lead>,
        told: Told,
    ) -> Result<Answer, Turned> {
        let cache = &self.edge.cache;
        match self.fetch(stale, lead).await? {
            Fetched::Kept(kept, how, stored) => {
                Ok(cache.give(&kept, self.head, Told { how, stored, ..told }))
            }
            Fetched::Passed(answer, stored) => {
                Counts::one(&cache.counts.misses);
                let told = Told { stored, ..told };
                let whole = answer.body().bytes();
                let (parts, body) = answer.into_parts();
                let Some(whole) = whole else {
                    let mut answer = Response::from_parts(parts, body);
                    told.write(answer.headers_mut());
                    return Ok(answer);
                };
                // What waits with the body stays with it: its place in the limits.
                let tickets = body.into_tickets();
                let given = less(self.head, parts.status, &parts.headers, &whole);
                let mut answer = render(given, told);
                tickets.into_iter().for_each(|ticket| answer.body_mut().keep(ticket));
                Ok(answer)
            }
        }
    }

    /// Asks a cell for the whole answer, or whether a stale one still holds.
    async fn fetch(&self, stale: Option<Arc<Kept>>, lead: Option<Lead>) -> Result<Fetched, Turned> {
        let (cache, rules) = (&self.edge.cache, &self.edge.parts.rules);
        let asked_at = cache.store.epoch(self.key);
        let validators = stale.as_ref().map(|kept| kept.validators()).unwrap_or_default();
        let mut asked = for_cell(self.head, rules, validators);
        asked.method = Method::GET;
        let conditional = validators != (None, None);
        let sent = runtime::now();
        let whose = (self.work, self.priority);
        let fetched = through(self.edge, whose, &asked, Passing::default()).await;
        let when = Exchange { sent, answered: runtime::now(), wall_ms: runtime::unix_ms() };
        let status = fetched.as_ref().ok().map(Response::status);
        let in_need = matches!(status.map(|status| status.as_u16()), None | Some(500 | 502..=504));
        if let Some(stale) = &stale
            && in_need
            && stale.serves_on_error(&cache.settings, status.is_none(), when.answered)
        {
            land(lead, Landed::Apart);
            let how = How::InNeed(status.map(|status| status.as_u16()));
            return Ok(Fetched::Kept(Arc::clone(stale), how, false));
        }
        let (parts, body) = match fetched {
            Ok(answer) => answer.into_parts(),
            Err(turned) => {
                land(lead, Landed::Apart);
                return Err(turned);
            }
        };
        if let Some(stale) = stale {
            if conditional && parts.status == StatusCode::NOT_MODIFIED {
                return Ok(self.on_not_modified(&stale, &parts, (when, asked_at), lead));
            }
            if !in_need && Keepable::of(&self.head.headers, &parts, when).is_none() {
                cache.store.forget_one(self.key, &stale);
            }
        }
        Ok(self.on_answer((parts, body), (when, asked_at), lead))
    }

    /// A cell said that the kept answer still holds.
    fn on_not_modified(
        &self,
        stale: &Arc<Kept>,
        told: &response::Parts,
        (when, asked_at): (Exchange, u64),
        lead: Option<Lead>,
    ) -> Fetched {
        let cache = &self.edge.cache;
        Counts::one(&cache.counts.renewed);
        if let Some(kept) = stale.renewed(&self.head.headers, told, when) {
            let kept = Arc::new(kept);
            let stored = cache.store.keep(self.key, Arc::clone(&kept), asked_at);
            land(lead, if stored { Landed::Kept } else { Landed::Apart });
            return Fetched::Kept(kept, How::Renewed, stored);
        }
        cache.store.forget_one(self.key, stale);
        land(lead, Landed::Apart);
        let merged = stale.merged(told);
        Fetched::Passed(Response::from_parts(merged, Passing::whole(stale.body.clone())), false)
    }

    /// A cell answered: kept if it may be, now or when its body has passed.
    fn on_answer(
        &self,
        (parts, mut body): (response::Parts, Passing<hyper::body::Incoming>),
        (when, asked_at): (Exchange, u64),
        lead: Option<Lead>,
    ) -> Fetched {
        let cache = &self.edge.cache;
        let keepable = Keepable::of(&self.head.headers, &parts, when);
        let mut stored = false;
        match (keepable, body.bytes()) {
            (None, _) => {}
            (Some(keepable), Some(whole)) if whole.len() as u64 <= cache.settings.largest() => {
                stored = cache.keep(self.key, keepable.with(whole), asked_at);
            }
            (Some(keepable), None) if !body.is_whole() && !is_too_large(cache, &parts.headers) => {
                body.tap(Box::new(Filling {
                    cache: Arc::clone(cache),
                    key: self.key.clone(),
                    keepable,
                    asked_at,
                    pieces: Vec::new(),
                    bytes: 0,
                }));
            }
            (Some(_), _) => Counts::one(&cache.counts.too_large),
        }
        land(lead, if stored { Landed::Kept } else { Landed::Apart });
        Fetched::Passed(Response::from_parts(parts, body), stored)
    }

    /// Fetches a newer answer in the background, unless somebody does.
    fn refresh(&self, stale: &Arc<Kept>) {
        let cache = &self.edge.cache;
        let selected = stale.selection.name_for(&self.head.headers);
        let name = FlightName { key: self.key.clone(), selected };
        let Some(lead) = cache.flights.lead_only(name) else { return };
        let Ok(place) = Arc::clone(&cache.refreshes).try_acquire_owned() else {
            return Counts::one(&cache.counts.not_refreshed);
        };
        let (edge, key, head) = (Arc::clone(self.edge), self.key.clone(), self.head.clone());
        let (stale, work) = (Arc::clone(stale), self.work);
        let refreshing = async move {
            let _place = place;
            // Nobody waits for it, so it is the first to be turned away.
            let priority = Priority::Prefetch;
            let asking = Asking { edge: &edge, key: &key, head: &head, work, priority };
            let cache = &edge.cache;
            match asking.fetch(Some(stale), Some(lead)).await {
                Ok(Fetched::Kept(_, How::Renewed, _)) => Counts::one(&cache.counts.refreshed),
                Ok(Fetched::Passed(answer, _)) => {
                    let mut body = answer.into_body();
                    while body.is_tapped() && body.frame().await.is_some_and(|frame| frame.is_ok())
                    {
                    }
                    Counts::one(&cache.counts.refreshed);
                }
                Ok(Fetched::Kept(..)) | Err(_) => Counts::one(&cache.counts.not_refreshed),
            }
        };
        let shutdown = self.edge.parts.shutdown.clone();
        self.edge.parts.tasks.spawn(async move {
            tokio::select! {
                biased;
                () = shutdown.begun() => {}
                () = refreshing => {}
            }
        });
    }
}

impl Cache {
    /// Keeps an answer.
    pub(super) fn keep(&self, key: &Key, kept: Kept, asked_at: u64) -> bool {
        let stored = self.store.keep(key, Arc::new(kept), asked_at);
        if stored {
            Counts::one(&self.counts.stored);
        }
        stored
    }

    /// Gives a kept answer, or the part of it that is wanted.
    fn give(&self, kept: &Kept, head: &Parts, told: Told) -> Answer {
        let count: &AtomicU64 = match told.how {
            How::Hit => &self.counts.hits,
            How::Meanwhile => &self.counts.meanwhile,
            How::InNeed(_) => &self.counts.in_need,
            // Counted when it was.
            How::Renewed => &AtomicU64::new(0),
            How::Forwarded(_) => &self.counts.misses,
        };
        count.fetch_add(1, Ordering::Relaxed);
        if told.collapsed {
            Counts::one(&self.counts.collapsed);
        }
        let now = runtime::now();
        let mut given = less(head, kept.status, &kept.headers, &kept.body);
        given.headers.insert(AGE, kept.age_s(now).into());
        render(given, Told { lasts: Some(kept.lasts_s(now)), ..told })
    }
}

fn render(given: Less, told: Told) -> Answer {
    let Less { status, headers, body } = given;
    let mut answer = Response::new(Passing::whole(body));
    *answer.status_mut() = status;
    *answer.headers_mut() = headers;
    told.write(answer.headers_mut());
    answer
}

fn land(lead: Option<Lead>, landed: Landed) {
    if let Some(lead) = lead {
        lead.land(landed);
    }
}

/// Whether an answer says that it is larger than what is kept.
fn is_too_large(cache: &Cache, headers: &HeaderMap) -> bool {
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    let length = length.and_then(|length| length.parse::<u64>().ok());
    length.is_some_and(|length| length > cache.settings.largest())
}
