//! Flights that are sold under another carrier's number.
//!
//! On a ticket of two carriers, one in three pairs sells the other's flight under its own number,
//! as code-sharing carriers do; who flies it stays in `operating`. The itinerary is then another one
//! than the same flights under their own numbers, for everybody who sells it.

use domain::FlightNumber;

use super::Flown;
use crate::noise;
use crate::world::{Kind, World};

/// Gives the flights of a ticket the number of its longest flight's carrier where the two share.
pub(crate) fn apply(world: &World, seed: u64, flown: &mut [Flown]) {
    let Some(longest) = flown.iter().max_by_key(|flown| flown.block).copied() else { return };
    let leader = &world.lines[usize::from(longest.line)];
    if leader.kind != Kind::Network {
        return;
    }
    for flown in flown.iter_mut().filter(|flown| flown.line != longest.line) {
        let partner = &world.lines[usize::from(flown.line)];
        let things = [
            0xC5,
            u64::from(leader.code.packed()),
            u64::from(partner.code.packed()),
            u64::from(flown.segment.number.packed()),
        ];
        let draw = noise::draw(seed, &things);
        let shares =
            partner.kind != Kind::Lowcost && world.agreements.has(longest.line, flown.line);
        if shares && noise::below(draw, 3) == 0 {
            flown.line = longest.line;
            flown.segment.carrier = leader.code;
            let number = 4_000 + noise::below(noise::join(draw, 1), 5_999);
            flown.segment.number = FlightNumber::new(number as u16);
        }
    }
}
