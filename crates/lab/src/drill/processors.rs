//! What the processors do: so much for the fleet, for its market, for this generator, for others.
//!
//! On a machine that is shared, what neighbours take is not there for the fleet: rates of two moments
//! are compared by what was there for all of the drill.

use std::time::Instant;

use anyhow::{Context, Result};

use super::processes::Processes;
use crate::load::cpu_seconds;

/// Clock ticks a second on every Linux we run on.
const TICKS: f64 = 100.0;

/// A look at all counters.
#[derive(Debug)]
pub(crate) struct Look {
    at: Instant,
    fleet: f64,
    market: f64,
    generator: f64,
    busy: f64,
}

/// Cores that were used between two looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cores {
    /// Edge, control plane and cells.
    pub(crate) fleet: f64,
    pub(crate) market: f64,
    pub(crate) generator: f64,
    /// Whatever else runs on the machine.
    pub(crate) others: f64,
    /// All but those.
    pub(crate) there: f64,
}

impl Look {
    pub(crate) fn take(processes: &Processes) -> Result<Self> {
        let (fleet, market) = processes.cpu_seconds();
        let generator = cpu_seconds(std::process::id())?;
        let stat = std::fs::read_to_string("/proc/stat")?;
        Ok(Self { at: Instant::now(), fleet, market, generator, busy: busy_seconds(&stat)? })
    }

    /// Cores used since this look.
    pub(crate) fn since(&self, processes: &Processes) -> Result<Cores> {
        let now = Self::take(processes)?;
        let seconds = (now.at - self.at).as_secs_f64().max(0.01);
        let of = |now: f64, before: f64| ((now - before) / seconds).max(0.0);
        let (fleet, market) = (of(now.fleet, self.fleet), of(now.market, self.market));
        let generator = of(now.generator, self.generator);
        let others = (of(now.busy, self.busy) - fleet - market - generator).max(0.0);
        let all = std::thread::available_parallelism().map_or(1, usize::from) as f64;
        let there = (all - others).max(fleet + market + generator);
        Ok(Cores { fleet, market, generator, others, there })
    }
}

/// Seconds that all processors together did not idle, also those that the host took away: user, nice,
/// system, irq, softirq and steal of proc(5).
fn busy_seconds(stat: &str) -> Result<f64> {
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu ")).context("no line cpu")?;
    let ticks: Vec<f64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let busy = [0, 1, 2, 5, 6, 7].iter().filter_map(|&at| ticks.get(at)).sum::<f64>();
    Ok(busy / TICKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_idles_or_waits_for_a_disk_is_not_busy() {
        let stat = "cpu  100 200 300 4000 500 10 20 70 9 9\ncpu0 1 1 1 1 1 1 1 1 1 1\n";
        assert!((busy_seconds(stat).unwrap() - 7.0).abs() < 1e-9);
        assert!(busy_seconds("intr 5").is_err());
    }
}
