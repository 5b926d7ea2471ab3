//! A JSON reader made for partner answers: many short texts, most of them skipped.
//!
//! Drives the same visitors as serde_json and accepts the same documents (a property test compares
//! them, damage included), with two differences: the whole document must be UTF-8, and nesting beyond
//! [`DEPTH_MAX`] is refused in skipped values too. Skipping checks the grammar without recursion, so
//! no document can exhaust the stack.
//!
//! Cost: one pass over the bytes, eight at a time within texts; texts without escapes are borrowed.
//! `cargo xtask bench search --parts b` compares it with sonic-rs into owned structs.

use std::fmt;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;

mod number;
#[cfg(test)]
mod tests;
mod text;

use crate::protocol::read::SLOTS;

/// Levels of nesting.
pub(crate) const DEPTH_MAX: u32 = 127;

/// Why a document is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScanError {
    Ended,
    Unexpected,
    ControlCharacter,
    BadEscape,
    BadNumber,
    TooDeep,
    Trailing,
    Refused,
}

impl fmt::Display for ScanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ended => "it ends too early",
            Self::Unexpected => "an unexpected character",
            Self::ControlCharacter => "a control character in a text",
            Self::BadEscape => "an escape that means nothing",
            Self::BadNumber => "a number that is none, or too large",
            Self::TooDeep => "nested too deep",
            Self::Trailing => "something follows the end",
            Self::Refused => "a value that does not fit",
        })
    }
}

impl std::error::Error for ScanError {}

impl Error for ScanError {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::Refused
    }
}

/// Reads one document.
pub(crate) struct Scanner<'de> {
    text: &'de str,
    bytes: &'de [u8],
    at: usize,
    depth: u32,
    /// Where the last value of each slot of [`SLOTS`] stands.
    last: [(usize, usize); SLOTS.len()],
}

impl<'de> Scanner<'de> {
    pub(crate) fn new(text: &'de str) -> Self {
        Self { text, bytes: text.as_bytes(), at: 0, depth: 0, last: [(0, 0); SLOTS.len()] }
    }

    /// Bytes read so far: where an error is.
    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    /// Makes sure that nothing follows.
    pub(crate) fn end(&mut self) -> Result<(), ScanError> {
        match self.peek() {
            Err(_) => Ok(()),
            Ok(_) => Err(ScanError::Trailing),
        }
    }

    /// The next byte that is not white space, not consumed.
    #[inline(always)]
    fn peek(&mut self) -> Result<u8, ScanError> {
        match self.bytes.get(self.at) {
            Some(&byte) if byte > b' ' => Ok(byte),
            _ => self.peek_after_space(),
        }
    }

    #[cold]
    fn peek_after_space(&mut self) -> Result<u8, ScanError> {
        while let Some(&byte) = self.bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Ok(byte);
            }
            self.at += 1;
        }
        Err(ScanError::Ended)
    }

    /// Consumes a wanted byte after white space.
    #[inline(always)]
    fn expect(&mut self, wanted: u8) -> Result<(), ScanError> {
        if self.peek()? != wanted {
            return Err(ScanError::Unexpected);
        }
        self.at += 1;
        Ok(())
    }

    /// Consumes a literal.
    #[inline]
    fn literal(&mut self, wanted: &[u8]) -> Result<(), ScanError> {
        if !self.bytes[self.at..].starts_with(wanted) {
            return Err(ScanError::Unexpected);
        }
        self.at += wanted.len();
        Ok(())
    }

    /// Enters an object or list.
    #[inline]
    fn descend(&mut self) -> Result<(), ScanError> {
        self.at += 1;
        self.depth += 1;
        if self.depth > DEPTH_MAX { Err(ScanError::TooDeep) } else { Ok(()) }
    }

    /// Passes over one value, checking its grammar, without recursion.
    fn skip_value(&mut self) -> Result<(), ScanError> {
        // One bit a level, the innermost lowest: 1 is an object, 0 a list.
        let (mut open, mut depth) = (0_u128, 0_u32);
        loop {
            match self.peek()? {
                b'"' => self.skip_string()?,
                byte @ (b'{' | b'[') => {
                    self.at += 1;
                    let is_object = byte == b'{';
                    if self.peek()? == if is_object { b'}' } else { b']' } {
                        self.at += 1;
                    } else {
                        depth += 1;
                        if self.depth + depth > DEPTH_MAX {
                            return Err(ScanError::TooDeep);
                        }
                        open = open << 1 | u128::from(is_object);
                        if is_object {
                            self.skip_key()?;
                        }
                        continue;
                    }
                }
                b't' => self.literal(b"true")?,
                b'f' => self.literal(b"false")?,
                b'n' => self.literal(b"null")?,
                _ => self.skip_number()?,
            }
            loop {
                if depth == 0 {
                    return Ok(());
                }
                let is_object = open & 1 == 1;
                match self.peek()? {
                    b',' => {
                        self.at += 1;
                        if is_object {
                            self.skip_key()?;
                        }
                        break;
                    }
                    b'}' if is_object => {}
                    b']' if !is_object => {}
                    _ => return Err(ScanError::Unexpected),
                }
                self.at += 1;
                depth -= 1;
                open >>= 1;
            }
        }
    }

    fn skip_key(&mut self) -> Result<(), ScanError> {
        if self.peek()? != b'"' {
            return Err(ScanError::Unexpected);
        }
        self.skip_string()?;
        self.expect(b':')
    }
}

impl<'de> Deserializer<'de> for &mut Scanner<'de> {
    type Error = ScanError;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ScanError> {
        match self.peek()? {
            b'"' => match self.plain_string() {
                Some(text) => visitor.visit_borrowed_str(text),
                None => visitor.visit_string(self.string_with_escapes()?),
            },
            b'{' => {
                self.descend()?;
                let mut access = Access { scanner: self, first: true, ended: false };
                let value = visitor.visit_map(&mut access)?;
                access.close().map(|()| value)
            }
            b'[' => {
                self.descend()?;
                let mut access = Access { scanner: self, first: true, ended: false };
                let value = visitor.visit_seq(&mut access)?;
                access.close().map(|()| value)
            }
            b't' => self.literal(b"true").and_then(|()| visitor.visit_bool(true)),
            b'f' => self.literal(b"false").and_then(|()| visitor.visit_bool(false)),
            b'n' => self.literal(b"null").and_then(|()| visitor.visit_unit()),
            _ => self.number(visitor),
        }
    }

    /// A newtype struct named like a slot is a value that often repeats: if it stands here exactly as
    /// it last did, the visitor is told by `visit_unit` and nothing is read.
    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ScanError> {
        let Some(slot) = SLOTS.iter().position(|slot| *slot == name) else {
            return visitor.visit_newtype_struct(self);
        };
        self.peek()?;
        let start = self.at;
        let (from, to) = self.last[slot];
        let end = start + (to - from);
        // A number may go on after what it last was, so the value must be seen to end.
        if to > from
            && self.bytes[start..].starts_with(&self.bytes[from..to])
            && matches!(self.bytes.get(end), Some(b',' | b'}' | b']'))
        {
            self.at = end;
            return visitor.visit_unit();
        }
        let value = visitor.visit_newtype_struct(&mut *self)?;
        self.last[slot] = (start, self.at);
        Ok(value)
    }

    #[inline]
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ScanError> {
        self.skip_value()?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct seq tuple tuple_struct map struct enum identifier
    }
}

/// What is left of an object or list.
struct Access<'a, 'de> {
    scanner: &'a mut Scanner<'de>,
    first: bool,
    ended: bool,
}

impl Access<'_, '_> {
    /// Moves to the next item, or past the closing byte, once.
    #[inline(always)]
    fn advance(&mut self, closing: u8) -> Result<bool, ScanError> {
        // A visitor may ask again after the end; what follows then is not its own.
        if self.ended {
            return Ok(false);
        }
        let byte = self.scanner.peek()?;
        if byte == closing {
            self.scanner.at += 1;
            self.scanner.depth -= 1;
            self.ended = true;
            return Ok(false);
        }
        if std::mem::take(&mut self.first) {
            return Ok(true);
        }
        if byte != b',' {
            return Err(ScanError::Unexpected);
        }
        self.scanner.at += 1;
        Ok(true)
    }

    /// Makes sure the visitor read everything.
    #[inline]
    fn close(self) -> Result<(), ScanError> {
        if self.ended { Ok(()) } else { Err(ScanError::Refused) }
    }
}

impl<'de> MapAccess<'de> for &mut Access<'_, 'de> {
    type Error = ScanError;

    #[inline(always)]
    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, ScanError> {
        if !self.advance(b'}')? {
            return Ok(None);
        }
        let scanner = &mut *self.scanner;
        if scanner.peek()? != b'"' {
            return Err(ScanError::Unexpected);
        }
        let Some(key) = scanner.plain_string() else {
            let key = scanner.string_with_escapes()?;
            scanner.expect(b':')?;
            return seed.deserialize(key.into_deserializer()).map(Some);
        };
        scanner.expect(b':')?;
        seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some)
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ScanError> {
        seed.deserialize(&mut *self.scanner)
    }
}

impl<'de> SeqAccess<'de> for &mut Access<'_, 'de> {
    type Error = ScanError;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ScanError> {
        if !self.advance(b']')? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.scanner).map(Some)
    }
}
