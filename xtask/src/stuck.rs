//! Tests that began and do not end: cargo's runner says which run for over a minute; those that are
//! still there minutes later are named, with what their threads wait for, and their program is
//! killed, so that one stuck test costs its own program and not the whole run.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use crate::stopwatch::Stopwatch;

/// How long a test may run after the runner has named it as slow.
const PATIENCE: Duration = Duration::from_secs(240);

/// Slow tests of the program that runs now.
#[derive(Debug)]
pub(crate) struct Stuck {
    slow: BTreeMap<String, Stopwatch>,
    patience: Duration,
}

impl Default for Stuck {
    fn default() -> Self {
        Self { slow: BTreeMap::new(), patience: PATIENCE }
    }
}

impl Stuck {
    /// Reads a line of the runner.
    pub(crate) fn on_line(&mut self, line: &str) {
        let Some(rest) = line.strip_prefix("test ") else { return };
        if rest.starts_with("result: ") {
            self.slow.clear();
        } else if let Some(name) = rest.strip_suffix(" has been running for over 60 seconds") {
            self.slow.insert(name.to_owned(), Stopwatch::start());
        } else if let Some((name, _)) = rest.split_once(" ... ") {
            self.slow.remove(name);
        }
    }

    /// Tests that will not end; each is given once.
    pub(crate) fn take(&mut self) -> Vec<String> {
        let is_over = |since: &Stopwatch| since.elapsed() > self.patience;
        if !self.slow.values().any(is_over) {
            return Vec::new();
        }
        // The others of that program go with it.
        std::mem::take(&mut self.slow).into_keys().collect()
    }
}

/// What each thread of a process does: its name, which of a test's threads is the test's, and what it
/// waits for in the kernel.
pub(crate) fn threads(process: u32) -> Vec<String> {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { return Vec::new() };
    let read = |folder: &std::path::Path, file: &str| {
        fs::read_to_string(folder.join(file)).unwrap_or_default().trim().to_owned()
    };
    let describe = |thread: fs::DirEntry| {
        let folder = thread.path();
        format!("{:<16} {}", read(&folder, "comm"), read(&folder, "wchan"))
    };
    threads.flatten().map(describe).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_test_that_does_not_end_is_given_once_and_one_that_ends_is_not() {
        let mut stuck = Stuck { patience: Duration::ZERO, ..Stuck::default() };
        stuck.on_line("test one::hangs has been running for over 60 seconds");
        stuck.on_line("test one::is_slow has been running for over 60 seconds");
        stuck.on_line("test one::is_slow ... ok");
        crate::stopwatch::pause(Duration::from_millis(1));
        assert_eq!(stuck.take(), ["one::hangs"]);
        assert!(stuck.take().is_empty());
    }

    #[test]
    fn a_new_program_starts_with_none() {
        let mut stuck = Stuck { patience: Duration::ZERO, ..Stuck::default() };
        stuck.on_line("test a has been running for over 60 seconds");
        stuck.on_line("test result: ok. 1 passed; 0 failed");
        crate::stopwatch::pause(Duration::from_millis(1));
        assert!(stuck.take().is_empty());
    }

    #[test]
    fn patience_is_waited_for() {
        let mut stuck = Stuck::default();
        stuck.on_line("test a has been running for over 60 seconds");
        assert!(stuck.take().is_empty());
    }

    #[test]
    fn our_own_threads_have_names() {
        assert!(!threads(std::process::id()).is_empty());
    }
}
