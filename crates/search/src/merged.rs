//! What merging gives: each itinerary once, with every seller's offer, cheapest first.
//!
//! Everything is an index into the partners' answers, which are kept as they came; texts and
//! segments are never copied. [`Merged::legs`] and [`Merged::offer`] read them for rendering.
//!
//! Cost: 16 bytes an offer and 80 an itinerary beside the answers themselves.

mod views;

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use atlas::Atlas;
use domain::{AgentId, Answer, CurrencyCode, ItineraryKey, Offer, Transfer};

pub use views::{FareView, LegView, OfferView, PartView, segment_minutes};

use crate::merge::order::compare_options;
use crate::remembered::Source;
use crate::self_transfer::Part;
use crate::view::{Page, Traits};

/// Stands in [`OptionRow`] for "no price in the display currency".
const UNPRICED: i64 = i64::MAX;

/// One seller's offer for one itinerary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptionRow {
    amount: i64,
    offer: u32,
    answer: u16,
    agent: u16,
}

const _: () =
    assert!(size_of::<OptionRow>() == 16, "rows are scattered and sorted by the thousand");

/// Bits of [`OptionRow::offer`] that are the index; the two above say who answers for connections.
const OFFER_BITS: u32 = 30;

impl OptionRow {
    /// An option: its total, its answer and offer there, its agent's index.
    pub(crate) fn new(
        amount: Option<i64>,
        (answer, offer): (u16, u32),
        agent: u16,
        transfer: Transfer,
    ) -> Self {
        let transfer = match transfer {
            Transfer::Managed => 0,
            Transfer::ProtectedSelfTransfer => 1,
            Transfer::SelfTransfer => 2,
        };
        let offer = (offer & ((1 << OFFER_BITS) - 1)) | (transfer << OFFER_BITS);
        Self { amount: amount.unwrap_or(UNPRICED), offer, answer, agent }
    }

    /// The total in minor units of the display currency; `None` if the seller shows no price, or
    /// one in a currency without exchange rate.
    #[must_use]
    pub fn amount(&self) -> Option<i64> {
        (self.amount != UNPRICED).then_some(self.amount)
    }

    /// Index of the agent in [`Merged::agents`]; beyond all of them if the option is a combination of
    /// two agents' tickets.
    #[must_use]
    pub fn agent_index(&self) -> usize {
        self.agent as usize
    }

    pub(crate) fn sort_amount(&self) -> i64 {
        self.amount
    }

    pub(crate) fn answer(&self) -> u16 {
        self.answer
    }

    pub(crate) fn offer_index(&self) -> u32 {
        self.offer & ((1 << OFFER_BITS) - 1)
    }

    /// Who answers for connections.
    #[must_use]
    pub fn transfer(&self) -> Transfer {
        match self.offer >> OFFER_BITS {
            0 => Transfer::Managed,
            1 => Transfer::ProtectedSelfTransfer,
            _ => Transfer::SelfTransfer,
        }
    }
}

/// One itinerary, whoever sells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MergedItinerary {
    /// Names it.
    pub key: ItineraryKey,
    /// Lowest total in minor units of the display currency.
    pub price: Option<i64>,
    /// Minutes of all legs together, from local times and zones.
    pub duration_minutes: u32,
    /// Stops of the leg with most.
    pub stops: u8,
    /// Who answers for connections, as the cheapest option says.
    pub transfer: Transfer,
    pub(crate) leg_count: u8,
    pub(crate) leg_minutes: [u16; 6],
    pub(crate) options: (u32, u32),
    pub(crate) source: (u16, u32),
}

impl MergedItinerary {
    /// Minutes of each leg.
    #[must_use]
    pub fn leg_minutes(&self) -> &[u16] {
        &self.leg_minutes[..self.leg_count as usize]
    }

    fn option_range(&self) -> Range<usize> {
        self.options.0 as usize..self.options.1 as usize
    }
}

/// The merged answers of one search, in one display currency.
#[derive(Clone)]
pub struct Merged {
    pub(crate) atlas: &'static Atlas,
    pub(crate) currency: CurrencyCode,
    pub(crate) answers: Vec<Arc<Answer>>,
    /// Who gave each answer; empty if that does not matter.
    pub(crate) sources: Vec<Source>,
    pub(crate) parts: Vec<[Part; 2]>,
    pub(crate) combined: Option<u16>,
    pub(crate) agents: Vec<AgentId>,
    pub(crate) itineraries: Vec<MergedItinerary>,
    pub(crate) options: Vec<OptionRow>,
    pub(crate) dropped: u32,
    /// When the first flight departs, in minutes since 1970 UTC.
    pub(crate) first_departs: i32,
    pub(crate) traits: OnceLock<Traits>,
    /// The page that nearly everybody sees first, as the first one who looked saw it.
    pub(crate) first_page: OnceLock<Page>,
}

impl Merged {
    /// Nothing yet.
    #[must_use]
    pub fn empty(currency: CurrencyCode, atlas: &'static Atlas) -> Self {
        Self {
            atlas,
            currency,
            answers: Vec::new(),
            sources: Vec::new(),
            parts: Vec::new(),
            combined: None,
            agents: Vec::new(),
            itineraries: Vec::new(),
            options: Vec::new(),
            dropped: 0,
            first_departs: i32::MAX,
            traits: OnceLock::new(),
            first_page: OnceLock::new(),
        }
    }

    /// The display currency.
    #[must_use]
    pub fn currency(&self) -> CurrencyCode {
        self.currency
    }

    /// The itineraries; no two have the same key. Their order means nothing, see [`crate::view()`].
    #[must_use]
    pub fn itineraries(&self) -> &[MergedItinerary] {
        &self.itineraries
    }

    /// Agents with an offer or a ticket of a combination, each once; their order means nothing.
    #[must_use]
    pub fn agents(&self) -> &[AgentId] {
        &self.agents
    }

    /// All offers of all itineraries.
    #[must_use]
    pub fn option_count(&self) -> usize {
        self.options.len()
    }

    /// Offers left out because their times or airports make no itinerary.
    #[must_use]
    pub fn dropped(&self) -> u32 {
        self.dropped
    }

    /// The itinerary of a key. Cost: a scan.
    #[must_use]
    pub fn find(&self, key: ItineraryKey) -> Option<&MergedItinerary> {
        self.itineraries.iter().find(|itinerary| itinerary.key == key)
    }

    /// Offers of an itinerary: no two with the same agent and brand, cheapest first, those without
    /// a price last. Cost: sorts them.
    #[must_use]
    pub fn options(&self, itinerary: &MergedItinerary) -> Vec<OptionRow> {
        let mut options = self.any_order(itinerary).to_vec();
        options.sort_unstable_by(|a, b| compare_options(self, a, b));
        options
    }

    /// The same, the cheapest in front, the others in no order; for who looks at many itineraries.
    #[must_use]
    pub fn any_order(&self, itinerary: &MergedItinerary) -> &[OptionRow] {
        self.options.get(itinerary.option_range()).unwrap_or_default()
    }

    /// The legs of an itinerary.
    pub fn legs(&self, itinerary: &MergedItinerary) -> impl ExactSizeIterator<Item = LegView<'_>> {
        let answer = &*self.answers[itinerary.source.0 as usize];
        let minutes = itinerary.leg_minutes;
        answer.itinerary_legs(itinerary.source.1).iter().enumerate().map(move |(index, &leg)| {
            LegView {
                answer,
                atlas: self.atlas,
                segments: answer.leg_segments(leg),
                duration_minutes: minutes.get(index).copied().unwrap_or(0),
            }
        })
    }

    /// What a seller offers.
    #[must_use]
    pub fn offer(&self, row: &OptionRow) -> OfferView<'_> {
        let answer = &*self.answers[row.answer as usize];
        let offer = &answer.offers()[row.offer_index() as usize];
        let parts = match self.combined == Some(row.answer) {
            true => self.parts.get(row.offer_index() as usize).map(|parts| &parts[..]),
            false => None,
        };
        OfferView {
            merged: self,
            answer,
            offer,
            amount: row.amount(),
            source: self.source(row.answer),
            parts: parts.unwrap_or(&[]),
        }
    }

    /// Where an answer comes from; `None` for combinations.
    pub(crate) fn source(&self, answer: u16) -> Option<Source> {
        self.sources.get(answer as usize).copied()
    }

    /// Whether the option is a combination of two tickets made here, not an offer of a seller.
    #[must_use]
    pub fn is_combination(&self, row: &OptionRow) -> bool {
        self.combined == Some(row.answer)
    }

    pub(crate) fn raw(&self, row: &OptionRow) -> (&Answer, &Offer) {
        let answer = &*self.answers[row.answer as usize];
        (answer, &answer.offers()[row.offer_index() as usize])
    }

    /// Highest total among the options of an itinerary.
    pub(crate) fn dearest(&self, itinerary: &MergedItinerary) -> Option<i64> {
        self.any_order(itinerary).iter().filter_map(OptionRow::amount).max()
    }

    pub(crate) fn traits(&self) -> &Traits {
        self.traits.get_or_init(|| Traits::of(self))
    }

    /// Bytes held on the heap, the answers not counted.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.options.capacity() * size_of::<OptionRow>()
            + self.itineraries.capacity() * size_of::<MergedItinerary>()
            + self.parts.capacity() * size_of::<[Part; 2]>()
            + self.agents.capacity() * size_of::<AgentId>()
            + self.answers.capacity() * size_of::<Arc<Answer>>()
    }
}

impl std::fmt::Debug for Merged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Merged")
            .field("currency", &self.currency)
            .field("answers", &self.answers.len())
            .field("itineraries", &self.itineraries.len())
            .field("options", &self.options.len())
            .finish_non_exhaustive()
    }
}
