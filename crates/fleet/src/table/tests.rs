use proptest::prelude::*;

use super::encoded::decode_body;
use super::*;
use crate::topology::tests::{fleet_of, region};

fn table(ids: impl IntoIterator<Item = u32>) -> RegionTable {
    table_weighted(ids.into_iter().map(|id| (id, 100)))
}

fn table_weighted(cells: impl IntoIterator<Item = (u32, u16)>) -> RegionTable {
    let cells: Vec<_> = cells.into_iter().collect();
    let mut region = region("north", cells.iter().map(|&(id, _)| id), 100);
    for (site, &(_, weight)) in region.cells.iter_mut().zip(&cells) {
        site.weight = weight;
    }
    build::region(&region)
}

#[test]
fn adding_a_cell_moves_its_share_and_at_most_one_percent_more() {
    for count in 1..CELLS_MAX_TRIED {
        for start in [1, 40, 1_000] {
            let (old, new) = (table(start..start + count), table(start..=start + count));
            let moved = old.moved(&new) as f64 / BUCKETS as f64;
            let share = 1.0 / f64::from(count + 1);
            assert!(moved <= share + 0.01, "{count} cells from {start}: {moved}");
            assert!(old.moved(&new) <= old.must_move(&new) + MOVED_BEYOND_MAX);
        }
    }
}

/// As many cells as a region can have.
const CELLS_MAX_TRIED: u32 = crate::topology::CELLS_MAX as u32;

#[test]
fn what_moves_to_a_new_cell_comes_there_and_nowhere_else() {
    let (old, new) = (table(1..=4), table(1..=5));
    let elsewhere = (0..=u16::MAX).filter(|&bucket| {
        let now = new.first(bucket);
        now != old.first(bucket) && now != Some(CellId(5))
    });
    assert!(elsewhere.count() <= MOVED_BEYOND_MAX / 10);
}

#[test]
fn no_cell_has_more_than_105_percent_of_its_share() {
    for count in 1..=CELLS_MAX_TRIED {
        for start in [1, 60, 117] {
            let mean = BUCKETS as f64 / f64::from(count);
            for (cell, load) in table(start..start + count).loads() {
                assert!(load as f64 <= 1.05 * mean, "{count} cells: {cell} has {load}, not {mean}");
            }
        }
    }
}

#[test]
fn the_buckets_of_a_lost_cell_spread_over_all_others() {
    let table = table(1..=6);
    let mut seconds = [0_usize; 6];
    for bucket in 0..=u16::MAX {
        let ranked = table.ranked(bucket);
        if ranked[0] == 2 {
            seconds[usize::from(ranked[1])] += 1;
        }
    }
    let mean = seconds.iter().sum::<usize>() / 5;
    for (place, &count) in seconds.iter().enumerate().filter(|&(place, _)| place != 2) {
        assert!(count.abs_diff(mean) < mean / 8, "{place}: {count}, mean {mean}");
    }
}

#[test]
fn a_key_stays_in_its_bucket_for_ever() {
    // Written down, because other releases and other machines must agree.
    assert_eq!(bucket_of(b"visit-1"), bucket_of_hash(xxh3_64(b"visit-1")));
    assert_eq!(xxh3_64(b""), 0x2D06_8005_38D3_94C2);
    assert_eq!(bucket_of(b""), 0x2D06);
}

#[test]
fn a_table_of_other_cells_or_weights_is_not_of_the_topology() {
    let topology = fleet_of(vec![region("north", 1..=3, 100)]);
    let table = Table::build(&topology);
    assert!(table.is_of(&topology) && table.sum() == topology.table);
    let mut heavier = topology.clone();
    heavier.regions[0].cells[0].weight = 200;
    assert!(!table.is_of(&heavier));
    let more = fleet_of(vec![region("north", 1..=3, 100), region("south", 4..=5, 100)]);
    assert!(!table.is_of(&more));
}

fn written() -> Vec<u8> {
    let topology = fleet_of(vec![region("north", 1..=3, 100), region("south", 4..=5, 100)]);
    Table::build(&topology).encode()
}

#[test]
fn a_table_is_read_as_it_was_written() {
    let bytes = written();
    let table = Table::decode(&bytes).unwrap();
    assert_eq!(table.encode(), bytes);
    assert_eq!(table.region("south").map(|south| south.cells().len()), Some(2));
}

/// Byte offset of the first region's cells: magic, format, regions, length of the name, name.
const CELLS_AT: usize = 4 + 2 + 1 + 1 + 5;

#[test]
fn bytes_that_are_whole_but_mean_nothing_are_refused_by_what_is_wrong() {
    let whole = written();
    let body = &whole[..whole.len() - 16];
    let refused = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = body.to_vec();
        change(&mut bytes);
        decode_body(&bytes).unwrap_err().to_string()
    };
    assert!(refused(&|b| b[4] = 2).contains("another format"));
    assert!(refused(&|b| b[6] = 9).contains("number of regions"));
    assert!(refused(&|b| b[CELLS_AT] = 0).contains("no cell in region north"));
    assert!(refused(&|b| b[CELLS_AT] = 17).contains("number of cells"));
    assert!(refused(&|b| b[CELLS_AT + 1] = 9).contains("cells or weights"));
    // The first bucket's ranks: one cell twice, or one that is not there.
    assert!(refused(&|b| b[CELLS_AT + 19] = b[CELLS_AT + 20]).contains("ranks"));
    assert!(refused(&|b| b[CELLS_AT + 19] = 200).contains("ranks"));
    assert!(refused(&|b| b.push(0)).contains("bytes at the end"));
    assert!(refused(&|b| b.truncate(1_000)).contains("cut off"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn weights_give_shares(weights in prop::collection::vec(1_u16..=1_000, 2..=8)) {
        let cells: Vec<_> = (1..).zip(weights).collect();
        let table = table_weighted(cells);
        for (cell, load) in table.loads() {
            let (share, load) = (table.share(cell), load as f64 / BUCKETS as f64);
            // Six standard deviations of chance below, and never much above.
            let chance = 6.0 * (share / BUCKETS as f64).sqrt();
            prop_assert!(load <= share * 1.05 + 1e-4 && load >= share - chance - 1e-3, "{cell}: {load}, {share}");
        }
    }

    #[test]
    fn a_change_of_weights_moves_little_more_than_it_must(
        weights in prop::collection::vec((1_u16..=1_000, 1_u16..=1_000), 2..=8),
    ) {
        let old = table_weighted((1..).zip(weights.iter().map(|both| both.0)));
        let new = table_weighted((1..).zip(weights.iter().map(|both| both.1)));
        let (moved, required) = (old.moved(&new), old.must_move(&new));
        prop_assert!(moved <= required + MOVED_BEYOND_MAX, "{moved} moved, {required} must");
    }

    #[test]
    fn a_damaged_table_is_refused_and_never_panics(at in 0_usize..100_000, bit in 0_u8..8, cut in 0_usize..100) {
        let mut bytes = written();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        let damaged = Table::decode(&bytes);
        prop_assert!(matches!(damaged, Err(TableError::Checksum { .. })), "{damaged:?}");
        prop_assert!(Table::decode(&written()[..at]).is_err());
        let _ = decode_body(&bytes[..bytes.len() - cut]);
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(Table::decode(&bytes).is_err());
        let _ = decode_body(&bytes);
        let _ = decode_body(&[b"FWTB\x01\x00\x01".as_slice(), &bytes].concat());
    }
}
