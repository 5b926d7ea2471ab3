//! Tasks that are counted, and stopping that everyone hears.

use std::future::Future;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Says when to stop, and hears it. Clones belong together.
#[derive(Clone, Debug, Default)]
pub struct Shutdown(CancellationToken);

impl Shutdown {
    /// Asks everyone to stop.
    pub fn begin(&self) {
        self.0.cancel();
    }

    /// Whether stopping has begun.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Waits until stopping begins.
    pub async fn begun(&self) {
        self.0.cancelled().await;
    }

    /// A part that stops with this one, or earlier by itself.
    #[must_use]
    pub fn child(&self) -> Self {
        Self(self.0.child_token())
    }
}

/// Counts the tasks it starts, so that stopping can wait for them.
#[derive(Clone, Debug, Default)]
pub struct TaskSet {
    tracker: TaskTracker,
}

impl TaskSet {
    /// Starts a task.
    pub fn spawn<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.tracker.spawn(task)
    }

    /// Tasks running now.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tracker.len()
    }

    /// Whether no task runs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tracker.is_empty()
    }

    /// Waits until all tasks have ended, at most this long. Returns whether they had.
    pub async fn drain(&self, within: Duration) -> bool {
        self.tracker.close();
        tokio::time::timeout(within, self.tracker.wait()).await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn draining_waits_for_tasks_but_not_for_ever() {
        let tasks = TaskSet::default();
        let shutdown = Shutdown::default();
        let heard = shutdown.child();
        tasks.spawn(async move { heard.begun().await });
        assert!(!tasks.drain(Duration::from_secs(1)).await);
        shutdown.begin();
        assert!(tasks.drain(Duration::from_secs(1)).await);
    }
}
