//! What is known of a bake that goes on, for people who want to see what is judged.

use std::collections::BTreeMap;

use super::judge::{Compared, Question, compared};
use super::{CellView, Evidence, Rollout, Stage};
use crate::topology::{CellId, SeenHealth};

/// The new release beside the old one, as counted until now.
#[derive(Clone, Debug, PartialEq)]
pub struct Watched {
    /// When the bake began.
    pub since: u64,
    /// Requests that cells of the new release answered since counting began.
    pub requests: u64,
    /// Question by question; those without anything to compare are left out.
    pub compared: Vec<Compared>,
}

impl Rollout {
    /// How the new release stands now; `None` while it does not bake.
    #[must_use]
    pub fn watched(&self, seen: &BTreeMap<CellId, CellView>) -> Option<Watched> {
        let Stage::Baking { since } = self.stage else { return None };
        let new = self.new_cells();
        let (mut of_new, mut of_old) = (Evidence::default(), Vec::new());
        for (cell, (process, before)) in &self.base {
            let same = |view: &&CellView| view.process == *process;
            let Some(view) = seen.get(cell).filter(same) else { continue };
            let done = view.evidence.since(before);
            if new.contains(cell) {
                of_new.add(&done);
            } else if self.from.contains_key(cell) && view.health == SeenHealth::Ready {
                of_old.push(done);
            }
        }
        // The same questions as are judged.
        let (old, questions) = match of_old.is_empty() {
            false => (&of_old, &Question::ALL[..]),
            true => (&self.old, &[Question::Failed][..]),
        };
        let compared = questions.iter().filter_map(|&what| compared(&of_new, old, what));
        Some(Watched { since, requests: of_new.requests, compared: compared.collect() })
    }
}
