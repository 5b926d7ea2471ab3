//! A rollout as an operator is shown it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::NOTES_SHOWN;
use crate::rollout::judge::Question;
use crate::rollout::{CellView, Rollout, Stage};
use crate::topology::CellId;

/// A rollout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShownRollout {
    /// The release it brings.
    pub to: String,
    /// What each cell ran before.
    pub from: BTreeMap<String, String>,
    /// Cells in the order in which they move.
    pub waves: Vec<Vec<String>>,
    /// The wave that moves or bakes, from 1.
    pub wave: usize,
    /// moving, baking, returning, done or returned.
    pub stage: String,
    /// Why it goes or went back.
    pub why: Option<String>,
    /// When it began.
    pub began: u64,
    /// What is judged now; only while it bakes.
    pub bake: Option<ShownBake>,
    /// What happened, the oldest first.
    pub notes: Vec<ShownNote>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownNote {
    /// When.
    pub at: u64,
    /// What.
    pub note: String,
}

/// A wave that is watched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShownBake {
    /// When its last cell was in.
    pub since: u64,
    /// When counting begins.
    pub counts_from: u64,
    /// When it can pass at the earliest.
    pub until: u64,
    /// Requests that were counted.
    pub requests: u64,
    /// Requests that it needs.
    pub requests_min: u64,
    /// Question by question.
    pub questions: Vec<ShownQuestion>,
}

/// The new release against the old one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShownQuestion {
    /// Its name.
    pub question: Question,
    /// For people.
    pub what: String,
    /// The new release's share.
    pub new_percent: f64,
    /// The old release's share.
    pub old_percent: f64,
    /// The share from which the new one can be worse.
    pub limit_percent: f64,
    /// The chance of such a difference between equals, 0 to 1; only where the limit is reached.
    pub chance: Option<f64>,
    /// The verdict, if it were judged now.
    pub worse: bool,
}

impl ShownRollout {
    /// Shows one, with what is seen of the cells now.
    #[must_use]
    pub fn of(rollout: &Rollout, seen: &BTreeMap<CellId, CellView>) -> Self {
        let (stage, why) = match &rollout.stage {
            Stage::Moving => ("moving", None),
            Stage::Baking { .. } => ("baking", None),
            Stage::Returning { why, .. } => ("returning", Some(why)),
            Stage::Done => ("done", None),
            Stage::Returned { why } => ("returned", Some(why)),
        };
        let names = |cells: &Vec<CellId>| cells.iter().map(CellId::to_string).collect::<Vec<_>>();
        let older = rollout.notes.len().saturating_sub(NOTES_SHOWN);
        let notes = rollout.notes.iter().skip(older);
        Self {
            to: rollout.to.clone(),
            from: rollout.from.iter().map(|(id, from)| (id.to_string(), from.clone())).collect(),
            waves: rollout.waves.iter().map(names).collect(),
            wave: rollout.wave + 1,
            stage: stage.to_owned(),
            why: why.cloned(),
            began: rollout.began,
            bake: bake(rollout, seen),
            notes: notes.map(|(at, note)| ShownNote { at: *at, note: note.clone() }).collect(),
        }
    }
}

fn bake(rollout: &Rollout, seen: &BTreeMap<CellId, CellView>) -> Option<ShownBake> {
    let watched = rollout.watched(seen)?;
    let percent = |share: f64| (share * 10_000.0).round() / 100.0;
    let questions = watched.compared.iter().map(|one| ShownQuestion {
        question: one.question,
        what: one.question.name().to_owned(),
        new_percent: percent(one.new),
        old_percent: percent(one.old),
        limit_percent: percent(one.limit),
        chance: one.chance,
        worse: one.is_worse(),
    });
    let counts_from = watched.since.saturating_add(rollout.settings.warm_up_ms.get());
    Some(ShownBake {
        since: watched.since,
        counts_from,
        until: counts_from.saturating_add(rollout.settings.bake_ms.get()),
        requests: watched.requests,
        requests_min: rollout.settings.requests_min.get(),
        questions: questions.collect(),
    })
}
