//! How a batch stays one on Kafka, which keeps records: each record carries a mark in a header.
//!
//! Flows in: offsets and marks in the order of the log; flows out: which of them are a whole batch.
//! A batch is there if all its records stand one after the other, sent by the same attempt. Records
//! of a batch that was cut short by a crash are strays: nobody sees them.
//!
//! A record without a mark, as other programs write, is a batch of its own.

use std::ops::Range;

use crate::log::batch::{RECORDS_MAX, Stamp};

/// The header that carries the mark; always the last one.
pub(super) const MARK_HEADER: &str = "fareway-batch";
const VERSION: u8 = 1;
const MARK_BYTES: usize = 39;

/// Which record of which batch this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// Who wrote the batch.
    pub(super) stamp: Option<Stamp>,
    /// Differs each time a batch is sent.
    pub(super) attempt: u64,
    /// From 0 on.
    pub(super) index: u32,
    /// Records of the batch, more than `index`.
    pub(super) count: u32,
    /// When it happened: Kafka has no times before 1970.
    pub(super) at_ms: i64,
}

impl Mark {
    pub(super) fn to_bytes(self) -> [u8; MARK_BYTES] {
        let (writer, epoch, sequence) = match self.stamp {
            None => (u64::MAX, 0, 0),
            Some(stamp) => (stamp.writer(), stamp.epoch(), stamp.sequence()),
        };
        let mut bytes = [VERSION; MARK_BYTES];
        bytes[1..9].copy_from_slice(&writer.to_be_bytes());
        bytes[9..11].copy_from_slice(&epoch.to_be_bytes());
        bytes[11..15].copy_from_slice(&sequence.to_be_bytes());
        bytes[15..23].copy_from_slice(&self.attempt.to_be_bytes());
        bytes[23..27].copy_from_slice(&self.index.to_be_bytes());
        bytes[27..31].copy_from_slice(&self.count.to_be_bytes());
        bytes[31..].copy_from_slice(&self.at_ms.to_be_bytes());
        bytes
    }

    /// Reads what [`Self::to_bytes`] writes; none if it is something else.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; MARK_BYTES] = bytes.try_into().ok()?;
        let writer = u64::from_be_bytes(bytes[1..9].try_into().ok()?);
        let stamp = match writer {
            u64::MAX => None,
            writer => Some(Stamp::new(
                writer,
                u16::from_be_bytes(bytes[9..11].try_into().ok()?),
                u32::from_be_bytes(bytes[11..15].try_into().ok()?),
            )?),
        };
        let mark = Self {
            stamp,
            attempt: u64::from_be_bytes(bytes[15..23].try_into().ok()?),
            index: u32::from_be_bytes(bytes[23..27].try_into().ok()?),
            count: u32::from_be_bytes(bytes[27..31].try_into().ok()?),
            at_ms: i64::from_be_bytes(bytes[31..].try_into().ok()?),
        };
        let possible = mark.index < mark.count && mark.count as usize <= RECORDS_MAX;
        (bytes[0] == VERSION && possible).then_some(mark)
    }
}

/// What one more record makes of what came before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It begins a batch that is not whole yet; what was begun before is a stray.
    Begun,
    /// It goes on with the batch that was begun.
    More,
    /// It ends a batch: these offsets.
    Whole(Range<u64>),
    /// It belongs to nothing.
    Stray,
}

/// Puts batches together again.
#[derive(Debug, Default)]
pub(super) struct Grouping {
    begun: Option<(u64, Mark)>,
}

impl Grouping {
    /// Takes the next record of the log.
    pub(super) fn take(&mut self, offset: u64, mark: Mark) -> Step {
        if mark.index == 0 {
            self.begun = Some((offset, mark));
        }
        let Some((base, first)) = self.begun else { return Step::Stray };
        let fits = offset == base + u64::from(mark.index)
            && Mark { index: 0, at_ms: first.at_ms, ..mark } == first;
        if !fits {
            self.begun = None;
            return Step::Stray;
        }
        if mark.index + 1 == mark.count {
            self.begun = None;
            return Step::Whole(base..offset + 1);
        }
        if mark.index == 0 { Step::Begun } else { Step::More }
    }

    /// Where the batch begins that is not whole yet.
    pub(super) fn begun(&self) -> Option<u64> {
        self.begun.map(|(base, _)| base)
    }

    pub(super) fn forget(&mut self) {
        self.begun = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(attempt: u64, index: u32, count: u32) -> Mark {
        let stamp = Stamp::new(9, 3, 70_000);
        Mark { stamp, attempt, index, count, at_ms: -5 - i64::from(index) }
    }

    /// The batches in records at consecutive offsets.
    fn whole(records: &[(u64, Mark)]) -> Vec<(u64, u64)> {
        let mut grouping = Grouping::default();
        let steps = records.iter().map(|&(offset, mark)| grouping.take(offset, mark));
        let ends = |step| match step {
            Step::Whole(range) => Some((range.start, range.end)),
            _ => None,
        };
        steps.filter_map(ends).collect()
    }

    #[test]
    fn a_mark_comes_back_and_nothing_else_is_one() {
        for stamp in [None, Stamp::new(i64::MAX as u64, 32_767, i32::MAX as u32)] {
            let mark = Mark { stamp, ..mark(u64::MAX, 4, 5) };
            assert_eq!(Mark::read(&mark.to_bytes()), Some(mark));
        }
        let bytes = mark(1, 0, 1).to_bytes();
        assert_eq!(Mark::read(&bytes[1..]), None);
        assert_eq!(Mark::read(&mark(1, 5, 5).to_bytes()), None, "index beyond count");
        assert_eq!(Mark::read(&mark(1, 0, u32::MAX).to_bytes()), None, "too many records");
        let mut other = bytes;
        other[0] = 9;
        assert_eq!(Mark::read(&other), None, "another version");
        let mut impossible = bytes;
        impossible[9] = 0xff;
        assert_eq!(Mark::read(&impossible), None, "no such epoch");
    }

    #[test]
    fn records_one_after_the_other_are_a_batch() {
        let records = [(7, mark(1, 0, 1)), (8, mark(2, 0, 2)), (9, mark(2, 1, 2))];
        assert_eq!(whole(&records), [(7, 8), (8, 10)]);
    }

    #[test]
    fn what_a_crash_left_is_not_seen_and_the_repeat_is() {
        let records =
            [(0, mark(1, 0, 3)), (1, mark(1, 1, 3)), (2, mark(2, 0, 2)), (3, mark(2, 1, 2))];
        assert_eq!(whole(&records), [(2, 4)]);
        // The end of one attempt does not go on with the beginning of another.
        let records = [(0, mark(1, 0, 2)), (1, mark(2, 1, 2)), (2, mark(2, 1, 2))];
        assert_eq!(whole(&records), []);
    }

    #[test]
    fn a_gap_or_another_writer_between_breaks_a_batch() {
        assert_eq!(whole(&[(0, mark(1, 0, 2)), (2, mark(1, 1, 2))]), []);
        let between = [(0, mark(1, 0, 2)), (1, mark(5, 0, 1)), (2, mark(1, 1, 2))];
        assert_eq!(whole(&between), [(1, 2)]);
        assert_eq!(
            whole(&[(4, mark(1, 1, 2)), (5, mark(3, 0, 1))]),
            [(5, 6)],
            "begun in the middle"
        );
    }
}
