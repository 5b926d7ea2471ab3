//! The fixed 61 bytes before the records.

use super::{BATCH_BYTES_MAX, Batch, BatchError, Compression, RECORDS_MAX, Record, Stamp, records};

/// Bytes of the header.
pub const HEAD_BYTES: usize = 61;
/// Offset and length: what stands before the counted bytes.
pub(crate) const PLACE_BYTES: usize = 12;
/// Where the checksummed bytes begin.
const CHECKED_FROM: usize = 21;
const MAGIC: u8 = 2;
const LZ4: u16 = 3;
const COMPRESSION_BITS: u16 = 0b111;

/// The header of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchHead {
    /// Offset of the first record.
    pub base_offset: u64,
    /// Length of the whole batch, header included.
    pub bytes: usize,
    /// CRC-32C of what follows it.
    pub checksum: u32,
    /// How the records are packed.
    pub compression: Compression,
    /// Records, at least one.
    pub count: u32,
    /// Time of the first record, Unix milliseconds.
    pub base_ms: i64,
    /// Latest time of a record, Unix milliseconds.
    pub max_ms: i64,
    /// Who wrote it.
    pub stamp: Option<Stamp>,
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], BatchError> {
    let part = bytes.get(at..at + N).ok_or(BatchError::CutShort)?;
    part.try_into().map_err(|_| BatchError::CutShort)
}

impl BatchHead {
    /// Reads a header and checks that it can be one. The records are not looked at.
    ///
    /// # Errors
    /// [`BatchError`] naming what is wrong.
    pub fn read(bytes: &[u8]) -> Result<Self, BatchError> {
        if bytes.len() < HEAD_BYTES {
            return Err(BatchError::CutShort);
        }
        if bytes[16] != MAGIC {
            return Err(BatchError::Head("magic"));
        }
        let base_offset = u64::try_from(i64::from_be_bytes(field(bytes, 0)?))
            .map_err(|_| BatchError::Head("offset"))?;
        let length = usize::try_from(i32::from_be_bytes(field(bytes, 8)?))
            .map_err(|_| BatchError::Head("length"))?
            + PLACE_BYTES;
        if length < HEAD_BYTES {
            return Err(BatchError::Head("length"));
        }
        if length > BATCH_BYTES_MAX {
            return Err(BatchError::TooLarge);
        }
        // The leader epoch is outside the checksum and always zero here: a flipped bit is seen.
        if i32::from_be_bytes(field(bytes, 12)?) != 0 {
            return Err(BatchError::Head("leader epoch"));
        }
        let attributes = u16::from_be_bytes(field(bytes, 21)?);
        let compression = match attributes & COMPRESSION_BITS {
            0 => Compression::None,
            LZ4 => Compression::Lz4,
            other => return Err(BatchError::Compression(other as u8)),
        };
        if attributes & !COMPRESSION_BITS != 0 {
            return Err(BatchError::Head("attributes"));
        }
        let count = u32::from_be_bytes(field(bytes, 57)?);
        if count == 0 {
            return Err(BatchError::Empty);
        }
        if count as usize > RECORDS_MAX {
            return Err(BatchError::TooMany);
        }
        if u32::from_be_bytes(field(bytes, 23)?) != count - 1 {
            return Err(BatchError::Head("last offset"));
        }
        if base_offset.checked_add(u64::from(count)).is_none_or(|end| end > i64::MAX as u64) {
            return Err(BatchError::Head("offset"));
        }
        Ok(Self {
            base_offset,
            bytes: length,
            checksum: u32::from_be_bytes(field(bytes, 17)?),
            compression,
            count,
            base_ms: i64::from_be_bytes(field(bytes, 27)?),
            max_ms: i64::from_be_bytes(field(bytes, 35)?),
            stamp: read_stamp(bytes)?,
        })
    }

    /// Reads the header of a batch that stands at the front of the bytes, whole, and compares the
    /// checksum.
    ///
    /// # Errors
    /// [`BatchError`] naming what is wrong.
    pub fn verify(bytes: &[u8]) -> Result<Self, BatchError> {
        let head = Self::read(bytes)?;
        let batch = bytes.get(..head.bytes).ok_or(BatchError::CutShort)?;
        if checksum(&batch[CHECKED_FROM..]) != head.checksum {
            return Err(BatchError::Checksum);
        }
        Ok(head)
    }

    /// The offset after the last record.
    #[must_use]
    pub fn end_offset(&self) -> u64 {
        self.base_offset + u64::from(self.count)
    }
}

fn read_stamp(bytes: &[u8]) -> Result<Option<Stamp>, BatchError> {
    let stamp = Stamp {
        writer: i64::from_be_bytes(field(bytes, 43)?),
        epoch: i16::from_be_bytes(field(bytes, 51)?),
        sequence: i32::from_be_bytes(field(bytes, 53)?),
    };
    match stamp {
        Stamp { writer: -1, epoch: -1, sequence: -1 } => Ok(None),
        Stamp { writer: 0.., epoch: 0.., sequence: 0.. } => Ok(Some(stamp)),
        _ => Err(BatchError::Head("stamp")),
    }
}

/// CRC-32C.
pub(crate) fn checksum(bytes: &[u8]) -> u32 {
    crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32Iscsi, bytes) as u32
}

/// Gives a batch its place; the checksum leaves these bytes out.
pub(crate) fn set_base_offset(batch: &mut [u8], offset: u64) {
    if let Some(place) = batch.get_mut(..8) {
        place.copy_from_slice(&offset.to_be_bytes());
    }
}

pub(super) fn encode(batch: &Batch) -> Result<Vec<u8>, BatchError> {
    let count = batch.records.len();
    let Some(first) = batch.records.first() else { return Err(BatchError::Empty) };
    if count > RECORDS_MAX {
        return Err(BatchError::TooMany);
    }
    let base_ms = first.at_ms;
    let max_ms = batch.records.iter().map(|record| record.at_ms).max().unwrap_or(base_ms);
    let (attributes, body) = match batch.compression {
        Compression::None => (0, None),
        Compression::Lz4 => {
            let mut plain = Vec::new();
            records::encode(&batch.records, base_ms, &mut plain)?;
            (LZ4, Some(records::pack(&plain)?))
        }
    };
    let payload: usize = batch.records.iter().map(Record::bytes_max).sum();
    let mut bytes = Vec::with_capacity(HEAD_BYTES + body.as_ref().map_or(payload, Vec::len));
    bytes.extend_from_slice(&[0; PLACE_BYTES]);
    bytes.extend_from_slice(&0_i32.to_be_bytes());
    bytes.push(MAGIC);
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(&attributes.to_be_bytes());
    bytes.extend_from_slice(&(count as u32 - 1).to_be_bytes());
    bytes.extend_from_slice(&base_ms.to_be_bytes());
    bytes.extend_from_slice(&max_ms.to_be_bytes());
    let stamp = batch.stamp.unwrap_or(Stamp { writer: -1, epoch: -1, sequence: -1 });
    bytes.extend_from_slice(&stamp.writer.to_be_bytes());
    bytes.extend_from_slice(&stamp.epoch.to_be_bytes());
    bytes.extend_from_slice(&stamp.sequence.to_be_bytes());
    bytes.extend_from_slice(&(count as u32).to_be_bytes());
    match body {
        Some(body) => bytes.extend_from_slice(&body),
        None => records::encode(&batch.records, base_ms, &mut bytes)?,
    }
    if bytes.len() > BATCH_BYTES_MAX {
        return Err(BatchError::TooLarge);
    }
    let length = (bytes.len() - PLACE_BYTES) as u32;
    bytes[8..PLACE_BYTES].copy_from_slice(&length.to_be_bytes());
    let sum = checksum(&bytes[CHECKED_FROM..]);
    bytes[17..CHECKED_FROM].copy_from_slice(&sum.to_be_bytes());
    Ok(bytes)
}
