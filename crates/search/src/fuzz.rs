//! What fuzzers call: every reader of bytes from outside, with any bytes.

use crate::link::LinkSigner;
use crate::token::{SearchId, Token, TokenKeys, cell_of, named_by, read_unsigned};

/// Reads the bytes as a token, as a signed link and, past the signature, as a token's body.
///
/// # Panics
/// If a body that can be read does not read back as itself: a finding.
pub fn token(bytes: &[u8]) {
    let keys = TokenKeys::single(&[0; 32]);
    if let Ok(text) = str::from_utf8(bytes) {
        let _ = cell_of(text);
        let _ = named_by(text);
        let _ = Token::open(text, &keys, 0, 60);
        let _ = LinkSigner::new(&keys, SearchId(1)).open(text);
    }
    if let Some(token) = read_unsigned(bytes) {
        let sealed = token.seal(&keys, 1);
        assert_eq!(Token::open(&sealed, &keys, token.issued_s, 60), Ok(token));
    }
}
