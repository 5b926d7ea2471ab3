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
use super::{Indicative, IndicativeSettings, SHARDS};

const KIND: Kind = *b"FWINDIC";
const VERSION: u8 = 1;
const ENTRY_BYTES: usize = 40;

impl Indicative {
    /// Writes all prices, recent or not.
    ///
    /// # Errors
    /// If writing fails.
    pub fn snapshot(&self, out: impl Write) -> io::Result<()> {
        let mut writer = SnapshotWriter::new(out, KIND, VERSION)?;
        let mut bytes = Vec::new();
        for index in 0..SHARDS {
            bytes.clear();
            lay_out(&self.read(index), &mut bytes);
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
            let node = Node::new(market, origin.packed());
            for _ in 0..reader.u16()?.max(1) {
                let month = Month::from_index(reader.u16()?);
                let month = month.ok_or(SnapshotError::Damaged("a month"))?;
                let mut entries = Vec::new();
                for _ in 0..reader.u16()? {
                    entries.push(decode(&reader.array()?, month)?);
                }
                let filled = index.change(node.shard(SHARDS), |shard| {
                    shard.fill(node, destination, month.index(), entries)
                });
                if !filled {
                    return Err(SnapshotError::Damaged("the order of prices"));
                }
            }
            index.make_room();
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
            for number in
                [node.market(), node.airport(), route.destination, route.months.len() as u16]
            {
                out.extend_from_slice(&number.to_le_bytes());
            }
            for held in &route.months {
                out.extend_from_slice(&held.month.to_le_bytes());
                out.extend_from_slice(&(held.entries().len() as u16).to_le_bytes());
                held.entries().iter().for_each(|entry| out.extend_from_slice(&encode(entry)));
            }
        }
    }
}

fn encode(entry: &Entry) -> [u8; ENTRY_BYTES] {
    let mut bytes = [0; ENTRY_BYTES];
    let shorts = [entry.slot.0, entry.out_carrier, entry.back_carrier, entry.currency];
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

fn decode(bytes: &[u8; ENTRY_BYTES], month: Month) -> Result<Entry, SnapshotError> {
    let short = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
    let word = |at: usize| u32::from(short(at)) | u32::from(short(at + 2)) << 16;
    let long = |at: usize| u64::from(word(at)) | u64::from(word(at + 4)) << 32;
    let agent = agent_from_packed(long(32)).ok_or(SnapshotError::Damaged("a seller"))?;
    let entry = Entry {
        slot: Slot(short(0)),
        out_carrier: short(2),
        back_carrier: short(4),
        currency: short(6),
        seen_s: word(8),
        eur: word(12),
        itinerary: word(16),
        partner: word(20),
        minor: long(24).cast_signed(),
        agent,
    };
    let slot = entry.slot;
    let known_slot = u32::from(slot.day()) < month.days()
        && slot.stay().is_none_or(|stay| i32::from(stay) <= STAY_MAX)
        && slot == Slot::new(slot.day(), slot.stay(), slot.direct());
    let carriers = CarrierCode::from_packed(entry.out_carrier).is_some()
        && if slot.returns() {
            CarrierCode::from_packed(entry.back_carrier).is_some()
        } else {
            entry.back_carrier == 0
        };
    let priced = entry.eur > 0 && entry.eur < u32::MAX && entry.minor > 0;
    if known_slot && carriers && priced && CurrencyCode::from_packed(entry.currency).is_some() {
        Ok(entry)
    } else {
        Err(SnapshotError::Damaged("a price"))
    }
}
