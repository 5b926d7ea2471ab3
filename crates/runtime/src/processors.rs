//! How busy the processors of the machine are, whoever uses them.
//!
//! Source of the counters: `/proc/stat`, proc(5). Time that the host of a virtual machine took away is
//! used: it is not there. Where there is no such file, nothing is known and nothing counts as busy; in a
//! simulation neither, because the processors of the machine below it would make it another one each time.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::{Moment, now};

/// Least time between two looks: the kernel counts in hundredths of a second, and a flood fills a queue
/// within a few of these.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Columns of the line `cpu` in which nothing is done: idle, and waiting for a disk.
const IDLE: [usize; 2] = [3, 4];
/// Columns that count; those after them are part of the first two.
const COLUMNS: usize = 8;

/// All processors together.
#[derive(Debug, Default)]
pub struct Processors {
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    looked: Option<Moment>,
    ticks: Ticks,
    busy: f64,
}

/// Since the machine began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Ticks {
    all: u64,
    idle: u64,
}

impl Processors {
    /// Part of their time that was used, 0 to 1, in the last fifth of a second or longer; 0 the first time.
    #[must_use]
    pub fn busy(&self) -> f64 {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now();
        if seen.looked.is_some_and(|looked| now < looked + LOOK_EVERY) {
            return seen.busy;
        }
        let first = seen.looked.replace(now).is_none();
        let ticks = Ticks::read(&counters()).unwrap_or_default();
        seen.busy = if first { 0.0 } else { ticks.busy_since(seen.ticks) };
        seen.ticks = ticks;
        seen.busy
    }
}

#[cfg(not(feature = "turmoil"))]
fn counters() -> String {
    // A file of the kernel, not of a disk: reading it waits for nothing.
    std::fs::read_to_string("/proc/stat").unwrap_or_default()
}

#[cfg(feature = "turmoil")]
fn counters() -> String {
    String::new()
}

impl Ticks {
    fn read(stat: &str) -> Option<Self> {
        let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
        let columns: Vec<u64> =
            line.split_whitespace().take(COLUMNS).map_while(|word| word.parse().ok()).collect();
        let idle = IDLE.iter().map(|&at| columns.get(at)).sum::<Option<u64>>()?;
        Some(Self { all: columns.iter().sum(), idle })
    }

    fn busy_since(self, before: Self) -> f64 {
        let all = self.all.saturating_sub(before.all);
        let idle = self.idle.saturating_sub(before.idle);
        if all == 0 { 0.0 } else { 1.0 - idle.min(all) as f64 / all as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_idles_or_waits_for_a_disk_is_not_busy_and_what_the_host_took_is() {
        let of = |line: &str| Ticks::read(&format!("{line}\ncpu0 1 1 1 1 1 1 1 1 0 0\n")).unwrap();
        let before = of("cpu  100 10 50 800 40 0 0 0 7 7");
        let after = of("cpu  110 10 60 840 80 5 5 30 9 9");
        assert!((after.busy_since(before) - 60.0 / 140.0).abs() < 1e-9);
        assert!(after.busy_since(after).abs() < 1e-9);
        assert!(before.busy_since(after).abs() < 1e-9, "counters that fall say nothing");
    }

    #[test]
    fn what_is_no_such_file_tells_nothing() {
        for stat in ["", "intr 5", "cpu", "cpu  1 2 3", "cpu  a b c d e"] {
            assert_eq!(Ticks::read(stat), None, "{stat}");
        }
    }

    #[test]
    fn a_second_look_at_once_tells_the_same() {
        let processors = Processors::default();
        assert!(processors.busy().abs() < 1e-9);
        assert!(processors.busy().abs() < 1e-9);
    }
}
