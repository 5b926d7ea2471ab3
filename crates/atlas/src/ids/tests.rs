use std::collections::{HashMap, HashSet};

use domain::{AirportCode, CarrierCode, CityCode, CountryCode};

use super::*;
use crate::{PlaceRef, atlas};

fn kinds() -> HashMap<&'static str, Vec<(&'static str, &'static str)>> {
    let mut kinds: HashMap<_, Vec<_>> = HashMap::new();
    for [kind, code, id] in comma_rows::<3>(IDS) {
        kinds.entry(kind).or_default().push((code, id));
    }
    kinds
}

#[test]
fn every_line_is_a_kind_a_code_and_an_id_of_the_known_kinds() {
    assert_eq!(comma_rows::<3>(IDS).count(), crate::rows::count(IDS));
    let known =
        ["agent", "airport", "alliance", "carrier", "city", "continent", "country", "internal"];
    let mut kinds: Vec<&str> = kinds().into_keys().collect();
    kinds.sort_unstable();
    assert_eq!(kinds, known);
}

#[test]
fn no_code_has_two_ids_and_no_id_two_codes() {
    for (kind, rows) in kinds() {
        let codes: HashSet<_> = rows.iter().map(|row| row.0).collect();
        let ids: HashSet<_> = rows.iter().map(|row| row.1).collect();
        assert_eq!((codes.len(), ids.len()), (rows.len(), rows.len()), "{kind}");
    }
}

#[test]
fn no_two_places_share_an_entity_id() {
    let kinds = kinds();
    let places = ["airport", "city", "country", "continent"].map(|kind| &kinds[kind]);
    let ids: HashSet<_> = places.iter().flat_map(|rows| rows.iter().map(|row| row.1)).collect();
    assert_eq!(ids.len(), places.iter().map(|rows| rows.len()).sum::<usize>());
    let negative = [&kinds["carrier"], &kinds["alliance"]];
    let ids: HashSet<_> = negative.iter().flat_map(|rows| rows.iter().map(|row| row.1)).collect();
    assert_eq!(ids.len(), negative.iter().map(|rows| rows.len()).sum::<usize>());
    assert!(ids.iter().all(|id| id.parse::<i32>().unwrap() < 0));
}

#[test]
fn the_ids_that_clients_know_are_kept() {
    let atlas = atlas();
    let airports = [
        ("LHR", 95_565_050),
        ("LGW", 95_565_051),
        ("STN", 95_565_052),
        ("EDI", 95_673_668),
        ("JFK", 95_565_058),
        ("EWR", 95_565_059),
        ("VIE", 95_673_444),
    ];
    for (code, id) in airports {
        assert_eq!(atlas.airport(AirportCode::literal(code)).unwrap().entity_id, id, "{code}");
    }
    let internal = [
        ("LHR", 13_554),
        ("LGW", 13_542),
        ("STN", 16_574),
        ("LTN", 13_771),
        ("EDI", 11_235),
        ("VIE", 17_517),
        ("AUH", 9_618),
        ("AMS", 9_451),
        ("CDG", 10_413),
        ("DUB", 11_154),
        ("FRA", 11_616),
    ];
    for (code, id) in internal {
        assert_eq!(atlas.airport(AirportCode::literal(code)).unwrap().internal_id, id, "{code}");
    }
    let cities =
        [("LON", 27_544_008), ("EDI", 27_540_851), ("PAR", 27_539_733), ("NYC", 27_537_542)];
    for (code, id) in cities {
        assert_eq!(atlas.city(CityCode::literal(code)).unwrap().entity_id, id, "{code}");
    }
    for (code, id) in [("GB", 29_475_375), ("ES", 29_475_369), ("NL", 29_475_378)] {
        assert_eq!(atlas.country(CountryCode::literal(code)).unwrap().entity_id, id, "{code}");
    }
    assert!(matches!(
        atlas.place_by_entity(27_563_221),
        Some(PlaceRef::Continent(continent)) if continent.name == "Europe"
    ));
    let carriers =
        [("BA", -32_480), ("U2", -32_356), ("FR", -31_915), ("KL", -32_132), ("EI", -32_753)];
    for (code, id) in carriers {
        assert_eq!(atlas.carrier(CarrierCode::literal(code)).unwrap().id, id, "{code}");
    }
    let alliances: Vec<_> = atlas.alliances().iter().map(|row| (row.key, row.id.0)).collect();
    assert_eq!(alliances, [("oneworld", -32_000), ("star", -31_999), ("skyteam", -31_998)]);
    let agents = [("BA", "ba__"), ("U2", "easy"), ("KL", "klm1"), ("FR", "ryan"), ("AF", "airf")];
    for (code, agent) in agents {
        assert_eq!(atlas.carrier(CarrierCode::literal(code)).unwrap().agent.as_str(), agent);
    }
}

#[test]
fn every_place_and_carrier_has_its_id() {
    // A row without id is left out while loading, so equal counts mean that all have one.
    let atlas = atlas();
    let kinds = kinds();
    assert!(atlas.airports().len() >= 7_800);
    assert!(kinds["airport"].len() >= atlas.airports().len());
    assert_eq!(atlas.airports().len(), crate::rows::count(crate::load::AIRPORTS));
    assert_eq!(atlas.cities().len(), crate::rows::count(crate::load::CITIES));
    assert_eq!(atlas.countries().len(), crate::rows::count(crate::load::COUNTRIES));
    assert_eq!(atlas.continents().len(), crate::rows::count(crate::load::CONTINENTS));
    assert_eq!(atlas.carriers().len(), crate::rows::count(crate::load::CARRIERS));
    assert_eq!(atlas.currencies().len(), crate::rows::count(crate::load::CURRENCIES));
}

#[test]
fn ids_once_given_out_are_never_changed() {
    // FNV-1a over the lines of the first edition. New lines follow them; these stay as they are.
    let first = IDS.split_inclusive('\n').skip(1).take(25_264).flat_map(str::bytes);
    let hash = first.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    assert_eq!(hash, 0xcd9fe4a5399e9976);
}
