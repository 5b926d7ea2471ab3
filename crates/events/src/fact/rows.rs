//! Facts of one kind, gathered into columns.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{Field as ArrowField, Schema};

use super::FACT_BYTES_MAX;
use super::batch::{FactBatch, Origin};
use super::column::{Column, Value};
use super::id::FactId;
use super::kind::{ENVELOPE, Kind};
use super::lines::Unfit;

/// A fact of a kind, in Rust. See [`mod@super::kinds`].
pub trait Fact {
    /// Its kind.
    const KIND: &'static Kind;

    /// Gives each value with the index of its field in [`Kind::fields`], in their order.
    ///
    /// # Errors
    /// What `take` says, with whose first error it ends.
    fn each<E>(&self, take: impl FnMut(usize, Value<'_>) -> Result<(), E>) -> Result<(), E>;
}

/// What every fact has besides what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamped {
    /// Its id.
    pub id: FactId,
    /// When it happened, Unix milliseconds.
    pub happened_ms: i64,
    /// When we heard of it.
    pub received_ms: i64,
    /// The keyed hash of the visit it belongs to.
    pub visit: Option<u128>,
}

impl Stamped {
    fn values(self) -> [Value<'static>; ENVELOPE.len()] {
        [
            Value::Id(self.id.0),
            Value::Time(self.happened_ms),
            Value::Time(self.received_ms),
            self.visit.map_or(Value::Absent, Value::Id),
        ]
    }
}

/// Facts of one kind.
#[derive(Debug)]
pub struct Rows {
    kind: &'static Kind,
    columns: Vec<Column>,
    count: usize,
    bytes: usize,
}

impl Rows {
    /// None yet.
    #[must_use]
    pub fn new(kind: &'static Kind) -> Self {
        let columns = kind.all_fields().map(|field| Column::new(field.holds)).collect();
        Self { kind, columns, count: 0, bytes: 0 }
    }

    /// Their kind.
    #[must_use]
    pub fn kind(&self) -> &'static Kind {
        self.kind
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// About how many bytes they hold.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds a fact; one that is refused leaves nothing behind.
    ///
    /// # Errors
    /// [`Unfit`] naming the first field that does not fit, or if the fact is of another kind.
    pub fn push<F: Fact>(&mut self, stamped: Stamped, fact: &F) -> Result<(), Unfit> {
        if F::KIND.number != self.kind.number {
            return Err(Unfit::new("kind", format!("must be {}", self.kind.name)));
        }
        let (mut given, mut texts) = (0, 0);
        fact.each(|at, value| {
            // Columns stay of one length only if each gets its value.
            if at != given {
                return Err(Unfit::new("kind", "gives its values out of order"));
            }
            given += 1;
            self.check(at, value, &mut texts)
        })?;
        if given != self.kind.fields.len() {
            return Err(Unfit::new("kind", "does not give all of its values"));
        }
        self.begin(stamped, texts);
        fact.each(|at, value| {
            self.put(at, value);
            Ok(())
        })
    }

    /// Adds a fact by the values of [`Kind::fields`], in their order; those that are missing are absent.
    ///
    /// # Errors
    /// As for [`Rows::push`].
    pub fn push_values(&mut self, stamped: Stamped, values: &[Value<'_>]) -> Result<(), Unfit> {
        let value = |at: usize| values.get(at).copied().unwrap_or(Value::Absent);
        let mut texts = 0;
        (0..self.kind.fields.len()).try_for_each(|at| self.check(at, value(at), &mut texts))?;
        self.begin(stamped, texts);
        (0..self.kind.fields.len()).for_each(|at| self.put(at, value(at)));
        Ok(())
    }

    fn check(&self, at: usize, value: Value<'_>, texts: &mut usize) -> Result<(), Unfit> {
        let Some(field) = self.kind.fields.get(at) else { return Ok(()) };
        if let Some(sentence) = value.misfit(field) {
            return Err(Unfit::new(field.name, sentence));
        }
        if let Value::Text(text) = value {
            *texts += text.len();
        }
        if *texts > FACT_BYTES_MAX {
            let sentence = format!("a fact has at most {FACT_BYTES_MAX} bytes of texts");
            return Err(Unfit::new(field.name, sentence));
        }
        Ok(())
    }

    fn begin(&mut self, stamped: Stamped, texts: usize) {
        self.count += 1;
        self.bytes += texts + 8 * self.columns.len();
        for (column, value) in self.columns.iter_mut().zip(stamped.values()) {
            column.push(value);
        }
    }

    fn put(&mut self, at: usize, value: Value<'_>) {
        if let Some(column) = self.columns.get_mut(ENVELOPE.len() + at) {
            column.push(value);
        }
    }

    /// All of them as a batch; none are left here.
    pub fn take(&mut self, origin: Origin) -> FactBatch {
        (self.count, self.bytes) = (0, 0);
        let columns: Vec<_> = self.columns.iter_mut().map(Column::finish).collect();
        // Columns are made from the same fields as the schema, and each push gives every one a value that
        // fits: this cannot fail.
        let rows = RecordBatch::try_new(schema(self.kind), columns)
            .unwrap_or_else(|_| RecordBatch::new_empty(schema(self.kind)));
        FactBatch::new(self.kind, origin, rows)
    }
}

/// The columns of a kind.
pub(super) fn schema(kind: &'static Kind) -> Arc<Schema> {
    let field =
        |field: &super::Field| ArrowField::new(field.name, field.holds.data_type(), !field.needed);
    Arc::new(Schema::new(kind.all_fields().map(field).collect::<Vec<_>>()))
}
