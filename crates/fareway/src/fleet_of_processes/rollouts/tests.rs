use super::*;
use crate::fleet_of_processes::sites::topology;

fn sentences(before: &Rollouts, after: &Rollouts) -> Vec<(What, String)> {
    after.told_since(before).into_iter().map(|told| (told.what, told.sentence)).collect()
}

#[test]
fn every_step_of_a_rollout_and_every_freeze_is_told_once() {
    let nothing = Rollouts::default();
    let rollout = Rollout::plan(&topology(), "r2", RolloutSettings::default(), false, 1).unwrap();
    let begun = Rollouts { current: Some(rollout), ..Rollouts::default() };
    let expected = [(What::Rollout, "rollout to r2: begun: 3 cells go to r2".to_owned())];
    assert_eq!(sentences(&nothing, &begun), expected);
    assert_eq!(sentences(&begun, &begun), []);

    let mut back = begun.clone();
    back.current.as_mut().unwrap().turn_back("prices look wrong", 2);
    let expected = [(What::Rollback, "rollout to r2: going back: prices look wrong".to_owned())];
    assert_eq!(sentences(&begun, &back), expected);

    // It was never begun with any cell, so it is over with the next step.
    let mut over = back.clone();
    let mut rollout = over.current.take().unwrap();
    assert_eq!(rollout.step(&topology(), &BTreeMap::new(), 3), []);
    assert!(rollout.is_over());
    over.past.push_back(rollout);
    let expected =
        [(What::Rollback, "rollout to r2: every cell runs what it ran before".to_owned())];
    assert_eq!(sentences(&back, &over), expected);

    let frozen = |why: &str| Rollouts { frozen: Some((4, why.to_owned())), ..over.clone() };
    let holiday = [(What::Frozen, "all changes are frozen: a holiday".to_owned())];
    assert_eq!(sentences(&over, &frozen("a holiday")), holiday);
    assert_eq!(sentences(&frozen("a storm"), &frozen("a holiday")), holiday);
    assert_eq!(sentences(&frozen("a storm"), &frozen("a storm")), []);
    let free = [(What::Unfrozen, "changes are allowed again".to_owned())];
    assert_eq!(sentences(&frozen("a storm"), &over), free);
}

#[test]
fn what_is_shown_has_the_rollout_that_goes_on_or_the_last_one() {
    let rollout = Rollout::plan(&topology(), "r2", RolloutSettings::default(), false, 1).unwrap();
    let known = Rollouts {
        frozen: Some((4, "a holiday".to_owned())),
        current: Some(rollout.clone()),
        past: VecDeque::from([rollout]),
    };
    let shown = known.render(&BTreeMap::new());
    assert_eq!(shown["frozen"], json!({"since": 4, "why": "a holiday"}));
    assert_eq!((&shown["current"]["to"], &shown["past"][0]["to"]), (&json!("r2"), &json!("r2")));
    assert_eq!(known.last().map(|last| last.waves.len()), Some(2));
}
