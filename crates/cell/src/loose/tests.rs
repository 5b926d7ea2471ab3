use proptest::prelude::{any, proptest};

use super::*;

fn value(text: &str) -> Value {
    read(text.as_bytes(), 32).unwrap()
}

#[test]
fn both_spellings_of_a_key_are_one_and_camel_case_wins() {
    let body =
        value(r#"{"query_legs":[{"origin_place_id":1}],"cabin_class":"a","cabinClass":"b"}"#);
    let root = Node::root(&body);
    assert_eq!(root.field("cabinClass").unwrap().text().unwrap().unwrap(), "b");
    let legs = root.field("queryLegs").unwrap();
    let items = legs.items(6).unwrap();
    assert_eq!(items[0].field("originPlaceId").unwrap().whole().unwrap(), Some(1));
}

#[test]
fn numbers_may_come_as_texts_and_texts_as_numbers() {
    let body = value(r#"{"day":"2","month":3.0,"entityId":27544008,"half":2.5,"minus":-1}"#);
    let root = Node::root(&body);
    assert_eq!(root.field("day").unwrap().whole(), Ok(Some(2)));
    assert_eq!(root.field("month").unwrap().whole(), Ok(Some(3)));
    assert_eq!(root.field("entityId").unwrap().text(), Ok(Some("27544008".to_owned())));
    assert!(root.field("half").unwrap().whole().is_err());
    assert!(root.field("minus").unwrap().whole().is_err());
    assert_eq!(root.field("none").unwrap().whole(), Ok(None));
}

#[test]
fn no_body_an_empty_one_and_null_are_an_empty_object() {
    for text in ["", "  \n", "{}", "null"] {
        assert!(!Node::root(&value(text)).field("query").unwrap().is_present());
    }
    assert_eq!(read(b"[]", 32), Err(Unreadable::NotObject));
    assert!(matches!(read(b"{", 32), Err(Unreadable::NotJson(_))));
}

#[test]
fn deep_nesting_is_refused_but_brackets_in_texts_are_not_nesting() {
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(40), "]".repeat(40));
    assert_eq!(read(deep.as_bytes(), 32), Err(Unreadable::TooDeep(32)));
    let text = format!("{{\"a\":\"{}\\\"[\"}}", "[".repeat(40));
    assert!(read(text.as_bytes(), 32).is_ok());
}

#[test]
fn errors_name_the_path_in_the_spelling_of_their_api() {
    let body = value(r#"{"query":{"queryLegs":[{},{"date":7}]}}"#);
    let check = |root: Node<'_>| {
        let query = root.field("query").unwrap();
        let legs = query.field("queryLegs").unwrap();
        let items = legs.items(6).unwrap();
        let date = items[1].field("date").unwrap();
        date.field("year").unwrap_err().to_string()
    };
    assert_eq!(check(Node::root(&body)), "query.queryLegs[1].date: must be an object");
    assert_eq!(check(Node::root_snake(&body)), "query.query_legs[1].date: must be an object");
}

#[test]
fn unknown_fields_can_be_refused() {
    let body = value(r#"{"adults":1,"adulst":2}"#);
    let refused = Node::root_snake(&body).only(&["adults"]).unwrap_err();
    assert_eq!(refused.to_string(), "adulst: is not a known field");
}

#[test]
fn enums_are_read_by_name_or_number() {
    let names = ["CABIN_CLASS_UNSPECIFIED", "CABIN_CLASS_ECONOMY"];
    let body = value(r#"{"a":"CABIN_CLASS_ECONOMY","b":1,"c":"ECONOMY","d":9}"#);
    let root = Node::root(&body);
    assert_eq!(root.field("a").unwrap().one_of(&names), Ok(1));
    assert_eq!(root.field("b").unwrap().one_of(&names), Ok(1));
    assert_eq!(root.field("none").unwrap().one_of(&names), Ok(0));
    assert!(root.field("c").unwrap().one_of(&names).is_err());
    assert!(root.field("d").unwrap().one_of(&names).is_err());
}

proptest! {
    #[test]
    fn no_bytes_make_reading_panic(bytes in any::<Vec<u8>>()) {
        let _ = read(&bytes, 32);
    }

    #[test]
    fn no_json_like_text_makes_reading_panic(text in r#"[\[\]{}":,a_0\\ ]{0,80}"#) {
        if let Ok(value) = read(text.as_bytes(), 32) {
            let root = Node::root(&value);
            let _ = root.field("a").map(|node| node.whole());
        }
    }
}
