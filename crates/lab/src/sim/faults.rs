//! What goes wrong and when: drawn from the seed before the world begins.
//!
//! Most faults come one after the other, with time to recover in between; some begin while another
//! lasts. The first and the last minute are quiet.

use runtime::Random;

use super::control::Poison;
use super::queue::{At, SECOND};
use super::settings::{WorldSettings, ZONES};

/// Time after a fault in which all must be well again.
pub(crate) const RECOVERY: At = 30 * SECOND;
/// Time between a spot notice and the end of the machine.
pub(crate) const NOTICE: At = 120 * SECOND;
/// Quiet time at both ends.
const QUIET: At = 60 * SECOND;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A cell's process dies and is started again.
    Kill,
    /// A machine is taken away without a word, and replaced.
    Interrupted,
    /// A machine is taken away after two minutes, and replaced.
    Notice,
    /// All machines of a zone are gone, edges too.
    ZoneLost,
    /// An edge's process dies and is started again.
    EdgeLost,
    /// Every message between edges and cells of a region takes longer.
    SlowNetwork,
    /// Connections between edges and cells of a region break.
    FlakyNetwork,
    /// The edges of a region do not reach the control plane.
    Partition,
    /// The control plane is dead; an edge is started anew meanwhile.
    ControlDead,
    /// The control plane offers what must not be used.
    Poisoned,
    /// The wall clock of a cell is wrong from now on.
    ClockSkew,
    /// Up to three times what a region's cells carry is asked.
    Flood,
    /// Travellers who are refused or fail ask again at once, while more than the peak is asked.
    RetryStorm,
    /// A cell is slow, though nothing says so.
    SlowCell,
    /// Partners are slow or dead.
    Partners,
    /// An operator drains a cell, and takes it back.
    Drain,
    /// Another release walks through the fleet; half of them are bad.
    Deploy,
}

impl Kind {
    const ALL: [Self; 17] = [
        Self::Kill,
        Self::Interrupted,
        Self::Notice,
        Self::ZoneLost,
        Self::EdgeLost,
        Self::SlowNetwork,
        Self::FlakyNetwork,
        Self::Partition,
        Self::ControlDead,
        Self::Poisoned,
        Self::ClockSkew,
        Self::Flood,
        Self::RetryStorm,
        Self::SlowCell,
        Self::Partners,
        Self::Drain,
        Self::Deploy,
    ];

    /// As it is printed.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Interrupted => "interruption without notice",
            Self::Notice => "interruption with notice",
            Self::ZoneLost => "zone loss",
            Self::EdgeLost => "edge loss",
            Self::SlowNetwork => "slow network",
            Self::FlakyNetwork => "flaky network",
            Self::Partition => "partition",
            Self::ControlDead => "dead control plane",
            Self::Poisoned => "poisoned table",
            Self::ClockSkew => "clock skew",
            Self::Flood => "flood",
            Self::RetryStorm => "retry storm",
            Self::SlowCell => "slow cell",
            Self::Partners => "slow partners",
            Self::Drain => "drain",
            Self::Deploy => "deploy",
        }
    }

    /// Least and greatest length, seconds.
    fn seconds(self) -> (u64, u64) {
        match self {
            Self::Kill | Self::EdgeLost => (1, 5),
            // As long as it takes; what is drawn keeps others away for the first cell.
            Self::Deploy => (60, 90),
            Self::Interrupted | Self::ZoneLost | Self::Drain => (60, 180),
            // The notice, and the time until the replacement is there.
            Self::Notice => (180, 300),
            Self::Partition | Self::ControlDead => (60, 300),
            Self::Poisoned => (10, 40),
            Self::ClockSkew => (1, 1),
            Self::SlowNetwork
            | Self::FlakyNetwork
            | Self::Flood
            | Self::RetryStorm
            | Self::SlowCell
            | Self::Partners => (20, 90),
        }
    }

    /// Whether travellers may notice for as long as it lasts. What takes cells away may be noticed
    /// for a moment only: the rest carries the peak.
    pub(crate) fn disturbs(self) -> bool {
        match self {
            Self::SlowNetwork
            | Self::FlakyNetwork
            | Self::Flood
            | Self::RetryStorm
            | Self::SlowCell => true,
            Self::Kill
            | Self::Interrupted
            | Self::Notice
            | Self::ZoneLost
            | Self::EdgeLost
            | Self::Partition
            | Self::ControlDead
            | Self::Poisoned
            | Self::ClockSkew
            | Self::Partners
            | Self::Drain
            | Self::Deploy => false,
        }
    }
}

/// One fault.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    pub(crate) at: At,
    pub(crate) lasts: At,
    pub(crate) region: u8,
    /// Place in the fleet, in that region.
    pub(crate) cell: u8,
    pub(crate) zone: u8,
    /// How bad it is, 0..=100.
    pub(crate) strength: u64,
}

impl Fault {
    /// How a table is poisoned.
    pub(crate) fn poison(&self) -> Poison {
        match self.strength % 4 {
            0 => Poison::Damaged,
            1 => Poison::Moves,
            2 => Poison::Old,
            _ => Poison::Forged,
        }
    }
}

/// All faults of a world, by time.
pub(crate) fn draw(settings: &WorldSettings, random: &mut Random) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut at = QUIET + random.below(QUIET);
    loop {
        let kind = Kind::ALL[random.below(Kind::ALL.len() as u64) as usize];
        let (least, most) = kind.seconds();
        let lasts = (least + random.below(most - least + 1)) * SECOND;
        let region = random.below(u64::from(settings.regions)) as u8;
        let each = settings.cells_a_region();
        let fault = Fault {
            kind,
            at,
            lasts,
            region,
            cell: region * each + random.below(u64::from(each)) as u8,
            zone: random.below(ZONES as u64) as u8,
            strength: random.below(101),
        };
        if at + lasts + QUIET > settings.lasts {
            return faults;
        }
        faults.push(fault);
        // Long ones that travellers do not notice need not be over before the next one.
        let over = if kind.disturbs() { lasts } else { lasts.min(RECOVERY) };
        let overlap = random.below(4) == 0;
        at += if overlap { random.below(over) } else { over + RECOVERY + 15 * SECOND };
        at += random.below(20 * SECOND);
    }
}
