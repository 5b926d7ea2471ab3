//! Opens the log and what is made from it, brings it back after a start, and keeps it in order.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use cell::{PriceIndexes, SearchMemory};
use events::log::{self, Log};
use prices::follow::{Follower, FollowerParts};
use prices::freshness::Freshness;
use prices::history::History;
use prices::indicative::{EuroRates, Indicative};
use prices::memory::{KeepError, KeepSettings, Kept, KeptParts, Memory};
use prices::shared::SharedPrices;
use prices::store::PriceStore;
use runtime::{Shutdown, TaskSet, Workers};
use storage::cache;
use storage::disk::{Disk, RealDisk};

use crate::settings::PricesSettings;

/// How often old prices are dropped.
const EXPIRE_EVERY: Duration = Duration::from_secs(60);
/// Folder of the log within the data folder.
const FOLDER: &str = "log";
/// Snapshot of the price history within the data folder.
const HISTORY: &str = "history.snapshot";
/// Snapshot of store and indicative prices within the data folder.
const PRICES: &str = "prices.snapshot";

/// The log, the disk of the data folder, and who keeps the history in step with the log.
type Opened = (Arc<dyn Log>, Arc<dyn Disk>, Follower);

/// What a process remembers.
#[derive(Debug)]
pub(crate) struct Remembering {
    /// For live searches; none if nothing is to be remembered.
    pub(crate) memory: Option<SearchMemory>,
    /// The answers by question; none if nothing is to be remembered.
    pub(crate) store: Option<Arc<PriceStore>>,
    /// For questions about prices.
    pub(crate) indexes: PriceIndexes,
}

impl Remembering {
    /// Remembers nothing beyond this process, and asks every partner anew.
    pub(crate) fn nothing(settings: &PricesSettings) -> Self {
        let history = Arc::new(History::new(settings.history.clone()));
        let indexes = PriceIndexes { indicative: indicative(settings), history };
        Self { memory: None, store: None, indexes }
    }

    /// Opens the log in the data folder and starts bringing its prices back; searches need not wait
    /// for that.
    pub(crate) async fn open(
        settings: &PricesSettings,
        (data, writer): (&Path, u32),
        workers: &Workers,
        tasks: &TaskSet,
        shutdown: &Shutdown,
    ) -> Result<Self> {
        if !settings.enabled {
            return Ok(Self::nothing(settings));
        }
        let shared = open_shared(&settings.shared)?;
        let describe = match settings.log_url.as_str() {
            "" => format!("the log in {} cannot be opened", data.join(FOLDER).display()),
            _ => "prices.log_url opens no log".to_owned(),
        };
        let (data, log_settings) = (data.to_owned(), settings.log.clone());
        let log_url = settings.log_url.clone();
        let history_settings = settings.history.clone();
        let open = move || -> Result<Opened> {
            let disk: Arc<dyn Disk> = Arc::new(RealDisk::open(&data)?);
            let log = log::open(&log_url, disk.clone(), FOLDER, log_settings)?;
            let follower = Follower::open(FollowerParts {
                log: log.clone(),
                disk: disk.clone(),
                path: HISTORY.to_owned(),
                rates: rates(),
                settings: history_settings,
            })?;
            Ok((log, disk, follower))
        };
        let (log, disk, follower) = workers.run(open).await?.context(describe.clone())?;
        let kept = read_kept(settings, &log, &disk, workers).await.context(describe.clone())?;
        let indicative = Arc::clone(&kept.indicative);
        let memory = Memory::open(
            log,
            u64::from(writer),
            kept.store,
            kept.indicative,
            Some(workers.clone()),
        );
        let mut memory = memory.await.context(describe)?.since(kept.since);
        if let Some(shared) = shared {
            memory = memory.sharing(shared);
        }
        let memory = Arc::new(memory);
        let history = Arc::clone(follower.history());
        let snapshot_every = Duration::from_secs(settings.history_snapshot_s.get());
        tasks.spawn(follower.run(workers.clone(), shutdown.clone(), snapshot_every));
        tasks.spawn(replay(Arc::clone(&memory), shutdown.clone()));
        tasks.spawn(keep(Arc::clone(&memory), disk, settings.snapshot.clone(), shutdown.clone()));
        tasks.spawn(expire(
            (Arc::clone(&memory), Arc::clone(&history)),
            workers.clone(),
            shutdown.clone(),
        ));
        Ok(Self {
            store: Some(Arc::clone(memory.store())),
            memory: Some(SearchMemory::new(memory)),
            indexes: PriceIndexes { indicative, history },
        })
    }
}

/// What the snapshot in the data folder has.
async fn read_kept(
    settings: &PricesSettings,
    log: &Arc<dyn Log>,
    disk: &Arc<dyn Disk>,
    workers: &Workers,
) -> Result<Kept> {
    let started = runtime::now();
    let parts = KeptParts {
        log: Arc::clone(log),
        disk: Arc::clone(disk),
        path: PRICES.to_owned(),
        store: settings.store.clone(),
        freshness: Freshness::new(settings.freshness.clone()),
        indicative: settings.indicative.clone(),
        rates: rates(),
    };
    let kept = Kept::read(parts, workers).await?;
    if let Some(refused) = &kept.refused {
        tracing::error!(PRICES, refused, "the snapshot is not used; all prices come from the log");
    }
    let took_ms = runtime::now().saturating_duration_since(started).as_millis() as u64;
    let questions = kept.store.size().questions;
    tracing::info!(questions, offset = kept.since, took_ms, "prices are back from the snapshot");
    Ok(kept)
}

/// Writes a snapshot from time to time. A process that is killed meanwhile has the one before.
async fn keep(
    memory: Arc<Memory>,
    disk: Arc<dyn Disk>,
    settings: KeepSettings,
    shutdown: Shutdown,
) {
    // A thread of its own, since writing rests most of the time.
    let writer = match Workers::start("snapshot", 1, 1) {
        Ok(writer) => writer,
        Err(error) => {
            tracing::error!(%error, "no thread for snapshots; a start will read the whole log");
            return;
        }
    };
    let bytes_per_s = settings.mib_per_s.get() << 20;
    loop {
        let kept = tokio::select! {
            biased;
            () = shutdown.begun() => return,
            kept = async {
                tokio::time::sleep(Duration::from_secs(settings.every_s.get())).await;
                memory.keep(&disk, PRICES, bytes_per_s, &writer).await
            } => kept,
        };
        match kept {
            Ok(questions) => tracing::debug!(questions, "a snapshot of the prices was written"),
            Err(KeepError::NotYet) => {}
            Err(error) => tracing::error!(%error, "a start will read more of the log"),
        }
    }
}

/// The second level behind a URL, if there is one. Its server need not be there yet.
fn open_shared(url: &str) -> Result<Option<Arc<SharedPrices>>> {
    if url.is_empty() {
        return Ok(None);
    }
    let cache = cache::open(url).context("prices.shared opens nothing")?;
    Ok(Some(Arc::new(SharedPrices::new(cache))))
}

/// Rates that make prices comparable.
fn rates() -> Arc<EuroRates> {
    Arc::new(EuroRates::from(atlas::atlas().rates()))
}

fn indicative(settings: &PricesSettings) -> Arc<Indicative> {
    Arc::new(Indicative::new(settings.indicative.clone(), rates()))
}

async fn replay(memory: Arc<Memory>, shutdown: Shutdown) {
    let started = runtime::now();
    let replayed = tokio::select! {
        biased;
        () = shutdown.begun() => return,
        replayed = memory.replay() => replayed,
    };
    let took_ms = runtime::now().saturating_duration_since(started).as_millis() as u64;
    match replayed {
        Ok(back) => {
            for lost in back.lost.iter().take(20) {
                tracing::error!(lost, "prices on the log cannot be read");
            }
            tracing::info!(
                batches = back.batches,
                prices = back.prices,
                took_ms,
                "prices are back from the log"
            );
        }
        Err(error) => tracing::error!(%error, "the log cannot be read; prices start empty"),
    }
}

async fn expire(
    (memory, history): (Arc<Memory>, Arc<History>),
    workers: Workers,
    shutdown: Shutdown,
) {
    loop {
        tokio::select! {
            biased;
            () = shutdown.begun() => return,
            () = tokio::time::sleep(EXPIRE_EVERY) => {}
        }
        let (memory, history) = (Arc::clone(&memory), Arc::clone(&history));
        let work = move || {
            let now_ms = runtime::unix_ms();
            memory.expire(now_ms);
            history.expire(now_ms);
        };
        // Workers that have stopped mean that the process stops.
        if workers.run(work).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn kafka_is_reached_only_by_a_build_with_it_and_no_other_place_by_any() {
        let told = |url: &str| {
            let settings = PricesSettings { log_url: url.to_owned(), ..PricesSettings::default() };
            let folder = std::env::temp_dir().join("fareway-log-url");
            async move {
                std::fs::create_dir_all(&folder).unwrap();
                let workers = Workers::start("test", 1, 1).unwrap();
                let (tasks, shutdown) = (TaskSet::default(), Shutdown::default());
                let opened =
                    Remembering::open(&settings, (&folder, 1), &workers, &tasks, &shutdown).await;
                format!("{:#}", opened.unwrap_err())
            }
        };
        let unknown = told("redis://localhost:1").await;
        assert!(unknown.starts_with("prices.log_url opens no log: "), "{unknown}");
        assert!(unknown.contains("kafka://HOST:PORT"), "{unknown}");
        let kafka = told("kafka://127.0.0.1:1/cell-1").await;
        if cfg!(feature = "kafka") {
            assert!(kafka.contains("127.0.0.1:1"), "{kafka}");
        } else {
            assert!(kafka.ends_with("build it with --features kafka"), "{kafka}");
        }
    }

    #[tokio::test]
    async fn prices_are_shared_only_where_a_url_says_so_and_can_be_reached_by_this_build() {
        assert!(open_shared("").unwrap().is_none());
        assert!(open_shared("memory://").unwrap().is_some());
        let told = open_shared("postgres://localhost").unwrap_err();
        assert!(format!("{told:#}").contains("redis://HOST:PORT"), "{told:#}");
        let redis = open_shared("redis://localhost:6379/0");
        if cfg!(feature = "redis") {
            assert!(redis.unwrap().is_some(), "its server need not be there");
        } else {
            let told = format!("{:#}", redis.unwrap_err());
            assert_eq!(
                told,
                "prices.shared opens nothing: this build cannot reach Redis or Valkey: build it with --features redis"
            );
        }
    }
}
