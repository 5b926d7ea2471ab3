//! Follows an offer to its seller.
//!
//! ```text
//! signed link id ─▶ offer ─▶ fresh and with an address ───────▶ address
//!                        └─▶ remembered, or too old to be bought ─▶ its partner is asked anew
//! ```
//!
//! A price from memory has no address, and an old one may be gone: so the partner is asked once more
//! and the same offer (itinerary, agent, brand) of its new answer is followed. If the partner does
//! not answer in time, the address it gave before is better than none.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::{AgentId, Answer, ItineraryKey, Money};
use runtime::Deadline;

use crate::engine::Engine;
use crate::error::SearchError;
use crate::link::LinkId;
use crate::remembered::{Answered, CLICK_OUT_MAX};
use crate::search::Search;
use crate::snapshot::{Snapshot, Target};

/// Longest time a traveller waits for a partner on the way to its page.
const ASK_MAX: Duration = Duration::from_secs(8);

/// Where a link leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Followed {
    /// The seller's address.
    pub address: String,
    /// The itinerary that was chosen.
    pub itinerary: ItineraryKey,
    /// Who sells it.
    pub agent: AgentId,
    /// For how much, as far as the seller said.
    pub price: Option<Money>,
    /// What is different now, if the seller was asked again.
    pub change: Option<PriceChange>,
}

/// A price that is not the one that was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceChange {
    /// What was shown.
    pub was: Money,
    /// What the seller says now; `None` if it names no price any more.
    pub now: Option<Money>,
}

impl Engine {
    /// The address behind a signed link id of a search. If the search had to be created again,
    /// waits until its offer is there or everybody has answered; if the offer is remembered or old,
    /// its partner is asked anew.
    ///
    /// # Errors
    /// As [`Engine::poll`], and [`SearchError::NoSuchOffer`] for a link that belongs to no offer of
    /// the search, or to one that its seller no longer has.
    pub async fn follow(&self, token: &str, link: &str) -> Result<Followed, SearchError> {
        let search = self.find(token).await?;
        let mut news = search.subscribe();
        loop {
            news.mark_unchanged();
            let snapshot = search.snapshot().await?;
            if let Some(target) = snapshot.follow(link) {
                return self.reach(&search, &snapshot, target).await;
            }
            if search.is_over() || news.changed().await.is_err() {
                // The last version may have come in between.
                let last = search.snapshot().await?;
                let unknown = SearchError::NoSuchOffer { itinerary: None };
                let target = last.follow(link).ok_or(unknown)?;
                return self.reach(&search, &last, target).await;
            }
        }
    }

    async fn reach(
        &self,
        search: &Search,
        snapshot: &Snapshot,
        target: Target<'_>,
    ) -> Result<Followed, SearchError> {
        let remembered = target.source.and_then(|source| source.seen_ms);
        let seen_ms = remembered.unwrap_or(snapshot.started_unix_ms);
        let known = (!target.link.is_empty()).then(|| target.link.to_owned());
        let leads = |address, price, change| {
            let Target { itinerary, agent, .. } = target;
            Ok(Followed { address, itinerary, agent, price, change })
        };
        if let Some(address) = known.clone()
            && self.may_be_bought(search, &target, seen_ms)
        {
            return leads(address, target.quoted, None);
        }
        match (self.ask_again(search, &target).await, known) {
            (Some((address, now)), _) => {
                let change = target.quoted.filter(|&was| Some(was) != now);
                leads(address, now, change.map(|was| PriceChange { was, now }))
            }
            (None, Some(address)) => leads(address, target.quoted, None),
            (None, None) => Err(SearchError::NoSuchOffer { itinerary: Some(target.itinerary) }),
        }
    }

    fn may_be_bought(&self, search: &Search, target: &Target<'_>, seen_ms: i64) -> bool {
        let now_ms = runtime::unix_ms();
        let roster = &search.fan_out.roster;
        let partner = target.source.and_then(|source| roster.get(usize::from(source.partner)));
        match (&self.parts.memory, partner) {
            (Some(memory), Some(partner)) => {
                memory.may_be_bought(partner.settings().id, seen_ms, now_ms)
            }
            _ => now_ms.saturating_sub(seen_ms) < CLICK_OUT_MAX.as_millis() as i64,
        }
    }

    /// Asks the offer's partner once more; address and price of the same offer, if it still has it.
    async fn ask_again(
        &self,
        search: &Search,
        target: &Target<'_>,
    ) -> Option<(String, Option<Money>)> {
        let question = search.fan_out.question_of(target.role)?;
        let partner = search.fan_out.roster.get(usize::from(target.source?.partner))?;
        let wait = ASK_MAX.min(self.parts.settings.deadline_ms.ms());
        let deadline = Deadline::after(runtime::now(), wait);
        let parts = Arc::new(Mutex::new(Vec::new()));
        let taken = Arc::clone(&parts);
        let sink = Box::new(move |answer| {
            taken.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::new(answer));
        });
        let asked = partner.ask(Arc::clone(&question), deadline, sink).await;
        let parts = std::mem::take(&mut *parts.lock().unwrap_or_else(PoisonError::into_inner));
        let found = parts.iter().find_map(|answer| find(answer, target.offer));
        if let (Some(memory), Ok(_)) = (&self.parts.memory, &asked.outcome) {
            let partner = partner.settings().id;
            let answered = Answered { partner, question, at_ms: runtime::unix_ms(), parts };
            // Nobody who wants to buy waits for a log.
            self.parts.tasks.spawn(memory.remember(vec![answered]));
        }
        found
    }
}

/// Address and price of an offer of an answer.
fn find(answer: &Answer, wanted: LinkId) -> Option<(String, Option<Money>)> {
    let same = |offer: &&domain::Offer| {
        let key = answer.keys()[offer.itinerary as usize];
        LinkId::of(key, offer.agent, answer.text(offer.brand), 0) == wanted
    };
    let found = answer.offers().iter().find(same)?;
    let link = answer.text(found.link);
    (!link.is_empty()).then(|| (link.to_owned(), found.price))
}
