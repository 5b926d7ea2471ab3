//! From chunks of bytes to lines, parts and the end.

use bytes::{Bytes, BytesMut};

use super::{LINE_BYTES_MAX, Line};
use crate::contract::PARTS_MAX;
use crate::protocol::{DecodeError, Decoded};

/// Cuts chunks into lines. Holds one unfinished line and the newest chunk, no more.
#[derive(Debug, Default)]
pub struct Lines {
    buffer: BytesMut,
    /// Bytes at the start of `buffer` known to hold no line end.
    scanned: usize,
}

impl Lines {
    /// Takes a chunk; take all lines by [`Lines::next_line`] before the next one.
    ///
    /// # Errors
    /// [`DecodeError::LineTooLong`] if what is held has no line end within the limit.
    pub fn push(&mut self, chunk: &[u8]) -> Result<(), DecodeError> {
        if self.buffer.len() > LINE_BYTES_MAX {
            return Err(DecodeError::LineTooLong(LINE_BYTES_MAX));
        }
        self.buffer.extend_from_slice(chunk);
        Ok(())
    }

    /// The next whole line without its end; blank lines are passed over.
    pub fn next_line(&mut self) -> Option<Bytes> {
        loop {
            let Some(found) = memchr::memchr(b'\n', &self.buffer[self.scanned..]) else {
                self.scanned = self.buffer.len();
                return None;
            };
            let line = self.buffer.split_to(self.scanned + found + 1).freeze();
            self.scanned = 0;
            let line = line.slice(..line.len() - 1);
            if !line.trim_ascii().is_empty() {
                return Some(line);
            }
        }
    }

    /// What is left when no chunk will follow: a last line without its end.
    pub fn rest(&mut self) -> Option<Bytes> {
        let rest = std::mem::take(&mut self.buffer).freeze();
        self.scanned = 0;
        (!rest.trim_ascii().is_empty()).then_some(rest)
    }
}

/// Follows one answer: counts its parts and knows when it is whole.
#[derive(Debug, Default)]
pub struct Feed {
    /// The lines.
    pub lines: Lines,
    parts: u32,
    ended: bool,
}

impl Feed {
    /// Takes a line as [`super::decode_line`] understood it; gives the part in it, if any. Lines
    /// after the end are ignored.
    ///
    /// # Errors
    /// [`DecodeError`] for too many parts, or an end that counts others than came.
    pub fn on_line(&mut self, line: Line) -> Result<Option<Decoded>, DecodeError> {
        if self.ended {
            return Ok(None);
        }
        match line {
            Line::Part(decoded) => {
                if self.parts >= PARTS_MAX {
                    return Err(DecodeError::TooManyParts(PARTS_MAX));
                }
                self.parts += 1;
                Ok(Some(*decoded))
            }
            Line::End { parts } if parts == self.parts => {
                self.ended = true;
                Ok(None)
            }
            Line::End { parts } => {
                Err(DecodeError::PartsMissing { announced: parts, received: self.parts })
            }
            Line::Other => Ok(None),
        }
    }

    /// Parts so far.
    #[must_use]
    pub const fn parts(&self) -> u32 {
        self.parts
    }

    /// Whether the answer is whole.
    #[must_use]
    pub const fn ended(&self) -> bool {
        self.ended
    }
}
