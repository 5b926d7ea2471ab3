//! Snapshots: whole again, or refused.

use proptest::prelude::*;

use super::*;

fn some_index() -> Indicative {
    let trip =
        |route: &str, out: &str, minor| Told::new(day(out), vec![Offered::new(route, minor)]);
    told(&[
        trip("VIE-BUD", "2027-05-18", 100),
        trip("VIE-BUD", "2027-05-19", 200).back(day("2027-06-19")),
        trip("VIE-BCN", "2027-07-19", 300),
        Told::new(day("2027-05-18"), vec![Offered::new("LHR-BCN", 50).stops()]),
    ])
}

fn bytes_of(index: &Indicative) -> Vec<u8> {
    let mut bytes = Vec::new();
    index.snapshot(&mut bytes).unwrap();
    bytes
}

fn restore(bytes: &[u8]) -> Result<Indicative, SnapshotError> {
    Indicative::restore(IndicativeSettings::default(), rates(), bytes)
}

#[test]
fn a_restored_index_is_equal_to_the_one_before() {
    let index = some_index();
    let restored = restore(&bytes_of(&index)).unwrap();
    assert_eq!(bytes_of(&restored), bytes_of(&index));
    assert_eq!(listed(&restored, &ANYWHERE, NOW), listed(&index, &ANYWHERE, NOW));
    assert_eq!(restored.size().entries, index.size().entries);
    assert!(restored.size().bytes <= index.size().bytes);
    assert_eq!(bytes_of(&restore(&bytes_of(&super::index())).unwrap()), bytes_of(&super::index()));
}

#[test]
fn a_snapshot_with_any_bit_flipped_or_any_part_missing_is_refused() {
    let bytes = bytes_of(&some_index());
    for length in 0..bytes.len() {
        assert!(restore(&bytes[..length]).is_err(), "{length} bytes");
    }
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            assert!(restore(&flipped).is_err(), "bit {bit} of byte {at}");
        }
    }
}

#[test]
fn a_snapshot_says_why_it_is_refused() {
    let mut bytes = bytes_of(&some_index());
    assert!(matches!(restore(b"GIF89a, and more"), Err(SnapshotError::NotASnapshot)));
    assert!(matches!(restore(&bytes[..40]), Err(SnapshotError::CutShort)));
    bytes[7] = 9;
    assert!(matches!(restore(&bytes), Err(SnapshotError::Version(9))));
}

proptest! {
    #[test]
    fn no_bytes_make_restoring_panic(mut tail in any::<Vec<u8>>(), routes in 0..3_u8) {
        let whole = bytes_of(&some_index());
        let _ = restore(&tail);
        let mut bytes = whole[..8 + usize::from(routes) * 13].to_vec();
        bytes.append(&mut tail);
        prop_assert!(restore(&bytes).is_err());
    }
}
