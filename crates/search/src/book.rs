//! The open searches by id, and the fan-outs by question.
//!
//! Pure: the caller says what time it is. Nothing is freed here: what goes is handed back, so that
//! large answers are freed outside the lock.
//!
//! Cost: a few map look-ups; making room looks at [`LOOK_MAX`] of the oldest searches.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
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
    stale: BinaryHeap<Reverse<(Moment, QuestionKey, u32)>>,
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

    /// Fan-outs that have not ended; looks at all that are shared.
    pub(crate) fn running(&self) -> usize {
        self.fan_outs.values().filter(|fan_out| fan_out.ended().is_none()).count()
    }

    pub(crate) fn search(&self, id: SearchId) -> Option<Arc<Search>> {
        self.searches.get(&id).cloned()
    }

    /// A fan-out of the same question that may be shared: running, ended a short while ago with
    /// something to say, or made of remembered answers that are fresh; and with the partners there
    /// are now.
    pub(crate) fn shareable(
        &self,
        key: QuestionKey,
        roster: &Roster,
        fresh: Duration,
        now: Moment,
    ) -> Option<Arc<FanOut>> {
        let known = self.fan_outs.get(&key)?;
        let fresh = match (known.ended(), known.ready_until) {
            (None, _) => true,
            (Some(_), Some(until)) => now < until,
            (Some(ended), None) => {
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
        self.stale.push(Reverse((stale, fan_out.key, fan_out.run)));
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
        while let Some(&Reverse((stale, _, _))) = self.stale.peek()
            && stale <= now
        {
            gone.fan_outs.extend(self.pop_stalest());
        }
        gone
    }

    /// Removes the fan-out whose time is over first.
    fn pop_stalest(&mut self) -> Option<Arc<FanOut>> {
        let Reverse((_, key, run)) = self.stale.pop()?;
        // A newer fan-out of the same question has its own time.
        let same = self.fan_outs.get(&key).is_some_and(|known| known.run == run);
        if same { self.fan_outs.remove(&key) } else { None }
    }

    /// Stops sharing the fan-out whose time is over first; `None` if none is shared. A search that
    /// reads it keeps it.
    pub(crate) fn remove_stalest_ready(&mut self) -> Option<Gone> {
        while !self.stale.is_empty() {
            if let Some(fan_out) = self.pop_stalest() {
                return Some(Gone { searches: Vec::new(), fan_outs: vec![fan_out] });
            }
        }
        None
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
