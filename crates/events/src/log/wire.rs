//! What a reader of a log is answered, as bytes for a wire.
//!
//! Flows in: what [`ReadLog::read`](super::ReadLog::read) gives; flows out: a frame, and back. Batches
//! travel as they lie on disk, and their checksums are compared again at the other end, so nothing
//! between can change a record unseen. Pure: sockets are elsewhere.
//!
//! Frame: mark and version, a kind, two numbers in big-endian order, then what the kind says:
//!
//! | kind | numbers | then |
//! |---|---|---|
//! | 0: batches | where to read next, how many | the batches |
//! | 1: gone | the first offset there is, 0 | |
//! | 2: beyond | the end, 0 | |
//! | 3: lost | first offset, offset after the last | first byte, byte after the last, name of the file |
//! | 4: unreadable | 0, 0 | the reason |
//!
//! Limits: [`FRAME_BYTES_MAX`]; counts are compared with bytes before memory is claimed.

use std::ops::Range;

use bytes::Bytes;
use thiserror::Error;

use super::batch::{BATCH_BYTES_MAX, BatchError, BatchHead, HEAD_BYTES};
use super::contract::{Fetched, StoredBatch};
use super::error::{LogError, Lost};

/// Longest frame: one longest batch, or as many as fit.
pub const FRAME_BYTES_MAX: usize = BATCH_BYTES_MAX + HEAD;
/// Longest name or reason.
const TEXT_BYTES_MAX: usize = 1_024;
const MAGIC: &[u8; 8] = b"fwread\x00\x01";
/// Mark, kind, two numbers.
const HEAD: usize = 8 + 1 + 16;

/// The bytes are no answer to a reader.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WireError {
    /// They begin otherwise.
    #[error("not an answer of a log")]
    Kind,
    /// They end too soon, or go on after the end.
    #[error("the answer of the log is of the wrong length")]
    Length,
    /// A batch is none, or is damaged.
    #[error("a batch of the log's answer is refused: {0}")]
    Batch(#[from] BatchError),
    /// The batches do not follow each other as the answer says.
    #[error("the batches of the log's answer are out of order")]
    Order,
}

/// Writes an answer.
#[must_use]
pub fn encode(answer: &Result<Fetched, LogError>) -> Vec<u8> {
    let (kind, numbers) = match answer {
        Ok(fetched) => (0, [fetched.next, fetched.batches.len() as u64]),
        Err(LogError::Gone { start }) => (1, [*start, 0]),
        Err(LogError::Beyond { end }) => (2, [*end, 0]),
        Err(LogError::Lost(lost)) => (3, [lost.offsets.start, lost.offsets.end]),
        Err(_) => (4, [0, 0]),
    };
    let mut bytes = MAGIC.to_vec();
    bytes.push(kind);
    numbers.iter().for_each(|number| bytes.extend_from_slice(&number.to_be_bytes()));
    match answer {
        Ok(fetched) => {
            bytes.reserve(fetched.batches.iter().map(|batch| batch.bytes().len()).sum());
            fetched.batches.iter().for_each(|batch| bytes.extend_from_slice(batch.bytes()));
        }
        Err(LogError::Lost(lost)) => {
            for number in [lost.bytes.start, lost.bytes.end] {
                bytes.extend_from_slice(&number.to_be_bytes());
            }
            put_text(&mut bytes, &lost.file);
        }
        Err(LogError::Gone { .. } | LogError::Beyond { .. }) => {}
        Err(LogError::Unreadable(reason)) => put_text(&mut bytes, reason),
        Err(error) => put_text(&mut bytes, &error.to_string()),
    }
    bytes
}

/// Reads what [`encode`] wrote. Other errors than those of a reader come back as
/// [`LogError::Unreadable`].
///
/// # Errors
/// [`WireError`] for any other bytes.
pub fn decode(bytes: &Bytes) -> Result<Result<Fetched, LogError>, WireError> {
    let head = bytes.get(..HEAD).ok_or(WireError::Length)?;
    let (magic, rest) = head.split_at(MAGIC.len());
    if magic != MAGIC {
        return Err(WireError::Kind);
    }
    let [one, other] = [number(rest, 1)?, number(rest, 9)?];
    let body = bytes.slice(HEAD..);
    let empty = |error| if body.is_empty() { Ok(Err(error)) } else { Err(WireError::Length) };
    match rest[0] {
        0 => read_batches(&body, one, other).map(Ok),
        1 => empty(LogError::Gone { start: one }),
        2 => empty(LogError::Beyond { end: one }),
        3 => {
            let lost = Lost {
                offsets: range(one, other)?,
                bytes: range(number(&body, 0)?, number(&body, 8)?)?,
                file: text(body.get(16..).unwrap_or_default())?,
            };
            Ok(Err(LogError::Lost(lost)))
        }
        4 => Ok(Err(LogError::Unreadable(text(&body)?))),
        _ => Err(WireError::Kind),
    }
}

fn read_batches(body: &Bytes, next: u64, count: u64) -> Result<Fetched, WireError> {
    if count > (body.len() / HEAD_BYTES) as u64 {
        return Err(WireError::Length);
    }
    let (mut at, mut batches) = (0, Vec::<StoredBatch>::with_capacity(count as usize));
    for _ in 0..count {
        let head = BatchHead::verify(body.get(at..).ok_or(WireError::Length)?)?;
        if batches.last().is_some_and(|before| head.base_offset < before.offsets().end) {
            return Err(WireError::Order);
        }
        let end = at + head.bytes;
        batches.push(StoredBatch::new(head, body.slice(at..end)));
        at = end;
    }
    if at != body.len() {
        return Err(WireError::Length);
    }
    if batches.last().is_some_and(|last| next < last.offsets().end) {
        return Err(WireError::Order);
    }
    Ok(Fetched { batches, next })
}

fn number(bytes: &[u8], at: usize) -> Result<u64, WireError> {
    let bytes = bytes.get(at..).and_then(|rest| rest.first_chunk()).ok_or(WireError::Length)?;
    Ok(u64::from_be_bytes(*bytes))
}

fn range(start: u64, end: u64) -> Result<Range<u64>, WireError> {
    if start <= end { Ok(start..end) } else { Err(WireError::Order) }
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    let end = text.floor_char_boundary(TEXT_BYTES_MAX);
    bytes.extend_from_slice(&text.as_bytes()[..end]);
}

fn text(bytes: &[u8]) -> Result<String, WireError> {
    if bytes.len() > TEXT_BYTES_MAX {
        return Err(WireError::Length);
    }
    Ok(String::from_utf8_lossy(bytes).into_owned())
}

#[cfg(test)]
mod tests;
