//! Who is asked what: the question itself, and the two extra questions of a self-transfer.
//!
//! Pure. The extra questions have a few places of the search's own limit, so that a search never
//! asks more than `partners_max` partners in all.

use std::sync::Arc;

use atlas::Atlas;
use domain::{Date, Question, QuestionKey};
use runtime::FixedMap;

use crate::choose_partners::choose_partners;
use crate::collect::{Ask, Role};
use crate::ledger::{NotAsked, Roster};
use crate::remembered::{Looking, PriceMemory, Remembered};
use crate::self_transfer::{Hub, choose_hub};
use crate::settings::SearchSettings;

/// Everything decided before the first partner is asked.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) question: Arc<Question>,
    pub(crate) key: QuestionKey,
    pub(crate) roster: Roster,
    pub(crate) asks: Vec<Ask>,
    /// By partner, why it is not asked.
    pub(crate) reasons: Vec<Option<NotAsked>>,
    pub(crate) hub: Option<Hub>,
}

impl Plan {
    pub(crate) fn new(
        question: Question,
        roster: Roster,
        today: Date,
        settings: &SearchSettings,
        atlas: &'static Atlas,
    ) -> Self {
        let most = settings.partners_max.size();
        // Never more than a quarter of all places.
        let extra = settings.self_transfer.partners_max.size().min(most / 4);
        let wanted = settings.self_transfer.enabled && extra >= 2;
        let hub = if wanted { choose_hub(&question, atlas) } else { None };
        let parts = hub.map(|hub| {
            let ask = |question| choose_partners(question, &roster, today, extra / 2).ask;
            let (first, second) = (ask(&hub.first), ask(&hub.second));
            (hub, first, second)
        });
        // One half of a combination is worth nothing without the other.
        let parts = parts.filter(|(_, first, second)| !first.is_empty() && !second.is_empty());
        let whole = if parts.is_some() { most - extra } else { most };
        let choice = choose_partners(&question, &roster, today, whole);
        let mut reasons = choice.reasons;
        let as_asks = |partners: &[u16], role| {
            partners.iter().map(|&partner| Ask { partner, role }).collect::<Vec<_>>()
        };
        let mut asks = as_asks(&choice.ask, Role::Whole);
        let hub = parts.map(|(hub, first, second)| {
            asks.extend(as_asks(&first, Role::First));
            asks.extend(as_asks(&second, Role::Second));
            first.iter().chain(&second).for_each(|&partner| reasons[partner as usize] = None);
            hub
        });
        let key = question.key();
        Self { question: Arc::new(question), key, roster, asks, reasons, hub }
    }

    /// Brings near what is only known further away; `None` if there is nothing to wait for.
    pub(crate) fn look_for(&self, memory: &dyn PriceMemory, now_ms: i64) -> Option<Looking> {
        // Read only by a memory that has somewhere to look.
        let mut wishes = self.asks.iter().filter_map(|ask| {
            let partner = self.roster.get(ask.partner as usize)?.settings().id;
            let key = match (ask.role, &self.hub) {
                (Role::Whole, _) => self.key,
                (Role::First, hub) => hub.as_ref()?.first.key(),
                (Role::Second, hub) => hub.as_ref()?.second.key(),
            };
            Some((key, partner))
        });
        memory.look_for(&mut wishes, now_ms)
    }

    /// By ask, what its partner said before, where that is still fresh.
    pub(crate) fn recall(&self, memory: &dyn PriceMemory, now_ms: i64) -> Vec<Option<Remembered>> {
        let recall = |question: &Question| {
            let answers = memory.recall(question, now_ms);
            answers.into_iter().map(|answer| (answer.partner, answer)).collect::<FixedMap<_, _>>()
        };
        let mut known = [
            recall(&self.question),
            self.hub.as_ref().map(|hub| recall(&hub.first)).unwrap_or_default(),
            self.hub.as_ref().map(|hub| recall(&hub.second)).unwrap_or_default(),
        ];
        let of = |ask: &Ask| {
            let partner = self.roster.get(ask.partner as usize)?.settings().id;
            known[ask.role as usize].remove(&partner)
        };
        self.asks.iter().map(of).collect()
    }
}
