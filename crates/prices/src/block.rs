//! Answers to one question as one piece of bytes that can be read in place.
//!
//! ```text
//! answers ─▶ shred ─▶ Block (columns: flights once, offers in planes of bytes) ─▶ build ─▶ answers
//!                       ├─▶ prices of an itinerary, without building anything
//!                       └─▶ codec: the same bytes under lz4
//! ```
//!
//! A block is made by [`shred()`] or checked whole by [`Block::from_bytes`], so reading it later does
//! not fail.
//!
//! Limits: about a million offers, 16,384 answers, 65,534 segments and legs.
//! Cost: 7 bytes an offer, and the flights once for all answers.

mod build;
mod column;
mod flights;
mod layout;
mod question;
mod shred;
mod tables;

use std::ops::Range;

use domain::{AgentId, Answer, CarrierCode, ItineraryKey, Money, PartnerId, Question};

pub(crate) use column::{put_number, take_number};
pub(crate) use shred::{Part, shred};

use crate::codec::CodecError;
use build::{Builder, unzigzag};
use column::from_ordered_wide;
use layout::Layout;
use tables::Tables;

/// Answers in a block.
pub(crate) const ANSWERS_MAX: usize = 1 << 14;

/// Answers to one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    bytes: Box<[u8]>,
    /// Last 32 bits of each itinerary's key.
    tags: Box<[u32]>,
    answers: u32,
    offers: u32,
}

/// How much is in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) answers: usize,
    pub(crate) offers: usize,
}

/// What a block says about one of its answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) partner: PartnerId,
    pub(crate) at_ms: i64,
    pub(crate) offers: Range<u32>,
}

impl Block {
    fn new(bytes: Box<[u8]>, tags: Vec<u32>, answers: usize, offers: usize) -> Self {
        let tags = tags.into_boxed_slice();
        Self { bytes, tags, answers: answers as u32, offers: offers as u32 }
    }

    /// A block of stored bytes, checked whole.
    pub(crate) fn from_bytes(bytes: Box<[u8]>) -> Result<Self, CodecError> {
        let layout = Layout::read(&bytes)?;
        if layout.counts.answers > ANSWERS_MAX {
            return Err(CodecError::TooLarge("answers"));
        }
        question::take(layout.question())?;
        let mut builder = Builder::new(&layout, Tables::read(&layout)?);
        for head in heads(&layout)? {
            builder.check(head.offers.start as usize, head.offers.end as usize)?;
        }
        let tags = builder.tables().keys.iter().map(|key| key.0 as u32).collect();
        let (answers, offers) = (layout.counts.answers, layout.counts.offers);
        Ok(Self::new(bytes, tags, answers, offers))
    }

    /// How much stored bytes say they hold.
    pub(crate) fn size(bytes: &[u8]) -> Result<Size, CodecError> {
        let counts = Layout::read(bytes)?.counts;
        Ok(Size { answers: counts.answers, offers: counts.offers })
    }

    /// Where, in stored bytes, the first bytes of the offers' itineraries stand: ascending within an
    /// answer, so that their differences pack better than they do.
    pub(crate) fn ascending(bytes: &[u8]) -> Result<Range<usize>, CodecError> {
        let layout = Layout::read(bytes)?;
        let head = bytes.len() - layout.body.len();
        let plane = layout.columns.offer_itinerary.first_plane();
        Ok(head + plane.start..head + plane.end)
    }

    /// The bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Answers in it.
    pub(crate) fn answers_len(&self) -> usize {
        self.answers as usize
    }

    /// Offers in it.
    pub(crate) fn offers(&self) -> usize {
        self.offers as usize
    }

    /// Bytes held on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.bytes.len() + size_of_val::<[u32]>(&self.tags)
    }

    /// The question that was asked.
    pub(crate) fn question(&self) -> Result<Question, CodecError> {
        question::take(Layout::read(&self.bytes)?.question())
    }

    /// The answers in it.
    pub(crate) fn heads(&self) -> Result<Vec<Head>, CodecError> {
        heads(&Layout::read(&self.bytes)?)
    }

    /// The carriers of its flights, marketing and operating.
    pub(crate) fn carriers(&self) -> Result<Vec<CarrierCode>, CodecError> {
        tables::read_carriers(&Layout::read(&self.bytes)?)
    }

    /// All that stored bytes say, checked as it is read.
    pub(crate) fn read(bytes: &[u8]) -> Result<(Question, Vec<(Head, Answer)>), CodecError> {
        let layout = Layout::read(bytes)?;
        let heads = heads(&layout)?;
        let mut builder = Builder::new(&layout, Tables::read(&layout)?);
        let mut answers = Vec::with_capacity(heads.len());
        for head in heads {
            let (from, to) = (head.offers.start as usize, head.offers.end as usize);
            answers.push((head, builder.answer(from, to)?));
        }
        Ok((question::take(layout.question())?, answers))
    }

    /// The answers of some ranges of offers.
    pub(crate) fn answers(
        &self,
        wanted: impl IntoIterator<Item = Range<u32>>,
    ) -> Result<Vec<Answer>, CodecError> {
        let layout = Layout::read(&self.bytes)?;
        let mut builder = Builder::new(&layout, Tables::read(&layout)?);
        wanted
            .into_iter()
            .map(|offers| builder.answer(offers.start as usize, offers.end as usize))
            .collect()
    }

    /// A reader of prices in place.
    pub(crate) fn prices(&self) -> Result<Prices<'_>, CodecError> {
        Ok(Prices { layout: Layout::read(&self.bytes)?, tags: &self.tags })
    }
}

fn heads(layout: &Layout<'_>) -> Result<Vec<Head>, CodecError> {
    let (columns, body) = (&layout.columns, layout.body);
    let mut heads = Vec::with_capacity(layout.counts.answers);
    let mut end = 0_u32;
    for index in 0..layout.counts.answers {
        let start = end;
        let count = u32::try_from(columns.answer_offers.get(body, index)).ok();
        end = count
            .and_then(|count| end.checked_add(count))
            .filter(|&end| end as usize <= layout.counts.offers)
            .ok_or(CodecError::Corrupt("the offers of an answer"))?;
        heads.push(Head {
            partner: tables::partner_id(columns.partner.get(body, index))?,
            at_ms: from_ordered_wide(columns.seen_at.get(body, index)),
            offers: start..end,
        });
    }
    if end as usize == layout.counts.offers {
        Ok(heads)
    } else {
        Err(CodecError::Corrupt("the offers of no answer"))
    }
}

/// Finds prices in a block without building answers.
#[derive(Debug)]
pub(crate) struct Prices<'a> {
    layout: Layout<'a>,
    tags: &'a [u32],
}

impl Prices<'_> {
    /// The place of an itinerary.
    pub(crate) fn itinerary(&self, key: ItineraryKey) -> Option<u32> {
        let tag = key.0 as u32;
        let is = |index: usize| tables::key_of(&self.layout, index) == Some(key);
        let mut named = self.tags.iter().enumerate().filter(|&(_, &own)| own == tag);
        named.find(|&(index, _)| is(index)).map(|(index, _)| index as u32)
    }

    /// What an offer is for: the itinerary's tag and place, and the seller.
    pub(crate) fn sold(&self, offer: u32) -> Option<(u32, u32, AgentId)> {
        let (columns, body) = (&self.layout.columns, self.layout.body);
        let itinerary = columns.offer_itinerary.get(body, offer as usize);
        let agent = columns.offer_agent.get(body, offer as usize);
        let agent = tables::agent_id(columns.agent.get(body, agent as usize)).ok()?;
        Some((*self.tags.get(itinerary as usize)?, itinerary as u32, agent))
    }

    /// The place of an itinerary with a tag, looked for at a likely place first; good enough for
    /// watching prices, because two of a question's itineraries share a tag once in ten thousand
    /// questions.
    pub(crate) fn tagged(&self, tag: u32, likely: u32) -> Option<u32> {
        if self.tags.get(likely as usize) == Some(&tag) {
            return Some(likely);
        }
        self.tags.iter().position(|&own| own == tag).map(|index| index as u32)
    }

    /// The cheapest price of a seller for an itinerary among an answer's offers; of equal ones and
    /// of those in different currencies the first.
    pub(crate) fn cheapest(
        &self,
        offers: Range<u32>,
        itinerary: u32,
        agent: AgentId,
    ) -> Option<Money> {
        let (columns, body) = (&self.layout.columns, self.layout.body);
        let itinerary = u64::from(itinerary);
        let of = |index: u32| columns.offer_itinerary.get(body, index as usize);
        let mut at = offers.start
            + partition(offers.len() as u32, |index| of(offers.start + index) < itinerary);
        let mut best: Option<Money> = None;
        while at < offers.end && of(at) == itinerary {
            let index = at as usize;
            at += 1;
            let seller = columns.offer_agent.get(body, index) as usize;
            if columns.agent.get(body, seller) != agent.packed() {
                continue;
            }
            let kind = columns.offer_kind.get(body, index) as usize;
            if columns.kind_priced.get(body, kind) == 0 {
                continue;
            }
            let currency = columns.kind_currency.get(body, kind) as u16;
            let minor = unzigzag(columns.offer_price.get(body, index));
            let Some(currency) = domain::CurrencyCode::from_packed(currency) else { continue };
            if best.is_none_or(|best| best.currency == currency && minor < best.minor) {
                best = Some(Money::new(minor, currency));
            }
        }
        best
    }
}

/// The first index below `end` for which `before` is false.
fn partition(end: u32, before: impl Fn(u32) -> bool) -> u32 {
    let (mut low, mut high) = (0, end);
    while low < high {
        let middle = low + (high - low) / 2;
        if before(middle) { low = middle + 1 } else { high = middle }
    }
    low
}
