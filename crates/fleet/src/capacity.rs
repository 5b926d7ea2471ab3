//! Whether what remains carries the peak when cells are lost.
//!
//! The rule is N+2: with any two cells of a region lost, the rest carries the region's declared peak.
//! A draining cell counts as lost already; then one further loss must be survivable, however many
//! are drained. A cell that is out, as the control plane last saw it, is such a loss: with one failed
//! and one drained the rest carries the peak, and nobody drains a third.

use crate::topology::{CellId, CellSite, Region, SeenHealth};

/// Cells whose loss must be survivable.
const LOSSES: usize = 2;

/// What a region carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegionCapacity {
    /// The region.
    pub region: String,
    /// The declared peak.
    pub peak: u32,
    /// What all cells carry that are there and take new work.
    pub serving: u64,
    /// What remains after each loss that must be survivable, least first.
    pub losses: Vec<Loss>,
}

/// A loss, and what it leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The cells that are lost; those that are drained or out already are not among them.
    pub cells: Vec<CellId>,
    /// What the others carry.
    pub remaining: u64,
}

impl RegionCapacity {
    /// Computes it for a region.
    #[must_use]
    pub fn of(region: &Region) -> Self {
        let takes_work = |cell: &&CellSite| !cell.draining && cell.weight > 0;
        let (out, serving): (Vec<_>, Vec<_>) =
            region.cells.iter().filter(takes_work).partition(|cell| is_out(cell));
        let drained = region.cells.iter().filter(|cell| cell.draining).count();
        // What is drained is planned: one failure must be survivable besides, unless it is there.
        let further = LOSSES.saturating_sub(out.len() + drained).max(usize::from(out.is_empty()));
        let total: u64 = serving.iter().map(|cell| u64::from(cell.tested_max)).sum();
        let mut losses = Vec::new();
        if further == 0 {
            losses.push(Loss { cells: Vec::new(), remaining: total });
            return Self { region: region.name.clone(), peak: region.peak, serving: total, losses };
        }
        for (index, &first) in serving.iter().enumerate() {
            let left = total - u64::from(first.tested_max);
            let others = &serving[index + 1..];
            if further == 1 || serving.len() == 1 {
                losses.push(Loss { cells: vec![first.id], remaining: left });
                continue;
            }
            losses.extend(others.iter().map(|second| Loss {
                cells: vec![first.id, second.id],
                remaining: left - u64::from(second.tested_max),
            }));
        }
        losses.sort_by_key(|loss| loss.remaining);
        Self { region: region.name.clone(), peak: region.peak, serving: total, losses }
    }

    /// Computes it as if all cells were well.
    #[must_use]
    pub fn when_well(region: &Region) -> Self {
        let mut region = region.clone();
        region.cells.iter_mut().for_each(|cell| cell.health = SeenHealth::Ready);
        Self::of(&region)
    }

    /// What remains after the worst of the losses.
    #[must_use]
    pub fn worst(&self) -> u64 {
        self.losses.first().map_or(0, |loss| loss.remaining)
    }

    /// Whether the peak is carried after each of the losses.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.worst() >= u64::from(self.peak)
    }

    /// What remains after the worst loss as a multiple of the peak.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.worst() as f64 / f64::from(self.peak.max(1))
    }
}

/// Whether the control plane saw a cell fail.
fn is_out(cell: &CellSite) -> bool {
    matches!(cell.health, SeenHealth::NotReady | SeenHealth::Unreachable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::tests::region;

    fn check(count: u32, peak: u32, drained: &[u32], expected: (usize, u64, bool)) {
        let mut region = region("north", 1..=count, peak);
        for cell in &mut region.cells {
            cell.draining = drained.contains(&cell.id.0);
        }
        let capacity = RegionCapacity::of(&region);
        let found = (capacity.losses.len(), capacity.worst(), capacity.holds());
        assert_eq!(found, expected, "{count} cells, {drained:?} drained");
    }

    #[test]
    fn every_pair_is_computed() {
        check(6, 400, &[], (15, 400, true));
        check(6, 401, &[], (15, 400, false));
        check(3, 100, &[], (3, 100, true));
    }

    #[test]
    fn a_drain_counts_as_one_of_the_two_and_leaves_one_more_survivable() {
        check(3, 100, &[2], (2, 100, true));
        check(3, 100, &[2, 3], (1, 0, false));
        check(6, 100, &[1, 2, 3, 4], (2, 100, true));
    }

    #[test]
    fn a_cell_that_is_out_counts_as_one_of_the_two() {
        let check = |out: &[u32], drained: &[u32], expected: (usize, u64, bool)| {
            let mut region = region("north", 1..=6, 400);
            for cell in &mut region.cells {
                cell.draining = drained.contains(&cell.id.0);
                if out.contains(&cell.id.0) {
                    cell.health = SeenHealth::Unreachable;
                }
            }
            let capacity = RegionCapacity::of(&region);
            let found = (capacity.losses.len(), capacity.worst(), capacity.holds());
            assert_eq!(found, expected, "{out:?} out, {drained:?} drained");
        };
        check(&[1], &[], (5, 400, true));
        check(&[1, 2], &[], (1, 400, true));
        check(&[1], &[2], (1, 400, true));
        check(&[1, 2], &[3], (1, 300, false));
        check(&[1], &[2, 3], (1, 300, false));
        // What is drained and out is drained.
        check(&[1], &[1], (5, 400, true));
    }

    #[test]
    fn one_or_two_cells_never_have_two_to_spare() {
        check(2, 1, &[], (1, 0, false));
        check(1, 1, &[], (1, 0, false));
        check(1, 1, &[1], (0, 0, false));
    }

    #[test]
    fn the_worst_loss_is_that_of_the_largest_cells() {
        let mut region = region("north", 1..=3, 100);
        region.cells[1].tested_max = 300;
        let capacity = RegionCapacity::of(&region);
        assert_eq!(capacity.worst(), 100);
        assert!(capacity.losses[0].cells.contains(&CellId(2)));
        assert_eq!(capacity.losses.last().map(|loss| loss.remaining), Some(300));
    }
}
