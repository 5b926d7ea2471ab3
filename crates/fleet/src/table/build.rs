//! Ranks the cells of a region for every bucket.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::{BUCKETS, LOAD_MAX_PERCENT, RegionTable, weighted};
use crate::topology::{CellId, Region};

pub(super) fn region(region: &Region) -> RegionTable {
    let cells = weighted(region);
    let mut ranks = Vec::with_capacity(BUCKETS * cells.len());
    // How narrowly the first cell won: the second's score as a share of the first's.
    let mut narrow = Vec::with_capacity(BUCKETS);
    let mut scored: Vec<(f64, u8)> = Vec::with_capacity(cells.len());
    for bucket in 0..=u16::MAX {
        scored.clear();
        let scores = cells.iter().zip(0_u8..);
        scored.extend(scores.map(|(&(cell, weight), place)| (score(cell, weight, bucket), place)));
        scored.sort_unstable_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
        ranks.extend(scored.iter().map(|&(_, place)| place));
        narrow.push(match scored[..] {
            [first, second, ..] => second.0 / first.0,
            _ => 0.0,
        });
    }
    let mut table = RegionTable { name: region.name.clone(), cells, ranks };
    even_out(&mut table, &narrow);
    table
}

/// Greatest first; the chance of being first equals the share of the weight.
fn score(cell: CellId, weight: u16, bucket: u16) -> f64 {
    let hash = xxh3_64_with_seed(&bucket.to_le_bytes(), u64::from(cell.0));
    // 53 bits, in the middle of their steps: neither 0 nor 1.
    let unit = ((hash >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
    f64::from(weight) / -unit.ln()
}

/// Gives the buckets that an overloaded cell won most narrowly to their second cells, if these have
/// room.
fn even_out(table: &mut RegionTable, narrow: &[f64]) {
    let width = table.cells.len();
    if width < 2 {
        return;
    }
    let mut loads: Vec<usize> = table.loads().into_iter().map(|(_, load)| load).collect();
    let most: Vec<usize> = table
        .cells
        .iter()
        .map(|&(cell, _)| {
            let share = table.share(cell) * BUCKETS as f64;
            (share * LOAD_MAX_PERCENT as f64 / 100.0) as usize
        })
        .collect();
    for place in 0..width {
        if loads[place] <= most[place] {
            continue;
        }
        let won = |bucket: &usize| usize::from(table.ranks[bucket * width]) == place;
        let mut buckets: Vec<usize> = (0..BUCKETS).filter(won).collect();
        buckets.sort_by(|&one, &other| narrow[other].total_cmp(&narrow[one]));
        for bucket in buckets {
            if loads[place] <= most[place] {
                break;
            }
            let second = usize::from(table.ranks[bucket * width + 1]);
            if loads[second] < most[second] {
                table.ranks.swap(bucket * width, bucket * width + 1);
                loads[place] -= 1;
                loads[second] += 1;
            }
        }
    }
}
