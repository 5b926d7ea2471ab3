//! Values, and columns that grow value by value.

use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Date32Builder, FixedSizeBinaryBuilder, Float64Builder, Int64Builder,
    StringBuilder, TimestampMillisecondBuilder,
};
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int64Type, TimestampMillisecondType};
use arrow_array::{Array, ArrayRef, new_null_array};
use arrow_schema::{DataType, TimeUnit};
use domain::Date;

use super::id::ID_EXPECTED;
use super::kind::{Field, Holds};

/// Bytes of an id.
const ID_BYTES: i32 = 16;

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// There is none.
    Absent,
    /// 128 bits.
    Id(u128),
    /// A text.
    Text(&'a str),
    /// A whole number.
    Whole(i64),
    /// A number.
    Number(f64),
    /// Whether or not.
    Flag(bool),
    /// A day.
    Day(Date),
    /// Milliseconds since 1970 UTC.
    Time(i64),
}

impl Value<'_> {
    /// Why the value does not fit into a field, if it does not.
    pub(super) fn misfit(self, field: &Field) -> Option<String> {
        let fits = match (field.holds, self) {
            (_, Self::Absent) => !field.needed,
            (Holds::Id, Self::Id(_))
            | (Holds::Flag, Self::Flag(_))
            | (Holds::Day, Self::Day(_)) => true,
            (Holds::Text(most), Self::Text(text)) => text.len() <= most,
            (Holds::Whole(least, most), Self::Whole(number)) => (least..=most).contains(&number),
            (Holds::Number, Self::Number(number)) => number.is_finite(),
            (Holds::Time, Self::Time(_)) => true,
            _ => false,
        };
        (!fits).then(|| match self {
            Self::Absent => "is required".to_owned(),
            _ => field.holds.expected(),
        })
    }
}

impl Holds {
    /// What is right, as the end of a sentence.
    pub(super) fn expected(self) -> String {
        match self {
            Self::Id => ID_EXPECTED.to_owned(),
            Self::Text(most) => format!("must be a text of at most {most} bytes"),
            Self::Whole(least, i64::MAX) => format!("must be a whole number of at least {least}"),
            Self::Whole(least, most) => format!("must be a whole number from {least} to {most}"),
            Self::Number => "must be a number".to_owned(),
            Self::Flag => "must be true or false".to_owned(),
            Self::Day => "must be a date such as 2027-03-09".to_owned(),
            Self::Time => "must be milliseconds since 1970".to_owned(),
        }
    }

    /// How Arrow calls it.
    pub(super) fn data_type(self) -> DataType {
        match self {
            Self::Id => DataType::FixedSizeBinary(ID_BYTES),
            Self::Text(_) => DataType::Utf8,
            Self::Whole(..) => DataType::Int64,
            Self::Number => DataType::Float64,
            Self::Flag => DataType::Boolean,
            Self::Day => DataType::Date32,
            Self::Time => DataType::Timestamp(TimeUnit::Millisecond, Some(Arc::from("UTC"))),
        }
    }
}

/// What a field of a fact in Rust can be.
pub trait Held<'a> {
    /// Whether every fact has it.
    const NEEDED: bool = true;

    /// As a value.
    fn value(self) -> Value<'a>;
}

impl<'a> Held<'a> for &'a str {
    fn value(self) -> Value<'a> {
        Value::Text(self)
    }
}

impl Held<'_> for u128 {
    fn value(self) -> Value<'static> {
        Value::Id(self)
    }
}

impl Held<'_> for i64 {
    fn value(self) -> Value<'static> {
        Value::Whole(self)
    }
}

impl Held<'_> for u32 {
    fn value(self) -> Value<'static> {
        Value::Whole(i64::from(self))
    }
}

impl Held<'_> for f64 {
    fn value(self) -> Value<'static> {
        Value::Number(self)
    }
}

impl Held<'_> for bool {
    fn value(self) -> Value<'static> {
        Value::Flag(self)
    }
}

impl Held<'_> for Date {
    fn value(self) -> Value<'static> {
        Value::Day(self)
    }
}

impl<'a, T: Held<'a>> Held<'a> for Option<T> {
    const NEEDED: bool = false;

    fn value(self) -> Value<'a> {
        self.map_or(Value::Absent, T::value)
    }
}

/// A column under construction.
#[derive(Debug)]
pub(super) enum Column {
    Id(FixedSizeBinaryBuilder),
    Text(StringBuilder),
    Whole(Int64Builder),
    Number(Float64Builder),
    Flag(BooleanBuilder),
    Day(Date32Builder),
    Time(TimestampMillisecondBuilder),
}

impl Column {
    /// An empty one.
    pub(super) fn new(holds: Holds) -> Self {
        match holds {
            Holds::Id => Self::Id(FixedSizeBinaryBuilder::new(ID_BYTES)),
            Holds::Text(_) => Self::Text(StringBuilder::new()),
            Holds::Whole(..) => Self::Whole(Int64Builder::new()),
            Holds::Number => Self::Number(Float64Builder::new()),
            Holds::Flag => Self::Flag(BooleanBuilder::new()),
            Holds::Day => Self::Day(Date32Builder::new()),
            Holds::Time => Self::Time(
                TimestampMillisecondBuilder::new().with_data_type(Holds::Time.data_type()),
            ),
        }
    }

    /// Adds a value that fits; any other is absent.
    pub(super) fn push(&mut self, value: Value<'_>) {
        match (self, value) {
            // Ids are as long as the column says.
            (Self::Id(ids), Value::Id(id)) => {
                let _ = ids.append_value(id.to_be_bytes());
            }
            (Self::Id(ids), _) => ids.append_null(),
            (Self::Text(texts), Value::Text(text)) => texts.append_value(text),
            (Self::Text(texts), _) => texts.append_null(),
            (Self::Whole(numbers), Value::Whole(number)) => numbers.append_value(number),
            (Self::Whole(numbers), _) => numbers.append_null(),
            (Self::Number(numbers), Value::Number(number)) => numbers.append_value(number),
            (Self::Number(numbers), _) => numbers.append_null(),
            (Self::Flag(flags), Value::Flag(flag)) => flags.append_value(flag),
            (Self::Flag(flags), _) => flags.append_null(),
            (Self::Day(days), Value::Day(day)) => days.append_value(day.days()),
            (Self::Day(days), _) => days.append_null(),
            (Self::Time(times), Value::Time(time)) => times.append_value(time),
            (Self::Time(times), _) => times.append_null(),
        }
    }

    /// The column; this one is empty again.
    pub(super) fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Id(ids) => Arc::new(ids.finish()),
            Self::Text(texts) => Arc::new(texts.finish()),
            Self::Whole(numbers) => Arc::new(numbers.finish()),
            Self::Number(numbers) => Arc::new(numbers.finish()),
            Self::Flag(flags) => Arc::new(flags.finish()),
            Self::Day(days) => Arc::new(days.finish()),
            Self::Time(times) => Arc::new(times.finish()),
        }
    }
}

/// A column in which nothing is.
pub(super) fn absent(holds: Holds, rows: usize) -> ArrayRef {
    new_null_array(&holds.data_type(), rows)
}

/// The value in a row of a column; absent where the column is of another type.
pub(super) fn value_at(column: &dyn Array, holds: Holds, row: usize) -> Value<'_> {
    if row >= column.len() || column.is_null(row) || *column.data_type() != holds.data_type() {
        return Value::Absent;
    }
    match holds {
        Holds::Id => {
            let bytes = column.as_fixed_size_binary().value(row).try_into();
            bytes.map_or(Value::Absent, |bytes| Value::Id(u128::from_be_bytes(bytes)))
        }
        Holds::Text(_) => Value::Text(column.as_string::<i32>().value(row)),
        Holds::Whole(..) => Value::Whole(column.as_primitive::<Int64Type>().value(row)),
        Holds::Number => Value::Number(column.as_primitive::<Float64Type>().value(row)),
        Holds::Flag => Value::Flag(column.as_boolean().value(row)),
        Holds::Day => Value::Day(Date::from_days(column.as_primitive::<Date32Type>().value(row))),
        Holds::Time => Value::Time(column.as_primitive::<TimestampMillisecondType>().value(row)),
    }
}
