//! What cells tell each other.

use super::*;

/// Takes answers in one index and gives what it tells.
fn digests(index: &Indicative, answers: &[Told]) -> Vec<Digest> {
    answers
        .iter()
        .flat_map(|answer| index.take_and_digest(&[answer.seen()], NOW.max(answer.at_ms)).1)
        .collect()
}

fn on(route: &str, minor: i64) -> Told {
    Told::new(day("2027-05-18"), vec![Offered::new(route, minor)])
}

fn by(partner: &'static str, told: Told) -> Told {
    Told { partner: PartnerId::literal(partner), ..told }
}

#[test]
fn two_cells_that_tell_each_other_show_the_cheapest_of_both() {
    let (one, other) = (index(), index());
    let told = digests(&one, &[on("VIE-BCN", 100), on("VIE-MAD", 300)]);
    other.take_digests(&told, NOW);
    let told = digests(&other, &[by("two", on("VIE-BCN", 90)), by("two", on("VIE-LHR", 50))]);
    one.take_digests(&told, NOW);
    let all = [
        "VIE-LHR 2027-05-18 50 direct seller",
        "VIE-BCN 2027-05-18 90 direct seller",
        "VIE-MAD 2027-05-18 300 direct seller",
    ];
    assert_eq!(listed(&one, &ANYWHERE, NOW), all);
    assert_eq!(listed(&other, &ANYWHERE, NOW), all);
}

#[test]
fn only_what_changes_the_index_is_told_and_telling_it_twice_changes_nothing() {
    let (one, other) = (index(), index());
    let first = digests(&one, &[on("VIE-BCN", 100)]);
    assert_eq!(first.len(), 1);
    let dearer = vec![Offered::new("VIE-BCN", 110).agent("other")];
    let dearer = by("two", Told::new(day("2027-05-18"), dearer));
    assert_eq!(digests(&one, &[dearer]), []);
    let taken = other.take_digests(&first, NOW);
    assert_eq!((taken.added, taken.replaced), (1, 0));
    let before = other.size();
    other.take_digests(&first, NOW);
    assert_eq!(other.size(), before);
    assert_eq!(listed(&other, &ANYWHERE, NOW), ["VIE-BCN 2027-05-18 100 direct seller"]);
}

#[test]
fn a_partner_that_became_dearer_elsewhere_is_dearer_here() {
    let (one, other) = (index(), index());
    other.take(&[on("VIE-BCN", 100).seen()], NOW);
    // The other cell asked before; this one asks the same partner later, for another flight.
    let later = Told::new(day("2027-05-18"), vec![Offered::new("VIE-BCN", 140).number(9)]);
    let told = digests(&one, &[later.at(NOW + 60_000)]);
    other.take_digests(&told, NOW + 60_000);
    let shown = ["VIE-BCN 2027-05-18 140 direct seller"];
    assert_eq!(listed(&other, &ANYWHERE, NOW + 60_000), shown);
    // What was told late says nothing of what is known since.
    let earlier = digests(&index(), &[on("VIE-BCN", 170)]);
    other.take_digests(&earlier, NOW + 60_000);
    assert_eq!(listed(&other, &ANYWHERE, NOW + 60_000), shown);
}

#[test]
fn what_is_too_old_or_departed_is_not_taken() {
    let told = digests(&index(), &[on("VIE-BCN", 100)]);
    let other = index();
    let late = NOW + 5 * DAY_MS;
    assert_eq!(other.take_digests(&told, late), Taken::default());
    assert_eq!(other.take_digests(&told, NOW + 60 * DAY_MS), Taken::default());
    assert_eq!(other.size().entries, 0);
}

#[test]
fn bytes_that_are_no_digests_are_refused_and_none_is_taken_for_another() {
    let told = digests(&index(), &[on("VIE-BCN", 100), on("VIE-MAD", 300)]);
    let bytes = Digest::to_bytes(&told);
    assert_eq!(bytes.len(), 5 + 2 * 60);
    for end in 0..bytes.len() {
        assert!(Digest::from_bytes(&bytes[..end]).is_err(), "cut at {end}");
    }
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 0x80;
        if let Ok(read) = Digest::from_bytes(&changed) {
            assert_ne!(read, told, "byte {at}");
            assert_eq!(Digest::to_bytes(&read), changed, "byte {at}");
        }
    }
    assert_eq!(Digest::from_bytes(&[9, 0, 0, 0, 0]), Err(DigestError::Version(9)));
    assert_eq!(Digest::from_bytes(&[1, 255, 255, 255, 255]), Err(DigestError::Length));
}

/// With `FAREWAY_WRITE_CORPUS` in the environment at build time it is written anew.
#[test]
fn the_committed_corpus_of_digests_is_what_is_written() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/digests");
    let cell = index();
    let back = on("VIE-MAD", 300).back(day("2027-05-20"));
    let dearer = on("VIE-BCN", 120).at(NOW + 60_000);
    let kinds =
        [("some", vec![on("VIE-BCN", 100), back]), ("dearer", vec![dearer]), ("none", vec![])];
    for (name, answers) in kinds {
        let bytes = Digest::to_bytes(&digests(&cell, &answers));
        let path = std::path::Path::new(folder).join(format!("{name}.bin"));
        if option_env!("FAREWAY_WRITE_CORPUS").is_some() {
            std::fs::write(&path, &bytes).unwrap();
        }
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "{name}");
        crate::fuzz::digests(&bytes);
    }
}
