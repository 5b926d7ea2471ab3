//! Group commit: one queue in front of one writer, and the thread that empties it.
//!
//! Batches wait here until the writer is free and the shortest time between two syncs has passed, or
//! until they are many. All batches of a partition that waited share one write and one sync.
//! Limits: `queued_bytes`; beyond, [`Queue::push`] refuses.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use runtime::{Moment, now, unix_ms};
use storage::disk::Disk;

use super::contract::TopicPartition;
use super::error::LogError;
use super::file::Views;
use super::partition::{Partition, Pending};
use super::settings::LogSettings;

/// Retention is looked after this often.
const RETAIN_EVERY: Duration = Duration::from_secs(10);

/// Batches on their way to the disk.
#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<Waiting>,
    woken: Condvar,
    bytes_max: usize,
    group_bytes: usize,
    between: Duration,
}

#[derive(Debug, Default)]
struct Waiting {
    batches: Vec<(TopicPartition, Pending)>,
    bytes: usize,
    closed: bool,
}

impl Queue {
    pub(super) fn new(settings: &LogSettings) -> Self {
        Self {
            state: Mutex::default(),
            woken: Condvar::new(),
            bytes_max: settings.queued_bytes.size(),
            group_bytes: settings.group_bytes.size(),
            between: settings.commit_ms.ms(),
        }
    }

    fn state(&self) -> MutexGuard<'_, Waiting> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a batch, or answers it with a refusal.
    pub(super) fn push(&self, to: TopicPartition, pending: Pending) {
        let mut state = self.state();
        let refusal = if state.closed {
            Some(LogError::Closed)
        } else if !state.batches.is_empty() && state.bytes + pending.bytes.len() > self.bytes_max {
            Some(LogError::Busy)
        } else {
            None
        };
        if let Some(error) = refusal {
            drop(state);
            pending.answer(Err(error));
            return;
        }
        let first = state.batches.is_empty();
        let before = state.bytes;
        state.bytes += pending.bytes.len();
        let enough = before < self.group_bytes && state.bytes >= self.group_bytes;
        state.batches.push((to, pending));
        drop(state);
        if first || enough {
            self.woken.notify_one();
        }
    }

    pub(super) fn close(&self) {
        self.state().closed = true;
        self.woken.notify_all();
    }

    /// Waits for the next group, at most `longest`; none when closed and empty.
    fn gather(&self, last: Moment, longest: Duration) -> Option<Vec<(TopicPartition, Pending)>> {
        let mut state = self.state();
        if state.batches.is_empty() && !state.closed {
            state = self.wait(state, longest);
        }
        loop {
            let left = (last + self.between).saturating_duration_since(now());
            let ready = state.bytes >= self.group_bytes || state.closed || left.is_zero();
            if ready || state.batches.is_empty() {
                break;
            }
            state = self.wait(state, left);
        }
        if state.closed && state.batches.is_empty() {
            return None;
        }
        state.bytes = 0;
        Some(std::mem::take(&mut state.batches))
    }

    fn wait<'a>(
        &self,
        state: MutexGuard<'a, Waiting>,
        longest: Duration,
    ) -> MutexGuard<'a, Waiting> {
        let waited = self.woken.wait_timeout(state, longest);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// Owns all partitions of a log.
#[derive(Debug)]
pub(super) struct Committer {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) folder: String,
    pub(super) settings: LogSettings,
    pub(super) partitions: BTreeMap<TopicPartition, Partition>,
    pub(super) views: Arc<Views>,
}

impl Committer {
    /// Makes a group durable, partition by partition in the order of their names.
    pub(super) fn commit(&mut self, group: Vec<(TopicPartition, Pending)>) {
        let mut by_partition: BTreeMap<TopicPartition, Vec<Pending>> = BTreeMap::new();
        for (to, pending) in group {
            by_partition.entry(to).or_default().push(pending);
        }
        for (to, pending) in by_partition {
            match self.partition(&to) {
                Ok(partition) => partition.commit(pending, now(), unix_ms()),
                Err(error) => {
                    pending.into_iter().for_each(|pending| pending.answer(Err(error.clone())));
                }
            }
        }
    }

    fn partition(&mut self, of: &TopicPartition) -> Result<&mut Partition, LogError> {
        if !self.partitions.contains_key(of) {
            let most = self.settings.partitions.get();
            if self.partitions.len() as u64 >= most {
                return Err(LogError::TooManyPartitions(most));
            }
            let folder = format!("{}/{of}", self.folder);
            let disk = Arc::clone(&self.disk);
            let opened = Partition::open(disk, folder, self.settings.clone(), unix_ms());
            let partition = opened.map_err(|error| LogError::unreadable(&error))?.partition;
            self.views.insert(of.clone(), Arc::clone(partition.view()));
            self.partitions.insert(of.clone(), partition);
        }
        self.partitions.get_mut(of).ok_or(LogError::Closed)
    }

    pub(super) fn retain(&mut self, now_ms: i64) {
        self.partitions.values_mut().for_each(|partition| partition.retain(now_ms));
    }

    pub(super) fn close(&mut self) {
        self.partitions.values_mut().for_each(Partition::close);
    }
}

/// The life of the writing thread.
pub(super) fn run(queue: &Queue, committer: &Mutex<Committer>) {
    let mut last = now();
    let mut retained = now();
    while let Some(group) = queue.gather(last, RETAIN_EVERY) {
        last = now();
        let mut committer = committer.lock().unwrap_or_else(PoisonError::into_inner);
        if !group.is_empty() {
            committer.commit(group);
        }
        if now().saturating_duration_since(retained) >= RETAIN_EVERY {
            committer.retain(unix_ms());
            retained = now();
        }
    }
    committer.lock().unwrap_or_else(PoisonError::into_inner).close();
}
