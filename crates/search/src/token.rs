//! A search's token: the whole question and how it is shown, signed, so that any cell with the key
//! can find the search again or re-create it.
//!
//! ```text
//! base64url( body | signature ) "-cell" N
//! body = format 1 | key 1 | search 16 | issued 4 | seen 8 | request … | display …
//! signature = first 16 bytes of HMAC-SHA256(key, body)
//! ```
//!
//! The cell's number stands outside the signature: it only says where to look first, and after a
//! cell is lost its searches live on elsewhere. Reading never panics and never allocates more than
//! [`TOKEN_BYTES_MAX`].
//!
//! Cost: two HMACs over about 80 bytes for reading and writing, well under 2 us.

mod codec;
mod keys;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::SearchRequest;

pub use keys::{KeyFileError, TokenKeys};

use crate::display::Display;
use crate::error::TokenError;

/// Longest token that is looked at.
pub(crate) const TOKEN_BYTES_MAX: usize = 4_096;

/// Format of the body; a new one gets a new number.
const FORMAT: u8 = 1;
/// Bytes of the signature.
const SIGNATURE_BYTES: usize = 16;

/// Names a search, here and in facts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SearchId(pub u128);

impl fmt::Display for SearchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for SearchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a client has seen of a search: a version, of one run of the fan-out.
///
/// A re-created search starts a new run, so an old version never looks current.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Seen {
    /// Which run of the fan-out.
    pub run: u32,
    /// The version within it.
    pub version: u32,
}

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The search.
    pub search: SearchId,
    /// When this token was given out, seconds since 1970.
    pub issued_s: u32,
    /// What its holder has seen.
    pub seen: Seen,
    /// What is asked.
    pub request: SearchRequest,
    /// How it is shown.
    pub display: Display,
}

impl Token {
    /// Writes the token with the newest key.
    #[must_use]
    pub fn seal(&self, keys: &TokenKeys, cell: u32) -> String {
        let mut body = Vec::with_capacity(192);
        body.push(FORMAT);
        body.push(keys.newest_id());
        body.extend_from_slice(&self.search.0.to_le_bytes());
        body.extend_from_slice(&self.issued_s.to_le_bytes());
        body.extend_from_slice(&self.seen.run.to_le_bytes());
        body.extend_from_slice(&self.seen.version.to_le_bytes());
        codec::write_request(&self.request, &mut body);
        codec::write_display(&self.display, &mut body);
        let signature = keys.sign(&body);
        body.extend_from_slice(&signature);
        let mut text = URL_SAFE_NO_PAD.encode(&body);
        text.push_str("-cell");
        text.push_str(&cell.to_string());
        text
    }

    /// Reads a token and checks its signature and age.
    ///
    /// # Errors
    /// [`TokenError::Forged`] for anything that is not exactly a token of ours,
    /// [`TokenError::Expired`] if it was given out more than `lifetime_s` ago.
    pub fn open(
        text: &str,
        keys: &TokenKeys,
        now_s: u32,
        lifetime_s: u32,
    ) -> Result<Self, TokenError> {
        let (sealed, _) = split(text).ok_or(TokenError::Forged)?;
        let bytes = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| TokenError::Forged)?;
        let signed = bytes.len().checked_sub(SIGNATURE_BYTES).ok_or(TokenError::Forged)?;
        let (body, signature) = bytes.split_at(signed);
        let key = *body.get(1).ok_or(TokenError::Forged)?;
        if body.first() != Some(&FORMAT) || !keys.verify(key, body, signature) {
            return Err(TokenError::Forged);
        }
        let token = read_body(body).ok_or(TokenError::Forged)?;
        if now_s > token.issued_s.saturating_add(lifetime_s) {
            return Err(TokenError::Expired);
        }
        Ok(token)
    }
}

/// The number of the cell a token names, read without the key.
#[must_use]
pub fn cell_of(text: &str) -> Option<u32> {
    split(text).map(|(_, cell)| cell)
}

/// The search and the cell a token names, read without the key: enough to find the cell, not to
/// believe it.
#[must_use]
pub fn named_by(text: &str) -> Option<(SearchId, u32)> {
    /// Digits that hold format, key and search: 18 bytes.
    const DIGITS: usize = 24;
    let (sealed, cell) = split(text)?;
    let mut bytes = [0_u8; 18];
    let digits = sealed.get(..DIGITS)?;
    let read = URL_SAFE_NO_PAD.decode_slice(digits, &mut bytes).ok()?;
    let search = bytes.get(2..read)?.try_into().ok()?;
    Some((SearchId(u128::from_le_bytes(search)), cell))
}

fn split(text: &str) -> Option<(&str, u32)> {
    if text.len() > TOKEN_BYTES_MAX {
        return None;
    }
    let (sealed, cell) = text.rsplit_once("-cell")?;
    // `parse` alone would take a plus sign.
    if cell.is_empty() || !cell.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((sealed, cell.parse().ok()?))
}

fn read_body(body: &[u8]) -> Option<Token> {
    let mut reader = codec::Reader::new(body.get(2..)?);
    let token = Token {
        search: SearchId(u128::from_le_bytes(reader.array()?)),
        issued_s: reader.u32()?,
        seen: Seen { run: reader.u32()?, version: reader.u32()? },
        request: codec::read_request(&mut reader)?,
        display: codec::read_display(&mut reader)?,
    };
    reader.is_empty().then_some(token)
}

/// Reads a token's body without a signature: what a fuzzer reaches behind the key.
pub(crate) fn read_unsigned(body: &[u8]) -> Option<Token> {
    read_body(body)
}

#[cfg(test)]
mod tests;
