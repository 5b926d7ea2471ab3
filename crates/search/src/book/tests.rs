use runtime::Limited;

use super::*;
use crate::collect::CollectLimits;
use crate::fan_out::{Bench, Meter};
use crate::fixture::{day, display, question_between};
use crate::link::LinkSigner;
use crate::plan::Plan;
use crate::settings::SearchSettings;
use crate::token::TokenKeys;

/// What the tests make searches with.
struct Shelf {
    book: Book,
    roster: Roster,
    bench: Bench,
    start: Moment,
}

impl Shelf {
    fn new() -> Self {
        let workers = runtime::Workers::start("book", 1, 1).unwrap();
        let self_transfer = SearchSettings::default().self_transfer;
        Self {
            book: Book::default(),
            roster: Vec::new().into(),
            bench: Bench { atlas: atlas::atlas(), workers, self_transfer },
            start: runtime::now(),
        }
    }

    fn at(&self, seconds: u64) -> Moment {
        self.start + Duration::from_secs(seconds)
    }

    /// A fan-out without partners: over when it begins, if `over`.
    fn fan_out(&self, days: i32, run: u32, over: bool) -> Arc<FanOut> {
        let mut question = question_between(&[(&["EDI"], &["SIN"])]);
        question.legs[0].date = day().plus_days(days);
        let mut settings = SearchSettings::default();
        settings.self_transfer.partners_max = Limited::literal(0);
        let plan =
            Plan::new(question, Arc::clone(&self.roster), day(), &settings, self.bench.atlas);
        let limits = CollectLimits { offers: 1, bytes: 1 };
        let fan_out = FanOut::new(&plan, Vec::new(), run, limits, Arc::new(Meter::new(1)));
        if over {
            fan_out.close();
        }
        Arc::new(fan_out)
    }

    fn search(&self, id: u128, fan_out: Arc<FanOut>) -> Arc<Search> {
        let request = domain::SearchRequest {
            legs: Vec::new(),
            cabin: fan_out.question.cabin,
            travellers: fan_out.question.travellers.clone(),
            market: fan_out.question.market,
            nearby: false,
        };
        let id = SearchId(id);
        let links = LinkSigner::new(&TokenKeys::single(&[0; 32]), id);
        let (request, display) = (Arc::new(request), Arc::new(display()));
        Arc::new(Search::new(id, request, display, fan_out, (links, self.bench.clone())))
    }

    fn open(&mut self, id: u128, days: i32, over: bool, expires: u64) {
        let fan_out = self.fan_out(days, id as u32, over);
        let search = self.search(id, Arc::clone(&fan_out));
        let (stale, expires) = (self.at(70), self.at(expires));
        self.book.add_fan_out(fan_out, stale);
        self.book.add_search(search, expires);
    }

    fn ids(&self) -> Vec<u128> {
        let mut ids: Vec<u128> = self.book.searches.keys().map(|id| id.0).collect();
        ids.sort_unstable();
        ids
    }
}

#[test]
fn searches_expire_in_the_order_they_were_opened() {
    let mut shelf = Shelf::new();
    shelf.open(1, 1, true, 3_600);
    shelf.open(2, 2, true, 3_601);
    shelf.book.sweep(shelf.at(3_599));
    assert_eq!(shelf.ids(), [1, 2]);
    shelf.book.sweep(shelf.at(3_600));
    assert_eq!(shelf.ids(), [2]);
    shelf.book.sweep(shelf.at(9_999));
    assert_eq!((shelf.book.len(), shelf.book.fan_outs.len()), (0, 0));
}

#[test]
fn the_oldest_finished_search_makes_room_and_a_running_one_never_does() {
    let mut shelf = Shelf::new();
    shelf.open(1, 1, false, 3_600);
    shelf.open(2, 2, true, 3_601);
    shelf.open(3, 3, true, 3_602);
    assert!(shelf.book.remove_oldest_finished().is_some());
    assert_eq!(shelf.ids(), [1, 3]);
    assert!(shelf.book.remove_oldest_finished().is_some());
    assert!(shelf.book.remove_oldest_finished().is_none());
    assert_eq!(shelf.ids(), [1]);
    // What was removed early does not come up again when it would have expired.
    shelf.book.sweep(shelf.at(3_601));
    assert_eq!((shelf.book.len(), shelf.book.expiries.len()), (0, 0));
}

#[test]
fn a_fan_out_is_shared_while_it_runs_and_while_it_is_fresh() {
    let shelf = Shelf::new();
    let (running, over) = (shelf.fan_out(1, 1, false), shelf.fan_out(2, 2, true));
    let mut book = Book::default();
    for fan_out in [&running, &over] {
        book.add_fan_out(Arc::clone(fan_out), shelf.at(70));
    }
    let fresh = Duration::from_secs(60);
    let shared = |key, seconds| {
        book.shareable(key, &shelf.roster, fresh, shelf.at(seconds)).map(|found| found.run)
    };
    assert_eq!(shared(running.key, 50_000), Some(1));
    // A fan-out that failed is over, but tells nobody anything.
    assert_eq!(over.status(), Status::Failed);
    assert_eq!(shared(over.key, 1), None);
    let other: Roster = Vec::new().into();
    assert!(book.shareable(running.key, &other, fresh, shelf.at(1)).is_none());
}

#[test]
fn a_newer_fan_out_outlives_the_time_of_the_one_it_replaced() {
    let shelf = Shelf::new();
    let (old, new) = (shelf.fan_out(1, 1, false), shelf.fan_out(1, 2, false));
    let mut book = Book::default();
    book.add_fan_out(Arc::clone(&old), shelf.at(70));
    book.add_fan_out(Arc::clone(&new), shelf.at(90));
    book.sweep(shelf.at(70));
    assert_eq!(book.fan_outs.get(&new.key).map(|known| known.run), Some(2));
    book.sweep(shelf.at(90));
    assert!(book.fan_outs.is_empty());
}
