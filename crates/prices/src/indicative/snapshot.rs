//! The whole index as bytes, and back.
//!
//! ```text
//! kind, version │ 1, market, origin, destination, months │ month, entries │ 40 B an entry … │ 0 │ checksum
//! ```
//!
//! Equal indexes give equal bytes. A share is locked while its part is laid out, not while it is
//! written; prices taken meanwhile may be in the snapshot or not.

use std::io::{self, Read, Write};
use std::sync::Arc;

use domain::{CarrierCode, CurrencyCode};

use super::bytes::{Kind, SnapshotError, SnapshotReader, SnapshotWriter, agent_from_packed};
use super::entry::{Entry, Slot};
use super::euro::EuroRates;
use super::reduce::STAY_MAX;
use super::shard::{Node, Shard};
use super::when::Month;
use super::{Indicative, IndicativeSettings};
use crate::shares::SHARES;

const KIND: Kind = *b"FWINDIC";
const VERSION: u8 = 1;
pub(super) const ENTRY_BYTES: usize = 40;

impl Indicative {
    /// Writes all prices, recent or not.
    ///
    /// # Errors
    /// If writing fails.
    pub fn snapshot(&self, out: impl Write) -> io::Result<()> {
        let mut writer = SnapshotWriter::new(out, KIND, VERSION)?;
        let mut bytes = Vec::new();
        for share in self.shares.each() {
            bytes.clear();
            lay_out(&share, &mut bytes);
            drop(share);
            writer.write(&bytes)?;
        }
        writer.write(&[0])?;
        writer.finish()
    }

    /// Reads an index that [`Indicative::snapshot`] wrote. If these settings give it less memory,
    /// the oldest prices go.
    ///
    /// # Errors
    /// [`SnapshotError`] if the bytes are not such an index.
    pub fn restore(
        settings: IndicativeSettings,
        rates: Arc<EuroRates>,
        from: impl Read,
    ) -> Result<Self, SnapshotError> {
        let index = Self::new(settings, rates);
        let mut reader = SnapshotReader::new(from, KIND, VERSION)?;
        loop {
            match reader.array()? {
                [0] => break,
                [1] => {}
                _ => return Err(SnapshotError::Damaged("a mark")),
            }
            let (market, origin, destination) = reader.route()?;
            let node = Node { market, airport: origin };
            let months = reader.u16()?;
            if months == 0 {
                return Err(SnapshotError::Damaged("a route without months"));
            }
            for _ in 0..months {
                let month = Month::from_index(reader.u16()?);
                let month = month.ok_or(SnapshotError::Damaged("a month"))?;
                let count = usize::from(reader.u16()?);
                let mut entries = Vec::new();
                // At most 2.6 MB, read before anything is made of it.
                for bytes in reader.bytes(count * ENTRY_BYTES)?.chunks_exact(ENTRY_BYTES) {
                    entries.push(decode(bytes, month)?);
                }
                let filled = index.shares.change(node.shard(SHARES), |shard| {
                    shard.fill(node, destination, month, entries)
                });
                if !filled {
                    return Err(SnapshotError::Damaged("the order of prices"));
                }
            }
            index.shares.make_room(index.settings.bytes_max.size());
        }
        reader.finish()?;
        Ok(index)
    }
}

fn lay_out(shard: &Shard, out: &mut Vec<u8>) {
    let mut nodes: Vec<_> = shard.origins.iter().collect();
    nodes.sort_unstable_by_key(|&(node, _)| *node);
    for (node, routes) in nodes {
        for route in routes {
            out.push(1);
            for number in [node.market.packed(), node.airport.packed(), route.destination.packed()]
            {
                out.extend_from_slice(&number.to_le_bytes());
            }
            out.extend_from_slice(&(route.months.len() as u16).to_le_bytes());
            for held in &route.months {
                out.extend_from_slice(&held.month.index().to_le_bytes());
                out.extend_from_slice(&(held.entries().len() as u16).to_le_bytes());
                held.entries().iter().for_each(|entry| out.extend_from_slice(&encode(entry)));
            }
        }
    }
}

pub(super) fn encode(entry: &Entry) -> [u8; ENTRY_BYTES] {
    let mut bytes = [0; ENTRY_BYTES];
    let shorts = [
        entry.slot.0,
        entry.out_carrier.packed(),
        entry.back_carrier.packed(),
        entry.currency.packed(),
    ];
    for (place, number) in bytes[..8].chunks_exact_mut(2).zip(shorts) {
        place.copy_from_slice(&number.to_le_bytes());
    }
    let words = [entry.seen_s, entry.eur, entry.itinerary, entry.partner];
    for (place, number) in bytes[8..24].chunks_exact_mut(4).zip(words) {
        place.copy_from_slice(&number.to_le_bytes());
    }
    bytes[24..32].copy_from_slice(&entry.minor.to_le_bytes());
    bytes[32..].copy_from_slice(&entry.agent.packed().to_le_bytes());
    bytes
}

pub(super) fn decode(bytes: &[u8], month: Month) -> Result<Entry, SnapshotError> {
    const CODE: SnapshotError = SnapshotError::Damaged("a code");
    let short = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
    let word = |at: usize| u32::from(short(at)) | u32::from(short(at + 2)) << 16;
    let long = |at: usize| u64::from(word(at)) | u64::from(word(at + 4)) << 32;
    let entry = Entry {
        slot: Slot(short(0)),
        out_carrier: CarrierCode::from_packed(short(2)).ok_or(CODE)?,
        back_carrier: CarrierCode::from_packed(short(4)).ok_or(CODE)?,
        currency: CurrencyCode::from_packed(short(6)).ok_or(CODE)?,
        seen_s: word(8),
        eur: word(12),
        itinerary: word(16),
        partner: word(20),
        minor: long(24).cast_signed(),
        agent: agent_from_packed(long(32)).ok_or(CODE)?,
    };
    let slot = entry.slot;
    let known_slot = u32::from(slot.day()) < month.days()
        && slot.stay().is_none_or(|stay| i32::from(stay) <= STAY_MAX)
        && slot == Slot::new(slot.day(), slot.stay(), slot.direct())
        && (slot.returns() || entry.back_carrier == entry.out_carrier);
    let priced = entry.eur > 0 && entry.eur < u32::MAX && entry.minor > 0;
    if known_slot && priced { Ok(entry) } else { Err(SnapshotError::Damaged("a price")) }
}
