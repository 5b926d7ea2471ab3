//! Named worker threads with a bounded queue, for work that would hold up the sockets.
//!
//! Decoding and merging large answers, compression and blocking calls run here. A full queue
//! refuses ([`Workers::try_run`]) or makes the caller wait ([`Workers::run`]): it pushes back. In a
//! simulation, which is one thread, jobs run where they are asked for ([`Workers::inline`]).

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use thiserror::Error;
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::waits::{Wait, Waits};

type Job = Box<dyn FnOnce() + Send>;

/// The queue is full or the workers have stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the work queue is full")]
pub struct WorkersFull;

/// A bounded pool of threads.
#[derive(Clone)]
pub struct Workers {
    name: &'static str,
    /// To the threads; without it jobs run where they are asked for.
    queue: Option<mpsc::Sender<Job>>,
    room: Arc<Semaphore>,
    waits: Arc<Waits>,
}

impl fmt::Debug for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workers").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Workers {
    /// Starts `threads` threads that share a queue of at most `queued` jobs. They end when the last
    /// clone is dropped. With the feature `turmoil` it is [`Workers::inline`].
    ///
    /// # Errors
    /// If the operating system gives no thread.
    pub fn start(name: &'static str, threads: usize, queued: usize) -> std::io::Result<Self> {
        if cfg!(feature = "turmoil") {
            return Ok(Self::inline(name));
        }
        let (queue, jobs) = mpsc::channel::<Job>(queued.max(1));
        let jobs = Arc::new(Mutex::new(jobs));
        for index in 0..threads.max(1) {
            let jobs = Arc::clone(&jobs);
            std::thread::Builder::new().name(format!("{name}-{index}")).spawn(move || {
                loop {
                    let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
                    match job {
                        Some(job) => run_alone(name, job),
                        None => return,
                    }
                }
            })?;
        }
        Ok(Self {
            name,
            queue: Some(queue),
            room: Arc::new(Semaphore::new(queued.max(1))),
            waits: Arc::default(),
        })
    }

    /// No threads: a job runs in the task that asks for it, once others have had their turn. Such a world
    /// is one thread and can be shown again.
    #[must_use]
    pub fn inline(name: &'static str) -> Self {
        Self { name, queue: None, room: Arc::new(Semaphore::new(1)), waits: Arc::default() }
    }

    /// How long jobs have waited for a thread, at the least, since it was last asked: zero if one was
    /// begun at once, or if there was none; at least `since` if some wait and none was begun.
    #[must_use]
    pub fn least_wait(&self, since: Duration) -> Duration {
        self.waits.take_least(since)
    }

    /// Runs a job on a worker and waits for its value; waits for room in the queue first.
    ///
    /// # Errors
    /// [`WorkersFull`] if the workers have stopped or the job panicked.
    pub async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, WorkersFull> {
        self.run_unless(job, |_| false).await
    }

    /// The same for a job that is worth nothing without its caller: if the caller leaves before it is
    /// begun, it is not run.
    ///
    /// # Errors
    /// As [`Workers::run`].
    pub async fn run_if_wanted<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, WorkersFull> {
        self.run_unless(job, oneshot::Sender::is_closed).await
    }

    async fn run_unless<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
        in_vain: fn(&oneshot::Sender<T>) -> bool,
    ) -> Result<T, WorkersFull> {
        let wait = Wait::begin(&self.waits);
        let _room = self.room.acquire().await.map_err(|_| WorkersFull)?;
        let (answer, value) = oneshot::channel();
        let job: Job = Box::new(move || {
            wait.end();
            if in_vain(&answer) {
                return;
            }
            // The caller may have left: then nobody wants the value.
            let _ = answer.send(job());
        });
        match &self.queue {
            Some(queue) => queue.send(job).await.map_err(|_| WorkersFull)?,
            None => {
                tokio::task::yield_now().await;
                run_alone(self.name, job);
            }
        }
        value.await.map_err(|_| WorkersFull)
    }

    /// Hands a job to a worker without waiting for it.
    ///
    /// # Errors
    /// [`WorkersFull`] if there is no room.
    pub fn try_run(&self, job: impl FnOnce() + Send + 'static) -> Result<(), WorkersFull> {
        let wait = Wait::begin(&self.waits);
        let job = move || {
            wait.end();
            job();
        };
        match &self.queue {
            Some(queue) => queue.try_send(Box::new(job)).map_err(|_| WorkersFull),
            None => {
                run_alone(self.name, Box::new(job));
                Ok(())
            }
        }
    }
}

/// A job that panics loses its own answer and no more.
fn run_alone(pool: &'static str, job: Job) {
    if std::panic::catch_unwind(std::panic::AssertUnwindSafe(job)).is_err() {
        tracing::error!(pool, "a job panicked");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panicking_job_fails_alone() {
        let workers = Workers::start("test", 1, 4).unwrap();
        let boom: Result<(), _> = workers.run(|| panic!("boom")).await;
        assert_eq!(boom, Err(WorkersFull));
        assert_eq!(workers.run(|| 6 * 7).await, Ok(42));
    }

    #[tokio::test]
    async fn a_job_that_is_worth_nothing_without_its_caller_is_not_run_once_the_caller_has_left() {
        use std::sync::atomic::{AtomicU32, Ordering};
        let workers = Workers::start("test", 1, 8).unwrap();
        let (open, gate) = std::sync::mpsc::channel::<()>();
        workers.try_run(move || _ = gate.recv()).unwrap();
        let ran = Arc::new(AtomicU32::new(0));
        let count = |number: u32| {
            let ran = Arc::clone(&ran);
            move || ran.fetch_add(number, Ordering::SeqCst)
        };
        {
            let wanted = workers.run_if_wanted(count(1));
            let other = workers.run(count(10));
            tokio::pin!(wanted, other);
            // Both are handed over, none is begun.
            tokio::select! {
                biased;
                _ = &mut wanted => panic!("it is begun"),
                _ = &mut other => panic!("it is begun"),
                () = std::future::ready(()) => {}
            }
        }
        open.send(()).unwrap();
        workers.run_if_wanted(count(100)).await.unwrap();
        assert_eq!(ran.load(Ordering::SeqCst), 110);
    }

    #[tokio::test]
    async fn the_least_wait_tells_a_queue_that_stands_from_one_that_moves() {
        let window = Duration::from_millis(100);
        let workers = Workers::start("test", 1, 8).unwrap();
        assert_eq!(workers.least_wait(window), Duration::ZERO, "nobody waits");
        let (open, gate) = std::sync::mpsc::channel::<()>();
        let (tell, begun) = std::sync::mpsc::channel::<()>();
        let first = move || {
            tell.send(()).unwrap();
            gate.recv().unwrap_or_default();
        };
        workers.try_run(first).unwrap();
        begun.recv().unwrap();
        let _ = workers.least_wait(window);
        workers.try_run(|| ()).unwrap();
        assert_eq!(workers.least_wait(window), window, "one waits and none is begun");
        drop(open);
        workers.run(|| ()).await.unwrap();
        let least = workers.least_wait(window);
        assert!(least > Duration::ZERO && least < Duration::from_secs(60), "{least:?}");
        assert_eq!(workers.least_wait(window), Duration::ZERO, "all have been begun");
    }

    #[tokio::test]
    async fn a_job_that_is_refused_waits_no_longer() {
        let workers = Workers::start("test", 1, 1).unwrap();
        let (open, gate) = std::sync::mpsc::channel::<()>();
        workers.try_run(move || gate.recv().unwrap_or_default()).unwrap();
        while workers.try_run(|| ()).is_ok() {}
        drop(open);
        workers.run(|| ()).await.unwrap();
        let _ = workers.least_wait(Duration::ZERO);
        assert_eq!(workers.least_wait(Duration::from_secs(1)), Duration::ZERO);
    }

    #[tokio::test]
    async fn without_threads_jobs_run_in_the_thread_that_asks() {
        let workers = Workers::inline("test");
        let here = std::thread::current().id();
        assert_eq!(workers.run(|| std::thread::current().id()).await, Ok(here));
        let boom: Result<(), _> = workers.run(|| panic!("boom")).await;
        assert_eq!(boom, Err(WorkersFull));
        assert_eq!(workers.try_run(|| ()), Ok(()));
        assert_eq!(workers.run(|| 6 * 7).await, Ok(42));
    }

    #[tokio::test]
    async fn a_full_queue_refuses() {
        let workers = Workers::start("test", 1, 1).unwrap();
        let (open, gate) = std::sync::mpsc::channel::<()>();
        workers.try_run(move || gate.recv().unwrap_or_default()).unwrap();
        // One job may still wait in the queue; the next finds it full.
        let refused = (0..3).any(|_| workers.try_run(|| ()).is_err());
        assert!(refused);
        drop(open);
    }
}
