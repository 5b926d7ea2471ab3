//! Opens the log and what is made from it, brings it back after a start, and keeps it in order.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use cell::{PriceIndexes, SearchMemory};
use events::log::{self, Log, LogSettings};
use prices::follow::{Follower, FollowerParts};
use prices::freshness::Freshness;
use prices::history::History;
use prices::indicative::{EuroRates, Indicative};
use prices::memory::{KeepError, KeepSettings, Kept, KeptParts, Memory};
use prices::region::{self, Beside, Region};
use prices::shared::SharedPrices;
use prices::store::PriceStore;
use runtime::{Shutdown, TaskSet, Workers};
use storage::cache;
use storage::disk::{self, Disk, RealDisk};

use crate::log_reader::{Neighbour, log_url_of};
use crate::settings::PricesSettings;

/// How often old prices are dropped.
const EXPIRE_EVERY: Duration = Duration::from_secs(60);
/// Folder of the log within the data folder.
pub(crate) const LOG_FOLDER: &str = "log";
/// Snapshot of the price history within the data folder.
const HISTORY: &str = "history.snapshot";
/// Snapshot of store and indicative prices within the data folder.
const PRICES: &str = "prices.snapshot";
/// How far the logs of the cells beside this one are in that snapshot.
const BESIDE: &str = "beside.json";
/// Most cells beside this one in the settings.
const BESIDE_MAX: usize = 64;
/// Largest file of that kind.
const BESIDE_BYTES_MAX: u64 = 64 << 10;

/// The log, the disk of the data folder, and who keeps the history in step with the log.
type Opened = (Arc<dyn Log>, Arc<dyn Disk>, Follower);

/// Who remembers, and where.
#[derive(Debug)]
pub(crate) struct Here<'a> {
    /// The data folder.
    pub(crate) data: &'a Path,
    /// The number of the cell, which writes the log.
    pub(crate) cell: u32,
    /// The cells of this machine beside it.
    pub(crate) beside: Vec<Neighbour>,
}

/// What a process remembers.
#[derive(Debug)]
pub(crate) struct Remembering {
    /// For live searches; none if nothing is to be remembered.
    pub(crate) memory: Option<SearchMemory>,
    /// The answers by question; none if nothing is to be remembered.
    pub(crate) store: Option<Arc<PriceStore>>,
    /// For questions about prices.
    pub(crate) indexes: PriceIndexes,
    /// The log, for facts too; none if nothing is to be remembered.
    pub(crate) log: Option<Arc<dyn Log>>,
}

impl Remembering {
    /// Remembers nothing beyond this process, and asks every partner anew.
    pub(crate) fn nothing(settings: &PricesSettings) -> Self {
        let history = Arc::new(History::new(settings.history.clone()));
        let region = Arc::default();
        let indexes = PriceIndexes { indicative: indicative(settings), history, region };
        Self { memory: None, store: None, indexes, log: None }
    }

    /// Opens the log in the data folder and starts bringing its prices back; searches need not wait
    /// for that. Without a place nothing is remembered beyond this process.
    pub(crate) async fn open(
        settings: &PricesSettings,
        here: Option<Here<'_>>,
        workers: &Workers,
        tasks: &TaskSet,
        shutdown: &Shutdown,
    ) -> Result<Self> {
        let Some(Here { data, cell, beside }) = here.filter(|_| settings.enabled) else {
            return Ok(Self::nothing(settings));
        };
        let beside = neighbours(settings, beside)?;
        let shared = open_shared(&settings.shared)?;
        let describe = match settings.log_url.as_str() {
            "" => format!("the log in {} cannot be opened", data.join(LOG_FOLDER).display()),
            _ => "prices.log_url opens no log".to_owned(),
        };
        let (data, log_settings) = (data.to_owned(), settings.log.clone());
        let log_url = log_url_of(&settings.log_url, cell);
        let history_settings = settings.history.clone();
        let open = move || -> Result<Opened> {
            let disk: Arc<dyn Disk> = Arc::new(RealDisk::open(&data)?);
            let log = log::open(&log_url, disk.clone(), LOG_FOLDER, log_settings)?;
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
            Arc::clone(&log),
            u64::from(cell),
            kept.store,
            kept.indicative,
            Some(workers.clone()),
        );
        let mut memory = memory.await.context(describe.clone())?.since(kept.since);
        if !beside.is_empty() {
            memory = memory.telling().await.context(describe)?;
        }
        if let Some(shared) = shared {
            memory = memory.sharing(shared);
        }
        let memory = Arc::new(memory);
        let history = Arc::clone(follower.history());
        let snapshot_every = Duration::from_secs(settings.history_snapshot_s.get());
        tasks.spawn(follower.run(workers.clone(), shutdown.clone(), snapshot_every));
        tasks.spawn(replay(Arc::clone(&memory), shutdown.clone()));
        let places = read_places(&disk, kept.since, workers).await;
        let follows = (beside, &places, &settings.log);
        let region = follow_all(follows, &indicative, (workers, tasks, shutdown)).await?;
        tasks.spawn(keep(
            (Arc::clone(&memory), Arc::clone(&region)),
            disk,
            settings.snapshot.clone(),
            shutdown.clone(),
        ));
        tasks.spawn(expire(
            (Arc::clone(&memory), Arc::clone(&history)),
            workers.clone(),
            shutdown.clone(),
        ));
        Ok(Self {
            store: Some(Arc::clone(memory.store())),
            memory: Some(SearchMemory::new(memory)),
            indexes: PriceIndexes { indicative, history, region },
            log: Some(log),
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
    (memory, region): (Arc<Memory>, Arc<Region>),
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
                // Taken before: what is read again afterwards changes nothing.
                let places = region.places();
                let kept = memory.keep(&disk, PRICES, bytes_per_s, &writer).await;
                if kept.is_ok() {
                    write_places(&disk, &places, &writer).await;
                }
                kept
            } => kept,
        };
        match kept {
            Ok(questions) => tracing::debug!(questions, "a snapshot of the prices was written"),
            Err(KeepError::NotYet) => {}
            Err(error) => tracing::error!(%error, "a start will read more of the log"),
        }
    }
}

/// Begins to take what the cells beside this one tell.
async fn follow_all(
    (beside, places, settings): (Vec<Neighbour>, &BTreeMap<String, u64>, &LogSettings),
    indicative: &Arc<Indicative>,
    (workers, tasks, shutdown): (&Workers, &TaskSet, &Shutdown),
) -> Result<Arc<Region>> {
    let known = beside.iter().map(|one| (one.cell.clone(), places.get(&one.cell).copied()));
    let region = Arc::new(Region::new(known));
    for one in beside {
        let (cell, settings) = (one.cell.clone(), settings.clone());
        let log = workers.run(move || one.open(&settings)).await??;
        let parts = (Arc::clone(&region), Arc::clone(indicative));
        let beside = Beside { cell, log };
        tasks.spawn(region::follow(beside, parts, workers.clone(), shutdown.clone()));
    }
    Ok(region)
}

/// The cells beside this one: those of this machine and those in the settings.
fn neighbours(settings: &PricesSettings, of_machine: Vec<Neighbour>) -> Result<Vec<Neighbour>> {
    let mut all = of_machine;
    if settings.beside.len() > BESIDE_MAX {
        bail!("prices.beside has at most {BESIDE_MAX} entries");
    }
    for text in &settings.beside {
        let one = Neighbour::parse(text).context("prices.beside")?;
        all.retain(|known| known.cell != one.cell);
        all.push(one);
    }
    Ok(all)
}

/// How far the logs of other cells are in the snapshot; nothing if the snapshot is not used.
async fn read_places(
    disk: &Arc<dyn Disk>,
    snapshot_at: u64,
    workers: &Workers,
) -> BTreeMap<String, u64> {
    if snapshot_at == 0 {
        return BTreeMap::new();
    }
    let disk = Arc::clone(disk);
    let read = move || disk::read_whole(&*disk, BESIDE, BESIDE_BYTES_MAX).ok();
    let bytes = workers.run(read).await.ok().flatten().unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

async fn write_places(disk: &Arc<dyn Disk>, places: &BTreeMap<String, u64>, writer: &Workers) {
    let Ok(bytes) = serde_json::to_vec(places) else { return };
    if places.is_empty() {
        return;
    }
    let disk = Arc::clone(disk);
    let written = writer.run(move || disk::replace_whole(&*disk, BESIDE, &bytes)).await;
    // The snapshot is told of; without this file a start only reads more of the others' logs.
    if let Ok(Err(error)) = written {
        tracing::info!(BESIDE, %error, "how far other logs were read is not kept");
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
                let here = Some(Here { data: &folder, cell: 1, beside: Vec::new() });
                let opened = Remembering::open(&settings, here, &workers, &tasks, &shutdown).await;
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
