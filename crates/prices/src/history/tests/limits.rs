//! Memory at its limit, many searches a day, readers beside a writer, damaged snapshots.

use std::sync::atomic::{AtomicBool, Ordering};

use proptest::prelude::*;
use runtime::{Limited, Random};

use super::*;
use crate::indicative::SnapshotError;

const ENDS: [&str; 12] =
    ["VIE", "LHR", "MAD", "BUD", "EDI", "OSL", "CPH", "ATH", "FCO", "LIS", "DUB", "WAW"];

#[test]
fn memory_stays_within_its_limit_and_what_was_not_observed_for_longest_goes_first() {
    let settings =
        HistorySettings { bytes_max: Limited::literal(1 << 20), ..HistorySettings::default() };
    let history = History::new(settings);
    let mut random = Random::from_seed(5);
    let mut dropped = 0;
    for minute in 0..6_000 {
        let now_ms = NOW + minute * MINUTE_MS;
        let told: Vec<Seen> = (0..6)
            .map(|_| {
                let mut told = search(1, &[100 + random.below(900) as i64]).at(now_ms);
                told.out = day("2027-05-18").plus_days(random.below(300) as i32);
                told.from = airports(&ENDS);
                let end = ENDS[random.below(ENDS.len() as u64) as usize];
                told.offers[0].origin = airport(end);
                told.back = Some(told.out.plus_days(random.below(60) as i32));
                told.offers[0].back.1 = airport(end);
                told.seen()
            })
            .collect();
        dropped += history.take(&told, &rates(), now_ms).dropped;
        assert!(history.size().bytes <= 1 << 20);
    }
    let size = history.size();
    assert!(dropped > 0, "the limit was reached: {size:?}");
    assert_eq!(history.dropped(), dropped as u64);
    assert!(size.bytes > (1 << 20) * 3 / 4, "memory that is there is used: {}", size.bytes);
    let mut counted = 0;
    for shard in history.shares.each() {
        counted += shard.bytes;
        assert!(shard.routes.values().flatten().all(|trip| trip.last_s >= shard.oldest_s));
    }
    assert_eq!(counted, history.shares.bytes());
    let before = size.bytes;
    history.expire(NOW + 6_000 * MINUTE_MS);
    assert!(history.size().bytes <= before);
}

#[test]
fn the_median_of_many_searches_is_near_the_true_one() {
    let history = History::new(HistorySettings::default());
    let mut random = Random::from_seed(9);
    for number in 0..1_000_u16 {
        let now_ms = NOW + i64::from(number) * 30_000;
        let told = search(number, &[10_000 + random.below(10_000) as i64]).at(now_ms);
        history.take(&[told.seen()], &rates(), now_ms);
    }
    let (vienna, barcelona) = (airports(&["VIE"]), airports(&["BCN"]));
    let days = history.daily(&trip(&vienna, &barcelona), NOW + 500 * MINUTE_MS);
    assert_eq!(days[0].searches, 1_000);
    let median = days[0].median_eur_micro / 10_000;
    // Of 31 draws the median is within 2 500 of the middle in 997 of 1 000 cases.
    assert!((12_500..17_500).contains(&median), "{median}");
    assert!(days[0].low_eur_micro < 101_000_000 && days[0].high_eur_micro > 199_000_000);
}

#[test]
fn readers_see_ordered_prices_while_a_writer_writes() {
    let history = History::new(HistorySettings::default());
    let done = AtomicBool::new(false);
    let (vienna, barcelona) = (airports(&["VIE"]), airports(&["BCN"]));
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut reads = 0;
            while !done.load(Ordering::Relaxed) || reads == 0 {
                let trip = trip(&vienna, &barcelona);
                for day in history.daily(&trip, NOW + 3 * DAY_MS) {
                    assert!(day.low_eur_micro <= day.median_eur_micro);
                    assert!(day.median_eur_micro <= day.high_eur_micro);
                }
                let outlook = history.for_trip(&trip, 1, NOW + 3 * DAY_MS);
                assert!(outlook.low_eur_micro <= outlook.high_eur_micro);
                reads += 1;
            }
        });
        let mut random = Random::from_seed(2);
        for number in 0..4_000_i64 {
            let now_ms = NOW + number * MINUTE_MS;
            let told = search(number as u16, &[random.below(500) as i64 + 1]).at(now_ms);
            history.take(&[told.seen()], &rates(), now_ms);
            if number % 500 == 0 {
                history.expire(now_ms);
            }
        }
        done.store(true, Ordering::Relaxed);
        reader.join().unwrap();
    });
}

fn bytes_of(history: &History) -> Vec<u8> {
    let mut bytes = Vec::new();
    history.snapshot(&mut bytes).unwrap();
    bytes
}

fn restore(bytes: &[u8]) -> Result<History, SnapshotError> {
    History::restore(HistorySettings::default(), bytes)
}

#[test]
fn a_snapshot_with_any_bit_flipped_or_any_part_missing_is_refused() {
    let bytes = bytes_of(&told(&[search(1, &[100]), search(2, &[300]).at(NOW + DAY_MS)]));
    assert!(restore(&bytes).is_ok());
    for length in 0..bytes.len() {
        assert!(restore(&bytes[..length]).is_err(), "{length} bytes");
    }
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            assert!(restore(&flipped).is_err(), "bit {bit} of byte {at}");
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_make_restoring_panic(mut tail in any::<Vec<u8>>(), kept in 0..60_usize) {
        let whole = bytes_of(&told(&[search(1, &[100]), search(2, &[300]).at(NOW + DAY_MS)]));
        let _ = restore(&tail);
        let mut bytes = whole[..8 + kept].to_vec();
        bytes.append(&mut tail);
        prop_assert!(restore(&bytes).is_err());
    }
}
