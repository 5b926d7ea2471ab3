use super::*;
use runtime::Random;

fn worse(new: &Evidence, old: &[Evidence]) -> Option<Worse> {
    super::worse(new, old, &Question::ALL)
}

fn of(requests: u64, failed: u64) -> Evidence {
    Evidence { requests, failed, ..Evidence::default() }
}

fn timed(milliseconds: u64, requests: u64) -> Evidence {
    let mut seen = Evidence { requests, ..Evidence::default() };
    // Times from half to one and a half of it.
    for number in 0..requests {
        seen.note_time(milliseconds * (500 + 1_000 * number / requests));
    }
    seen
}

/// Source: the lady tasting tea, 1935: all four of four by chance in 1 of 70.
#[test]
fn the_test_is_fishers() {
    let chance = chance_of_as_many((4, 4), (4, 0));
    assert!((chance - 1.0 / 70.0).abs() < 1e-12, "{chance}");
    let chance = chance_of_as_many((4, 3), (4, 1));
    assert!((chance - 17.0 / 70.0).abs() < 1e-12, "{chance}");
    assert!(chance_of_as_many((4, 0), (4, 4)) > 0.999);
}

#[test]
fn a_release_that_fails_more_is_worse_and_says_by_how_much() {
    let worse = worse(&of(1_000, 20), &[of(1_000, 1), of(1_000, 0)]).unwrap();
    assert_eq!(worse.question, Question::Failed);
    assert!((worse.new - 0.02).abs() < 1e-9 && (worse.old - 0.0005).abs() < 1e-9);
    let text = worse.to_string();
    assert!(text.starts_with("failed answers: 2.00% against 0.05%"), "{text}");
}

#[test]
fn a_difference_too_small_to_matter_or_too_likely_by_chance_is_none() {
    // 0.1 points, however certain.
    assert_eq!(worse(&of(1_000_000, 2_000), &[of(1_000_000, 1_000)]), None);
    // 3 of 100 against 0 of 100 happens.
    assert_eq!(worse(&of(100, 3), &[of(100, 0)]), None);
    assert_eq!(worse(&of(0, 0), &[of(100, 0)]), None);
    assert_eq!(worse(&of(100, 50), &[]), None);
}

#[test]
fn a_release_no_worse_than_the_worst_cell_of_the_old_one_passes() {
    let old = [of(1_000, 0), of(1_000, 40)];
    assert_eq!(worse(&of(1_000, 40), &old), None);
    assert!(worse(&of(1_000, 80), &old).is_some());
}

#[test]
fn slow_answers_are_seen_in_the_middle_and_in_the_tail() {
    let old = [timed(100, 500), timed(100, 500)];
    assert_eq!(worse(&timed(100, 500), &old), None);
    assert_eq!(worse(&timed(50, 500), &old), None);
    assert_eq!(worse(&timed(110, 500), &old), None);
    assert_eq!(worse(&timed(200, 500), &old).unwrap().question, Question::SlowerHalf);
    let mut tail = timed(100, 450);
    tail.add(&timed(900, 50));
    assert_eq!(worse(&tail, &old).unwrap().question, Question::SlowerTail);
}

#[test]
fn what_nobody_would_notice_is_not_slow() {
    assert_eq!(worse(&timed(8, 500), &[timed(2, 500), timed(2, 500)]), None);
    assert!(worse(&timed(60, 500), &[timed(2, 500), timed(2, 500)]).is_some());
}

#[test]
fn prices_that_do_not_hold_and_refusals_count() {
    let changed = |changed| Evidence { followed: 300, changed, ..of(1_000, 0) };
    assert_eq!(worse(&changed(60), &[changed(12)]).unwrap().question, Question::Changed);
    let refused = |refused| Evidence { refused, ..of(1_000, 0) };
    assert_eq!(worse(&refused(100), &[refused(10)]).unwrap().question, Question::Refused);
}

#[test]
fn counts_beyond_the_tests_size_are_scaled() {
    let worse = worse(&of(100_000_000, 1_000_000), &[of(300_000_000, 3_000)]);
    assert!(worse.is_some());
}

/// A tenth of a percent fails, in ten thousand bakes of equals.
#[test]
fn equals_are_seldom_taken_for_worse() {
    let mut random = Random::from_seed(11);
    let mut draw = |requests: u64, of_ten_thousand: u64| {
        let failed = (0..requests).filter(|_| random.below(10_000) < of_ten_thousand).count();
        of(requests, failed as u64)
    };
    let alarms = (0..10_000).filter(|_| {
        let (new, old) = (draw(200, 100), [draw(200, 100), draw(200, 100)]);
        worse(&new, &old).is_some()
    });
    assert!(alarms.count() <= 3);
}
