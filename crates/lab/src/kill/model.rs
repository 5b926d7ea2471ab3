//! What the log says, as a plain map: the newest answer of each partner to each question.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use domain::{Answer, PartnerId, QuestionKey};
use events::log::FileLog;
use prices::Seen;
use prices::freshness::Freshness;
use prices::indicative::{EuroRates, Indicative, IndicativeSettings};
use prices::memory::{Kept, Memory};
use prices::store::{PriceStore, StoreSettings, Wanted};
use runtime::Workers;
use storage::disk::Disk;

use super::writer::kept_parts;

/// The newest answers.
#[derive(Debug, Default)]
pub(super) struct Model {
    newest: BTreeMap<(QuestionKey, PartnerId), (i64, Arc<Answer>)>,
    calls: BTreeSet<u64>,
}

impl Model {
    /// Whether a call was not there before; remembers that it is now.
    pub(super) fn is_new(&mut self, serial: u64) -> bool {
        self.calls.insert(serial)
    }

    pub(super) fn take(&mut self, seen: Vec<Seen>) {
        for one in seen {
            let place = self.newest.entry((one.question.key(), one.partner));
            let known = place.or_insert_with(|| (i64::MIN, Arc::default()));
            if one.at_ms > known.0 {
                *known = (one.at_ms, one.answer);
            }
        }
    }

    /// Replays the log into an empty memory and compares all of it, and the last snapshot with what
    /// came later to that; the prices it holds.
    pub(super) fn compare_with_replay(&self, log: FileLog, disk: Arc<dyn Disk>) -> Result<u64> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let store = Arc::new(PriceStore::new(StoreSettings::default(), Freshness::default()));
        let rates = Arc::new(EuroRates::default());
        let indicative = Arc::new(Indicative::new(IndicativeSettings::default(), rates));
        let log = Arc::new(log);
        let (replayed, kept, read_since, all) = runtime.block_on(async {
            let memory = Memory::open(log.clone(), 2, Arc::clone(&store), indicative, None).await?;
            let replayed = memory.replay().await?;
            let workers = Workers::start("work", 1, 4)?;
            let kept = Kept::read(kept_parts(log.clone(), disk), &workers).await?;
            ensure!(kept.refused.is_none(), "the snapshot is not used: {:?}", kept.refused);
            let of_kept = Arc::clone(&kept.store);
            let rest = Memory::open(log, 3, kept.store, kept.indicative, None).await?;
            let rest = rest.since(kept.since).replay().await?;
            anyhow::Ok((replayed.clone(), of_kept, rest.batches, replayed.batches))
        })?;
        ensure!(replayed.lost.is_empty(), "{replayed:?}");
        ensure!(read_since < all, "no snapshot was ever finished");
        self.compare(&kept).context("snapshot and rest")?;
        self.compare(&store).context("the whole log")
    }

    /// Compares a store with what the log says; the prices it holds.
    fn compare(&self, store: &PriceStore) -> Result<u64> {
        let mut prices = 0;
        for key in self.newest.keys().map(|(key, _)| *key).collect::<BTreeSet<_>>() {
            for held in store.recall(key, 0, Wanted::Any) {
                let said = self.newest.get(&(key, held.partner));
                let same = said.is_some_and(|(at_ms, answer)| {
                    *at_ms == held.seen_ms && **answer == *held.answer
                });
                ensure!(same, "{key:?} of {}: the replay differs from the log", held.partner);
                prices += held.answer.offers().len() as u64;
            }
        }
        let held = store.size().answers;
        ensure!(
            held == self.newest.len(),
            "{held} answers after the replay, {} on the log",
            self.newest.len()
        );
        Ok(prices)
    }
}
