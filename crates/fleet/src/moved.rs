//! What has found another home: work that was re-created elsewhere stays there until it expires, also
//! when its first cell is back.
//!
//! Remembered is where a request leads that names a cell, not where the work is: another edge may have
//! moved it since, and then its requests name a third cell, which is right.
//!
//! Limit: entries; beyond it the oldest is forgotten, whose work is then re-created once more.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use runtime::Moment;

use crate::topology::CellId;

/// Work as a request names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// The work.
    pub work: u64,
    /// The cell that has it, as far as whoever asks knows.
    pub cell: CellId,
}

/// Where moved work is.
#[derive(Debug)]
pub struct Moved {
    /// Ordered, because strangers choose the keys.
    homes: BTreeMap<Named, (CellId, Moment)>,
    /// In the order of their ends, since all live equally long.
    order: VecDeque<(Named, Moment)>,
    most: usize,
    lives: Duration,
}

impl Moved {
    /// Remembers at most so many, each for so long after it was last moved.
    #[must_use]
    pub fn new(most: usize, lives: Duration) -> Self {
        Self { homes: BTreeMap::new(), order: VecDeque::new(), most: most.max(1), lives }
    }

    /// Where work is that left the cell its request names; `None` if it never did or that is too long ago.
    #[must_use]
    pub fn home(&self, named: Named, now: Moment) -> Option<CellId> {
        let &(cell, until) = self.homes.get(&named)?;
        (now < until).then_some(cell)
    }

    /// Work whose request names a cell has a new home.
    pub fn on_moved(&mut self, named: Named, cell: CellId, now: Moment) {
        self.forget(now);
        // It may have been there before, and left.
        self.homes.remove(&Named { cell, ..named });
        let until = now + self.lives;
        self.homes.insert(named, (cell, until));
        self.order.push_back((named, until));
        while self.order.len() > self.most {
            self.drop_oldest();
        }
    }

    /// How many are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.homes.len()
    }

    /// Whether nothing has moved.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.homes.is_empty()
    }

    fn forget(&mut self, now: Moment) {
        while self.order.front().is_some_and(|&(_, until)| until <= now) {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        let Some((named, until)) = self.order.pop_front() else { return };
        // An entry that moved again meanwhile has a later end, and another place in the order.
        if self.homes.get(&named).is_some_and(|&(_, kept)| kept == until) {
            self.homes.remove(&named);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIVES: Duration = Duration::from_secs(10);

    fn named(work: u64, cell: u32) -> Named {
        Named { work, cell: CellId(cell) }
    }

    #[test]
    fn moved_work_is_found_until_it_expires() {
        let (mut moved, start) = (Moved::new(10, LIVES), runtime::now());
        let (seven, eight) = (named(7, 1), named(8, 9));
        moved.on_moved(seven, CellId(2), start);
        assert_eq!(moved.home(seven, start), Some(CellId(2)));
        moved.on_moved(seven, CellId(3), start + LIVES / 2);
        assert_eq!(moved.home(seven, start + LIVES), Some(CellId(3)));
        assert_eq!(moved.home(seven, start + 2 * LIVES), None);
        moved.on_moved(eight, CellId(1), start + 2 * LIVES);
        assert_eq!(moved.len(), 1);
    }

    #[test]
    fn a_request_that_names_the_new_home_is_not_sent_to_an_older_one() {
        let (mut moved, start) = (Moved::new(10, LIVES), runtime::now());
        moved.on_moved(named(7, 1), CellId(2), start);
        assert_eq!(moved.home(named(7, 3), start), None, "another edge moved it there");
    }

    #[test]
    fn work_that_comes_back_to_a_cell_stays_there() {
        let (mut moved, start) = (Moved::new(10, LIVES), runtime::now());
        moved.on_moved(named(7, 1), CellId(2), start);
        moved.on_moved(named(7, 2), CellId(1), start);
        assert_eq!(moved.home(named(7, 1), start), None, "where its request says");
        assert_eq!(moved.home(named(7, 2), start), Some(CellId(1)));
    }

    #[test]
    fn it_never_grows_beyond_its_limit_however_often_the_same_moves() {
        let (mut moved, start) = (Moved::new(3, LIVES), runtime::now());
        for work in 0..100 {
            moved.on_moved(named(work, 9), CellId(1), start);
            moved.on_moved(named(5, 9), CellId(2), start);
            assert!(moved.len() <= 3 && moved.order.len() <= 3);
        }
        assert_eq!(moved.home(named(5, 9), start), Some(CellId(2)));
        assert_eq!(moved.home(named(1, 9), start), None);
    }
}
