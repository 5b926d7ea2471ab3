//! What a search tells the tables: facts of [`events::fact`].
//!
//! A search that was created, with its visit; what became of a fan-out, and of each partner in it; whoever is led
//! to a seller. That last one is paid for: it is durable before the traveller goes on, unless the log takes
//! longer than [`DURABLE_WITHIN`]; then it goes on becoming so behind the traveller's back.

use std::time::Duration;

use events::fact::Recorder;
use events::fact::kinds::{ClickOut, FanOutEnded, PartnerCall, SearchCreated};
use runtime::Priority;

use crate::engine::Engine;
use crate::fan_out::{FanOut, millis};
use crate::follow::Followed;
use crate::search::Search;

/// Longest time that a traveller waits for the log.
const DURABLE_WITHIN: Duration = Duration::from_secs(1);

/// Who begins a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// How much it matters.
    pub priority: Priority,
    /// Its visit, as [`Engine::hide_visit`] gives it; none if it names none.
    pub visit: Option<u128>,
}

impl From<Priority> for Caller {
    fn from(priority: Priority) -> Self {
        Self { priority, visit: None }
    }
}

impl Engine {
    /// The name of a visit in facts: a keyed hash, so that nobody without the key can tell whose it is.
    #[must_use]
    pub fn hide_visit(&self, visit: &str) -> Option<u128> {
        let newest = self.parts.keys.derive(b"visit", visit.as_bytes()).into_iter().next();
        newest.map(u128::from_be_bytes)
    }

    /// What the process tells, and takes in of what others tell.
    #[must_use]
    pub fn facts(&self) -> &Recorder {
        &self.parts.facts
    }

    pub(crate) fn on_created(&self, search: &Search, visit: Option<u128>, shared: bool) {
        let request = &search.request;
        let (Some(first), Some(last)) = (request.legs.first(), request.legs.last()) else { return };
        let travellers = &request.travellers;
        let fact = SearchCreated {
            search: search.id().0,
            question: search.fan_out.key.0,
            origin: &first.origin.iata(),
            destination: &first.destination.iata(),
            departs: first.date,
            returns: (request.legs.len() > 1).then_some(last.date),
            legs: request.legs.len() as u32,
            adults: u32::from(travellers.adults()),
            children: travellers.children().len() as u32,
            infants: u32::from(travellers.infants()),
            cabin: request.cabin.name(),
            market: &request.market.to_string(),
            currency: &search.display.currency.to_string(),
            locale: search.display.locale.as_str(),
            nearby: request.nearby,
            shared,
        };
        self.facts().record(&fact, visit);
    }

    /// Notes that a traveller is led to a seller by a link of the search of a token.
    pub async fn on_click_out(&self, token: &str, followed: &Followed, visit: Option<u128>) {
        let Some(token) = self.reopen(token) else { return };
        let facts = self.parts.facts.clone();
        let Followed { itinerary, agent, price, change, .. } = followed;
        let (itinerary, agent, price) = (itinerary.0, *agent, *price);
        let changed = change.is_some();
        let noted = self.parts.tasks.spawn(async move {
            let currency = price.map(|price| price.currency.to_string());
            let fact = ClickOut {
                search: token.search.0,
                itinerary,
                agent: agent.as_str(),
                minor: price.map(|price| price.minor),
                currency: currency.as_deref(),
                changed,
                market: &token.request.market.to_string(),
            };
            if let Err(error) = facts.record_gold(&fact, visit).await {
                tracing::error!(%error, "a traveller was led to a seller and no fact says so");
            }
        });
        // Ended or not: the traveller goes on.
        let _ = tokio::time::timeout(DURABLE_WITHIN, noted).await;
    }
}

/// A fan-out is over.
pub(crate) fn on_ended(facts: &Recorder, fan_out: &FanOut) {
    let look = fan_out.look();
    let ended = fan_out.ended().unwrap_or_else(runtime::now);
    let took_ms = millis(ended.saturating_duration_since(fan_out.started));
    let question = fan_out.key.0;
    let mut offers = 0;
    for row in look.ledger.asked() {
        offers += row.offers;
        if row.asked {
            let partner = row.partner.as_str();
            let took_ms = row.ms.unwrap_or(took_ms);
            let call =
                PartnerCall { question, partner, took_ms, offers: row.offers, fault: row.fault };
            // When it ended, which may be long before the last of them did.
            let at_ms = fan_out.started_unix_ms + i64::from(took_ms);
            facts.record_of(&call, at_ms, None);
        }
    }
    let fact = FanOutEnded {
        question,
        status: look.status.name(),
        took_ms,
        asked: look.progress.asked - look.progress.remembered,
        remembered: look.progress.remembered,
        failed: look.progress.failed,
        offers,
    };
    facts.record(&fact, None);
}
