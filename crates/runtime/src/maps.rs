//! Maps whose hasher has no random state, so that equal input gives equal runs (invariant 2).
//!
//! Use them for keys that come from us or from partners under a limit. Keys that a stranger chooses
//! freely belong into a map with a random hasher or an ordered one.

/// A hash map with a fixed hasher.
pub type FixedMap<K, V> = hashbrown::HashMap<K, V, foldhash::fast::FixedState>;

/// A hash set with a fixed hasher.
pub type FixedSet<K> = hashbrown::HashSet<K, foldhash::fast::FixedState>;
