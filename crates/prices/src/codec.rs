//! Batches of answers as bytes: what the log carries.
//!
//! ```text
//! version, count of blocks, length of each ── lz4 of the blocks, end to end
//! ```
//!
//! A block holds the answers to one question; flights that several answers share are kept once.
//! What comes back is each answer [as remembered](crate::seen::remembered): without links and fare
//! details, offers in the order of their itineraries. Answers to one question stay in their order.
//!
//! Any bytes may be read: they give answers or a [`CodecError`], within [`OFFERS_MAX`] and
//! [`BYTES_MAX`].

use std::sync::Arc;

use domain::{Answer, Question, QuestionKey};
use runtime::FixedMap;
use thiserror::Error;

use crate::block::{Block, Head, Part, put_number, shred, take_number};
use crate::seen::Seen;

/// Offers in a batch.
pub const OFFERS_MAX: usize = 1 << 20;
/// Answers in a batch.
pub const ANSWERS_MAX: usize = 1 << 16;
/// Bytes of a batch before packing.
pub const BYTES_MAX: usize = 64 << 20;
/// Questions in a batch.
const BLOCKS_MAX: usize = 1 << 16;
/// The version written; others are refused.
const VERSION: u8 = 1;

/// Bytes are not a batch, or answers do not fit into one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CodecError {
    /// Written by another version.
    #[error("version {0} of a price batch is not known")]
    Version(u8),
    /// Bytes are missing, or there are too many.
    #[error("the price batch is cut short or too long")]
    CutShort,
    /// A part makes no sense.
    #[error("the price batch is corrupt: {0}")]
    Corrupt(&'static str),
    /// More than a batch may hold.
    #[error("too large for a price batch: {0}")]
    TooLarge(&'static str),
}

/// Packs answers.
///
/// # Errors
/// [`CodecError::TooLarge`] beyond the limits.
pub fn encode(seen: &[Seen]) -> Result<Vec<u8>, CodecError> {
    Batch::of(seen)?.to_bytes()
}

/// Reads answers, grouped by question.
///
/// # Errors
/// [`CodecError`] for anything but the bytes of a batch.
pub fn decode(bytes: &[u8]) -> Result<Vec<Seen>, CodecError> {
    let mut all = Vec::new();
    let unpacked = unpack(bytes)?;
    for block in unpacked.blocks()? {
        put_seen(&mut all, Block::read(block)?);
    }
    Ok(all)
}

fn put_seen(all: &mut Vec<Seen>, (question, answers): (Question, Vec<(Head, Answer)>)) {
    let question = Arc::new(question);
    all.extend(answers.into_iter().map(|(head, answer)| Seen {
        partner: head.partner,
        question: Arc::clone(&question),
        at_ms: head.at_ms,
        answer: Arc::new(answer),
    }));
}

/// Answers in columns: what is packed for the log and what the store keeps, made once for both.
///
/// ```
/// use prices::codec::Batch;
/// use prices::store::{PriceStore, StoreSettings};
/// use prices::freshness::Freshness;
///
/// # let seen: Vec<prices::Seen> = Vec::new();
/// let store = PriceStore::new(StoreSettings::default(), Freshness::default());
/// let batch = Batch::of(&seen)?;
/// let for_the_log = batch.to_bytes()?;
/// store.take_batch(batch)?;
/// // and after a restart
/// store.take_batch(Batch::from_bytes(&for_the_log)?)?;
/// # Ok::<(), prices::codec::CodecError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Batch {
    pub(crate) blocks: Vec<(QuestionKey, Block)>,
}

impl Batch {
    /// A batch of answers.
    ///
    /// # Errors
    /// [`CodecError::TooLarge`] beyond the limits.
    pub fn of(seen: &[Seen]) -> Result<Self, CodecError> {
        Ok(Self { blocks: blocks_of(seen)? })
    }

    /// A batch that was packed, checked whole.
    ///
    /// # Errors
    /// [`CodecError`] for anything but the bytes of a batch.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        let unpacked = unpack(bytes)?;
        let mut blocks = Vec::with_capacity(unpacked.lens.len());
        for own in unpacked.blocks()? {
            let block = Block::from_bytes(own.into())?;
            blocks.push((block.question()?.key(), block));
        }
        Ok(Self { blocks })
    }

    /// Packs it.
    ///
    /// # Errors
    /// [`CodecError::TooLarge`] beyond the limits.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CodecError> {
        pack(self.blocks.iter().map(|(_, block)| block.bytes()))
    }

    /// Its answers, grouped by question.
    ///
    /// # Errors
    /// None that is known: a batch was checked when it was made.
    pub fn seen(&self) -> Result<Vec<Seen>, CodecError> {
        let mut all = Vec::new();
        for (_, block) in &self.blocks {
            put_seen(&mut all, Block::read(block.bytes())?);
        }
        Ok(all)
    }

    /// Offers in it.
    #[must_use]
    pub fn offers(&self) -> usize {
        self.blocks.iter().map(|(_, block)| block.offers()).sum()
    }
}

/// One block for each question, in the order in which the questions come.
fn blocks_of(seen: &[Seen]) -> Result<Vec<(QuestionKey, Block)>, CodecError> {
    let offers: usize = seen.iter().map(|seen| seen.answer.offers().len()).sum();
    if offers > OFFERS_MAX || seen.len() > ANSWERS_MAX {
        return Err(CodecError::TooLarge("offers or answers"));
    }
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut known: FixedMap<QuestionKey, usize> = FixedMap::default();
    let mut last = 0;
    for one in seen {
        let is = |group: &Group<'_>| {
            std::ptr::eq(group.question, &*one.question) || group.question == &*one.question
        };
        if !groups.get(last).is_some_and(|group| std::ptr::eq(group.question, &*one.question)) {
            let key = one.question.key();
            last = match known.get(&key) {
                Some(&at) if is(&groups[at]) => at,
                _ => {
                    groups.push(Group { key, question: &one.question, parts: Vec::new() });
                    known.insert(key, groups.len() - 1);
                    groups.len() - 1
                }
            };
        }
        let Seen { partner, question: _, at_ms, answer } = one;
        groups[last].parts.push(Part { partner: *partner, at_ms: *at_ms, answer });
    }
    let mut blocks = Vec::with_capacity(groups.len());
    for Group { key, question, parts } in groups {
        for parts in parts.chunks(crate::block::ANSWERS_MAX) {
            blocks.push((key, shred(question, parts)?));
        }
    }
    Ok(blocks)
}

#[derive(Debug)]
struct Group<'a> {
    key: QuestionKey,
    question: &'a Question,
    parts: Vec<Part<'a>>,
}

/// Packs the bytes of blocks.
fn pack<'a>(
    blocks: impl ExactSizeIterator<Item = &'a [u8]> + Clone,
) -> Result<Vec<u8>, CodecError> {
    let raw_len: usize = blocks.clone().map(<[u8]>::len).sum();
    if raw_len > BYTES_MAX || blocks.len() > BLOCKS_MAX {
        return Err(CodecError::TooLarge("bytes or questions"));
    }
    let most = lz4_flex::block::get_maximum_output_size(raw_len);
    let mut out = Vec::with_capacity(most + 8 + 4 * blocks.len());
    out.push(VERSION);
    put_number(&mut out, blocks.len() as u64);
    for block in blocks.clone() {
        put_number(&mut out, block.len() as u64);
    }
    let mut raw = Vec::with_capacity(raw_len);
    for block in blocks {
        let start = raw.len();
        raw.extend_from_slice(block);
        let ascending = Block::ascending(block)?;
        differences(&mut raw[start..][ascending]);
    }
    let start = out.len();
    out.resize(start + most, 0);
    let packed = lz4_flex::block::compress_into(&raw, &mut out[start..])
        .map_err(|_| CodecError::TooLarge("bytes"))?;
    out.truncate(start + packed);
    Ok(out)
}

/// The blocks' bytes, end to end.
#[derive(Debug)]
struct Unpacked {
    raw: Vec<u8>,
    lens: Vec<usize>,
}

fn unpack(mut bytes: &[u8]) -> Result<Unpacked, CodecError> {
    let (&version, rest) = bytes.split_first().ok_or(CodecError::CutShort)?;
    bytes = rest;
    if version != VERSION {
        return Err(CodecError::Version(version));
    }
    let count = take_number(&mut bytes)?;
    if count > BLOCKS_MAX as u64 {
        return Err(CodecError::TooLarge("questions"));
    }
    let mut lens = Vec::new();
    let mut raw_len = 0;
    for _ in 0..count {
        let len = take_number(&mut bytes)?.min(BYTES_MAX as u64 + 1) as usize;
        raw_len += len;
        if raw_len > BYTES_MAX {
            return Err(CodecError::TooLarge("bytes"));
        }
        lens.push(len);
    }
    // lz4 cannot say more than 255 bytes with one
    if raw_len > bytes.len().saturating_mul(255) {
        return Err(CodecError::CutShort);
    }
    let mut raw = lz4_flex::block::decompress(bytes, raw_len)
        .map_err(|_| CodecError::Corrupt("what lz4 packed"))?;
    if raw.len() != raw_len {
        return Err(CodecError::CutShort);
    }
    let mut start = 0;
    for &len in &lens {
        let own = raw.get_mut(start..start + len).ok_or(CodecError::CutShort)?;
        let ascending = Block::ascending(own)?;
        sums(&mut own[ascending]);
        start += len;
    }
    Ok(Unpacked { raw, lens })
}

/// Each byte less the one before it.
fn differences(bytes: &mut [u8]) {
    let mut before = 0;
    for byte in bytes {
        let own = *byte;
        *byte = own.wrapping_sub(before);
        before = own;
    }
}

/// The inverse of [`differences`].
fn sums(bytes: &mut [u8]) {
    let mut before = 0_u8;
    for byte in bytes {
        before = before.wrapping_add(*byte);
        *byte = before;
    }
}

impl Unpacked {
    /// Each block's bytes, if together they do not say more than a batch may hold.
    fn blocks(&self) -> Result<Vec<&[u8]>, CodecError> {
        let mut blocks = Vec::with_capacity(self.lens.len());
        let mut rest = self.raw.as_slice();
        let (mut answers, mut offers) = (0, 0);
        for &len in &self.lens {
            let (own, others) = rest.split_at_checked(len).ok_or(CodecError::CutShort)?;
            rest = others;
            let size = Block::size(own)?;
            (answers, offers) = (answers + size.answers, offers + size.offers);
            if answers > ANSWERS_MAX || offers > OFFERS_MAX {
                return Err(CodecError::TooLarge("offers or answers"));
            }
            blocks.push(own);
        }
        Ok(blocks)
    }
}

#[cfg(test)]
mod tests;
