//! Which cells a request is sent to, one after the other, until one answers.
//!
//! ```text
//! Work ─ next ─▶ a cell ─ what became of it ─ on_ended ─▶ again / enough
//! ```
//!
//! Sent a second time is only what does no harm twice: what nobody has seen (the connection was
//! refused), or a repeatable request, once and within the retry budget. No budget is needed for what a
//! cell took with it when it went: nobody works on that any more. New work that a cell has no room for
//! goes to another zone of its region if there is a cell that takes whatever it is sent; where all have
//! too much, asking twice would only make it more.
//!
//! Limit: [`ATTEMPTS_MAX`] cells a request.

use runtime::Moment;

use crate::moved::{Moved, Named};
use crate::retry_budget::RetryBudget;
use crate::routes::{Place, Routes, Tenant, Usable};
use crate::topology::CellId;

/// Cells that are tried for one request.
pub const ATTEMPTS_MAX: usize = 3;

/// Whose work a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// It belongs to work that a cell keeps, or to its new home if that cell is lost.
    Kept {
        /// The cell that the request names.
        cell: CellId,
        /// Names the work at every edge.
        work: u64,
        /// Hash of the routing key if the request has one: it says whose work this is.
        key: Option<u64>,
    },
    /// Any cell can do it.
    New {
        /// Hash of the routing key; without one, chance decides.
        key: Option<u64>,
    },
}

/// How one attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// There is an answer to pass on.
    Answered,
    /// Nobody has seen the request.
    Unsent,
    /// The cell had the request, or may have had it.
    Failed,
    /// The cell had the request when it was found gone.
    Lost,
    /// The cell takes no work now and says so.
    Declined,
    /// The cell has more to do than can be done in time and says so.
    Overloaded,
}

/// Where to send a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The cell.
    pub place: Place,
    /// What moves there if this goes well.
    pub moves: Option<Named>,
}

/// The attempts for one request.
#[derive(Clone, Debug)]
pub struct Attempts {
    work: Work,
    tenant: Option<Tenant>,
    chance: u64,
    repeatable: bool,
    tried: Vec<Place>,
    /// Where there is room for what was refused elsewhere.
    roomy: Option<Place>,
    sent_again: bool,
}

impl Attempts {
    /// None yet. `chance`: bits that no other request has; `repeatable`: carrying it out twice does no
    /// harm.
    #[must_use]
    pub fn new(work: Work, chance: u64, repeatable: bool) -> Self {
        let (tried, roomy) = (Vec::new(), None);
        Self { work, tenant: None, chance, repeatable, tried, roomy, sent_again: false }
    }

    /// The same for a tenant, whose work reaches its shard only. What a cell keeps is asked of that
    /// cell, whoever asks.
    #[must_use]
    pub fn of_tenant(self, tenant: Option<Tenant>) -> Self {
        Self { tenant, ..self }
    }

    /// The next cell to try; `None` if there is no other.
    #[must_use]
    pub fn next(
        &self,
        (routes, usable): (&Routes, &Usable),
        moved: &Moved,
        now: Moment,
    ) -> Option<Attempt> {
        if self.tried.len() >= ATTEMPTS_MAX {
            return None;
        }
        let tried = &self.tried;
        match self.work {
            Work::New { key } => {
                if let Some(place) = self.roomy.filter(|place| !tried.contains(place)) {
                    return Some(Attempt { place, moves: None });
                }
                let key = key.unwrap_or(self.chance);
                let place = match self.tenant {
                    Some(tenant) => routes.choose_for(usable, tenant, key, tried),
                    None => routes.choose(usable, key, tried),
                }?;
                Some(Attempt { place, moves: None })
            }
            Work::Kept { cell, work, key } => {
                let home = moved.home(Named { work, cell }, now).unwrap_or(cell);
                let place = routes.place_of(home).filter(|place| !tried.contains(place));
                if let Some(place) = place.filter(|&place| usable.keeps(place)) {
                    return Some(Attempt { place, moves: None });
                }
                let place = routes.rehome_for(usable, (self.tenant, key), work, tried)?;
                Some(Attempt { place, moves: Some(Named { work, cell }) })
            }
        }
    }

    /// Whether a request need not wait for a cell that is found gone.
    #[must_use]
    pub const fn may_be_lost(&self) -> bool {
        self.repeatable && !self.sent_again
    }

    /// The attempt at a place ended so; gives whether another one may be made.
    pub fn on_ended(&mut self, place: Place, ended: Ended, budget: &mut RetryBudget) -> bool {
        let kept = matches!(self.work, Work::Kept { .. });
        match ended {
            // What is refused for want of room has another way: `finds_room`.
            Ended::Answered | Ended::Overloaded => return false,
            // Kept work is nowhere else: what its cell says is the answer.
            Ended::Declined if kept => return false,
            Ended::Unsent => {}
            Ended::Lost => {
                if !self.may_be_lost() {
                    return false;
                }
                self.sent_again = true;
            }
            Ended::Declined | Ended::Failed => {
                if self.sent_again || !self.repeatable || !budget.on_retry() {
                    return false;
                }
                self.sent_again = true;
            }
        }
        self.tried.push(place);
        true
    }

    /// A cell had no room for new work; gives whether it is to be sent to another one, of another zone
    /// of that region, which `takes_all` it is sent. A tenant's work stays in its shard.
    pub fn finds_room(
        &mut self,
        place: Place,
        (routes, usable): (&Routes, &Usable),
        takes_all: impl Fn(CellId) -> bool,
        budget: &mut RetryBudget,
    ) -> bool {
        let Work::New { key } = self.work else { return false };
        if self.sent_again || !self.repeatable || self.tenant.is_some() {
            return false;
        }
        let key = key.unwrap_or(self.chance);
        self.roomy = routes
            .elsewhere(usable, key, place, takes_all)
            .filter(|roomy| !self.tried.contains(roomy) && budget.on_retry());
        self.sent_again = self.roomy.is_some();
        self.tried.push(place);
        self.sent_again
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::health::Standing;
    use crate::take_up::Fleet;
    use crate::topology::tests::{fleet_of, region};

    /// Plays attempts that end as told; the cells that were tried.
    fn cells(work: Work, gone: &[u32], ends: &[Ended], reserve: u32) -> Vec<u32> {
        let fleet = Fleet::new(fleet_of(vec![region("north", 1..=4, 100)]));
        let routes = Routes::new(&fleet, "north", "");
        let standing = |id: CellId| match gone.contains(&id.0) {
            true => Standing::Gone,
            false => Standing::Up { share: u8::MAX },
        };
        let usable = routes.usable(standing, 50);
        let (moved, now) = (Moved::new(10, Duration::from_secs(60)), runtime::now());
        let mut budget = RetryBudget::new(0, reserve);
        let (mut attempts, mut cells) = (Attempts::new(work, 7, true), Vec::new());
        for &ended in ends {
            let Some(Attempt { place, .. }) = attempts.next((&routes, &usable), &moved, now) else {
                break;
            };
            cells.push(routes.at(place).id.0);
            if !attempts.on_ended(place, ended, &mut budget) {
                break;
            }
        }
        cells
    }

    #[test]
    fn what_nobody_has_seen_costs_no_budget_and_goes_to_three_cells_at_most() {
        let tried = cells(Work::New { key: Some(7) }, &[], &[Ended::Unsent; 9], 0);
        assert_eq!(tried.len(), ATTEMPTS_MAX);
        assert!(tried[0] != tried[1] && tried[1] != tried[2] && tried[0] != tried[2], "{tried:?}");
    }

    #[test]
    fn work_without_a_key_goes_where_chance_sends_it() {
        let of = |key| cells(Work::New { key }, &[], &[Ended::Answered], 0);
        assert_eq!(of(None), of(Some(7)));
        // The first bits choose the bucket.
        assert!((0..99).any(|key| of(Some(key << 48)) != of(None)));
    }

    #[test]
    fn what_failed_is_sent_again_once_and_only_within_the_budget() {
        let new = Work::New { key: Some(7) };
        assert_eq!(cells(new, &[], &[Ended::Failed; 9], 0).len(), 1);
        assert_eq!(cells(new, &[], &[Ended::Failed; 9], 9).len(), 2);
        assert_eq!(cells(new, &[], &[Ended::Declined; 9], 9).len(), 2);
        assert_eq!(cells(new, &[], &[Ended::Answered; 9], 9).len(), 1);
    }

    #[test]
    fn what_a_cell_took_with_it_is_sent_again_once_and_costs_no_budget() {
        let new = Work::New { key: Some(7) };
        assert_eq!(cells(new, &[], &[Ended::Lost, Ended::Answered], 0).len(), 2);
        assert_eq!(cells(new, &[], &[Ended::Lost; 9], 9).len(), 2);
        let once = Attempts::new(new, 7, false);
        assert!(!once.may_be_lost());
    }

    #[test]
    fn what_a_cell_has_no_room_for_goes_once_to_another_zone_that_takes_all() {
        let fleet = Fleet::new(fleet_of(vec![region("north", 1..=4, 100)]));
        let routes = Routes::new(&fleet, "north", "");
        let usable = routes.usable(|_| Standing::Up { share: u8::MAX }, 50);
        let zone = |id: CellId| fleet.topology.cell(id).unwrap().zone.clone();
        let moved = Moved::new(10, Duration::from_secs(60));
        let room = |work, tenant, takes_all: &dyn Fn(CellId) -> bool, reserve| {
            let mut attempts = Attempts::new(work, 7, true).of_tenant(tenant);
            let mut budget = RetryBudget::new(0, reserve);
            let ways = (&routes, &usable);
            let next = |attempts: &Attempts| attempts.next(ways, &moved, runtime::now()).unwrap();
            let first = next(&attempts).place;
            assert!(!attempts.on_ended(first, Ended::Overloaded, &mut budget));
            let again = attempts.finds_room(first, ways, takes_all, &mut budget);
            let second = again.then(|| next(&attempts).place);
            if let Some(second) = second {
                assert!(!attempts.finds_room(second, ways, takes_all, &mut budget), "once");
            }
            (routes.at(first).id, second.map(|second| routes.at(second).id))
        };
        let new = Work::New { key: Some(7) };
        let (first, second) = room(new, None, &|_| true, 1);
        assert_ne!(zone(first), zone(second.unwrap()));
        let only = fleet.topology.cells().find(|(_, cell)| cell.zone != zone(first)).unwrap().1.id;
        assert_eq!(room(new, None, &|id| id == only, 1), (first, Some(only)));
        assert_eq!(room(new, None, &|id| zone(id) == zone(first), 1).1, None, "nobody takes all");
        assert_eq!(room(new, None, &|_| true, 0).1, None, "no budget");
        let tenant = Some(Tenant { hash: 9, cells: 2 });
        assert_eq!(room(new, tenant, &|_| true, 1).1, None);
        let kept = Work::Kept { cell: CellId(2), work: 9, key: None };
        assert_eq!(room(kept, None, &|_| true, 1).1, None);
    }

    #[test]
    fn kept_work_goes_to_its_cell_and_elsewhere_only_when_that_is_gone() {
        let kept = Work::Kept { cell: CellId(2), work: 9, key: None };
        assert_eq!(cells(kept, &[], &[Ended::Answered], 0), [2]);
        assert_eq!(cells(kept, &[], &[Ended::Declined; 2], 9), [2]);
        assert_ne!(cells(kept, &[2], &[Ended::Answered], 0), [2]);
        assert!(cells(kept, &[1, 2, 3, 4], &[Ended::Answered], 0).is_empty());
    }
}
