//! Carriers of the simulated world: bases, size, kind, and who sells whose flights.
//!
//! Source: `data/carriers.txt`, general knowledge; names and alliances are `atlas`'s.

use atlas::AllianceId;
use domain::CarrierCode;

use super::sites::Sites;
use crate::noise;

const TABLE: &str = include_str!("../../data/carriers.txt");

/// What a carrier is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Connects over its bases, sells four cabins, has agreements with others.
    Network,
    /// Point to point, one cabin, connects with nobody.
    Lowcost,
    /// Short flights around its bases.
    Regional,
}

/// A carrier.
#[derive(Clone, Debug)]
pub struct Line {
    /// IATA code.
    pub code: CarrierCode,
    /// What it is like.
    pub kind: Kind,
    /// Departures a day it is planned with.
    pub departures: u32,
    /// Indexes of its bases, largest first; at least one.
    pub bases: Vec<u16>,
    /// Carriers that operate some of its short flights.
    pub operators: Vec<CarrierCode>,
    /// Its alliance.
    pub alliance: Option<AllianceId>,
}

/// The carriers of the table that `atlas` knows and that have a base with flights.
#[must_use]
pub fn load(sites: &Sites) -> Vec<Line> {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| parse(line, sites)).collect()
}

fn parse(line: &str, sites: &Sites) -> Option<Line> {
    let mut fields = line.split(';');
    let code: CarrierCode = fields.next()?.parse().ok()?;
    let kind = match fields.next()? {
        "network" => Kind::Network,
        "lowcost" => Kind::Lowcost,
        "regional" => Kind::Regional,
        _ => return None,
    };
    let departures = fields.next()?.parse().ok()?;
    let bases: Vec<u16> = fields
        .next()?
        .split_whitespace()
        .filter_map(|base| sites.index(base.parse().ok()?))
        .collect();
    let operators = fields.next()?.split_whitespace().filter_map(|code| code.parse().ok());
    if bases.is_empty() {
        return None;
    }
    let operators = operators.collect();
    Some(Line { code, kind, departures, bases, operators, alliance: alliance(code)? })
}

/// The alliance of a carrier that `atlas` knows; `None` if it does not know the carrier.
#[must_use]
pub fn alliance(code: CarrierCode) -> Option<Option<AllianceId>> {
    Some(atlas::atlas().carrier(code)?.alliance)
}

/// Which carriers connect on one ticket, as a square of bits.
#[derive(Debug)]
pub struct Agreements {
    lines: usize,
    bits: Vec<u64>,
}

impl Agreements {
    /// Carriers agree if they share an alliance, if one is regional in the other's country, or, two
    /// network carriers, by a draw of one in twelve.
    #[must_use]
    pub fn new(seed: u64, sites: &Sites, lines: &[Line]) -> Self {
        let mut agreements =
            Self { lines: lines.len(), bits: vec![0; (lines.len() * lines.len()).div_ceil(64)] };
        for (a, left) in lines.iter().enumerate() {
            for (b, right) in lines.iter().enumerate().take(a + 1) {
                if a == b || agree(seed, sites, left, right) {
                    agreements.set(a, b);
                    agreements.set(b, a);
                }
            }
        }
        agreements
    }

    fn set(&mut self, a: usize, b: usize) {
        let bit = a * self.lines + b;
        self.bits[bit / 64] |= 1 << (bit % 64);
    }

    /// Whether two carriers connect on one ticket.
    #[must_use]
    pub fn has(&self, a: u16, b: u16) -> bool {
        let bit = usize::from(a) * self.lines + usize::from(b);
        self.bits[bit / 64] >> (bit % 64) & 1 == 1
    }
}

fn agree(seed: u64, sites: &Sites, a: &Line, b: &Line) -> bool {
    if a.alliance.is_some() && a.alliance == b.alliance {
        return true;
    }
    let home = |line: &Line| line.bases.first().map(|&base| sites.at(base).country);
    match (a.kind, b.kind) {
        (Kind::Network, Kind::Regional) | (Kind::Regional, Kind::Network) => home(a) == home(b),
        (Kind::Network, Kind::Network) => {
            let things = [0xA6, u64::from(a.code.packed()), u64::from(b.code.packed())];
            noise::below(noise::draw(seed, &things), 12) == 0
        }
        _ => false,
    }
}
