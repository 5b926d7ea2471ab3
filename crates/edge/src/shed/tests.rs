use fleet::CellId;

use super::*;

const NEW: Work = Work::New { key: None };
const KEPT: Work = Work::Kept { cell: CellId(1), work: 7, key: None };
const LATE: Duration = Duration::from_millis(50);

/// Lets in until one is turned away; how many, and why that one was.
fn fill(shedding: &Shedding, work: Work, priority: Priority) -> (Vec<Entered>, &'static str) {
    let mut entered = Vec::new();
    loop {
        match shedding.enter(work, priority) {
            Ok(one) => entered.push(one),
            Err(turned) => return (entered, turned.code),
        }
    }
}

#[test]
fn the_last_places_are_kept_for_what_matters_more() {
    let shedding = Shedding::new(80, LATE);
    let mut inside = Vec::new();
    for (work, priority, places) in [
        (NEW, Priority::Bot, 20),
        (NEW, Priority::Prefetch, 20),
        (NEW, Priority::Asked, 30),
        (KEPT, Priority::Bot, 10),
    ] {
        let (entered, code) = fill(&shedding, work, priority);
        assert_eq!((entered.len(), code), (places, "edge_full"), "{work:?} {priority:?}");
        inside.push(entered);
    }
    assert_eq!(shedding.in_flight(), 80);
    drop(inside);
    assert_eq!(shedding.in_flight(), 0);
}

#[test]
fn a_late_edge_turns_away_new_work_and_never_what_is_under_way() {
    let shedding = Shedding::new(10_000, LATE);
    let late = Lateness { least: LATE * 10, window: Duration::from_secs(1) };
    let mut turned = 0;
    for _ in 0..200 {
        shedding.on_window(late);
        // Nothing is ever done, so little is let in.
        turned += usize::from(shedding.enter(NEW, Priority::Asked).map(std::mem::forget).is_err());
        assert!(shedding.enter(KEPT, Priority::Bot).is_ok());
    }
    assert!(turned > 150, "{turned}");
    assert_eq!(shedding.refused()[0], (Priority::Asked, turned as u64));
    let on_time = Lateness { least: Duration::ZERO, window: Duration::from_millis(100) };
    (0..100).for_each(|_| shedding.on_window(on_time));
    assert!(shedding.enter(NEW, Priority::Bot).is_ok());
}

#[test]
fn an_edge_on_time_takes_thousands_at_once() {
    let shedding = Shedding::new(80_000, LATE);
    let entered =
        (0..20_000).filter(|_| shedding.enter(NEW, Priority::Asked).map(std::mem::forget).is_ok());
    assert_eq!(entered.count(), 20_000);
}
