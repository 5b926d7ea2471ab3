//! What the last looks at the cells found: what they say, what they do at present, what is news.

use std::collections::BTreeMap;

use fleet::happened::{Told, What};
use fleet::rollout::{CellView, Evidence};
use fleet::shown::ShownReport;
use fleet::topology::SeenHealth;
use fleet::traffic::Traffic;
use fleet::{CellId, CellReport};

/// What one look at a cell found.
#[derive(Clone, Debug)]
pub(in super::super) struct Said {
    pub(in super::super) health: SeenHealth,
    /// What it says of itself; `None`: nothing.
    pub(in super::super) report: Option<CellReport>,
}

impl Said {
    /// The cell as a rollout looks at it. One that says nothing counts as not seen at all.
    fn view(&self) -> CellView {
        match &self.report {
            Some(report) => CellView {
                health: self.health,
                runs: Some(report.release.clone()),
                process: report.process,
                open: report.running,
                evidence: report.evidence.clone(),
            },
            None => CellView {
                health: SeenHealth::Unreachable,
                runs: None,
                process: 0,
                open: 0,
                evidence: Evidence::default(),
            },
        }
    }
}

/// What is known of all cells.
#[derive(Debug, Default)]
pub(in super::super) struct Seen {
    cells: BTreeMap<CellId, Cell>,
}

#[derive(Debug)]
struct Cell {
    said: Said,
    traffic: Traffic,
    /// The process that said something last; 0: none did.
    process: u64,
    leaving: bool,
}

impl Seen {
    /// Forgets cells that are no more.
    pub(super) fn keep_only(&mut self, is_there: impl Fn(CellId) -> bool) {
        self.cells.retain(|&id, _| is_there(id));
    }

    /// Takes up a look at a cell; gives what is news and is not seen from its health.
    pub(super) fn take_up(&mut self, id: CellId, said: Said, now: u64) -> Vec<Told> {
        let mut told = Vec::new();
        let known = self.cells.remove(&id);
        let (mut traffic, before, left) = match known {
            Some(cell) => (cell.traffic, cell.process, cell.leaving),
            None => (Traffic::default(), 0, false),
        };
        let Some(report) = &said.report else {
            self.cells.insert(id, Cell { said, traffic, process: before, leaving: left });
            return told;
        };
        let process = report.process;
        let is_another = process != before;
        if is_another && before != 0 {
            let sentence = format!("{id} was started again as {}", report.release);
            told.push(Told::of(id, What::CellRestarted, sentence));
        }
        let leaving = report.leaving.is_some();
        if leaving && (is_another || !left) {
            told.push(match report.leaving.as_deref() {
                Some("spot") => Told::of(
                    id,
                    What::SpotNotice,
                    format!("the machine of {id} is taken away: it finishes what it has"),
                ),
                _ => Told::of(
                    id,
                    What::CellLeaves,
                    format!("{id} was told to end: it finishes what it has"),
                ),
            });
        }
        traffic.note(report.sample(now));
        self.cells.insert(id, Cell { said, traffic, process, leaving });
        told
    }

    /// The cells as a rollout looks at them.
    pub(super) fn views(&self) -> BTreeMap<CellId, CellView> {
        self.cells.iter().map(|(&id, cell)| (id, cell.said.view())).collect()
    }

    /// What a cell says, as it is shown; `None` while it says nothing.
    pub(super) fn report(&self, id: CellId, now: u64) -> Option<ShownReport> {
        let Cell { said, traffic, .. } = self.cells.get(&id)?;
        Some(said.report.as_ref()?.shown(traffic.rates(now)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CELL: CellId = CellId(2);

    fn said(process: u64, requests: u64, leaving: Option<&str>) -> Said {
        let report = CellReport {
            cell: CELL.to_string(),
            release: "r1".to_owned(),
            process,
            searches: 0,
            running: 0,
            created: 0,
            late_ms: Some(1),
            leaving: leaving.map(str::to_owned),
            evidence: Evidence { requests, ..Evidence::default() },
            beside: Vec::new(),
        };
        Said { health: SeenHealth::Ready, report: (process > 0).then_some(report) }
    }

    fn look(seen: &mut Seen, at: u64, said: Said) -> Vec<What> {
        seen.take_up(CELL, said, at).into_iter().map(|told| told.what).collect()
    }

    #[test]
    fn a_cell_that_was_started_again_or_leaves_is_told_once() {
        let mut seen = Seen::default();
        assert_eq!(look(&mut seen, 0, said(7, 0, None)), []);
        assert_eq!(look(&mut seen, 1, said(7, 0, Some("spot"))), [What::SpotNotice]);
        assert_eq!(look(&mut seen, 2, said(7, 0, Some("spot"))), []);
        assert_eq!(look(&mut seen, 3, said(0, 0, None)), []);
        assert_eq!(seen.report(CELL, 3), None);
        assert_eq!(look(&mut seen, 4, said(8, 0, None)), [What::CellRestarted]);
        assert_eq!(look(&mut seen, 5, said(8, 0, Some("told"))), [What::CellLeaves]);
    }

    #[test]
    fn what_a_cell_does_is_counted_from_look_to_look() {
        let mut seen = Seen::default();
        look(&mut seen, 0, said(7, 10, None));
        look(&mut seen, 2_000, said(7, 50, None));
        let report = seen.report(CELL, 2_000).unwrap();
        assert_eq!(report.rates.map(|rates| rates.requests_per_second), Some(20.0));
        assert_eq!((report.release.as_str(), report.late_ms), ("r1", Some(1)));
        seen.keep_only(|_| false);
        assert_eq!((seen.report(CELL, 4_000), seen.views().len()), (None, 0));
    }
}
