//! Takes what one cell tells, for as long as this one runs.

use std::sync::Arc;
use std::time::Duration;

use events::log::{LogError, ReadLog, StoredBatch, TopicPartition};
use runtime::{Shutdown, Workers, now};

use super::{Region, SCHEMA, TOPIC};
use crate::indicative::{Digest, Indicative};
use crate::memory::SCHEMA_FORGET;
use crate::store::Invalidation;

/// Bytes of a log read at once.
const READ_BYTES: usize = 1 << 20;
/// Longest wait for news, after which one looks whether the log is still there.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Wait after a log could not be read.
const AFTER_ERROR: Duration = Duration::from_millis(500);

/// A cell beside this one.
#[derive(Clone, Debug)]
pub struct Beside {
    /// Its name, as the region has it.
    pub cell: String,
    /// Its log.
    pub log: Arc<dyn ReadLog>,
}

/// Takes what a cell tells until told to stop. Work runs on the workers.
pub async fn follow(
    beside: Beside,
    (region, index): (Arc<Region>, Arc<Indicative>),
    workers: Workers,
    shutdown: Shutdown,
) {
    let Ok(partition) = TopicPartition::new(TOPIC, 0) else { return };
    let Beside { cell, log } = beside;
    let mut follower = Follower { cell, log, partition, region, index, workers, said: false };
    tokio::select! {
        biased;
        () = shutdown.begun() => {}
        () = follower.run() => {}
    }
}

struct Follower {
    cell: String,
    log: Arc<dyn ReadLog>,
    partition: TopicPartition,
    region: Arc<Region>,
    index: Arc<Indicative>,
    workers: Workers,
    /// Whether it was said that the log cannot be read.
    said: bool,
}

impl Follower {
    async fn run(&mut self) {
        loop {
            match self.step().await {
                Ok(()) if self.said => {
                    self.said = false;
                    tracing::info!(cell = self.cell, "prices of a cell beside this one come again");
                }
                Ok(()) => {}
                Err(error) => {
                    if !self.said {
                        self.said = true;
                        tracing::warn!(
                            cell = self.cell,
                            %error,
                            "prices of a cell beside this one do not come; those seen here are shown"
                        );
                    }
                    tokio::time::sleep(AFTER_ERROR).await;
                }
            }
        }
    }

    /// Takes what comes next, waiting for it if need be.
    async fn step(&self) -> Result<(), LogError> {
        let place = match self.region.place(&self.cell) {
            Some(place) => place,
            None => return self.begin().await,
        };
        let fetched = match self.log.read(&self.partition, place, READ_BYTES).await {
            Ok(fetched) => fetched,
            Err(LogError::Gone { start }) if start > place => return self.go_on_at(start),
            // Its log was begun anew.
            Err(LogError::Beyond { .. }) => return self.go_on_at(0),
            Err(LogError::Lost(lost)) => {
                tracing::error!(cell = self.cell, %lost, "prices of a cell beside this one are lost");
                return self.go_on_at(lost.offsets.end.max(place + 1));
            }
            Err(error) => return Err(error),
        };
        if fetched.batches.is_empty() && fetched.next <= place {
            let whole_at = now();
            self.region.note(&self.cell, |one| one.whole_at = Some(whole_at));
            let news = self.log.reaches(&self.partition, place);
            return match tokio::time::timeout(LOOK_EVERY, news).await {
                Ok(reached) => reached,
                Err(_) => Ok(()),
            };
        }
        let (index, next) = (Arc::clone(&self.index), fetched.next);
        let work = move || take(&fetched.batches, &index, runtime::unix_ms());
        let taken = self.workers.run(work).await.map_err(|_| LogError::Closed)?;
        self.region.note(&self.cell, |one| one.taken += taken as u64);
        self.go_on_at(next)
    }

    /// Begins at the first record that can hold a price which counts.
    async fn begin(&self) -> Result<(), LogError> {
        let since_ms = runtime::unix_ms().saturating_sub(self.index.keep_ms());
        match self.log.offset_at(&self.partition, since_ms).await? {
            Some(offset) => self.go_on_at(offset),
            None => self.go_on_at(self.log.bounds(&self.partition).await?.end),
        }
    }

    fn go_on_at(&self, place: u64) -> Result<(), LogError> {
        self.region.note(&self.cell, |one| one.place = Some(place));
        Ok(())
    }
}

/// Takes the records of some batches; how many prices.
fn take(batches: &[StoredBatch], index: &Indicative, now_ms: i64) -> usize {
    let mut taken = 0;
    for batch in batches {
        let records = match batch.records() {
            Ok(records) => records,
            Err(error) => {
                tracing::error!(%error, "a batch of price digests cannot be read");
                continue;
            }
        };
        for record in records {
            match record.schema() {
                Some(SCHEMA) => match Digest::from_bytes(&record.value) {
                    Ok(digests) => {
                        index.take_digests(&digests, now_ms);
                        taken += digests.len();
                    }
                    Err(error) => tracing::error!(%error, "price digests are refused"),
                },
                Some(SCHEMA_FORGET) => {
                    if let Ok((what, until_ms)) = Invalidation::from_bytes(&record.value) {
                        index.forget(what.into(), until_ms);
                    }
                }
                // Of a later release.
                _ => {}
            }
        }
    }
    taken
}
