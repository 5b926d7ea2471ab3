use super::*;
use crate::control::{Change, note_health, plan};
use crate::topology::tests::{fleet_of, region};

fn laptop() -> Fleet {
    Fleet::new(fleet_of(vec![region("local", 1..=3, 100)]))
}

fn sentences(before: &Fleet, after: &Fleet) -> Vec<String> {
    between(before, after).into_iter().map(|told| told.sentence).collect()
}

#[test]
fn every_change_of_a_fleet_is_told_in_a_sentence() {
    let before = laptop();
    let changed = |changes: &[Change]| sentences(&before, &plan(&before, changes).unwrap().fleet);
    assert_eq!(
        changed(&[Change::Drain(CellId(2))]),
        ["cell-2 is drained: it finishes what it has and gets nothing new"]
    );
    assert_eq!(
        changed(&[Change::Run(CellId(1), "r2".to_owned())]),
        ["cell-1 is to run r2 instead of 0.1.0"]
    );
    let weighed = changed(&[Change::Weight(CellId(3), 50)]);
    assert_eq!(weighed[0], "cell-3 has weight 50 instead of 100");
    assert!(weighed[1].starts_with("topology 2 has another table: "), "{weighed:?}");
    let removed = changed(&[Change::Remove(CellId(3))]);
    assert_eq!(removed[0], "cell-3 is no more in region local");
    let drained = plan(&before, &[Change::Drain(CellId(2))]).unwrap().fleet;
    let undrained = plan(&drained, &[Change::Undrain(CellId(2))]).unwrap().fleet;
    assert_eq!(sentences(&drained, &undrained), ["cell-2 gets new work again"]);
    assert_eq!(sentences(&before, &before), Vec::<String>::new());
}

#[test]
fn what_is_seen_of_cells_is_told_but_for_the_first_look() {
    let mut fleet = laptop();
    let mut seen = |health: SeenHealth| {
        let before = fleet.clone();
        note_health(&mut fleet.topology, &[(CellId(1), health)]);
        between(&before, &fleet).first().map(|told| told.what)
    };
    assert_eq!(seen(SeenHealth::Ready), None);
    assert_eq!(seen(SeenHealth::Unreachable), Some(What::CellDown));
    assert_eq!(seen(SeenHealth::Ready), Some(What::CellBack));
    assert_eq!(seen(SeenHealth::NotReady), Some(What::CellNotReady));
    assert_eq!(seen(SeenHealth::Ready), Some(What::CellBack));
}

#[test]
fn only_an_hour_and_only_so_many_are_kept_the_newest_first() {
    let mut happened = Happened::default();
    let told = |number: u64| Told::all(What::Started, number.to_string());
    happened.note(told(0), 0);
    happened.note(told(1), HOUR_MS);
    assert_eq!(happened.newest(HOUR_MS).count(), 2);
    assert_eq!(happened.newest(HOUR_MS + 1).count(), 1);
    for number in 2..2_000 {
        happened.note(told(number), HOUR_MS + number);
        assert!(happened.events.len() <= EVENTS_MAX);
    }
    let kept: Vec<&str> = happened.newest(HOUR_MS + 2_000).map(|event| &*event.sentence).collect();
    assert_eq!((kept.len(), kept[0], kept[499]), (EVENTS_MAX, "1999", "1500"));
    happened.note(told(9), 9 * HOUR_MS);
    assert_eq!(happened.events.len(), 1);
}

#[test]
fn a_sentence_that_somebody_wrote_too_long_is_cut_between_letters() {
    let mut happened = Happened::default();
    happened.note(Told::all(What::Frozen, "ü".repeat(SENTENCE_BYTES_MAX)), 1);
    let sentence = &happened.newest(1).next().unwrap().sentence;
    assert_eq!(sentence.len(), SENTENCE_BYTES_MAX + '…'.len_utf8());
}

#[test]
fn what_is_kept_reads_as_it_was_written() {
    let mut happened = Happened::default();
    happened.note(Told::of(CellId(2), What::CellDown, "cell-2 does not answer"), 5);
    let text = serde_json::to_string(&happened).unwrap();
    let expected =
        r#"[{"at":5,"what":"cell_down","cell":"cell-2","sentence":"cell-2 does not answer"}]"#;
    assert_eq!(text, expected);
    assert_eq!(serde_json::from_str::<Happened>(&text).unwrap(), happened);
}
