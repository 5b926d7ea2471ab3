use super::*;

struct World {
    cell: CellHealth,
    now: Moment,
}

impl World {
    fn new() -> Self {
        let now = runtime::now();
        Self { cell: CellHealth::new(HealthSettings::default(), now), now }
    }

    fn after(&mut self, ms: u64) -> &mut Self {
        self.now += Duration::from_millis(ms);
        self
    }

    fn outcomes(&mut self, outcome: Outcome, count: usize) -> &mut Self {
        (0..count).for_each(|_| self.cell.on_outcome(outcome, self.now));
        self
    }

    fn probe(&mut self, probed: Probed) -> &mut Self {
        self.cell.on_probe(probed, self.now);
        self
    }

    fn standing(&self) -> Standing {
        self.cell.standing(self.now)
    }
}

const ALL: Standing = Standing::Up { share: 255 };

#[test]
fn a_cell_nobody_has_looked_at_gets_all_its_work() {
    assert_eq!(World::new().standing(), ALL);
    assert_eq!(World::new().probe(Probed::Ready).standing(), ALL);
}

#[test]
fn two_refused_connections_or_two_silent_probes_mean_that_it_is_gone() {
    let mut world = World::new();
    assert_eq!(world.outcomes(Outcome::Refused, 1).standing(), ALL);
    assert_eq!(world.probe(Probed::Unreachable).standing(), Standing::Gone);
    let mut world = World::new();
    assert_eq!(world.outcomes(Outcome::Refused, 2).standing(), Standing::Gone);
}

#[test]
fn a_cell_that_is_back_gets_a_growing_share() {
    let mut world = World::new();
    world.outcomes(Outcome::Refused, 2).probe(Probed::Ready);
    assert_eq!(world.standing(), Standing::Up { share: 26 });
    assert_eq!(world.after(5_000).standing(), Standing::Up { share: 140 });
    assert_eq!(world.after(5_000).standing(), ALL);
}

#[test]
fn five_failures_in_a_row_eject_and_one_good_answer_between_does_not() {
    let mut world = World::new();
    world.outcomes(Outcome::Failed, 4).outcomes(Outcome::Answered, 1);
    assert_eq!(world.outcomes(Outcome::Failed, 4).standing(), ALL);
    assert_eq!(world.outcomes(Outcome::Failed, 1).standing(), Standing::Ejected);
}

#[test]
fn every_second_failure_ejects_once_there_are_enough_requests() {
    let mut world = World::new();
    for _ in 0..9 {
        world.outcomes(Outcome::Failed, 1).outcomes(Outcome::Answered, 1);
    }
    assert_eq!(world.standing(), ALL);
    let world = world.outcomes(Outcome::Answered, 1).outcomes(Outcome::Failed, 1);
    assert_eq!(world.standing(), Standing::Ejected);
}

#[test]
fn failures_of_a_window_ago_are_forgotten() {
    let mut world = World::new();
    for _ in 0..9 {
        world.outcomes(Outcome::Failed, 1).outcomes(Outcome::Answered, 1);
    }
    world.after(10_000).outcomes(Outcome::Answered, 19);
    assert_eq!(world.outcomes(Outcome::Failed, 1).standing(), ALL);
}

#[test]
fn an_ejected_cell_comes_back_by_a_good_probe_when_its_time_is_over_and_the_time_doubles() {
    let mut world = World::new();
    for ejected_ms in [1_000, 2_000, 4_000, 8_000, 15_000, 15_000] {
        world.outcomes(Outcome::Failed, 5);
        world.after(ejected_ms - 1).probe(Probed::Ready);
        assert_eq!(world.standing(), Standing::Ejected, "after {ejected_ms} ms less one");
        assert_eq!(world.after(1).standing(), Standing::Ejected, "nobody looked");
        assert_eq!(world.probe(Probed::Ready).standing(), Standing::Up { share: 26 });
    }
    world.after(60_000).outcomes(Outcome::Failed, 5).after(1_000).probe(Probed::Ready);
    assert_eq!(world.standing(), Standing::Up { share: 26 }, "a quiet minute is forgiven");
}

#[test]
fn a_cell_that_wants_no_work_gets_none_until_it_does() {
    let mut world = World::new();
    assert_eq!(world.probe(Probed::NotReady).standing(), Standing::NotReady);
    assert_eq!(world.outcomes(Outcome::Answered, 9).standing(), Standing::NotReady);
    assert_eq!(world.probe(Probed::Ready).standing(), Standing::Up { share: 26 });
}

#[test]
fn a_cell_that_declines_work_gets_none_until_a_look_finds_it_ready() {
    let mut world = World::new();
    assert_eq!(world.outcomes(Outcome::Declined, 1).standing(), Standing::NotReady);
    assert_eq!(world.outcomes(Outcome::Answered, 9).standing(), Standing::NotReady);
    assert!(matches!(world.probe(Probed::Ready).standing(), Standing::Up { .. }));
    // One that is left alone for its failures is not back because it declines.
    world.outcomes(Outcome::Failed, 5).outcomes(Outcome::Declined, 1);
    assert_eq!(world.standing(), Standing::Ejected);
}

#[test]
fn a_cell_that_is_well_again_has_all_its_work_within_half_a_minute() {
    let mut world = World::new();
    for _ in 0..20 {
        world.outcomes(Outcome::Failed, 5).after(20_000).probe(Probed::Ready);
    }
    // Its worst ejection begins just before it is well.
    world.outcomes(Outcome::Failed, 5);
    for _ in 0..60 {
        world.after(500).probe(Probed::Ready);
    }
    assert_eq!(world.standing(), ALL);
}

#[test]
fn a_cell_that_had_no_room_stays_up_and_is_spared_for_two_seconds() {
    let mut world = World::new();
    assert!(world.cell.takes_all(world.now));
    world.outcomes(Outcome::Overloaded, 1_000);
    assert_eq!((world.standing(), world.cell.takes_all(world.now)), (ALL, false));
    world.after(1_999).outcomes(Outcome::Answered, 10);
    assert!(!world.cell.takes_all(world.now));
    world.after(1);
    assert!(world.cell.takes_all(world.now));
}
