//! The open searches by id, and the fan-outs by question.
//!
//! Pure: the caller says what time it is. Nothing is freed here: what goes is handed back, so that
//! large answers are freed outside the lock.
//!
//! Cost: a few map look-ups; making room looks at [`LOOK_MAX`] of the oldest searches.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use domain::QuestionKey;
use runtime::{FixedMap, Moment};

use crate::collect::Status;
use crate::fan_out::FanOut;
use crate::ledger::Roster;
use crate::search::Search;
use crate::token::SearchId;

/// Oldest searches looked at to make room for a new one.
const LOOK_MAX: usize = 256;

/// Searches and fan-outs.
#[derive(Debug, Default)]
pub(crate) struct Book {
    searches: FixedMap<SearchId, Arc<Search>>,
    /// When each search expires, the first one first.
    expiries: VecDeque<(Moment, SearchId)>,
    fan_outs: FixedMap<QuestionKey, Arc<FanOut>>,
    /// When each fan-out is no longer shared, the first one first.
    stale: VecDeque<(Moment, QuestionKey, u32)>,
}

/// Removed, to be freed by the caller.
#[derive(Debug, Default)]
pub(crate) struct Gone {
    searches: Vec<Arc<Search>>,
    fan_outs: Vec<Arc<FanOut>>,
}

impl Book {
    pub(crate) fn len(&self) -> usize {
        self.searches.len()
    }

    pub(crate) fn search(&self, id: SearchId) -> Option<Arc<Search>> {
        self.searches.get(&id).cloned()
    }

    /// A fan-out of the same question that may be shared: running, or ended a short while ago with
    /// something to say, and with the partners there are now.
    pub(crate) fn shareable(
        &self,
        key: QuestionKey,
        roster: &Roster,
        fresh: Duration,
        now: Moment,
    ) -> Option<Arc<FanOut>> {
        let known = self.fan_outs.get(&key)?;
        let fresh = match known.ended() {
            None => true,
            Some(ended) => {
                now.saturating_duration_since(ended) < fresh && known.status() != Status::Failed
            }
        };
        (fresh && Arc::ptr_eq(&known.roster, roster)).then(|| Arc::clone(known))
    }

    pub(crate) fn add_search(&mut self, search: Arc<Search>, expires: Moment) {
        self.expiries.push_back((expires, search.id()));
        self.searches.insert(search.id(), search);
    }

    pub(crate) fn add_fan_out(&mut self, fan_out: Arc<FanOut>, stale: Moment) -> Gone {
        self.stale.push_back((stale, fan_out.key, fan_out.run));
        let replaced = self.fan_outs.insert(fan_out.key, fan_out);
        Gone { searches: Vec::new(), fan_outs: replaced.into_iter().collect() }
    }

    /// Removes what has expired.
    pub(crate) fn sweep(&mut self, now: Moment) -> Gone {
        let mut gone = Gone::default();
        while let Some(&(expires, id)) = self.expiries.front()
            && expires <= now
        {
            self.expiries.pop_front();
            gone.searches.extend(self.searches.remove(&id));
        }
        while let Some(&(stale, key, run)) = self.stale.front()
            && stale <= now
        {
            self.stale.pop_front();
            // A newer fan-out of the same question has its own time.
            if self.fan_outs.get(&key).is_some_and(|known| known.run == run) {
                gone.fan_outs.extend(self.fan_outs.remove(&key));
            }
        }
        gone
    }

    /// Removes the oldest finished search; `None` if there is none among the oldest.
    pub(crate) fn remove_oldest_finished(&mut self) -> Option<Gone> {
        let finished = |(_, id): &(Moment, SearchId)| {
            self.searches.get(id).is_none_or(|search| search.fan_out.ended().is_some())
        };
        let at = self.expiries.iter().take(LOOK_MAX).position(finished)?;
        let (_, id) = self.expiries.remove(at)?;
        let mut gone = Gone::default();
        if let Some(search) = self.searches.remove(&id) {
            // The fan-out stays for nobody else: it would only hold memory.
            let key = search.fan_out.key;
            if self.fan_outs.get(&key).is_some_and(|known| Arc::ptr_eq(known, &search.fan_out)) {
                gone.fan_outs.extend(self.fan_outs.remove(&key));
            }
            gone.searches.push(search);
        }
        Some(gone)
    }
}

#[cfg(test)]
mod tests;
