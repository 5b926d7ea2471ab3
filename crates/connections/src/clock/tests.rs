use super::*;

/// Britain in 2027: summer time from 28 March 01:00 UTC to 31 October 01:00 UTC.
fn london() -> Clock {
    let zone = jiff::tz::TimeZone::get("Europe/London").unwrap();
    sampled(&zone, "2027-01-01", "2028-01-01")
}

fn sampled(zone: &jiff::tz::TimeZone, from: &str, until: &str) -> Clock {
    let days = from.parse().unwrap()..until.parse().unwrap();
    Clock::sample(days, |local| Some(compatible(zone, local)))
}

fn compatible(zone: &jiff::tz::TimeZone, local: LocalTime) -> i32 {
    let epoch = jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0);
    let local = epoch.checked_add(jiff::Span::new().minutes(local.minutes())).unwrap();
    let instant = zone.to_ambiguous_timestamp(local).compatible().unwrap();
    i32::try_from(instant.as_second().div_euclid(60)).unwrap()
}

fn check(local: &str, utc: &str) {
    let utc: LocalTime = utc.parse().unwrap();
    assert_eq!(london().utc_minutes(local.parse().unwrap()), utc.minutes(), "{local}");
}

#[test]
fn a_time_that_is_jumped_over_is_read_with_the_offset_before() {
    check("2027-03-28T00:59", "2027-03-28T00:59");
    check("2027-03-28T01:00", "2027-03-28T01:00");
    check("2027-03-28T01:59", "2027-03-28T01:59");
    check("2027-03-28T02:00", "2027-03-28T01:00");
}

#[test]
fn a_time_that_happens_twice_means_the_first() {
    check("2027-10-31T00:59", "2027-10-30T23:59");
    check("2027-10-31T01:59", "2027-10-31T00:59");
    check("2027-10-31T02:00", "2027-10-31T02:00");
}

#[test]
fn a_clock_without_steps_is_utc_and_a_fixed_one_is_always_ahead() {
    let noon: LocalTime = "2027-03-28T12:00".parse().unwrap();
    assert_eq!(Clock::utc().utc_minutes(noon), noon.minutes());
    assert_eq!(Clock::utc().local_time(noon.minutes()), noon);
    assert_eq!(Clock::fixed(345).utc_minutes(noon), noon.minutes() - 345);
    assert_eq!(Clock::fixed(345).local_time(noon.minutes() - 345), noon);
    assert_eq!(Clock::fixed(-60).offsets_within(0, 1), (-60, -60));
}

#[test]
fn both_offsets_are_known_around_a_step_and_one_elsewhere() {
    let at = |text: &str| text.parse::<LocalTime>().unwrap().minutes();
    let clock = london();
    assert_eq!(clock.offsets_within(at("2027-01-05T00:00"), at("2027-01-09T00:00")), (0, 0));
    assert_eq!(clock.offsets_within(at("2027-03-25T00:00"), at("2027-03-29T00:00")), (0, 60));
    assert_eq!(clock.offsets_within(at("2027-06-25T00:00"), at("2027-06-29T00:00")), (60, 60));
}

#[test]
fn every_quarter_hour_of_two_years_agrees_with_a_calendar_library_in_both_directions() {
    for name in ["America/New_York", "Australia/Lord_Howe", "America/Santiago", "Africa/Cairo"] {
        let zone = jiff::tz::TimeZone::get(name).unwrap();
        let clock = sampled(&zone, "2026-11-01", "2028-11-01");
        let start = "2026-11-01T12:00".parse::<LocalTime>().unwrap().minutes();
        for minutes in (start..start + 729 * DAY_MINUTES).step_by(15) {
            let local = LocalTime::from_minutes(minutes);
            assert_eq!(clock.utc_minutes(local), compatible(&zone, local), "{name} {local}");
            let instant = jiff::Timestamp::from_second(i64::from(minutes) * 60).unwrap();
            let offset = zone.to_offset(instant).seconds() / 60;
            assert_eq!(clock.local_time(minutes).minutes(), minutes + offset, "{name} {local}");
        }
    }
}
