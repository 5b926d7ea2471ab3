//! Memory at its limit, and readers beside a writer.

use std::sync::atomic::{AtomicBool, Ordering};

use runtime::{Limited, Random};

use super::*;

const LETTERS: u64 = 26;

fn code(number: u64) -> AirportCode {
    let letter = |number: u64| b'A' + (number % LETTERS) as u8;
    AirportCode::from_bytes(&[letter(number / 676), letter(number / 26), letter(number)]).unwrap()
}

/// Some airport pair, day and price.
fn random_told(random: &mut Random, airports: u64) -> Told {
    let (origin, destination) = (code(random.below(airports)), code(random.below(airports)));
    let route = format!("{origin}-{destination}");
    let offer = Offered::new(&route, 1_000 + random.below(50_000) as i64);
    Told::new(Date::from_days(20_911 + random.below(300) as i32), vec![offer])
}

#[test]
fn memory_stays_within_its_limit_and_the_oldest_prices_go_first() {
    let bytes_max = Limited::literal(1 << 20);
    let settings = IndicativeSettings { bytes_max, ..IndicativeSettings::default() };
    let index = Indicative::new(settings, rates());
    let mut random = Random::from_seed(7);
    let (mut dropped, mut taken) = (0, 0);
    for round in 0..300 {
        let now_ms = NOW + round * 60_000;
        let batch: Vec<Seen> =
            (0..200).map(|_| random_told(&mut random, 40).at(now_ms).seen()).collect();
        let outcome = index.take(&batch, now_ms);
        dropped += outcome.dropped;
        taken += outcome.added;
        assert!(index.size().bytes <= 1 << 20);
    }
    assert!(dropped > 0, "the limit was reached");
    assert_eq!(index.dropped(), dropped as u64);
    let size = index.size();
    assert_eq!(size.entries, taken - dropped);
    assert!(size.bytes > (1 << 20) * 3 / 4, "memory that is there is used: {}", size.bytes);
    let routes = index.by_date(&ANYWHERE, DateUnit::Day, NOW + 300 * 60_000);
    let last = NOW + 299 * 60_000;
    let seen = routes.outbound.iter().flat_map(|group| group.quotes.direct).map(|q| q.seen_ms);
    assert!(seen.max().unwrap() >= last - 1_000);
    // What is left is about the youngest share: nothing of the first tenth of the time.
    let mut held = Vec::new();
    for shard in index.shares.each() {
        let months = shard.origins.values().flatten().flat_map(|route| &route.months);
        held.extend(months.flat_map(|month| month.entries()).map(|entry| entry.seen_s));
    }
    held.sort_unstable();
    let cutoff = seconds(last) - (held.len() as u32 * 2 / 200) * 60;
    assert!(held[0] >= cutoff, "{} {cutoff}", held[0]);
}

#[test]
fn bytes_are_counted_the_same_after_pruning_as_while_growing() {
    let index = index();
    let mut random = Random::from_seed(3);
    for _ in 0..3_000 {
        index.take(&[random_told(&mut random, 12).seen()], NOW);
    }
    let before = index.size();
    assert_eq!(index.expire(NOW), 0);
    let after = index.size();
    assert_eq!(after.entries, before.entries);
    assert!(
        after.bytes <= before.bytes && after.bytes * 4 >= before.bytes * 3,
        "{before:?} {after:?}"
    );
    assert_eq!(index.shares.bytes(), after.bytes);
    assert_eq!(index.forget(Forget::Partner(PartnerId::literal("one")), i64::MAX), after.entries);
    assert_eq!(index.size(), IndicativeSize::default());
    assert_eq!(index.shares.bytes(), 0);
}

#[test]
fn readers_see_whole_prices_while_a_writer_writes() {
    let index = index();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut reads = 0;
                    while !done.load(Ordering::Relaxed) || reads == 0 {
                        for group in index.by_route(&ANYWHERE, Some, Some, NOW) {
                            let quote = group.quotes.cheapest().unwrap();
                            // A price names its own itinerary's day, see below.
                            let day = i64::from(quote.departs.days());
                            assert_eq!(quote.price.minor % 1_000, day % 1_000);
                            assert_eq!(quote.eur_micro, quote.price.minor * 10_000);
                            assert_eq!(
                                (group.origin, group.destination),
                                (quote.origin, quote.destination)
                            );
                        }
                        let days = index.by_date(&ANYWHERE, DateUnit::Day, NOW);
                        for group in &days.outbound {
                            assert_eq!(group.date, group.quotes.cheapest().unwrap().departs);
                        }
                        reads += 1;
                    }
                    reads
                })
            })
            .collect();
        let mut random = Random::from_seed(1);
        for round in 0..4_000 {
            let mut told = random_told(&mut random, 12);
            let day = i64::from(told.out.days());
            let price = (1 + random.below(90) as i64) * 1_000 + day % 1_000;
            told.offers[0].minor = Some(price);
            index.take(&[told.seen()], NOW);
            if round % 500 == 0 {
                index.expire(NOW);
                index.forget(Forget::Route(code(1), code(2)), i64::MAX);
            }
        }
        done.store(true, Ordering::Relaxed);
        for reader in readers {
            assert!(reader.join().unwrap() > 0);
        }
    });
}
