//! The generated network and its fares.

use domain::{AirportCode, Date};
use runtime::Random;
use sandbox::board::LegQuery;
use sandbox::world::{DEPARTURES_A_DAY, World};

use crate::world::{market, today};

#[test]
fn departures_a_day_are_calibrated_within_two_percent() {
    let departures = market().world().departures_a_day();
    let wanted = f64::from(DEPARTURES_A_DAY);
    assert!((departures / wanted - 1.0).abs() < 0.02, "{departures}");
}

#[test]
fn every_airport_is_served_and_the_world_is_small_in_memory() {
    let market = market();
    let world = market.world();
    let mut served: Vec<u16> = world.served.iter().flatten().copied().collect();
    served.sort_unstable();
    served.dedup();
    let all = world.sites.all().len();
    assert!(served.len() * 1_000 >= all * 995, "{} of {all}", served.len());
    assert!(world.schedule.bytes() < 30 << 20);
}

#[test]
fn durations_told_by_local_times_are_the_real_ones_whatever_clocks_do() {
    let market = market();
    let mut random = Random::from_seed(2);
    let sites = market.world().sites.all();
    // Days around changes of clocks in Europe, North America, Australia and Chile.
    let days = [
        "2027-03-13",
        "2027-03-14",
        "2027-03-27",
        "2027-03-28",
        "2027-04-03",
        "2027-10-30",
        "2027-10-31",
        "2027-11-06",
        "2027-11-07",
        "2027-09-04",
    ];
    let mut flights = 0;
    for _ in 0..300 {
        let mut airport = || sites[random.below(250) as usize].code;
        let (origin, destination) = (airport(), airport());
        if origin == destination {
            continue;
        }
        let date: Date = days[random.below(days.len() as u64) as usize].parse().unwrap();
        let leg = LegQuery { origins: vec![origin], destinations: vec![destination], date };
        let board = market.board(leg);
        for candidate in &board.candidates {
            let segments: Vec<_> =
                candidate.segments().iter().map(|&index| board.segments[index as usize]).collect();
            assert_eq!(segments[0].departs.date(), date);
            let atlas = atlas::atlas();
            let utc = |airport, time| atlas.utc_minutes(airport, time).unwrap();
            let (first, last) = (segments[0], segments[segments.len() - 1]);
            assert_eq!(utc(first.origin, first.departs), candidate.departs);
            assert_eq!(utc(last.destination, last.arrives), candidate.arrives);
            for segment in &segments {
                let minutes = atlas
                    .duration_minutes(
                        segment.origin,
                        segment.departs,
                        segment.destination,
                        segment.arrives,
                    )
                    .unwrap();
                assert!((20..=1_200).contains(&minutes), "{segment:?} lasts {minutes} minutes");
                flights += 1;
            }
            for pair in segments.windows(2) {
                let wait = utc(pair[1].origin, pair[1].departs)
                    - utc(pair[0].destination, pair[0].arrives);
                assert!(wait >= 30, "{pair:?}");
            }
        }
    }
    assert!(flights > 5_000, "{flights}");
}

#[test]
fn fares_have_the_level_and_the_spread_of_real_us_fares() {
    let mut pairs: Vec<_> = atlas::us_fares().iter().collect();
    pairs.sort_by_key(|(origin, destination, fare)| {
        (std::cmp::Reverse(fare.tickets), *origin, *destination)
    });
    let (mut levels, mut spreads) = (Vec::new(), Vec::new());
    for (origin, destination, real) in pairs.into_iter().take(120) {
        let mut fares = sample(origin, destination);
        if fares.len() < 60 {
            continue;
        }
        fares.sort_by(f64::total_cmp);
        let at = |share: f64| fares[(fares.len() as f64 * share) as usize];
        levels.push(at(0.5) / f64::from(real.median));
        let spread = f64::from(real.p75 - real.p25) / f64::from(real.median);
        spreads.push((at(0.75) - at(0.25)) / at(0.5) / spread);
    }
    assert!(levels.len() > 80, "{} pairs", levels.len());
    levels.sort_by(f64::total_cmp);
    spreads.sort_by(f64::total_cmp);
    let (level, spread) = (levels[levels.len() / 2], spreads[spreads.len() / 2]);
    assert!((0.88..1.12).contains(&level), "level {level}");
    assert!((0.75..1.3).contains(&spread), "spread {spread}");
}

/// Fares of a pair as people book: from a few days to some months ahead, in all seasons.
fn sample(origin: AirportCode, destination: AirportCode) -> Vec<f64> {
    let mut fares = Vec::new();
    for ahead in [2, 6, 11, 18, 25, 33, 47, 61, 95, 140, 190, 240] {
        let leg = LegQuery {
            origins: vec![origin],
            destinations: vec![destination],
            date: today().plus_days(ahead),
        };
        let board = market().board(leg);
        fares.extend(board.candidates.iter().take(12).map(|candidate| candidate.fare));
    }
    fares
}

const FIXTURE: &[u8] = include_bytes!("fixtures/segments.csv.bz2");

#[test]
fn a_file_of_monthly_segments_becomes_a_network_as_busy_as_it_says() {
    let world = World::from_segments(1, FIXTURE).unwrap();
    // 31 + 31 + 62 + 93 + 217 + 186 known departures in a month of 31 days.
    assert!((world.departures_a_day() - 20.0).abs() < 1.0, "{}", world.departures_a_day());
    assert_eq!(world.lines.len(), 3);
    let airports: Vec<_> = world.schedule.airports().map(|code| code.to_string()).collect();
    assert_eq!(airports, ["AMS", "EDI", "LHR", "SIN"]);
}

#[test]
fn a_broken_file_of_segments_is_refused_with_its_line() {
    let check = |text: &[u8], expected: &str| {
        let error = World::from_segments(1, text).unwrap_err();
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains(expected), "{source}");
    };
    check(b"#heading\nEDI;LHR;BA;201608;100;31\nEDI;LHR;BA\n", "line 3");
    check(b"EDI;LHR;BA;201613;100;31\n", "line 1");
    check(b"QQQ;LHR;BA;201608;100;31\n", "no flight");
    check(b"BZh9not bzip2 at all", "cannot be unpacked");
}
