//! The published description of the own protocol says what the code reads and writes.

use partners::fuzz;
use partners::protocol::fareway::{Ask, Line, decode_line, write_end, write_part};
use partners::protocol::{DecodeContext, OFFERS_MAX};
use serde_json::Value;

use crate::world::document;

fn published() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../api/partner.openapi.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// A validator of one schema of the document.
fn schema(name: &str) -> jsonschema::Validator {
    let mut schema = serde_json::json!({ "$ref": format!("#/components/schemas/{name}") });
    schema["components"] = published()["components"].clone();
    jsonschema::options().with_draft(jsonschema::Draft::Draft202012).build(&schema).unwrap()
}

fn assert_valid(schema: &jsonschema::Validator, text: &[u8]) {
    let value: Value = serde_json::from_slice(text).unwrap();
    let errors: Vec<String> = schema
        .iter_errors(&value)
        .map(|error| format!("{error} at {}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&byte| byte == b'\n').filter(|line| !line.trim_ascii().is_empty())
}

#[test]
fn requests_are_as_published() {
    let question = schema("Question");
    let ours = serde_json::to_vec(&Ask::of(&fuzz::question(), "GBP".parse().ok())).unwrap();
    assert_valid(&question, &ours);
    assert_valid(&question, &document("fareway/ask.json"));
    let body = &published()["paths"]["/offers"]["post"]["requestBody"]["content"];
    for (name, example) in body["application/json"]["examples"].as_object().unwrap() {
        let text = example["value"].to_string();
        assert_valid(&question, text.as_bytes());
        assert!(Ask::parse(text.as_bytes()).unwrap().to_question().is_ok(), "{name}");
    }
}

#[test]
fn answers_are_as_published_and_the_published_example_is_understood_whole() {
    let line = schema("Line");
    for file in ["two_parts", "other_order", "no_offers", "no_end"] {
        for text in lines(&document(&format!("fareway/{file}.ndjson"))) {
            assert_valid(&line, text);
        }
    }
    let responses = &published()["paths"]["/offers"]["post"]["responses"];
    let content = &responses["200"]["content"]["application/x-ndjson"];
    let example = content["examples"]["offers"]["value"].as_str().unwrap();
    let (question, settings) = (fuzz::question(), fuzz::settings().unwrap());
    let context = DecodeContext {
        question: &question,
        settings: &settings,
        decimals: fuzz::decimals,
        offers_max: OFFERS_MAX,
    };
    let mut written = Vec::new();
    for text in lines(example.as_bytes()) {
        assert_valid(&line, text);
        match decode_line(text, context).unwrap() {
            Line::Part(part) => {
                assert_eq!((part.unread.count, part.answer.offers().len()), (0, 2));
                write_part(&part.answer, fuzz::decimals, &mut written);
            }
            Line::End { parts } => write_end(parts, &mut written),
            Line::Other => panic!("an unknown line"),
        }
    }
    assert_eq!(lines(&written).count(), 2);
    for text in lines(&written) {
        assert_valid(&line, text);
    }
}

#[test]
fn the_schema_refuses_what_the_code_leaves_out() {
    let line = schema("Line");
    let text = String::from_utf8(document("fareway/two_parts.ndjson")).unwrap();
    let part = text.lines().next().unwrap();
    for (good, bad) in [
        ("\"1184.30\"", "1184.30"),
        ("\"managed\"", "\"teleport\""),
        ("https://kl.example/book?o=17", "javascript:alert(1)"),
        ("2027-03-03T06:00\"", "2027-03-03T06:00Z\""),
        ("\"EDI\"", "\"Edinburgh\""),
    ] {
        assert!(part.contains(good), "{good}");
        let value: Value = serde_json::from_str(&part.replace(good, bad)).unwrap();
        assert!(!line.is_valid(&value), "{bad} should be refused");
    }
}
