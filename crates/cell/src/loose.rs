//! Reads JSON bodies the way proto3 JSON is read: tolerantly, then strictly.
//!
//! ```text
//! bytes ──read──▶ Value (keys in camelCase) ──Node::field/items──▶ text, whole, flag … or FieldError
//! ```
//!
//! Tolerant: camelCase and snake_case keys mixed freely (camelCase wins), numbers sent as texts,
//! texts sent as numbers, `null` as absent, no body as `{}`, unknown fields ignored. Strict: every
//! value asked for is of its kind and within its range, and the error names the field's path.
//!
//! Limits: bytes are the caller's; nesting is [`read`]'s `depth_max`, to be asked first.

mod once;

use std::fmt::Write;

use serde_json::{Map, Value};
use thiserror::Error;

pub use once::only_once;

/// A body that is not JSON within the limits.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unreadable {
    /// Brackets within brackets.
    #[error("the body is nested more than {0} deep")]
    TooDeep(usize),
    /// Not JSON.
    #[error("the body is not JSON: {0}")]
    NotJson(String),
    /// JSON, but not an object.
    #[error("the body must be a JSON object")]
    NotObject,
}

/// A field that is missing or wrong.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{path}: {sentence}")]
pub struct FieldError {
    /// Where it stands, e.g. `query.queryLegs[1].date`.
    pub path: String,
    /// What is wrong with it.
    pub sentence: String,
}

/// Reads a body. An empty one is an empty object.
///
/// # Errors
/// [`Unreadable`].
pub fn read(bytes: &[u8], depth_max: usize) -> Result<Value, Unreadable> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Object(Map::new()));
    }
    if depth(bytes) > depth_max {
        return Err(Unreadable::TooDeep(depth_max));
    }
    match serde_json::from_slice(bytes) {
        Ok(value @ Value::Object(_)) => Ok(camel(value)),
        Ok(Value::Null) => Ok(Value::Object(Map::new())),
        Ok(_) => Err(Unreadable::NotObject),
        Err(error) => Err(Unreadable::NotJson(error.to_string())),
    }
}

/// Brackets open at once, at most.
fn depth(bytes: &[u8]) -> usize {
    let (mut open, mut deepest, mut in_text, mut escaped) = (0_usize, 0_usize, false, false);
    for &byte in bytes {
        if in_text {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_text = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_text = true,
            b'{' | b'[' => {
                open += 1;
                deepest = deepest.max(open);
            }
            b'}' | b']' => open = open.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Turns the keys of all objects into camelCase. A key sent in both forms keeps the camelCase one.
fn camel(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut camelled = Map::new();
            for (key, value) in map {
                let value = camel(value);
                if key.contains('_') {
                    camelled.entry(camel_key(&key)).or_insert(value);
                } else {
                    camelled.insert(key, value);
                }
            }
            Value::Object(camelled)
        }
        Value::Array(items) => Value::Array(items.into_iter().map(camel).collect()),
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => plain,
    }
}

fn camel_key(key: &str) -> String {
    let mut camelled = String::with_capacity(key.len());
    let mut upper = false;
    for letter in key.chars() {
        if letter == '_' {
            upper = !camelled.is_empty();
        } else if std::mem::take(&mut upper) {
            camelled.extend(letter.to_uppercase());
        } else {
            camelled.push(letter);
        }
    }
    camelled
}

/// One step from a node to its parent.
#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    Root,
    Field(&'a str),
    Item(usize),
}

/// A value, or its absence, with the path that led to it.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a> {
    value: Option<&'a Value>,
    step: Step<'a>,
    parent: Option<&'a Node<'a>>,
    /// Writes field names in snake_case in errors, for our own API.
    snake: bool,
}

impl<'a> Node<'a> {
    /// The whole body; errors name fields in camelCase.
    #[must_use]
    pub fn root(value: &'a Value) -> Self {
        Self { value: Some(value), step: Step::Root, parent: None, snake: false }
    }

    /// The whole body; errors name fields in snake_case.
    #[must_use]
    pub fn root_snake(value: &'a Value) -> Self {
        Self { snake: true, ..Self::root(value) }
    }

    /// A field of an object; absent if there is none or it is `null`.
    ///
    /// # Errors
    /// [`FieldError`] if this is no object.
    pub fn field(&'a self, name: &'a str) -> Result<Node<'a>, FieldError> {
        let value = match self.value {
            None => None,
            Some(Value::Object(map)) => map.get(name).filter(|value| !value.is_null()),
            Some(_) => return Err(self.wrong("must be an object")),
        };
        Ok(Node { value, step: Step::Field(name), parent: Some(self), snake: self.snake })
    }

    /// Refuses fields other than `names`.
    ///
    /// # Errors
    /// [`FieldError`] naming the first unknown field.
    pub fn only(&self, names: &[&str]) -> Result<(), FieldError> {
        let Some(Value::Object(map)) = self.value else { return Ok(()) };
        match map.keys().find(|key| !names.contains(&key.as_str())) {
            None => Ok(()),
            Some(key) => {
                let unknown = Node {
                    value: None,
                    step: Step::Field(key),
                    parent: Some(self),
                    snake: self.snake,
                };
                Err(unknown.wrong("is not a known field"))
            }
        }
    }

    /// Whether there is a value.
    #[must_use]
    pub fn is_present(&self) -> bool {
        self.value.is_some()
    }

    /// An error about this value.
    #[must_use]
    pub fn wrong(&self, sentence: impl Into<String>) -> FieldError {
        FieldError { path: self.path(), sentence: sentence.into() }
    }

    fn path(&self) -> String {
        let mut path = self.parent.map(Node::path).unwrap_or_default();
        match self.step {
            Step::Root => {}
            Step::Field(name) => {
                if !path.is_empty() {
                    path.push('.');
                }
                if self.snake { push_snake(&mut path, name) } else { path.push_str(name) }
            }
            Step::Item(index) => {
                // Writing to a string cannot fail.
                let _ = write!(path, "[{index}]");
            }
        }
        path
    }

    /// The items of a list; none if absent.
    ///
    /// # Errors
    /// [`FieldError`] if this is no list or has more than `most` items.
    pub fn items(&'a self, most: usize) -> Result<Vec<Node<'a>>, FieldError> {
        let items = match self.value {
            None => return Ok(Vec::new()),
            Some(Value::Array(items)) => items,
            Some(_) => return Err(self.wrong("must be a list")),
        };
        if items.len() > most {
            return Err(self.wrong(format!("must have at most {most} items")));
        }
        let node = |(index, value)| Node {
            value: Some(value),
            step: Step::Item(index),
            parent: Some(self),
            snake: self.snake,
        };
        Ok(items.iter().enumerate().map(node).collect())
    }

    /// A text, or a number sent as one; `None` if absent or empty.
    ///
    /// # Errors
    /// [`FieldError`] if it is something else.
    pub fn text(&self) -> Result<Option<String>, FieldError> {
        match self.value {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(self.wrong("must be a text")),
        }
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// [`FieldError`] if it is absent, empty or something else.
    pub fn required_text(&self) -> Result<String, FieldError> {
        self.text()?.ok_or_else(|| self.wrong("is required"))
    }

    /// A whole number of at least 0, or a text of one; `None` if absent.
    ///
    /// # Errors
    /// [`FieldError`] if it is something else.
    pub fn whole(&self) -> Result<Option<u32>, FieldError> {
        let read = match self.value {
            None => return Ok(None),
            Some(Value::Number(number)) => number.as_u64().or_else(|| {
                number.as_f64().filter(|float| float.fract() == 0.0 && *float >= 0.0).map(|float| {
                    // Saturates; the range is checked below.
                    float as u64
                })
            }),
            Some(Value::String(text)) => text.trim().parse().ok(),
            Some(Value::Bool(_) | Value::Array(_) | Value::Object(_) | Value::Null) => None,
        };
        read.and_then(|number| u32::try_from(number).ok())
            .map(Some)
            .ok_or_else(|| self.wrong("must be a whole number"))
    }

    /// A number, or a text of one; `None` if absent.
    ///
    /// # Errors
    /// [`FieldError`] if it is something else.
    pub fn decimal(&self) -> Result<Option<f64>, FieldError> {
        let read = match self.value {
            None => return Ok(None),
            Some(Value::Number(number)) => number.as_f64(),
            Some(Value::String(text)) => text.trim().parse().ok(),
            Some(Value::Bool(_) | Value::Array(_) | Value::Object(_) | Value::Null) => None,
        };
        read.filter(|number: &f64| number.is_finite())
            .map(Some)
            .ok_or_else(|| self.wrong("must be a number"))
    }

    /// `true` or `false`, or a text of it; `false` if absent.
    ///
    /// # Errors
    /// [`FieldError`] if it is something else.
    pub fn flag(&self) -> Result<bool, FieldError> {
        match self.value {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(Value::String(text)) if text == "true" => Ok(true),
            Some(Value::String(text)) if text == "false" => Ok(false),
            Some(_) => Err(self.wrong("must be true or false")),
        }
    }

    /// Index of an enum's value in `names`, by name or by number; 0 if absent.
    ///
    /// # Errors
    /// [`FieldError`] listing the names.
    pub fn one_of(&self, names: &[&str]) -> Result<usize, FieldError> {
        let found = match self.value {
            None => Some(0),
            Some(Value::Number(number)) => {
                number.as_u64().map(|n| n as usize).filter(|&n| n < names.len())
            }
            Some(Value::String(text)) => names.iter().position(|name| name == text),
            Some(Value::Bool(_) | Value::Array(_) | Value::Object(_) | Value::Null) => None,
        };
        found.ok_or_else(|| self.wrong(format!("must be one of {}", names.join(", "))))
    }
}

fn push_snake(path: &mut String, name: &str) {
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            path.push('_');
        }
        path.push(letter.to_ascii_lowercase());
    }
}

#[cfg(test)]
mod tests;
