//! Travellers who come whether or not those before them are done: an open loop.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use runtime::Random;
use tokio::task::JoinSet;

use super::traveller::{End, Ground, travel};

/// Travellers under way at once; whoever comes beyond is counted and stays away.
pub(crate) const AT_ONCE_MAX: usize = 18_000;

/// What became of a crowd.
#[derive(Debug)]
pub(crate) struct Crowd {
    /// Travellers that came.
    pub(crate) offered: u64,
    /// Complete in their time, counted where they ended.
    pub(crate) complete: u64,
    pub(crate) refused: u64,
    pub(crate) failed: u64,
    pub(crate) left: u64,
    /// Travellers for whom this generator had no room.
    pub(crate) stayed_away: u64,
    /// Milliseconds to completion.
    pub(crate) ms: Histogram<u64>,
    /// Completed within the seconds in which travellers came, the first `settle` left out.
    pub(crate) per_second: f64,
}

/// When travellers come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrivals {
    pub(crate) per_second: f64,
    pub(crate) during: Duration,
    /// Time at the beginning in which completions do not count.
    pub(crate) settle: Duration,
    /// The first question that is asked, of those there are.
    pub(crate) first_question: usize,
    pub(crate) seed: u64,
}

/// Lets travellers come at random moments, and waits for all of them to end.
pub(crate) async fn open_loop(ground: &Arc<Ground>, arrivals: Arrivals) -> Result<Crowd> {
    let mut random = Random::from_seed(arrivals.seed);
    let mut crowd = Crowd {
        offered: 0,
        complete: 0,
        refused: 0,
        failed: 0,
        left: 0,
        stayed_away: 0,
        ms: Histogram::new(3)?,
        per_second: 0.0,
    };
    let began = Instant::now();
    let (from, until) = (began + arrivals.settle, began + arrivals.during);
    let mut tasks: JoinSet<(End, Instant)> = JoinSet::new();
    let (mut due, mut in_time) = (began, 0_u64);
    let mut note = |crowd: &mut Crowd, (end, at): (End, Instant)| match end {
        End::Complete(took) => {
            crowd.complete += 1;
            in_time += u64::from(at >= from && at < until);
            let _ = crowd.ms.record(took.as_millis() as u64);
        }
        End::Refused(_) => crowd.refused += 1,
        End::Failed => crowd.failed += 1,
        End::Left => crowd.left += 1,
    };
    loop {
        // Arrivals without memory of each other.
        due += Duration::from_secs_f64(-(1.0 - random.unit()).ln() / arrivals.per_second);
        if due >= until {
            break;
        }
        tokio::time::sleep_until(due.into()).await;
        crowd.offered += 1;
        if tasks.len() >= AT_ONCE_MAX {
            crowd.stayed_away += 1;
            continue;
        }
        // One question after the other: none comes again before all have come.
        let question = arrivals.first_question + crowd.offered as usize;
        let (ground, number) = (Arc::clone(ground), random.bits());
        tasks.spawn(async move {
            let end = travel(&ground, question, due, number).await;
            (end, Instant::now())
        });
        while let Some(ended) = tasks.try_join_next() {
            note(&mut crowd, ended.context("a traveller broke off")?);
        }
    }
    while let Some(ended) = tasks.join_next().await {
        note(&mut crowd, ended.context("a traveller broke off")?);
    }
    crowd.per_second = in_time as f64 / (arrivals.during - arrivals.settle).as_secs_f64();
    Ok(crowd)
}

impl Crowd {
    /// Milliseconds within which so many of those were complete that became so.
    pub(crate) fn ms_at(&self, quantile: f64) -> f64 {
        self.ms.value_at_quantile(quantile) as f64
    }
}
