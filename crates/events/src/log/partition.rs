//! One partition as the writing thread sees it: places batches, makes them durable, closes
//! segments, removes old ones.
//!
//! Flows in: groups of encoded batches; flows out: answers to their writers, and through [`View`]
//! what readers may see. Owns no thread and no clock: time is an argument.
//!
//! After any refusal of the disk it is in trouble: it answers [`LogError::Stopped`] until, at the
//! earliest `retry_ms` later, cutting the file back to its durable bytes has succeeded. What was
//! written but not synced is thereby taken back, so a failed batch is not found later.

mod open;

use std::io;
use std::ops::Range;
use std::sync::Arc;

use runtime::{FixedMap, Moment};
use storage::disk::Disk;
use tokio::sync::oneshot;

use super::batch::{BatchHead, Stamp, set_base_offset};
use super::contract::Appended;
use super::error::LogError;
use super::index::Checkpoint;
use super::segment::Segment;
use super::settings::LogSettings;
use super::view::View;
use super::writers::{Verdict, Writers};

pub(super) use open::{Opened, bases_of, checkpoint, scan_closed, segment_path};

/// Ends of the names of a segment and of the index beside it.
const SEGMENT_END: &str = ".log";
const INDEX_END: &str = ".index";

type Reply = oneshot::Sender<Result<Appended, LogError>>;

/// An encoded batch on its way, and whoever waits for it.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) head: BatchHead,
    pub(super) bytes: Vec<u8>,
    pub(super) reply: Reply,
}

impl Pending {
    /// Whoever waits may have left: then nobody wants the answer.
    pub(super) fn answer(self, result: Result<Appended, LogError>) {
        let _ = self.reply.send(result);
    }
}

#[derive(Debug)]
struct Trouble {
    reason: String,
    until: Moment,
}

/// Batches written into the buffer and not yet on disk.
#[derive(Debug, Default)]
struct Staged {
    bytes: Vec<u8>,
    batches: Vec<(BatchHead, Reply)>,
    stamps: FixedMap<Stamp, Range<u64>>,
    /// Repeats of staged batches: answered with them.
    repeats: Vec<(Range<u64>, Reply)>,
}

#[derive(Debug)]
pub(super) struct Partition {
    disk: Arc<dyn Disk>,
    folder: String,
    settings: LogSettings,
    view: Arc<View>,
    active: Option<Active>,
    /// The offset the next batch gets.
    next: u64,
    /// The active segment takes no more: its successor may already have a name.
    must_roll: bool,
    trouble: Option<Trouble>,
    staged: Staged,
}

#[derive(Debug)]
struct Active {
    segment: Arc<Segment>,
    since_ms: i64,
}

impl Partition {
    pub(super) fn view(&self) -> &Arc<View> {
        &self.view
    }

    /// Makes a group durable and answers all of it.
    pub(super) fn commit(&mut self, group: Vec<Pending>, now: Moment, now_ms: i64) {
        let mut refused = self.recover(now).err();
        for pending in group {
            if refused.is_none() {
                refused = self.make_room(pending.bytes.len(), now, now_ms).err();
            }
            match &refused {
                Some(error) => pending.answer(Err(error.clone())),
                None => self.stage(pending),
            }
        }
        // The answers have gone out; what is refused now is refused to later groups too.
        let _ = self.flush(now);
    }

    /// Gets out of trouble if the time has come.
    fn recover(&mut self, now: Moment) -> Result<(), LogError> {
        let Some(trouble) = &self.trouble else { return Ok(()) };
        if now < trouble.until {
            return Err(self.stopped(trouble));
        }
        match self.repair() {
            Ok(()) => {
                tracing::info!(folder = self.folder, "the log takes batches again");
                self.trouble = None;
                Ok(())
            }
            Err(error) => Err(self.stop(&error, now)),
        }
    }

    /// Takes back what was written but is not known to be durable.
    fn repair(&self) -> io::Result<()> {
        if let Some(active) = &self.active {
            let durable = active.segment.known().bytes;
            if active.segment.file.length()? > durable {
                active.segment.file.truncate(durable)?;
            }
            active.segment.file.sync()?;
            self.disk.sync_dir(&self.folder)?;
        }
        Ok(())
    }

    fn stopped(&self, trouble: &Trouble) -> LogError {
        LogError::Stopped {
            reason: trouble.reason.clone(),
            retry_after: self.settings.retry_ms.ms(),
        }
    }

    fn stop(&mut self, error: &io::Error, now: Moment) -> LogError {
        let trouble =
            Trouble { reason: error.to_string(), until: now + self.settings.retry_ms.ms() };
        let told = self.stopped(&trouble);
        if self.trouble.is_none() {
            tracing::error!(folder = self.folder, %error, "the log stops taking batches");
        }
        self.trouble = Some(trouble);
        told
    }

    /// Sees to it that the active segment can take so many bytes more.
    fn make_room(&mut self, bytes: usize, now: Moment, now_ms: i64) -> Result<(), LogError> {
        let full = match &self.active {
            None => true,
            Some(active) => {
                let filled = active.segment.known().bytes + self.staged.bytes.len() as u64;
                let minutes = self.settings.segment_minutes.get();
                let age_ms = now_ms.saturating_sub(active.since_ms);
                let old = age_ms >= i64::try_from(minutes * 60_000).unwrap_or(i64::MAX);
                let fits = filled + bytes as u64 <= self.settings.segment_bytes.get();
                self.must_roll || (filled > 0 && (old || !fits))
            }
        };
        if !full {
            return Ok(());
        }
        self.flush(now)?;
        self.roll(now_ms).map_err(|error| self.stop(&error, now))
    }

    fn stage(&mut self, mut pending: Pending) {
        let staged = &mut self.staged;
        if let Some(stamp) = pending.head.stamp {
            if let Some(offsets) = staged.stamps.get(&stamp) {
                staged.repeats.push((offsets.clone(), pending.reply));
                return;
            }
            let refusal = match self.view.writers().judge(stamp) {
                Verdict::New => None,
                Verdict::Repeated(offsets) => Some(Ok(Appended { offsets, repeated: true })),
                Verdict::Fenced { epoch } => {
                    Some(Err(LogError::Fenced { writer: stamp.writer(), epoch }))
                }
                Verdict::TooOld => Some(Err(LogError::TooOld {
                    writer: stamp.writer(),
                    sequence: stamp.sequence(),
                })),
            };
            if let Some(answer) = refusal {
                pending.answer(answer);
                return;
            }
        }
        set_base_offset(&mut pending.bytes, self.next);
        let head = BatchHead { base_offset: self.next, ..pending.head };
        self.next = head.end_offset();
        if let Some(stamp) = head.stamp {
            staged.stamps.insert(stamp, head.base_offset..head.end_offset());
        }
        staged.bytes.extend_from_slice(&pending.bytes);
        staged.batches.push((head, pending.reply));
    }

    /// Writes and syncs what is staged, shows it to readers, answers its writers.
    fn flush(&mut self, now: Moment) -> Result<(), LogError> {
        if self.staged.batches.is_empty() {
            return Ok(());
        }
        let mut staged = std::mem::take(&mut self.staged);
        let written = match &self.active {
            None => Err(io::Error::other("no segment")),
            Some(active) => {
                let position = active.segment.known().bytes;
                active
                    .segment
                    .file
                    .write_at(position, &staged.bytes)
                    .and_then(|()| active.segment.file.sync())
            }
        };
        let outcome = match (written, &self.active) {
            (Ok(()), Some(active)) => {
                active.segment.publish(staged.batches.iter().map(|(head, _)| head));
                let mut writers = self.view.writers();
                for (head, _) in &staged.batches {
                    if let Some(stamp) = head.stamp {
                        writers.note(stamp, head.base_offset..head.end_offset());
                    }
                }
                drop(writers);
                self.view.set_end(self.next);
                Ok(())
            }
            (Ok(()), None) => Ok(()),
            (Err(error), _) => {
                self.next = self.view.end();
                // At once if it can be: bytes of a failed sync can be read as if they were durable,
                // and whoever opens the log next would take them for good.
                let _ = self.repair();
                Err(self.stop(&error, now))
            }
        };
        let answer = |offsets, repeated| {
            outcome.as_ref().map_err(Clone::clone).map(|()| Appended { offsets, repeated })
        };
        for (head, reply) in staged.batches.drain(..) {
            let _ = reply.send(answer(head.base_offset..head.end_offset(), false));
        }
        for (offsets, reply) in staged.repeats.drain(..) {
            let _ = reply.send(answer(offsets, true));
        }
        // The buffer is kept for the next group.
        staged.bytes.clear();
        staged.stamps.clear();
        self.staged = staged;
        outcome
    }

    /// Begins a new segment; the one before gets its index file.
    fn roll(&mut self, now_ms: i64) -> io::Result<()> {
        self.must_roll = true;
        if self.active.is_none() {
            self.disk.create_dir(&self.folder)?;
            self.disk.sync_dir(storage::disk::folder_of(&self.folder))?;
        }
        let path = segment_path(&self.folder, self.next);
        let file = self.disk.create(&path)?;
        self.disk.sync_dir(&self.folder)?;
        let segment = Arc::new(Segment::empty(self.next, path, file));
        self.view.segments_mut().push(Arc::clone(&segment));
        self.must_roll = false;
        if let Some(closed) = self.active.replace(Active { segment, since_ms: now_ms }) {
            self.write_checkpoint(&closed.segment);
        }
        Ok(())
    }

    /// Writes the index file of a segment that ends where the partition does. Without it opening
    /// only takes longer.
    fn write_checkpoint(&self, segment: &Segment) {
        let checkpoint = {
            let known = segment.known();
            Checkpoint {
                base: segment.base,
                bytes: known.bytes,
                end_offset: known.end_offset,
                index: known.index.clone(),
                damaged: known.damaged.clone(),
                writers: Writers::clone(&self.view.writers()),
            }
        };
        let path = index_path(&segment.path);
        if let Err(error) = storage::disk::replace_whole(&*self.disk, &path, &checkpoint.encode()) {
            tracing::warn!(path, %error, "an index file was not written");
        }
    }

    /// Removes what is older or more than is to be kept; never the active segment.
    pub(super) fn retain(&mut self, now_ms: i64) {
        let age_ms = i64::try_from(self.settings.retention_minutes.get() * 60_000);
        let oldest_ms = match age_ms {
            Ok(age_ms) if age_ms > 0 => now_ms.saturating_sub(age_ms),
            _ => i64::MIN,
        };
        let bytes_max = match self.settings.retention_bytes.get() {
            0 => u64::MAX,
            bytes => bytes,
        };
        loop {
            let segments = self.view.segments();
            let [first, _, ..] = segments.as_slice() else { return };
            let bytes: u64 = segments.iter().map(|segment| segment.known().bytes).sum();
            if first.known().index.max_ms() >= oldest_ms && bytes <= bytes_max {
                return;
            }
            if let Err(error) = self.remove_first(first) {
                tracing::warn!(path = first.path, %error, "an old segment was not removed");
                return;
            }
        }
    }

    fn remove_first(&self, first: &Segment) -> io::Result<()> {
        let gone = |removed: io::Result<()>| match removed {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        };
        gone(self.disk.remove(&first.path))?;
        self.view.segments_mut().remove(0);
        // One after the other: after a crash the oldest ones are missing, never one between.
        self.disk.sync_dir(&self.folder)?;
        gone(self.disk.remove(&index_path(&first.path)))
    }

    /// Leaves an index file for the active segment, so that opening knows what was durable.
    pub(super) fn close(&mut self) {
        let sound = self.trouble.is_none() || self.repair().is_ok();
        if sound && let Some(active) = &self.active {
            self.write_checkpoint(&active.segment);
        }
    }
}

fn index_path(segment: &str) -> String {
    format!("{}{INDEX_END}", segment.trim_end_matches(SEGMENT_END))
}
