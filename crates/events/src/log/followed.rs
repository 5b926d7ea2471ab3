//! The log of another process, read while that process writes it.
//!
//! It takes no lock and changes nothing on the disk. The files are looked at again when somebody asks,
//! at most every [`LOOK_EVERY`]: whole batches with a good checksum that follow what is known are
//! taken, and whatever else is there may still become one; what is damaged and followed by a good batch is
//! named as lost. A closed segment is known by its index
//! file, or read whole.
//!
//! It cannot know what its writer has synced. So a batch can be read some milliseconds before it is
//! acknowledged, and one that the writer takes back after a failed sync can have been read. Whoever
//! cannot bear that reads where the writer is.
//!
//! Limits: [`PARTITIONS_MAX`] partitions that exist; the memory of their indexes, some 12 B for every
//! 32 KiB of log.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use runtime::{Moment, Workers, now};
use storage::disk::{Disk, DiskFile};

use super::batch::{BATCH_BYTES_MAX, BatchHead};
use super::contract::{Answer, Fetched, ReadLog, TopicPartition};
use super::error::LogError;
use super::partition::{bases_of, checkpoint, scan_closed, segment_path};
use super::scan::scan;
use super::segment::{Known, Segment};
use super::view::View;
use super::writers::Writers;

/// Shortest time between two looks at the files of a partition, and how long a waiting reader rests.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Most partitions that are followed at once.
const PARTITIONS_MAX: usize = 256;
/// Jobs that may wait for a reading thread.
const READS_QUEUED: usize = 256;
/// Bytes read at once, unless one batch is longer.
const CHUNK_BYTES: usize = 1 << 20;

/// A log that another process writes into a folder of a disk.
pub struct FollowedLog {
    disk: Arc<dyn Disk>,
    folder: String,
    readers: Option<Workers>,
    partitions: Mutex<BTreeMap<TopicPartition, Arc<Followed>>>,
}

impl fmt::Debug for FollowedLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FollowedLog").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl FollowedLog {
    /// Follows the log in a folder, which need not be there yet, with so many threads that read.
    ///
    /// # Errors
    /// [`LogError::Unreadable`] if there are no threads.
    pub fn open(disk: Arc<dyn Disk>, folder: &str, readers: usize) -> Result<Self, LogError> {
        let readers = Workers::start("log-follow", readers, READS_QUEUED)
            .map_err(|error| LogError::unreadable(&error))?;
        Ok(Self { readers: Some(readers), ..Self::open_inline(disk, folder) })
    }

    /// The same without threads: whoever reads waits for the disk.
    #[must_use]
    pub fn open_inline(disk: Arc<dyn Disk>, folder: &str) -> Self {
        Self { disk, folder: folder.to_owned(), readers: None, partitions: Mutex::default() }
    }

    /// Runs on a view of what is there by now.
    async fn on_view<T: Send + 'static>(
        &self,
        of: &TopicPartition,
        run: impl FnOnce(&View) -> Result<T, LogError> + Send + 'static,
    ) -> Result<T, LogError> {
        let followed = self.followed(of)?;
        let work = move || {
            followed.look().map_err(|error| LogError::unreadable(&error))?;
            run(&followed.view)
        };
        match &self.readers {
            Some(readers) => readers.run(work).await.unwrap_or(Err(LogError::Closed)),
            None => work(),
        }
    }

    fn followed(&self, of: &TopicPartition) -> Result<Arc<Followed>, LogError> {
        let mut partitions = self.partitions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(followed) = partitions.get(of) {
            return Ok(Arc::clone(followed));
        }
        if partitions.len() >= PARTITIONS_MAX {
            // What nobody has appended to says nothing that would have to be known again.
            partitions.retain(|_, followed| followed.view.end() > 0);
            if partitions.len() >= PARTITIONS_MAX {
                return Err(LogError::TooManyPartitions(PARTITIONS_MAX as u64));
            }
        }
        let followed = Arc::new(Followed {
            disk: Arc::clone(&self.disk),
            folder: format!("{}/{of}", self.folder),
            view: View::new(Vec::new(), Writers::default()),
            looked: Mutex::default(),
        });
        partitions.insert(of.clone(), Arc::clone(&followed));
        Ok(followed)
    }
}

/// One partition.
#[derive(Debug)]
struct Followed {
    disk: Arc<dyn Disk>,
    folder: String,
    view: View,
    looked: Mutex<Looked>,
}

/// What is remembered of the look before.
#[derive(Debug, Default)]
struct Looked {
    at: Option<Moment>,
    /// The last segment and its length, if bytes at its end were no batch.
    stuck: Option<(u64, u64)>,
    /// The same, read whole because of that.
    read_whole: Option<(u64, u64)>,
}

impl Followed {
    /// Takes up what was written since the last look.
    fn look(&self) -> io::Result<()> {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        if looked.at.is_some_and(|at| now().saturating_duration_since(at) < LOOK_EVERY) {
            return Ok(());
        }
        let bases = match self.disk.list(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            listed => bases_of(&listed?),
        };
        let before = self.view.segments();
        let mut segments: Vec<Arc<Segment>> = Vec::with_capacity(bases.len());
        for (at, &base) in bases.iter().enumerate() {
            let known = before.iter().find(|segment| segment.base == base);
            let segment = match bases.get(at + 1) {
                Some(&below) => self.closed(known, base..below),
                None => self.last(known, base, &mut looked),
            };
            match segment {
                Ok(segment) => segments.push(segment),
                // Retention was faster.
                Err(error) if error.kind() == io::ErrorKind::NotFound && segments.is_empty() => {}
                Err(error) => return Err(error),
            }
        }
        let end = segments.last().map_or(0, |last| last.known().end_offset);
        *self.view.segments_mut() = segments;
        self.view.set_end(end);
        looked.at = Some(now());
        Ok(())
    }

    /// A segment that gets nothing more.
    fn closed(
        &self,
        known: Option<&Arc<Segment>>,
        offsets: Range<u64>,
    ) -> io::Result<Arc<Segment>> {
        if let Some(segment) = known {
            extend(segment)?;
            if segment.known().end_offset == offsets.end {
                return Ok(Arc::clone(segment));
            }
        }
        let base = offsets.start;
        let path = segment_path(&self.folder, base);
        let file = self.disk.open(&path)?;
        let length = file.length()?;
        let index = checkpoint(&*self.disk, &path, base)
            .filter(|index| index.bytes == length && index.end_offset == offsets.end);
        let known = match index {
            Some(index) => Known {
                bytes: length,
                end_offset: index.end_offset,
                index: index.index,
                damaged: index.damaged,
            },
            None => scan_closed(&*file, length, offsets, |_| ())?,
        };
        Ok(Arc::new(Segment::new(base, path, file, known)))
    }

    /// The segment that is written.
    fn last(
        &self,
        known: Option<&Arc<Segment>>,
        base: u64,
        looked: &mut Looked,
    ) -> io::Result<Arc<Segment>> {
        let anew = || {
            let path = segment_path(&self.folder, base);
            let file = self.disk.open(&path)?;
            // Damage before a good batch is passed over; behind the last one may be what is being written.
            let found = scan(&*file, file.length()?, base..u64::MAX, |_| ())?;
            let known = Known {
                bytes: found.good_bytes,
                end_offset: found.end_offset,
                index: found.index,
                damaged: found.damaged,
            };
            Ok::<_, io::Error>(Arc::new(Segment::new(base, path, file, known)))
        };
        let mut segment = known.map_or_else(anew, |known| Ok(Arc::clone(known)))?;
        if segment.file.length()? < segment.known().bytes {
            // Its writer took something back.
            segment = anew()?;
        }
        extend(&segment)?;
        let length = segment.file.length()?;
        let stuck = (segment.known().bytes < length).then_some((base, length));
        // Bytes that do not become a batch: what was taken back and written again is found by reading
        // from the start, once.
        if stuck.is_some() && stuck == looked.stuck && stuck != looked.read_whole {
            looked.read_whole = stuck;
            segment = anew()?;
            extend(&segment)?;
        }
        looked.stuck = stuck;
        Ok(segment)
    }
}

/// Takes up whole and good batches that follow each other.
fn extend(segment: &Segment) -> io::Result<()> {
    let length = segment.file.length()?;
    loop {
        let (position, next) = {
            let known = segment.known();
            (known.bytes, known.end_offset)
        };
        let heads = batches(&*segment.file, position..length, next)?;
        if heads.is_empty() {
            return Ok(());
        }
        segment.publish(heads.iter());
    }
}

/// The good batches at the start of some bytes of a file: as many as a chunk has, but one if there is
/// one.
fn batches(file: &dyn DiskFile, bytes: Range<u64>, next: u64) -> io::Result<Vec<BatchHead>> {
    let left = usize::try_from(bytes.end.saturating_sub(bytes.start)).unwrap_or(usize::MAX);
    let read = |size: usize| {
        let mut chunk = vec![0; size];
        let read = file.read_at(bytes.start, &mut chunk)?;
        chunk.truncate(read);
        Ok::<_, io::Error>(good_batches(&chunk, next))
    };
    let (heads, first) = read(CHUNK_BYTES.min(left))?;
    match first {
        Some(needed) if heads.is_empty() && needed > CHUNK_BYTES && needed <= left => {
            Ok(read(needed.min(BATCH_BYTES_MAX))?.0)
        }
        _ => Ok(heads),
    }
}

/// The good batches at the start of a chunk, and how long the first one says it is.
fn good_batches(chunk: &[u8], mut next: u64) -> (Vec<BatchHead>, Option<usize>) {
    let (mut at, mut heads, mut first) = (0, Vec::new(), None);
    while let Some(Ok(head)) = chunk.get(at..).map(BatchHead::read) {
        first = first.or(Some(head.bytes));
        let whole = chunk.get(at..at + head.bytes);
        let good = whole.is_some_and(|whole| BatchHead::verify(whole).is_ok());
        if !good || head.base_offset != next {
            break;
        }
        at += head.bytes;
        next = head.end_offset();
        heads.push(head);
    }
    (heads, first)
}

impl ReadLog for FollowedLog {
    fn read<'a>(
        &'a self,
        from: &'a TopicPartition,
        offset: u64,
        bytes_max: usize,
    ) -> Answer<'a, Fetched> {
        Box::pin(self.on_view(from, move |view| view.read(offset, bytes_max)))
    }

    fn offset_at<'a>(&'a self, of: &'a TopicPartition, at_ms: i64) -> Answer<'a, Option<u64>> {
        Box::pin(self.on_view(of, move |view| view.offset_at(at_ms)))
    }

    fn bounds<'a>(&'a self, of: &'a TopicPartition) -> Answer<'a, Range<u64>> {
        Box::pin(self.on_view(of, |view| Ok(view.bounds())))
    }

    fn reaches<'a>(&'a self, of: &'a TopicPartition, offset: u64) -> Answer<'a, ()> {
        Box::pin(async move {
            while self.bounds(of).await?.end <= offset {
                tokio::time::sleep(LOOK_EVERY).await;
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests;
