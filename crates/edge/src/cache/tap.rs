//! Keeps an answer that passes through piece by piece, once its end was seen.
//!
//! Pieces are shared with the client's side, not copied; beyond the limit of one answer they are let
//! go and the body passes on as it came.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::Cache;
use super::kept::Keepable;
use super::key::Key;
use super::word::Counts;
use crate::body::Tap;

/// An answer whose body is on its way.
#[derive(Debug)]
pub(super) struct Filling {
    pub(super) cache: Arc<Cache>,
    pub(super) key: Key,
    pub(super) keepable: Keepable,
    pub(super) asked_at: u64,
    pub(super) pieces: Vec<Bytes>,
    pub(super) bytes: u64,
}

impl Tap for Filling {
    fn on_data(&mut self, data: &Bytes) -> bool {
        self.bytes += data.len() as u64;
        let fits = self.bytes <= self.cache.settings.largest();
        if fits {
            self.pieces.push(data.clone());
        } else {
            Counts::one(&self.cache.counts.too_large);
        }
        fits
    }

    fn on_end(self: Box<Self>) {
        let Self { cache, key, keepable, asked_at, pieces, bytes } = *self;
        let body = joined(pieces, bytes as usize);
        cache.keep(&key, keepable.with(body), asked_at);
    }
}

/// One piece as it is, several as one.
fn joined(mut pieces: Vec<Bytes>, bytes: usize) -> Bytes {
    if pieces.len() == 1 {
        return pieces.pop().unwrap_or_default();
    }
    let mut whole = BytesMut::with_capacity(bytes);
    for piece in pieces {
        whole.extend_from_slice(&piece);
    }
    whole.freeze()
}
