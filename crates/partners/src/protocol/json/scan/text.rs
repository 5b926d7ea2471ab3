//! Texts: found eight bytes at a time, borrowed unless they hold an escape.

use super::{ScanError, Scanner};

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Marks the high bit of bytes that end a plain stretch: a quote, a backslash, a control character.
/// Bytes above the lowest marked one may be marked wrongly; the lowest is right.
#[inline(always)]
const fn stops(word: u64) -> u64 {
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    let is_quote = quote.wrapping_sub(ONES) & !quote;
    let is_backslash = backslash.wrapping_sub(ONES) & !backslash;
    let is_control = word.wrapping_sub(ONES * 0x20) & !word;
    (is_quote | is_backslash | is_control) & HIGH
}

impl<'de> Scanner<'de> {
    /// Where the plain stretch from `from` on ends: at a quote, a backslash, a control character, or
    /// the end of the document.
    #[inline(always)]
    fn plain_end(&self, from: usize) -> usize {
        let mut at = from;
        while let Some(chunk) = self.bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
            let stops = stops(u64::from_le_bytes(*chunk));
            if stops != 0 {
                return at + (stops.trailing_zeros() / 8) as usize;
            }
            at += 8;
        }
        self.plain_end_of_rest(at)
    }

    #[cold]
    fn plain_end_of_rest(&self, from: usize) -> usize {
        let is_stop = |&byte: &u8| byte == b'"' || byte == b'\\' || byte < b' ';
        let rest = self.bytes.get(from..).unwrap_or_default();
        from + rest.iter().position(is_stop).unwrap_or(rest.len())
    }

    /// Reads a text without escapes; `at` stands on its opening quote. `None` leaves everything as
    /// it is: then [`Scanner::string_with_escapes`] knows what to do.
    #[inline(always)]
    pub(super) fn plain_string(&mut self) -> Option<&'de str> {
        let start = self.at + 1;
        let end = self.plain_end(start);
        if self.bytes.get(end) != Some(&b'"') {
            return None;
        }
        self.at = end + 1;
        // Both ends stand beside a quote, so they are boundaries of characters.
        self.text.get(start..end)
    }

    /// Reads a text that has escapes, or is none; `at` stands on its opening quote.
    #[cold]
    pub(super) fn string_with_escapes(&mut self) -> Result<String, ScanError> {
        let mut text = String::new();
        self.at += 1;
        loop {
            let start = self.at;
            let end = self.plain_end(start);
            text.push_str(self.text.get(start..end).ok_or(ScanError::Unexpected)?);
            self.at = end + 1;
            match self.bytes.get(end) {
                Some(b'"') => return Ok(text),
                Some(b'\\') => text.push(self.escape()?),
                Some(_) => return Err(ScanError::ControlCharacter),
                None => return Err(ScanError::Ended),
            }
        }
    }

    /// Reads what follows a backslash.
    fn escape(&mut self) -> Result<char, ScanError> {
        let &byte = self.bytes.get(self.at).ok_or(ScanError::Ended)?;
        self.at += 1;
        Ok(match byte {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode_escape(),
            _ => return Err(ScanError::BadEscape),
        })
    }

    fn unicode_escape(&mut self) -> Result<char, ScanError> {
        let first = self.hex()?;
        if !(0xD800..0xE000).contains(&first) {
            return char::from_u32(first).ok_or(ScanError::BadEscape);
        }
        // A pair of surrogates stands for one character; half a pair for none.
        if first >= 0xDC00 || !self.bytes[self.at..].starts_with(b"\\u") {
            return Err(ScanError::BadEscape);
        }
        self.at += 2;
        let second = self.hex()?;
        if !(0xDC00..0xE000).contains(&second) {
            return Err(ScanError::BadEscape);
        }
        let code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
        char::from_u32(code).ok_or(ScanError::BadEscape)
    }

    fn hex(&mut self) -> Result<u32, ScanError> {
        let digits = self.bytes[self.at..].first_chunk::<4>().ok_or(ScanError::Ended)?;
        let mut value = 0;
        for &digit in digits {
            let digit = char::from(digit).to_digit(16).ok_or(ScanError::BadEscape)?;
            value = value << 4 | digit;
        }
        self.at += 4;
        Ok(value)
    }

    /// Passes over a text; `at` stands on its opening quote.
    #[inline(always)]
    pub(super) fn skip_string(&mut self) -> Result<(), ScanError> {
        let end = self.plain_end(self.at + 1);
        if self.bytes.get(end) == Some(&b'"') {
            self.at = end + 1;
            return Ok(());
        }
        self.skip_string_with_escapes(end)
    }

    /// Goes on passing over a text from its first stop. Half a pair of surrogates passes, as nobody
    /// reads it.
    #[cold]
    fn skip_string_with_escapes(&mut self, first_stop: usize) -> Result<(), ScanError> {
        let mut end = first_stop;
        loop {
            self.at = end + 1;
            match self.bytes.get(end) {
                Some(b'"') => return Ok(()),
                Some(b'\\') if self.bytes.get(self.at) == Some(&b'u') => {
                    self.at += 1;
                    self.hex()?;
                }
                Some(b'\\') => drop(self.escape()?),
                Some(_) => return Err(ScanError::ControlCharacter),
                None => return Err(ScanError::Ended),
            }
            end = self.plain_end(self.at);
        }
    }
}
