use runtime::Random;

use super::*;

/// Gives so many requests a second for some seconds to a cell that takes so many; how many of the last
/// second's were sent and taken.
fn give(throttle: &mut Throttle, from: Moment, seconds: u64, [given, takes]: [u64; 2]) -> [u64; 2] {
    let mut random = Random::from_seed(1);
    let mut last = [0, 0];
    for second in 0..seconds {
        last = [0, 0];
        for at in 0..given {
            let now =
                from + Duration::from_secs(second) + Duration::from_micros(1_000_000 * at / given);
            if !throttle.sends(random.bits(), now) {
                continue;
            }
            last[0] += 1;
            // It takes its share evenly over the second.
            let taken = last[1] * given < takes * (at + 1);
            throttle.on_answered(taken, now);
            last[1] += u64::from(taken);
        }
    }
    last
}

fn near(value: u64, wanted: u64, percent: u64) -> bool {
    value.abs_diff(wanted) * 100 <= wanted * percent
}

#[test]
fn a_cell_that_takes_everything_is_sent_everything() {
    let now = runtime::now();
    let mut throttle = Throttle::new(now);
    assert_eq!(give(&mut throttle, now, 20, [300, 300]), [300, 300]);
}

#[test]
fn a_cell_is_sent_at_most_twice_what_it_takes_and_takes_no_less_for_that() {
    let now = runtime::now();
    for times in [2, 3, 5, 10] {
        let mut throttle = Throttle::new(now);
        let [sent, taken] = give(&mut throttle, now, 20, [300 * times, 300]);
        assert!(near(sent, 600, 15), "{times}: {sent}");
        assert!(near(taken, 300, 5), "{times}: {taken}");
    }
}

#[test]
fn a_cell_that_takes_nothing_is_sent_a_tenth_and_soon_everything_once_it_is_well() {
    let now = runtime::now();
    let mut throttle = Throttle::new(now);
    let [sent, _] = give(&mut throttle, now, 10, [1_000, 0]);
    assert!(near(sent, 100, 30), "{sent}");
    let well = now + Duration::from_secs(10);
    let [sent, taken] = give(&mut throttle, well, 6, [1_000, 1_000]);
    assert!(near(sent, 1_000, 5) && near(taken, 1_000, 5), "{sent} {taken}");
}

#[test]
fn what_was_refused_is_forgotten_after_a_quiet_time() {
    let now = runtime::now();
    let mut throttle = Throttle::new(now);
    give(&mut throttle, now, 10, [1_000, 0]);
    let later = now + Duration::from_secs(14);
    assert!((0..100).all(|chance| {
        let mut throttle = throttle.clone();
        throttle.sends(chance, later)
    }));
}

#[test]
fn what_is_not_answered_yet_says_nothing() {
    let now = runtime::now();
    let mut throttle = Throttle::new(now);
    assert!((0..10_000).all(|chance| throttle.sends(chance, now)));
}
