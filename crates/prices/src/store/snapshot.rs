//! The store as a stream of bytes, and back.
//!
//! ```text
//! magic ── frame … frame ── frame of kind "end" with the count of questions
//! frame: kind, length, xxh3 of the payload, payload (lz4 of about a megabyte of entries)
//! ```
//!
//! A shard is locked only to share the entries of one frame. A stream that ends early, or whose bytes
//! changed, is refused as a whole; then everything comes from the log.

use std::io::{self, Read, Write};

use domain::QuestionKey;
use thiserror::Error;
use xxhash_rust::xxh3::xxh3_64;

use super::entry::Entry;
use super::{PriceStore, StoreSettings, lock};
use crate::block::{Block, put_number, take_number};
use crate::codec::CodecError;
use crate::freshness::{Freshness, Pace};

const MAGIC: &[u8; 8] = b"FWPRICE1";
/// Bytes of entries a frame aims at.
const FRAME_AIM: usize = 1 << 20;
/// Bytes of a frame, packed or not; an entry of the largest answers fits.
const FRAME_MAX: usize = 1 << 30;
/// Questions that are shared at a time.
const PAGE: usize = 64;
const ENTRIES: u8 = 1;
const END: u8 = 2;
const FLOOR: u8 = 3;

/// A snapshot cannot be read.
#[derive(Debug, Error)]
pub enum RestoreError {
    /// Reading failed or ended early.
    #[error("the snapshot of the price store cannot be read: {0}")]
    Read(#[from] io::Error),
    /// The bytes are not a snapshot, or not what was written.
    #[error("the snapshot of the price store is damaged: {0}")]
    Damaged(&'static str),
    /// An entry makes no sense.
    #[error("the snapshot of the price store is damaged: {0}")]
    Entry(#[from] CodecError),
}

impl PriceStore {
    /// Writes everything; returns how many questions. Answers may be taken meanwhile: they are in it
    /// or not, so replay the log from where it stood before this began.
    ///
    /// # Errors
    /// When writing fails.
    pub fn snapshot(&self, out: &mut impl Write) -> io::Result<u64> {
        out.write_all(MAGIC)?;
        let mut count = 0_u64;
        let mut raw = Vec::with_capacity(FRAME_AIM + (FRAME_AIM >> 2));
        for (index, shard) in self.shards.iter().enumerate() {
            let keys = lock(shard).keys();
            for page in keys.chunks(PAGE) {
                let entries = lock(shard).page(page);
                for entry in &entries {
                    put_entry(&mut raw, entry)?;
                    count += 1;
                    if raw.len() >= FRAME_AIM {
                        write_frame(out, ENTRIES, &raw)?;
                        raw.clear();
                    }
                }
            }
            if !raw.is_empty() {
                write_frame(out, ENTRIES, &raw)?;
                raw.clear();
            }
            if let Some(floor_ms) = lock(shard).floor_ms() {
                let mut floor = (index as u64).to_le_bytes().to_vec();
                floor.extend(floor_ms.to_le_bytes());
                write_frame(out, FLOOR, &floor)?;
            }
        }
        write_frame(out, END, &count.to_le_bytes())?;
        out.flush()?;
        Ok(count)
    }

    /// A store from a snapshot. Replay the log from where it stood when the snapshot began, and the
    /// store is what it was.
    ///
    /// # Errors
    /// [`RestoreError`] if the bytes are not a whole snapshot.
    pub fn restore(
        settings: StoreSettings,
        freshness: Freshness,
        mut from: impl Read,
    ) -> Result<Self, RestoreError> {
        let mut magic = [0; MAGIC.len()];
        from.read_exact(&mut magic)?;
        if &magic != MAGIC {
            return Err(RestoreError::Damaged("it does not begin like one"));
        }
        let store = Self::new(settings, freshness);
        let mut count = 0_u64;
        loop {
            let (kind, payload) = read_frame(&mut from)?;
            match kind {
                ENTRIES => count += store.enter_all(&payload)?,
                FLOOR => store.set_floor(&payload)?,
                _ if payload == count.to_le_bytes() => return Ok(store),
                _ => return Err(RestoreError::Damaged("questions are missing")),
            }
        }
    }

    fn enter_all(&self, mut bytes: &[u8]) -> Result<u64, RestoreError> {
        let mut count = 0;
        while !bytes.is_empty() {
            let (key, entry) = take_entry(&mut bytes)?;
            let mut shard = self.shard(key);
            if shard.get(key).is_some() {
                return Err(RestoreError::Damaged("a question stands in it twice"));
            }
            shard.enter(key, Box::new(entry));
            shard.evict(self.shard_bytes());
            count += 1;
        }
        Ok(count)
    }

    fn set_floor(&self, bytes: &[u8]) -> Result<(), RestoreError> {
        const WRONG: RestoreError = RestoreError::Damaged("a floor");
        let (index, floor) = bytes.split_first_chunk().ok_or(WRONG)?;
        let shard = usize::try_from(u64::from_le_bytes(*index)).ok();
        let shard = shard.and_then(|index| self.shards.get(index)).ok_or(WRONG)?;
        let floor = floor.try_into().map_err(|_| WRONG)?;
        lock(shard).set_floor_ms(Some(i64::from_le_bytes(floor)));
        Ok(())
    }
}

fn put_entry(out: &mut Vec<u8>, entry: &Entry) -> io::Result<()> {
    let wrong = |error: CodecError| io::Error::new(io::ErrorKind::InvalidData, error);
    put_number(out, entry.blocks().len() as u64);
    let mut heads = Vec::new();
    for block in entry.blocks() {
        put_number(out, block.bytes().len() as u64);
        out.extend_from_slice(block.bytes());
        heads.push(block.heads().map_err(wrong)?);
    }
    put_number(out, entry.slots().len() as u64);
    for slot in entry.slots() {
        let heads = &heads[usize::from(slot.block)];
        let is = |head: &crate::block::Head| {
            head.partner == slot.partner && head.at_ms == slot.at_ms && head.offers == slot.offers
        };
        let answer = heads.iter().position(is).unwrap_or(usize::MAX);
        put_number(out, u64::from(slot.block));
        put_number(out, answer as u64);
        let (changed, watched) = slot.pace.parts();
        put_number(out, u64::from(changed));
        put_number(out, u64::from(watched));
    }
    Ok(())
}

fn take_entry(bytes: &mut &[u8]) -> Result<(QuestionKey, Entry), CodecError> {
    const WRONG: CodecError = CodecError::Corrupt("an entry");
    let mut blocks = Vec::new();
    for _ in 0..take_number(bytes)? {
        let len = take_number(bytes)? as usize;
        let (own, rest) = bytes.split_at_checked(len).ok_or(CodecError::CutShort)?;
        *bytes = rest;
        blocks.push(Block::from_bytes(own.into())?);
    }
    let mut slots = Vec::new();
    for _ in 0..take_number(bytes)? {
        let block = u16::try_from(take_number(bytes)?).map_err(|_| WRONG)?;
        let answer = u32::try_from(take_number(bytes)?).map_err(|_| WRONG)?;
        let changed = u16::try_from(take_number(bytes)?).map_err(|_| WRONG)?;
        let watched = u16::try_from(take_number(bytes)?).map_err(|_| WRONG)?;
        slots.push((block, answer, Pace::from_parts(changed, watched)));
    }
    let (question, entry) = Entry::from_parts(blocks, slots)?;
    Ok((question.key(), entry))
}

fn write_frame(out: &mut impl Write, kind: u8, raw: &[u8]) -> io::Result<()> {
    let payload = lz4_flex::block::compress_prepend_size(raw);
    let len = u32::try_from(payload.len())
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "a frame of over 4 GB"))?;
    out.write_all(&[kind])?;
    out.write_all(&len.to_le_bytes())?;
    out.write_all(&xxh3_64(&payload).to_le_bytes())?;
    out.write_all(&payload)
}

fn read_frame(from: &mut impl Read) -> Result<(u8, Vec<u8>), RestoreError> {
    let mut head = [0; 13];
    from.read_exact(&mut head)?;
    let [kind, a, b, c, d, sum @ ..] = head;
    let len = u32::from_le_bytes([a, b, c, d]) as usize;
    if !matches!(kind, ENTRIES | END | FLOOR) || len > FRAME_MAX {
        return Err(RestoreError::Damaged("a frame of no known kind"));
    }
    let mut payload = Vec::new();
    from.by_ref().take(len as u64).read_to_end(&mut payload)?;
    if payload.len() != len || xxh3_64(&payload) != u64::from_le_bytes(sum) {
        return Err(RestoreError::Damaged("a frame's checksum"));
    }
    let raw_len = payload.first_chunk().map_or(0, |&len| u32::from_le_bytes(len) as usize);
    if raw_len > FRAME_MAX || raw_len > len.saturating_mul(255) {
        return Err(RestoreError::Damaged("the length of a frame"));
    }
    let raw = lz4_flex::block::decompress_size_prepended(&payload)
        .map_err(|_| RestoreError::Damaged("what lz4 packed"))?;
    Ok((kind, raw))
}
