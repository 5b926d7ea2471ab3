//! Moving cells to another release: one cell, then its region, then the rest; each wave bakes, is
//! compared with the cells that still run the old release, and all go back by themselves if it is worse.
//!
//! ```text
//!            cells move         it bakes                 no worse
//! Start ─▶ Moving(wave 1) ─▶ Baking(wave 1) ─▶ Moving(wave 2) … ─▶ Done
//!             │ not ready in time  │ worse, restarted, not ready
//!             └────────────┬───────┘
//!                          ▼
//!                     Returning ─▶ Returned
//! ```
//!
//! A cell moves so: it is drained, finishes what it has, is started again as the other release, is
//! ready and says that it is that release, takes work again. Everything here is pure: a [`Rollout`] is
//! a document that is kept after every step, and [`Rollout::step`] looks at the cells anew each time,
//! so a controller that dies in the middle goes on where the cells are. Times are milliseconds since
//! 1970, because they outlive a process.
//!
//! A release is whatever a cell is started with (binary, settings, partner files) under one name that
//! never means anything else.

pub mod evidence;
pub mod judge;
mod step;
mod watched;
mod waves;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use runtime::Limited;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::topology::{CellId, SeenHealth, Topology};

pub use evidence::Evidence;
pub use step::Action;
pub use watched::Watched;

/// Entries of what happened that are kept.
const NOTES_MAX: usize = 200;

/// How carefully a rollout goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RolloutSettings {
    /// How long each wave bakes, milliseconds.
    pub bake_ms: Limited<1_000, 86_400_000>,
    /// Time after a wave's cells are in before counting begins: caches are cold, milliseconds.
    pub warm_up_ms: Limited<0, 3_600_000>,
    /// Requests that cells of the new release must have answered before a bake can pass.
    pub requests_min: Limited<0, 100_000_000>,
    /// How long a cell may finish what it has, milliseconds.
    pub drain_ms: Limited<0, 3_600_000>,
    /// How long a cell may take to be ready as another release, milliseconds.
    pub ready_ms: Limited<1_000, 3_600_000>,
    /// Greatest share of a region's cells that a rollout takes out at once, percent; one at least.
    pub out_percent: Limited<1, 50>,
}

impl Default for RolloutSettings {
    fn default() -> Self {
        Self {
            bake_ms: Limited::literal(300_000),
            warm_up_ms: Limited::literal(60_000),
            requests_min: Limited::literal(200),
            drain_ms: Limited::literal(15_000),
            ready_ms: Limited::literal(120_000),
            out_percent: Limited::literal(20),
        }
    }
}

/// Where a rollout is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Cells of a wave change their release.
    Moving,
    /// A wave shows what it does.
    Baking {
        /// When its last cell was in.
        since: u64,
    },
    /// Every cell goes back to what it was.
    Returning {
        /// When that was decided.
        since: u64,
        /// Why.
        why: String,
    },
    /// Every cell runs the new release.
    Done,
    /// Every cell runs what it ran before.
    Returned {
        /// Why.
        why: String,
    },
}

/// How far a cell is on its way to the release that it is to run, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Way {
    /// It finishes what it has.
    Draining(u64),
    /// It is started as the other release.
    Starting(u64),
    /// It bakes, and was last seen ready before then.
    Away(u64),
}

/// One rollout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rollout {
    /// The release it brings.
    pub to: String,
    /// What each cell ran before.
    pub from: BTreeMap<CellId, String>,
    /// Cells in the order in which they move.
    pub waves: Vec<Vec<CellId>>,
    /// The wave that moves or bakes, from 0.
    pub wave: usize,
    /// Where it is.
    pub stage: Stage,
    /// How carefully it goes.
    #[serde(deserialize_with = "settings_of_any_release")]
    pub settings: RolloutSettings,
    /// When it began.
    pub began: u64,
    /// What happened, with times; the oldest are forgotten.
    pub notes: VecDeque<(u64, String)>,
    /// Cells on their way.
    ways: BTreeMap<CellId, Way>,
    /// Cells that were drained before it began, and stay so.
    drained_before: Vec<CellId>,
    /// Cells that were drained or started again for it; what becomes of others is not its doing.
    touched: BTreeSet<CellId>,
    /// What each cell had done when counting began, and which process of it that was.
    base: BTreeMap<CellId, (u64, Evidence)>,
    /// What the old release did in the last bake in which there was one, cell by cell.
    old: Vec<Evidence>,
    /// Looks of this bake that were judged.
    looks: u64,
}

/// Settings that were kept, perhaps by a later release: what is not known here is left aside. Whoever
/// begins a rollout is told instead.
fn settings_of_any_release<'de, D>(from: D) -> Result<RolloutSettings, D::Error>
where
    D: Deserializer<'de>,
{
    let mut kept = Map::deserialize(from)?;
    let known = serde_json::to_value(RolloutSettings::default()).map_err(D::Error::custom)?;
    kept.retain(|key, _| known.get(key).is_some());
    RolloutSettings::deserialize(Value::Object(kept)).map_err(D::Error::custom)
}

/// What is seen of a cell now.
#[derive(Clone, Debug, PartialEq)]
pub struct CellView {
    /// Whether it answers and takes work.
    pub health: SeenHealth,
    /// The release it says that it is; `None` while it says nothing.
    pub runs: Option<String>,
    /// When its process began, as it says.
    pub process: u64,
    /// Searches that are not over.
    pub open: u64,
    /// What it did since its process began.
    pub evidence: Evidence,
}

/// A rollout that is not begun.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum RolloutError {
    /// There is nothing to do.
    #[error("every cell runs {0} already")]
    Nothing(String),
    /// The cells differ, so there is nothing to compare with.
    #[error("cells run different releases ({0}); bring them to one first, with force")]
    Mixed(String),
}

impl Rollout {
    /// Plans a rollout to a release.
    ///
    /// # Errors
    /// [`RolloutError`] if all run it, or (without `force`) cells differ in what they run.
    pub fn plan(
        topology: &Topology,
        to: &str,
        settings: RolloutSettings,
        force: bool,
        now: u64,
    ) -> Result<Self, RolloutError> {
        let from: BTreeMap<CellId, String> = topology
            .cells()
            .filter(|(_, cell)| cell.version != to)
            .map(|(_, cell)| (cell.id, cell.version.clone()))
            .collect();
        if from.is_empty() {
            return Err(RolloutError::Nothing(to.to_owned()));
        }
        let mut known: Vec<&str> = topology.cells().map(|(_, cell)| &*cell.version).collect();
        known.sort_unstable();
        known.dedup();
        if known.len() > 1 && !force {
            return Err(RolloutError::Mixed(known.join(", ")));
        }
        let drained = topology.cells().filter(|(_, cell)| cell.draining).map(|(_, cell)| cell.id);
        let mut rollout = Self {
            to: to.to_owned(),
            waves: waves::plan(topology, &from),
            drained_before: drained.collect(),
            touched: BTreeSet::new(),
            from,
            wave: 0,
            stage: Stage::Moving,
            settings,
            began: now,
            notes: VecDeque::new(),
            ways: BTreeMap::new(),
            base: BTreeMap::new(),
            old: Vec::new(),
            looks: 0,
        };
        rollout.note(now, format!("begun: {} cells go to {to}", rollout.from.len()));
        Ok(rollout)
    }

    /// Whether it is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Done | Stage::Returned { .. })
    }

    /// Sends every cell back to what it ran, unless it is over.
    pub fn turn_back(&mut self, why: impl Into<String>, now: u64) {
        if self.is_over() || matches!(self.stage, Stage::Returning { .. }) {
            return;
        }
        let why = why.into();
        self.note(now, format!("going back: {why}"));
        self.ways.clear();
        self.stage = Stage::Returning { since: now, why };
    }

    fn note(&mut self, now: u64, what: String) {
        self.notes.push_back((now, what));
        while self.notes.len() > NOTES_MAX {
            self.notes.pop_front();
        }
    }
}

#[cfg(test)]
mod tests;
