//! A named thread with a life of its own, for work that waits on a device.
//!
//! Pools of short jobs are [`crate::Workers`]; this is for the one loop that owns a file or a socket.

use std::fmt;
use std::thread::JoinHandle;

/// A running thread; dropping it waits for its end, so tell it to end first.
pub struct NamedThread {
    name: String,
    handle: Option<JoinHandle<()>>,
}

impl fmt::Debug for NamedThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NamedThread").field("name", &self.name).finish_non_exhaustive()
    }
}

impl NamedThread {
    /// Starts a thread.
    ///
    /// # Errors
    /// If the operating system gives none.
    pub fn start(name: &str, run: impl FnOnce() + Send + 'static) -> std::io::Result<Self> {
        let handle = std::thread::Builder::new().name(name.to_owned()).spawn(run)?;
        Ok(Self { name: name.to_owned(), handle: Some(handle) })
    }

    /// Waits for its end; gives whether it ended by itself and not by a panic.
    pub fn join(mut self) -> bool {
        self.wait()
    }

    fn wait(&mut self) -> bool {
        let Some(handle) = self.handle.take() else { return true };
        if handle.thread().id() == std::thread::current().id() {
            // The last one to let go was the thread itself: it is ending.
            return true;
        }
        let ended = handle.join().is_ok();
        if !ended {
            tracing::error!(thread = self.name, "a thread panicked");
        }
        ended
    }
}

impl Drop for NamedThread {
    fn drop(&mut self) {
        self.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::NamedThread;

    #[test]
    fn a_thread_has_its_name_and_is_waited_for() {
        let (told, names) = mpsc::channel();
        let thread = NamedThread::start("fareway-test", move || {
            let name = std::thread::current().name().map(str::to_owned);
            told.send(name).unwrap();
        })
        .unwrap();
        assert!(thread.join());
        assert_eq!(names.recv().unwrap().as_deref(), Some("fareway-test"));
    }

    #[test]
    fn a_panic_is_told_and_stays_in_the_thread() {
        assert!(!NamedThread::start("fareway-test", || panic!("boom")).unwrap().join());
    }
}
