//! Durations from local times, for every pair of zones, against the calendar library.

use std::collections::BTreeMap;

use atlas::{Airport, atlas};
use domain::{AirportCode, LocalTime};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use runtime::Random;

struct Place {
    code: AirportCode,
    zone: TimeZone,
    /// UTC minutes at which the zone changes its offset, 2026 to 2028.
    changes: Vec<i32>,
}

/// One airport of every zone.
fn places() -> Vec<Place> {
    let mut by_zone: BTreeMap<usize, &Airport> = BTreeMap::new();
    for airport in atlas().airports() {
        by_zone.entry(airport.zone.index()).or_insert(airport);
    }
    let place = |airport: &&Airport| {
        let zone = jiff::tz::db().get(atlas().zone_name(airport.zone)).unwrap();
        let (start, end): (Timestamp, Timestamp) =
            ("2026-01-01T00:00Z".parse().unwrap(), "2029-01-01T00:00Z".parse().unwrap());
        let changes = zone.following(start).take_while(|change| change.timestamp() < end);
        let changes = changes.map(|change| (change.timestamp().as_second() / 60) as i32).collect();
        Place { code: airport.code, zone, changes }
    };
    by_zone.values().map(place).collect()
}

fn civil(zone: &TimeZone, utc: i32) -> DateTime {
    zone.to_datetime(Timestamp::from_second(i64::from(utc) * 60).unwrap())
}

fn ours(civil: DateTime) -> LocalTime {
    let seconds = TimeZone::UTC.to_timestamp(civil).unwrap().as_second();
    LocalTime::from_minutes((seconds / 60) as i32)
}

fn theirs(zone: &TimeZone, civil: DateTime) -> i32 {
    (zone.to_ambiguous_timestamp(civil).compatible().unwrap().as_second() / 60) as i32
}

#[test]
fn durations_are_right_for_every_pair_of_zones_across_clock_changes_and_the_date_line() {
    let places = places();
    assert_eq!(places.len(), atlas().zone_count());
    let mut random = Random::from_seed(20_270_328);
    let (mut exact, mut doubled) = (0_u32, 0_u32);
    for from in &places {
        for to in &places {
            for round in 0..4 {
                let flight = 20 + random.below(1_140) as i32;
                // Take off, or land, close to a change of either clock; or at any time.
                let departs = match (round, &from.changes[..], &to.changes[..]) {
                    (0, changes @ [_, ..], _) => {
                        changes[random.below(changes.len() as u64) as usize] - 90
                            + random.below(180) as i32
                    }
                    (1, _, changes @ [_, ..]) => {
                        changes[random.below(changes.len() as u64) as usize] - flight - 90
                            + random.below(180) as i32
                    }
                    _ => 29_979_360 + random.below(1_052_640) as i32,
                };
                let (off, on) = (civil(&from.zone, departs), civil(&to.zone, departs + flight));
                let duration = atlas().duration_minutes(from.code, ours(off), to.code, ours(on));
                let (read_off, read_on) = (theirs(&from.zone, off), theirs(&to.zone, on));
                assert_eq!(duration, Some(read_on - read_off), "{}-{} {off}", from.code, to.code);
                // Only a local time that the clock shows twice can hide what was flown.
                if (read_off, read_on) == (departs, departs + flight) {
                    assert_eq!(duration, Some(flight));
                    exact += 1;
                } else {
                    doubled += 1;
                }
            }
        }
    }
    assert!(exact > 20 * doubled, "{exact} exact, {doubled} doubled");
}

#[test]
fn known_flights_have_their_known_durations() {
    let check = |from: &str, departs: &str, to: &str, arrives: &str, minutes: i32| {
        let (from, to) = (AirportCode::literal(from), AirportCode::literal(to));
        let (departs, arrives) = (departs.parse().unwrap(), arrives.parse().unwrap());
        assert_eq!(atlas().duration_minutes(from, departs, to, arrives), Some(minutes));
    };
    check("GLA", "2027-03-09T06:40", "AMS", "2027-03-09T09:25", 105);
    // Summer time begins in Europe in the night between.
    check("SIN", "2027-03-27T23:30", "LHR", "2027-03-28T06:55", 865);
    // East over the date line: lands the day before it took off.
    check("AKL", "2027-06-10T20:00", "HNL", "2027-06-10T06:30", 510);
    check("NRT", "2027-06-10T17:00", "LAX", "2027-06-10T11:00", 600);
    // Half-hour and 45-minute zones.
    check("DEL", "2027-01-10T12:00", "KTM", "2027-01-10T14:00", 105);
    assert_eq!(
        atlas().duration_minutes(
            AirportCode::literal("XXX"),
            LocalTime::from_minutes(0),
            AirportCode::literal("LHR"),
            LocalTime::from_minutes(0)
        ),
        None
    );
}
