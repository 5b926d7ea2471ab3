//! What happened, as one number: two runs with the same number did the same at the same times.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::queue::At;

/// The hash of everything so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Trace(u64);

impl Trace {
    /// Something happened: what, to whom, with which outcome.
    pub(crate) fn note(&mut self, at: At, what: u64, whom: u64, outcome: u64) {
        let mut bytes = [0; 32];
        for (part, value) in bytes.chunks_exact_mut(8).zip([at, what, whom, outcome]) {
            part.copy_from_slice(&value.to_le_bytes());
        }
        self.0 = xxh3_64_with_seed(&bytes, self.0);
    }

    pub(crate) fn hash(self) -> u64 {
        self.0
    }
}
