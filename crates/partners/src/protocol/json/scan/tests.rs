use proptest::prelude::{any, prop, proptest};
use serde::de::DeserializeSeed;
use serde_json::Value;

use super::*;
use crate::protocol::json::{read_scanner, read_serde};
use crate::protocol::proving::{folder, mutate};

/// Reads into a tree.
struct Tree;

impl<'de> DeserializeSeed<'de> for Tree {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        serde::Deserialize::deserialize(deserializer)
    }
}

/// Passes over everything.
struct Nothing;

impl<'de> DeserializeSeed<'de> for Nothing {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        <serde::de::IgnoredAny as serde::Deserialize>::deserialize(deserializer).map(|_| ())
    }
}

/// Expects the same tree, or a refusal, from both readers; the same for skipping.
fn assert_same(bytes: &[u8]) {
    let shown = || String::from_utf8_lossy(bytes).into_owned();
    if str::from_utf8(bytes).is_err() {
        assert!(read_scanner(bytes, Tree).is_err(), "{}", shown());
        return;
    }
    let (ours, theirs) = (read_scanner(bytes, Tree), read_serde(bytes, Tree));
    assert_eq!(ours.as_ref().ok(), theirs.as_ref().ok(), "{} {ours:?} {theirs:?}", shown());
    let (ours, theirs) = (read_scanner(bytes, Nothing), read_serde(bytes, Nothing));
    assert_eq!(ours.is_ok(), theirs.is_ok(), "{} {ours:?} {theirs:?}", shown());
}

/// Texts at the edges of what JSON is.
const CORNERS: &[&str] = &[
    "",
    " ",
    "null",
    " true ",
    "falsey",
    "nul",
    "tru",
    "0",
    "-0",
    "00",
    "01",
    "-",
    "1.",
    ".5",
    "1.5",
    "1e5",
    "1E+5",
    "1e",
    "1e+",
    "1.e5",
    "-1.5e-3",
    "1e999",
    "-1e999",
    "1e-999",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775808",
    "-9223372036854775809",
    "123456789012345678901234567890",
    "0.1",
    "5-",
    "5 5",
    "1a",
    "+1",
    "\"\"",
    "\"a\"",
    "\"a",
    "\"\\\"\"",
    "\"\\u00e9\"",
    "\"\\uD83D\\uDE00\"",
    "\"\\uD83D\"",
    "\"\\uDE00\"",
    "\"\\uD83Dx\"",
    "\"\\uD83D\\u0041\"",
    "\"\\u12\"",
    "\"\\u12G4\"",
    "\"\\x\"",
    "\"\\",
    "\"tab\t\"",
    "\"\u{0}\"",
    "\"\u{7f}é東\"",
    "\"seven77\"",
    "\"eight888\"",
    "\"nine99999\\n\"",
    "[]",
    "[ ]",
    "[1]",
    "[1,]",
    "[,1]",
    "[1 2]",
    "[1,2",
    "{}",
    "{ }",
    "{\"a\":1}",
    "{\"a\":1,}",
    "{,}",
    "{\"a\" : 1 , \"b\":[{}]}",
    "{\"a\"}",
    "{\"a\":}",
    "{a:1}",
    "{1:1}",
    "{\"a\":1 \"b\":2}",
    "{\"a\":1}}",
    "[}",
    "{]",
    "[[[]]]",
    "\u{feff}1",
    "{\"a\":1,\"a\":2}",
    "[1]x",
    "[null,true,false]",
    "[nulll]",
    "{\"\\u0061\":1}",
];

#[test]
fn corners_of_the_grammar_are_as_serde_json_has_them() {
    for text in CORNERS {
        assert_same(text.as_bytes());
    }
}

#[test]
fn deep_documents_are_refused_read_or_skipped() {
    for open in ["[", "{\"a\":"] {
        let fits = open.repeat(127);
        assert_eq!(refusal(&fits, Tree), "it ends too early");
        assert_eq!(refusal(&fits, Nothing), "it ends too early");
        let deep = open.repeat(5_000_000);
        assert_eq!(refusal(&deep, Tree), "nested too deep");
        assert_eq!(refusal(&deep, Nothing), "nested too deep");
    }
}

fn refusal<S: for<'de> DeserializeSeed<'de, Value: fmt::Debug>>(text: &str, seed: S) -> String {
    match read_scanner(text.as_bytes(), seed).unwrap_err() {
        crate::DecodeError::NotJson { problem, .. } => problem,
        other => panic!("{other}"),
    }
}

/// Asks once more after the end of a list, as a visitor that takes the first item and drains does.
struct FirstOf;

impl<'de> DeserializeSeed<'de> for FirstOf {
    type Value = Option<u32>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<u32>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for FirstOf {
    type Value = Option<u32>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Option<u32>, A::Error> {
        let first = seq.next_element()?;
        crate::protocol::read::drain_seq(seq)?;
        Ok(first)
    }
}

#[test]
fn asking_again_after_the_end_of_a_list_takes_nothing_that_follows() {
    for text in ["[]", "[7]", "[7,8]", "[]]", "[]}", "[7]]"] {
        let (ours, theirs) =
            (read_scanner(text.as_bytes(), FirstOf), read_serde(text.as_bytes(), FirstOf));
        assert_eq!(ours.ok(), theirs.ok(), "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_as_serde_json_does(text in "[\\[\\]{}:,\"\\\\u0-9a-fetrunl. é-]{0,24}") {
        assert_same(text.as_bytes());
    }

    #[test]
    fn any_bytes_are_read_or_refused_as_serde_json_does(bytes in any::<Vec<u8>>()) {
        assert_same(&bytes);
    }

    #[test]
    fn damaged_documents_are_read_or_refused_as_serde_json_does(
        changes in prop::collection::vec((any::<usize>(), any::<u8>(), any::<u8>()), 0..6),
        which in any::<prop::sample::Index>(),
        kind in 0_usize..3,
    ) {
        let files = folder(["duffel", "amadeus", "fareway"][kind]);
        let bytes = which.get(&files.values().collect::<Vec<_>>()).to_vec();
        assert_same(&mutate(&bytes, &changes));
    }
}
