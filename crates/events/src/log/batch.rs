//! Kafka record batches, version 2 (magic 2): what lies on disk is what Kafka would carry.
//!
//! Flows in: records; flows out: bytes, and back. A batch is encoded once by whoever appends it; the
//! log later writes its offset into the first eight bytes, which the checksum (CRC-32C) leaves out
//! for that purpose. The producer fields of the header carry the [`Stamp`] by which a repeated batch
//! is known. It reads and writes uncompressed and LZ4 batches; the other three compressions of Kafka
//! are refused by name. Control batches and transactions are refused too: nobody here writes them.
//!
//! Limits: [`BATCH_BYTES_MAX`], [`RECORDS_MAX`], [`HEADERS_MAX`], [`UNPACKED_BYTES_MAX`].
//! Cost: one pass over the bytes for the checksum, one allocation; values are not copied when read
//! from an uncompressed batch.
//!
//! Source: Apache Kafka protocol guide, "Record Batch".

mod head;
mod records;
mod varint;

use bytes::Bytes;
use thiserror::Error;

pub use head::{BatchHead, HEAD_BYTES};
pub(crate) use head::{PLACE_BYTES, checksum, set_base_offset};
pub use records::decode_records;

/// Longest batch, header included.
pub const BATCH_BYTES_MAX: usize = 16 << 20;
/// Most records in a batch.
pub const RECORDS_MAX: usize = 1 << 20;
/// Most headers of a record.
pub const HEADERS_MAX: usize = 64;
/// Most bytes an LZ4 batch may unpack to.
pub const UNPACKED_BYTES_MAX: usize = 64 << 20;
/// Header of a record that names the schema of its value: four bytes, big-endian.
pub const SCHEMA_HEADER: &str = "schema";

/// One record: an opaque value with a time, perhaps a key and headers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// When it happened, Unix milliseconds.
    pub at_ms: i64,
    /// What it is about, for topics kept by key.
    pub key: Option<Bytes>,
    /// The payload. A value that Kafka calls null is read as empty.
    pub value: Bytes,
    /// Names and values beside the payload.
    pub headers: Vec<Header>,
}

/// A name and a value beside a record's payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The name.
    pub name: String,
    /// The value; one that Kafka calls null is read as empty.
    pub value: Bytes,
}

impl Record {
    /// A record of a value.
    #[must_use]
    pub fn of(value: impl Into<Bytes>, at_ms: i64) -> Self {
        Self { at_ms, value: value.into(), ..Self::default() }
    }

    /// The same with the id of its value's schema.
    #[must_use]
    pub fn with_schema(mut self, schema: u32) -> Self {
        let value = Bytes::copy_from_slice(&schema.to_be_bytes());
        self.headers.push(Header { name: SCHEMA_HEADER.to_owned(), value });
        self
    }

    /// The schema id, if it carries one.
    #[must_use]
    pub fn schema(&self) -> Option<u32> {
        let header = self.headers.iter().find(|header| header.name == SCHEMA_HEADER)?;
        header.value.as_ref().try_into().ok().map(u32::from_be_bytes)
    }
}

/// Who wrote a batch and as which one: the log appends each stamp once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    writer: i64,
    epoch: i16,
    sequence: i32,
}

impl Stamp {
    /// A stamp; none if a part is beyond 63, 15 or 31 bits, the widths Kafka has for them.
    #[must_use]
    pub fn new(writer: u64, epoch: u16, sequence: u32) -> Option<Self> {
        Some(Self {
            writer: i64::try_from(writer).ok()?,
            epoch: i16::try_from(epoch).ok()?,
            sequence: i32::try_from(sequence).ok()?,
        })
    }

    /// The writer.
    #[must_use]
    pub fn writer(self) -> u64 {
        self.writer.unsigned_abs()
    }

    /// Which life of the writer.
    #[must_use]
    pub fn epoch(self) -> u16 {
        self.epoch.unsigned_abs()
    }

    /// Which batch of that life.
    #[must_use]
    pub fn sequence(self) -> u32 {
        self.sequence.unsigned_abs()
    }

    /// The stamp of the next batch; a new epoch when the sequences of this one are used up, none
    /// when the epochs are.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        match self.sequence.checked_add(1) {
            Some(sequence) => Some(Self { sequence, ..self }),
            None => self.next_epoch(),
        }
    }

    /// The first stamp of the writer's next life: what a restarted writer takes.
    #[must_use]
    pub fn next_epoch(self) -> Option<Self> {
        Some(Self { epoch: self.epoch.checked_add(1)?, sequence: 0, ..self })
    }
}

/// How the records of a batch are packed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// Not at all: right for values that are packed already.
    #[default]
    None,
    /// LZ4 frames.
    Lz4,
}

/// Records to be appended as one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// At least one.
    pub records: Vec<Record>,
    /// Makes repeating it harmless.
    pub stamp: Option<Stamp>,
    /// How they are packed in files; a log on Kafka has a setting for it.
    pub compression: Compression,
}

impl Batch {
    /// A batch of one record.
    #[must_use]
    pub fn one(record: Record) -> Self {
        Self { records: vec![record], ..Self::default() }
    }

    /// The same with a stamp.
    #[must_use]
    pub fn stamped(mut self, stamp: Stamp) -> Self {
        self.stamp = Some(stamp);
        self
    }

    /// The bytes of the batch, with offset 0.
    ///
    /// # Errors
    /// [`BatchError`] if it is empty or beyond a limit.
    pub fn encode(&self) -> Result<Vec<u8>, BatchError> {
        head::encode(self)
    }
}

/// Bytes that are no batch of ours, or records that cannot become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BatchError {
    /// No records.
    #[error("a batch without records")]
    Empty,
    /// Beyond [`BATCH_BYTES_MAX`] or [`UNPACKED_BYTES_MAX`].
    #[error("a batch beyond its limit of bytes")]
    TooLarge,
    /// Beyond [`RECORDS_MAX`] or [`HEADERS_MAX`].
    #[error("a batch beyond its limit of records or headers")]
    TooMany,
    /// The bytes end before the batch does.
    #[error("the bytes end before the batch does")]
    CutShort,
    /// The header contradicts itself.
    #[error("a batch header that cannot be: {0}")]
    Head(&'static str),
    /// The checksum does not match.
    #[error("the checksum does not match")]
    Checksum,
    /// Packed in a way we do not read.
    #[error("compression {0} is not read here")]
    Compression(u8),
    /// The records contradict the header or themselves.
    #[error("a record that cannot be: {0}")]
    Record(&'static str),
}

#[cfg(test)]
mod tests;
