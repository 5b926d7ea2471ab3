//! One partition as readers see it, shared with the thread that writes it.

use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockWriteGuard};

use tokio::sync::watch;

use super::contract::Fetched;
use super::error::{LogError, Lost};
use super::segment::Segment;
use super::writers::Writers;

#[derive(Debug)]
pub(super) struct View {
    /// Oldest first.
    segments: RwLock<Vec<Arc<Segment>>>,
    /// The offset after the last durable record.
    end: watch::Sender<u64>,
    writers: Mutex<Writers>,
}

impl View {
    pub(super) fn new(segments: Vec<Arc<Segment>>, writers: Writers) -> Self {
        let end = segments.last().map_or(0, |segment| segment.known().end_offset);
        Self {
            segments: RwLock::new(segments),
            end: watch::Sender::new(end),
            writers: Mutex::new(writers),
        }
    }

    pub(super) fn segments(&self) -> Vec<Arc<Segment>> {
        self.segments.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn segments_mut(&self) -> RwLockWriteGuard<'_, Vec<Arc<Segment>>> {
        self.segments.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn writers(&self) -> MutexGuard<'_, Writers> {
        self.writers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn end(&self) -> u64 {
        *self.end.borrow()
    }

    pub(super) fn set_end(&self, end: u64) {
        self.end.send_replace(end);
    }

    pub(super) fn watch_end(&self) -> watch::Receiver<u64> {
        self.end.subscribe()
    }

    pub(super) fn bounds(&self) -> Range<u64> {
        let segments = self.segments.read().unwrap_or_else(PoisonError::into_inner);
        segments.first().map_or(0, |first| first.base)..self.end()
    }

    /// What cannot be served.
    pub(super) fn lost(&self) -> Vec<Lost> {
        self.segments().iter().flat_map(|segment| segment.all_lost()).collect()
    }

    pub(super) fn read(&self, offset: u64, bytes_max: usize) -> Result<Fetched, LogError> {
        let bounds = self.bounds();
        if offset < bounds.start {
            return Err(LogError::Gone { start: bounds.start });
        }
        if offset >= bounds.end {
            let empty = Fetched { batches: Vec::new(), next: offset };
            let beyond = LogError::Beyond { end: bounds.end };
            return if offset == bounds.end { Ok(empty) } else { Err(beyond) };
        }
        let segment = {
            let segments = self.segments.read().unwrap_or_else(PoisonError::into_inner);
            let after = segments.partition_point(|segment| segment.base <= offset);
            match after.checked_sub(1) {
                Some(at) => Arc::clone(&segments[at]),
                None => {
                    let start = segments.first().map_or(0, |first| first.base);
                    return Err(LogError::Gone { start });
                }
            }
        };
        let mut batches = segment.read(offset, bytes_max)?;
        // A segment shows a group before the end moves past it: what is beyond the end comes next
        // time, or a reader would be sent to an offset that is refused.
        batches.retain(|batch| batch.offsets().end <= bounds.end);
        let next = batches.last().map_or(offset, |last| last.offsets().end);
        Ok(Fetched { batches, next })
    }

    pub(super) fn offset_at(&self, at_ms: i64) -> Result<Option<u64>, LogError> {
        let end = self.end();
        for segment in self.segments() {
            if segment.known().index.max_ms() < at_ms {
                continue;
            }
            if let Some(offset) = segment.offset_at(at_ms)? {
                return Ok((offset < end).then_some(offset));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
