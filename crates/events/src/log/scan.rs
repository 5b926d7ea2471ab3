//! Walks the bytes of a segment and says what is good, what is damaged and what is torn.
//!
//! Flows in: a file and what is known about it; flows out: [`Scanned`]. Pure apart from reading.
//! Each batch must follow the one before it without a gap, in bytes and in offsets, with a good
//! checksum. Where one does not, the next good batch is looked for: first where the damaged one says
//! it ends, then byte by byte. What lies between is damaged; if none is found, the rest is a tail.
//!
//! Limits: at most [`RETRIED_BYTES_MAX`] bytes are checksummed in vain, so that bytes made up to look
//! like many batches cannot hold it up.
//! Cost: one pass of CRC-32C; memory of one window and the longest batch.

use std::io;
use std::ops::Range;

use storage::disk::DiskFile;

use super::batch::{BATCH_BYTES_MAX, BatchHead, HEAD_BYTES, PLACE_BYTES, RECORDS_MAX};
use super::index::Index;

const WINDOW_BYTES: usize = 1 << 20;
const RETRIED_BYTES_MAX: u64 = 1 << 30;

/// Damaged bytes and the offsets that were in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Damage {
    pub(crate) offsets: Range<u64>,
    pub(crate) bytes: Range<u64>,
}

/// What a segment holds.
#[derive(Debug)]
pub(crate) struct Scanned {
    pub(crate) index: Index,
    /// Where the good bytes end.
    pub(crate) good_bytes: u64,
    /// The offset after the last good batch.
    pub(crate) end_offset: u64,
    /// Ranges between good batches.
    pub(crate) damaged: Vec<Damage>,
}

/// Scans the first `length` bytes of a file whose first batch and whose successor begin with the
/// given offsets; hands each good batch header to `on_batch`.
pub(crate) fn scan(
    file: &dyn DiskFile,
    length: u64,
    offsets: Range<u64>,
    mut on_batch: impl FnMut(&BatchHead),
) -> io::Result<Scanned> {
    let Range { start: base, end: below } = offsets;
    let mut window = Window { file, length, start: 0, bytes: Vec::new() };
    let mut found =
        Scanned { index: Index::default(), good_bytes: 0, end_offset: base, damaged: Vec::new() };
    let mut budget = RETRIED_BYTES_MAX;
    let mut position = 0;
    while position < length {
        let expected = found.end_offset;
        let next = match window.batch(position)? {
            Some(head) if head.base_offset == expected && head.end_offset() <= below => {
                Some((position, head))
            }
            _ => window.resync(position, expected..below, &mut budget)?,
        };
        let Some((at, head)) = next else { break };
        if at != position {
            let damage = Damage { offsets: expected..head.base_offset, bytes: position..at };
            found.damaged.push(damage);
        }
        found.index.note(&head, at);
        on_batch(&head);
        found.end_offset = head.end_offset();
        position = at + head.bytes as u64;
        found.good_bytes = position;
    }
    Ok(found)
}

/// A part of the file in memory.
struct Window<'a> {
    file: &'a dyn DiskFile,
    length: u64,
    start: u64,
    bytes: Vec<u8>,
}

impl Window<'_> {
    /// At most `wanted` bytes from a position; fewer at the end of the file.
    fn at(&mut self, position: u64, wanted: usize) -> io::Result<&[u8]> {
        let left = self.length.saturating_sub(position);
        let wanted = wanted.min(usize::try_from(left).unwrap_or(usize::MAX));
        let end = position + wanted as u64;
        if position < self.start || end > self.start + self.bytes.len() as u64 {
            let size = wanted.max(WINDOW_BYTES).min(usize::try_from(left).unwrap_or(usize::MAX));
            self.bytes.resize(size, 0);
            self.start = position;
            let mut read = self.file.read_at(position, &mut self.bytes);
            if read.is_err() {
                // One bad sector does not cost its neighbours.
                self.bytes.truncate(wanted);
                read = self.file.read_at(position, &mut self.bytes);
            }
            self.bytes.truncate(*read.as_ref().unwrap_or(&0));
            read?;
        }
        let from = (position - self.start) as usize;
        let end = (from + wanted).min(self.bytes.len());
        Ok(self.bytes.get(from..end).unwrap_or_default())
    }

    /// The header of a whole and good batch at a position.
    fn batch(&mut self, position: u64) -> io::Result<Option<BatchHead>> {
        let Ok(head) = BatchHead::read(self.at(position, HEAD_BYTES)?) else { return Ok(None) };
        let batch = self.at(position, head.bytes)?;
        Ok(BatchHead::verify(batch).ok())
    }

    /// Where the batch at a position says it ends, in bytes and in records.
    fn claim(&mut self, position: u64) -> io::Result<Option<(u64, u64)>> {
        let head = self.at(position, HEAD_BYTES)?;
        let number = |at: usize| {
            let bytes = head.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
            bytes.map(u32::from_be_bytes)
        };
        let (Some(length), Some(count)) = (number(8), number(57)) else { return Ok(None) };
        let sane = (HEAD_BYTES - PLACE_BYTES..BATCH_BYTES_MAX).contains(&(length as usize));
        let end = position + PLACE_BYTES as u64 + u64::from(length);
        Ok((sane && count > 0).then_some((end, u64::from(count))))
    }

    /// Finds the next good batch after a damaged one.
    fn resync(
        &mut self,
        damaged: u64,
        offsets: Range<u64>,
        budget: &mut u64,
    ) -> io::Result<Option<(u64, BatchHead)>> {
        let fits = |head: &BatchHead, at: u64| {
            let skipped = head.base_offset.checked_sub(offsets.start);
            // No more records can be missing than the bytes between could have held batches of.
            let most = ((at - damaged) / HEAD_BYTES as u64 + 1) * RECORDS_MAX as u64;
            skipped.is_some_and(|skipped| skipped <= most) && head.end_offset() <= offsets.end
        };
        // A claim is believed only if bytes and records agree: a damaged length must not lead past
        // batches that are good.
        if let Some((end, count)) = self.claim(damaged)?
            && let Some(head) = self.batch(end)?
            && head.base_offset == offsets.start + count
            && fits(&head, end)
        {
            return Ok(Some((end, head)));
        }
        let last = self.length.saturating_sub(HEAD_BYTES as u64);
        for at in damaged + 1..=last {
            let Ok(head) = BatchHead::read(self.at(at, HEAD_BYTES)?) else { continue };
            if !fits(&head, at) || at + head.bytes as u64 > self.length {
                continue;
            }
            if let Some(head) = self.batch(at)? {
                return Ok(Some((at, head)));
            }
            *budget = budget.saturating_sub(head.bytes as u64);
            if *budget == 0 {
                break;
            }
        }
        Ok(None)
    }
}
