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
//! Limits: 65,534 answers (parts), 65,535 agents, 2^32 offers; answers beyond are left out, agents
//! beyond count as one.
//! Cost: about 40 us for 30 answers with 2,700 offers of 300 itineraries, one core; a handful of
//! allocations, none per itinerary. So a growing answer is merged anew whenever it is looked at.

mod convert;
mod order;
mod zones;

use std::sync::Arc;

use atlas::Atlas;
use domain::{AgentId, Answer, CurrencyCode, ItineraryKey, Transfer};

use crate::display::Display;
use crate::merge::convert::Converter;
use crate::merge::order::{one_per_seller, sort_options};
use crate::merge::zones::Zones;
use crate::merged::{Merged, MergedItinerary, OptionRow};
use crate::self_transfer::Part;

/// Answers (parts of answers) one search can merge.
pub const ANSWERS_MAX: usize = u16::MAX as usize;

/// A free slot.
const UNSEEN: u32 = u32::MAX;
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
    let Merging { itineraries, agents, .. } = merging;
    let mut merged = Merged {
        parts,
        combined: combined_at,
        agents,
        itineraries,
        ..Merged::empty(currency, atlas)
    };
    merged.answers = kept;
    finish_options(&mut merged, options);
    merged
}

/// Itineraries and offers while answers are taken up.
struct Merging {
    converter: Converter,
    zones: Zones,
    numbers: KeyTable,
    itineraries: Vec<MergedItinerary>,
    /// By number, the fingerprint of the operators that are shown.
    operators: Vec<u64>,
    agents: Vec<AgentId>,
    /// Offers in order of arrival.
    rows: Vec<OptionRow>,
    /// By row, the number of its itinerary.
    row_numbers: Vec<u32>,
    /// By number, how many offers.
    counts: Vec<u32>,
    /// By itinerary of the answer at hand, its number.
    local: Vec<u32>,
}

impl Merging {
    fn new(answers: &[Arc<Answer>], currency: CurrencyCode, atlas: &'static Atlas) -> Self {
        let offers = answers.iter().map(|answer| answer.offers().len()).sum();
        let most = answers.iter().map(|answer| answer.keys().len()).max().unwrap_or(0);
        Self {
            converter: Converter::new(currency, atlas.rates()),
            zones: Zones::new(atlas),
            numbers: KeyTable::new(most * 4),
            itineraries: Vec::with_capacity(most * 4),
            operators: Vec::with_capacity(most * 4),
            agents: Vec::new(),
            rows: Vec::with_capacity(offers),
            row_numbers: Vec::with_capacity(offers),
            counts: Vec::with_capacity(most * 4),
            local: Vec::with_capacity(most),
        }
    }

    fn take(&mut self, index: u16, answer: &Answer, combined: bool) {
        self.number_itineraries(index, answer);
        let Self { converter, local, rows, row_numbers, counts, agents, .. } = self;
        // Most answers are one agent's, so the one at hand is nearly always the right one.
        let mut at_hand: Option<(AgentId, u16)> = None;
        for (offer_index, offer) in answer.offers().iter().enumerate() {
            let agent = match at_hand {
                Some((agent, at)) if agent == offer.agent => at,
                _ => {
                    let at = if combined { COMBINED } else { agent_index(agents, offer.agent) };
                    at_hand = Some((offer.agent, at));
                    at
                }
            };
            let number = local[offer.itinerary as usize];
            let amount = offer.price.and_then(|price| converter.convert(price));
            rows.push(OptionRow::new(amount, (index, offer_index as u32), agent, offer.transfer));
            row_numbers.push(number);
            counts[number as usize] += 1;
        }
    }

    /// Numbers the itineraries of an answer, over all answers.
    fn number_itineraries(&mut self, index: u16, answer: &Answer) {
        self.local.clear();
        let named = answer.keys().iter().zip(answer.operators());
        for (itinerary, (&key, &operators)) in named.enumerate() {
            let number = match self.numbers.find(key) {
                Ok(number) => {
                    let known = &mut self.operators[number as usize];
                    if operators < *known {
                        *known = operators;
                        self.itineraries[number as usize].source = (index, itinerary as u32);
                    }
                    number
                }
                Err(slot) => {
                    let made = measure(&mut self.zones, answer, itinerary as u32);
                    let source = (index, itinerary as u32);
                    self.itineraries.push(MergedItinerary { key, source, ..made });
                    self.operators.push(operators);
                    self.counts.push(0);
                    self.numbers.insert(slot, key)
                }
            };
            self.local.push(number);
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
        let mut options = vec![OptionRow::EMPTY; self.rows.len()];
        for (&row, &number) in self.rows.iter().zip(&self.row_numbers) {
            let place = &mut self.counts[number as usize];
            options[*place as usize] = row;
            *place += 1;
        }
        options
    }
}

/// The index of an agent, or [`COMBINED`] if there are more agents than indexes.
fn agent_index(agents: &mut Vec<AgentId>, agent: AgentId) -> u16 {
    let known = agents.iter().position(|&other| other == agent);
    let at = known.unwrap_or_else(|| {
        agents.push(agent);
        agents.len() - 1
    });
    u16::try_from(at).unwrap_or(COMBINED)
}

/// Stops and durations of an itinerary; no leg if its times or airports make none.
fn measure(zones: &mut Zones, answer: &Answer, itinerary: u32) -> MergedItinerary {
    let legs = answer.itinerary_legs(itinerary);
    let mut made = MergedItinerary {
        key: ItineraryKey(0),
        price: None,
        duration_minutes: 0,
        stops: 0,
        transfer: Transfer::Managed,
        leg_count: 0,
        leg_minutes: [0; 6],
        options: (0, 0),
        source: (0, 0),
    };
    for (slot, &leg) in made.leg_minutes.iter_mut().zip(legs) {
        let segments = answer.leg_segments(leg);
        match leg_minutes(zones, answer, segments) {
            Some(minutes) => *slot = minutes,
            None => return made,
        }
        made.duration_minutes += u32::from(*slot);
        made.stops = made.stops.max((segments.len() - 1) as u8);
    }
    made.leg_count = legs.len() as u8;
    made
}

/// Minutes of a leg; `None` if an airport is unknown or it lands before it departs.
fn leg_minutes(zones: &mut Zones, answer: &Answer, segments: &[u32]) -> Option<u16> {
    let (first, last) = (*segments.first()?, *segments.last()?);
    let first = answer.segments().get(first as usize)?;
    let last = answer.segments().get(last as usize)?;
    let departs = zones.utc_minutes(first.origin, first.departs)?;
    let arrives = zones.utc_minutes(last.destination, last.arrives)?;
    u16::try_from(arrives.checked_sub(departs)?).ok().filter(|&minutes| minutes > 0)
}

/// Sorts each itinerary's options, keeps one per seller and brand, and closes the gaps; leaves out
/// what has no offer or makes no itinerary.
fn finish_options(merged: &mut Merged, mut options: Vec<OptionRow>) {
    let mut itineraries = std::mem::take(&mut merged.itineraries);
    let (mut kept, mut dropped) = (0_usize, 0_u32);
    itineraries.retain_mut(|itinerary| {
        let (start, end) = (itinerary.options.0 as usize, itinerary.options.1 as usize);
        let range = &mut options[start..end];
        if itinerary.leg_count == 0 {
            dropped += range.len() as u32;
            return false;
        }
        sort_options(merged, range);
        let count = one_per_seller(merged, range);
        let Some(&cheapest) = range.first() else { return false };
        if start != kept {
            options.copy_within(start..start + count, kept);
        }
        itinerary.options = (kept as u32, (kept + count) as u32);
        itinerary.price = cheapest.amount();
        itinerary.transfer = cheapest.transfer();
        kept += count;
        true
    });
    options.truncate(kept);
    merged.itineraries = itineraries;
    merged.dropped = dropped;
    merged.options = options;
}

/// Numbers of itineraries by key: open addressing on the key's low bits, which are a hash already.
struct KeyTable {
    slots: Vec<u32>,
    /// By number.
    keys: Vec<ItineraryKey>,
}

impl KeyTable {
    fn new(expected: usize) -> Self {
        let slots = vec![UNSEEN; (expected * 4).next_power_of_two().max(16)];
        Self { slots, keys: Vec::with_capacity(expected) }
    }

    /// The number of a key, or the free slot where it belongs.
    fn find(&self, key: ItineraryKey) -> Result<u32, usize> {
        let mask = self.slots.len() - 1;
        let mut slot = key.0 as usize & mask;
        loop {
            match self.slots[slot] {
                UNSEEN => return Err(slot),
                number if self.keys[number as usize] == key => return Ok(number),
                _ => slot = (slot + 1) & mask,
            }
        }
    }

    /// Gives the next number to a key, whose free slot was found, and grows before half the slots
    /// are taken.
    fn insert(&mut self, slot: usize, key: ItineraryKey) -> u32 {
        let next = self.keys.len() as u32;
        self.slots[slot] = next;
        self.keys.push(key);
        if self.keys.len() * 2 > self.slots.len() {
            self.slots = vec![UNSEEN; self.slots.len() * 4];
            for number in 0..self.keys.len() {
                if let Err(slot) = self.find(self.keys[number]) {
                    self.slots[slot] = number as u32;
                }
            }
        }
        next
    }
}

#[cfg(test)]
mod tests;
