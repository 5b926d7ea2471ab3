//! Ids of facts: unique without asking anybody, and in order of time.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

use runtime::Random;

/// Bits of the time in milliseconds, above those that make an id unique.
const UNIQUE_BITS: u32 = 80;

/// The id of a fact: 48 bits of when it was given, in milliseconds since 1970, then 80 that no other has.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FactId(pub u128);

impl fmt::Display for FactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for FactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for FactId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        read_id(text).map(Self).ok_or(ID_EXPECTED)
    }
}

/// What an id in JSON looks like.
pub(super) const ID_EXPECTED: &str = "must be 32 hexadecimal digits";

/// Reads 32 hexadecimal digits.
pub(super) fn read_id(text: &str) -> Option<u128> {
    let bytes: &[u8; 32] = text.as_bytes().try_into().ok()?;
    let (mut number, mut wrong) = ([0_u64; 2], 0);
    for (half, digits) in number.iter_mut().zip(bytes.chunks_exact(16)) {
        for &digit in digits {
            let value = HEX[digit as usize];
            wrong |= value;
            *half = *half << 4 | u64::from(value & 15);
        }
    }
    (wrong < 16).then_some(u128::from(number[0]) << 64 | u128::from(number[1]))
}

/// What a digit stands for; 255 for what is none.
static HEX: [u8; 256] = {
    let mut hex = [255; 256];
    let mut value = 0;
    while value < 16 {
        hex[b"0123456789abcdef"[value] as usize] = value as u8;
        hex[b"0123456789ABCDEF"[value] as usize] = value as u8;
        value += 1;
    }
    hex
};

/// Gives ids.
#[derive(Debug)]
pub struct FactIds {
    /// Drawn once a process: 40 bits.
    process: u128,
    count: AtomicU64,
}

impl FactIds {
    /// Gives ids that nobody else gives: by chance, of 2^40 processes of which each gives a trillion.
    ///
    /// # Errors
    /// If the operating system gives no random bytes.
    pub fn new() -> std::io::Result<Self> {
        Ok(Self::of_process(u64::from_le_bytes(Random::secret_bytes()?)))
    }

    fn of_process(drawn: u64) -> Self {
        Self { process: u128::from(drawn >> 24), count: AtomicU64::new(0) }
    }

    /// The next one.
    pub fn next(&self, now_ms: i64) -> FactId {
        let time = (now_ms.max(0) as u128) & ((1 << 48) - 1);
        let count = u128::from(self.count.fetch_add(1, Ordering::Relaxed) & ((1 << 40) - 1));
        FactId(time << UNIQUE_BITS | self.process << 40 | count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_stand_in_order_of_time_and_no_two_are_equal() {
        let (one, other) = (FactIds::of_process(u64::MAX), FactIds::of_process(1 << 24));
        let ids = [one.next(5), one.next(5), other.next(5), one.next(6), other.next(7)];
        let mut sorted = ids;
        sorted.sort_unstable();
        assert!(sorted.windows(2).all(|pair| pair[0] != pair[1]));
        assert_eq!(sorted[3..], ids[3..]);
        assert_eq!(ids[0].0 >> UNIQUE_BITS, 5);
    }

    #[test]
    fn an_id_is_written_and_read_as_32_digits() {
        let id = FactIds::of_process(77 << 24).next(1_795_000_000_000);
        assert_eq!(id.to_string().parse(), Ok(id));
        for wrong in
            ["", "12", "+0000000000000000000000000000001", "g0000000000000000000000000000000"]
        {
            assert!(wrong.parse::<FactId>().is_err(), "{wrong}");
        }
    }
}
