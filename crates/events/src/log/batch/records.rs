//! The records of a batch.

use std::io::{Read, Write};

use bytes::Bytes;
use lz4_flex::frame::{BlockMode, BlockSize, FrameDecoder, FrameEncoder, FrameInfo};

use super::{
    BATCH_BYTES_MAX, BatchError, BatchHead, Compression, HEAD_BYTES, HEADERS_MAX, Header, Record,
    UNPACKED_BYTES_MAX, varint,
};

impl Record {
    /// Bytes it needs at most in an unpacked batch.
    pub(crate) fn bytes_max(&self) -> usize {
        let headers: usize =
            self.headers.iter().map(|header| header.name.len() + header.value.len() + 10).sum();
        40 + self.key.as_ref().map_or(0, Bytes::len) + self.value.len() + headers
    }
}

pub(super) fn encode(
    records: &[Record],
    base_ms: i64,
    bytes: &mut Vec<u8>,
) -> Result<(), BatchError> {
    for (index, record) in records.iter().enumerate() {
        if record.headers.len() > HEADERS_MAX {
            return Err(BatchError::TooMany);
        }
        if bytes.len() + record.bytes_max() > UNPACKED_BYTES_MAX {
            return Err(BatchError::TooLarge);
        }
        let elapsed = record.at_ms.wrapping_sub(base_ms);
        varint::put(bytes, size(record, elapsed, index as i64) as i64);
        bytes.push(0);
        varint::put(bytes, elapsed);
        varint::put(bytes, index as i64);
        match &record.key {
            Some(key) => put_bytes(bytes, key),
            None => varint::put(bytes, -1),
        }
        put_bytes(bytes, &record.value);
        varint::put(bytes, record.headers.len() as i64);
        for header in &record.headers {
            put_bytes(bytes, header.name.as_bytes());
            put_bytes(bytes, &header.value);
        }
    }
    Ok(())
}

fn put_bytes(bytes: &mut Vec<u8>, part: &[u8]) {
    varint::put(bytes, part.len() as i64);
    bytes.extend_from_slice(part);
}

fn size(record: &Record, elapsed: i64, index: i64) -> usize {
    let part = |length: usize| varint::size(length as i64) + length;
    let key = record.key.as_ref().map_or(1, |key| part(key.len()));
    let headers: usize = record
        .headers
        .iter()
        .map(|header| part(header.name.len()) + part(header.value.len()))
        .sum();
    let count = varint::size(record.headers.len() as i64);
    1 + varint::size(elapsed)
        + varint::size(index)
        + key
        + part(record.value.len())
        + count
        + headers
}

/// Packs records as LZ4 frames, in the form Kafka's own clients write: independent blocks of 64 KiB.
pub(super) fn pack(plain: &[u8]) -> Result<Vec<u8>, BatchError> {
    let form = FrameInfo::new().block_size(BlockSize::Max64KB).block_mode(BlockMode::Independent);
    let mut encoder = FrameEncoder::with_frame_info(form, Vec::new());
    encoder.write_all(plain).map_err(|_| BatchError::TooLarge)?;
    let packed = encoder.finish().map_err(|_| BatchError::TooLarge)?;
    if packed.len() > BATCH_BYTES_MAX { Err(BatchError::TooLarge) } else { Ok(packed) }
}

fn unpack(packed: &[u8]) -> Result<Bytes, BatchError> {
    let mut plain = Vec::new();
    let limit = UNPACKED_BYTES_MAX as u64 + 1;
    FrameDecoder::new(packed)
        .take(limit)
        .read_to_end(&mut plain)
        .map_err(|_| BatchError::Record("unreadable LZ4"))?;
    if plain.len() > UNPACKED_BYTES_MAX {
        return Err(BatchError::TooLarge);
    }
    Ok(plain.into())
}

/// The records of a whole batch whose checksum was compared before.
///
/// # Errors
/// [`BatchError`] if they contradict the header or themselves.
pub fn decode_records(batch: &Bytes) -> Result<Vec<Record>, BatchError> {
    let head = BatchHead::read(batch)?;
    if batch.len() < head.bytes {
        return Err(BatchError::CutShort);
    }
    let body = batch.slice(HEAD_BYTES..head.bytes);
    let body = match head.compression {
        Compression::None => body,
        Compression::Lz4 => unpack(&body)?,
    };
    // Seven bytes are the shortest record: a count cannot make us reserve more than there is.
    let mut records = Vec::with_capacity((head.count as usize).min(body.len() / 7));
    let mut rest = body.as_ref();
    for index in 0..i64::from(head.count) {
        let length = length(&mut rest)?.ok_or(BatchError::Record("no length"))?;
        let (mut one, after) =
            rest.split_at_checked(length).ok_or(BatchError::Record("cut short"))?;
        records.push(decode_one(&mut one, &body, head.base_ms, index)?);
        rest = after;
    }
    if !rest.is_empty() {
        return Err(BatchError::Record("bytes after the last one"));
    }
    Ok(records)
}

fn decode_one(
    rest: &mut &[u8],
    body: &Bytes,
    base_ms: i64,
    index: i64,
) -> Result<Record, BatchError> {
    let (_attributes, after) = rest.split_first().ok_or(BatchError::Record("cut short"))?;
    *rest = after;
    let at_ms = base_ms.wrapping_add(varint::take(rest)?);
    if varint::take(rest)? != index {
        return Err(BatchError::Record("offsets out of order"));
    }
    let key = part(rest, body)?;
    let value = part(rest, body)?.unwrap_or_default();
    let count =
        usize::try_from(varint::take(rest)?).map_err(|_| BatchError::Record("a negative count"))?;
    if count > HEADERS_MAX {
        return Err(BatchError::TooMany);
    }
    let mut headers = Vec::with_capacity(count);
    for _ in 0..count {
        let name = part(rest, body)?.ok_or(BatchError::Record("a header without a name"))?;
        let name = str::from_utf8(&name).map_err(|_| BatchError::Record("a header's name"))?;
        headers
            .push(Header { name: name.to_owned(), value: part(rest, body)?.unwrap_or_default() });
    }
    if !rest.is_empty() {
        return Err(BatchError::Record("bytes after its end"));
    }
    Ok(Record { at_ms, key, value, headers })
}

fn length(rest: &mut &[u8]) -> Result<Option<usize>, BatchError> {
    match varint::take(rest)? {
        -1 => Ok(None),
        length => {
            usize::try_from(length).map(Some).map_err(|_| BatchError::Record("a negative length"))
        }
    }
}

/// Takes a length and that many bytes, as a part of `body` and without copying.
fn part(rest: &mut &[u8], body: &Bytes) -> Result<Option<Bytes>, BatchError> {
    let Some(length) = length(rest)? else { return Ok(None) };
    let (bytes, after) = rest.split_at_checked(length).ok_or(BatchError::Record("cut short"))?;
    *rest = after;
    Ok(Some(body.slice_ref(bytes)))
}
