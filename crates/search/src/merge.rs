//! Merges partners' answers: each itinerary once, with every seller's offers, cheapest first.
//!
//! ```text
//! answers ─▶ number itineraries by key ─▶ convert totals ─▶ scatter offers to their itinerary
//!                                                        ─▶ sort, keep one per (agent, brand)
//! ```
//!
//! Flows in: decoded answers, in any order and number. Flows out: [`Merged`], which depends only on
//! what the answers say: answers in another order, or one of them twice, give an equal result.
//!
//! - Two offers are the same if itinerary, agent and brand are the same; of those, the one with the
//!   lowest converted total stays, then by currency, quoted amount, link and what else it says.
//! - Totals are converted once per offer, half-up, at the day's rates; a total is never computed
//!   from others. Offers without a total, or in a currency without rate, stay and stand last.
//! - Sellers may disagree about who operates a flight; the one that names most operators is shown.
//! - Durations come from local times and zones. Offers whose times make no itinerary are left out
//!   and counted.
//!
//! Limits: 65,535 answers (parts) and 2^32 offers; more answers are left out.
//! Cost: about 40 us for 30 answers with 2,700 offers of 300 itineraries, one core; a handful of
//! allocations, none per itinerary. So a growing answer is merged anew whenever it is looked at.

mod convert;
mod order;

use std::sync::Arc;

use atlas::Atlas;
use domain::{AgentId, Answer, CurrencyCode, ItineraryKey, Transfer};

use crate::display::Display;
use crate::merge::convert::Converter;
use crate::merge::order::{one_per_seller, sort_options};
use crate::merged::{Merged, MergedItinerary, OptionRow};
use crate::self_transfer::Part;

/// Answers (parts of answers) one search can merge.
pub const ANSWERS_MAX: usize = u16::MAX as usize;

/// Not yet looked up.
const UNSEEN: u32 = u32::MAX;
/// Looked up and left out: it makes no itinerary.
const DROPPED: u32 = u32::MAX - 1;
/// Agent index of combinations, which belong to no single agent.
const COMBINED: u16 = u16::MAX;

/// Merges answers into one list, in the display's currency.
#[must_use]
pub fn merge(answers: &[Arc<Answer>], display: &Display, atlas: &'static Atlas) -> Merged {
    merge_in(answers, display.currency, atlas)
}

pub(crate) fn merge_in(
    answers: &[Arc<Answer>],
    currency: CurrencyCode,
    atlas: &'static Atlas,
) -> Merged {
    merge_with(answers, None, currency, atlas)
}

/// Merges answers and self-transfer combinations; `combined` holds one offer per entry of its parts.
pub(crate) fn merge_with(
    answers: &[Arc<Answer>],
    combined: Option<(Arc<Answer>, Vec<[Part; 2]>)>,
    currency: CurrencyCode,
    atlas: &'static Atlas,
) -> Merged {
    let mut kept = answers[..answers.len().min(ANSWERS_MAX - 1)].to_vec();
    let (combined_at, parts) = match combined {
        Some((answer, parts)) => {
            kept.push(answer);
            (Some((kept.len() - 1) as u16), parts)
        }
        None => (None, Vec::new()),
    };
    let mut merging = Merging::new(&kept, currency, atlas);
    for (index, answer) in kept.iter().enumerate() {
        merging.take(index as u16, answer, combined_at == Some(index as u16));
    }
    let options = merging.scatter();
    let Merging { itineraries, agents, dropped, .. } = merging;
    let mut merged = Merged {
        parts,
        combined: combined_at,
        agents,
        itineraries,
        dropped,
        ..Merged::empty(currency, atlas)
    };
    merged.answers = kept;
    finish_options(&mut merged, options);
    merged
}

/// Itineraries and offers while answers are taken up.
struct Merging {
    atlas: &'static Atlas,
    converter: Converter,
    numbers: KeyTable,
    itineraries: Vec<MergedItinerary>,
    agents: Vec<AgentId>,
    /// Offers in order of arrival, each with its itinerary's number.
    rows: Vec<(u32, OptionRow)>,
    /// By number, how many offers.
    counts: Vec<u32>,
    /// By itinerary of the answer at hand, its number.
    local: Vec<u32>,
    dropped: u32,
}

impl Merging {
    fn new(answers: &[Arc<Answer>], currency: CurrencyCode, atlas: &'static Atlas) -> Self {
        let offers = answers.iter().map(|answer| answer.offers().len()).sum();
        let most = answers.iter().map(|answer| answer.keys().len()).max().unwrap_or(0);
        Self {
            atlas,
            converter: Converter::new(currency, atlas.rates()),
            numbers: KeyTable::new(most * 2),
            itineraries: Vec::with_capacity(most * 2),
            agents: Vec::new(),
            rows: Vec::with_capacity(offers),
            counts: Vec::with_capacity(most * 2),
            local: Vec::with_capacity(most),
            dropped: 0,
        }
    }

    fn take(&mut self, index: u16, answer: &Answer, combined: bool) {
        self.local.clear();
        self.local.resize(answer.keys().len(), UNSEEN);
        let mut agent_at_hand: Option<(AgentId, u16)> = None;
        for (offer_index, offer) in answer.offers().iter().enumerate() {
            let mut number = self.local[offer.itinerary as usize];
            if number == UNSEEN {
                number = self.number(index, answer, offer.itinerary);
                self.local[offer.itinerary as usize] = number;
            }
            if number == DROPPED {
                self.dropped += 1;
                continue;
            }
            let agent = match agent_at_hand {
                _ if combined => COMBINED,
                Some((agent, at)) if agent == offer.agent => at,
                _ => {
                    let Some(at) = self.agent(offer.agent) else {
                        self.dropped += 1;
                        continue;
                    };
                    agent_at_hand = Some((offer.agent, at));
                    at
                }
            };
            let amount = offer.price.and_then(|price| self.converter.convert(price));
            self.rows.push((number, OptionRow::new(amount, index, offer_index as u32, agent)));
            self.counts[number as usize] += 1;
        }
    }

    /// The index of an agent; `None` if there are more agents than numbers.
    fn agent(&mut self, agent: AgentId) -> Option<u16> {
        let known = self.agents.iter().position(|&other| other == agent);
        let at = known.unwrap_or_else(|| {
            self.agents.push(agent);
            self.agents.len() - 1
        });
        (at < COMBINED as usize).then_some(at as u16)
    }

    /// The number of an answer's itinerary, over all answers.
    fn number(&mut self, index: u16, answer: &Answer, itinerary: u32) -> u32 {
        let key = answer.keys()[itinerary as usize];
        let operators = answer.operators()[itinerary as usize];
        match self.numbers.find(key, &self.itineraries) {
            Ok(number) => {
                let known = &mut self.itineraries[number as usize];
                if operators < known.operators {
                    known.operators = operators;
                    known.source = (index, itinerary);
                }
                number
            }
            Err(slot) => {
                let Some(mut made) = measure(self.atlas, answer, itinerary) else {
                    return DROPPED;
                };
                made.key = key;
                made.operators = operators;
                made.source = (index, itinerary);
                let number = self.itineraries.len() as u32;
                self.itineraries.push(made);
                self.counts.push(0);
                self.numbers.insert(slot, number, &self.itineraries);
                number
            }
        }
    }

    /// The offers of each itinerary next to each other; sets the itineraries' ranges.
    fn scatter(&mut self) -> Vec<OptionRow> {
        let mut start = 0;
        for (itinerary, count) in self.itineraries.iter_mut().zip(&mut self.counts) {
            itinerary.options = (start, start + *count);
            // From here on a count is the place of the next offer.
            start += std::mem::replace(count, start);
        }
        let mut options = vec![OptionRow::new(None, 0, 0, 0); self.rows.len()];
        for &(number, row) in &self.rows {
            let place = &mut self.counts[number as usize];
            options[*place as usize] = row;
            *place += 1;
        }
        options
    }
}

/// Stops and durations of an itinerary; `None` if its times or airports make none.
fn measure(atlas: &Atlas, answer: &Answer, itinerary: u32) -> Option<MergedItinerary> {
    let legs = answer.itinerary_legs(itinerary);
    let mut made = MergedItinerary {
        key: ItineraryKey(0),
        price: None,
        duration_minutes: 0,
        stops: 0,
        transfer: Transfer::Managed,
        leg_count: legs.len() as u8,
        leg_minutes: [0; 6],
        options: (0, 0),
        source: (0, 0),
        operators: 0,
    };
    for (slot, &leg) in made.leg_minutes.iter_mut().zip(legs) {
        let segments = answer.leg_segments(leg);
        let (first, last) = (*segments.first()?, *segments.last()?);
        let first = answer.segments().get(first as usize)?;
        let last = answer.segments().get(last as usize)?;
        let minutes =
            atlas.duration_minutes(first.origin, first.departs, last.destination, last.arrives)?;
        *slot = u16::try_from(minutes).ok().filter(|&minutes| minutes > 0)?;
        made.duration_minutes += u32::from(*slot);
        made.stops = made.stops.max((segments.len() - 1) as u8);
    }
    Some(made)
}

/// Sorts each itinerary's options, keeps one per seller and brand, and closes the gaps.
fn finish_options(merged: &mut Merged, mut options: Vec<OptionRow>) {
    let mut kept = 0_usize;
    for index in 0..merged.itineraries.len() {
        let (start, end) = merged.itineraries[index].options;
        let range = &mut options[start as usize..end as usize];
        sort_options(merged, range);
        let count = one_per_seller(merged, range);
        let cheapest = range.first().copied();
        options.copy_within(start as usize..start as usize + count, kept);
        let itinerary = &mut merged.itineraries[index];
        itinerary.options = (kept as u32, (kept + count) as u32);
        itinerary.price = cheapest.and_then(|option| option.amount());
        if let Some(cheapest) = cheapest {
            let answer = &merged.answers[cheapest.answer() as usize];
            itinerary.transfer = answer.offers()[cheapest.offer_index() as usize].transfer;
        }
        kept += count;
    }
    options.truncate(kept);
    merged.options = options;
}

/// Numbers of itineraries by key: open addressing on the key's low bits, which are a hash already.
struct KeyTable {
    slots: Vec<u32>,
    used: usize,
}

impl KeyTable {
    fn new(expected: usize) -> Self {
        Self { slots: vec![UNSEEN; (expected * 2).next_power_of_two().max(16)], used: 0 }
    }

    /// The number of a key, or the free slot where it belongs.
    fn find(&self, key: ItineraryKey, known: &[MergedItinerary]) -> Result<u32, usize> {
        let mask = self.slots.len() - 1;
        let mut slot = key.0 as usize & mask;
        loop {
            match self.slots[slot] {
                UNSEEN => return Err(slot),
                number if known[number as usize].key == key => return Ok(number),
                _ => slot = (slot + 1) & mask,
            }
        }
    }

    /// Puts a number into a free slot, and grows before half the slots are taken.
    fn insert(&mut self, slot: usize, number: u32, known: &[MergedItinerary]) {
        self.slots[slot] = number;
        self.used += 1;
        if self.used * 2 > self.slots.len() {
            let mut larger = Self { slots: vec![UNSEEN; self.slots.len() * 4], used: self.used };
            for (number, itinerary) in known.iter().enumerate() {
                if let Err(slot) = larger.find(itinerary.key, known) {
                    larger.slots[slot] = number as u32;
                }
            }
            *self = larger;
        }
    }
}

#[cfg(test)]
mod tests;
