//! Opening a partition: what is good, what is torn, what is damaged.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use runtime::now;
use storage::disk::{self, Disk, DiskEntry, DiskFile};

use super::super::batch::BatchHead;
use super::super::index::{Checkpoint, FILE_BYTES_MAX};
use super::super::scan::{Damage, scan};
use super::super::segment::{Known, Segment};
use super::super::settings::LogSettings;
use super::super::view::View;
use super::super::writers::Writers;
use super::{Active, INDEX_END, Partition, SEGMENT_END, Staged, index_path};

/// A partition and what was found when it was opened.
#[derive(Debug)]
pub(in crate::log) struct Opened {
    pub(in crate::log) partition: Partition,
    /// The bytes after the last good batch of the last segment, which were never acknowledged.
    pub(in crate::log) torn: Option<(String, Range<u64>)>,
}

impl Partition {
    /// Opens what lies in a folder; an absent or empty one is an empty partition.
    pub(in crate::log) fn open(
        disk: Arc<dyn Disk>,
        folder: String,
        settings: LogSettings,
        now_ms: i64,
    ) -> io::Result<Opened> {
        let bases = bases(&*disk, &folder)?;
        let mut opening = Opening {
            disk: &*disk,
            folder: &folder,
            verify: settings.verify_at_open,
            writers: Writers::default(),
            segments: Vec::new(),
            torn: None,
            spent: false,
        };
        for (at, &base) in bases.iter().enumerate() {
            match bases.get(at + 1) {
                Some(&below) => opening.closed(base, below)?,
                None => opening.last(base)?,
            }
        }
        let Opening { writers, segments, torn, spent, .. } = opening;
        let active =
            segments.last().map(|last| Active { segment: Arc::clone(last), since_ms: now_ms });
        let view = Arc::new(View::new(segments, writers));
        let mut partition = Self {
            disk,
            folder,
            settings,
            next: view.end(),
            view,
            active,
            must_roll: spent,
            trouble: None,
            staged: Staged::default(),
        };
        // Whatever is served from here on is durable: a process that was killed had not synced all
        // that it had written. The same call cuts the torn tail.
        if let Err(error) = partition.repair_after_opening() {
            partition.stop(&error, now());
        }
        Ok(Opened { partition, torn })
    }

    fn repair_after_opening(&self) -> io::Result<()> {
        if self.must_roll { self.disk.sync_dir(&self.folder) } else { self.repair() }
    }
}

/// The first offsets of the segments in a folder, ascending; leftovers are removed.
fn bases(disk: &dyn Disk, folder: &str) -> io::Result<Vec<u64>> {
    let entries = match disk.list(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed?,
    };
    let bases = bases_of(&entries);
    for entry in &entries {
        let orphan = base_of(&entry.name, INDEX_END).is_some_and(|base| !bases.contains(&base));
        if orphan || entry.name.ends_with(".index.draft") {
            // Stays until next time if the disk does not want to.
            let _ = disk.remove(&format!("{folder}/{}", entry.name));
        }
    }
    Ok(bases)
}

/// The first offsets of the segments among names, ascending.
pub(in crate::log) fn bases_of(entries: &[DiskEntry]) -> Vec<u64> {
    let bases = entries.iter().filter_map(|entry| base_of(&entry.name, SEGMENT_END));
    let mut bases: Vec<u64> = bases.collect();
    bases.sort_unstable();
    bases
}

fn base_of(name: &str, end: &str) -> Option<u64> {
    let digits = name.strip_suffix(end).filter(|digits| digits.len() == 20)?;
    digits.parse().ok()
}

/// The file of a segment.
pub(in crate::log) fn segment_path(folder: &str, base: u64) -> String {
    format!("{folder}/{base:020}{SEGMENT_END}")
}

/// What the index file beside a segment says, if it can be read.
pub(in crate::log) fn checkpoint(disk: &dyn Disk, segment: &str, base: u64) -> Option<Checkpoint> {
    let bytes = disk::read_whole(disk, &index_path(segment), FILE_BYTES_MAX).ok()?;
    Checkpoint::decode(&bytes).filter(|checkpoint| checkpoint.base == base)
}

/// What a segment of so many bytes holds whose successor begins at `below`, by reading all of it.
pub(in crate::log) fn scan_closed(
    file: &dyn DiskFile,
    length: u64,
    offsets: Range<u64>,
    on_batch: impl FnMut(&BatchHead),
) -> io::Result<Known> {
    let below = offsets.end;
    let found = scan(file, length, offsets, on_batch)?;
    let mut damaged = found.damaged;
    if found.end_offset < below || found.good_bytes < length {
        let offsets = found.end_offset..below;
        damaged.push(Damage { offsets, bytes: found.good_bytes..length });
    }
    Ok(Known { bytes: length, end_offset: below, index: found.index, damaged })
}

struct Opening<'a> {
    disk: &'a dyn Disk,
    folder: &'a str,
    verify: bool,
    writers: Writers,
    segments: Vec<Arc<Segment>>,
    torn: Option<(String, Range<u64>)>,
    /// The last segment is damaged at its end: it takes nothing more.
    spent: bool,
}

impl Opening<'_> {
    /// A segment with a successor that begins at `below`.
    fn closed(&mut self, base: u64, below: u64) -> io::Result<()> {
        let path = segment_path(self.folder, base);
        let file = self.disk.open(&path)?;
        let length = file.length()?;
        let checkpoint = checkpoint(self.disk, &path, base);
        if let Some(checkpoint) = checkpoint {
            let whole = checkpoint.bytes == length && checkpoint.end_offset == below;
            if whole && !self.verify {
                let Checkpoint { bytes, end_offset, index, damaged, writers, .. } = checkpoint;
                self.writers = writers;
                let known = Known { bytes, end_offset, index, damaged };
                self.segments.push(Arc::new(Segment::new(base, path, file, known)));
                return Ok(());
            }
            self.note_all(&checkpoint.writers);
        }
        let writers = &mut self.writers;
        let known = scan_closed(&*file, length, base..below, |head| {
            if let Some(stamp) = head.stamp {
                writers.note(stamp, head.base_offset..head.end_offset());
            }
        })?;
        self.segments.push(Arc::new(Segment::new(base, path, file, known)));
        Ok(())
    }

    /// The segment that takes what comes next.
    fn last(&mut self, base: u64) -> io::Result<()> {
        let path = segment_path(self.folder, base);
        let file = self.disk.open(&path)?;
        let length = file.length()?;
        let checkpoint = checkpoint(self.disk, &path, base);
        if let Some(checkpoint) = &checkpoint {
            self.note_all(&checkpoint.writers);
        }
        let writers = &mut self.writers;
        let found = scan(&*file, length, base..u64::MAX, |head| {
            if let Some(stamp) = head.stamp {
                writers.note(stamp, head.base_offset..head.end_offset());
            }
        })?;
        let mut known = Known {
            bytes: found.good_bytes,
            end_offset: found.end_offset,
            index: found.index,
            damaged: found.damaged,
        };
        match checkpoint {
            // What was durable and is not good any more is damage, not a torn tail.
            Some(checkpoint) if checkpoint.end_offset > found.end_offset => {
                let offsets = found.end_offset..checkpoint.end_offset;
                known.damaged.push(Damage { offsets, bytes: found.good_bytes..length });
                known.bytes = length;
                known.end_offset = checkpoint.end_offset;
                self.spent = true;
            }
            _ if found.good_bytes < length => {
                self.torn = Some((path.clone(), found.good_bytes..length));
            }
            _ => {}
        }
        self.segments.push(Arc::new(Segment::new(base, path, file, known)));
        Ok(())
    }

    fn note_all(&mut self, writers: &Writers) {
        for (stamp, offsets) in writers.stamps() {
            self.writers.note(stamp, offsets);
        }
    }
}
