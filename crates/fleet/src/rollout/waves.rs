//! Which cells move in which wave: one cell, the rest of its region, all others.

use std::collections::BTreeMap;

use crate::topology::{CellId, Topology};

/// The waves of those cells that are to move. None is empty.
pub(super) fn plan(topology: &Topology, moving: &BTreeMap<CellId, String>) -> Vec<Vec<CellId>> {
    // The smallest region first: whatever happens, fewest travellers are there.
    let mut regions: Vec<_> = topology.regions.iter().collect();
    regions.sort_by_key(|region| (region.peak, region.name.clone()));
    let of_region = regions.iter().map(|region| {
        let ids = region.cells.iter().map(|cell| cell.id);
        ids.filter(|id| moving.contains_key(id)).collect::<Vec<_>>()
    });
    let mut of_region = of_region.filter(|cells| !cells.is_empty());
    let mut first = of_region.next().unwrap_or_default();
    let rest_of_first = first.split_off(first.len().min(1));
    let others = of_region.flatten().collect();
    [first, rest_of_first, others].into_iter().filter(|wave| !wave.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::tests::{fleet_of, region};

    #[test]
    fn one_cell_goes_first_then_its_region_then_all_others() {
        let topology = fleet_of(vec![region("big", 1..=3, 900), region("small", 4..=6, 100)]);
        let all = (1..=6).map(|id| (CellId(id), "1".to_owned())).collect();
        let waves = plan(&topology, &all);
        let ids = |ids: &[u32]| ids.iter().copied().map(CellId).collect::<Vec<_>>();
        assert_eq!(waves, [ids(&[4]), ids(&[5, 6]), ids(&[1, 2, 3])]);
        let some = [2, 5].map(|id| (CellId(id), "1".to_owned())).into();
        assert_eq!(plan(&topology, &some), [ids(&[5]), ids(&[2])]);
    }
}
