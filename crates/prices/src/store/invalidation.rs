//! What shall not be believed any more, as a value and as a record of the log.
//!
//! Invalidations stand in the log between the answers they concern, so that a replay forgets what was
//! forgotten.

use domain::{AirportCode, CarrierCode, PartnerId};

use crate::codec::CodecError;
use crate::seen::Seen;

const WRONG: CodecError = CodecError::Corrupt("an invalidation");

/// What shall not be believed any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invalidation {
    /// All answers of a partner.
    Partner(PartnerId),
    /// All answers to questions with a leg between these airports.
    Route {
        /// From.
        origin: AirportCode,
        /// To.
        destination: AirportCode,
    },
    /// All answers with a flight that the carrier sells or operates.
    Carrier(CarrierCode),
}

impl Invalidation {
    /// The record of forgetting what was seen until a moment.
    ///
    /// ```
    /// use domain::PartnerId;
    /// use prices::store::Invalidation;
    ///
    /// let what = Invalidation::Partner(PartnerId::literal("acme"));
    /// let record = what.to_bytes(1_700_000_000_000);
    /// assert_eq!(Invalidation::from_bytes(&record)?, (what, 1_700_000_000_000));
    /// # Ok::<(), prices::codec::CodecError>(())
    /// ```
    #[must_use]
    pub fn to_bytes(self, until_ms: i64) -> Vec<u8> {
        let (kind, word) = match self {
            Self::Partner(partner) => (0, partner.packed()),
            Self::Route { origin, destination } => {
                (1, u64::from(origin.packed()) << 16 | u64::from(destination.packed()))
            }
            Self::Carrier(carrier) => (2, u64::from(carrier.packed())),
        };
        let mut bytes = vec![kind];
        bytes.extend(word.to_le_bytes());
        bytes.extend(until_ms.to_le_bytes());
        bytes
    }

    /// Whether an answer is one of those, whenever it was seen.
    #[must_use]
    pub fn concerns(self, seen: &Seen) -> bool {
        match self {
            Self::Partner(partner) => seen.partner == partner,
            Self::Route { origin, destination } => seen
                .question
                .legs
                .iter()
                .any(|leg| leg.origin.contains(origin) && leg.destination.contains(destination)),
            Self::Carrier(carrier) => {
                let mut segments = seen.answer.segments().iter();
                segments.any(|one| one.carrier == carrier || one.operating == carrier)
            }
        }
    }

    /// Reads a record.
    ///
    /// # Errors
    /// [`CodecError`] for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<(Self, i64), CodecError> {
        let (&kind, rest) = bytes.split_first().ok_or(CodecError::CutShort)?;
        let (word, rest) = rest.split_first_chunk().ok_or(CodecError::CutShort)?;
        let until_ms = rest.try_into().map_err(|_| CodecError::CutShort)?;
        let word = u64::from_le_bytes(*word);
        let code = |word: u64| u16::try_from(word).map_err(|_| WRONG);
        let airport = |word: u64| AirportCode::from_packed(code(word)?).ok_or(WRONG);
        let what = match kind {
            0 => {
                let text = word.to_be_bytes();
                let end = text.iter().position(|&byte| byte == 0).unwrap_or(text.len());
                let partner = PartnerId::from_bytes(&text[..end]).ok();
                Self::Partner(partner.filter(|own| own.packed() == word).ok_or(WRONG)?)
            }
            1 => Self::Route {
                origin: airport(word >> 16)?,
                destination: airport(word & u64::from(u16::MAX))?,
            },
            2 => Self::Carrier(CarrierCode::from_packed(code(word)?).ok_or(WRONG)?),
            _ => return Err(WRONG),
        };
        Ok((what, i64::from_le_bytes(until_ms)))
    }
}
