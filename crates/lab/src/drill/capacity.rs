//! How many searches a second the fleet completes at most: more and more travellers, each of whom
//! searches again as soon as the search before is complete, until more travellers get no more done. The
//! step that brought most is then held for longer, and what that brings is the capacity: the best of
//! many short looks would be luck.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::task::JoinSet;

use super::processes::Processes;
use super::processors::{Cores, Look};
use super::traveller::{End, Ground, travel};

/// Travellers at once, step by step.
const STEPS: [usize; 12] = [16, 32, 64, 96, 128, 192, 256, 384, 512, 768, 1_024, 1_536];
/// A step that brings less than this times the best so far brings nothing.
const MORE: f64 = 1.03;
/// Steps that bring nothing after which it is over.
const IDLE_STEPS: usize = 2;

/// One step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) travellers: usize,
    pub(crate) per_second: f64,
}

/// How many steps long the best one is held.
const HELD_STEPS: u32 = 3;

/// What the fleet completes at most.
#[derive(Debug)]
pub(crate) struct Capacity {
    pub(crate) per_second: f64,
    /// What the processors did meanwhile.
    pub(crate) cores: Cores,
    pub(crate) steps: Vec<Step>,
}

/// Travellers who search again and again.
struct Regulars {
    ground: Arc<Ground>,
    /// Those numbered below go on.
    wanted: Arc<AtomicUsize>,
    done: Arc<AtomicU64>,
    next: Arc<AtomicU64>,
    tasks: JoinSet<()>,
}

impl Regulars {
    fn new(ground: &Arc<Ground>) -> Self {
        let (wanted, done, next) = (Arc::default(), Arc::default(), Arc::default());
        Self { ground: Arc::clone(ground), wanted, done, next, tasks: JoinSet::new() }
    }

    fn grow(&mut self, travellers: usize) {
        self.wanted.store(travellers, Ordering::Relaxed);
        for index in self.tasks.len()..travellers {
            let (ground, wanted) = (Arc::clone(&self.ground), Arc::clone(&self.wanted));
            let (done, next) = (Arc::clone(&self.done), Arc::clone(&self.next));
            self.tasks.spawn(async move {
                while index < wanted.load(Ordering::Relaxed) {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    match travel(&ground, number as usize, Instant::now(), number).await {
                        End::Complete(_) => _ = done.fetch_add(1, Ordering::Relaxed),
                        End::Refused(wait) => tokio::time::sleep(wait).await,
                        End::Failed | End::Left => {}
                    }
                }
            });
        }
    }

    /// Searches a second, after so long and for so long.
    async fn measure(&self, settle: Duration, during: Duration) -> f64 {
        tokio::time::sleep(settle).await;
        let (before, began) = (self.done.load(Ordering::Relaxed), Instant::now());
        tokio::time::sleep(during).await;
        let completed = self.done.load(Ordering::Relaxed) - before;
        completed as f64 / began.elapsed().as_secs_f64()
    }

    async fn stop(mut self) -> Result<()> {
        self.wanted.store(0, Ordering::Relaxed);
        while let Some(ended) = self.tasks.join_next().await {
            ended.context("a traveller broke off")?;
        }
        Ok(())
    }
}

/// Measures with steps of this length, of which the first third does not count.
pub(crate) async fn measure(
    processes: &Processes,
    ground: &Arc<Ground>,
    step: Duration,
) -> Result<Capacity> {
    let mut regulars = Regulars::new(ground);
    let mut best = Step { travellers: 0, per_second: 0.0 };
    let (mut idle, mut steps) = (0, Vec::new());
    for travellers in STEPS {
        regulars.grow(travellers);
        let per_second = regulars.measure(step / 3, step - step / 3).await;
        say!("capacity: {travellers:>5} travellers complete {per_second:>7.1} searches/s");
        let seen = Step { travellers, per_second };
        steps.push(seen);
        idle = if per_second < best.per_second * MORE { idle + 1 } else { 0 };
        if per_second > best.per_second {
            best = seen;
        }
        if idle == IDLE_STEPS {
            break;
        }
    }
    regulars.grow(best.travellers);
    tokio::time::sleep(step).await;
    let look = Look::take(processes)?;
    let per_second = regulars.measure(Duration::ZERO, step * HELD_STEPS).await;
    let cores = look.since(processes)?;
    say!("capacity: {} travellers, held: {per_second:.1} searches/s", best.travellers);
    regulars.stop().await?;
    ensure!(per_second > 1.0, "{per_second:.1} searches a second: nothing to measure");
    Ok(Capacity { per_second, cores, steps })
}
