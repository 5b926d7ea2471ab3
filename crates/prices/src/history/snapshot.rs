//! The whole history as bytes, and back.
//!
//! ```text
//! kind, version │ 1, market, origin, destination, trips │ trip, days, open day … │ 0 │ checksum
//! ```
//!
//! Equal histories give equal bytes. A share is locked while its part is laid out, not while it is
//! written; prices taken meanwhile may be in the snapshot or not.

use std::io::{self, Read, Write};

use super::series::{Day, Open, SAMPLE, Series};
use super::shard::{Route, Shard};
use super::{History, HistorySettings, Stay};
use crate::indicative::bytes::{Kind, SnapshotError, SnapshotReader, SnapshotWriter};
use crate::shares::SHARES;

const KIND: Kind = *b"FWHISTO";
const VERSION: u8 = 1;
const DAY_BYTES: usize = 16;

impl History {
    /// Writes everything.
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

    /// Reads a history that [`History::snapshot`] wrote. If these settings give it less memory,
    /// the trips not observed for longest go.
    ///
    /// # Errors
    /// [`SnapshotError`] if the bytes are not such a history.
    pub fn restore(settings: HistorySettings, from: impl Read) -> Result<Self, SnapshotError> {
        let history = Self::new(settings);
        let mut reader = SnapshotReader::new(from, KIND, VERSION)?;
        loop {
            match reader.array()? {
                [0] => break,
                [1] => {}
                _ => return Err(SnapshotError::Damaged("a mark")),
            }
            let (market, origin, destination) = reader.route()?;
            let route = Route { market, origin, destination };
            let mut trips = Vec::new();
            for _ in 0..reader.u16()? {
                trips.push(read_trip(&mut reader)?);
            }
            let filled =
                history.shares.change(route.shard(SHARES), |shard| shard.fill(route, trips));
            if !filled {
                return Err(SnapshotError::Damaged("the order of trips"));
            }
            history.shares.make_room(history.settings.bytes_max.size());
        }
        reader.finish()?;
        Ok(history)
    }
}

fn lay_out(shard: &Shard, out: &mut Vec<u8>) {
    let mut routes: Vec<_> = shard.routes.iter().collect();
    routes.sort_unstable_by_key(|&(route, _)| *route);
    for (route, trips) in routes {
        out.push(1);
        let codes = [route.market.packed(), route.origin.packed(), route.destination.packed()];
        put_shorts(out, &codes);
        put_shorts(out, &[trips.len() as u16]);
        trips.iter().for_each(|trip| lay_out_trip(trip, out));
    }
}

fn put_shorts(out: &mut Vec<u8>, numbers: &[u16]) {
    numbers.iter().for_each(|number| out.extend_from_slice(&number.to_le_bytes()));
}

fn put_words(out: &mut Vec<u8>, numbers: &[u32]) {
    numbers.iter().for_each(|number| out.extend_from_slice(&number.to_le_bytes()));
}

fn lay_out_trip(trip: &Series, out: &mut Vec<u8>) {
    put_shorts(out, &[trip.departs, trip.days.len() as u16]);
    put_words(out, &[trip.last_s]);
    out.extend_from_slice(&[trip.stay, u8::from(trip.open.is_some())]);
    for day in &trip.days {
        put_shorts(out, &[day.day, day.searches]);
        put_words(out, &[day.low, day.median, day.high]);
    }
    if let Some(open) = &trip.open {
        put_shorts(out, &[open.day, open.sample.len() as u16]);
        out.extend_from_slice(&open.question.to_le_bytes());
        put_words(out, &[open.since_s, open.cheapest, open.searches, open.low, open.high]);
        put_words(out, &open.sample);
    }
}

fn read_trip(reader: &mut SnapshotReader<impl Read>) -> Result<Series, SnapshotError> {
    let (departs, count, last_s) = (reader.u16()?, reader.u16()?, reader.u32()?);
    let [stay, has_open] = reader.array()?;
    let mut trip = Series::new(departs, stay);
    trip.last_s = last_s;
    for bytes in reader.bytes(usize::from(count) * DAY_BYTES)?.chunks_exact(DAY_BYTES) {
        trip.days.push(read_day(bytes));
    }
    trip.days.shrink_to_fit();
    if has_open == 1 {
        trip.open = Some(Box::new(read_open(reader)?));
    }
    let newest = trip.open.as_ref().map_or(u16::MAX, |open| open.day);
    let good = stay <= Stay::Long as u8
        && has_open <= 1
        && !trip.is_empty()
        && trip.days.is_sorted_by(|one, next| one.day < next.day)
        && trip.days.iter().all(|day| day.low <= day.median && day.median <= day.high)
        && trip.days.last().is_none_or(|last| trip.open.is_none() || last.day < newest);
    if good { Ok(trip) } else { Err(SnapshotError::Damaged("a trip")) }
}

fn read_day(bytes: &[u8]) -> Day {
    let short = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
    let word = |at: usize| u32::from(short(at)) | u32::from(short(at + 2)) << 16;
    Day { day: short(0), searches: short(2), low: word(4), median: word(8), high: word(12) }
}

fn read_open(reader: &mut SnapshotReader<impl Read>) -> Result<Open, SnapshotError> {
    let (day, count) = (reader.u16()?, usize::from(reader.u16()?));
    let mut open = Open {
        day,
        question: reader.u64()?,
        since_s: reader.u32()?,
        cheapest: reader.u32()?,
        searches: reader.u32()?,
        low: reader.u32()?,
        high: reader.u32()?,
        sample: Vec::new(),
    };
    let sampled = (open.searches as usize).min(SAMPLE);
    if count != sampled {
        return Err(SnapshotError::Damaged("a sample"));
    }
    open.sample.reserve_exact(count);
    for _ in 0..count {
        open.sample.push(reader.u32()?);
    }
    Ok(open)
}
