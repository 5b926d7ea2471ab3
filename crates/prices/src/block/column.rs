//! Columns of whole numbers as byte planes: the smallest value once, then the differences' first
//! bytes, then their second bytes, as many as the largest needs.
//!
//! A column of equal values costs nothing but its head. Planes read and write without branches, and
//! the higher ones are runs that lz4 folds away.

use crate::codec::CodecError;

/// Where a column lies and how it reads.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Column {
    start: usize,
    len: usize,
    width: usize,
    base: u64,
}

impl Column {
    /// The column at `start` of a block's body.
    pub(super) const fn new(start: usize, len: usize, width: usize, base: u64) -> Self {
        Self { start, len, width, base }
    }

    /// One value; the base beyond the end.
    #[inline]
    pub(super) fn get(&self, body: &[u8], index: usize) -> u64 {
        let mut value = 0;
        for plane in 0..self.width {
            let byte = body.get(self.start + plane * self.len + index).copied().unwrap_or(0);
            value |= u64::from(byte) << (8 * plane);
        }
        self.base.wrapping_add(value)
    }

    /// The sum of the values before `to`.
    pub(super) fn sum(&self, body: &[u8], to: usize) -> u64 {
        let planes = (0..self.width).map(|plane| {
            let bytes = self.plane(body, plane, 0, to);
            bytes.iter().map(|&byte| u64::from(byte)).sum::<u64>() << (8 * plane)
        });
        planes.fold(self.base.wrapping_mul(to as u64), u64::wrapping_add)
    }

    /// Where its first plane lies; nowhere if all values are equal.
    pub(super) const fn first_plane(&self) -> std::ops::Range<usize> {
        self.start..self.start + if self.width == 0 { 0 } else { self.len }
    }

    /// One plane of the values in a range.
    fn plane<'a>(&self, body: &'a [u8], plane: usize, from: usize, to: usize) -> &'a [u8] {
        let start = self.start + plane * self.len;
        body.get(start + from..start + to).unwrap_or_default()
    }

    /// All values, as numbers of 32 bits.
    pub(super) fn all(&self, body: &[u8]) -> Vec<u32> {
        let mut values = Vec::new();
        self.read(body, 0, self.len, &mut values);
        values
    }

    /// All values.
    pub(super) fn all_wide(&self, body: &[u8]) -> Vec<u64> {
        let mut values = Vec::new();
        self.read_wide(body, 0, self.len, &mut values);
        values
    }

    /// Replaces `values` by those in a range.
    pub(super) fn read_wide(&self, body: &[u8], from: usize, to: usize, values: &mut Vec<u64>) {
        values.clear();
        values.resize(to.saturating_sub(from), self.base);
        for plane in 0..self.width {
            let bytes = self.plane(body, plane, from, to);
            for (value, &byte) in values.iter_mut().zip(bytes) {
                *value = value.wrapping_add(u64::from(byte) << (8 * plane));
            }
        }
    }

    /// Replaces `values` by those in a range, as numbers of 32 bits.
    pub(super) fn read(&self, body: &[u8], from: usize, to: usize, values: &mut Vec<u32>) {
        values.clear();
        let base = self.base as u32;
        if self.width == 0 {
            values.resize(to.saturating_sub(from), base);
            return;
        }
        let first = self.plane(body, 0, from, to);
        values.extend(first.iter().map(|&byte| base.wrapping_add(u32::from(byte))));
        for plane in 1..self.width.min(4) {
            for (value, &byte) in values.iter_mut().zip(self.plane(body, plane, from, to)) {
                *value = value.wrapping_add(u32::from(byte) << (8 * plane));
            }
        }
    }
}

/// Writes heads and planes apart, so that a reader finds every column from the heads alone.
#[derive(Debug, Default)]
pub(super) struct Writer {
    /// Counts and column heads.
    pub(super) head: Vec<u8>,
    /// Texts and planes.
    pub(super) body: Vec<u8>,
}

impl Writer {
    /// Adds a column of numbers of 32 bits.
    pub(super) fn column(&mut self, values: &[u32]) {
        let base = values.iter().copied().min().unwrap_or(0);
        let span = values.iter().copied().max().unwrap_or(0) - base;
        let width = (32 - span.leading_zeros()).div_ceil(8) as usize;
        self.column_head(width, u64::from(base));
        for plane in 0..width {
            self.body.extend(values.iter().map(|&value| ((value - base) >> (8 * plane)) as u8));
        }
    }

    /// Adds a column of numbers of 64 bits.
    pub(super) fn wide_column(&mut self, values: &[u64]) {
        let base = values.iter().copied().min().unwrap_or(0);
        let span = values.iter().copied().max().unwrap_or(0) - base;
        let width = (64 - span.leading_zeros()).div_ceil(8) as usize;
        self.column_head(width, base);
        if width <= 4 {
            // half the bytes to move
            let small: Vec<u32> = values.iter().map(|&value| (value - base) as u32).collect();
            for plane in 0..width {
                self.body.extend(small.iter().map(|&value| (value >> (8 * plane)) as u8));
            }
            return;
        }
        for plane in 0..width {
            self.body.extend(values.iter().map(|&value| ((value - base) >> (8 * plane)) as u8));
        }
    }

    fn column_head(&mut self, width: usize, base: u64) {
        self.head.push(width as u8);
        put_number(&mut self.head, base);
    }
}

/// Writes a number, seven bits a byte.
pub(crate) fn put_number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Reads a number and moves on.
pub(crate) fn take_number(bytes: &mut &[u8]) -> Result<u64, CodecError> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first().ok_or(CodecError::CutShort)?;
        *bytes = rest;
        value |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(CodecError::Corrupt("a number of more than 64 bits"))
}

/// Signed to unsigned, order kept.
pub(super) const fn ordered(value: i32) -> u32 {
    (value as u32) ^ (1 << 31)
}

/// The inverse of [`ordered`].
pub(super) const fn from_ordered(value: u32) -> i32 {
    (value ^ (1 << 31)) as i32
}

/// Signed to unsigned, order kept.
pub(super) const fn ordered_wide(value: i64) -> u64 {
    (value as u64) ^ (1 << 63)
}

/// The inverse of [`ordered_wide`].
pub(super) const fn from_ordered_wide(value: u64) -> i64 {
    (value ^ (1 << 63)) as i64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    fn read_back(writer: &Writer, len: usize) -> Column {
        let mut head = &writer.head[1..];
        let base = take_number(&mut head).unwrap();
        Column::new(0, len, writer.head[0] as usize, base)
    }

    proptest! {
        #[test]
        fn columns_read_back(values in any::<Vec<u64>>(), small in any::<Vec<i32>>()) {
            let mut writer = Writer::default();
            writer.wide_column(&values);
            let column = read_back(&writer, values.len());
            prop_assert_eq!(column.all_wide(&writer.body), values.clone());
            for (index, &value) in values.iter().enumerate() {
                prop_assert_eq!(column.get(&writer.body, index), value);
            }
            let small: Vec<u32> = small.into_iter().map(ordered).collect();
            let mut writer = Writer::default();
            writer.column(&small);
            prop_assert_eq!(read_back(&writer, small.len()).all(&writer.body), small);
        }

        #[test]
        fn numbers_read_back_and_leave_the_rest(value in any::<u64>(), rest in any::<Vec<u8>>()) {
            let mut bytes = Vec::new();
            put_number(&mut bytes, value);
            bytes.extend_from_slice(&rest);
            let mut reading = bytes.as_slice();
            prop_assert_eq!(take_number(&mut reading), Ok(value));
            prop_assert_eq!(reading, rest.as_slice());
        }

        #[test]
        fn signs_keep_their_order(a in any::<i64>(), b in any::<i64>()) {
            prop_assert_eq!(a.cmp(&b), ordered_wide(a).cmp(&ordered_wide(b)));
            prop_assert_eq!(from_ordered_wide(ordered_wide(a)), a);
            prop_assert_eq!(from_ordered(ordered(b as i32)), b as i32);
        }
    }
}
