//! Bad releases of every kind, and good ones: source of the numbers is goal 7 of the platform, at least
//! 95% of at least 50 bad ones stopped while one cell runs them, at most 1% of 200 good ones stopped.

use super::*;

/// Bad in one way, by an amount drawn from the seed.
fn bad(seed: u64) -> Character {
    let mut random = runtime::Random::from_seed(seed);
    let mut between = |least: u64, most: u64| least + random.below(most - least + 1);
    let good = Character::GOOD;
    match seed % 7 {
        0 => Character { starts: false, ..good },
        1 => Character { failed: between(200, 5_000), ..good },
        2 => Character { refused: between(500, 5_000), ..good },
        3 => Character { changed: between(2_500, 9_000), ..good },
        4 => Character { times: between(260, 600), ..good },
        5 => Character { late: between(900, 4_000), ..good },
        _ => Character { dies_after: Some(between(6, 50)), ..good },
    }
}

#[test]
fn bad_releases_are_stopped_while_one_cell_runs_them() {
    let mut missed = Vec::new();
    for seed in 0..70 {
        let mut world = World::new(regions(), bad(seed), 100 + seed);
        let mut rollout = begin(&world.topology);
        world.run(&mut rollout, 1_200);
        if !matches!(rollout.stage, Stage::Returned { .. }) || world.most_new > 1 {
            missed.push((seed, bad(seed), world.most_new));
        }
    }
    assert!(missed.len() <= 3, "{} of 70: {missed:?}", missed.len());
}

#[test]
fn good_releases_are_not_stopped() {
    let mut stopped = Vec::new();
    for seed in 0..200 {
        let mut world = World::new(laptop(), Character::GOOD, 1_000 + seed);
        let mut rollout = begin(&world.topology);
        world.run(&mut rollout, 1_200);
        if rollout.stage != Stage::Done {
            stopped.push((seed, rollout.stage));
        }
    }
    assert!(stopped.len() <= 2, "{} of 200: {stopped:?}", stopped.len());
}
