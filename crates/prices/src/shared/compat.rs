//! Values that processes of two releases share, as every released version wrote them.

use domain::{AirportCode, CarrierCode};

use super::*;
use crate::compat::fixtures::of_every_version_alike;
use crate::compat::{AT_MS, seen};

#[test]
fn compat_a_value_of_every_version_stands_under_its_key_and_is_read_whole() {
    let one = seen().swap_remove(0);
    let key = one.question.key();
    let wish = (key, one.partner);
    for (version, text) in of_every_version_alike("shared-key.txt", key_of(&wish).as_bytes()) {
        assert_eq!(key_of(&wish).as_bytes(), text, "{version}");
    }
    let now = to_value(key, &one).unwrap();
    for (version, value) in of_every_version_alike("shared-price.bin", &now) {
        assert_eq!(from_value(&wish, &value, AT_MS), Ok(one.clone()), "{version}");
    }
}

#[test]
fn compat_what_processes_of_every_version_have_forgotten_is_understood() {
    let mut forgotten = Forgotten::default();
    forgotten.add(Invalidation::Partner(PartnerId::literal("acme")), AT_MS);
    forgotten.add(Invalidation::Carrier(CarrierCode::literal("BA")), AT_MS + 1);
    let (origin, destination) = (AirportCode::literal("EDI"), AirportCode::literal("SIN"));
    forgotten.add(Invalidation::Route { origin, destination }, AT_MS + 2);
    for (version, bytes) in of_every_version_alike("shared-forgotten.bin", &forgotten.to_bytes()) {
        assert_eq!(Forgotten::from_bytes(&bytes).as_ref(), Some(&forgotten), "{version}");
    }
}
