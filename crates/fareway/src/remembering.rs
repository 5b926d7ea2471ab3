//! Opens the log and what is made from it, brings it back after a start, and keeps it in order.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use cell::{PriceIndexes, SearchMemory};
use domain::CurrencyCode;
use events::log::FileLog;
use prices::freshness::Freshness;
use prices::indicative::{EuroRates, Indicative};
use prices::memory::Memory;
use prices::store::PriceStore;
use runtime::{Shutdown, TaskSet, Workers};
use storage::disk::RealDisk;

use crate::settings::PricesSettings;

/// How often old prices are dropped.
const EXPIRE_EVERY: Duration = Duration::from_secs(60);
/// Folder of the log within the data folder.
const FOLDER: &str = "log";

/// What a process remembers.
#[derive(Debug)]
pub(crate) struct Remembering {
    /// For live searches; none if nothing is to be remembered.
    pub(crate) memory: Option<SearchMemory>,
    /// For questions about prices.
    pub(crate) indexes: PriceIndexes,
}

impl Remembering {
    /// Remembers nothing beyond this process, and asks every partner anew.
    pub(crate) fn nothing(settings: &PricesSettings) -> Self {
        Self { memory: None, indexes: PriceIndexes { indicative: indicative(settings) } }
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
        let (data, log_settings) = (data.to_owned(), settings.log.clone());
        let describe = format!("the log in {} cannot be opened", data.join(FOLDER).display());
        let open = move || -> Result<FileLog> {
            let disk = Arc::new(RealDisk::open(&data)?);
            Ok(FileLog::open(disk, FOLDER, log_settings)?)
        };
        let log = workers.run(open).await?.context(describe)?;
        let freshness = Freshness::new(settings.freshness.clone());
        let store = Arc::new(PriceStore::new(settings.store.clone(), freshness));
        let indicative = indicative(settings);
        let memory = Memory::open(
            Arc::new(log),
            u64::from(writer),
            store,
            Arc::clone(&indicative),
            Some(workers.clone()),
        );
        let memory = Arc::new(memory.await?);
        tasks.spawn(replay(Arc::clone(&memory), shutdown.clone()));
        tasks.spawn(expire(Arc::clone(&memory), workers.clone(), shutdown.clone()));
        Ok(Self { memory: Some(SearchMemory::new(memory)), indexes: PriceIndexes { indicative } })
    }
}

fn indicative(settings: &PricesSettings) -> Arc<Indicative> {
    const CENTS: f64 = 100.0;
    let euro = CurrencyCode::literal("EUR");
    let rates = atlas::atlas().rates();
    let per_minor =
        |code: CurrencyCode| rates.factor(code, euro).map(|cents| (code, cents / CENTS));
    let rates = Arc::new(EuroRates::new(rates.known().filter_map(per_minor)));
    Arc::new(Indicative::new(settings.indicative.clone(), rates))
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

async fn expire(memory: Arc<Memory>, workers: Workers, shutdown: Shutdown) {
    loop {
        tokio::select! {
            biased;
            () = shutdown.begun() => return,
            () = tokio::time::sleep(EXPIRE_EVERY) => {}
        }
        let memory = Arc::clone(&memory);
        // Workers that have stopped mean that the process stops.
        if workers.run(move || memory.expire(runtime::unix_ms())).await.is_err() {
            return;
        }
    }
}
