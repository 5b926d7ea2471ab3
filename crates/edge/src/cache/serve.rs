//! Answers a request that may be answered from what is kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::header::AGE;
use http::request::Parts;
use http::{Method, Response, StatusCode};

use super::Cache;
use super::fetch::{Asking, Fetched, whole};
use super::flights::{FlightName, Joined, Landed, Lead};
use super::kept::{Kept, Verdict};
use super::less::{Less, less};
use super::request::{Wanted, wants_part};
use super::word::{Counts, How, Told, Why};
use crate::body::Passing;
use crate::cells::Edge;
use crate::door::through;
use crate::forward::Answer;
use crate::rules::{Turned, Whose};

/// How often a request begins anew because the one it waited for was given up.
const ROUNDS: usize = 3;

/// Answers a request from what is kept, or by asking a cell.
pub(crate) async fn serve(
    edge: &Arc<Edge>,
    wanted: Wanted,
    head: &Parts,
) -> Result<Answer, Turned> {
    let Wanted { key, wishes } = wanted;
    let cache = &edge.cache;
    let rules = &edge.parts.rules;
    let asking = Asking { edge, key: &key, head, whose: Whose::of(head, rules) };
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
        let mut answer = through(self.edge, self.whose, self.head, Passing::default()).await?;
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
                let whole = whole(answer.body());
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
}

impl Cache {
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
