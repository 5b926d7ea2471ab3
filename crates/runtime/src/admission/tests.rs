use std::collections::VecDeque;

use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

use super::Priority::{Asked, Bot, Prefetch};
use super::*;

const TARGET: Duration = Duration::from_millis(20);
const WINDOWS_A_SECOND: u32 = 10;

/// A window of a tenth of a second.
fn window(least: Duration) -> Lateness {
    Lateness { least, window: Duration::from_millis(100) }
}

/// A server with a queue: work for so many pieces a second, offered in every window. What it tells of
/// a window is known some windows later, as where the queue stands in front of somebody else.
struct Server {
    admission: Admission,
    capacity: f64,
    queued: f64,
    untold: VecDeque<(Duration, f64)>,
    owed: f64,
}

impl Server {
    fn new(capacity: f64, told_after: usize) -> Self {
        let untold = std::iter::repeat_n((Duration::ZERO, 0.0), told_after).collect();
        Self { admission: Admission::new(TARGET), capacity, queued: 0.0, untold, owed: 0.0 }
    }

    /// Runs one window; gives what was done in it.
    fn window(&mut self, offered: u32) -> f64 {
        let admitted = (0..offered).filter(|_| self.admission.admits(Asked)).count();
        self.queued += admitted as f64;
        let done = self.queued.min(self.capacity / f64::from(WINDOWS_A_SECOND));
        self.queued -= done;
        // What waits behind the queue waits as long as the queue lasts.
        self.untold.push_back((Duration::from_secs_f64(self.queued / self.capacity), done));
        let (wait, told) = self.untold.pop_front().unwrap();
        self.owed += told;
        while self.owed >= 1.0 {
            self.owed -= 1.0;
            self.admission.on_done(1.0, Duration::ZERO);
        }
        self.admission.on_window(window(wait));
        done
    }

    fn seconds(&mut self, seconds: u32, offered_a_second: u32) -> f64 {
        let offered = offered_a_second / WINDOWS_A_SECOND;
        let done: f64 = (0..seconds * WINDOWS_A_SECOND).map(|_| self.window(offered)).sum();
        done / f64::from(seconds)
    }
}

#[test]
fn all_is_admitted_while_work_begins_on_time() {
    let mut server = Server::new(200.0, 0);
    assert!((server.seconds(60, 190) - 190.0).abs() < 1e-6);
    assert_eq!((server.admission.is_open(), server.admission.refused(Asked)), (true, 0));
}

#[test]
fn goodput_stays_above_nine_tenths_at_two_five_and_ten_times_the_capacity() {
    for times in [2, 5, 10] {
        let mut server = Server::new(200.0, 0);
        server.seconds(10, 180);
        // The first seconds are those in which the queue is noticed.
        server.seconds(10, 200 * times);
        let goodput = server.seconds(60, 200 * times);
        assert!(goodput > 180.0, "{goodput} at {times} times");
        let wait = server.queued / server.capacity;
        assert!(wait < 0.5, "the queue lasts {wait} s at {times} times");
    }
}

#[test]
fn goodput_stays_above_nine_tenths_where_lateness_is_known_two_seconds_late() {
    for (told_after, times) in [5, 10, 20].into_iter().flat_map(|a| [2, 5, 10].map(|t| (a, t))) {
        let mut server = Server::new(200.0, told_after);
        server.seconds(10, 180);
        let goodput = server.seconds(60, 200 * times);
        assert!(goodput > 180.0, "{goodput} at {times} times, told after {told_after} windows");
        // Later than this nobody waits for an answer any more.
        let wait = server.queued / server.capacity;
        assert!(wait < 3.0, "the queue lasts {wait} s at {times} times, {told_after} windows");
    }
}

#[test]
fn after_a_flood_all_is_admitted_again_within_ten_seconds() {
    let mut server = Server::new(200.0, 0);
    server.seconds(30, 2_000);
    server.seconds(10, 100);
    let refused = server.admission.refused(Asked);
    assert!((server.seconds(10, 100) - 100.0).abs() < 1e-6);
    assert_eq!(server.admission.refused(Asked), refused);
}

#[test]
fn one_late_window_costs_nothing_where_little_is_asked() {
    let mut admission = Admission::new(TARGET);
    admission.on_window(window(Duration::from_secs(10)));
    assert!(admission.share() > 0.75, "{}", admission.share());
    assert!(admission.admits(Asked) && admission.admits(Asked) && admission.admits(Asked));
}

#[test]
fn a_long_window_counts_as_the_short_ones_it_is_as_long_as_up_to_a_second() {
    let share_after = |windows: &[u64]| {
        let mut admission = Admission::new(TARGET);
        for &window_ms in windows {
            let window = Duration::from_millis(window_ms);
            admission.on_window(Lateness { least: Duration::from_millis(70), window });
        }
        admission.share()
    };
    assert!((share_after(&[600]) - share_after(&[100; 6])).abs() < 1e-9);
    assert!((share_after(&[60_000]) - share_after(&[1_000])).abs() < 1e-9);
}

proptest! {
    #[test]
    fn so_many_are_admitted_as_the_share_says(late_us in 0_u64..200_000, count in 1_u32..5_000) {
        let mut admission = Admission::new(TARGET);
        for _ in 0..20 {
            admission.on_window(window(Duration::from_micros(late_us)));
        }
        let share = admission.share();
        prop_assert!((SHARE_MIN..=1.0).contains(&share));
        let admitted = (0..count).filter(|_| admission.admits(Asked)).count();
        let refused = u64::from(count) - admitted as u64;
        prop_assert_eq!(admission.refused(Asked), refused);
        // More at once is a burst.
        let expected = (share * f64::from(count)).min(BURST);
        prop_assert!((admitted as f64 - expected).abs() <= 2.0 + 1e-6);
    }
}

#[test]
fn what_is_admitted_is_spent_on_the_most_important_first() {
    let mut admission = Admission::new(TARGET);
    // A third of what is offered can be done, and as much is asked for by somebody who waits.
    let mut admitted = [0; 3];
    for round in 0..600 {
        for priority in Priority::ALL {
            let taken = (0..10).filter(|_| admission.admits(priority)).count();
            (0..taken.min(10)).for_each(|_| admission.on_done(1.0, Duration::ZERO));
            // The first rounds are those in which the share falls.
            if round >= 100 {
                admitted[priority as usize] += taken;
            }
        }
        let late = if admission.share() > 0.34 { 2 } else { 0 };
        admission.on_window(window(TARGET * late));
    }
    let [asked, prefetch, bot] = admitted;
    assert!(asked >= 4_900, "{admitted:?}");
    assert!(prefetch < 500 && bot < 50, "{admitted:?}");
    assert_eq!(admission.refused(Asked) / 100, 0, "{admitted:?}");
    assert!(admission.refused(Bot) > admission.refused(Prefetch));
}

#[test]
fn a_flood_between_two_looks_is_admitted_as_far_as_it_can_be_done() {
    let mut admission = Admission::new(TARGET);
    assert_eq!((0..10_000).filter(|_| admission.admits(Asked)).count(), 64);
    // A server that does 400 a second takes so many more.
    for _ in 0..100 {
        (0..40).for_each(|_| admission.on_done(1.0, Duration::ZERO));
        admission.on_window(window(Duration::ZERO));
    }
    let admitted = (0..10_000).filter(|_| admission.admits(Asked)).count();
    assert!((400..500).contains(&admitted), "{admitted}");
}

#[test]
fn what_was_done_in_vain_does_not_keep_the_door_open() {
    let share_with = |useful: f64| {
        let mut admission = Admission::new(TARGET);
        for _ in 0..100 {
            let admitted = (0..40).filter(|_| admission.admits(Asked)).count();
            (0..admitted).for_each(|_| admission.on_done(useful, Duration::ZERO));
            admission.on_window(window(Duration::from_secs(1)));
        }
        admission.share()
    };
    assert!(share_with(0.1) <= SHARE_MIN + 1e-9);
    assert!(share_with(1.0) > share_with(0.1));
}

/// Pieces that take so many windows each, whatever is under way, until no more can be done; gives the most
/// that were under way at once in the last half.
fn most_under_way(
    admission: &mut Admission,
    offered: usize,
    done_most: usize,
    takes: usize,
) -> usize {
    let (mut waiting, mut most) = (VecDeque::from(vec![0; takes]), 0);
    let mut begun: VecDeque<u32> = VecDeque::new();
    for at in 0..1_200_u32 {
        let admitted = (0..offered).filter(|_| admission.admits(Asked)).count();
        begun.extend(std::iter::repeat_n(at, admitted));
        waiting.push_back(admitted);
        let due = waiting.pop_front().unwrap_or(0);
        let done = due.min(done_most);
        if let Some(next) = waiting.front_mut() {
            *next += due - done;
        }
        for since in begun.drain(..done) {
            admission.on_done(1.0, Duration::from_millis(100) * (at - since));
        }
        // On time itself: what waits, waits for somebody else.
        admission.on_window(window(Duration::ZERO));
        if at > 600 {
            most = most.max(begun.len());
        }
    }
    // Nobody waits for the rest.
    begun.iter().for_each(|_| admission.on_given_up());
    most
}

#[test]
fn busy_processors_bound_what_is_under_way_to_twice_the_usual_time() {
    let mut admission = Admission::new(TARGET);
    // 100 a second that take one second each, then four times as many, of which 200 a second can be done.
    assert_eq!(most_under_way(&mut admission, 10, 20, 10), 100);
    admission.on_busy(1.0);
    let most = most_under_way(&mut admission, 40, 20, 10);
    assert!((350..=440).contains(&most), "{most}");
    assert!(admission.is_open(), "no share is refused");
}

#[test]
fn what_waits_for_others_while_processors_idle_is_not_bounded() {
    let mut admission = Admission::new(TARGET);
    most_under_way(&mut admission, 10, 20, 10);
    admission.on_busy(0.6);
    // Partners take five times as long.
    assert_eq!(most_under_way(&mut admission, 10, 20, 50), 500);
    assert_eq!(admission.refused(Asked), 0);
}

#[test]
fn what_was_given_up_makes_room() {
    let mut admission = Admission::new(TARGET);
    most_under_way(&mut admission, 10, 20, 10);
    admission.on_busy(1.0);
    for _ in 0..100 {
        assert_eq!((0..40).filter(|_| admission.admits(Asked)).count(), 40);
        (0..40).for_each(|_| admission.on_given_up());
        admission.on_window(window(Duration::ZERO));
    }
    assert_eq!(admission.refused(Asked), 0);
}

#[test]
fn what_must_be_begun_leaves_less_to_what_may_be() {
    let mut admission = Admission::new(TARGET);
    // A hundred a second can be done; as many are asked for, and half as many must be begun.
    let (mut asked, mut late) = (0, 0.0_f64);
    for round in 0..600 {
        (0..5).for_each(|_| admission.takes());
        let admitted = (0..10).filter(|_| admission.admits(Asked)).count();
        late = (late + (5 + admitted) as f64 - 10.0).max(0.0);
        (0..10).for_each(|_| admission.on_done(1.0, Duration::ZERO));
        admission.on_window(window(Duration::from_secs_f64(late / 100.0)));
        asked += if round < 100 { 0 } else { admitted };
    }
    assert!((2_000..=2_600).contains(&asked), "{asked}");
    assert!(late < 50.0, "{late} wait");
}

#[test]
fn a_flood_that_leaves_a_moment_free_does_not_become_what_is_usual() {
    let mut admission = Admission::new(TARGET);
    most_under_way(&mut admission, 10, 20, 10);
    // Two minutes in which each piece takes five times as long, with hardly a processor free.
    admission.on_busy(0.8);
    most_under_way(&mut admission, 40, 20, 50);
    admission.on_busy(1.0);
    let most = most_under_way(&mut admission, 40, 20, 10);
    assert!((350..=440).contains(&most), "{most}");
}
