//! Rollouts as the control plane runs them: `rollout.json` in its folder holds the one that runs, those
//! that are over, and whether all changes are frozen. It is written before anything is done, so a
//! control plane that is killed goes on where it was.

use std::collections::{BTreeMap, VecDeque};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use edge::Upstream;
use fleet::CellId;
use fleet::control::Change;
use fleet::happened::{Told, What};
use fleet::rollout::{Action, CellView, Rollout, RolloutSettings};
use fleet::shown::{ShownFrozen, ShownRollout};
use fleet::topology::{CellSite, Override, OverrideKind, SeenHealth, Topology};
use http::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use storage::disk::{RealDisk, read_whole, replace_whole};

use super::control::{ControlRoom, Said};
use super::release::diff;
use crate::settings::Settings;

/// Where it is kept.
const FILE: &str = "rollout.json";
/// Largest file that is read.
const FILE_BYTES_MAX: u64 = 16 << 20;
/// Rollouts that are over and still known.
const PAST_MAX: usize = 20;
/// Where a cell says what it is.
const REPORT: &str = "/v1/cell";

/// All that is known of rollouts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Rollouts {
    /// Why nothing may change, and since when.
    frozen: Option<(u64, String)>,
    current: Option<Rollout>,
    past: VecDeque<Rollout>,
}

impl Rollouts {
    /// What was kept; nothing if there is nothing.
    pub(super) fn read(disk: &RealDisk) -> Result<Self> {
        match read_whole(disk, FILE, FILE_BYTES_MAX) {
            Ok(bytes) => {
                serde_json::from_slice(&bytes).with_context(|| format!("{FILE} is damaged"))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).with_context(|| format!("{FILE} cannot be read")),
        }
    }

    fn write(&self, disk: &RealDisk) -> Result<()> {
        replace_whole(disk, FILE, &serde_json::to_vec(self)?)
            .with_context(|| format!("{FILE} cannot be written"))
    }

    /// Whether the changes may be made.
    ///
    /// # Errors
    /// While all is frozen; draining and quarantine stay possible with force, because cells and those who
    /// ask can do harm.
    pub(super) fn allow(&self, changes: &[Change], force: bool) -> Result<()> {
        let Some((_, why)) = &self.frozen else { return Ok(()) };
        let quarantines = |entry: &Override| entry.kind == OverrideKind::Quarantine;
        let protects = changes.iter().all(|change| {
            matches!(change, Change::Drain(_))
                || matches!(change, Change::Override(entry) if quarantines(entry))
        });
        if protects && force {
            return Ok(());
        }
        bail!("all changes are frozen: {why}")
    }

    /// As it is shown, with what is seen of the cells now.
    pub(super) fn render(&self, seen: &BTreeMap<CellId, CellView>) -> Value {
        let past = self.past.iter().rev().map(|rollout| ShownRollout::of(rollout, seen));
        json!({
            "frozen": self.frozen(),
            "current": self.current(seen),
            "past": past.collect::<Vec<_>>(),
        })
    }

    /// Why nothing may change.
    pub(super) fn frozen(&self) -> Option<ShownFrozen> {
        self.frozen.as_ref().map(|(since, why)| ShownFrozen { since: *since, why: why.clone() })
    }

    /// The rollout that goes on.
    pub(super) fn current(&self, seen: &BTreeMap<CellId, CellView>) -> Option<ShownRollout> {
        self.current.as_ref().map(|rollout| ShownRollout::of(rollout, seen))
    }

    /// The one before.
    pub(super) fn last(&self) -> Option<ShownRollout> {
        self.past.back().map(|rollout| ShownRollout::of(rollout, &BTreeMap::new()))
    }

    /// What happened since an earlier state, in sentences.
    fn told_since(&self, before: &Self) -> Vec<Told> {
        let mut told = Vec::new();
        match (&before.frozen, &self.frozen) {
            (before, Some((_, why))) if *before != self.frozen => {
                told.push(Told::all(What::Frozen, format!("all changes are frozen: {why}")));
            }
            (Some(_), None) => {
                told.push(Told::all(What::Unfrozen, "changes are allowed again"));
            }
            _ => {}
        }
        let ended = before.current.as_ref().and_then(|_| self.past.back());
        let Some(now) = self.current.as_ref().or(ended) else { return told };
        let known = before.current.as_ref().and_then(|rollout| rollout.notes.back());
        let new = now.notes.iter().rev().take_while(|&note| Some(note) != known);
        let new: Vec<&String> = new.map(|(_, note)| note).collect();
        told.extend(new.into_iter().rev().map(|note| {
            let back = note.starts_with("going back") || note.ends_with("ran before");
            let what = if back { What::Rollback } else { What::Rollout };
            Told::all(what, format!("rollout to {}: {note}", now.to))
        }));
        told
    }
}

/// What is wanted of a rollout.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Begin {
    to: String,
    #[serde(default)]
    settings: RolloutSettings,
    #[serde(default)]
    force: bool,
    /// Only shown.
    #[serde(default)]
    dry_run: bool,
}

impl ControlRoom {
    /// Begins a rollout, or shows it.
    pub(super) fn begin_rollout(&self, begin: Begin, now: u64) -> Result<Value> {
        let topology = self.kept().fleet.topology.clone();
        let rollout = Rollout::plan(&topology, &begin.to, begin.settings, begin.force, now)?;
        let shown = json!(ShownRollout::of(&rollout, &BTreeMap::new()));
        if begin.dry_run {
            let mut shown = shown;
            shown["difference"] = self.difference(&topology, &begin.to)?;
            return Ok(shown);
        }
        self.releases.read(&begin.to)?;
        self.change_rollouts(|kept| {
            kept.allow(&[], false)?;
            if kept.current.is_some() {
                bail!("there is a rollout already; `fareway fleet rollback` ends it");
            }
            kept.current = Some(rollout);
            Ok(shown)
        })
    }

    /// What a release would change for cells that run another; nothing while it is not made yet.
    fn difference(&self, topology: &Topology, to: &str) -> Result<Value> {
        let Ok(wanted) = self.releases.read(to) else { return Ok(Value::Null) };
        let others = topology.cells().map(|(_, cell)| cell.version.as_str());
        let Some(base) = others.filter(|version| *version != to).min() else {
            return Ok(Value::Null);
        };
        let (old, new) = (self.releases.settings(base), self.releases.settings(to));
        let base_is = self.releases.read(base)?;
        let lines = diff((&base_is.content, old.as_deref()), (&wanted.content, new.as_deref()));
        Ok(json!({"from": base, "lines": lines}))
    }

    /// Sends all cells of the rollout back.
    pub(super) fn turn_back(&self, why: &str, now: u64) -> Result<()> {
        self.change_rollouts(|kept| match &mut kept.current {
            Some(current) => {
                current.turn_back(why, now);
                Ok(())
            }
            None => bail!("there is no rollout"),
        })
    }

    /// Stops all changes, or allows them again.
    pub(super) fn freeze(&self, why: Option<String>, now: u64) -> Result<()> {
        self.change_rollouts(|kept| {
            kept.frozen = why.map(|why| (now, why));
            Ok(())
        })
    }

    /// One step of the rollout, if there is one that may go on.
    pub(super) fn step_rollout(&self, seen: &BTreeMap<CellId, CellView>, now: u64) -> Result<()> {
        let idle = {
            let kept = self.rollouts();
            kept.frozen.is_some() || kept.current.is_none()
        };
        if idle {
            return Ok(());
        }
        let topology = self.kept().fleet.topology.clone();
        let actions = self.change_rollouts(|kept| {
            let Some(current) = &mut kept.current else { return Ok(Vec::new()) };
            let actions = current.step(&topology, seen, now);
            if current.is_over() {
                kept.past.extend(kept.current.take());
                while kept.past.len() > PAST_MAX {
                    kept.past.pop_front();
                }
            }
            Ok(actions)
        })?;
        for action in actions {
            let (change, force) = match action {
                Action::Drain { cell, force } => (Change::Drain(cell), force),
                Action::Undrain(cell) => (Change::Undrain(cell), true),
                Action::Run { cell, release } => (Change::Run(cell, release), true),
            };
            if let Err(error) = self.make(&[change], force) {
                let why = format!("{error:#}");
                self.change_rollouts(|kept| {
                    if let Some(current) = &mut kept.current {
                        current.held(&why, now);
                    }
                    Ok(())
                })?;
            }
        }
        Ok(())
    }

    /// Changes what is known of rollouts; on disk before anybody sees it.
    fn change_rollouts<T>(&self, change: impl FnOnce(&mut Rollouts) -> Result<T>) -> Result<T> {
        let mut kept = self.rollouts();
        let mut next = kept.clone();
        let outcome = change(&mut next)?;
        if next != *kept {
            next.write(&self.disk)?;
            let told = next.told_since(&kept);
            *kept = next;
            self.tell(told);
        }
        Ok(outcome)
    }
}

/// Looks at a cell: whether it takes work, and what it says of itself. A cell that says nothing counts
/// as not seen at all.
pub(super) async fn look(
    upstream: &Upstream,
    cell: &CellSite,
    operator: &HeaderValue,
    settings: &Settings,
) -> (SeenHealth, Said) {
    let within = settings.edge.probe_within_ms.ms();
    let health = match edge::look_at(upstream, cell.address, within).await {
        fleet::health::Probed::Ready => SeenHealth::Ready,
        fleet::health::Probed::NotReady => SeenHealth::NotReady,
        fleet::health::Probed::Unreachable => SeenHealth::Unreachable,
    };
    let header: (HeaderName, HeaderValue) = (cell::OPERATOR_HEADER, operator.clone());
    let bytes = match health {
        // It would be silent once more.
        SeenHealth::Unreachable => None,
        _ => edge::ask(upstream, (cell.address, REPORT), header, within).await,
    };
    let report = bytes.and_then(|bytes: Bytes| serde_json::from_slice(&bytes).ok());
    (health, Said { health, report })
}

#[cfg(test)]
mod compat;
#[cfg(test)]
mod tests;
