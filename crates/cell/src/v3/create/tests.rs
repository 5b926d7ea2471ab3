use proptest::prelude::{any, proptest};
use serde_json::json;

use super::*;
use crate::loose;

fn parse(text: &str) -> Result<CreateSearch, FieldError> {
    read(&loose::read(text.as_bytes(), 32).unwrap(), atlas::atlas())
}

fn base() -> Value {
    json!({"query": {
        "market": "UK", "locale": "en-GB", "currency": "GBP",
        "queryLegs": [{
            "originPlaceId": {"iata": "EDI"}, "destinationPlaceId": {"entityId": "27544008"},
            "date": {"year": 2027, "month": 3, "day": 9}}],
        "cabinClass": "CABIN_CLASS_ECONOMY", "adults": 2, "childrenAges": [4, 11]}})
}

/// Changes one field of the base body and gives the error.
fn refusal(pointer: &str, value: Value) -> String {
    let mut body = base();
    *body.pointer_mut(pointer).unwrap() = value;
    parse(&body.to_string()).unwrap_err().to_string()
}

#[test]
fn the_documented_body_is_read() {
    let read = parse(&base().to_string()).unwrap();
    assert_eq!(read.request.market.to_string(), "GB");
    assert_eq!(read.request.legs[0].origin, Place::Airport("EDI".parse().unwrap()));
    assert_eq!(read.request.legs[0].destination, Place::City("LON".parse().unwrap()));
    assert_eq!(read.request.legs[0].date.to_string(), "2027-03-09");
    assert_eq!(read.request.travellers.adults(), 2);
    assert_eq!(read.request.travellers.children(), [4, 11]);
    assert_eq!(read.display.currency.to_string(), "GBP");
    assert!(!read.display.sustainability);
}

#[test]
fn an_entity_says_more_exactly_than_its_code_which_place_is_meant() {
    let mut body = base();
    body["query"]["queryLegs"][0]["destinationPlaceId"]["iata"] = json!("lon");
    let read = parse(&body.to_string()).unwrap();
    assert_eq!(read.request.legs[0].destination, Place::City("LON".parse().unwrap()));
}

#[test]
fn clients_that_write_snake_case_texts_for_numbers_and_extra_fields_are_understood() {
    let read = parse(
        r#"{"query":{"market":"uk","locale":"en_GB","currency":"gbp","isDestination":false,
        "query_legs":[{"origin_place_id":{"iata":"edi","date":{"year":0,"month":0,"day":0}},
          "destinationPlaceId":{"entity_id":27544008},"date":{"year":"2027","month":"3","day":"9"}}],
        "cabin_class":"CABIN_CLASS_BUSINESS","adults":"1","children_ages":["7"],
        "excluded_carriers_ids":["FR"],"includedAgentsIds":["ba__"],"nearbyAirports":true,
        "include_sustainability_data":true}}"#,
    )
    .unwrap();
    assert_eq!(read.request.cabin, Cabin::Business);
    assert_eq!(read.request.travellers.children(), [7]);
    assert!(read.request.nearby && read.display.sustainability);
    assert!(!read.display.carriers.allows(&"FR".parse().unwrap()));
    assert!(read.display.agents.allows(&"ba__".parse().unwrap()));
    assert!(!read.display.agents.allows(&"easy".parse().unwrap()));
}

#[test]
fn what_is_wrong_is_named_by_its_path() {
    let leg = "/query/queryLegs/0";
    let check = |pointer: &str, value: Value, expected: &str| {
        assert_eq!(refusal(pointer, value), expected);
    };
    check("/query", json!(null), "query: is required");
    check("/query/adults", json!(0), "query.adults: must be 1 to 8");
    check("/query/adults", json!("two"), "query.adults: must be a whole number");
    check(
        "/query/market",
        json!("GBR"),
        "query.market: must be a two-letter country code, e.g. UK or DE",
    );
    check("/query/currency", json!(""), "query.currency: is required");
    check("/query/queryLegs", json!([]), "query.queryLegs: must have 1 to 6 legs");
    check("/query/queryLegs", json!({}), "query.queryLegs: must be a list");
    let date = format!("{leg}/date");
    let sentence = "query.queryLegs[0].date: there is no day 2027-02-30";
    check(&date, json!({"year": 2027, "month": 2, "day": 30}), sentence);
    let origin = format!("{leg}/originPlaceId");
    let at = "query.queryLegs[0].originPlaceId";
    let iata = format!("{at}: The QueryPlace ID is not valid IATA");
    check(&origin, json!({"iata": "QQQ"}), &iata);
    let entity = format!("{at}: The QueryPlace ID is not valid entity ID");
    check(&origin, json!({"entityId": "1"}), &entity);
    let both = format!("{at}: The QueryPlace ID has an iata and an entityId of different places");
    check(&origin, json!({"iata": "EDI", "entityId": "27544008"}), &both);
    check(&origin, json!({}), &format!("{at}: The QueryPlace ID cannot be null"));
    check(
        "/query/childrenAges",
        json!([18]),
        "query.childrenAges: a child's age must be 0 to 17, got 18",
    );
}

#[test]
fn an_unknown_cabin_is_refused_with_the_known_ones() {
    let refused = refusal("/query/cabinClass", json!("ECONOMY"));
    assert!(refused.starts_with("query.cabinClass: must be one of CABIN_CLASS_UNSPECIFIED"));
}

proptest! {
    #[test]
    fn no_value_in_any_field_makes_reading_panic(at in 0_usize..9, text in any::<String>(), number in any::<i64>()) {
        let pointers = [
            "/query", "/query/market", "/query/locale", "/query/currency", "/query/queryLegs",
            "/query/queryLegs/0/originPlaceId", "/query/queryLegs/0/date", "/query/adults",
            "/query/childrenAges",
        ];
        for value in [json!(text), json!(number), json!([number]), json!({"year": number})] {
            let mut body = base();
            *body.pointer_mut(pointers[at]).unwrap() = value;
            let _ = parse(&body.to_string());
        }
    }
}
