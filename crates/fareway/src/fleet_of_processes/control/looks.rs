//! Looks at all cells again and again, at each by itself: one that says nothing holds up neither the
//! looks at the others nor the rollout.
//!
//! ```text
//! every `fleet.look_ms` ─▶ a look at each cell that none is under way at ─▶ what it found, at once
//!                      └─▶ a round ends when those looks are over, after ROUND_MOST at the latest
//! ```
//!
//! A rollout makes one step a round, so that it decides by what was seen just now.
//!
//! Limits: one look at a cell at a time, each bounded by whoever looks.

use std::time::Duration;

use fleet::CellId;
use fleet::topology::CellSite;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use runtime::{FixedSet, Shutdown};

/// Longest time that the end of a round waits for a cell. One that is well answers within a few
/// milliseconds.
const ROUND_MOST: Duration = Duration::from_millis(250);

/// Who looks, and what becomes of it.
pub(super) trait Looker {
    /// What a look finds.
    type Found;

    /// The cells there are now.
    fn cells(&self) -> Vec<CellSite>;
    /// One look at one cell.
    async fn look(&self, cell: CellSite) -> Self::Found;
    /// A look is over.
    fn on_look(&self, cell: CellId, found: Self::Found);
    /// All cells were looked at that answer.
    fn on_round(&self);
}

/// Looks until told to stop.
pub(super) async fn run_looks(looker: &impl Looker, every: Duration, shutdown: &Shutdown) {
    let mut looks = FuturesUnordered::new();
    let mut under_way: FixedSet<CellId> = FixedSet::default();
    // The cells of this round that were not looked at yet, and when it ends without them.
    let mut awaited: FixedSet<CellId> = FixedSet::default();
    let mut round_ends = None;
    let mut due = runtime::now();
    loop {
        tokio::select! {
            biased;
            () = shutdown.begun() => return,
            Some((cell, found)) = looks.next() => {
                under_way.remove(&cell);
                awaited.remove(&cell);
                looker.on_look(cell, found);
            }
            () = tokio::time::sleep_until(round_ends.unwrap_or(due)), if round_ends.is_some() => {
                awaited.clear();
            }
            () = tokio::time::sleep_until(due) => {
                let now = runtime::now();
                due = now + every;
                for cell in looker.cells() {
                    let id = cell.id;
                    if under_way.insert(id) {
                        awaited.insert(id);
                        looks.push(async move { (id, looker.look(cell).await) });
                    }
                }
                round_ends = Some(now + ROUND_MOST.min(every));
            }
        }
        if round_ends.is_some() && awaited.is_empty() {
            round_ends = None;
            looker.on_round();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use runtime::Moment;

    use super::*;
    use crate::fleet_of_processes::sites::sites;

    const EVERY: Duration = Duration::from_secs(2);
    /// How long a silent cell says nothing.
    const SILENCE: Duration = Duration::from_millis(4_500);

    /// A world in which one cell is silent.
    struct World {
        began: Moment,
        silent: CellId,
        cells: Vec<CellSite>,
        told: RefCell<Vec<String>>,
    }

    impl World {
        fn of(cells: u32, silent: u32) -> Self {
            let (silent, cells) = (CellId(silent), sites(cells));
            Self { began: runtime::now(), silent, cells, told: RefCell::default() }
        }

        fn tell(&self, what: impl std::fmt::Display) {
            let ms = runtime::now().saturating_duration_since(self.began).as_millis();
            self.told.borrow_mut().push(format!("{ms} {what}"));
        }

        async fn runs_for(&self, time: Duration) -> Vec<String> {
            let shutdown = Shutdown::default();
            let _ = tokio::time::timeout(time, run_looks(self, EVERY, &shutdown)).await;
            self.told.take()
        }
    }

    impl Looker for World {
        type Found = ();

        fn cells(&self) -> Vec<CellSite> {
            self.cells.clone()
        }

        async fn look(&self, cell: CellSite) {
            let silent = cell.id == self.silent;
            tokio::time::sleep(if silent { SILENCE } else { Duration::from_millis(5) }).await;
        }

        fn on_look(&self, cell: CellId, (): ()) {
            self.tell(cell);
        }

        fn on_round(&self) {
            self.tell("round");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_cell_delays_neither_the_others_nor_the_rounds() {
        let told = World::of(3, 2).runs_for(Duration::from_millis(6_400)).await;
        let expected = [
            "5 cell-1",
            "5 cell-3",
            "250 round",
            "2005 cell-1",
            "2005 cell-3",
            "2005 round",
            "4005 cell-1",
            "4005 cell-3",
            "4005 round",
            "4500 cell-2",
            "6005 cell-1",
            "6005 cell-3",
            "6250 round",
        ];
        assert_eq!(told, expected);
    }

    #[tokio::test(start_paused = true)]
    async fn cells_that_are_well_end_a_round_at_once_and_a_fleet_without_cells_has_rounds_too() {
        let told = World::of(2, 0).runs_for(Duration::from_millis(100)).await;
        assert_eq!(told, ["5 cell-1", "5 cell-2", "5 round"]);
        let told = World::of(0, 0).runs_for(Duration::from_millis(2_100)).await;
        assert_eq!(told, ["0 round", "2000 round"]);
    }
}
