//! Numbers: whole ones exactly, others as the nearest double.

use serde::de::Visitor;

use super::{ScanError, Scanner};

impl<'de> Scanner<'de> {
    /// Passes over a number. Returns where it started and whether it is a whole one.
    #[inline]
    fn number_form(&mut self) -> Result<(usize, bool), ScanError> {
        let start = self.at;
        if self.bytes.get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        match self.bytes.get(self.at) {
            // A leading zero stands alone.
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            Some(_) if self.at == start => return Err(ScanError::Unexpected),
            _ => return Err(ScanError::BadNumber),
        }
        let mut is_whole = true;
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            is_whole = false;
            self.some_digits()?;
        }
        if let Some(b'e' | b'E') = self.bytes.get(self.at) {
            self.at += 1;
            is_whole = false;
            if let Some(b'+' | b'-') = self.bytes.get(self.at) {
                self.at += 1;
            }
            self.some_digits()?;
        }
        if let Some(b'0'..=b'9') = self.bytes.get(self.at) {
            return Err(ScanError::BadNumber);
        }
        Ok((start, is_whole))
    }

    #[inline]
    fn digits(&mut self) {
        while let Some(b'0'..=b'9') = self.bytes.get(self.at) {
            self.at += 1;
        }
    }

    fn some_digits(&mut self) -> Result<(), ScanError> {
        let start = self.at;
        self.digits();
        if self.at == start { Err(ScanError::BadNumber) } else { Ok(()) }
    }

    #[inline]
    pub(super) fn skip_number(&mut self) -> Result<(), ScanError> {
        self.number_form().map(|_| ())
    }

    /// Reads a number.
    #[inline]
    pub(super) fn number<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, ScanError> {
        let (start, is_whole) = self.number_form()?;
        let text = self.text.get(start..self.at).ok_or(ScanError::BadNumber)?;
        if is_whole {
            if let Ok(number) = text.parse::<u64>() {
                return visitor.visit_u64(number);
            }
            if let Ok(number) = text.parse::<i64>()
                && number < 0
            {
                return visitor.visit_i64(number);
            }
        }
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => visitor.visit_f64(number),
            Ok(_) | Err(_) => Err(ScanError::BadNumber),
        }
    }
}
