//! The sparse index of a segment, and the file beside it.
//!
//! One entry for about every [`STEP_BYTES`] of batches: offset, position, and the latest time of all
//! records before it. It is derived: the file is written when a segment is closed, so that opening
//! need not read the segment, and whoever finds it missing or damaged scans instead.
//!
//! File: magic, version, then big-endian numbers, then CRC-32C of all before it.

use std::ops::Range;

use super::batch::{BatchHead, Stamp, checksum};
use super::scan::Damage;
use super::writers::Writers;

/// Bytes of batches for one entry.
const STEP_BYTES: u64 = 32 << 10;
const MAGIC: &[u8; 8] = b"fwindex\x01";
/// Longest index file.
pub(super) const FILE_BYTES_MAX: u64 = 64 << 20;

/// Where batches are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Index {
    entries: Vec<Entry>,
    /// Latest time of a record, Unix milliseconds.
    max_ms: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    offset: u64,
    position: u64,
    /// Latest time of all records before.
    before_ms: i64,
}

impl Default for Index {
    fn default() -> Self {
        Self { entries: Vec::new(), max_ms: i64::MIN }
    }
}

impl Index {
    /// Takes the next batch.
    pub(super) fn note(&mut self, head: &BatchHead, position: u64) {
        if self.entries.last().is_none_or(|last| position - last.position >= STEP_BYTES) {
            let entry = Entry { offset: head.base_offset, position, before_ms: self.max_ms };
            self.entries.push(entry);
        }
        self.max_ms = self.max_ms.max(head.max_ms);
    }

    /// Latest time of a record; the earliest there is without records.
    pub(super) fn max_ms(&self) -> i64 {
        self.max_ms
    }

    /// A position at or before the batch of an offset.
    pub(super) fn position_of(&self, offset: u64) -> u64 {
        let after = self.entries.partition_point(|entry| entry.offset <= offset);
        after.checked_sub(1).map_or(0, |at| self.entries[at].position)
    }

    /// An offset at or before the first record at or after a time.
    pub(super) fn offset_before(&self, at_ms: i64) -> Option<u64> {
        let after = self.entries.partition_point(|entry| entry.before_ms < at_ms);
        Some(self.entries.get(after.saturating_sub(1))?.offset)
    }
}

/// What is known of a segment up to some length: all of it was durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Checkpoint {
    pub(super) base: u64,
    pub(super) bytes: u64,
    pub(super) end_offset: u64,
    pub(super) index: Index,
    pub(super) damaged: Vec<Damage>,
    /// Of the partition, up to here.
    pub(super) writers: Writers,
}

impl Checkpoint {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        let mut put = |number: u64| bytes.extend_from_slice(&number.to_be_bytes());
        put(self.base);
        put(self.bytes);
        put(self.end_offset);
        put(self.index.max_ms as u64);
        put(self.index.entries.len() as u64);
        for entry in &self.index.entries {
            put(entry.offset);
            put(entry.position);
            put(entry.before_ms as u64);
        }
        put(self.damaged.len() as u64);
        for damage in &self.damaged {
            for range in [&damage.offsets, &damage.bytes] {
                put(range.start);
                put(range.end);
            }
        }
        let stamps = self.writers.stamps();
        put(stamps.len() as u64);
        for (stamp, offsets) in &stamps {
            put(stamp.writer());
            put(u64::from(stamp.epoch()) << 32 | u64::from(stamp.sequence()));
            put(offsets.start);
            put(offsets.end);
        }
        let sum = checksum(&bytes);
        bytes.extend_from_slice(&sum.to_be_bytes());
        bytes
    }

    /// Reads what [`Self::encode`] wrote; none for any other bytes.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (body, sum) = bytes.split_last_chunk::<4>()?;
        if checksum(body) != u32::from_be_bytes(*sum) {
            return None;
        }
        let mut rest = Numbers(body.strip_prefix(MAGIC)?);
        let (base, length, end_offset) = (rest.take()?, rest.take()?, rest.take()?);
        let max_ms = rest.take()? as i64;
        let entries = rest.list(3, |rest| {
            let (offset, position) = (rest.take()?, rest.take()?);
            Some(Entry { offset, position, before_ms: rest.take()? as i64 })
        })?;
        let damaged =
            rest.list(4, |rest| Some(Damage { offsets: rest.range()?, bytes: rest.range()? }))?;
        let stamps = rest.list(4, |rest| {
            let (writer, place) = (rest.take()?, rest.take()?);
            let epoch = u16::try_from(place >> 32).ok()?;
            Some((Stamp::new(writer, epoch, place as u32)?, rest.range()?))
        })?;
        let mut writers = Writers::default();
        stamps.into_iter().for_each(|(stamp, offsets)| writers.note(stamp, offsets));
        let index = Index { entries, max_ms };
        let read = Self { base, bytes: length, end_offset, index, damaged, writers };
        rest.0.is_empty().then_some(read)
    }
}

struct Numbers<'a>(&'a [u8]);

impl Numbers<'_> {
    fn take(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(u64::from_be_bytes(*number))
    }

    fn range(&mut self) -> Option<Range<u64>> {
        let (start, end) = (self.take()?, self.take()?);
        (start <= end).then_some(start..end)
    }

    /// A count and that many items of `numbers` numbers each.
    fn list<T>(
        &mut self,
        numbers: usize,
        mut item: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let count = usize::try_from(self.take()?).ok()?;
        if count > self.0.len() / (8 * numbers) {
            return None;
        }
        (0..count).map(|_| item(self)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint() -> Checkpoint {
        let mut writers = Writers::default();
        let mut index = Index::default();
        for number in 0..100 {
            let stamp = Stamp::new(number % 3, 0, number as u32).unwrap();
            writers.note(stamp, number..number + 1);
            let mut bytes = super::super::Batch::one(super::super::Record::of("x", number as i64))
                .encode()
                .unwrap();
            super::super::batch::set_base_offset(&mut bytes, number);
            index.note(&BatchHead::verify(&bytes).unwrap(), number * STEP_BYTES / 2);
        }
        let damaged = vec![Damage { offsets: 3..4, bytes: 99..200 }];
        Checkpoint { base: 0, bytes: 1 << 20, end_offset: 100, index, damaged, writers }
    }

    #[test]
    fn a_checkpoint_reads_back_as_itself_and_damaged_ones_are_refused() {
        let checkpoint = checkpoint();
        let bytes = checkpoint.encode();
        assert_eq!(Checkpoint::decode(&bytes), Some(checkpoint));
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 4;
            assert_eq!(Checkpoint::decode(&damaged), None, "byte {at}");
            assert_eq!(Checkpoint::decode(&bytes[..at]), None, "cut at {at}");
        }
    }

    #[test]
    fn the_index_leads_to_or_before_what_is_looked_for() {
        let index = checkpoint().index;
        assert_eq!(index.entries.len(), 50);
        for number in 0..100 {
            assert_eq!(index.position_of(number), (number / 2) * STEP_BYTES);
            let offset = index.offset_before(number as i64).unwrap();
            assert!(offset <= number && number - offset <= 2, "{offset} for {number}");
        }
        assert_eq!(index.max_ms(), 99);
    }
}
