use jiff::Span;
use proptest::prelude::{any, prop_assert_eq, proptest};

use super::*;
use crate::atlas;

fn zone_names() -> impl Iterator<Item = &'static str> {
    (0..atlas().zone_count()).map(|index| atlas().zone_name(ZoneId(index as u16)))
}

fn minutes(civil: DateTime) -> i32 {
    let seconds = TimeZone::UTC.to_timestamp(civil).unwrap().as_second();
    i32::try_from(seconds / 60).unwrap()
}

fn local(text: &str) -> i32 {
    minutes(text.parse().unwrap())
}

#[test]
fn every_zone_is_known_to_the_bundled_data_and_its_offsets_are_whole_minutes() {
    for name in zone_names() {
        let zone = jiff::tz::db().get(name).unwrap_or_else(|_| panic!("{name} is not known"));
        let start = Timestamp::from_second(i64::from(TABLE_MINUTES.start) * 60).unwrap();
        assert_eq!(zone.to_offset(start).seconds() % 60, 0, "{name}");
        let end = Timestamp::from_second(i64::from(TABLE_MINUTES.end) * 60).unwrap();
        for change in zone.following(start).take_while(|change| change.timestamp() < end) {
            assert_eq!(change.offset().seconds() % 60, 0, "{name}");
            assert_eq!(change.timestamp().as_second() % 60, 0, "{name}");
        }
    }
}

#[test]
fn both_columns_of_every_table_ascend() {
    for name in zone_names() {
        let zone = Zone::new(name);
        let table = &zone.made().table;
        for column in [&table.utc, &table.local] {
            assert!(column.changes.is_sorted_by_key(|change| change.0), "{name}");
            assert!(column.changes.len() < 255, "{name}: {} changes", column.changes.len());
        }
    }
}

#[test]
fn a_skipped_time_means_after_the_gap_and_a_doubled_one_the_first() {
    let london = Zone::new("Europe/London");
    assert_eq!(london.utc(local("2027-03-28T00:59")), Some(local("2027-03-28T00:59")));
    assert_eq!(london.utc(local("2027-03-28T01:30")), Some(local("2027-03-28T01:30")));
    assert_eq!(london.local(local("2027-03-28T01:30")), Some(local("2027-03-28T02:30")));
    assert_eq!(london.utc(local("2027-03-28T02:00")), Some(local("2027-03-28T01:00")));
    assert_eq!(london.utc(local("2027-10-31T01:30")), Some(local("2027-10-31T00:30")));
    assert_eq!(london.utc(local("2027-10-31T02:00")), Some(local("2027-10-31T02:00")));
}

#[test]
fn around_every_change_of_every_zone_the_tables_say_what_the_calendar_library_says() {
    let mut checked = 0;
    for name in zone_names() {
        let (ours, theirs) = (Zone::new(name), jiff::tz::db().get(name).unwrap());
        let table = &ours.made().table;
        let changes = table
            .utc
            .changes
            .iter()
            .rev()
            .skip(1)
            .flat_map(|&(at, _)| (-180..=180).step_by(15).map(move |d| at + d));
        let edges = [TABLE_MINUTES.start, TABLE_MINUTES.end - 1, 31_556_952];
        for utc in changes.chain(edges).filter(|utc| TABLE_MINUTES.contains(utc)) {
            let civil = Timestamp::from_second(i64::from(utc) * 60).unwrap();
            let civil = civil.to_zoned(theirs.clone()).datetime();
            assert_eq!(ours.local(utc), Some(minutes(civil)), "{name} {utc}");
            // The gap itself is reached from its civil side.
            for shift in [0, 61] {
                let civil = civil.checked_add(Span::new().minutes(shift)).unwrap();
                let instant = theirs.to_ambiguous_timestamp(civil).compatible().unwrap();
                let expected = i32::try_from(instant.as_second() / 60).unwrap();
                assert_eq!(ours.utc(minutes(civil)), Some(expected), "{name} {civil}");
                checked += 1;
            }
        }
    }
    assert!(checked > 100_000, "{checked}");
}

proptest! {
    #[test]
    fn any_minute_in_any_zone_reads_as_in_the_calendar_library(
        index in any::<proptest::sample::Index>(),
        // 1990 to 2070: inside the tables and on either side of them.
        utc in 10_519_200_i32..52_594_560,
    ) {
        let name = atlas().zone_name(ZoneId(index.index(atlas().zone_count()) as u16));
        let (ours, theirs) = (Zone::new(name), jiff::tz::db().get(name).unwrap());
        let civil = Timestamp::from_second(i64::from(utc) * 60).unwrap().to_zoned(theirs.clone());
        // Offsets with seconds existed before 1972 only.
        prop_assert_eq!(ours.local(utc), Some(minutes(civil.datetime())));
        let instant = theirs.to_ambiguous_timestamp(civil.datetime()).compatible().unwrap();
        let expected = i32::try_from(instant.as_second() / 60).unwrap();
        prop_assert_eq!(ours.utc(minutes(civil.datetime())), Some(expected));
    }

    #[test]
    fn no_minute_makes_a_zone_panic(minute in any::<i32>()) {
        let zone = Zone::new("Pacific/Apia");
        let _ = (zone.utc(minute), zone.local(minute));
    }
}
