use super::*;

/// A region of cells of weight 100 and a tested maximum of 100 each, in zones a, b, c in turn.
pub(crate) fn region(name: &str, ids: impl IntoIterator<Item = u32>, peak: u32) -> Region {
    let zones = ["a", "b", "c"];
    let cells = ids.into_iter().enumerate().map(|(index, id)| CellSite {
        id: CellId(id),
        zone: zones[index % 3].to_owned(),
        address: SocketAddr::from(([127, 0, 0, 1], 10_000 + id as u16)),
        weight: 100,
        tested_max: 100,
        version: "0.1.0".to_owned(),
        draining: false,
        health: SeenHealth::Unknown,
    });
    let cells = cells.collect();
    Region { name: name.to_owned(), zones: zones.map(str::to_owned).to_vec(), peak, cells }
}

/// A fleet of these regions, with the table it needs named in it.
pub(crate) fn fleet_of(regions: Vec<Region>) -> Topology {
    let mut topology =
        Topology { version: 1, table: TableSum::default(), regions, overrides: Vec::new() };
    topology.table = crate::Table::build(&topology).sum();
    topology
}

fn refused(change: impl FnOnce(&mut Topology), expected: &str) {
    let mut topology = fleet_of(vec![region("north", 1..=3, 100), region("south", 4..=6, 100)]);
    change(&mut topology);
    let bytes = serde_json::to_vec(&topology).unwrap();
    let error = Topology::parse(&bytes).unwrap_err().to_string();
    assert_eq!(error, expected);
}

#[test]
fn a_good_topology_is_read_as_it_was_written() {
    let topology = fleet_of(vec![region("north", 1..=3, 100)]);
    let bytes = serde_json::to_vec(&topology).unwrap();
    assert_eq!(Topology::parse(&bytes).unwrap(), topology);
}

#[test]
fn what_is_wrong_is_named_with_its_field() {
    refused(|t| t.version = 0, "version: 0 is outside 1..=9223372036854775807");
    refused(|t| t.regions.clear(), "regions: 0 entries, 1 to 8 are allowed");
    refused(|t| t.regions[1].name = "north".to_owned(), "regions[1].name: north is there already");
    refused(
        |t| t.regions[0].name = "no name".to_owned(),
        "regions[0].name: \"no name\" must be 1 to 32 letters, digits, dots, dashes or underscores",
    );
    refused(
        |t| t.regions[0].cells[2].id = CellId(4),
        "regions[1].cells[0].id: cell-4 is there already",
    );
    refused(
        |t| t.regions[1].cells[0].address = t.regions[0].cells[0].address,
        "regions[1].cells[0].address: 127.0.0.1:10001 is there already",
    );
    refused(
        |t| t.regions[0].cells[1].weight = 1_001,
        "regions[0].cells[1].weight: 1001 is outside 0..=1000",
    );
    refused(
        |t| t.regions[0].cells[1].zone = "z".to_owned(),
        "regions[0].cells[1].zone: there is no zone \"z\"",
    );
    refused(
        |t| t.regions[1].cells.iter_mut().for_each(|cell| cell.weight = 0),
        "regions[1].cells: no cell of south has a weight above 0",
    );
}

#[test]
fn overrides_lead_to_cells_and_do_not_overlap() {
    let entry = |first, last, cell| Override {
        kind: OverrideKind::Pinned,
        first,
        last,
        cell: CellId(cell),
    };
    refused(|t| t.overrides = vec![entry(1, 5, 99)], "overrides[0].cell: there is no cell-99");
    refused(
        |t| t.overrides = vec![entry(1, 5, 1), entry(5, 9, 2)],
        "overrides[1]: bucket 5 has an override already",
    );
    refused(|t| t.overrides = vec![entry(5, 1, 1)], "overrides[0].last: 1 is outside 5..=65535");
}

#[test]
fn what_is_no_topology_is_refused_without_a_panic() {
    assert!(matches!(Topology::parse(b"{"), Err(TopologyError::Unreadable(_))));
    let large = vec![b' '; TOPOLOGY_BYTES_MAX + 1];
    assert!(matches!(Topology::parse(&large), Err(TopologyError::TooLarge { .. })));
}

#[test]
fn a_cell_is_named_with_or_without_its_prefix() {
    assert_eq!("cell-2".parse(), Ok(CellId(2)));
    assert_eq!("7".parse(), Ok(CellId(7)));
    for wrong in ["", "cell-", "cell-0", "+1", "cell-x", "cell-99999999999"] {
        assert_eq!(wrong.parse::<CellId>(), Err(NoCell(wrong.to_owned())));
    }
}

#[test]
fn an_override_without_some_buckets_keeps_the_rest() {
    let whole = Override { kind: OverrideKind::Canary, first: 10, last: 20, cell: CellId(1) };
    let left = |first, last| {
        whole.without(first, last).map(|left| (left.first, left.last)).collect::<Vec<_>>()
    };
    assert_eq!(left(12, 14), [(10, 11), (15, 20)]);
    assert_eq!(left(0, 10), [(11, 20)]);
    assert_eq!(left(20, u16::MAX), [(10, 19)]);
    assert_eq!(left(0, 9), [(10, 20)]);
    assert_eq!(left(21, 30), [(10, 20)]);
    assert_eq!(left(0, u16::MAX), []);
    assert_eq!(left(10, 20), []);
}
