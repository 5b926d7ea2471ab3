use domain::{AirportCode, CityCode, Place, Travellers};
use proptest::prelude::{any, prop, proptest};

use super::*;
use crate::error::CannotAsk;
use crate::protocol::proving::{World, document, folder, mutate, show};
use crate::protocol::read::ObjectSeed;
use crate::protocol::{DecodeError, Decoded, json};
use crate::settings::{PartnerSettings, Secret};

fn check(file: &str, expected: &str) {
    let world = World::new();
    let decoded = decode(&document(file), world.context()).unwrap();
    assert_eq!(show(&decoded), expected.trim_start(), "{file}");
}

const THREE: &str = "
KL930+KL/SQ4005 KL836+KL931 | 119010 EUR-minor klm1 Managed bags 1+0 brand \"LIGHT\" 0 g | V:VNL6AAUK V:VNL6AAUK V:VNL6AAUK V:VNL6AAUK | https://shop.example/1?d=2027-03-03
KL930+KL/SQ4005 KL836+KL931 | 131000 EUR-minor klm1 Managed bags 1+1 brand \"STANDARD\" 0 g | V:VNL6ABUK V:VNL6ABUK V:VNL6ABUK V:VNL6ABUK | https://shop.example/2?d=2027-03-03
BA1431+BA11 BA12+BA1440 | 201300 JPY-minor klm1 Managed bags 1+1 brand \"BASIC\" 0 g | O:OLXG1 O:OLXG1 O:OLXG1 O:OLXG1 | https://shop.example/3?d=2027-03-03
";

#[test]
fn offers_become_columns_whatever_the_order_of_keys() {
    check("amadeus/three_offers.json", THREE);
    check("amadeus/other_order.json", THREE);
    check("amadeus/no_offers.json", "");
}

#[test]
fn bad_offers_are_left_out_with_place_and_reason_and_the_good_one_stays() {
    let good = THREE.trim_start().split_inclusive('\n').next().unwrap();
    check(
        "amadeus/one_good_many_bad.json",
        &format!(
            "{good}left out 11
data[0].price.currency malformed
data[1].price.grandTotal bad_amount
data[2].price.currency missing
data[3].itineraries[0].segments[0].carrierCode malformed
data[4].itineraries[0].segments[0].number malformed
data[5].itineraries[0].segments[0].departure.at malformed
data[6].itineraries missing
data[7].itineraries other_legs
data[8].itineraries malformed
data[9].id bad_link
"
        ),
    );
}

#[test]
fn what_is_not_the_document_is_an_error() {
    let world = World::new();
    let fails = |bytes: &[u8]| decode(bytes, world.context()).unwrap_err();
    let no_list = DecodeError::NotADocument { path: "data", expected: "a list" };
    assert_eq!(fails(&document("amadeus/error.json")), no_list);
    assert_eq!(fails(b"{\"data\":{}}"), no_list);
    assert!(matches!(fails(b"<html>"), DecodeError::NotJson { .. }));
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
    let text = String::from_utf8(document("amadeus/one_good_many_bad.json")).unwrap();
    for (full, empty) in [
        (r#""validatingAirlineCodes":["KL"]"#, r#""validatingAirlineCodes":[]"#),
        (r#""travelerPricings":["#, r#""travelerPricings":[],"others":["#),
        (r#""fareDetailsBySegment":["#, r#""fareDetailsBySegment":[],"others":["#),
    ] {
        assert!(text.contains(full), "{full}");
        let [ours, theirs] = by_both(text.replace(full, empty).as_bytes());
        assert_eq!(ours, theirs);
        assert_eq!(ours.unwrap().answer.offers().len(), 1, "{empty}");
    }
}

#[test]
fn flights_given_twice_are_those_given_last_whatever_the_offer_before_had() {
    let text = String::from_utf8(document("amadeus/three_offers.json")).unwrap();
    let tree: serde_json::Value = serde_json::from_str(&text).unwrap();
    let flights = |offer: usize| tree["data"][offer]["itineraries"].to_string();
    let offer = |flights: &[String]| {
        let flights: String = flights.iter().map(|f| format!("\"itineraries\":{f},")).collect();
        format!(r#"{{{flights}"id":"1","price":{{"currency":"EUR","grandTotal":"9.00"}}}}"#)
    };
    let (klm, british) = (flights(0), flights(2));
    let offers = [
        offer(std::slice::from_ref(&klm)),
        offer(&[british.clone(), british.clone()]),
        offer(&[british, klm.clone()]),
        offer(&[klm]),
        offer(&[]),
    ];
    let [ours, theirs] = by_both(format!(r#"{{"data":[{}]}}"#, offers.join(",")).as_bytes());
    let decoded = ours.unwrap();
    assert_eq!(Some(&decoded), theirs.as_ref().ok());
    let itineraries: Vec<u32> = decoded.answer.offers().iter().map(|o| o.itinerary).collect();
    assert_eq!((itineraries.as_slice(), decoded.unread.count), ([0, 1, 0, 0].as_slice(), 1));
}

#[test]
fn both_readers_understand_the_corpus_alike() {
    for (name, bytes) in folder("amadeus") {
        let [ours, theirs] = by_both(&bytes);
        assert_eq!(ours.ok(), theirs.ok(), "{name}");
    }
}

fn asking() -> World {
    const SETTINGS: &str = r#"
id = "gds"
name = "GDS"
protocol = "amadeus"
endpoint = "https://gds.example"
currency = "EUR"
link = "https://shop.example/{offer_id}"
credentials = { client_id = "id&1", client_secret = "s3/cr=t" }
agents = [{ id = "shop", name = "Shop", kind = "travel_agent" }]
"#;
    let settings = PartnerSettings::parse("gds", SETTINGS, None).unwrap();
    World { settings, ..World::new() }
}

#[test]
fn a_question_becomes_a_search_with_laps_for_infants() {
    let mut world = asking();
    world.question.legs.truncate(1);
    world.question.travellers = Travellers::new(1, &[4, 12, 0]).unwrap();
    world.question.legs[0].origin.asked = Place::Airport(AirportCode::literal("EDI"));
    world.question.legs[0].origin.airports =
        ["EDI", "GLA", "NCL", "PIK"].map(AirportCode::literal).to_vec();
    let token = Secret::new("abc".to_owned());
    let outgoing = request(&world.question, &world.settings, &token).unwrap();
    assert_eq!(outgoing.url, "https://gds.example/v2/shopping/flight-offers");
    assert_eq!(outgoing.headers["x-http-method-override"], "GET");
    assert_eq!(outgoing.headers["authorization"], "Bearer abc");
    assert_eq!(
        str::from_utf8(&outgoing.body).unwrap(),
        r#"{"currencyCode":"EUR","originDestinations":[{"id":"1","originLocationCode":"EDI","destinationLocationCode":"SIN","departureDateTimeRange":{"date":"2027-03-03"},"alternativeOriginsCodes":["GLA","NCL"]}],"travelers":[{"id":"1","travelerType":"ADULT"},{"id":"2","travelerType":"ADULT"},{"id":"3","travelerType":"CHILD"},{"id":"4","travelerType":"HELD_INFANT","associatedAdultId":"1"}],"sources":["GDS"],"searchCriteria":{"maxFlightOffers":250,"flightFilters":{"cabinRestrictions":[{"cabin":"ECONOMY","coverage":"MOST_SEGMENTS","originDestinationIds":["1"]}]}}}"#
    );
}

#[test]
fn a_city_is_asked_by_its_own_code() {
    let mut world = asking();
    world.question.legs[0].origin.asked = Place::City(CityCode::literal("LON"));
    world.question.legs[0].origin.airports = ["LGW", "LHR"].map(AirportCode::literal).to_vec();
    let token = Secret::new("abc".to_owned());
    let outgoing = request(&world.question, &world.settings, &token).unwrap();
    let body = str::from_utf8(&outgoing.body).unwrap();
    assert!(body.contains(r#""originLocationCode":"LON""#) && !body.contains("LHR"), "{body}");
}

#[test]
fn more_than_nine_seats_cannot_be_asked() {
    let mut world = asking();
    world.question.travellers = Travellers::new(8, &[4, 4]).unwrap();
    let token = Secret::new("abc".to_owned());
    let asked = request(&world.question, &world.settings, &token);
    assert_eq!(asked.unwrap_err(), CannotAsk::Travellers(9));
}

#[test]
fn tokens_are_asked_for_and_read_without_being_shown() {
    let outgoing = token_request(&asking().settings).unwrap();
    assert_eq!(outgoing.url, "https://gds.example/v1/security/oauth2/token");
    assert_eq!(
        str::from_utf8(&outgoing.body).unwrap(),
        "grant_type=client_credentials&client_id=id%261&client_secret=s3%2Fcr%3Dt"
    );
    let token = read_token(&document("amadeus/token.json")).unwrap();
    assert_eq!(token.token.reveal(), "CpjU0sEenniHCgPDrndzOSWFk5mN");
    assert_eq!(token.lasts.as_secs(), 1_799);
    assert!(!format!("{token:?}").contains("Cpj"));
    assert!(read_token(b"{\"access_token\":\"a\\nb\",\"expires_in\":9}").is_err());
    assert!(read_token(b"{\"access_token\":\"\",\"expires_in\":9}").is_err());
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in any::<Vec<u8>>()) {
        crate::fuzz::amadeus(&bytes);
    }

    #[test]
    fn damaged_documents_are_understood_alike_and_never_panic(
        changes in prop::collection::vec((any::<usize>(), any::<u8>(), any::<u8>()), 1..6),
        which in any::<prop::sample::Index>(),
    ) {
        let files = folder("amadeus");
        let bytes = which.get(&files.values().collect::<Vec<_>>()).to_vec();
        let bytes = mutate(&bytes, &changes);
        crate::fuzz::amadeus(&bytes);
        if str::from_utf8(&bytes).is_ok() {
            let [ours, theirs] = by_both(&bytes);
            assert_eq!(ours.ok(), theirs.ok());
        }
    }
}
