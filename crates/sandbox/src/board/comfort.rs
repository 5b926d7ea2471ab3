//! Cabins of a flight, and what a seat emits.

use domain::Cabin;

use super::Flown;
use crate::noise;
use crate::world::{Kind, World};

/// Cabins of one flight, as bits; economy is always there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cabins(u8);

impl Cabins {
    /// The cabins of a flight: better ones on longer flights of network carriers; which carriers
    /// have them is a draw.
    pub(crate) fn of(world: &World, seed: u64, flown: &Flown) -> Self {
        let line = &world.lines[usize::from(flown.line)];
        let draw = noise::draw(seed, &[0xCA, u64::from(line.code.packed())]);
        let of_ten = |salt| noise::below(noise::join(draw, salt), 10);
        let mut bits = 1 << Cabin::Economy as u8;
        if line.kind == Kind::Network {
            bits |= 1 << Cabin::Business as u8;
            if flown.block >= 240 && of_ten(1) < 6 {
                bits |= 1 << Cabin::PremiumEconomy as u8;
            }
            if flown.block >= 360 && of_ten(2) < 3 {
                bits |= 1 << Cabin::First as u8;
            }
        }
        Self(bits)
    }

    /// Whether the flight has the cabin.
    #[must_use]
    pub const fn has(self, cabin: Cabin) -> bool {
        self.0 >> cabin as u8 & 1 == 1
    }

    /// Where a traveller with a ticket for `cabin` sits: there, or in the next lower cabin.
    #[must_use]
    pub fn seat(self, cabin: Cabin) -> Cabin {
        let lower = Cabin::ALL.into_iter().rev().skip_while(|&other| other != cabin);
        lower.into_iter().find(|&other| self.has(other)).unwrap_or(Cabin::Economy)
    }
}

/// Grams of CO2 for one seat in economy: so much a kilometre and a share of climb and taxi.
pub(crate) fn grams(flown: &[Flown]) -> u32 {
    flown.iter().map(|flown| (flown.kilometres * 70.0) as u32 + 15_000).sum()
}

/// How much more of an aircraft a seat in a better cabin takes, in percent of one in economy.
#[must_use]
pub const fn share_percent(cabin: Cabin) -> u64 {
    match cabin {
        Cabin::Economy => 100,
        Cabin::PremiumEconomy => 130,
        Cabin::Business => 260,
        Cabin::First => 350,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_business_ticket_sits_in_economy_where_there_is_nothing_between() {
        let short = Cabins(1 << Cabin::Economy as u8);
        assert_eq!(short.seat(Cabin::Business), Cabin::Economy);
        let long = Cabins(0b111);
        assert_eq!(long.seat(Cabin::First), Cabin::Business);
        assert_eq!(long.seat(Cabin::Business), Cabin::Business);
        assert_eq!(long.seat(Cabin::Economy), Cabin::Economy);
    }
}
