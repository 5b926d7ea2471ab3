//! A snapshot of store and indicative prices on disk, with the place on the log that it stands for: a
//! start reads it and only the rest of the log.
//!
//! ```text
//! magic │ offset │ whether marked, mark of the batch before it │ store │ indicative prices
//! ```
//!
//! The file is replaced as a whole. One that is damaged, or is of another log, is told and left
//! aside, and everything comes from the log. Nobody who remembers waits for a snapshot: shares of the
//! indexes are locked one after the other while their part is laid out, about a millisecond a
//! megabyte, and the disk is written at a bounded rate.

use std::io::{self, BufReader, BufWriter, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use events::log::{Log, LogError, TopicPartition};
use runtime::{Limited, Workers};
use serde::{Deserialize, Serialize};
use storage::disk::{self, Cursor, Disk};
use thiserror::Error;
use xxhash_rust::xxh3::xxh3_64;

use super::{Memory, TOPIC};
use crate::freshness::Freshness;
use crate::indicative::{EuroRates, Indicative, IndicativeSettings};
use crate::store::{PriceStore, StoreSettings};

/// Begins a snapshot: format and version.
const MAGIC: &[u8; 8] = b"fwkept01";
/// Bytes before the store.
const HEAD: usize = MAGIC.len() + 8 + 1 + 8;
/// Bytes written and read at once.
const BUFFER: usize = 1 << 20;
/// Largest snapshot that is read.
const BYTES_MAX: u64 = 1 << 40;
/// Bytes of the disk that a snapshot leaves to the log.
const FREE_MIN: u64 = 256 << 20;

/// `[prices.snapshot]`: how often and how fast what is remembered is written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KeepSettings {
    /// Seconds between two snapshots.
    pub every_s: Limited<10, 86_400>,
    /// Most mebibytes written in a second.
    pub mib_per_s: Limited<1, 10_000>,
}

impl Default for KeepSettings {
    fn default() -> Self {
        Self { every_s: Limited::literal(300), mib_per_s: Limited::literal(64) }
    }
}

/// What is needed to make a memory of what was kept.
#[derive(Clone, Debug)]
pub struct KeptParts {
    /// The log of the memory.
    pub log: Arc<dyn Log>,
    /// Where the snapshot is.
    pub disk: Arc<dyn Disk>,
    /// Its name on the disk; the folder exists.
    pub path: String,
    /// Limits of the store.
    pub store: StoreSettings,
    /// How long answers are fresh.
    pub freshness: Freshness,
    /// Limits of the indicative prices.
    pub indicative: IndicativeSettings,
    /// Make prices comparable.
    pub rates: Arc<EuroRates>,
}

/// Store and indicative prices as a snapshot has them, or empty.
#[derive(Debug)]
pub struct Kept {
    /// The answers by question.
    pub store: Arc<PriceStore>,
    /// The cheapest prices by route and days.
    pub indicative: Arc<Indicative>,
    /// From where on the log has to be read; 0 without a snapshot.
    pub since: u64,
    /// Why a snapshot that is there is not used.
    pub refused: Option<String>,
}

/// A snapshot was not written.
#[derive(Debug, Error)]
pub enum KeepError {
    /// The log has not been read into the indexes.
    #[error("the log has not been read yet")]
    NotYet,
    /// There is too little room on the disk.
    #[error(
        "a snapshot of about {needed} bytes needs more room than the {free} bytes that are free"
    )]
    Room {
        /// Bytes of the indexes.
        needed: u64,
        /// Bytes that can still be written.
        free: u64,
    },
    /// The disk refused.
    #[error("a snapshot cannot be written: {0}")]
    Disk(#[from] io::Error),
    /// The log does not say where it ends.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The thread that writes is gone.
    #[error("nobody writes snapshots any more")]
    Stopped,
}

impl Kept {
    /// Reads the snapshot on a worker. Whatever is wrong with it, there is a store afterwards.
    ///
    /// # Errors
    /// [`LogError`] if the log cannot be read at all.
    pub async fn read(parts: KeptParts, workers: &Workers) -> Result<Self, LogError> {
        let (log, empty) = (Arc::clone(&parts.log), parts.clone());
        let read = workers.run(move || read(&parts)).await.map_err(|_| LogError::Closed)?;
        let refused = match read {
            Ok(Some((since, mark, store, indicative))) => {
                match of_another_log(&*log, since, mark).await? {
                    None => return Ok(Self { store, indicative, since, refused: None }),
                    refused => refused,
                }
            }
            Ok(None) => None,
            Err(refused) => Some(refused),
        };
        let store = Arc::new(PriceStore::new(empty.store, empty.freshness));
        let indicative = Arc::new(Indicative::new(empty.indicative, empty.rates));
        Ok(Self { store, indicative, since: 0, refused })
    }
}

impl Memory {
    /// Writes a snapshot on a worker of its own, so many bytes a second at most; how many questions.
    ///
    /// # Errors
    /// [`KeepError`]; the snapshot before is then still there.
    pub async fn keep(
        &self,
        disk: &Arc<dyn Disk>,
        path: &str,
        bytes_per_s: u64,
        writer: &Workers,
    ) -> Result<u64, KeepError> {
        if !self.is_complete() {
            return Err(KeepError::NotYet);
        }
        let end = self.log.bounds(self.own.partition()).await?.end;
        let offset = self.calls.turn(end).await;
        let mark = mark_before(&*self.log, self.own.partition(), offset).await?;
        let (disk, path, indexes) = (Arc::clone(disk), path.to_owned(), self.indexes.clone());
        let write = move || {
            let needed = (indexes.store.size().bytes + indexes.indicative.size().bytes) as u64;
            let free = disk.free_bytes()?;
            if free < needed.saturating_add(FREE_MIN) {
                return Err(KeepError::Room { needed, free });
            }
            let mut questions = 0;
            disk::replace_with(&*disk, &path, |file| {
                let paced = Paced { into: Cursor::new(file), bytes_per_s };
                let mut writer = BufWriter::with_capacity(BUFFER, paced);
                writer.write_all(MAGIC)?;
                writer.write_all(&offset.to_le_bytes())?;
                writer.write_all(&[u8::from(mark.is_some())])?;
                writer.write_all(&mark.unwrap_or_default().to_le_bytes())?;
                questions = indexes.store.snapshot(&mut writer)?;
                indexes.indicative.snapshot(&mut writer)?;
                writer.flush()
            })?;
            Ok(questions)
        };
        writer.run(write).await.map_err(|_| KeepError::Stopped)?
    }
}

type Read4 = (u64, Option<u64>, Arc<PriceStore>, Arc<Indicative>);

fn read(parts: &KeptParts) -> Result<Option<Read4>, String> {
    let file = match parts.disk.open(&parts.path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let say = |error: io::Error| error.to_string();
    if file.length().map_err(say)? > BYTES_MAX {
        return Err("it is too large".to_owned());
    }
    let mut reader = BufReader::with_capacity(BUFFER, Cursor::new(&*file));
    let mut head = [0; HEAD];
    reader.read_exact(&mut head).map_err(say)?;
    let number = |from: usize| {
        head[from..].first_chunk().map_or(0, |bytes: &[u8; 8]| u64::from_le_bytes(*bytes))
    };
    if !head.starts_with(MAGIC) {
        return Err("it is of another version".to_owned());
    }
    let since = number(MAGIC.len());
    let mark = (head[MAGIC.len() + 8] == 1).then(|| number(MAGIC.len() + 9));
    let store = PriceStore::restore(parts.store.clone(), parts.freshness.clone(), &mut reader);
    let store = store.map_err(|error| error.to_string())?;
    let rates = Arc::clone(&parts.rates);
    let indicative = Indicative::restore(parts.indicative.clone(), rates, &mut reader);
    let indicative = indicative.map_err(|error| error.to_string())?;
    Ok(Some((since, mark, Arc::new(store), Arc::new(indicative))))
}

/// Why a snapshot cannot be of this log. What retention removed cannot be compared.
async fn of_another_log(
    log: &dyn Log,
    since: u64,
    mark: Option<u64>,
) -> Result<Option<String>, LogError> {
    let partition = TopicPartition::new(TOPIC, 0)?;
    let end = log.bounds(&partition).await?.end;
    if since > end {
        return Ok(Some(format!("it stands at offset {since}, the log ends at {end}")));
    }
    let now = mark_before(log, &partition, since).await?;
    let differs = now.is_some() && mark.is_some() && now != mark;
    Ok(differs.then(|| format!("it is of another log: the batch before offset {since} differs")))
}

/// Names the batch before an offset, if it can be read.
async fn mark_before(
    log: &dyn Log,
    partition: &TopicPartition,
    offset: u64,
) -> Result<Option<u64>, LogError> {
    let Some(last) = offset.checked_sub(1) else { return Ok(None) };
    match log.read(partition, last, 1).await {
        Ok(fetched) => Ok(fetched.batches.first().map(|batch| xxh3_64(batch.bytes()))),
        Err(LogError::Gone { .. } | LogError::Lost(_) | LogError::Beyond { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes at a bounded rate by resting after each piece.
struct Paced<W> {
    into: W,
    bytes_per_s: u64,
}

impl<W: Write> Write for Paced<W> {
    #[expect(clippy::disallowed_methods, reason = "its worker does nothing else, nobody waits")]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = &bytes[..bytes.len().min(BUFFER)];
        let written = self.into.write(piece)?;
        let seconds = written as f64 / self.bytes_per_s.max(1) as f64;
        std::thread::sleep(Duration::from_secs_f64(seconds));
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.into.flush()
    }
}

#[cfg(test)]
mod tests;
