//! Cells that tests are about: alike, in one zone, nothing at their addresses.

use fleet::topology::{CellSite, Region, SeenHealth};
use fleet::{CellId, TableSum, Topology};

/// So many cells, from 1 on.
pub(super) fn sites(count: u32) -> Vec<CellSite> {
    let site = |id: u32| CellSite {
        id: CellId(id),
        zone: "a".to_owned(),
        address: ([127, 0, 0, 1], 10_000 + id as u16).into(),
        weight: 100,
        tested_max: 100,
        version: "r1".to_owned(),
        draining: false,
        health: SeenHealth::Ready,
    };
    (1..=count).map(site).collect()
}

/// A fleet of three.
pub(super) fn topology() -> Topology {
    let (name, zones) = ("local".to_owned(), vec!["a".to_owned()]);
    let region = Region { name, zones, peak: 100, cells: sites(3) };
    Topology {
        version: 1,
        table: TableSum::default(),
        regions: vec![region],
        overrides: Vec::new(),
    }
}
