//! Zig-zag variable-length integers, as records use them.

use super::BatchError;

pub(super) fn put(bytes: &mut Vec<u8>, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest >= 0x80 {
        bytes.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
}

/// Bytes that [`put`] writes.
pub(super) fn size(value: i64) -> usize {
    let rest = ((value << 1) ^ (value >> 63)) as u64;
    (70 - (rest | 1).leading_zeros() as usize) / 7
}

/// Takes an integer off the front.
pub(super) fn take(bytes: &mut &[u8]) -> Result<i64, BatchError> {
    let mut rest = 0_u64;
    for (index, &byte) in bytes.iter().enumerate().take(10) {
        rest |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            *bytes = &bytes[index + 1..];
            return Ok((rest >> 1) as i64 ^ -((rest & 1) as i64));
        }
    }
    Err(BatchError::Record("an integer without an end"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_read_back_as_themselves_and_take_the_bytes_they_say() {
        let values = (0..64).flat_map(|bit| {
            let value = 1_i64 << bit;
            [value, value.wrapping_neg(), value.wrapping_sub(1), !value]
        });
        for value in values.chain([0, i64::MIN, i64::MAX]) {
            let mut bytes = Vec::new();
            put(&mut bytes, value);
            assert_eq!(bytes.len(), size(value), "{value}");
            let mut rest = bytes.as_slice();
            assert_eq!(take(&mut rest), Ok(value));
            assert!(rest.is_empty());
        }
    }

    #[test]
    fn an_integer_without_an_end_is_refused() {
        assert!(take(&mut [0x80; 12].as_slice()).is_err());
        assert!(take(&mut [].as_slice()).is_err());
    }
}
