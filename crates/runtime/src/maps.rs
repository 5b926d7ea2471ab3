//! Maps whose hasher has no random state, so that equal input gives equal runs (invariant 2).
//!
//! Use them for keys that come from us or from partners under a limit. Keys that a stranger chooses
//! freely belong into a map with a random hasher or an ordered one.

use std::hash::Hash;

/// A hash map with a fixed hasher.
pub type FixedMap<K, V> = hashbrown::HashMap<K, V, foldhash::fast::FixedState>;

/// Gives back what a map needs no more. One from which as much is taken as comes in grows once more
/// after a while, to twice what it holds, because a place that was taken from may not count as free; and
/// it would stay so. Cheap if there is nothing to give back; otherwise all is hashed again, which is due
/// at most once while an eighth of the entries comes in.
pub fn shrink<K: Eq + Hash, V>(map: &mut FixedMap<K, V>) {
    // A table of half the places still has an eighth of them to fill.
    if map.len() * 8 / 7 <= map.capacity() / 2 {
        map.shrink_to(map.len());
    }
}

/// A hash set with a fixed hasher.
pub type FixedSet<K> = hashbrown::HashSet<K, foldhash::fast::FixedState>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_that_takes_as_much_as_it_gives_stays_as_large_as_it_must_be() {
        let mut map: FixedMap<u64, u64> = (0..680).map(|key| (key, 0)).collect();
        let least = map.capacity();
        let mut most = least;
        for key in 680..2_000_000 {
            map.insert(key, 0);
            map.remove(&(key - 680));
            if key % 50 == 0 {
                shrink(&mut map);
                most = most.max(map.capacity());
            }
        }
        assert_eq!((map.len(), most), (680, least));
    }

    #[test]
    fn a_map_is_not_made_smaller_again_and_again() {
        let mut map: FixedMap<u64, u64> = (0..1_000).map(|key| (key, 0)).collect();
        let before = map.capacity();
        shrink(&mut map);
        assert_eq!(map.capacity(), before, "nothing to give back");
        map.retain(|&key, _| key < 100);
        shrink(&mut map);
        assert!(map.capacity() < 300 && map.len() == 100, "{}", map.capacity());
    }
}
