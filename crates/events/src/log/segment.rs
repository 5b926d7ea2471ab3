//! One file of a partition, as readers see it: only what is durable.

use std::io;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use bytes::Bytes;
use storage::disk::DiskFile;

use super::batch::{BatchHead, HEAD_BYTES};
use super::contract::StoredBatch;
use super::error::{LogError, Lost};
use super::index::Index;
use super::scan::{Damage, scan};

/// Most bytes read from the disk at once, unless one batch is longer.
const CHUNK_BYTES: usize = 4 << 20;
/// Read before the asked offset, because the index is sparse.
const BEFORE_BYTES: usize = 48 << 10;

/// A segment file.
#[derive(Debug)]
pub(super) struct Segment {
    /// Offset of its first record; its name.
    pub(super) base: u64,
    pub(super) path: String,
    pub(super) file: Arc<dyn DiskFile>,
    state: RwLock<Known>,
}

/// What is known of it.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// Durable bytes.
    pub(super) bytes: u64,
    pub(super) end_offset: u64,
    pub(super) index: Index,
    pub(super) damaged: Vec<Damage>,
}

/// Why a try to read gave nothing.
enum Miss {
    Failed(LogError),
    /// The bytes are not what they were: look at all of them again.
    Changed,
}

impl From<LogError> for Miss {
    fn from(error: LogError) -> Self {
        Self::Failed(error)
    }
}

impl Segment {
    pub(super) fn new(base: u64, path: String, file: Arc<dyn DiskFile>, known: Known) -> Self {
        Self { base, path, file, state: RwLock::new(known) }
    }

    /// A segment without a batch.
    pub(super) fn empty(base: u64, path: String, file: Arc<dyn DiskFile>) -> Self {
        let known =
            Known { bytes: 0, end_offset: base, index: Index::default(), damaged: Vec::new() };
        Self::new(base, path, file, known)
    }

    pub(super) fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes batches that are durable now visible; they follow each other from `position` on.
    pub(super) fn publish<'a>(&self, heads: impl Iterator<Item = &'a BatchHead>) {
        let mut known = self.state.write().unwrap_or_else(PoisonError::into_inner);
        for head in heads {
            let position = known.bytes;
            known.index.note(head, position);
            known.bytes += head.bytes as u64;
            known.end_offset = head.end_offset();
        }
    }

    fn lost(&self, damage: &Damage) -> Lost {
        Lost {
            offsets: damage.offsets.clone(),
            file: self.path.clone(),
            bytes: damage.bytes.clone(),
        }
    }

    /// What cannot be served.
    pub(super) fn all_lost(&self) -> Vec<Lost> {
        self.known().damaged.iter().map(|damage| self.lost(damage)).collect()
    }

    /// Batches from the one that holds an offset on, at least one.
    pub(super) fn read(&self, offset: u64, bytes_max: usize) -> Result<Vec<StoredBatch>, LogError> {
        match self.try_read(offset, bytes_max) {
            Ok(batches) => Ok(batches),
            Err(Miss::Failed(error)) => Err(error),
            Err(Miss::Changed) => {
                self.look_again()?;
                self.try_read(offset, bytes_max).map_err(|miss| match miss {
                    Miss::Failed(error) => error,
                    Miss::Changed => LogError::Unreadable(format!("{} changes", self.path)),
                })
            }
        }
    }

    fn try_read(&self, offset: u64, bytes_max: usize) -> Result<Vec<StoredBatch>, Miss> {
        let (mut position, end, damaged) = {
            let known = self.known();
            let inside = known.damaged.iter().find(|damage| damage.offsets.contains(&offset));
            if let Some(damage) = inside {
                return Err(LogError::Lost(self.lost(damage)).into());
            }
            (known.index.position_of(offset), known.bytes, known.damaged.clone())
        };
        let mut batches: Vec<StoredBatch> = Vec::new();
        let wanted = bytes_max.min(CHUNK_BYTES) + BEFORE_BYTES;
        let mut needed = HEAD_BYTES;
        while position < end && batches.is_empty() {
            if let Some(hole) = damaged.iter().find(|hole| hole.bytes.start == position)
                && !hole.bytes.is_empty()
            {
                position = hole.bytes.end;
                continue;
            }
            let chunk = self.chunk(position, end, wanted, needed)?;
            if (chunk.len() as u64) < (needed as u64).min(end - position) {
                // Somebody has cut the file.
                return Err(Miss::Changed);
            }
            needed = HEAD_BYTES;
            let mut walk = Walk { chunk, at: 0, taken: 0 };
            let stop = |at: u64| damaged.iter().any(|hole| hole.bytes.start == at) || at >= end;
            while !stop(position + walk.at as u64) {
                match walk.head() {
                    Err(more) if position + walk.at as u64 + more as u64 > end => {
                        return Err(Miss::Changed);
                    }
                    Err(more) => {
                        needed = more;
                        break;
                    }
                    Ok(None) => return Err(Miss::Changed),
                    Ok(Some(head)) if position + (walk.at + head.bytes) as u64 > end => {
                        return Err(Miss::Changed);
                    }
                    Ok(Some(head)) if head.end_offset() <= offset => walk.at += head.bytes,
                    Ok(Some(head)) if walk.at + head.bytes > walk.chunk.len() => {
                        needed = head.bytes;
                        break;
                    }
                    Ok(Some(head)) => {
                        if !batches.is_empty() && walk.taken + head.bytes > bytes_max {
                            return Ok(batches);
                        }
                        let expected = batches.last().map_or(offset, |last| last.offsets().end);
                        let follows = if batches.is_empty() {
                            head.base_offset <= expected
                        } else {
                            head.base_offset == expected
                        };
                        if !follows {
                            return Err(Miss::Changed);
                        }
                        batches.push(walk.take(head).ok_or(Miss::Changed)?);
                    }
                }
            }
            position += walk.at as u64;
        }
        if batches.is_empty() { Err(Miss::Changed) } else { Ok(batches) }
    }

    /// Bytes from a position on: as many as wanted, or, where the disk does not give these, as
    /// many as are needed to go on. One bad sector does not cost its neighbours.
    fn chunk(
        &self,
        position: u64,
        end: u64,
        wanted: usize,
        needed: usize,
    ) -> Result<Bytes, LogError> {
        let left = usize::try_from(end - position).unwrap_or(usize::MAX);
        let read = |size: usize| {
            let mut chunk = vec![0; size.min(left)];
            let read = self.file.read_at(position, &mut chunk)?;
            chunk.truncate(read);
            Ok::<Bytes, io::Error>(chunk.into())
        };
        let chunk = read(wanted.max(needed)).or_else(|_| read(needed));
        chunk.map_err(|error| LogError::unreadable(&error))
    }

    /// Finds out which bytes have changed since they were written.
    pub(super) fn look_again(&self) -> Result<(), LogError> {
        // Held throughout: a commit must not add to what is being replaced.
        let mut known = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let length = self.file.length().map_err(|error| LogError::unreadable(&error))?;
        let length = length.min(known.bytes);
        let found = scan(&*self.file, length, self.base..known.end_offset, |_| ())
            .map_err(|error| LogError::unreadable(&error))?;
        known.index = found.index;
        known.damaged = found.damaged;
        if found.end_offset < known.end_offset {
            let offsets = found.end_offset..known.end_offset;
            let bytes = found.good_bytes..known.bytes;
            known.damaged.push(Damage { offsets, bytes });
        }
        if !known.damaged.is_empty() {
            let damaged = known.damaged.len();
            tracing::error!(file = self.path, damaged, "a segment is damaged");
        }
        Ok(())
    }

    /// The offset of the first record at or after a time.
    pub(super) fn offset_at(&self, at_ms: i64) -> Result<Option<u64>, LogError> {
        let (start, end) = {
            let known = self.known();
            (known.index.offset_before(at_ms), known.end_offset)
        };
        let Some(mut offset) = start else { return Ok(None) };
        while offset < end {
            let batches = match self.read(offset, CHUNK_BYTES) {
                Err(LogError::Lost(lost)) => {
                    offset = lost.offsets.end;
                    continue;
                }
                read => read?,
            };
            for batch in &batches {
                offset = batch.offsets().end;
                if batch.head().max_ms < at_ms {
                    continue;
                }
                let records = batch.records()?;
                let found = records.iter().position(|record| record.at_ms >= at_ms);
                return Ok(Some(batch.offsets().start + found.unwrap_or(0) as u64));
            }
        }
        Ok(None)
    }
}

/// Goes through a chunk, batch by batch.
struct Walk {
    chunk: Bytes,
    at: usize,
    taken: usize,
}

impl Walk {
    /// The next header; none if there is no batch; how many bytes from here are needed if the chunk
    /// ends before.
    fn head(&self) -> Result<Option<BatchHead>, usize> {
        // A batch that is passed over may end after the chunk.
        let rest = self.chunk.get(self.at..).unwrap_or_default();
        if rest.len() < HEAD_BYTES {
            return Err(HEAD_BYTES);
        }
        match BatchHead::read(rest) {
            Err(_) => Ok(None),
            Ok(head) => Ok(Some(head)),
        }
    }

    fn take(&mut self, head: BatchHead) -> Option<StoredBatch> {
        let bytes = self.chunk.slice(self.at..self.at + head.bytes);
        BatchHead::verify(&bytes).ok()?;
        self.at += head.bytes;
        self.taken += head.bytes;
        Some(StoredBatch::new(head, bytes))
    }
}
