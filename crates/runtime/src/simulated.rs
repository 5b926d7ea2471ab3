//! What a simulation of real code puts in the machine's place (feature `turmoil`): a wall clock that begins on
//! a fixed day, and bytes nobody can guess that follow from a seed.
//!
//! A simulation is one thread, so both belong to the thread. Sockets are in [`crate::net`]; jobs of
//! [`crate::Workers`] run where they are asked for.

use std::cell::RefCell;
use std::time::{Duration, SystemTime};

use crate::random::Random;

pub use turmoil;

/// When every simulation begins: 2027-01-05T00:00Z, in milliseconds since 1970.
const BEGINS_MS: i64 = 1_799_107_200_000;

thread_local! {
    static SECRETS: RefCell<Random> = RefCell::new(Random::from_seed(0));
}

/// Begins a simulation of this seed in this thread; what comes back is to be built on.
#[must_use]
pub fn begin(seed: u64) -> turmoil::Builder {
    SECRETS.with_borrow_mut(|secrets| *secrets = Random::from_seed(seed));
    let mut builder = turmoil::Builder::new();
    builder.rng_seed(seed).epoch(SystemTime::UNIX_EPOCH + Duration::from_millis(BEGINS_MS as u64));
    builder
}

/// Milliseconds since 1970 of the host that runs.
pub(crate) fn unix_ms() -> i64 {
    turmoil::since_epoch().map_or(BEGINS_MS, |since| since.as_millis() as i64)
}

/// The next bytes of the seed's.
pub(crate) fn secret_bytes<const N: usize>() -> [u8; N] {
    SECRETS.with_borrow_mut(|secrets| std::array::from_fn(|_| secrets.bits() as u8))
}
