//! What the cells of a region tell each other of their indicative prices.
//!
//! ```text
//! cell 1: remember ─▶ its log: topic `price-digests` ─┐
//! cell 2: remember ─▶ its log: topic `price-digests` ─┼─▶ each other cell: follow ─▶ its Indicative
//! cell 3: …                                           ┘
//! ```
//!
//! Cells meet only in the log: each writes its own and reads those of the others, so that a month grid
//! or "anywhere" shows what any traveller of the region saw. Who reads keeps the place in each log
//! ([`Region::places`]) beside the snapshot of its prices, and reads again from the oldest price that
//! counts if there is none. A digest that is read twice changes nothing.
//!
//! If a log cannot be read, its prices grow old like all others; [`Region::missing`] names the cell, and
//! whoever answers says so. It starts no task: [`follow()`] is one, for each cell beside this one.

mod follow;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use runtime::{Moment, now};

pub use follow::{Beside, follow};

/// Topic of price digests.
pub const TOPIC: &str = "price-digests";
/// Id of the schema of a record's value: [`Digest`](crate::indicative::Digest)s. Records that forget
/// are those of [`crate::memory`].
pub const SCHEMA: u32 = 3;
/// A cell of which nothing was heard for so long is missing.
const MISSING_AFTER: Duration = Duration::from_secs(5);

/// How far the logs of the cells beside this one have been read.
#[derive(Debug, Default)]
pub struct Region {
    cells: Mutex<BTreeMap<String, Followed>>,
}

/// How far one log has been read.
#[derive(Clone, Copy, Debug, Default)]
struct Followed {
    /// The first offset that was not taken; none before it is known where to begin.
    place: Option<u64>,
    /// When everything that was there had been taken.
    whole_at: Option<Moment>,
    taken: u64,
}

/// How far one log has been read, to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowedCell {
    /// The cell's name.
    pub cell: String,
    /// Whether all it told until a moment ago has been taken.
    pub is_whole: bool,
    /// Prices taken from it since the start.
    pub taken: u64,
}

impl Region {
    /// A region of this cell and those beside it, each with the first offset that is not known; without
    /// one it is read from the oldest price that counts.
    #[must_use]
    pub fn new(places: impl IntoIterator<Item = (String, Option<u64>)>) -> Self {
        let followed = |(cell, place)| (cell, Followed { place, ..Followed::default() });
        Self { cells: Mutex::new(places.into_iter().map(followed).collect()) }
    }

    /// The cells whose prices are missing here, by name.
    #[must_use]
    pub fn missing(&self) -> Vec<String> {
        let cells = self.cells().into_iter().filter(|one| !one.is_whole);
        cells.map(|one| one.cell).collect()
    }

    /// All cells beside this one.
    #[must_use]
    pub fn cells(&self) -> Vec<FollowedCell> {
        let now = now();
        let shown = |(cell, one): (&String, &Followed)| FollowedCell {
            cell: cell.clone(),
            is_whole: one
                .whole_at
                .is_some_and(|at| now.saturating_duration_since(at) < MISSING_AFTER),
            taken: one.taken,
        };
        self.lock().iter().map(shown).collect()
    }

    /// Where to go on reading, by cell. Read before a snapshot of the prices is written, and kept after
    /// it was.
    #[must_use]
    pub fn places(&self) -> BTreeMap<String, u64> {
        self.lock().iter().filter_map(|(cell, one)| Some((cell.clone(), one.place?))).collect()
    }

    fn place(&self, cell: &str) -> Option<u64> {
        self.lock().get(cell)?.place
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Followed>> {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, cell: &str, change: impl FnOnce(&mut Followed)) {
        if let Some(one) = self.lock().get_mut(cell) {
            change(one);
        }
    }
}

#[cfg(test)]
mod tests;
