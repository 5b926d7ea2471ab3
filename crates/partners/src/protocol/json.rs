//! JSON in and out: which parser reads, how texts are written, how headers are filled.
//!
//! With the feature `fast-json` our own reader, [`scan`], reads; without it serde_json. Both drive the
//! same visitors of [`super::read`] and understand the same. Neither follows skipped values by
//! recursion, which a hostile document could turn into a stack overflow (sonic-rs 0.5 does).

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use serde::de::DeserializeSeed;

use crate::protocol::DecodeError;
use crate::settings::Secret;

#[cfg(any(test, feature = "fast-json"))]
mod scan;

/// Reads a whole document by a seed.
#[cfg(feature = "fast-json")]
pub(crate) fn read<'de, S: DeserializeSeed<'de>>(
    bytes: &'de [u8],
    seed: S,
) -> Result<S::Value, DecodeError> {
    read_scanner(bytes, seed)
}

/// Reads a whole document by a seed.
#[cfg(not(feature = "fast-json"))]
pub(crate) fn read<'de, S: DeserializeSeed<'de>>(
    bytes: &'de [u8],
    seed: S,
) -> Result<S::Value, DecodeError> {
    read_serde(bytes, seed)
}

#[cfg(any(test, feature = "fast-json"))]
pub(crate) fn read_scanner<'de, S: DeserializeSeed<'de>>(
    bytes: &'de [u8],
    seed: S,
) -> Result<S::Value, DecodeError> {
    let text = str::from_utf8(bytes).map_err(|error| DecodeError::NotJson {
        at: error.valid_up_to(),
        problem: "not UTF-8".to_owned(),
    })?;
    let mut scanner = scan::Scanner::new(text);
    let read = seed.deserialize(&mut scanner).and_then(|value| scanner.end().map(|()| value));
    read.map_err(|error| DecodeError::NotJson {
        at: scanner.at().min(bytes.len()),
        problem: error.to_string(),
    })
}

#[cfg(any(test, not(feature = "fast-json")))]
pub(crate) fn read_serde<'de, S: DeserializeSeed<'de>>(
    bytes: &'de [u8],
    seed: S,
) -> Result<S::Value, DecodeError> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let wrong = |error: serde_json::Error| DecodeError::NotJson {
        at: offset(bytes, error.line(), error.column()),
        problem: shorten(&error.to_string()),
    };
    let value = seed.deserialize(&mut reader).map_err(wrong)?;
    reader.end().map_err(wrong)?;
    Ok(value)
}

#[cfg(any(test, not(feature = "fast-json")))]
fn offset(bytes: &[u8], line: usize, column: usize) -> usize {
    let before: usize =
        bytes.split_inclusive(|&b| b == b'\n').take(line.saturating_sub(1)).map(<[u8]>::len).sum();
    (before + column.saturating_sub(1)).min(bytes.len())
}

/// The first line of a parser's message, shortened: it may quote the document.
#[cfg(any(test, not(feature = "fast-json")))]
fn shorten(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    line.chars().take(120).collect()
}

/// Puts a bearer token into the headers, marked so that nothing logs it.
pub(crate) fn bearer(headers: &mut HeaderMap, token: &Secret) {
    // A token that is no header value was refused when the settings were read.
    if let Ok(mut value) = HeaderValue::try_from(format!("Bearer {}", token.reveal())) {
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
}

/// Writes a JSON string with its quotes.
pub(crate) fn write_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut plain_from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            0..=0x1F => b"",
            _ => continue,
        };
        out.extend_from_slice(&text.as_bytes()[plain_from..at]);
        if escape.is_empty() {
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&[b'0' + (byte >> 4), b"0123456789abcdef"[(byte & 15) as usize]]);
        } else {
            out.extend_from_slice(escape);
        }
        plain_from = at + 1;
    }
    out.extend_from_slice(&text.as_bytes()[plain_from..]);
    out.push(b'"');
}

/// Serde for values that are texts on the wire.
pub(crate) mod text {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::de::{Deserialize, Deserializer, Error};
    use serde::ser::Serializer;

    pub(crate) fn serialize<T: Display, S: Serializer>(
        value: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(crate) fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        super::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }

    pub(crate) mod list {
        use super::{Deserialize, Deserializer, Display, Error, FromStr, Serializer};

        pub(crate) fn serialize<T: Display, S: Serializer>(
            values: &[T],
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(values.iter().map(|value| value.to_string()))
        }

        pub(crate) fn deserialize<'de, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
        where
            T: FromStr<Err: Display>,
            D: Deserializer<'de>,
        {
            let texts = Vec::<String>::deserialize(deserializer)?;
            let values = texts.iter().map(|text| super::super::parse(text));
            values.collect::<Result<_, _>>().map_err(D::Error::custom)
        }
    }

    pub(crate) mod option {
        use super::{Deserialize, Deserializer, Display, Error, FromStr, Serializer};

        pub(crate) fn serialize<T: Display, S: Serializer>(
            value: &Option<T>,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            match value {
                Some(value) => serializer.collect_str(value),
                None => serializer.serialize_none(),
            }
        }

        pub(crate) fn deserialize<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
        where
            T: FromStr<Err: Display>,
            D: Deserializer<'de>,
        {
            let text = Option::<String>::deserialize(deserializer)?;
            text.map(|text| super::super::parse(&text)).transpose().map_err(D::Error::custom)
        }
    }
}

/// Reads a text value; the error quotes it.
fn parse<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|error| format!("{:?}: {error}", text.chars().take(60).collect::<String>()))
}
