//! What fuzzers call: every reader of bytes from outside, with any bytes.

use atlas::atlas;

use crate::{loose, v1, v3};

/// Nesting of bodies that are looked at.
const DEPTH: usize = 32;

/// Reads the bytes as a body of every path that takes one.
pub fn body(bytes: &[u8]) {
    if let Ok(body) = loose::read(bytes, DEPTH) {
        let _ = loose::only_once(bytes);
        let _ = v3::create::read(&body, atlas());
        let _ = v1::request::read(&body, atlas());
        let _ = v3::autosuggest::answer(&body, atlas());
        let _ = v3::geo::nearest(&body, atlas(), crate::culture::GB);
    }
}

/// Reads the bytes as the query of a page.
pub fn query(bytes: &[u8]) {
    if let Ok(text) = str::from_utf8(bytes) {
        let _ = v1::query::read(Some(text), atlas());
    }
}
