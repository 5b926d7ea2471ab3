use std::fs;

use super::*;
use crate::tls::identity::tests::Folder;

const NOW_S: i64 = 1_800_000_000;

fn shown(folder: &Folder) -> Arc<Shown> {
    Shown::open(folder.files.clone(), &TlsSettings::default(), NOW_S).unwrap()
}

fn key_of(shown: &Shown) -> Vec<u8> {
    shown.identity().pair.cert[0].to_vec()
}

#[test]
fn a_good_new_pair_is_used_once_two_looks_find_it_the_same() {
    let folder = Folder::new();
    let shown = shown(&folder);
    let first = key_of(&shown);
    assert_eq!(shown.look(NOW_S), Look::Same);
    folder.write_pair(NOW_S + 5);
    assert_eq!(shown.look(NOW_S), Look::Changing);
    assert_eq!(key_of(&shown), first);
    assert_eq!(shown.look(NOW_S), Look::Taken);
    assert_ne!(key_of(&shown), first);
    assert_eq!(shown.look(NOW_S), Look::Same);
}

#[test]
fn a_bad_new_pair_is_said_once_and_the_one_in_use_stays() {
    let folder = Folder::new();
    let shown = shown(&folder);
    let first = key_of(&shown);
    let good = fs::read(&folder.files.certificate).unwrap();
    fs::write(&folder.files.certificate, "").unwrap();
    assert_eq!(shown.look(NOW_S), Look::Changing);
    let Look::Refused(error) = shown.look(NOW_S) else { panic!("it is taken") };
    assert!(error.contains("a.pem has no certificate"), "{error}");
    assert_eq!(shown.look(NOW_S), Look::Same);
    assert_eq!(shown.status(NOW_S).refused, Some(error));
    assert_eq!(key_of(&shown), first);

    fs::remove_file(&folder.files.certificate).unwrap();
    assert_eq!(shown.look(NOW_S), Look::Changing);
    assert!(matches!(shown.look(NOW_S), Look::Refused(_)));
    assert_eq!(shown.look(NOW_S), Look::Same);

    fs::write(&folder.files.certificate, good).unwrap();
    assert_eq!(shown.look(NOW_S), Look::Changing);
    assert_eq!(shown.look(NOW_S), Look::Taken);
    assert_eq!(shown.status(NOW_S).refused, None);
    assert_eq!(key_of(&shown), first);
}

#[test]
fn a_certificate_whose_key_is_still_being_written_is_no_news() {
    let folder = Folder::new();
    let shown = shown(&folder);
    let old_key = fs::read(&folder.files.key).unwrap();
    folder.write_pair(NOW_S);
    let new_key = fs::read(&folder.files.key).unwrap();
    fs::write(&folder.files.key, old_key).unwrap();
    assert_eq!(shown.look(NOW_S), Look::Changing);
    fs::write(&folder.files.key, new_key).unwrap();
    assert_eq!(shown.look(NOW_S), Look::Changing);
    assert_eq!(shown.look(NOW_S), Look::Taken);
}

#[test]
fn the_near_end_is_said_once_a_day_and_anew_for_another_certificate() {
    let folder = Folder::new();
    let shown = shown(&folder);
    let end_s = NOW_S + 397 * DAY_S;
    let warns = |now_s| shown.warns(&shown.status(now_s), now_s);
    assert_eq!(shown.status(NOW_S).days_left, 397);
    assert!(!warns(end_s - 21 * DAY_S));
    let soon_s = end_s - 21 * DAY_S + 1;
    assert!(warns(soon_s) && !warns(soon_s + DAY_S - 1) && warns(soon_s + DAY_S));
    assert_eq!(shown.status(end_s + 1).days_left, -1);
    assert!(shown.status(end_s + 1).ends_soon);

    folder.write_pair(end_s - 400 * DAY_S);
    shown.look(end_s - 20 * DAY_S);
    assert_eq!(shown.look(end_s - 20 * DAY_S), Look::Taken);
    assert!(warns(end_s - 20 * DAY_S), "another certificate that ends soon");
}
