//! Writes JSON by pushing bytes; nothing in between.
//!
//! A [`Json`] puts commas by itself: a value or key that does not follow `{`, `[` or `:` gets one.
//! Keys are literals of ours and are written as they stand; texts are escaped.
//!
//! It does not check that brackets match: every renderer has a test that parses what it wrote.
//! Cost: no allocation besides the growing buffer; a 20 KB page is a few microseconds.

/// JSON under construction.
#[derive(Debug, Default)]
pub struct Json {
    bytes: Vec<u8>,
}

impl Json {
    /// An empty text with room for `capacity` bytes.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { bytes: Vec::with_capacity(capacity) }
    }

    /// The finished text.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// A text of fixed length that needs no escaping.
    #[inline(always)]
    pub fn code<const N: usize>(&mut self, text: [u8; N]) -> &mut Self {
        self.comma();
        self.bytes.push(b'"');
        self.bytes.extend_from_slice(&text);
        self.bytes.push(b'"');
        self
    }

    /// Bytes as they stand, without a comma: pieces of an object whose members are always there.
    #[inline(always)]
    pub fn put(&mut self, piece: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(piece);
        self
    }

    /// A whole number as it stands, without a comma.
    #[inline]
    pub fn put_number(&mut self, number: impl itoa::Integer) -> &mut Self {
        self.put(itoa::Buffer::new().format(number).as_bytes())
    }

    /// The inside of a text, escaped, without quotes.
    #[inline]
    pub fn put_escaped(&mut self, text: &str) -> &mut Self {
        push_escaped(&mut self.bytes, text.as_bytes());
        self
    }

    /// Begins a list item or member: a comma, if one is needed.
    #[inline]
    pub fn item(&mut self) -> &mut Self {
        self.comma();
        self
    }

    /// What was written, to add to it.
    #[inline]
    pub fn bytes_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Bytes so far.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    #[inline]
    fn comma(&mut self) {
        if let Some(last) = self.bytes.last()
            && !matches!(last, b'{' | b'[' | b':')
        {
            self.bytes.push(b',');
        }
    }

    /// A key; the value comes next.
    #[inline]
    pub fn key(&mut self, key: &str) -> &mut Self {
        self.comma();
        self.bytes.push(b'"');
        self.bytes.extend_from_slice(key.as_bytes());
        self.bytes.extend_from_slice(b"\":");
        self
    }

    /// A key given as `"key":` and `,"key":` by [`key!`](crate::key). Both are literals, so that
    /// whichever fits is one copy of known length.
    #[inline(always)]
    pub fn key_literal(&mut self, first: &'static [u8], other: &'static [u8]) -> &mut Self {
        match self.bytes.last() {
            None | Some(b'{') => self.bytes.extend_from_slice(first),
            Some(_) => self.bytes.extend_from_slice(other),
        }
        self
    }

    /// A key that is not a literal: escaped.
    pub fn key_text(&mut self, key: &str) -> &mut Self {
        self.text(key);
        self.bytes.push(b':');
        self
    }

    /// Begins an object, writes its members and ends it.
    pub fn object(&mut self, members: impl FnOnce(&mut Self)) -> &mut Self {
        self.comma();
        self.bytes.push(b'{');
        members(self);
        self.bytes.push(b'}');
        self
    }

    /// Begins a list, writes its items and ends it.
    pub fn list(&mut self, items: impl FnOnce(&mut Self)) -> &mut Self {
        self.comma();
        self.bytes.push(b'[');
        items(self);
        self.bytes.push(b']');
        self
    }

    /// A text, escaped.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.comma();
        self.bytes.push(b'"');
        push_escaped(&mut self.bytes, text.as_bytes());
        self.bytes.push(b'"');
        self
    }

    /// A text that needs no escaping: codes, numbers, times, ids of ours.
    #[inline]
    pub fn plain(&mut self, text: &[u8]) -> &mut Self {
        debug_assert!(!text.iter().copied().any(is_special));
        self.comma();
        self.bytes.push(b'"');
        self.bytes.extend_from_slice(text);
        self.bytes.push(b'"');
        self
    }

    /// A text written by `write`, which must need no escaping.
    #[inline]
    pub fn plain_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> &mut Self {
        self.comma();
        self.bytes.push(b'"');
        write(&mut self.bytes);
        self.bytes.push(b'"');
        self
    }

    /// A whole number.
    #[inline]
    pub fn number(&mut self, number: impl itoa::Integer) -> &mut Self {
        self.comma();
        self.bytes.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        self
    }

    /// A whole number as text, the form of 64-bit numbers in proto3 JSON.
    pub fn number_text(&mut self, number: i64) -> &mut Self {
        self.plain(itoa::Buffer::new().format(number).as_bytes())
    }

    /// A 32-bit float in its shortest form; 0 if it is not finite.
    pub fn float32(&mut self, number: f32) -> &mut Self {
        self.comma();
        push_display(&mut self.bytes, if number.is_finite() { number } else { 0.0 });
        self
    }

    /// A 64-bit float in its shortest form; 0 if it is not finite.
    pub fn float64(&mut self, number: f64) -> &mut Self {
        self.comma();
        push_display(&mut self.bytes, if number.is_finite() { number } else { 0.0 });
        self
    }

    /// A number of 0..=1 with four decimals at most; outside it the nearest end.
    #[inline]
    pub fn share(&mut self, share: f64) -> &mut Self {
        self.comma();
        let scaled = (share.clamp(0.0, 1.0) * 10_000.0).round() as u32;
        if scaled >= 10_000 {
            self.bytes.push(b'1');
        } else if scaled == 0 {
            self.bytes.push(b'0');
        } else {
            let digit = |by: u32| b'0' + (scaled / by % 10) as u8;
            self.bytes.extend_from_slice(&[b'0', b'.', digit(1_000)]);
            self.bytes.extend_from_slice(&[digit(100), digit(10), digit(1)]);
            while self.bytes.last() == Some(&b'0') {
                self.bytes.pop();
            }
        }
        self
    }

    /// `true` or `false`.
    #[inline]
    pub fn truth(&mut self, truth: bool) -> &mut Self {
        self.comma();
        self.bytes.extend_from_slice(if truth { b"true" } else { b"false" });
        self
    }

    /// `null`.
    pub fn null(&mut self) -> &mut Self {
        self.comma();
        self.bytes.extend_from_slice(b"null");
        self
    }

    /// A value that is JSON already.
    pub fn raw(&mut self, json: &[u8]) -> &mut Self {
        self.comma();
        self.bytes.extend_from_slice(json);
        self
    }
}

/// Writes a literal key into a [`Json`] in one copy.
#[macro_export]
macro_rules! key {
    ($json:expr, $key:literal) => {
        $json.key_literal(
            concat!("\"", $key, "\":").as_bytes(),
            concat!(",\"", $key, "\":").as_bytes(),
        )
    };
}

fn push_display(bytes: &mut Vec<u8>, number: impl std::fmt::Display) {
    use std::io::Write;
    // Writing to a vector cannot fail.
    let _ = write!(bytes, "{number}");
}

/// Whether a byte cannot stand in a text as it is.
const fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

fn push_escaped(bytes: &mut Vec<u8>, text: &[u8]) {
    // Without an early end this is a few vector instructions; nearly every text passes.
    if !text.iter().fold(false, |special, &byte| special | is_special(byte)) {
        bytes.extend_from_slice(text);
        return;
    }
    push_escaping(bytes, text);
}

#[cold]
fn push_escaping(bytes: &mut Vec<u8>, text: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut start = 0;
    for (at, &byte) in text.iter().enumerate() {
        if !is_special(byte) {
            continue;
        }
        bytes.extend_from_slice(&text[start..at]);
        start = at + 1;
        match byte {
            b'"' | b'\\' => bytes.extend_from_slice(&[b'\\', byte]),
            b'\n' => bytes.extend_from_slice(b"\\n"),
            b'\r' => bytes.extend_from_slice(b"\\r"),
            b'\t' => bytes.extend_from_slice(b"\\t"),
            _ => {
                bytes.extend_from_slice(b"\\u00");
                bytes.push(HEX[usize::from(byte >> 4)]);
                bytes.push(HEX[usize::from(byte & 15)]);
            }
        }
    }
    bytes.extend_from_slice(&text[start..]);
}

/// A number of 0..=99 as two digits.
#[inline]
pub(crate) const fn two(number: u32) -> [u8; 2] {
    [b'0' + (number / 10 % 10) as u8, b'0' + (number % 10) as u8]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
    use serde_json::Value;

    use super::Json;

    fn written(write: impl FnOnce(&mut Json)) -> String {
        let mut json = Json::default();
        write(&mut json);
        String::from_utf8(json.into_bytes()).unwrap()
    }

    #[test]
    fn commas_stand_between_values_and_nowhere_else() {
        let text = written(|json| {
            json.object(|json| {
                json.key("a").list(|json| {
                    json.number(1).number(-2).text("x").null();
                    json.list(|_| ()).object(|_| ());
                });
                key!(json, "b").truth(false).key("c").number_text(118_450);
                key!(json, "d").object(|json| {
                    key!(json, "e").number(5);
                });
            });
        });
        assert_eq!(text, r#"{"a":[1,-2,"x",null,[],{}],"b":false,"c":"118450","d":{"e":5}}"#);
    }

    #[test]
    fn floats_are_as_short_as_they_can_be() {
        let text = written(|json| {
            json.list(|json| {
                json.float32(0.999_991_5).float32(4.687_261_6).float32(5.0).float64(55.871_944);
                json.float32(f32::NAN);
            });
        });
        assert_eq!(text, "[0.9999915,4.6872616,5,55.871944,0]");
    }

    proptest! {
        #[test]
        fn every_text_reads_back(text in any::<String>(), key in any::<String>()) {
            let json = written(|json| { json.object(|json| { json.key_text(&key).text(&text); }); });
            let read: Value = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(read[&key].as_str().unwrap(), text);
        }

        #[test]
        fn shares_keep_four_decimals(share in 0.0_f64..=1.0) {
            let read: f64 = written(|json| { json.share(share); }).parse().unwrap();
            prop_assert!((read - share).abs() <= 0.000_050_1);
        }
    }
}
