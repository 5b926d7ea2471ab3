//! Faults of a running fleet: which there are, in which order a seed brings them, what each does.

use std::io::{ErrorKind, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use runtime::Random;

use super::proxy::{Proxy, Weather};
use crate::drill::processes::{CELLS, Processes};
use crate::place::bytes_below;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A cell is killed (`kill -9`).
    Kill,
    /// A cell stops as if its machine hung (SIGSTOP), and goes on later.
    Stop,
    /// Between a cell and the others everything takes longer.
    Slow,
    /// Connections to a cell are reset, again and again.
    Resets,
    /// Between a cell and the others nothing passes.
    Cut,
    /// The disk of a cell is full.
    FullDisk,
    /// The control plane is killed.
    ControlKilled,
    /// The control plane stops, and goes on later.
    ControlStopped,
}

impl Kind {
    pub(crate) const ALL: [Self; 8] = [
        Self::Kill,
        Self::Stop,
        Self::Slow,
        Self::Resets,
        Self::Cut,
        Self::FullDisk,
        Self::ControlKilled,
        Self::ControlStopped,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill -9",
            Self::Stop => "stop",
            Self::Slow => "latency",
            Self::Resets => "resets",
            Self::Cut => "partition",
            Self::FullDisk => "full disk",
            Self::ControlKilled => "control plane killed",
            Self::ControlStopped => "control plane stopped",
        }
    }

    /// Whether a cell is hit, and not the control plane.
    pub(crate) const fn hits_a_cell(self) -> bool {
        !matches!(self, Self::ControlKilled | Self::ControlStopped)
    }
}

/// One fault of a schedule.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    /// The cell that is hit, from 1.
    pub(crate) cell: u32,
    /// Zero for what is over at once.
    pub(crate) lasts: Duration,
    /// How much later bytes come, each way.
    pub(crate) later: Duration,
}

impl Fault {
    /// Who is hit.
    pub(crate) fn role(&self) -> String {
        if self.kind.hits_a_cell() { format!("cell-{}", self.cell) } else { "control".to_owned() }
    }
}

/// So many faults, each kind once before any comes again; none lasts longer than `most`.
pub(crate) fn schedule(seed: u64, count: usize, kinds: &[Kind], most: Duration) -> Vec<Fault> {
    let mut random = Random::from_seed(seed);
    let mut left: Vec<Kind> = Vec::new();
    (0..count)
        .filter_map(|_| {
            if left.is_empty() {
                left = kinds.to_vec();
            }
            let at = random.below(left.len() as u64) as usize;
            let kind = (!left.is_empty()).then(|| left.swap_remove(at))?;
            let lasts = match kind {
                Kind::Kill | Kind::ControlKilled => Duration::ZERO,
                _ => Duration::from_millis(3_000 + random.below(9_001)).min(most),
            };
            let later = Duration::from_millis(100 + random.below(1_401));
            Some(Fault { kind, cell: 1 + random.below(u64::from(CELLS)) as u32, lasts, later })
        })
        .collect()
}

/// Where faults happen.
pub(crate) struct Scene {
    pub(crate) processes: Processes,
    pub(crate) proxies: Vec<Proxy>,
    /// How often each cell was killed, by number.
    pub(crate) lives: Arc<[AtomicU32; CELLS as usize + 1]>,
}

impl Scene {
    pub(crate) fn begin(&self, fault: &Fault) -> Result<()> {
        let role = fault.role();
        match fault.kind {
            Kind::Kill => {
                // Before: no answer of the next life may be taken for one of this.
                self.lives[fault.cell as usize].fetch_add(1, Ordering::SeqCst);
                self.processes.signal(&role, "-KILL").map(drop)
            }
            Kind::ControlKilled => self.processes.signal(&role, "-KILL").map(drop),
            Kind::Stop | Kind::ControlStopped => self.processes.signal(&role, "-STOP").map(drop),
            Kind::Slow => self.set(fault, Weather::Slow(fault.later)),
            Kind::Resets => self.set(fault, Weather::Resetting),
            Kind::Cut => self.set(fault, Weather::Silent),
            Kind::FullDisk => fill(&self.processes.folder(&role)),
        }
    }

    pub(crate) fn end(&self, fault: &Fault) -> Result<()> {
        let role = fault.role();
        match fault.kind {
            Kind::Kill | Kind::ControlKilled => Ok(()),
            Kind::Stop | Kind::ControlStopped => self.processes.signal(&role, "-CONT").map(drop),
            Kind::Slow | Kind::Resets | Kind::Cut => self.set(fault, Weather::Clear),
            Kind::FullDisk => Ok(std::fs::remove_file(self.processes.folder(&role).join(BALLAST))?),
        }
    }

    fn set(&self, fault: &Fault, weather: Weather) -> Result<()> {
        let proxy = self.proxies.get(fault.cell as usize - 1).context("a cell without a proxy")?;
        proxy.set(weather);
        Ok(())
    }

    /// Bytes of the log of a cell.
    pub(crate) fn log_bytes(&self, fault: &Fault) -> u64 {
        bytes_below(&self.processes.folder(&fault.role()).join("log")).unwrap_or_default()
    }

    /// Whether who was hit is well again: the edge gives it work and, if its disk was full, its log has
    /// more than `log_bytes`.
    pub(crate) async fn is_well(&self, fault: &Fault, log_bytes: u64) -> bool {
        if !fault.kind.hits_a_cell() {
            return self.processes.answers(self.processes.control, "/fleet/topology").await;
        }
        let writes = fault.kind != Kind::FullDisk || self.log_bytes(fault) > log_bytes;
        writes && self.standing(fault.cell).await.as_deref() == Some("up")
    }

    /// How the edge sees a cell.
    pub(crate) async fn standing(&self, cell: u32) -> Option<String> {
        let seen = self.processes.seen_by_edge().await.ok()?;
        let standing = &seen["cells"].get(cell as usize - 1)?["standing"];
        standing.as_str().map(str::to_owned)
    }
}

/// The file that fills a disk.
const BALLAST: &str = "ballast";

/// Fills the disk of a folder to its last block.
fn fill(folder: &Path) -> Result<()> {
    let path = folder.join(BALLAST);
    let mut file = std::fs::File::create(&path).with_context(|| format!("{}", path.display()))?;
    for block in [1 << 20, 4 << 10] {
        let zeros = vec![0_u8; block];
        loop {
            match file.write_all(&zeros) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => break,
                Err(error) => return Err(error).context("the disk cannot be filled"),
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_kind_comes_before_any_comes_again_and_a_seed_is_one_schedule() {
        let most = Duration::from_secs(5);
        let faults = schedule(7, 24, &Kind::ALL, most);
        for round in faults.chunks(Kind::ALL.len()) {
            let kinds: BTreeSet<Kind> = round.iter().map(|fault| fault.kind).collect();
            assert_eq!(kinds.len(), Kind::ALL.len());
        }
        assert!(
            faults.iter().all(|fault| fault.lasts <= most && (1..=CELLS).contains(&fault.cell))
        );
        assert_eq!(format!("{faults:?}"), format!("{:?}", schedule(7, 24, &Kind::ALL, most)));
        assert_ne!(format!("{faults:?}"), format!("{:?}", schedule(8, 24, &Kind::ALL, most)));
        let hit: BTreeSet<u32> = faults.iter().map(|fault| fault.cell).collect();
        assert_eq!(hit.len(), CELLS as usize);
    }
}
