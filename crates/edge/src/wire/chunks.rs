//! A body in chunks: RFC 9112, section 7.1. Extensions of chunks are passed over.

use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue};
use httparse::{EMPTY_HEADER, Status};

use super::WireError;

/// Longest line with a chunk's size.
const SIZE_BYTES_MAX: usize = 4 << 10;
/// Largest trailers.
const TRAILERS_BYTES_MAX: usize = 16 << 10;
/// Lines of trailers.
const TRAILERS_MAX: usize = 32;

/// How far a body was read.
#[derive(Debug, Default)]
pub(super) enum Chunks {
    /// A size comes next.
    #[default]
    Size,
    /// So many bytes of a chunk.
    Data(u64),
    /// The end of its line.
    AfterData,
    /// Trailers, and the end.
    Trailers,
}

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    Data(Bytes),
    /// The end, with these trailers.
    End(HeaderMap),
    /// More is needed.
    More,
}

impl Chunks {
    /// Takes the next piece out of a buffer.
    pub(super) fn next(&mut self, buffer: &mut BytesMut) -> Result<Step, WireError> {
        loop {
            match self {
                // The library takes a line without a digit for the size of the last chunk.
                Self::Size if buffer.first().is_some_and(|first| !first.is_ascii_hexdigit()) => {
                    return Err(WireError::Wrong("the size of a chunk is none"));
                }
                Self::Size => match httparse::parse_chunk_size(buffer) {
                    Ok(Status::Complete((line, size))) => {
                        buffer.advance(line);
                        *self = if size == 0 { Self::Trailers } else { Self::Data(size) };
                    }
                    Ok(Status::Partial) if buffer.len() <= SIZE_BYTES_MAX => return Ok(Step::More),
                    _ => return Err(WireError::Wrong("the size of a chunk is none")),
                },
                Self::Data(left) => {
                    if buffer.is_empty() {
                        return Ok(Step::More);
                    }
                    let bytes = (*left).min(buffer.len() as u64);
                    let data = buffer.split_to(bytes as usize).freeze();
                    *self =
                        if bytes == *left { Self::AfterData } else { Self::Data(*left - bytes) };
                    return Ok(Step::Data(data));
                }
                Self::AfterData => {
                    if buffer.len() < 2 {
                        return Ok(Step::More);
                    }
                    if !buffer.starts_with(b"\r\n") {
                        return Err(WireError::Wrong("a chunk is longer than its size"));
                    }
                    buffer.advance(2);
                    *self = Self::Size;
                }
                Self::Trailers => return trailers(buffer),
            }
        }
    }
}

fn trailers(buffer: &mut BytesMut) -> Result<Step, WireError> {
    let mut lines = [EMPTY_HEADER; TRAILERS_MAX];
    let wrong = || WireError::Wrong("its trailers are none");
    let (bytes, lines) = match httparse::parse_headers(buffer, &mut lines) {
        Ok(Status::Complete(parsed)) => parsed,
        Ok(Status::Partial) if buffer.len() <= TRAILERS_BYTES_MAX => return Ok(Step::More),
        _ => return Err(wrong()),
    };
    let mut trailers = HeaderMap::new();
    for line in lines {
        let name = HeaderName::from_bytes(line.name.as_bytes());
        let value = HeaderValue::from_bytes(line.value);
        let (Ok(name), Ok(value)) = (name, value) else { return Err(wrong()) };
        trailers.append(name, value);
    }
    buffer.advance(bytes);
    Ok(Step::End(trailers))
}

#[cfg(test)]
mod tests;
