//! A release that walks through the fleet: the real rollout, and what the release is like.

use fleet::CellId;
use fleet::rollout::{Rollout, RolloutSettings};
use runtime::{Limited, Random};

use super::queue::{At, SECOND};

/// The release that every cell runs at first.
pub(crate) const FIRST: &str = "1";
/// Time of a process to be there.
pub(crate) const STARTS: At = 4 * SECOND;

/// What a release does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Character {
    /// What the one before did.
    Good,
    /// Its process never comes up.
    NeverStarts,
    /// So many of a hundred requests fail.
    Fails(u64),
    /// It works at so many percent of the speed.
    Slow(u64),
    /// Its process dies after so many seconds, again and again.
    Dies(u64),
}

impl Character {
    /// Half of all releases are good.
    pub(crate) fn draw(strength: u64) -> Self {
        let mut random = Random::from_seed(strength);
        match strength % 8 {
            0..=3 => Self::Good,
            4 => Self::NeverStarts,
            5 => Self::Fails(2 + random.below(60)),
            6 => Self::Slow(10 + random.below(20)),
            _ => Self::Dies(6 + random.below(30)),
        }
    }
}

/// The rollout under way.
#[derive(Debug)]
pub(crate) struct Deploy {
    pub(crate) rollout: Rollout,
    pub(crate) character: Character,
    /// The region in which travellers may notice it.
    pub(crate) region: u8,
    /// Looks since it was decided to go back.
    pub(crate) returning: u64,
}

impl Deploy {
    /// Whether a cell is on the new release.
    pub(crate) fn is_new(&self, release: &str) -> bool {
        self.rollout.to == release
    }

    /// The first cell that gets it.
    pub(crate) fn first(&self) -> Option<CellId> {
        self.rollout.waves.first().and_then(|wave| wave.first()).copied()
    }
}

/// Short, so that one fits into a world of ten minutes.
pub(crate) fn settings() -> RolloutSettings {
    RolloutSettings {
        bake_ms: Limited::literal(30_000),
        warm_up_ms: Limited::literal(4_000),
        requests_min: Limited::literal(100),
        ready_ms: Limited::literal(30_000),
        ..RolloutSettings::default()
    }
}
