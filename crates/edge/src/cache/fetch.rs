//! Asks a cell for what is to be kept, for a client or in the background.

use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http::{HeaderMap, Method, Response, StatusCode, response};
use http_body::Body;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use runtime::Priority;

use super::Cache;
use super::flights::{FlightName, Landed, Lead};
use super::kept::{Keepable, Kept};
use super::key::Key;
use super::policy::Exchange;
use super::request::for_cell;
use super::tap::Filling;
use super::word::{Counts, How};
use crate::body::Passing;
use crate::cells::Edge;
use crate::door::through;
use crate::forward::Answer;
use crate::rules::{Turned, Whose};

/// A request, and whose it is.
pub(super) struct Asking<'a> {
    pub(super) edge: &'a Arc<Edge>,
    pub(super) key: &'a Key,
    pub(super) head: &'a Parts,
    pub(super) whose: Whose,
}

/// What asking a cell came to.
pub(super) enum Fetched {
    /// There is a kept answer to give.
    Kept(Arc<Kept>, How, bool),
    /// The cell's answer passes on.
    Passed(Box<Answer>, bool),
}

impl Asking<'_> {
    /// Asks a cell for the whole answer, or whether a stale one still holds.
    pub(super) async fn fetch(
        &self,
        stale: Option<Arc<Kept>>,
        lead: Option<Lead>,
    ) -> Result<Fetched, Turned> {
        let (cache, rules) = (&self.edge.cache, &self.edge.parts.rules);
        let asked_at = cache.store.epoch(self.key);
        let validators = stale.as_ref().map(|kept| kept.validators()).unwrap_or_default();
        let mut asked = for_cell(self.head, rules, validators);
        asked.method = Method::GET;
        let conditional = validators != (None, None);
        let sent = runtime::now();
        let fetched = through(self.edge, self.whose, &asked, Passing::default()).await;
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
        let answer = Response::from_parts(merged, Passing::whole(stale.body.clone()));
        Fetched::Passed(Box::new(answer), false)
    }

    /// A cell answered: kept if it may be, now or when its body has passed.
    fn on_answer(
        &self,
        (parts, mut body): (response::Parts, Passing<Incoming>),
        (when, asked_at): (Exchange, u64),
        lead: Option<Lead>,
    ) -> Fetched {
        let cache = &self.edge.cache;
        let keepable = Keepable::of(&self.head.headers, &parts, when);
        let mut stored = false;
        match (keepable, whole(&body)) {
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
        Fetched::Passed(Box::new(Response::from_parts(parts, body)), stored)
    }

    /// Fetches a newer answer in the background, unless somebody does.
    pub(super) fn refresh(&self, stale: &Arc<Kept>) {
        let cache = &self.edge.cache;
        let selected = stale.selection.name_for(&self.head.headers);
        let name = FlightName { key: self.key.clone(), selected };
        let Some(lead) = cache.flights.lead_only(name) else { return };
        let Ok(place) = Arc::clone(&cache.refreshes).try_acquire_owned() else {
            return Counts::one(&cache.counts.not_refreshed);
        };
        let (edge, key, head) = (Arc::clone(self.edge), self.key.clone(), self.head.clone());
        let stale = Arc::clone(stale);
        let whose = Whose { priority: Priority::Prefetch, ..self.whose };
        let refreshing = async move {
            let _place = place;
            // Nobody waits for it, so it is the first to be turned away.
            let asking = Asking { edge: &edge, key: &key, head: &head, whose };
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
}

/// The bytes of a body that is all here; one without any is, also where nobody has read that yet.
pub(super) fn whole(body: &Passing<Incoming>) -> Option<Bytes> {
    body.bytes().or_else(|| body.is_end_stream().then(Bytes::new))
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
