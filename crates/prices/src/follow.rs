//! The history follows the log: every batch once, in order, and a snapshot with the place it stands for.
//!
//! ```text
//! open: snapshot ─▶ History at offset n
//! run:  log from n on ─▶ History ─▶ snapshot every few minutes and at the end
//! ```
//!
//! The log forgets after days, the history keeps months: so unlike the other indexes it cannot be
//! made from the log alone. A snapshot that cannot be read is told and put aside, with `.refused` after
//! its name, and the history starts from what the log still has.
//!
//! Limits: one read of the log at a time. Cost: batches are unpacked once more, about a tenth of the
//! time it took to remember them.

use std::io::{self, BufReader, BufWriter, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use events::log::{Log, LogError, TopicPartition};
use runtime::{Shutdown, Workers};
use storage::disk::{self, Cursor, Disk};

use crate::codec;
use crate::history::{History, HistorySettings};
use crate::indicative::{EuroRates, reduce};
use crate::memory::{SCHEMA, SCHEMA_FORGET, TOPIC};
use crate::store::Invalidation;

/// Bytes of the log read at once.
const READ_BYTES: usize = 4 << 20;
/// Largest snapshot that is read.
const SNAPSHOT_BYTES_MAX: u64 = 16 << 30;
/// Bytes written and read at once.
const BUFFER: usize = 1 << 20;
/// Wait after the log could not be read.
const AFTER_ERROR: Duration = Duration::from_secs(1);
/// What follows the name of a snapshot that is put aside.
const REFUSED: &str = ".refused";
/// Begins a snapshot: format and version.
const MAGIC: &[u8; 8] = b"fwhist01";

/// Keeps a history in step with the log.
#[derive(Debug)]
pub struct Follower {
    log: Arc<dyn Log>,
    partition: TopicPartition,
    disk: Arc<dyn Disk>,
    path: String,
    rates: Arc<EuroRates>,
    history: Arc<History>,
    /// The first offset that is not in the history.
    offset: u64,
}

/// What a follower needs.
#[derive(Clone, Debug)]
pub struct FollowerParts {
    /// Whose prices.
    pub log: Arc<dyn Log>,
    /// Where the snapshot is.
    pub disk: Arc<dyn Disk>,
    /// Its name on the disk; the folder exists.
    pub path: String,
    /// Make prices comparable.
    pub rates: Arc<EuroRates>,
    /// Limits of the history.
    pub settings: HistorySettings,
}

impl Follower {
    /// Reads the snapshot, if there is one that can be read. Blocks.
    ///
    /// # Errors
    /// [`LogError::Name`] never for a valid topic.
    pub fn open(parts: FollowerParts) -> Result<Self, LogError> {
        let FollowerParts { log, disk, path, rates, settings } = parts;
        let (offset, history) = match read_snapshot(&*disk, &path, settings.clone()) {
            Ok(Some(read)) => read,
            Ok(None) => (0, History::new(settings)),
            Err(error) => {
                tracing::error!(path, error, "the price history starts anew");
                put_aside(&*disk, &path);
                (0, History::new(settings))
            }
        };
        let partition = TopicPartition::new(TOPIC, 0)?;
        Ok(Self { log, partition, disk, path, rates, history: Arc::new(history), offset })
    }

    /// The history, to be asked while it grows.
    #[must_use]
    pub fn history(&self) -> &Arc<History> {
        &self.history
    }

    /// The first offset that is not in the history.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Follows the log until told to stop. Work runs on the workers.
    pub async fn run(mut self, workers: Workers, shutdown: Shutdown, snapshot_every: Duration) {
        let mut next_snapshot = runtime::now() + snapshot_every;
        loop {
            tokio::select! {
                biased;
                () = shutdown.begun() => break,
                () = tokio::time::sleep_until(next_snapshot) => {
                    next_snapshot = runtime::now() + snapshot_every;
                    self.write_on(&workers).await;
                }
                more = self.step(&workers) => {
                    if let Err(error) = more {
                        tracing::error!(%error, "the price history cannot follow the log");
                        tokio::time::sleep(AFTER_ERROR).await;
                    }
                }
            }
        }
        self.write_on(&workers).await;
    }

    /// Takes what comes next on the log, waiting for it if need be.
    async fn step(&mut self, workers: &Workers) -> Result<(), LogError> {
        let fetched = match self.log.read(&self.partition, self.offset, READ_BYTES).await {
            Ok(fetched) => fetched,
            Err(LogError::Gone { start }) => {
                self.offset = start;
                return Ok(());
            }
            // The log is another one than the snapshot's.
            Err(LogError::Beyond { end }) => {
                tracing::warn!(offset = self.offset, end, "the price history is ahead of the log");
                self.offset = end;
                return Ok(());
            }
            Err(LogError::Lost(lost)) => {
                tracing::error!(%lost, "prices are missing from the history");
                self.offset = lost.offsets.end.max(self.offset + 1);
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let next = fetched.next;
        // Offsets that hold nothing to be read are stepped over.
        if fetched.batches.is_empty() && next <= self.offset {
            return self.log.reaches(&self.partition, self.offset).await;
        }
        let (history, rates) = (Arc::clone(&self.history), Arc::clone(&self.rates));
        let taken = workers.run(move || take(&fetched.batches, &history, &rates)).await;
        if taken.is_ok() {
            self.offset = next;
        }
        Ok(())
    }

    async fn write_on(&self, workers: &Workers) {
        let (disk, path) = (Arc::clone(&self.disk), self.path.clone());
        let (history, offset) = (Arc::clone(&self.history), self.offset);
        let written = workers.run(move || write_snapshot(&*disk, &path, offset, &history)).await;
        if let Ok(Err(error)) = written {
            tracing::error!(path = self.path, %error, "the price history cannot be kept");
        }
    }
}

/// Nothing else has the months that are in it, and another release may be able to read it.
fn put_aside(disk: &dyn Disk, path: &str) {
    let aside = format!("{path}{REFUSED}");
    let renamed = disk.rename(path, &aside);
    match renamed.and_then(|()| disk.sync_dir(disk::folder_of(path))) {
        Ok(()) => tracing::warn!(aside, "the price history of before is kept"),
        Err(error) => tracing::error!(path, %error, "the price history of before will be lost"),
    }
}

fn take(batches: &[events::log::StoredBatch], history: &History, rates: &EuroRates) {
    for record in batches.iter().flat_map(|batch| batch.records().unwrap_or_default()) {
        if record.schema() == Some(SCHEMA_FORGET) {
            if let Ok((Invalidation::Route { origin, destination }, _)) =
                Invalidation::from_bytes(&record.value)
            {
                history.forget_route(origin, destination);
            }
            continue;
        }
        // What is no batch of prices is told by the replay of the store.
        if record.schema() != Some(SCHEMA) {
            continue;
        }
        let Ok(seen) = codec::decode(&record.value) else { continue };
        history.take_reduced(&seen, &reduce(&seen, rates), runtime::unix_ms());
    }
}

pub(crate) fn write_snapshot(
    disk: &dyn Disk,
    path: &str,
    offset: u64,
    history: &History,
) -> io::Result<()> {
    disk::replace_with(disk, path, |file| {
        let mut writer = BufWriter::with_capacity(BUFFER, Cursor::new(file));
        writer.write_all(MAGIC)?;
        writer.write_all(&offset.to_le_bytes())?;
        history.snapshot(&mut writer)?;
        writer.flush()
    })
}

fn read_snapshot(
    disk: &dyn Disk,
    path: &str,
    settings: HistorySettings,
) -> Result<Option<(u64, History)>, String> {
    let file = match disk.open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let say = |error: io::Error| error.to_string();
    if file.length().map_err(say)? > SNAPSHOT_BYTES_MAX {
        return Err("it is too large".to_owned());
    }
    let mut reader = BufReader::with_capacity(BUFFER, Cursor::new(&*file));
    let mut head = [0_u8; 16];
    reader.read_exact(&mut head).map_err(say)?;
    let (magic, offset) = head.split_at(MAGIC.len());
    if magic != MAGIC {
        return Err("it is of another version".to_owned());
    }
    let offset = u64::from_le_bytes(offset.try_into().unwrap_or_default());
    let history = History::restore(settings, reader).map_err(|error| error.to_string())?;
    Ok(Some((offset, history)))
}

#[cfg(test)]
mod tests;
