//! Generates the network: who flies where how often.
//!
//! Each carrier spreads its departures over its bases, and each base over destinations by gravity:
//! demand at the far end, falling with distance as the kind of carrier suggests, more at home. Then
//! [`coverage`] ties airports nobody chose to the nearest larger one. Frequencies are scaled until
//! the whole comes to [`DEPARTURES_A_DAY`].

use domain::CarrierCode;
use runtime::FixedMap;

use super::carriers::{Kind, Line};
use super::departures::{self, Rotation};
use super::network::Route;
use super::sites::Sites;
use super::{DEPARTURES_A_DAY, coverage};
use crate::noise;

/// Rotations a week on one route at most: fourteen a day.
const WEEKLY_MAX: u32 = 98;
/// Rotations a week on one route at least.
const WEEKLY_MIN: u32 = 2;
/// Destinations of one base at most.
const DESTINATIONS_MAX: f64 = 240.0;
/// How much less than its pull a destination's share of flights grows.
const EVENNESS: f64 = 0.65;
/// Passes of scaling; each brings the total several times closer.
const PASSES: usize = 6;

/// A pair of airports that a carrier flies.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    /// The base.
    pub base: u16,
    /// The other end.
    pub away: u16,
    /// Index of the carrier.
    pub line: u16,
    /// Rotations a week if nothing were rounded or limited.
    pub wish: f64,
}

/// The network of a seed.
#[must_use]
pub fn generate(seed: u64, sites: &Sites, lines: &[Line]) -> Vec<Route> {
    let mut pairs = FixedMap::default();
    for (index, line) in lines.iter().enumerate() {
        add_pairs(seed, sites, line, index as u16, &mut pairs);
    }
    let mut pairs: Vec<Pair> = pairs.into_values().collect();
    pairs.sort_by_key(|pair| (pair.line, pair.base, pair.away));
    let mut fixed = coverage::feeders(seed, sites, lines, &pairs);
    let scale = scale(&pairs, &fixed);
    let mut rotations: Vec<(Pair, u32)> =
        pairs.iter().map(|pair| (*pair, weekly(pair.wish * scale))).collect();
    rotations.append(&mut fixed);
    routes(seed, sites, lines, &rotations)
}

fn weekly(wish: f64) -> u32 {
    (wish.round() as u32).clamp(WEEKLY_MIN, WEEKLY_MAX)
}

/// The factor on all wishes that brings the week's departures to the calibrated total.
fn scale(pairs: &[Pair], fixed: &[(Pair, u32)]) -> f64 {
    let fixed: u32 = fixed.iter().map(|(_, weekly)| weekly).sum();
    let wanted = f64::from(DEPARTURES_A_DAY) * 7.0 / 2.0 - f64::from(fixed);
    let mut scale = 1.0;
    for _ in 0..PASSES {
        let total: f64 = pairs.iter().map(|pair| f64::from(weekly(pair.wish * scale))).sum();
        scale *= (wanted / total.max(1.0)).clamp(0.2, 5.0);
    }
    scale
}

/// The pairs of one carrier, keyed so that a route between two of its bases exists once.
fn add_pairs(
    seed: u64,
    sites: &Sites,
    line: &Line,
    index: u16,
    pairs: &mut FixedMap<(u16, u16, u16), Pair>,
) {
    let shares: Vec<f64> = (0..line.bases.len()).map(|rank| 1.0 / (rank as f64 + 1.4)).collect();
    let whole: f64 = shares.iter().sum();
    for (&base, share) in line.bases.iter().zip(shares) {
        let departures = f64::from(line.departures) / 2.0 * share / whole;
        let count = (3.2 * departures.powf(0.72)).clamp(2.0, DESTINATIONS_MAX) as usize;
        let mut masses = masses(seed, sites, line, base);
        masses.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        masses.truncate(count);
        let pull: f64 = masses.iter().map(|(_, mass)| mass.powf(EVENNESS)).sum();
        for (away, mass) in masses {
            let wish = departures * 7.0 * mass.powf(EVENNESS) / pull;
            let key = (index, base.min(away), base.max(away));
            pairs
                .entry(key)
                .and_modify(|pair| pair.wish = (pair.wish + wish).min(f64::from(WEEKLY_MAX)))
                .or_insert(Pair { base, away, line: index, wish });
        }
    }
}

/// How strongly a carrier is drawn from a base to each airport it could fly to.
fn masses(seed: u64, sites: &Sites, line: &Line, base: u16) -> Vec<(u16, f64)> {
    let home = sites.at(base);
    let reach = reach_km(line);
    let mut masses = Vec::new();
    for (away, site) in sites.all().iter().enumerate() {
        let away = away as u16;
        if away == base || site.city == home.city {
            continue;
        }
        let distance = sites.distance_km(base, away);
        if distance < 90.0 || distance > reach {
            continue;
        }
        let fall = match line.kind {
            Kind::Network => 1.0 / (1.0 + distance / 4_000.0),
            Kind::Lowcost => 1.0 / (1.0 + (distance / 1_700.0).powi(2)),
            Kind::Regional => 1.0 / (1.0 + (distance / 450.0).powi(3)),
        };
        let domestic = site.country == home.country;
        let affinity = match (line.kind, domestic) {
            (_, false) => 1.0,
            (Kind::Network, true) => 2.5,
            (Kind::Lowcost, true) => 1.8,
            (Kind::Regional, true) => 8.0,
        };
        let things = [0x6A, u64::from(line.code.packed()), u64::from(base), u64::from(away)];
        let taste = noise::between(noise::draw(seed, &things), 0.65, 1.35);
        masses.push((away, site.weight * fall * affinity * taste));
    }
    masses
}

fn reach_km(line: &Line) -> f64 {
    match line.kind {
        Kind::Network if line.departures >= 60 => 15_500.0,
        Kind::Network => 7_000.0,
        Kind::Lowcost => 4_300.0,
        Kind::Regional => 1_500.0,
    }
}

/// Plans every rotation and numbers its flights.
fn routes(seed: u64, sites: &Sites, lines: &[Line], rotations: &[(Pair, u32)]) -> Vec<Route> {
    let mut next_number = vec![1_u32; lines.len()];
    let mut routes = Vec::with_capacity(rotations.len() * 2);
    for &(pair, weekly) in rotations {
        let Pair { base, away, line: index, .. } = pair;
        let line = &lines[usize::from(index)];
        let distance = sites.distance_km(base, away);
        let draw = noise::draw(seed, &[0x70, u64::from(index), u64::from(base), u64::from(away)]);
        let small = sites.at(base).weight.min(sites.at(away).weight) < 0.02;
        let propeller = distance < 650.0 && (line.kind == Kind::Regional || small);
        let blocks = [
            departures::block_minutes(sites, base, away, propeller),
            departures::block_minutes(sites, away, base, propeller),
        ];
        let next = &mut next_number[usize::from(index)];
        let number = (1 + (*next - 1) % 9_990) as u16;
        *next += 2 * weekly.div_ceil(7);
        let operating = operating(line, distance, draw);
        let rotation = Rotation { base, away, weekly, number, blocks, draw };
        let [out, back] = departures::plan(sites, &rotation);
        let ways = [(base, away, blocks[0], out), (away, base, blocks[1], back)];
        for (origin, destination, block, patterns) in ways {
            routes.push(Route { origin, destination, line: index, operating, block, patterns });
        }
    }
    routes
}

/// Short flights of large carriers are often operated by a smaller one.
fn operating(line: &Line, distance: f64, draw: u64) -> CarrierCode {
    let draw = noise::join(draw, 0x0B);
    let chosen = noise::below(draw, line.operators.len() as u64) as usize;
    match line.operators.get(chosen) {
        Some(&operator) if distance < 1_100.0 && draw & 0xFF < 150 => operator,
        _ => line.code,
    }
}
