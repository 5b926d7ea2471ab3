//! Which batch of which writer has been appended, so that each is appended once.
//!
//! For each writer the newest [`WINDOW`] sequences of its newest epoch, each with its offsets. A
//! writer may have that many batches under way and repeat them in any order. Beyond [`WRITERS_MAX`]
//! the writer who appended longest ago is forgotten: its repeats would be appended again.
//! Cost: one look-up a batch; at most 6 KiB a writer.

use std::collections::VecDeque;
use std::ops::Range;

use runtime::FixedMap;

use super::batch::Stamp;

/// Sequences remembered for each writer.
pub(super) const WINDOW: usize = 256;
/// Writers remembered for each partition.
pub(super) const WRITERS_MAX: usize = 1_024;

/// The stamps of one partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Writers {
    writers: FixedMap<u64, Life>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Life {
    epoch: u16,
    /// By sequence.
    seen: VecDeque<(u32, Range<u64>)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    New,
    Repeated(Range<u64>),
    Fenced { epoch: u16 },
    TooOld,
}

impl Writers {
    pub(super) fn judge(&self, stamp: Stamp) -> Verdict {
        let Some(life) = self.writers.get(&stamp.writer()) else { return Verdict::New };
        if stamp.epoch() != life.epoch {
            return if stamp.epoch() > life.epoch {
                Verdict::New
            } else {
                Verdict::Fenced { epoch: life.epoch }
            };
        }
        match life.seen.binary_search_by_key(&stamp.sequence(), |(sequence, _)| *sequence) {
            Ok(at) => Verdict::Repeated(life.seen[at].1.clone()),
            Err(0) if life.seen.len() >= WINDOW => Verdict::TooOld,
            Err(_) => Verdict::New,
        }
    }

    /// Remembers a durable batch.
    pub(super) fn note(&mut self, stamp: Stamp, offsets: Range<u64>) {
        if !self.writers.contains_key(&stamp.writer()) && self.writers.len() >= WRITERS_MAX {
            let newest = |life: &Life| life.seen.iter().map(|(_, at)| at.end).max();
            let oldest = self.writers.iter().min_by_key(|(_, life)| newest(life));
            if let Some(writer) = oldest.map(|(writer, _)| *writer) {
                self.writers.remove(&writer);
            }
        }
        let life = self.writers.entry(stamp.writer()).or_default();
        if stamp.epoch() < life.epoch {
            return;
        }
        if stamp.epoch() > life.epoch {
            *life = Life { epoch: stamp.epoch(), seen: VecDeque::new() };
        }
        let at = life.seen.partition_point(|(sequence, _)| *sequence < stamp.sequence());
        if life.seen.get(at).is_some_and(|(sequence, _)| *sequence == stamp.sequence()) {
            return;
        }
        life.seen.insert(at, (stamp.sequence(), offsets));
        if life.seen.len() > WINDOW {
            life.seen.pop_front();
        }
    }

    pub(super) fn last(&self, writer: u64) -> Option<Stamp> {
        let life = self.writers.get(&writer)?;
        Stamp::new(writer, life.epoch, life.seen.back()?.0)
    }

    /// Every stamp, in an order that does not depend on chance.
    pub(super) fn stamps(&self) -> Vec<(Stamp, Range<u64>)> {
        let mut stamps: Vec<_> = self
            .writers
            .iter()
            .flat_map(|(&writer, life)| {
                life.seen.iter().filter_map(move |(sequence, offsets)| {
                    Some((Stamp::new(writer, life.epoch, *sequence)?, offsets.clone()))
                })
            })
            .collect();
        stamps.sort_by_key(|(stamp, _)| *stamp);
        stamps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(writer: u64, epoch: u16, sequence: u32) -> Stamp {
        Stamp::new(writer, epoch, sequence).unwrap()
    }

    #[test]
    fn a_repeated_sequence_is_known_in_any_order() {
        let mut writers = Writers::default();
        for sequence in [5, 3, 9] {
            writers.note(stamp(1, 0, sequence), u64::from(sequence)..10);
        }
        assert_eq!(writers.judge(stamp(1, 0, 3)), Verdict::Repeated(3..10));
        assert_eq!(writers.judge(stamp(1, 0, 4)), Verdict::New);
        assert_eq!(writers.judge(stamp(2, 0, 3)), Verdict::New);
        assert_eq!(writers.last(1), Some(stamp(1, 0, 9)));
    }

    #[test]
    fn a_new_epoch_shuts_the_old_one_out() {
        let mut writers = Writers::default();
        writers.note(stamp(1, 4, 7), 0..1);
        assert_eq!(writers.judge(stamp(1, 5, 0)), Verdict::New);
        writers.note(stamp(1, 5, 0), 1..2);
        assert_eq!(writers.judge(stamp(1, 4, 8)), Verdict::Fenced { epoch: 5 });
        assert_eq!(writers.judge(stamp(1, 5, 7)), Verdict::New);
    }

    #[test]
    fn what_is_older_than_the_window_is_refused_not_guessed() {
        let mut writers = Writers::default();
        for sequence in 1..=WINDOW as u32 {
            writers.note(stamp(1, 0, sequence), 0..1);
        }
        assert_eq!(writers.judge(stamp(1, 0, 0)), Verdict::TooOld);
        assert_eq!(writers.judge(stamp(1, 0, 1)), Verdict::Repeated(0..1));
    }

    #[test]
    fn the_writer_silent_for_longest_is_forgotten_first() {
        let mut writers = Writers::default();
        for writer in 0..=WRITERS_MAX as u64 {
            writers.note(stamp(writer, 0, 0), writer..writer + 1);
        }
        assert_eq!(writers.judge(stamp(0, 0, 0)), Verdict::New);
        assert_eq!(writers.judge(stamp(1, 0, 0)), Verdict::Repeated(1..2));
        assert_eq!(writers.stamps().len(), WRITERS_MAX);
    }
}
