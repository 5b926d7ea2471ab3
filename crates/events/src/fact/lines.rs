//! Facts as JSON: read from lines that others send, written for people to look at.

use serde_json::{Map, Value as Json};
use thiserror::Error;

use super::batch::FactBatch;
use super::column::Value;
use super::id::read_id;
use super::kind::{Field, Holds};
use super::rows::{Rows, Stamped};

/// Why a fact is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{field}: {sentence}")]
pub struct Unfit {
    /// The field.
    pub field: String,
    /// What is wrong with it.
    pub sentence: String,
}

impl Unfit {
    pub(super) fn new(field: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self { field: field.into(), sentence: sentence.into() }
    }
}

impl Rows {
    /// Adds a fact by what it says in JSON: the fields of its kind, without those of every fact.
    ///
    /// # Errors
    /// [`Unfit`] naming a field that is unknown, missing or wrong.
    pub fn push_json(&mut self, stamped: Stamped, says: &Map<String, Json>) -> Result<(), Unfit> {
        let kind = self.kind();
        let known = |name: &str| kind.fields.iter().any(|field| field.name == name);
        if let Some(unknown) = says.keys().find(|name| !known(name)) {
            let shown: String = unknown.chars().take(64).collect();
            return Err(Unfit::new(shown, format!("is no field of {}", kind.name)));
        }
        let values = kind.fields.iter().map(|field| read(field, says.get(field.name)));
        let values = values.collect::<Result<Vec<_>, _>>()?;
        self.push_values(stamped, &values)
    }
}

/// The value of a field; one of the wrong type is refused, its range is looked at later.
fn read<'a>(field: &Field, json: Option<&'a Json>) -> Result<Value<'a>, Unfit> {
    let json = match json {
        None | Some(Json::Null) => return Ok(Value::Absent),
        Some(json) => json,
    };
    let value = match field.holds {
        Holds::Id => json.as_str().and_then(read_id).map(Value::Id),
        Holds::Text(_) => json.as_str().map(Value::Text),
        Holds::Whole(..) => json.as_i64().map(Value::Whole),
        Holds::Number => json.as_f64().map(Value::Number),
        Holds::Flag => json.as_bool().map(Value::Flag),
        Holds::Day => json.as_str().and_then(|day| day.parse().ok()).map(Value::Day),
        Holds::Time => json.as_i64().map(Value::Time),
    };
    value.ok_or_else(|| Unfit::new(field.name, field.holds.expected()))
}

impl FactBatch {
    /// A fact as an object: its kind, who wrote it, then its fields in order; what is absent is left out.
    #[must_use]
    pub fn to_json(&self, row: usize) -> Map<String, Json> {
        let mut object = Map::new();
        object.insert("kind".to_owned(), self.kind().name.into());
        object.insert("cell".to_owned(), self.origin().cell.as_str().into());
        object.insert("region".to_owned(), self.origin().region.as_str().into());
        for (at, field) in self.kind().all_fields().enumerate() {
            let json = match self.value(row, at) {
                Value::Absent => continue,
                Value::Id(id) => format!("{id:032x}").into(),
                Value::Text(text) => text.into(),
                Value::Whole(number) | Value::Time(number) => number.into(),
                Value::Number(number) => number.into(),
                Value::Flag(flag) => flag.into(),
                Value::Day(day) => day.to_string().into(),
            };
            object.insert(field.name.to_owned(), json);
        }
        object
    }
}
