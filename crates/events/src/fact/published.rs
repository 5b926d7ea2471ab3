//! The schemas that are published: one JSON Schema a kind, in `api/events`.

use serde_json::{Map, Value, json};

use super::kind::{Field, Holds, Kind};

impl Holds {
    fn published(self) -> Value {
        match self {
            Self::Id => json!({"type": "string", "pattern": "^[0-9a-f]{32}$"}),
            // Bytes of UTF-8; characters are at most as many.
            Self::Text(most) => json!({"type": "string", "maxLength": most}),
            Self::Whole(least, i64::MAX) => json!({"type": "integer", "minimum": least}),
            Self::Whole(least, most) => {
                json!({"type": "integer", "minimum": least, "maximum": most})
            }
            Self::Number => json!({"type": "number"}),
            Self::Flag => json!({"type": "boolean"}),
            Self::Day => json!({"type": "string", "format": "date"}),
            Self::Time => json!({"type": "integer", "x-unit": "ms since 1970 UTC"}),
        }
    }
}

impl Kind {
    /// The schema of such a fact in JSON, as [`FactBatch::to_json`](super::FactBatch::to_json) writes it.
    #[must_use]
    pub fn published(&self) -> Value {
        let mut properties = Map::new();
        properties.insert("kind".to_owned(), json!({"const": self.name}));
        for (name, doc) in [("cell", "The cell that wrote it."), ("region", "Its region.")] {
            properties.insert(name.to_owned(), json!({"type": "string", "description": doc}));
        }
        for field in self.all_fields() {
            properties.insert(field.name.to_owned(), published(field));
        }
        let needed = self.all_fields().filter(|field| field.needed).map(|field| field.name);
        let required: Vec<&str> = ["kind", "cell", "region"].into_iter().chain(needed).collect();
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": self.name,
            "description": self.doc,
            "x-version": self.version,
            "x-schema-id": self.schema_id(),
            "x-owner": self.owner,
            "x-profile": self.profile.name(),
            "x-privacy": self.privacy.name(),
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        })
    }
}

fn published(field: &Field) -> Value {
    let mut published = field.holds.published();
    published["description"] = field.doc.into();
    published["x-since"] = field.since.into();
    published
}
