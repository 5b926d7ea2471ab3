//! Finds a key that one object has twice, in either spelling.
//!
//! JSON readers keep one of the values and drop the other without a word. Existing clients may rely on
//! that; under `/v1` it is refused, because nobody can mean both.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{FieldError, camel_key, push_snake};

/// Characters of a path that are repeated to the caller.
const PATH_MAX: usize = 200;

/// Checks that no object of a body has a key twice. What is not JSON is for [`super::read`] to tell.
///
/// # Errors
/// [`FieldError`] naming the first such key, in `snake_case`.
pub fn only_once(bytes: &[u8]) -> Result<(), FieldError> {
    let mut finder = Finder::default();
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let _ = finder.deserialize(&mut json);
    match finder.found {
        Some(path) => Err(FieldError { path, sentence: "is there twice".to_owned() }),
        None => Ok(()),
    }
}

#[derive(Default)]
struct Finder {
    /// Where the value at hand stands.
    path: String,
    found: Option<String>,
}

impl Finder {
    /// Looks into a value one step further down.
    fn below<R>(&mut self, step: impl FnOnce(&mut String), look: impl FnOnce(&mut Self) -> R) -> R {
        let before = self.path.len();
        step(&mut self.path);
        let result = look(self);
        self.path.truncate(before);
        result
    }
}

impl<'de> DeserializeSeed<'de> for &mut Finder {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Finder {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        for index in 0_usize.. {
            let step = |path: &mut String| path.push_str(&format!("[{index}]"));
            if self.below(step, |finder| items.next_element_seed(finder))?.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        // Keys are a stranger's: ordered, so that none can be chosen to collide.
        let mut keys = BTreeSet::new();
        while let Some(key) = members.next_key::<String>()? {
            let key = camel_key(&key);
            let step = |path: &mut String| {
                if !path.is_empty() {
                    path.push('.');
                }
                push_snake(path, &key);
            };
            let twice = keys.contains(&key);
            self.below(step, |finder| {
                if twice && finder.found.is_none() {
                    finder.found = Some(finder.path.chars().take(PATH_MAX).collect());
                }
                members.next_value_seed(finder)
            })?;
            keys.insert(key);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::*;

    fn check(body: &str, expected: Option<&str>) {
        let found = only_once(body.as_bytes()).err().map(|error| error.path);
        assert_eq!(found.as_deref(), expected, "{body}");
    }

    #[test]
    fn a_key_that_an_object_has_twice_is_named_by_its_path() {
        check(r#"{"adults":1,"adults":2}"#, Some("adults"));
        check(r#"{"children_ages":[1],"childrenAges":[2]}"#, Some("children_ages"));
        check(r#"{"legs":[{},{"origin":"EDI","date":1,"origin":"LHR"}]}"#, Some("legs[1].origin"));
        check(r#"{"a":{"b":1},"c":{"b":2},"d":[{"b":1},{"b":2}]}"#, None);
        check(r#"{"a":1.5,"b":-1,"c":null,"d":true,"e":"a"}"#, None);
        check(r#"{"a":1,"#, None);
        check("", None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = only_once(&bytes);
        }
    }
}
