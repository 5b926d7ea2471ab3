use proptest::prelude::{any, prop, proptest};

use super::*;
use crate::protocol::proving::{World, document, folder, mutate, show};
use crate::protocol::read::ObjectSeed;
use crate::protocol::{DecodeError, Decoded, json};

fn check(file: &str, expected: &str) {
    let world = World::new();
    let decoded = decode(&document(file), world.context()).unwrap();
    assert_eq!(show(&decoded), expected.trim_start(), "{file}");
}

#[test]
fn offers_become_columns_with_exact_totals() {
    check(
        "duffel/three_offers.json",
        "
KL930+KL/SQ4005 KL836+KL931 | 118430 EUR-minor klm1 Managed bags 1+0 brand \"LIGHT\" 1710000 g | -:VNL6AAUK -:VNL6AAUK -:VNL6AAUK -:VNL6AAUK | https://shop.example/off_0001?d=2027-03-03
KL930+KL/SQ4005 KL836+KL931 | 130430 EUR-minor klm1 Managed bags 1+1 brand \"STANDARD\" 1710000 g | -:VNL6ABUK -:VNL6ABUK -:VNL6ABUK -:VNL6ABUK | https://shop.example/off_0002?d=2027-03-03
BA1431+BA11 BA12+BA1440 | 109900 GBP-minor klm1 Managed bags 1+? brand \"Economy Basic\" 1650500 g | -:OLXG1 -:OLXG1 -:OLXG1 -:OLXG1 | https://shop.example/off_0003?d=2027-03-03
",
    );
    check("duffel/no_offers.json", "");
}

#[test]
fn a_list_of_offers_is_read_too_and_escapes_are_undone() {
    let expected = "
KL930+KL/SQ4005 KL836+KL931 | 118430 EUR-minor klm1 Managed bags 1+0 brand \"LIGHT\" 1710000 g | -:VNL6AAUK -:VNL6AAUK -:VNL6AAUK -:VNL6AAUK | https://shop.example/off_0001?d=2027-03-03
";
    check("duffel/list_of_offers.json", expected);
    let escaped = expected
        .replace("\"LIGHT\"", "\"LIGHT \\\"é\\\"\"")
        .replace("off_0001", "off_0001%2F%C3%BC");
    check("duffel/escapes.json", &escaped);
}

#[test]
fn bad_offers_are_left_out_with_place_and_reason_and_the_good_one_stays() {
    check(
        "duffel/one_good_many_bad.json",
        "
KL930+KL/SQ4005 KL836+KL931 | 118430 EUR-minor klm1 Managed bags 1+0 brand \"LIGHT\" 1710000 g | -:VNL6AAUK -:VNL6AAUK -:VNL6AAUK -:VNL6AAUK | https://shop.example/off_0001?d=2027-03-03
left out 15
data.offers[0].total_currency unknown_currency
data.offers[1].total_amount bad_amount
data.offers[2].total_amount malformed
data.offers[3].total_amount missing
data.offers[4].slices[0].segments[0].departing_at malformed
data.offers[5].slices[0].segments[1].destination.iata_code other_places
data.offers[6].slices[0].segments[0].departing_at other_date
data.offers[7].slices other_legs
data.offers[8].slices[1].segments[0].marketing_carrier.iata_code malformed
data.offers[9].slices[0].segments[1].departing_at impossible_times
",
    );
}

#[test]
fn a_lower_cabin_on_every_flight_is_no_answer_but_one_flight_in_the_cabin_is() {
    let mut world = World::new();
    world.question.cabin = domain::Cabin::Business;
    let text = String::from_utf8(document("duffel/list_of_offers.json")).unwrap();
    let decoded = decode(text.as_bytes(), world.context()).unwrap();
    assert_eq!(decoded.unread.first[0].reason.code(), "other_cabin");
    let upgraded =
        text.replacen("\"cabin_class\": \"economy\"", "\"cabin_class\": \"business\"", 1);
    let decoded = decode(upgraded.as_bytes(), world.context()).unwrap();
    assert_eq!(decoded.answer.offers().len(), 1);
}

#[test]
fn a_full_answer_counts_what_it_leaves_out() {
    let world = World::new();
    let mut context = world.context();
    context.offers_max = 1;
    let decoded = decode(&document("duffel/three_offers.json"), context).unwrap();
    assert_eq!((decoded.answer.offers().len(), decoded.unread.count), (1, 2));
    assert_eq!(decoded.unread.first[1].path, "data.offers[2]");
}

#[test]
fn what_is_not_the_document_is_an_error() {
    let world = World::new();
    let fails = |bytes: &[u8]| decode(bytes, world.context()).unwrap_err();
    let no_offers = DecodeError::NotADocument { path: "data.offers", expected: "a list" };
    assert_eq!(fails(&document("duffel/error.json")), no_offers);
    assert_eq!(fails(b"[]"), no_offers);
    let whole = document("duffel/three_offers.json");
    for cut in [0, 1, whole.len() / 2, whole.len() - 3] {
        assert!(matches!(fails(&whole[..cut]), DecodeError::NotJson { .. }), "{cut}");
    }
    let two = [whole.as_slice(), b"{}"].concat();
    assert!(matches!(fails(&two), DecodeError::NotJson { .. }));
}

#[test]
fn endless_nesting_is_refused_not_followed() {
    let world = World::new();
    for open in ["[", "{\"a\":"] {
        let deep = format!("{{\"x\":{}", open.repeat(1_000_000));
        assert!(decode(deep.as_bytes(), world.context()).is_err());
        let deep = format!("{{\"data\":{{\"offers\":[{{\"slices\":{}", open.repeat(1_000_000));
        assert!(decode(deep.as_bytes(), world.context()).is_err());
    }
}

/// What each reader understands.
fn by_both(bytes: &[u8]) -> [Result<Decoded, DecodeError>; 2] {
    let world = World::new();
    let ours =
        decode::decode_by(world.context(), |root| json::read_scanner(bytes, ObjectSeed(root)));
    let theirs =
        decode::decode_by(world.context(), |root| json::read_serde(bytes, ObjectSeed(root)));
    [ours, theirs]
}

#[test]
fn empty_lists_leave_the_rest_of_the_offer_readable() {
    let text = String::from_utf8(document("duffel/one_good_many_bad.json")).unwrap();
    for (full, empty) in [
        (r#","passengers":[{"passenger_id""#, r#","passengers":[],"others":[{"passenger_id""#),
        (r#""baggages":["#, r#""baggages":[],"others":["#),
    ] {
        assert!(text.contains(full), "{full}");
        let [ours, theirs] = by_both(text.replace(full, empty).as_bytes());
        assert_eq!(ours, theirs);
        assert_eq!(ours.unwrap().answer.offers().len(), 1, "{empty}");
    }
}

#[test]
fn both_readers_understand_the_corpus_alike() {
    for (name, bytes) in folder("duffel") {
        let [ours, theirs] = by_both(&bytes);
        assert_eq!(ours.ok(), theirs.ok(), "{name}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in any::<Vec<u8>>()) {
        crate::fuzz::duffel(&bytes);
    }

    #[test]
    fn damaged_documents_are_understood_alike_and_never_panic(
        changes in prop::collection::vec((any::<usize>(), any::<u8>(), any::<u8>()), 1..6),
        which in any::<prop::sample::Index>(),
    ) {
        let files = folder("duffel");
        let bytes = which.get(&files.values().collect::<Vec<_>>()).to_vec();
        let bytes = mutate(&bytes, &changes);
        crate::fuzz::duffel(&bytes);
        if str::from_utf8(&bytes).is_ok() {
            let [ours, theirs] = by_both(&bytes);
            assert_eq!(ours.ok(), theirs.ok());
        }
    }
}

mod asking {
    use domain::{AirportCode, Travellers};

    use super::*;
    use crate::error::CannotAsk;

    const SETTINGS: &str = r#"
id = "duf"
name = "Duffel"
protocol = "duffel"
endpoint = "https://api.example"
link = "https://shop.example/{offer_id}"
credentials = { token = "t0k3n" }
agents = [{ id = "shop", name = "Shop", kind = "travel_agent" }]
"#;

    #[test]
    fn a_question_becomes_an_offer_request() {
        let mut world = World::new();
        world.settings = crate::PartnerSettings::parse("duf", SETTINGS, None).unwrap();
        world.question.travellers = Travellers::new(2, &[4, 1]).unwrap();
        world.question.legs[1].origin.airports.push(AirportCode::literal("XSP"));
        let outgoing = request(&world.question, &world.settings, 4_321).unwrap();
        assert_eq!(
            outgoing.url,
            "https://api.example/air/offer_requests?return_offers=true&supplier_timeout=4321"
        );
        assert_eq!(outgoing.headers["duffel-version"], "v2");
        assert_eq!(outgoing.headers["authorization"], "Bearer t0k3n");
        assert_eq!(
            str::from_utf8(&outgoing.body).unwrap(),
            r#"{"data":{"slices":[{"origin":"EDI","destination":"SIN","departure_date":"2027-03-03"},{"origin":"SIN","destination":"EDI","departure_date":"2027-03-17"}],"passengers":[{"type":"adult"},{"type":"adult"},{"age":4},{"age":0}],"cabin_class":"economy"}}"#
        );
        let hidden = format!("{outgoing:?} {:?}", outgoing.headers);
        assert!(!hidden.contains("t0k3n"), "{hidden}");
    }

    #[test]
    fn suppliers_get_what_time_is_left_within_what_duffel_allows() {
        let world = World::new();
        let url = |ms| request(&world.question, &world.settings, ms).map(|outgoing| outgoing.url);
        assert!(url(10).unwrap().ends_with("supplier_timeout=2000"));
        assert!(url(90_000).unwrap().ends_with("supplier_timeout=60000"));
        assert_ne!(url(10), Err(CannotAsk::Url));
    }
}
