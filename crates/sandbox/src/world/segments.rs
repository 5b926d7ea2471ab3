//! Reads a network from a file of monthly segments, plain or packed with bzip2.
//!
//! Format: lines `origin;destination;carrier;yyyymm;seats;departures`, a heading starting with `#`.
//! Frequencies are the file's; times of day are planned as for a generated network. Lines whose
//! airport or carrier `atlas` does not know are counted and left out.
//!
//! Limits: [`BYTES_MAX`] unpacked, [`ROWS_MAX`] rows.

use std::io::Read;

use domain::{CarrierCode, Date};
use runtime::{FixedMap, FixedSet};
use thiserror::Error;

use super::carriers::{self, Kind, Line};
use super::departures::{self, Rotation};
use super::network::Route;
use super::sites::Sites;
use crate::noise;

/// Bytes of the unpacked file at most.
pub const BYTES_MAX: u64 = 64 << 20;
/// Rows at most.
pub const ROWS_MAX: usize = 500_000;

/// The file is not one of monthly segments.
#[derive(Debug, Error)]
pub enum SegmentsError {
    /// The bzip2 stream is broken.
    #[error("the file cannot be unpacked")]
    Packed(#[source] std::io::Error),
    /// Larger than [`BYTES_MAX`] or more rows than [`ROWS_MAX`].
    #[error("the file is too large")]
    TooLarge,
    /// A row is not as it should be.
    #[error("line {line}: expected origin;destination;carrier;yyyymm;seats;departures")]
    Row {
        /// Line, from 1.
        line: usize,
    },
    /// No row was left.
    #[error("the file has no flight between known airports by a known carrier")]
    Empty,
}

/// A file as read.
#[derive(Debug)]
pub struct Segments {
    /// Its carriers.
    pub lines: Vec<Line>,
    /// (origin, destination, carrier index) and departures a week.
    rows: Vec<((u16, u16, u16), f64)>,
    /// Rows left out because an airport or a carrier is not known.
    pub unknown: usize,
    /// Departures a day in all rows, left out ones included.
    pub departures_a_day: f64,
}

/// Reads the file; carriers get their kind from the table of carriers.
///
/// # Errors
/// [`SegmentsError`].
pub fn read(bytes: &[u8], sites: &Sites) -> Result<Segments, SegmentsError> {
    let text = unpack(bytes)?;
    let known: FixedMap<CarrierCode, Line> =
        carriers::load(sites).into_iter().map(|line| (line.code, line)).collect();
    let mut segments =
        Segments { lines: Vec::new(), rows: Vec::new(), unknown: 0, departures_a_day: 0.0 };
    let mut index: FixedMap<CarrierCode, u16> = FixedMap::default();
    let mut merged: FixedMap<(u16, u16, u16), f64> = FixedMap::default();
    for (number, row) in text.split(|&byte| byte == b'\n').enumerate() {
        if row.is_empty() || row[0] == b'#' {
            continue;
        }
        if number > ROWS_MAX {
            return Err(SegmentsError::TooLarge);
        }
        let row = parse_row(row).ok_or(SegmentsError::Row { line: number + 1 })?;
        segments.departures_a_day += row.departures_a_day;
        let ends = sites.index_of(row.origin).zip(sites.index_of(row.destination));
        let alliance = CarrierCode::from_bytes(row.carrier)
            .ok()
            .and_then(|code| Some((code, carriers::alliance(code)?)));
        let (Some((origin, destination)), Some((code, alliance))) = (ends, alliance) else {
            segments.unknown += 1;
            continue;
        };
        let line = *index.entry(code).or_insert_with(|| {
            segments.lines.push(known.get(&code).cloned().unwrap_or(Line {
                code,
                kind: Kind::Network,
                departures: 0,
                bases: Vec::new(),
                operators: Vec::new(),
                alliance,
            }));
            (segments.lines.len() - 1) as u16
        });
        if origin != destination {
            *merged.entry((origin, destination, line)).or_default() += row.departures_a_day * 7.0;
        }
    }
    segments.rows = merged.into_iter().collect();
    segments.rows.sort_by_key(|(key, _)| *key);
    if segments.rows.is_empty() {
        return Err(SegmentsError::Empty);
    }
    segments.settle();
    Ok(segments)
}

impl Segments {
    /// Sets each carrier's departures, and a base where the table gives none.
    fn settle(&mut self) {
        let mut busiest: FixedMap<(u16, u16), f64> = FixedMap::default();
        let mut totals = vec![0.0; self.lines.len()];
        for ((origin, _, line), weekly) in &self.rows {
            *busiest.entry((*line, *origin)).or_default() += weekly;
            totals[usize::from(*line)] += weekly / 7.0;
        }
        let mut bases: Vec<((u16, u16), f64)> = busiest.into_iter().collect();
        bases.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        for ((line, site), _) in bases {
            let line = &mut self.lines[usize::from(line)];
            if line.bases.is_empty() {
                line.bases.push(site);
            }
        }
        for (line, total) in self.lines.iter_mut().zip(totals) {
            line.departures = total.round() as u32;
        }
    }
}

struct Row<'a> {
    origin: &'a [u8],
    destination: &'a [u8],
    carrier: &'a [u8],
    departures_a_day: f64,
}

fn parse_row(row: &[u8]) -> Option<Row<'_>> {
    let mut fields = row.strip_suffix(b"\r").unwrap_or(row).split(|&byte| byte == b';');
    let (origin, destination, carrier) = (fields.next()?, fields.next()?, fields.next()?);
    let month = str::from_utf8(fields.next()?).ok()?.parse::<i32>().ok()?;
    let seats = str::from_utf8(fields.next()?).ok()?.parse::<u32>();
    let departures = str::from_utf8(fields.next()?).ok()?.parse::<u32>().ok()?;
    Date::from_ymd(month / 100, (month % 100).unsigned_abs(), 1).ok()?;
    let days = domain::civil::days_in_month(month / 100, (month % 100).unsigned_abs());
    let departures_a_day = f64::from(departures) / f64::from(days);
    seats.ok().map(|_| Row { origin, destination, carrier, departures_a_day })
}

fn unpack(bytes: &[u8]) -> Result<Vec<u8>, SegmentsError> {
    let mut text = Vec::new();
    let read = if bytes.starts_with(b"BZh") {
        bzip2_rs::DecoderReader::new(bytes).take(BYTES_MAX + 1).read_to_end(&mut text)
    } else {
        bytes.take(BYTES_MAX + 1).read_to_end(&mut text)
    };
    read.map_err(SegmentsError::Packed)?;
    if text.len() as u64 > BYTES_MAX {
        return Err(SegmentsError::TooLarge);
    }
    Ok(text)
}

/// The routes of a file: each pair of airports of a carrier is planned as rotations from the larger
/// end, as often each way as the file says.
#[must_use]
pub fn routes(seed: u64, sites: &Sites, segments: &Segments) -> Vec<Route> {
    let mut weekly: FixedMap<(u16, u16, u16), f64> = FixedMap::default();
    weekly.extend(segments.rows.iter().copied());
    let mut done: FixedSet<(u16, u16, u16)> = FixedSet::default();
    let mut next_number = vec![1_u32; segments.lines.len()];
    let mut routes = Vec::new();
    for ((origin, destination, line), _) in &segments.rows {
        // Sites are numbered by popularity: the smaller index is the larger airport.
        let (base, away, line) = (*origin.min(destination), *origin.max(destination), *line);
        if !done.insert((base, away, line)) {
            continue;
        }
        let times = |from, to| {
            let exact = weekly.get(&(from, to, line)).copied().unwrap_or(0.0);
            let things = [0x5E, u64::from(line), u64::from(from), u64::from(to)];
            // Rounded by a draw, so that rare flights are kept on average.
            (exact + noise::unit(noise::draw(seed, &things))).floor() as u32
        };
        let counts = [times(base, away), times(away, base)];
        let draw = noise::draw(seed, &[0x70, u64::from(line), u64::from(base), u64::from(away)]);
        let propeller = sites.distance_km(base, away) < 350.0;
        let blocks = [
            departures::block_minutes(sites, base, away, propeller),
            departures::block_minutes(sites, away, base, propeller),
        ];
        let next = &mut next_number[usize::from(line)];
        let number = (1 + (*next - 1) % 9_990) as u16;
        *next += 2 * counts[0].max(counts[1]).div_ceil(7);
        let operating = segments.lines[usize::from(line)].code;
        for (way, weekly) in counts.into_iter().enumerate() {
            let rotation = Rotation { base, away, weekly, number, blocks, draw };
            let [out, back] = departures::plan(sites, &rotation);
            let (origin, destination, patterns) =
                if way == 0 { (base, away, out) } else { (away, base, back) };
            let block = blocks[way];
            routes.push(Route { origin, destination, line, operating, block, patterns });
        }
    }
    routes
}
