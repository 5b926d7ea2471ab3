//! Facts of one kind as one record of the log: an Arrow IPC stream, which any reader of Arrow opens.
//!
//! The stream's metadata names kind, version, cell and region; the record's schema id says kind and version
//! too. Columns are found by name. One that our version of the kind has and the writer's had not is absent;
//! one that we do not know is left out.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::reader::StreamDecoder;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::ArrowError;
use bytes::Bytes;
use thiserror::Error;

use super::column::{Value, absent, value_at};
use super::kind::Kind;
use super::kinds;
use super::rows::schema;
use crate::log::Record;

/// Most facts of a batch that is read.
const FACTS_MAX: usize = 1 << 20;

/// Who wrote a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Origin {
    /// The cell.
    pub cell: String,
    /// Its region.
    pub region: String,
}

/// Facts of one kind, in columns.
#[derive(Clone, Debug, PartialEq)]
pub struct FactBatch {
    kind: &'static Kind,
    origin: Origin,
    rows: RecordBatch,
}

/// A record that is no batch of facts.
#[derive(Debug, Error)]
pub enum UnreadBatch {
    /// It has no schema id.
    #[error("a record without the id of a schema")]
    NoSchema,
    /// Nobody here knows the kind.
    #[error("facts of kind {0}, which is not known here")]
    Kind(u16),
    /// Its bytes are no Arrow stream.
    #[error("no Arrow stream: {0}")]
    Arrow(#[from] ArrowError),
    /// The reader of Arrow gives up on its bytes.
    #[error("no Arrow stream that can be read")]
    Broken,
    /// A column that every version of the kind has is missing or of another type.
    #[error("facts of kind {kind} without a right column {column}")]
    Column {
        /// The kind.
        kind: &'static str,
        /// The column.
        column: &'static str,
    },
    /// It has no facts, or too many.
    #[error("a batch of {0} facts")]
    Count(usize),
}

impl FactBatch {
    pub(super) fn new(kind: &'static Kind, origin: Origin, rows: RecordBatch) -> Self {
        Self { kind, origin, rows }
    }

    /// Their kind.
    #[must_use]
    pub fn kind(&self) -> &'static Kind {
        self.kind
    }

    /// Who wrote them.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The columns, named and ordered as [`Kind::all_fields`].
    #[must_use]
    pub fn columns(&self) -> &RecordBatch {
        &self.rows
    }

    /// How many facts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.num_rows()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a field of a fact, by the index of the field in [`Kind::all_fields`].
    #[must_use]
    pub fn value(&self, row: usize, field: usize) -> Value<'_> {
        let held = self.kind.all_fields().nth(field).map(|field| field.holds);
        match (held, self.rows.columns().get(field)) {
            (Some(holds), Some(column)) => value_at(column, holds, row),
            _ => Value::Absent,
        }
    }

    /// As a record of the log, written at a time.
    ///
    /// # Errors
    /// If Arrow cannot write it.
    pub fn to_record(&self, at_ms: i64) -> Result<Record, ArrowError> {
        let metadata = HashMap::from([
            ("kind".to_owned(), self.kind.name.to_owned()),
            ("version".to_owned(), self.kind.version.to_string()),
            ("cell".to_owned(), self.origin.cell.clone()),
            ("region".to_owned(), self.origin.region.clone()),
        ]);
        let schema = schema(self.kind).as_ref().clone().with_metadata(metadata);
        let mut writer = StreamWriter::try_new(Vec::new(), &schema)?;
        writer.write(&self.rows)?;
        Ok(Record::of(writer.into_inner()?, at_ms).with_schema(self.kind.schema_id()))
    }

    /// Reads a record of any version.
    ///
    /// # Errors
    /// [`UnreadBatch`].
    pub fn from_record(record: &Record) -> Result<Self, UnreadBatch> {
        let number = (record.schema().ok_or(UnreadBatch::NoSchema)? >> 16) as u16;
        let kind = kinds::of_number(number).ok_or(UnreadBatch::Kind(number))?;
        // It checks much, not everything, and panics where it did not. The log's checksum keeps damage from
        // it; who writes something else to the topic on purpose does not stop whoever reads.
        let read = catch_unwind(AssertUnwindSafe(|| read_stream(&record.value)));
        let rows = read.unwrap_or(Err(UnreadBatch::Broken))?;
        let written = rows.schema();
        let said = |name: &str| written.metadata().get(name).cloned().unwrap_or_default();
        let origin = Origin { cell: said("cell"), region: said("region") };
        let count = rows.num_rows();
        if count == 0 || count > FACTS_MAX {
            return Err(UnreadBatch::Count(count));
        }
        let columns = kind.all_fields().map(|field| match rows.column_by_name(field.name) {
            Some(column) if *column.data_type() == field.holds.data_type() => {
                Ok(Arc::clone(column))
            }
            None if !field.needed => Ok(absent(field.holds, count)),
            _ => Err(UnreadBatch::Column { kind: kind.name, column: field.name }),
        });
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        Ok(Self { kind, origin, rows: RecordBatch::try_new(schema(kind), columns)? })
    }
}

/// The first batch of a stream. Nothing is allocated that the bytes only announce.
fn read_stream(bytes: &Bytes) -> Result<RecordBatch, UnreadBatch> {
    let mut left = Buffer::from(bytes.clone());
    StreamDecoder::new().decode(&mut left)?.ok_or(UnreadBatch::Count(0))
}
