use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

use super::*;

const TARGET: Duration = Duration::from_millis(20);
const WINDOWS_A_SECOND: u32 = 10;

/// A server with a queue: work for so many pieces a second, offered in every window.
struct Server {
    admission: Admission,
    capacity: f64,
    queued: f64,
}

impl Server {
    fn new(capacity: f64) -> Self {
        Self { admission: Admission::new(TARGET), capacity, queued: 0.0 }
    }

    /// Runs one window; gives what was done in it.
    fn window(&mut self, offered: u32) -> f64 {
        let admitted = (0..offered).filter(|_| self.admission.admits()).count();
        self.queued += admitted as f64;
        let done = self.queued.min(self.capacity / f64::from(WINDOWS_A_SECOND));
        self.queued -= done;
        // What waits behind the queue waits as long as the queue lasts.
        self.admission.on_window(Duration::from_secs_f64(self.queued / self.capacity));
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
    let mut server = Server::new(200.0);
    assert!((server.seconds(60, 190) - 190.0).abs() < 1e-6);
    assert_eq!((server.admission.is_open(), server.admission.refused()), (true, 0));
}

#[test]
fn goodput_stays_above_nine_tenths_at_two_five_and_ten_times_the_capacity() {
    for times in [2, 5, 10] {
        let mut server = Server::new(200.0);
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
fn after_a_flood_all_is_admitted_again_within_ten_seconds() {
    let mut server = Server::new(200.0);
    server.seconds(30, 2_000);
    server.seconds(10, 100);
    let refused = server.admission.refused();
    assert!((server.seconds(10, 100) - 100.0).abs() < 1e-6);
    assert_eq!(server.admission.refused(), refused);
}

#[test]
fn one_late_window_costs_nothing_where_little_is_asked() {
    let mut admission = Admission::new(TARGET);
    admission.on_window(Duration::from_secs(10));
    assert!(admission.share() > 0.75, "{}", admission.share());
    assert!(admission.admits() && admission.admits() && admission.admits());
}

proptest! {
    #[test]
    fn so_many_are_admitted_as_the_share_says(late_us in 0_u64..200_000, count in 1_u32..5_000) {
        let mut admission = Admission::new(TARGET);
        for _ in 0..20 {
            admission.on_window(Duration::from_micros(late_us));
        }
        let share = admission.share();
        prop_assert!((SHARE_MIN..=1.0).contains(&share));
        let admitted = (0..count).filter(|_| admission.admits()).count();
        prop_assert!((admitted as f64 - share * f64::from(count)).abs() <= 2.0 + 1e-6);
        prop_assert_eq!(admission.refused(), u64::from(count) - admitted as u64);
    }
}
