//! When flights leave, and how long they take.
//!
//! A route pair is planned from its base: outbound flights spread over the day by what kind of
//! flight it is, and each comes back after its block time and a turn on the ground, unless that
//! would leave in the small hours. Times are planned with winter offsets; real instants are made
//! from local times by the schedule.

use super::network::Pattern;
use super::sites::Sites;
use crate::noise;

/// Where, how far and how often.
#[derive(Clone, Copy, Debug)]
pub struct Rotation {
    /// The base.
    pub base: u16,
    /// The other end.
    pub away: u16,
    /// Rotations a week.
    pub weekly: u32,
    /// The first flight number; back is the next one.
    pub number: u16,
    /// Gate to gate, out and back.
    pub blocks: [u16; 2],
    /// What makes this rotation's times its own.
    pub draw: u64,
}

/// Gate to gate minutes over a distance: jets cruise at 830 km/h, short hops in propeller aircraft
/// at 500; both taxi, climb and wait. Eastwards winds help.
#[must_use]
pub fn block_minutes(sites: &Sites, from: u16, to: u16, propeller: bool) -> u16 {
    let distance = sites.distance_km(from, to);
    let east = sites.at(to).longitude - sites.at(from).longitude;
    let east = if east > 180.0 { east - 360.0 } else { east };
    let wind = if distance > 1_500.0 { (east / 90.0).clamp(-1.0, 1.0) * 0.04 } else { 0.0 };
    let (speed, ground) = if propeller { (500.0, 22.0) } else { (830.0, 32.0) };
    let minutes = distance / speed * 60.0 * (1.0 - wind) + ground;
    ((minutes / 5.0).round() * 5.0).clamp(20.0, 1_200.0) as u16
}

/// The patterns of a rotation: out, and back.
#[must_use]
pub fn plan(sites: &Sites, rotation: &Rotation) -> [Vec<Pattern>; 2] {
    let flights = rotation.weekly.div_ceil(7);
    let mut out = Vec::with_capacity(flights as usize);
    let mut back = Vec::with_capacity(flights as usize);
    for index in 0..flights {
        let rest = rotation.weekly - index * 7;
        let draw = noise::join(rotation.draw, u64::from(index));
        let days = if rest >= 7 { 0x7F } else { days_of_week(draw, rest) };
        let departs = outbound_minute(sites, rotation, index, flights, draw);
        let number = 1 + (rotation.number - 1 + (index * 2) as u16) % 9_998;
        out.push(Pattern { number, departs: departs as u16, days });
        let (home, shift) = return_minute(sites, rotation, departs, draw);
        back.push(Pattern {
            number: number + 1,
            departs: home as u16,
            days: later_days(days, shift),
        });
    }
    [out, back]
}

/// Local minute of departure from the base.
fn outbound_minute(sites: &Sites, rotation: &Rotation, index: u32, flights: u32, draw: u64) -> i32 {
    let (open, close) = window(sites, rotation, draw);
    let phase = noise::unit(noise::join(rotation.draw, 0x9A));
    let share = (f64::from(index) + phase) / f64::from(flights);
    let jitter = noise::between(noise::join(draw, 0x91), -20.0, 20.0);
    let minute = open + (close - open) * share + jitter;
    (((minute / 5.0).round() * 5.0) as i32).rem_euclid(1_440)
}

/// The hours in which such a flight leaves its base, in minutes; may run past midnight.
fn window(sites: &Sites, rotation: &Rotation, draw: u64) -> (f64, f64) {
    let hours = |open: f64, close: f64| (open * 60.0, close * 60.0);
    if rotation.blocks[0] < 300 {
        return hours(6.0, 21.5);
    }
    let ahead = sites.at(rotation.away).offset - sites.at(rotation.base).offset;
    let evening = noise::unit(noise::join(draw, 0x77));
    match ahead {
        // Eastwards over night, to land in the morning.
        180.. if evening < 0.7 => hours(18.0, 24.0),
        // Westwards with the sun.
        ..=-180 if evening < 0.8 => hours(9.0, 17.5),
        _ if evening < 0.5 => hours(19.0, 24.5),
        _ => hours(8.0, 16.0),
    }
}

/// Local minute of departure from the other end, and how many days later than the way out.
fn return_minute(sites: &Sites, rotation: &Rotation, departs: i32, draw: u64) -> (i32, u32) {
    let turn = match rotation.blocks[0] {
        ..90 => 35,
        90..300 => 55,
        300..480 => 90,
        _ => 130,
    } + 5 * noise::below(noise::join(draw, 0x55), 6) as i32;
    let ahead = sites.at(rotation.away).offset - sites.at(rotation.base).offset;
    let minute = departs + i32::from(rotation.blocks[0]) + turn + ahead;
    let minute = minute.div_euclid(5) * 5;
    let (day, of_day) = (minute.div_euclid(1_440), minute.rem_euclid(1_440));
    // Nobody boards a short flight in the small hours: the aircraft stays the night.
    let morning = 6 * 60 + 5 * noise::below(noise::join(draw, 0x56), 18) as i32;
    let (day, of_day) = match of_day {
        ..330 if rotation.blocks[0] < 300 => (day, morning),
        1_380.. if rotation.blocks[0] < 300 => (day + 1, morning),
        _ => (day, of_day),
    };
    (of_day, day.rem_euclid(7) as u32)
}

/// `count` days of the week, spread out; which ones is a draw.
fn days_of_week(draw: u64, count: u32) -> u8 {
    let first = noise::below(noise::join(draw, 0xDA), 7) as u32;
    (0..count.min(7)).fold(0, |days, index| days | 1 << ((first + index * 7 / count.max(1)) % 7))
}

/// The same days, that many days later.
fn later_days(days: u8, shift: u32) -> u8 {
    let wide = u16::from(days) << (shift % 7);
    ((wide | wide >> 7) & 0x7F) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_as_many_as_asked_and_move_round_the_week() {
        for count in 1..=7 {
            for draw in 0..50 {
                assert_eq!(days_of_week(noise::mix(draw), count).count_ones(), count);
            }
        }
        assert_eq!(later_days(0b100_0001, 1), 0b000_0011);
        assert_eq!(later_days(0x7F, 3), 0x7F);
    }
}
