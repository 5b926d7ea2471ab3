use domain::Money;

use super::*;
use crate::fixture::{GBP, Spec, answer, flight};

const LIMITS: CollectLimits = CollectLimits { offers: 10, bytes: 1 << 20 };

fn asks(roles: &[(u16, Role)]) -> Vec<Ask> {
    roles.iter().map(|&(partner, role)| Ask { partner, role }).collect()
}

fn whole(partners: u16) -> Vec<Ask> {
    (0..partners).map(|partner| Ask { partner, role: Role::Whole }).collect()
}

fn part(offers: usize) -> Arc<Answer> {
    let legs = |number| vec![vec![flight("BA", number, ["EDI", "SIN"], [600, 1_900])]];
    let specs: Vec<_> = (0..offers as u16)
        .map(|number| Spec::new(legs(number + 1), "ba__", Some(Money::new(1, GBP))))
        .collect();
    answer(&specs)
}

fn good(ms: u32) -> AskEnd {
    AskEnd { ms, fault: None }
}

fn bad(fault: &'static str) -> AskEnd {
    AskEnd { ms: 5, fault: Some(fault) }
}

/// Rows as text: `partner offers ms fault`.
fn rows(collecting: &Collecting) -> Vec<String> {
    let text = |row: &AskedRow| {
        let ms = row.ms.map_or("-".to_owned(), |ms| ms.to_string());
        format!("{} {} {ms} {}", row.partner, row.offers, row.fault.unwrap_or("-"))
    };
    collecting.rows().iter().map(text).collect()
}

#[test]
fn a_late_partner_is_reported_missing_and_does_not_hold_up_the_rest() {
    let mut collecting = Collecting::new(&whole(3), true, LIMITS);
    collecting.on_part(0, part(2), usize::MAX);
    collecting.on_end(0, good(40));
    collecting.on_part(1, part(1), usize::MAX);
    assert_eq!(collecting.status(), Status::Incomplete);
    collecting.on_deadline(100);
    assert_eq!(collecting.status(), Status::Complete);
    assert_eq!(
        rows(&collecting),
        ["0 2 40 -", "1 1 100 partner_timeout", "2 0 100 partner_timeout"]
    );
    let version = collecting.version();
    assert!(!collecting.on_part(2, part(3), usize::MAX));
    assert!(!collecting.on_end(2, good(101)));
    assert!(!collecting.on_deadline(200));
    assert_eq!((collecting.version(), collecting.offers()), (version, 3));
}

#[test]
fn every_change_has_a_version_and_its_row_tells_which() {
    let mut collecting = Collecting::new(&whole(2), true, LIMITS);
    assert_eq!(collecting.version(), 0);
    assert!(collecting.on_part(1, part(1), usize::MAX));
    assert!(collecting.on_end(0, good(1)));
    assert!(!collecting.on_part(1, part(0), usize::MAX), "an empty part says nothing");
    assert!(!collecting.on_part(7, part(1), usize::MAX), "nobody asked");
    let versions: Vec<_> = collecting.rows().iter().map(|row| row.version).collect();
    assert_eq!((versions, collecting.version()), (vec![2, 1], 2));
}

#[test]
fn a_search_fails_only_if_nobody_had_anything_to_say() {
    let check = |ends: &[(usize, AskEnd)], expected| {
        let mut collecting = Collecting::new(&whole(2), true, LIMITS);
        for &(offers, end) in ends {
            let ask = collecting.rows().iter().filter(|row| row.ms.is_some()).count();
            collecting.on_part(ask, part(offers), usize::MAX);
            collecting.on_end(ask, end);
        }
        assert_eq!(collecting.status(), expected);
    };
    check(&[(1, good(1))], Status::Incomplete);
    check(&[(0, bad("partner_refused")), (0, bad("partner_busy"))], Status::Failed);
    check(&[(0, good(1)), (0, bad("partner_refused"))], Status::Complete);
    check(&[(1, bad("partner_connection_lost")), (0, bad("partner_busy"))], Status::Complete);
}

#[test]
fn with_nobody_to_ask_it_is_complete_unless_there_is_no_partner_at_all() {
    assert_eq!(Collecting::new(&[], true, LIMITS).status(), Status::Complete);
    assert_eq!(Collecting::new(&[], false, LIMITS).status(), Status::Failed);
}

#[test]
fn a_full_search_leaves_out_what_does_not_fit_and_says_so() {
    let mut collecting = Collecting::new(&whole(3), true, LIMITS);
    collecting.on_part(0, part(8), usize::MAX);
    collecting.on_part(1, part(3), usize::MAX);
    collecting.on_part(2, part(1), 10);
    collecting.on_part(0, part(2), usize::MAX);
    for ask in 0..3 {
        collecting.on_end(ask, good(1));
    }
    assert_eq!(collecting.offers(), 10);
    assert_eq!(rows(&collecting), ["0 10 1 -", "1 0 1 search_full", "2 0 1 search_full"]);
    let small = CollectLimits { bytes: 1_000, ..LIMITS };
    let mut collecting = Collecting::new(&whole(1), true, small);
    collecting.on_part(0, part(8), usize::MAX);
    assert_eq!((collecting.offers(), collecting.bytes()), (0, 0));
}

#[test]
fn answers_to_extra_questions_never_push_out_those_to_the_question_itself() {
    let roles = [(0, Role::First), (1, Role::Second), (2, Role::First), (3, Role::Whole)];
    let mut collecting = Collecting::new(&asks(&roles), true, LIMITS);
    for (ask, offers) in [(0, 2), (1, 1), (2, 1), (3, 10)] {
        collecting.on_part(ask, part(offers), usize::MAX);
        collecting.on_end(ask, good(1));
    }
    let rows = rows(&collecting);
    assert_eq!(rows, ["0 2 1 -", "1 0 1 search_full", "2 0 1 search_full", "3 10 1 -"]);
    assert_eq!(collecting.offers(), 12);
}

#[test]
fn a_partner_has_one_row_and_parts_of_self_transfers_count_only_if_it_was_asked_nothing_else() {
    let asks = asks(&[(4, Role::Whole), (4, Role::First), (9, Role::First), (9, Role::Second)]);
    let mut collecting = Collecting::new(&asks, true, CollectLimits { offers: 40, ..LIMITS });
    collecting.on_part(0, part(1), usize::MAX);
    collecting.on_part(1, part(2), usize::MAX);
    collecting.on_part(2, part(3), usize::MAX);
    collecting.on_part(3, part(4), usize::MAX);
    collecting.on_end(1, bad("partner_busy"));
    for ask in [0, 2, 3] {
        collecting.on_end(ask, good(ask as u32));
    }
    assert_eq!(rows(&collecting), ["4 1 0 -", "9 7 3 -"]);
    let only_parts: Vec<_> = collecting.rows().iter().map(|row| row.only_part).collect();
    assert_eq!(only_parts, [false, true]);
    let counts = [Role::Whole, Role::First, Role::Second].map(|r| collecting.answers(r).len());
    assert_eq!(counts, [1, 2, 1]);
}
