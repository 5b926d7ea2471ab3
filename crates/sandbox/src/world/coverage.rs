//! Ties airports that no carrier chose to the network, so that every airport can be reached.

use super::carriers::{Kind, Line};
use super::gravity::Pair;
use super::sites::Sites;
use crate::noise;

/// A feeder flight goes at most this far, in kilometres.
const FEEDER_KM_MAX: f64 = 3_000.0;

/// Rotations from unserved airports to the most drawing served airport around, preferably in their
/// own country, flown by the carrier that fits best there.
#[must_use]
pub fn feeders(seed: u64, sites: &Sites, lines: &[Line], pairs: &[Pair]) -> Vec<(Pair, u32)> {
    let mut served = vec![0_u32; sites.all().len()];
    for pair in pairs {
        served[usize::from(pair.base)] += 1;
        served[usize::from(pair.away)] += 1;
    }
    let mut feeders = Vec::new();
    for away in 0..sites.all().len() as u16 {
        if served[usize::from(away)] >= 2 {
            continue;
        }
        let Some(base) = gateway(sites, &served, away) else { continue };
        let Some(line) = feeder_line(sites, lines, base, away) else { continue };
        let things = [0xFE, u64::from(away)];
        let weekly = 4 + noise::below(noise::draw(seed, &things), 14) as u32;
        feeders.push((Pair { base, away, line, wish: f64::from(weekly) }, weekly));
    }
    feeders
}

/// The airport through which an unserved one is reached.
fn gateway(sites: &Sites, served: &[u32], away: u16) -> Option<u16> {
    let here = sites.at(away);
    let mut best: Option<(u16, f64)> = None;
    for (index, site) in sites.all().iter().enumerate() {
        let base = index as u16;
        if base == away || served[index] < 4 || site.city == here.city {
            continue;
        }
        let distance = sites.distance_km(away, base);
        if distance > FEEDER_KM_MAX {
            continue;
        }
        let home = if site.country == here.country { 6.0 } else { 1.0 };
        let pull = home * site.weight.sqrt() / (1.0 + distance / 250.0).powi(2);
        if best.is_none_or(|(_, other)| pull > other) {
            best = Some((base, pull));
        }
    }
    best.map(|(base, _)| base)
}

/// The carrier of the feeder: based at the gateway if any is, else in its country, else nearest;
/// regional before network before low-cost.
fn feeder_line(sites: &Sites, lines: &[Line], base: u16, away: u16) -> Option<u16> {
    let gateway = sites.at(base);
    let score = |line: &Line| {
        let home = line.bases.first().copied().unwrap_or(base);
        let kind = match line.kind {
            Kind::Regional => 3.0,
            Kind::Network => 2.0,
            Kind::Lowcost => 1.0,
        };
        let near = 1.0 / (1.0 + sites.distance_km(home, away) / 500.0);
        let based = if line.bases.contains(&base) { 20.0 } else { 0.0 };
        let country = if sites.at(home).country == gateway.country { 10.0 } else { 0.0 };
        based + country + kind + near
    };
    let scored = lines.iter().enumerate().map(|(index, line)| (index as u16, score(line)));
    scored.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0))).map(|(index, _)| index)
}
