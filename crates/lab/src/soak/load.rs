//! Searches that are remembered and looked up, each at a time of its own.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use hdrhistogram::Histogram;
use prices::indicative::{Ask, Places, When};
use prices::store::Wanted;
use runtime::Random;
use tokio::task::JoinSet;

use super::SoakArgs;
use super::cell::Cell;
use super::fares::Fares;

/// Commits under way at once; those due beyond wait, and their time runs.
const CALLS: u64 = 1_024;
/// Look-ups between two waits.
const LOOK_UPS_AT_ONCE: u32 = 5;
/// Of so many look-ups one asks for the days of a route.
const DAYS_ONE_IN: u64 = 5;

/// What has been done so far.
#[derive(Debug)]
pub(super) struct Progress {
    pub(super) start: Instant,
    pub(super) end: Instant,
    /// Prices and searches that were acknowledged.
    pub(super) prices: AtomicU64,
    pub(super) searches: AtomicU64,
    /// Searches that were not.
    pub(super) refused: AtomicU64,
    pub(super) look_ups: AtomicU64,
    pub(super) looked_up: AtomicU64,
    /// From when a search was due until it was acknowledged, since it was last taken.
    pub(super) commits: Mutex<Histogram<u64>>,
    /// Most microseconds by which a search began after it was due, since it was last taken.
    pub(super) lag_us: AtomicU64,
}

impl Progress {
    pub(super) fn new(start: Instant, minutes: u64) -> Result<Self> {
        Ok(Self {
            start,
            end: start + Duration::from_secs(minutes * 60),
            prices: AtomicU64::new(0),
            searches: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            look_ups: AtomicU64::new(0),
            looked_up: AtomicU64::new(0),
            commits: Mutex::new(Histogram::new(3)?),
            lag_us: AtomicU64::new(0),
        })
    }

    /// The commits since the last time.
    pub(super) fn take_commits(&self) -> Result<Histogram<u64>> {
        let mut commits = self.commits.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(std::mem::replace(&mut *commits, Histogram::new(3)?))
    }
}

/// Everything that works while samples are taken.
#[derive(Clone, Debug)]
pub(super) struct Load {
    pub(super) fares: Arc<Fares>,
    pub(super) cell: Cell,
    pub(super) progress: Arc<Progress>,
}

/// The schedule: when what is next is due.
#[derive(Debug)]
struct Schedule {
    random: Random,
    prices: u64,
}

/// What was started.
#[derive(Debug)]
pub(super) struct UnderWay {
    calls: JoinSet<Result<()>>,
    threads: Vec<JoinHandle<Result<()>>>,
}

impl UnderWay {
    /// Waits until all of it has ended.
    pub(super) async fn end(mut self) -> Result<()> {
        while let Some(ended) = self.calls.join_next().await {
            ended??;
        }
        for thread in self.threads {
            thread.join().map_err(|_| anyhow!("a thread of the load broke off"))??;
        }
        Ok(())
    }
}

impl Load {
    pub(super) fn start(self, wanted: &SoakArgs) -> Result<UnderWay> {
        let random = Random::from_seed(wanted.seed ^ 0x10AD);
        let schedule = Arc::new(Mutex::new(Schedule { random, prices: 0 }));
        let mut calls = JoinSet::new();
        for _ in 0..CALLS {
            calls.spawn(self.clone().remember(Arc::clone(&schedule), wanted.rate as f64));
        }
        let (fares, end) = (Arc::clone(&self.fares), self.progress.end);
        let (renewed, look_ups, seed) = (wanted.renewed, wanted.look_ups, wanted.seed);
        let renew = std::thread::Builder::new()
            .name("fares".to_owned())
            .spawn(move || fares.renew(renewed, seed ^ 0xFA, end))?;
        let look_up = std::thread::Builder::new().name("look-ups".to_owned()).spawn(move || {
            self.look_up(look_ups, seed ^ 0x100C);
            Ok(())
        })?;
        Ok(UnderWay { calls, threads: vec![renew, look_up] })
    }

    async fn remember(self, schedule: Arc<Mutex<Schedule>>, per_second: f64) -> Result<()> {
        let progress = &self.progress;
        loop {
            let (seen, prices, due) = {
                let mut next = schedule.lock().unwrap_or_else(PoisonError::into_inner);
                let due = progress.start + Duration::from_secs_f64(next.prices as f64 / per_second);
                if due >= progress.end {
                    return Ok(());
                }
                let (seen, prices) = self.fares.search(&mut next.random, runtime::unix_ms());
                next.prices += prices as u64;
                (seen, prices as u64, due)
            };
            tokio::time::sleep_until(due.into()).await;
            progress.lag_us.fetch_max(due.elapsed().as_micros() as u64, Ordering::Relaxed);
            if let Err(error) = self.cell.memory.remember(seen).await {
                progress.refused.fetch_add(1, Ordering::Relaxed);
                say!("not durable: {error}");
                continue;
            }
            let micros = due.elapsed().as_micros() as u64;
            progress.commits.lock().unwrap_or_else(PoisonError::into_inner).record(micros)?;
            progress.prices.fetch_add(prices, Ordering::Relaxed);
            progress.searches.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Reads like travellers who come back, so many times a second, on this thread.
    fn look_up(&self, per_second: u64, seed: u64) {
        if per_second == 0 {
            return;
        }
        let mut random = Random::from_seed(seed);
        let step = Duration::from_secs_f64(f64::from(LOOK_UPS_AT_ONCE) / per_second as f64);
        let mut due = self.progress.start;
        while due < self.progress.end {
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            due += step;
            for _ in 0..LOOK_UPS_AT_ONCE {
                let found = self.look_up_one(&mut random);
                self.progress.look_ups.fetch_add(1, Ordering::Relaxed);
                self.progress.looked_up.fetch_add(u64::from(found), Ordering::Relaxed);
            }
        }
    }

    /// Whether anything was remembered.
    fn look_up_one(&self, random: &mut Random) -> bool {
        let question = self.fares.question(random);
        let now_ms = runtime::unix_ms();
        let ends = question.legs.first();
        match ends.filter(|_| random.below(DAYS_ONE_IN) == 0) {
            None => {
                !self.cell.memory.store().recall(question.key(), now_ms, Wanted::Fresh).is_empty()
            }
            Some(leg) => {
                let ask = Ask {
                    market: question.market,
                    origin: Places::Airports(&leg.origin.airports),
                    destination: Places::Airports(&leg.destination.airports),
                    out: When::Anytime,
                    back: None,
                };
                !self.cell.memory.indicative().by_days(&ask, 100, now_ms).is_empty()
            }
        }
    }
}
