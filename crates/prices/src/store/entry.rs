//! All that is remembered about one question: a slot for each partner, and blocks that hold answers.
//!
//! A block comes with each taking. When there are many, the smaller ones become one; when most of
//! what blocks hold has been replaced, what is still current is packed anew. So a price is packed a
//! few times in its life, however many partners answer one by one.

use std::ops::Range;
use std::sync::Arc;

use domain::{AgentId, Answer, Date, ItineraryKey, Money, PartnerId, Question};

use super::{Invalidation, Latest, Taken};
use crate::block::{Block, Head, Part, Prices, shred};
use crate::codec::CodecError;
use crate::freshness::{Pace, holds};

/// Blocks of a question.
const BLOCKS_MAX: usize = 16;
/// Of too many blocks, how many small ones become one.
const MERGED: usize = 12;
/// Prices of a replaced answer that are compared with the new ones.
const SAMPLES: u32 = 6;

/// One partner's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) partner: PartnerId,
    pub(super) at_ms: i64,
    /// Its offers within the block.
    pub(super) offers: Range<u32>,
    pub(super) block: u16,
    pub(super) pace: Pace,
}

const _: () = assert!(size_of::<Slot>() <= 32, "one for each answer of 90 prices");

/// The answers to a question.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    departs: Date,
    /// By partner.
    slots: Vec<Slot>,
    blocks: Vec<Arc<Block>>,
}

impl Entry {
    pub(super) fn new(question: &Question) -> Self {
        let departs = question.first_date().unwrap_or(Date::from_days(i32::MAX));
        Self { departs, slots: Vec::new(), blocks: Vec::new() }
    }

    /// An entry of stored parts; every slot must be an answer of its block.
    pub(super) fn from_parts(
        blocks: Vec<Block>,
        slots: impl IntoIterator<Item = (u16, u32, Pace)>,
    ) -> Result<(Question, Self), CodecError> {
        const WRONG: CodecError = CodecError::Corrupt("the place of an answer");
        let heads = blocks.iter().map(Block::heads).collect::<Result<Vec<_>, _>>()?;
        let question = blocks.first().ok_or(WRONG)?.question()?;
        let mut entry = Self::new(&question);
        for (block, answer, pace) in slots {
            let head = heads.get(usize::from(block)).and_then(|heads| heads.get(answer as usize));
            let Head { partner, at_ms, offers } = head.cloned().ok_or(WRONG)?;
            entry.slots.push(Slot { partner, at_ms, offers, block, pace });
        }
        if entry.slots.is_empty() || !entry.slots.is_sorted_by(|a, b| a.partner < b.partner) {
            return Err(WRONG);
        }
        entry.blocks = blocks.into_iter().map(Arc::new).collect();
        entry.slots.shrink_to_fit();
        Ok((question, entry))
    }

    pub(super) fn departs(&self) -> Date {
        self.departs
    }

    pub(super) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    pub(super) fn blocks(&self) -> &[Arc<Block>] {
        &self.blocks
    }

    /// The same entry, sharing its blocks: to be read without the shard's lock.
    pub(super) fn share(&self) -> Self {
        self.clone()
    }

    /// When its newest answer was seen.
    pub(super) fn newest_ms(&self) -> i64 {
        self.slots.iter().map(|slot| slot.at_ms).max().unwrap_or(i64::MIN)
    }

    /// Bytes held, with what the allocator adds to each piece.
    pub(super) fn bytes(&self) -> usize {
        let block = |block: &Arc<Block>| size_of::<Block>() + 16 + block.heap_bytes() + 3 * 8;
        size_of::<Self>()
            + self.slots.len() * size_of::<Slot>()
            + self.blocks.len() * size_of::<Arc<Block>>()
            + 3 * 8
            + self.blocks.iter().map(block).sum::<usize>()
    }

    /// Takes a block of answers to the question, those seen after the floor.
    pub(super) fn take(
        &mut self,
        block: Block,
        floor_ms: Option<i64>,
        taken: &mut Taken,
    ) -> Result<(), CodecError> {
        let heads = block.heads()?;
        let index = self.blocks.len() as u16;
        self.blocks.push(Arc::new(block));
        let held = self.blocks.clone();
        let mut readers: Vec<Option<Prices<'_>>> = held.iter().map(|_| None).collect();
        if self.slots.is_empty() {
            self.slots.reserve_exact(heads.len());
        }
        for Head { partner, at_ms, offers } in heads {
            if Some(at_ms) <= floor_ms {
                taken.older += 1;
                continue;
            }
            taken.answers += 1;
            taken.offers += offers.len();
            let slot = Slot { partner, at_ms, offers, block: index, pace: Pace::default() };
            match self.slots.binary_search_by_key(&partner, |slot| slot.partner) {
                Ok(at) if self.slots[at].at_ms >= at_ms => {
                    taken.older += 1;
                    taken.answers -= 1;
                    taken.offers -= slot.offers.len();
                }
                Ok(at) => {
                    let old = &self.slots[at];
                    for block in [old.block, index].map(usize::from) {
                        if readers[block].is_none() {
                            readers[block] = held[block].prices().ok();
                        }
                    }
                    let before = readers[usize::from(old.block)].as_ref();
                    let after = readers[usize::from(index)].as_ref();
                    let pace = before
                        .zip(after)
                        .map_or(old.pace, |(before, after)| observe(old, before, &slot, after));
                    self.slots[at] = Slot { pace, ..slot };
                }
                Err(at) => {
                    self.slots.insert(at, slot);
                }
            }
        }
        self.tidy();
        Ok(())
    }

    /// Drops blocks nobody needs, packs anew what is scattered, and gives back what is spare: bytes
    /// depend on what is held, not on how it came, so that a replay lets go of the same.
    fn tidy(&mut self) {
        self.pack_scattered();
        self.slots.shrink_to_fit();
        self.blocks.shrink_to_fit();
    }

    fn pack_scattered(&mut self) {
        self.drop_unused();
        let held: usize = self.blocks.iter().map(|block| block.offers()).sum();
        let current: usize = self.slots.iter().map(|slot| slot.offers.len()).sum();
        if held > 2 * current + 64 && self.blocks.len() > 1 || held > 4 * current + 64 {
            self.repack(|_| true);
        } else if self.blocks.len() > BLOCKS_MAX {
            let mut sizes: Vec<(usize, u16)> =
                self.blocks.iter().map(|block| block.offers()).zip(0..).collect();
            sizes.sort_unstable();
            let small: Vec<u16> = sizes[..MERGED].iter().map(|&(_, index)| index).collect();
            self.repack(|block| small.contains(&block));
        }
    }

    fn drop_unused(&mut self) {
        let mut places = vec![u16::MAX; self.blocks.len()];
        for slot in &self.slots {
            places[usize::from(slot.block)] = 0;
        }
        if !places.contains(&u16::MAX) {
            return;
        }
        let mut kept = Vec::with_capacity(self.blocks.len());
        for (place, block) in places.iter_mut().zip(&self.blocks) {
            if *place == 0 {
                *place = kept.len() as u16;
                kept.push(Arc::clone(block));
            }
        }
        self.blocks = kept;
        for slot in &mut self.slots {
            slot.block = places[usize::from(slot.block)];
        }
    }

    /// Packs the current answers of some blocks into one. If that does not go, all stays as it is.
    fn repack(&mut self, chosen: impl Fn(u16) -> bool) {
        let Some(Ok(question)) = self.blocks.first().map(|block| block.question()) else { return };
        let answers = self.answers(|slot| chosen(slot.block));
        let parts: Vec<Part<'_>> = answers
            .iter()
            .map(|(slot, answer)| Part { partner: slot.partner, at_ms: slot.at_ms, answer })
            .collect();
        let Ok(block) = shred(&question, &parts) else { return };
        let Ok(heads) = block.heads() else { return };
        drop(answers);
        let index = self.blocks.len() as u16;
        for Head { partner, at_ms: _, offers } in heads {
            if let Ok(at) = self.slots.binary_search_by_key(&partner, |slot| slot.partner) {
                (self.slots[at].block, self.slots[at].offers) = (index, offers);
            }
        }
        self.blocks.push(Arc::new(block));
        self.drop_unused();
    }

    /// Reads answers, block by block.
    pub(super) fn answers(&self, chosen: impl Fn(&Slot) -> bool) -> Vec<(&Slot, Answer)> {
        let mut found = Vec::with_capacity(self.slots.len());
        for (block, index) in self.blocks.iter().zip(0..) {
            let slots: Vec<&Slot> =
                self.slots.iter().filter(|slot| slot.block == index && chosen(slot)).collect();
            if slots.is_empty() {
                continue;
            }
            // a block was checked when it came, so it reads
            let answers = block.answers(slots.iter().map(|slot| slot.offers.clone()));
            found.extend(slots.into_iter().zip(answers.unwrap_or_default()));
        }
        found
    }

    pub(super) fn latest(&self, itinerary: ItineraryKey, agent: AgentId) -> Option<Latest> {
        let blocks: Vec<Option<(u32, Prices<'_>)>> =
            self.blocks.iter().map(|block| within(block, itinerary)).collect();
        let price = |slot: &Slot| -> Option<Money> {
            let (itinerary, prices) = blocks[usize::from(slot.block)].as_ref()?;
            prices.cheapest(slot.offers.clone(), *itinerary, agent)
        };
        let mut best: Option<Latest> = None;
        for slot in &self.slots {
            if best.is_none_or(|best| slot.at_ms > best.seen_ms)
                && let Some(price) = price(slot)
            {
                best = Some(Latest { price, seen_ms: slot.at_ms, partner: slot.partner });
            }
        }
        best
    }

    /// Forgets answers that were seen before a moment; returns how many.
    pub(super) fn forget_before(&mut self, moment_ms: i64) -> usize {
        self.forget_slots(|slot| slot.at_ms < moment_ms)
    }

    /// Forgets what shall not be believed any more; returns how many answers.
    pub(super) fn forget(&mut self, what: Invalidation, until_ms: i64) -> usize {
        match what {
            Invalidation::Partner(partner) => {
                self.forget_slots(|slot| slot.partner == partner && slot.at_ms <= until_ms)
            }
            Invalidation::Route { origin, destination } => {
                let asked = self.blocks.first().and_then(|block| block.question().ok());
                let on_route = asked.is_some_and(|question| {
                    question.legs.iter().any(|leg| {
                        leg.origin.contains(origin) && leg.destination.contains(destination)
                    })
                });
                if on_route { self.forget_slots(|slot| slot.at_ms <= until_ms) } else { 0 }
            }
            Invalidation::Carrier(carrier) => {
                let flies = |block: &Arc<Block>| {
                    block.carriers().is_ok_and(|carriers| carriers.contains(&carrier))
                };
                let blocks: Vec<bool> = self.blocks.iter().map(flies).collect();
                let answers = self.answers(|slot| blocks[usize::from(slot.block)]);
                let gone: Vec<PartnerId> = answers
                    .iter()
                    .filter(|(slot, answer)| {
                        slot.at_ms <= until_ms
                            && answer
                                .segments()
                                .iter()
                                .any(|s| s.carrier == carrier || s.operating == carrier)
                    })
                    .map(|(slot, _)| slot.partner)
                    .collect();
                drop(answers);
                self.forget_slots(|slot| gone.contains(&slot.partner))
            }
        }
    }

    fn forget_slots(&mut self, gone: impl Fn(&Slot) -> bool) -> usize {
        let before = self.slots.len();
        self.slots.retain(|slot| !gone(slot));
        let forgotten = before - self.slots.len();
        if forgotten > 0 {
            self.tidy();
        }
        forgotten
    }

    /// Whether both remember the same answers.
    pub(super) fn same_as(&self, other: &Self) -> bool {
        let whole = |entry: &Self| {
            let mut answers: Vec<(PartnerId, i64, Pace, Answer)> = entry
                .answers(|_| true)
                .into_iter()
                .map(|(slot, answer)| (slot.partner, slot.at_ms, slot.pace, answer))
                .collect();
            answers.sort_unstable_by_key(|answer| answer.0);
            answers
        };
        whole(self) == whole(other)
    }
}

fn within(block: &Block, itinerary: ItineraryKey) -> Option<(u32, Prices<'_>)> {
    let prices = block.prices().ok()?;
    Some((prices.itinerary(itinerary)?, prices))
}

/// What replacing an answer teaches about its pace: a few of the new prices beside the old ones.
fn observe(old: &Slot, before: &Prices<'_>, new: &Slot, after: &Prices<'_>) -> Pace {
    let (mut compared, mut changed) = (0, 0);
    let count = new.offers.len() as u32;
    let samples = SAMPLES.min(count);
    for sample in 0..samples {
        let offer = new.offers.start + sample * (count / samples);
        let Some((tag, own, agent)) = after.sold(offer) else { continue };
        let Some(real) = after.cheapest(new.offers.clone(), own, agent) else { continue };
        let Some(place) = before.tagged(tag, own) else { continue };
        if let Some(shown) = before.cheapest(old.offers.clone(), place, agent) {
            compared += 1;
            changed += u32::from(!holds(shown, real));
        }
    }
    old.pace.observe(compared, changed, new.at_ms.saturating_sub(old.at_ms))
}
