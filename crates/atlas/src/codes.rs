//! Tables from packed codes to rows: one access finds a row. Cost: 93 kB for three letters.

/// Packed codes of three and two characters in base 36.
pub(crate) const CODES_OF_THREE: usize = 36 * 36 * 36;
pub(crate) const CODES_OF_TWO: usize = 36 * 36;

/// Index of a row by its packed code.
#[derive(Debug)]
pub(crate) struct CodeTable(Vec<u16>);

impl CodeTable {
    const NONE: u16 = u16::MAX;

    pub(crate) fn new(codes: usize, packed: impl Iterator<Item = u16>) -> Self {
        Self::of(codes, packed.zip(0..))
    }

    pub(crate) fn of(codes: usize, values: impl Iterator<Item = (u16, u16)>) -> Self {
        let mut rows = vec![Self::NONE; codes];
        for (code, value) in values {
            if let Some(row) = rows.get_mut(code as usize) {
                *row = value;
            }
        }
        Self(rows)
    }

    pub(crate) fn find(&self, packed: u16) -> Option<usize> {
        match self.0.get(packed as usize) {
            Some(&Self::NONE) | None => None,
            Some(&index) => Some(index as usize),
        }
    }
}
