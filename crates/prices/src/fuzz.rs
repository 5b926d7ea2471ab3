//! Entry points for fuzzing: any bytes may come from a log or another process.

use crate::codec::Batch;
use crate::indicative::Digest;
use crate::store::Invalidation;

/// Reads a batch; what was read packs and reads again as the same.
///
/// # Panics
/// If a batch that could be read does not survive being packed.
#[expect(clippy::expect_used, reason = "a finding of the fuzzer is a panic")]
pub fn batch(bytes: &[u8]) {
    let _ = Invalidation::from_bytes(bytes);
    let Ok(batch) = Batch::from_bytes(bytes) else { return };
    let seen = batch.seen().expect("a batch that was checked can be read");
    let packed = batch.to_bytes().expect("what was read can be packed");
    let again = Batch::from_bytes(&packed).and_then(|batch| batch.seen());
    assert!(again.as_ref() == Ok(&seen), "packing changes a batch");
}

/// Reads price digests of another cell; what was read is written as the same bytes.
///
/// # Panics
/// If it is not: a finding.
pub fn digests(bytes: &[u8]) {
    let Ok(digests) = Digest::from_bytes(bytes) else { return };
    assert!(Digest::to_bytes(&digests) == bytes, "digests are written otherwise");
}
