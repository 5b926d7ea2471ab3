//! What flying costs before any seller touches it: one adult, economy, one leg, US dollars.
//!
//! A pair of places has a level (median) and a spread. Both are the real ones of the US domestic
//! market where they are known and follow distance elsewhere ([`level`]). Everything that moves a
//! fare is measured in deviations of that spread: how long before departure it is bought, weekday,
//! season, carrier, time of day, number of stops, and chance. So a market that is wide in reality is
//! wide here. Pure: equal arguments give equal fares.
//!
//! Source: BTS DB1C Market, June 2026, as carried by `atlas`.

pub mod brand;
pub mod level;
pub mod party;

use domain::{Date, Transfer};

use crate::board::Flown;
use crate::noise;
use crate::world::{Kind, World};

/// What the day of purchase and the day of departure do to a fare, in deviations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FareDay {
    deviations: f64,
}

impl FareDay {
    /// The effect of buying today for a day.
    #[must_use]
    pub fn new(date: Date, today: Date) -> Self {
        let ahead = date.days() - today.days();
        Self { deviations: advance(ahead) + weekday(date) + season(date) }
    }
}

/// Buying early is cheap, the last days are dear, and very early is not cheapest.
fn advance(days: i32) -> f64 {
    /// (days ahead, deviations); between two points it goes straight.
    const CURVE: [(f64, f64); 8] = [
        (0.0, 2.1),
        (3.0, 1.6),
        (7.0, 0.9),
        (14.0, 0.35),
        (21.0, -0.05),
        (45.0, -0.45),
        (120.0, -0.35),
        (330.0, 0.15),
    ];
    let days = f64::from(days).clamp(0.0, 330.0);
    for pair in CURVE.windows(2) {
        let ((from, low), (until, high)) = (pair[0], pair[1]);
        if days <= until {
            return low + (high - low) * (days - from) / (until - from);
        }
    }
    CURVE[CURVE.len() - 1].1
}

fn weekday(date: Date) -> f64 {
    [0.1, -0.3, -0.3, 0.0, 0.4, -0.25, 0.4][date.weekday() as usize % 7]
}

fn season(date: Date) -> f64 {
    let (_, month, day) = date.ymd();
    match (month, day) {
        (12, 18..) | (1, ..=4) => 0.9,
        (1, _) => -0.5,
        (2, _) => -0.4,
        (3 | 10, _) => -0.1,
        (4, _) => 0.1,
        (6, _) => 0.35,
        (7, _) => 0.6,
        (8, _) => 0.5,
        (11, 19..=27) => 0.5,
        (11, _) => -0.3,
        _ => 0.0,
    }
}

/// The fare of a leg.
pub(crate) fn leg_fare(
    world: &World,
    seed: u64,
    day: &FareDay,
    flown: &[Flown],
    transfer: Transfer,
    name: u64,
) -> f64 {
    let (Some(first), Some(last)) = (flown.first(), flown.last()) else { return 0.0 };
    let (origin, destination) = (first.segment.origin, last.segment.destination);
    let sites = &world.sites;
    let straight = match (sites.index(origin), sites.index(destination)) {
        (Some(from), Some(to)) => sites.distance_km(from, to),
        _ => 1_000.0,
    };
    let level = level::of(seed, origin, destination, straight);
    let longest = flown.iter().max_by_key(|flown| flown.block).unwrap_or(first);
    let line = &world.lines[usize::from(longest.line)];
    let things = [
        0xF1,
        u64::from(line.code.packed()),
        u64::from(origin.packed()),
        u64::from(destination.packed()),
    ];
    let carrier = 0.4 * noise::bell(noise::draw(seed, &things));
    let kind = match line.kind {
        Kind::Lowcost => -0.75,
        Kind::Network => 0.1,
        Kind::Regional => 0.2,
    };
    let hour = first.segment.departs.minute_of_day() / 60;
    let hour = match hour {
        6..=8 | 16..=19 => 0.2,
        22.. | ..=5 => -0.3,
        _ => -0.05,
    };
    let stops = [0.3, -0.05, -0.15][flown.len().clamp(1, 3) - 1];
    let tickets = if transfer == Transfer::SelfTransfer { -0.35 } else { 0.0 };
    let chance = 0.3 * noise::bell(noise::draw(seed, &[0xF2, name]));
    let deviations = day.deviations + carrier + kind + hour + stops + tickets + chance;
    (level.median * (level.deviation * deviations).exp()).max(12.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_days_are_dear_and_a_month_or_two_ahead_is_cheapest() {
        assert!(advance(0) > advance(5));
        assert!(advance(5) > advance(20));
        assert!(advance(50) < advance(20));
        assert!(advance(330) > advance(60));
        assert_eq!(advance(-3).total_cmp(&advance(0)), std::cmp::Ordering::Equal);
    }
}
