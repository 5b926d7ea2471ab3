//! What remembers in a cell: log, store, indicative prices and history, joined as the binary joins them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use events::log::{FileLog, LogSettings, ReadLog, TopicPartition};
use prices::follow::{Follower, FollowerParts};
use prices::freshness::Freshness;
use prices::history::{History, HistorySettings};
use prices::indicative::{EuroRates, Indicative, IndicativeSettings};
use prices::memory::{Memory, TOPIC};
use prices::store::{PriceStore, StoreSettings};
use runtime::{Limited, Shutdown, TaskSet, Workers};
use storage::disk::RealDisk;

/// Memory of the store, reached in two minutes.
pub(super) const STORE_MIB: u64 = 1_024;
/// Memory of the indicative prices, far less than usual, so that it is reached while warming up.
pub(super) const INDICATIVE_BYTES: u64 = 6 << 20;
/// Memory of the history, likewise.
pub(super) const HISTORY_BYTES: u64 = 8 << 20;
/// Folder of the log.
pub(super) const LOG: &str = "log";
const SNAPSHOT: &str = "history.snapshot";
const SNAPSHOT_EVERY: Duration = Duration::from_secs(300);

/// All of it.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub(super) memory: Arc<Memory>,
    pub(super) history: Arc<History>,
    pub(super) log: Arc<FileLog>,
    pub(super) log_folder: std::path::PathBuf,
    log_settings: LogSettings,
    workers: Workers,
    tasks: TaskSet,
    shutdown: Shutdown,
}

impl Cell {
    pub(super) async fn open(folder: &Path, log_bytes: u64) -> Result<Self> {
        let log_settings =
            LogSettings { retention_bytes: Limited::new(log_bytes)?, ..LogSettings::default() };
        let disk = Arc::new(RealDisk::open(folder)?);
        let log = Arc::new(FileLog::open(disk.clone(), LOG, log_settings.clone())?);
        let rates = Arc::new(EuroRates::from(atlas::atlas().rates()));
        let follower = Follower::open(FollowerParts {
            log: log.clone(),
            disk,
            path: SNAPSHOT.to_owned(),
            rates: Arc::clone(&rates),
            settings: HistorySettings {
                bytes_max: Limited::literal(HISTORY_BYTES),
                ..HistorySettings::default()
            },
        })?;
        let store =
            StoreSettings { memory_mib: Limited::literal(STORE_MIB), ..StoreSettings::default() };
        let store = Arc::new(PriceStore::new(store, Freshness::default()));
        let settings = IndicativeSettings {
            bytes_max: Limited::literal(INDICATIVE_BYTES),
            ..IndicativeSettings::default()
        };
        let indicative = Arc::new(Indicative::new(settings, rates));
        let workers = Workers::start("work", 2, 4_096)?;
        let memory = Memory::open(log.clone(), 1, store, indicative, Some(workers.clone())).await?;
        let (tasks, shutdown) = (TaskSet::default(), Shutdown::default());
        let history = Arc::clone(follower.history());
        tasks.spawn(follower.run(workers.clone(), shutdown.clone(), SNAPSHOT_EVERY));
        Ok(Self {
            memory: Arc::new(memory),
            history,
            log,
            log_folder: folder.join(LOG),
            log_settings,
            workers,
            tasks,
            shutdown,
        })
    }

    /// Drops what is too old, as the binary does every minute. On a worker, so nobody waits here.
    pub(super) fn expire(&self) {
        let (memory, history) = (Arc::clone(&self.memory), Arc::clone(&self.history));
        let work = move || {
            let now_ms = runtime::unix_ms();
            memory.expire(now_ms);
            history.expire(now_ms);
        };
        // Without room now, a minute later.
        let _ = self.workers.try_run(work);
    }

    /// Stops, opens the log again from the disk, and gives how many commits it has or had.
    pub(super) async fn close(self, folder: &Path) -> Result<u64> {
        self.shutdown.begin();
        ensure!(self.tasks.drain(Duration::from_secs(60)).await, "the history did not stop");
        let Self { memory, log, log_settings, .. } = self;
        drop(memory);
        ensure!(Arc::into_inner(log).is_some(), "the log is still in use");
        let log = FileLog::open(Arc::new(RealDisk::open(folder)?), LOG, log_settings)?;
        let report = log.report();
        ensure!(report.lost.is_empty(), "the log is damaged: {report:?}");
        // A commit is one record, and offsets count records from 0, also those that retention removed.
        Ok(log.bounds(&TopicPartition::new(TOPIC, 0)?).await?.end)
    }
}
