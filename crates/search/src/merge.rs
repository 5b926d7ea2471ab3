//! Merges partners' answers: each itinerary once, with every seller's offers, cheapest first.
//!
//! ```text
//! answers ─▶ number itineraries by key ─▶ convert totals ─▶ scatter offers to their itinerary
//!                                                        ─▶ keep one per (agent, brand)
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
//!   and counted, and so are those of flights that have departed.
//!
//! Limits: 65,534 answers (parts), 65,535 sellers (agent and brand), 2^32 offers; answers beyond are
//! left out, sellers beyond are not compared. A search keeps fewer offers than that.
//! Cost: about 50 us for 30 answers with 3,000 offers of 300 itineraries, one core; a handful of
//! allocations, none per itinerary. So a growing answer is merged anew whenever it is looked at.
//! Options are put in order when somebody looks at them: a page shows those of ten itineraries.

mod convert;
pub(crate) mod order;
mod sellers;
mod zones;

use std::sync::Arc;

use atlas::Atlas;
use domain::{Answer, CurrencyCode, ItineraryKey, Transfer};

use crate::display::Display;
use crate::merge::convert::Converter;
use crate::merge::order::compare_options;
use crate::merge::sellers::{COMBINED, Sellers};
use crate::merge::zones::Zones;
use crate::merged::{Merged, MergedItinerary, OptionRow};
use crate::self_transfer::Part;

/// Answers (parts of answers) one search can merge.
pub const ANSWERS_MAX: usize = u16::MAX as usize;

/// A free slot.
const UNSEEN: u32 = u32::MAX;

/// Merges answers into one list, in the display's currency.
#[must_use]
pub fn merge(answers: &[Arc<Answer>], display: &Display, atlas: &'static Atlas) -> Merged {
    Shown { currency: display.currency, not_before: i32::MIN }.merge(answers, None, atlas)
}

/// What is to be made of answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown {
    pub(crate) currency: CurrencyCode,
    /// What departs earlier is gone, in minutes since 1970 UTC.
    pub(crate) not_before: i32,
}

/// Self-transfer combinations: one offer per entry of their parts.
pub(crate) type Combined = (Arc<Answer>, Vec<[Part; 2]>);

impl Shown {
    /// Merges answers and self-transfer combinations.
    pub(crate) fn merge(
        self,
        answers: &[Arc<Answer>],
        combined: Option<Combined>,
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
        let mut merging = Merging::new(&kept, self, atlas);
        for (index, answer) in kept.iter().enumerate() {
            let parts = if combined_at == Some(index as u16) { &parts[..] } else { &[] };
            merging.take(index as u16, answer, parts);
        }
        let order = merging.by_itinerary();
        let Merging { itineraries, taken, first_departs, sellers, .. } = merging;
        let Sellers { agents, count, .. } = sellers;
        let mut merged = Merged {
            parts,
            combined: combined_at,
            agents,
            itineraries,
            first_departs,
            ..Merged::empty(self.currency, atlas)
        };
        merged.answers = kept;
        finish_options(&mut merged, &taken, &order, KeptAt::new(count as usize));
        merged
    }
}

/// Itineraries and offers while answers are taken up.
struct Merging {
    converter: Converter,
    not_before: i32,
    /// Of what is kept.
    first_departs: i32,
    zones: Zones,
    numbers: KeyTable,
    itineraries: Vec<MergedItinerary>,
    /// By number, the fingerprint of the operators that are shown.
    operators: Vec<u64>,
    sellers: Sellers,
    /// Offers in order of arrival.
    taken: Vec<Taken>,
    /// By number, how many offers.
    counts: Vec<u32>,
    /// By itinerary of the answer at hand, its number.
    local: Vec<u32>,
}

impl Merging {
    fn new(answers: &[Arc<Answer>], shown: Shown, atlas: &'static Atlas) -> Self {
        let offers = answers.iter().map(|answer| answer.offers().len()).sum();
        let most = answers.iter().map(|answer| answer.keys().len()).max().unwrap_or(0);
        Self {
            converter: Converter::new(shown.currency, atlas.rates()),
            not_before: shown.not_before,
            first_departs: i32::MAX,
            zones: Zones::new(atlas),
            numbers: KeyTable::new(most * 4),
            itineraries: Vec::with_capacity(most * 4),
            operators: Vec::with_capacity(most * 4),
            sellers: Sellers::default(),
            taken: Vec::with_capacity(offers),
            counts: Vec::with_capacity(most * 4),
            local: Vec::with_capacity(most),
        }
    }

    /// Takes up an answer; one of combinations comes with their parts.
    fn take(&mut self, index: u16, answer: &Answer, parts: &[[Part; 2]]) {
        self.number_itineraries(index, answer);
        let Self { converter, local, taken, counts, sellers, .. } = self;
        let offers = answer.offers().iter().zip(answer.brand_marks());
        for (offer_index, (offer, &brand)) in (0_u32..).zip(offers) {
            let (seller, agent) = match parts.get(offer_index as usize) {
                Some(parts) => {
                    (COMBINED, sellers.of_both(parts.each_ref().map(|part| part.offer().agent)))
                }
                None => sellers.find(offer.agent, brand),
            };
            let number = local[offer.itinerary as usize];
            let amount = offer.price.and_then(|price| converter.convert(price));
            let row = OptionRow::new(amount, (index, offer_index), agent, offer.transfer);
            taken.push(Taken { row, number, seller });
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
                    let (made, departs) =
                        measure(&mut self.zones, self.not_before, answer, itinerary as u32);
                    self.first_departs = self.first_departs.min(departs);
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

    /// The offers in an order in which those of one itinerary stand next to each other, as indexes
    /// into `taken`; sets the itineraries' ranges in it.
    fn by_itinerary(&mut self) -> Vec<u32> {
        let mut start = 0;
        for (itinerary, count) in self.itineraries.iter_mut().zip(&mut self.counts) {
            itinerary.options = (start, start + *count);
            // From here on a count is the place of the next offer.
            start += std::mem::replace(count, start);
        }
        let mut order = vec![0; self.taken.len()];
        for (index, taken) in (0_u32..).zip(&self.taken) {
            let place = &mut self.counts[taken.number as usize];
            order[*place as usize] = index;
            *place += 1;
        }
        order
    }
}

/// An offer that was taken up.
#[derive(Clone, Copy)]
struct Taken {
    row: OptionRow,
    /// The number of its itinerary.
    number: u32,
    /// Its seller: agent and brand.
    seller: u16,
}

/// Stops and durations of an itinerary, and when it departs; no leg if its times or airports make none, or if
/// it has departed.
fn measure(
    zones: &mut Zones,
    not_before: i32,
    answer: &Answer,
    itinerary: u32,
) -> (MergedItinerary, i32) {
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
    let mut first = None;
    for (slot, &leg) in made.leg_minutes.iter_mut().zip(legs) {
        let segments = answer.leg_segments(leg);
        let Some((departs, minutes)) = leg_times(zones, answer, segments) else {
            return (made, i32::MAX);
        };
        *slot = minutes;
        if *first.get_or_insert(departs) < not_before {
            return (made, i32::MAX);
        }
        made.duration_minutes += u32::from(*slot);
        made.stops = made.stops.max((segments.len() - 1) as u8);
    }
    made.leg_count = legs.len() as u8;
    (made, first.unwrap_or(i32::MAX))
}

/// When a leg departs, in minutes since 1970 UTC, and how many it takes; `None` if an airport is unknown or
/// it lands before it departs.
fn leg_times(zones: &mut Zones, answer: &Answer, segments: &[u32]) -> Option<(i32, u16)> {
    let (first, last) = (*segments.first()?, *segments.last()?);
    let first = answer.segments().get(first as usize)?;
    let last = answer.segments().get(last as usize)?;
    let departs = zones.utc_minutes(first.origin, first.departs)?;
    let arrives = zones.utc_minutes(last.destination, last.arrives)?;
    let minutes =
        u16::try_from(arrives.checked_sub(departs)?).ok().filter(|&minutes| minutes > 0)?;
    Some((departs, minutes))
}

/// Keeps one option per seller of each itinerary, the cheapest in front, and closes the gaps; leaves
/// out what has no offer or makes no itinerary.
fn finish_options(merged: &mut Merged, taken: &[Taken], order: &[u32], mut kept_at: KeptAt) {
    let mut itineraries = std::mem::take(&mut merged.itineraries);
    let mut options: Vec<OptionRow> = Vec::with_capacity(order.len());
    let mut dropped = 0_u32;
    itineraries.retain_mut(|itinerary| {
        let range = &order[itinerary.options.0 as usize..itinerary.options.1 as usize];
        if itinerary.leg_count == 0 {
            dropped += range.len() as u32;
            return false;
        }
        let start = options.len();
        for &index in range {
            let Taken { row, seller, number: _ } = taken[index as usize];
            let Some(known) = kept_at.find_or_set(seller, start, options.len()) else {
                options.push(row);
                continue;
            };
            if compare_options(merged, &row, &options[known]).is_lt() {
                options[known] = row;
            }
        }
        let kept = &mut options[start..];
        cheapest_first(merged, kept);
        let Some(cheapest) = kept.first() else { return false };
        itinerary.price = cheapest.amount();
        itinerary.transfer = cheapest.transfer();
        itinerary.options = (start as u32, options.len() as u32);
        true
    });
    merged.itineraries = itineraries;
    merged.dropped = dropped;
    merged.options = options;
}

/// Swaps the option that comes first in order to the front.
fn cheapest_first(merged: &Merged, options: &mut [OptionRow]) {
    let mut first = 0;
    for (index, option) in options.iter().enumerate().skip(1) {
        if compare_options(merged, option, &options[first]).is_lt() {
            first = index;
        }
    }
    if first > 0 {
        options.swap(0, first);
    }
}

/// Where the option of each seller stands, for the itinerary at hand.
struct KeptAt(Vec<u32>);

impl KeptAt {
    fn new(sellers: usize) -> Self {
        Self(vec![0; sellers])
    }

    /// Where the seller's option stands, if it has one at or behind `start`; otherwise notes that it
    /// now stands at `next`.
    #[inline]
    fn find_or_set(&mut self, seller: u16, start: usize, next: usize) -> Option<usize> {
        // Combinations, which have no seller, are never found.
        let slot = self.0.get_mut(seller as usize)?;
        // Kept as one more than the place, so that 0 is nowhere.
        let at = *slot as usize;
        if at > start {
            return Some(at - 1);
        }
        *slot = next as u32 + 1;
        None
    }
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
