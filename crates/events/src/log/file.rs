//! The embedded log: segment files on a disk, one thread that writes them.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use runtime::{NamedThread, Workers, unix_ms};
use storage::disk::{Disk, DiskLock, folder_of};
use tokio::sync::{Notify, oneshot};

use super::batch::{Batch, BatchHead, Stamp};
use super::commit::{Committer, Queue, run};
use super::contract::{Answer, Appended, Appending, Fetched, Log, ReadLog, TopicPartition};
use super::error::{LogError, Lost};
use super::partition::{Opened, Partition, Pending};
use super::settings::LogSettings;
use super::view::View;

/// Jobs that may wait for a reading thread.
const READS_QUEUED: usize = 1_024;

/// What readers see of each partition.
#[derive(Debug, Default)]
pub(super) struct Views {
    views: RwLock<BTreeMap<TopicPartition, Arc<View>>>,
    /// Rung when a partition is added.
    added: Notify,
}

impl Views {
    pub(super) fn insert(&self, of: TopicPartition, view: Arc<View>) {
        self.views.write().unwrap_or_else(PoisonError::into_inner).insert(of, view);
        self.added.notify_waiters();
    }

    fn get(&self, of: &TopicPartition) -> Option<Arc<View>> {
        self.views.read().unwrap_or_else(PoisonError::into_inner).get(of).cloned()
    }

    async fn get_or_wait(&self, of: &TopicPartition) -> Arc<View> {
        loop {
            let added = self.added.notified();
            if let Some(view) = self.get(of) {
                return view;
            }
            added.await;
        }
    }

    fn all(&self) -> Vec<(TopicPartition, Arc<View>)> {
        let views = self.views.read().unwrap_or_else(PoisonError::into_inner);
        views.iter().map(|(of, view)| (of.clone(), Arc::clone(view))).collect()
    }
}

/// The bytes after the last good batch of a segment: a write that a crash interrupted. They had not
/// been acknowledged and were cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// The file, within the log's folder.
    pub file: String,
    /// The bytes.
    pub bytes: Range<u64>,
}

/// What is wrong or was put right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogReport {
    /// Tails cut when the log was opened.
    pub torn: Vec<TornTail>,
    /// Ranges that cannot be served, as far as they are known by now.
    pub lost: Vec<(TopicPartition, Lost)>,
}

/// The embedded log.
///
/// ```
/// use std::sync::Arc;
/// use events::log::{Batch, FileLog, LogSettings, Record, Stamp, TopicPartition};
/// use storage::disk::FaultDisk; // or RealDisk::open("a/folder")?
///
/// let disk = Arc::new(FaultDisk::from_seed(1));
/// let log = FileLog::open(disk, "log", LogSettings::default())?;
/// let prices = TopicPartition::new("prices", 0)?;
///
/// let batch = Batch::one(Record::of("EDI-SIN 431.20", 1_764_000_000_000).with_schema(7));
/// let batch = batch.stamped(Stamp::new(1, 0, 0).unwrap());
/// let first = log.append_now(&prices, &batch).wait()?; // or `.await` it
/// assert_eq!(first.offsets, 0..1);
/// // The same batch again is not appended again.
/// assert!(log.append_now(&prices, &batch).wait()?.repeated);
///
/// let fetched = log.read_now(&prices, 0, 1 << 20)?;
/// assert_eq!(fetched.batches[0].records()?[0].value, "EDI-SIN 431.20");
/// assert_eq!(fetched.next, 1);
/// # Ok::<(), events::log::LogError>(())
/// ```
pub struct FileLog {
    settings: LogSettings,
    committer: Arc<Mutex<Committer>>,
    queue: Arc<Queue>,
    views: Arc<Views>,
    readers: Option<Workers>,
    torn: Vec<TornTail>,
    /// None if whoever appends also writes.
    thread: Option<NamedThread>,
    _lock: Option<DiskLock>,
}

impl fmt::Debug for FileLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileLog").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl FileLog {
    /// Opens the log in a folder of a disk, making it if need be, and starts its threads.
    ///
    /// # Errors
    /// [`LogError::InUse`] if another process has it, [`LogError::Unreadable`] if the disk does not
    /// give what it holds. Damage is no error: see [`Self::report`].
    pub fn open(
        disk: Arc<dyn Disk>,
        folder: &str,
        settings: LogSettings,
    ) -> Result<Self, LogError> {
        let mut log = Self::open_inline(disk, folder, settings)?;
        let started = |error: io::Error| LogError::unreadable(&error);
        let readers = Workers::start("log-read", log.settings.readers.size(), READS_QUEUED);
        log.readers = Some(readers.map_err(started)?);
        let (queue, committer) = (Arc::clone(&log.queue), Arc::clone(&log.committer));
        let thread = NamedThread::start("log-write", move || run(&queue, &committer));
        log.thread = Some(thread.map_err(started)?);
        Ok(log)
    }

    /// The same without threads: whoever appends writes and syncs, whoever reads waits for the disk.
    /// For simulations, where the order of everything must be the same each time.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_inline(
        disk: Arc<dyn Disk>,
        folder: &str,
        settings: LogSettings,
    ) -> Result<Self, LogError> {
        let unreadable = |error: io::Error| LogError::unreadable(&error);
        let lock = prepare(&*disk, folder)?;
        let views = Arc::new(Views::default());
        let mut partitions = BTreeMap::new();
        let mut torn = Vec::new();
        let entries = match disk.list(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            listed => listed.map_err(unreadable)?,
        };
        for entry in entries.into_iter().filter(|entry| entry.is_dir) {
            let Some(of) = TopicPartition::parse(&entry.name) else { continue };
            let path = format!("{folder}/{of}");
            let opened = Partition::open(Arc::clone(&disk), path, settings.clone(), unix_ms());
            let Opened { partition, torn: tail } = opened.map_err(unreadable)?;
            torn.extend(tail.map(|(file, bytes)| TornTail { file, bytes }));
            for lost in partition.view().lost() {
                tracing::error!(partition = %of, %lost, "a segment is damaged");
            }
            views.insert(of.clone(), Arc::clone(partition.view()));
            partitions.insert(of, partition);
        }
        for tail in &torn {
            tracing::warn!(file = tail.file, bytes = ?tail.bytes, "a torn tail was cut");
        }
        let queue = Arc::new(Queue::new(&settings));
        let committer = Committer {
            disk,
            folder: folder.to_owned(),
            settings: settings.clone(),
            partitions,
            views: Arc::clone(&views),
        };
        Ok(Self {
            settings,
            committer: Arc::new(Mutex::new(committer)),
            queue,
            views,
            readers: None,
            torn,
            thread: None,
            _lock: lock,
        })
    }

    /// Appends a batch: encodes it here, queues it for the writing thread.
    pub fn append_now(&self, to: &TopicPartition, batch: &Batch) -> Appending {
        let encoded = batch.encode().and_then(|bytes| Ok((BatchHead::read(&bytes)?, bytes)));
        let (head, bytes) = match encoded {
            Ok(encoded) => encoded,
            Err(error) => return Appending::known(Err(error.into())),
        };
        let (reply, receiver) = oneshot::channel::<Result<Appended, LogError>>();
        let pending = Pending { head, bytes, reply };
        if self.thread.is_some() {
            self.queue.push(to.clone(), pending);
        } else {
            self.with_committer(|committer| committer.commit(vec![(to.clone(), pending)]));
        }
        Appending::waiting(receiver)
    }

    /// Reads, holding the thread while the disk works.
    ///
    /// # Errors
    /// As [`ReadLog::read`].
    pub fn read_now(
        &self,
        from: &TopicPartition,
        offset: u64,
        bytes_max: usize,
    ) -> Result<Fetched, LogError> {
        match self.views.get(from) {
            Some(view) => view.read(offset, bytes_max),
            None if offset == 0 => Ok(Fetched::default()),
            None => Err(LogError::Beyond { end: 0 }),
        }
    }

    /// The offset of the first record at or after a time, holding the thread while the disk works.
    ///
    /// # Errors
    /// As [`ReadLog::offset_at`].
    pub fn offset_at_now(&self, of: &TopicPartition, at_ms: i64) -> Result<Option<u64>, LogError> {
        self.views.get(of).map_or(Ok(None), |view| view.offset_at(at_ms))
    }

    /// The first offset that is kept and the one the next record will get.
    #[must_use]
    pub fn bounds_now(&self, of: &TopicPartition) -> Range<u64> {
        self.views.get(of).map_or(0..0, |view| view.bounds())
    }

    /// The newest stamp of a writer.
    #[must_use]
    pub fn last_stamp_now(&self, of: &TopicPartition, writer: u64) -> Option<Stamp> {
        self.views.get(of)?.writers().last(writer)
    }

    /// The partitions there are.
    #[must_use]
    pub fn partitions(&self) -> Vec<TopicPartition> {
        self.views.all().into_iter().map(|(of, _)| of).collect()
    }

    /// What was cut at opening and what is known to be lost.
    #[must_use]
    pub fn report(&self) -> LogReport {
        let lost = self
            .views
            .all()
            .into_iter()
            .flat_map(|(of, view)| view.lost().into_iter().map(move |lost| (of.clone(), lost)));
        LogReport { torn: self.torn.clone(), lost: lost.collect() }
    }

    /// Compares every checksum of all closed segments, so that damage is known before anybody reads
    /// there. Reads everything: gigabytes take seconds, and the thread is held that long.
    ///
    /// # Errors
    /// [`LogError::Unreadable`] if the disk does not give what it holds.
    pub fn verify(&self) -> Result<LogReport, LogError> {
        for (_, view) in self.views.all() {
            let segments = view.segments();
            let closed = segments.split_last().map_or(&[][..], |(_, closed)| closed);
            closed.iter().try_for_each(|segment| segment.look_again())?;
        }
        Ok(self.report())
    }

    /// Removes what is older or more than is to be kept, as the writing thread does by itself.
    pub fn retain(&self, now_ms: i64) {
        self.with_committer(|committer| committer.retain(now_ms));
    }

    fn with_committer<T>(&self, run: impl FnOnce(&mut Committer) -> T) -> T {
        run(&mut self.committer.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn on_reader<T: Send + 'static>(
        &self,
        of: &TopicPartition,
        otherwise: T,
        run: impl FnOnce(&View) -> Result<T, LogError> + Send + 'static,
    ) -> Result<T, LogError> {
        let Some(view) = self.views.get(of) else { return Ok(otherwise) };
        match &self.readers {
            Some(readers) => readers.run(move || run(&view)).await.unwrap_or(Err(LogError::Closed)),
            None => run(&view),
        }
    }
}

/// Makes the folder and takes its lock. A disk that takes no changes can be read without.
fn prepare(disk: &dyn Disk, folder: &str) -> Result<Option<DiskLock>, LogError> {
    let mut made = disk.create_dir(folder);
    let mut above = folder;
    // Every folder on the way may be new.
    while made.is_ok() && !above.is_empty() {
        above = folder_of(above);
        made = disk.sync_dir(above);
    }
    if let Err(error) = made {
        tracing::warn!(folder, %error, "the log's folder cannot be made");
    }
    match disk.lock(&format!("{folder}/lock")) {
        Ok(lock) => Ok(Some(lock)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(LogError::InUse),
        Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem => Ok(None),
        Err(error) => Err(LogError::unreadable(&error)),
    }
}

impl Drop for FileLog {
    /// Writes what is queued, then closes.
    fn drop(&mut self) {
        self.queue.close();
        match self.thread.take() {
            Some(thread) => drop(thread),
            None => self.with_committer(Committer::close),
        }
    }
}

impl ReadLog for FileLog {
    fn read<'a>(
        &'a self,
        from: &'a TopicPartition,
        offset: u64,
        bytes_max: usize,
    ) -> Answer<'a, Fetched> {
        Box::pin(async move {
            if self.views.get(from).is_none() {
                return self.read_now(from, offset, bytes_max);
            }
            self.on_reader(from, Fetched::default(), move |view| view.read(offset, bytes_max)).await
        })
    }

    fn offset_at<'a>(&'a self, of: &'a TopicPartition, at_ms: i64) -> Answer<'a, Option<u64>> {
        Box::pin(self.on_reader(of, None, move |view| view.offset_at(at_ms)))
    }

    fn bounds<'a>(&'a self, of: &'a TopicPartition) -> Answer<'a, Range<u64>> {
        Box::pin(async move { Ok(self.bounds_now(of)) })
    }

    fn reaches<'a>(&'a self, of: &'a TopicPartition, offset: u64) -> Answer<'a, ()> {
        Box::pin(async move {
            let view = self.views.get_or_wait(of).await;
            let mut end = view.watch_end();
            let reached = end.wait_for(|end| *end > offset).await;
            reached.map(|_| ()).map_err(|_| LogError::Closed)
        })
    }
}

impl Log for FileLog {
    fn append(&self, to: &TopicPartition, batch: &Batch) -> Appending {
        self.append_now(to, batch)
    }

    fn last_stamp<'a>(&'a self, of: &'a TopicPartition, writer: u64) -> Answer<'a, Option<Stamp>> {
        Box::pin(async move { Ok(self.last_stamp_now(of, writer)) })
    }
}
