//! Price digests: what a cell tells others of its indicative prices, as values and as a record of the log.
//!
//! Told are the prices that stand anew, each with all that an index keeps of it and with the cheaper
//! one's name that it stands instead of; nothing else of the answer it comes from. Whoever takes the
//! digests of one index and nothing else has the same index.
//!
//! ```text
//! version, number of prices │ market, origin, destination, month, instead of, 40 B of the price │ …
//! ```
//!
//! Cost: 60 B a price before packing. Limits: [`DIGESTS_MAX`] prices in one record.

use domain::{AgentId, AirportCode, CountryCode};
use thiserror::Error;

use super::bytes::agent_from_packed;
use super::entry::Entry;
use super::shard::Node;
use super::snapshot::{ENTRY_BYTES, decode, encode};
use super::when::Month;

/// Most prices in one record.
pub const DIGESTS_MAX: usize = 65_536;
const VERSION: u8 = 1;
const HEAD: usize = 1 + 4;
/// Market, two airports, month; seller and itinerary.
const PLACE_BYTES: usize = 8 + 12;
const ROW_BYTES: usize = PLACE_BYTES + ENTRY_BYTES;

/// One price that stands anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest {
    pub(super) node: Node,
    pub(super) destination: AirportCode,
    pub(super) month: Month,
    /// Seller and itinerary of the cheaper price that it replaced, which is not had any more.
    pub(super) instead_of: Option<(AgentId, u32)>,
    pub(super) entry: Entry,
}

/// The bytes are no price digests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DigestError {
    /// They are of another version.
    #[error("price digests of version {0} are not known")]
    Version(u8),
    /// They end too soon, or go on after the end.
    #[error("price digests of the wrong length")]
    Length,
    /// There is a price that cannot be.
    #[error("a price digest cannot be: {0}")]
    Price(&'static str),
}

impl Digest {
    /// Day of departure, days since 1970.
    pub(super) fn departs(&self) -> i32 {
        self.month.first_day().days() + i32::from(self.entry.slot.day())
    }

    /// Prices as the value of a record; those beyond [`DIGESTS_MAX`] are left out.
    #[must_use]
    pub fn to_bytes(digests: &[Self]) -> Vec<u8> {
        let digests = &digests[..digests.len().min(DIGESTS_MAX)];
        let mut bytes = Vec::with_capacity(HEAD + digests.len() * ROW_BYTES);
        bytes.push(VERSION);
        bytes.extend_from_slice(&(digests.len() as u32).to_le_bytes());
        for one in digests {
            let numbers = [
                one.node.market.packed(),
                one.node.airport.packed(),
                one.destination.packed(),
                one.month.index(),
            ];
            numbers.iter().for_each(|number| bytes.extend_from_slice(&number.to_le_bytes()));
            let (agent, itinerary) =
                one.instead_of.map_or((0, 0), |(agent, itinerary)| (agent.packed(), itinerary));
            bytes.extend_from_slice(&agent.to_le_bytes());
            bytes.extend_from_slice(&itinerary.to_le_bytes());
            bytes.extend_from_slice(&encode(&one.entry));
        }
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`DigestError`] for any other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Vec<Self>, DigestError> {
        let (head, rows) = bytes.split_at_checked(HEAD).ok_or(DigestError::Length)?;
        if head[0] != VERSION {
            return Err(DigestError::Version(head[0]));
        }
        let count = u32::from_le_bytes([head[1], head[2], head[3], head[4]]) as usize;
        if count > DIGESTS_MAX || rows.len() != count * ROW_BYTES {
            return Err(DigestError::Length);
        }
        rows.chunks_exact(ROW_BYTES).map(Self::read).collect()
    }

    fn read(row: &[u8]) -> Result<Self, DigestError> {
        let number = |at: usize| u16::from_le_bytes([row[at], row[at + 1]]);
        let code = DigestError::Price("a code");
        let long =
            |at: usize| (0..4).fold(0, |sum, i| sum | u64::from(number(at + 2 * i)) << (16 * i));
        let month = Month::from_index(number(6)).ok_or(DigestError::Price("a month"))?;
        let itinerary = u32::from(number(16)) | u32::from(number(18)) << 16;
        let instead_of = match long(8) {
            0 if itinerary == 0 => None,
            0 => return Err(DigestError::Price("what it stands instead of")),
            agent => Some((agent_from_packed(agent).ok_or(code)?, itinerary)),
        };
        Ok(Self {
            node: Node {
                market: CountryCode::from_packed(number(0)).ok_or(code)?,
                airport: AirportCode::from_packed(number(2)).ok_or(code)?,
            },
            destination: AirportCode::from_packed(number(4)).ok_or(code)?,
            month,
            instead_of,
            entry: decode(&row[PLACE_BYTES..], month)
                .map_err(|_| DigestError::Price("its numbers"))?,
        })
    }
}
