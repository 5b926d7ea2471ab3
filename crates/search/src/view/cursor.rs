//! Where a page ended.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ItineraryKey;
use thiserror::Error;

use crate::rank::{Place, Sort};

/// Bytes of a cursor before they become text.
const CURSOR_BYTES: usize = 41;

/// The place of the last itinerary of a page.
///
/// A cursor holds no secret and grants nothing, so it is not signed: whoever makes one up sees other
/// rows of a page they may see anyway. It names what it continues, so that one that is used for
/// another search, sort or filter by mistake is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cursor {
    /// The order the page had.
    pub sort: Sort,
    /// Fingerprint of the search and the filters.
    pub mark: u64,
    /// Where the last itinerary stood.
    pub place: Place,
    /// Which it was.
    pub key: ItineraryKey,
}

/// A text is not a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the cursor is not one of ours")]
pub struct InvalidCursor;

impl Cursor {
    /// The cursor as text that needs no escaping in a URL.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut bytes = [0_u8; CURSOR_BYTES];
        bytes[0] = self.sort as u8;
        bytes[1..9].copy_from_slice(&self.place.first.to_le_bytes());
        bytes[9..17].copy_from_slice(&self.place.second.to_le_bytes());
        bytes[17..33].copy_from_slice(&self.key.0.to_le_bytes());
        bytes[33..].copy_from_slice(&self.mark.to_le_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a cursor.
    ///
    /// # Errors
    /// [`InvalidCursor`] for anything that [`Cursor::to_text`] does not write.
    pub fn from_text(text: &str) -> Result<Self, InvalidCursor> {
        // One byte of room beyond a cursor's: a longer text is then too long and not cut.
        let mut bytes = [0_u8; CURSOR_BYTES + 3];
        let read = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).map_err(|_| InvalidCursor)?;
        let bytes: &[u8; CURSOR_BYTES] = match bytes.first_chunk() {
            Some(bytes) if read == CURSOR_BYTES => bytes,
            _ => return Err(InvalidCursor),
        };
        let word = |at: usize| {
            let mut word = [0_u8; 8];
            word.copy_from_slice(&bytes[at..at + 8]);
            u64::from_le_bytes(word)
        };
        let sort = *Sort::ALL.get(bytes[0] as usize).ok_or(InvalidCursor)?;
        let key = u128::from(word(17)) | (u128::from(word(25)) << 64);
        let place = Place { first: word(1), second: word(9) };
        Ok(Self { sort, mark: word(33), place, key: ItineraryKey(key) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_reads_back(first in any::<u64>(), second in any::<u64>(), mark in any::<u64>(), key in any::<u128>(), sort in 0_usize..3) {
            let cursor = Cursor {
                sort: Sort::ALL[sort],
                mark,
                place: Place { first, second },
                key: ItineraryKey(key),
            };
            prop_assert_eq!(Cursor::from_text(&cursor.to_text()), Ok(cursor));
        }

        #[test]
        fn no_text_makes_reading_a_cursor_panic(text in any::<String>(), safe in "[A-Za-z0-9_-]{50,60}") {
            let _ = Cursor::from_text(&text);
            if let Ok(cursor) = Cursor::from_text(&safe) {
                prop_assert_eq!(cursor.to_text(), safe);
            }
        }
    }
}
