//! Rollouts as the control plane runs them: `rollout.json` in its folder holds the one that runs, those
//! that are over, and whether all changes are frozen. It is written before anything is done, so a
//! control plane that is killed goes on where it was.

use std::collections::{BTreeMap, VecDeque};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use edge::Upstream;
use fleet::CellId;
use fleet::control::Change;
use fleet::rollout::{Action, CellView, Evidence, Rollout, RolloutSettings, Stage};
use fleet::topology::{CellSite, Override, OverrideKind, SeenHealth};
use http::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use storage::disk::{RealDisk, read_whole, replace_whole};

use super::control::ControlRoom;
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

    /// As it is shown.
    pub(super) fn render(&self) -> Value {
        json!({
            "frozen": self.frozen.as_ref().map(|(since, why)| json!({"since": since, "why": why})),
            "current": self.current.as_ref().map(render),
            "past": self.past.iter().rev().map(render).collect::<Vec<_>>(),
        })
    }
}

/// A rollout without what it counts.
fn render(rollout: &Rollout) -> Value {
    let (stage, why) = match &rollout.stage {
        Stage::Moving => ("moving", None),
        Stage::Baking { .. } => ("baking", None),
        Stage::Returning { why, .. } => ("returning", Some(why)),
        Stage::Done => ("done", None),
        Stage::Returned { why } => ("returned", Some(why)),
    };
    let names = |cells: &Vec<CellId>| cells.iter().map(CellId::to_string).collect::<Vec<_>>();
    let notes = rollout.notes.iter().map(|(at, note)| json!({"at": at, "note": note}));
    json!({
        "to": rollout.to,
        "from": rollout.from.iter().map(|(cell, from)| (cell.to_string(), json!(from))).collect::<serde_json::Map<_, _>>(),
        "waves": rollout.waves.iter().map(names).collect::<Vec<_>>(),
        "wave": rollout.wave + 1,
        "stage": stage,
        "why": why,
        "began": rollout.began,
        "notes": notes.collect::<Vec<_>>(),
    })
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
        if begin.dry_run {
            return Ok(render(&rollout));
        }
        self.releases.read(&begin.to)?;
        self.change_rollouts(|kept| {
            kept.allow(&[], false)?;
            if kept.current.is_some() {
                bail!("there is a rollout already; `fareway fleet rollback` ends it");
            }
            let shown = render(&rollout);
            kept.current = Some(rollout);
            Ok(shown)
        })
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
            *kept = next;
        }
        Ok(outcome)
    }
}

/// What a cell says of itself.
#[derive(Deserialize)]
struct Report {
    release: String,
    process: u64,
    running: u64,
    evidence: Evidence,
}

/// Looks at a cell: whether it takes work, and what it says of itself. A cell that says nothing counts
/// as not seen at all.
pub(super) async fn look(
    upstream: &Upstream,
    cell: &CellSite,
    operator: &HeaderValue,
    settings: &Settings,
) -> (SeenHealth, CellView) {
    let within = settings.edge.probe_within_ms.ms();
    let health = match edge::look_at(upstream, cell.address, within).await {
        fleet::health::Probed::Ready => SeenHealth::Ready,
        fleet::health::Probed::NotReady => SeenHealth::NotReady,
        fleet::health::Probed::Unreachable => SeenHealth::Unreachable,
    };
    let header: (HeaderName, HeaderValue) = (cell::OPERATOR_HEADER, operator.clone());
    let bytes = edge::ask(upstream, (cell.address, REPORT), header, within).await;
    let report = bytes.and_then(|bytes: Bytes| serde_json::from_slice::<Report>(&bytes).ok());
    let view = match report {
        Some(report) => CellView {
            health,
            runs: Some(report.release),
            process: report.process,
            open: report.running,
            evidence: report.evidence,
        },
        None => CellView {
            health: SeenHealth::Unreachable,
            runs: None,
            process: 0,
            open: 0,
            evidence: Evidence::default(),
        },
    };
    (health, view)
}
