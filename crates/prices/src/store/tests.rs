use std::collections::BTreeMap;
use std::io::Write;

use domain::CarrierCode;
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::*;
use crate::codec;
use crate::fixture::{World, partner, question};
use crate::freshness::FreshnessSettings;
use crate::seen::remembered;

mod model;
use model::Model;

const HOUR: i64 = 3_600_000;
/// A day before the fixture's first departures.
const NOW: i64 = 20_799 * 24 * HOUR;

fn store() -> PriceStore {
    PriceStore::new(StoreSettings::default(), Freshness::default())
}

/// A store that fits few questions.
fn small_store() -> PriceStore {
    let settings = StoreSettings { memory_mib: Limited::literal(1), ..StoreSettings::default() };
    PriceStore::new(settings, Freshness::default())
}

fn snapshot(store: &PriceStore) -> Vec<u8> {
    let mut bytes = Vec::new();
    store.snapshot(&mut bytes).unwrap();
    bytes
}

fn restore(like: &PriceStore, bytes: &[u8]) -> Result<PriceStore, RestoreError> {
    PriceStore::restore(like.settings.clone(), Freshness::clone(&like.freshness()), bytes)
}

#[test]
fn the_later_answer_of_a_partner_stays_in_whatever_order_they_come() {
    let world = World::new(question(1), 20);
    let (early, late) = (world.seen(partner(1), 5, 1, 10), world.seen(partner(1), 6, 2, 10));
    for batch in [[&early, &late], [&late, &early]] {
        let store = store();
        for seen in batch {
            store.take(std::slice::from_ref(seen)).unwrap();
        }
        let found = store.recall(world.question.key(), 6, Wanted::Any);
        assert_eq!(found.len(), 1);
        assert_eq!(*found[0].answer, remembered(&late.answer).unwrap());
    }
}

#[test]
fn other_rules_count_at_once_and_for_what_is_there() {
    let world = World::new(question(1), 20);
    let (store, key) = (store(), world.question.key());
    store.take(&world.search(NOW, 3, 10)).unwrap();
    let fresh = |at_ms| store.recall(key, at_ms, Wanted::Fresh).len();
    assert_eq!(fresh(NOW + 2 * HOUR), 3);
    let short = FreshnessSettings {
        this_week_minutes: Limited::literal(60),
        changed_per_mille: Limited::literal(1_000),
        ..FreshnessSettings::default()
    };
    store.set_freshness(Freshness::default().with_partner(partner(1), short));
    assert_eq!(fresh(NOW + 2 * HOUR), 2);
    assert_eq!(
        store.known(key).iter().filter(|one| one.fresh_until_ms < NOW + 2 * HOUR).count(),
        1
    );
    store.set_freshness(Freshness::default());
    assert_eq!(fresh(NOW + 2 * HOUR), 3);
}

#[test]
fn stale_answers_are_given_only_to_those_who_ask_for_them() {
    let world = World::new(question(1), 20);
    let (store, key) = (store(), world.question.key());
    store.take(&world.search(NOW, 3, 10)).unwrap();
    let count = |now, wanted| store.recall(key, now, wanted).len();
    assert_eq!(count(NOW + HOUR, Wanted::Fresh), 3);
    assert_eq!(count(NOW + 5 * HOUR, Wanted::Fresh), 0);
    assert_eq!(count(NOW + 5 * HOUR, Wanted::Any), 3);
    let known = store.known(key);
    assert_eq!(known.len(), 3);
    assert_eq!(known[0].fresh_until_ms, NOW + 4 * HOUR);
}

#[test]
fn the_latest_price_is_the_cheapest_of_the_newest_answer_that_has_one() {
    let world = World::new(question(1), 20);
    let (store, key) = (store(), world.question.key());
    store.take(&[world.seen(partner(1), NOW, 1, 15)]).unwrap();
    store.take(&[world.seen(partner(1), NOW + 1, 2, 15)]).unwrap();
    let newest = world.answer(partner(1), 2, 15);
    let offer = newest.offers().iter().find(|offer| offer.price.is_some()).unwrap();
    let itinerary = newest.keys()[offer.itinerary as usize];
    let rivals = newest
        .offers()
        .iter()
        .filter(|other| other.itinerary == offer.itinerary && other.agent == offer.agent);
    let cheapest = rivals.filter_map(|other| other.price).min_by_key(|price| price.minor);
    let latest = store.latest(itinerary, offer.agent, key).unwrap();
    assert_eq!((Some(latest.price), latest.seen_ms), (cheapest, NOW + 1));
    assert_eq!(store.latest(ItineraryKey(7), offer.agent, key), None);
    assert_eq!(store.latest(itinerary, AgentId::literal("nobody"), key), None);
}

#[test]
fn what_shall_not_be_believed_is_gone_and_the_rest_stays() {
    let worlds = [World::new(question(1), 12), World::new(question(301), 12)];
    let filled = || {
        let store = store();
        for world in &worlds {
            store.take(&world.search(NOW, 4, 8)).unwrap();
        }
        store
    };
    assert_eq!(filled().invalidate(Invalidation::Partner(partner(2)), NOW + 10), 2);
    let leg = &worlds[0].question.legs[0];
    let route = Invalidation::Route {
        origin: leg.origin.airports[0],
        destination: leg.destination.airports[0],
    };
    let store = filled();
    assert_eq!(store.invalidate(route, NOW + 10), 4);
    assert!(store.known(worlds[0].question.key()).is_empty());
    assert_eq!(store.known(worlds[1].question.key()).len(), 4);

    let carrier = CarrierCode::literal("BA");
    let store = filled();
    let gone = store.invalidate(Invalidation::Carrier(carrier), NOW + 10);
    assert!(gone > 0);
    let left = worlds.iter().flat_map(|w| store.recall(w.question.key(), NOW, Wanted::Any));
    let left: Vec<Remembered> = left.collect();
    assert_eq!(left.len() + gone, 8);
    assert!(left.iter().flat_map(|one| one.answer.segments()).all(|s| s.carrier != carrier));

    let store = filled();
    assert_eq!(store.invalidate(Invalidation::Partner(partner(2)), NOW - 1), 0, "seen later");
}

#[test]
fn too_old_answers_and_begun_journeys_are_forgotten() {
    let world = World::new(question(200), 12);
    let store = store();
    store.take(&world.search(NOW, 4, 8)).unwrap();
    assert_eq!(store.expire(NOW + 96 * HOUR), 0);
    assert_eq!(store.expire(NOW + 96 * HOUR + 2), 2);
    assert_eq!(store.size().answers, 2);
    let departs = i64::from(world.question.legs[0].date.days()) * 24 * HOUR;
    store.take(&world.search(departs, 4, 8)).unwrap();
    assert_eq!(store.expire(departs + 48 * HOUR - 1), 0);
    assert_eq!(store.expire(departs + 48 * HOUR), 4);
    assert_eq!(store.size(), StoreSize { bytes: store.size().bytes, ..StoreSize::default() });
}

#[test]
fn memory_stays_within_its_limit_and_the_oldest_go_first() {
    let store = small_store();
    let world = |number| World::new(question(number), 20);
    let mut evicted = 0;
    for number in 0..800 {
        let seen = world(number).search(NOW + number as i64 * 100, 6, 20);
        evicted += store.take(&seen).unwrap().evicted;
        assert!(store.size().bytes <= 1 << 20);
    }
    assert!(evicted > 200, "{evicted}");
    assert_eq!(store.size().questions + evicted, 800);
    assert_eq!(store.evicted(), evicted as u64);
    // in each shard those that stayed are newer than those that went
    let mut went: BTreeMap<usize, u64> = BTreeMap::new();
    for number in (0..800).rev() {
        let key = world(number).question.key();
        let shard = (key.0 >> 64) as usize % SHARDS;
        if store.known(key).is_empty() {
            went.entry(shard).or_insert(number);
        } else {
            assert!(!went.contains_key(&shard), "{number} stayed, a newer one went");
        }
    }
    // what had to go is not taken again
    let taken = store.take(&world(0).search(NOW, 6, 20)).unwrap();
    assert_eq!((taken.answers, taken.older), (0, 6));
}

#[test]
fn partners_that_answer_one_by_one_end_up_in_few_bytes_a_price() {
    let world = World::new(question(1), 300);
    let (store, whole) = (store(), store_of(&world.search(NOW, 40, 90)));
    for seen in world.search(NOW, 40, 90) {
        store.take(&[seen]).unwrap();
    }
    assert!(store.same_as(&whole));
    let bytes = |store: &PriceStore| store.size().bytes as f64 / store.size().offers as f64;
    assert!(bytes(&whole) < 20.0, "{}", bytes(&whole));
    assert!(bytes(&store) < 32.0, "{}", bytes(&store));
}

fn store_of(seen: &[Seen]) -> PriceStore {
    let store = store();
    store.take(seen).unwrap();
    store
}

#[test]
fn prices_seen_to_change_shorten_an_answers_life() {
    let settings = FreshnessSettings::default();
    let later = question(250);
    let world = World::new(later, 40);
    let lifetime = |dearer: [i64; 4]| {
        let store = PriceStore::new(StoreSettings::default(), Freshness::new(settings.clone()));
        for (percent, n) in dearer.into_iter().zip(0..) {
            let seen = world.seen(partner(1), NOW + n * 6 * HOUR, 1, 30);
            store.take(&[dearer_by(percent, &seen)]).unwrap();
        }
        let known = store.known(world.question.key())[0];
        known.fresh_until_ms - known.seen_ms
    };
    assert!(lifetime([0, 0, 1, 0]) > 36 * HOUR);
    assert!(lifetime([0, 5, 10, 0]) < 36 * HOUR);
}

/// The same answer with all prices changed.
fn dearer_by(percent: i64, seen: &Seen) -> Seen {
    let mut builder = domain::AnswerBuilder::default();
    let answer = &seen.answer;
    for segment in answer.segments() {
        builder.segment(*segment);
    }
    for offer in answer.offers() {
        let legs: Vec<u32> = answer
            .itinerary_legs(offer.itinerary)
            .iter()
            .map(|&leg| builder.leg(answer.leg_segments(leg)).unwrap())
            .collect();
        let itinerary = builder.itinerary(&legs).unwrap();
        let price = offer
            .price
            .map(|price| Money { minor: price.minor + price.minor * percent / 100, ..price });
        let text = domain::Text::default();
        let offer = domain::Offer { price, itinerary, brand: text, link: text, ..*offer };
        builder.offer(offer, &[]).unwrap();
    }
    Seen { answer: Arc::new(builder.finish()), ..seen.clone() }
}

#[test]
fn a_damaged_snapshot_is_refused_wherever_it_is_damaged() {
    let store = store_of(&World::new(question(1), 20).search(NOW, 4, 10));
    let good = snapshot(&store);
    assert!(restore(&store, &good).unwrap().same_as(&store));
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        assert!(restore(&store, &bad).is_err(), "byte {at}");
        assert!(restore(&store, &good[..at]).is_err(), "cut at {at}");
    }
}

#[test]
fn a_snapshot_that_cannot_be_written_says_so() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    assert!(store().snapshot(&mut Full).is_err());
}

#[test]
fn two_threads_and_a_reader_make_the_store_that_one_thread_makes() {
    let worlds: Vec<World> = (0..12).map(|number| World::new(question(number), 15)).collect();
    let rounds = |store: &PriceStore, half: Option<usize>| {
        for round in 0..4 {
            for (n, world) in worlds.iter().enumerate() {
                // each partner answers by one thread, so that its answers come in their order
                for seen in world.search(NOW + round * HOUR, 4, 8) {
                    let own = usize::from(seen.partner > partner(1));
                    if half.is_none_or(|half| half == own) {
                        store.take(&[seen]).unwrap();
                    }
                }
                let found = store.recall(worlds[n / 2].question.key(), NOW, Wanted::Any);
                assert!(found.len() <= 4);
            }
        }
    };
    let (one, both) = (store(), store());
    rounds(&one, None);
    let mut copies = Vec::new();
    std::thread::scope(|scope| {
        for half in 0..2 {
            let (both, rounds) = (&both, &rounds);
            scope.spawn(move || rounds(both, Some(half)));
        }
        for _ in 0..5 {
            copies.push(snapshot(&both));
        }
    });
    assert!(both.same_as(&one));
    for copy in copies {
        // whatever moment it shows, the log makes it whole
        let restored = restore(&both, &copy).unwrap();
        rounds(&restored, None);
        assert!(restored.same_as(&one));
    }
}

/// What may happen to a store.
#[derive(Clone, Debug)]
enum Step {
    Take(Vec<Seen>),
    Expire(i64),
    Invalidate(Invalidation, i64),
}

fn apply(store: &PriceStore, step: &Step) {
    match step {
        Step::Take(seen) => _ = store.take(seen).unwrap(),
        Step::Expire(now_ms) => _ = store.expire(*now_ms),
        Step::Invalidate(what, until_ms) => {
            let record = what.to_bytes(*until_ms);
            let (what, until_ms) = Invalidation::from_bytes(&record).unwrap();
            store.invalidate(what, until_ms);
        }
    }
}

const QUESTIONS: [u64; 4] = [0, 1, 150, 301];

/// Question, partner, how late, seed, offers.
type Row = (usize, usize, u64, u64, usize);

/// Steps in which time passes; `jitter` lets answers come late.
fn steps(jitter: u64) -> impl Strategy<Value = Vec<Step>> {
    let one = prop_oneof![
        8 => vec((0_usize..4, 0_usize..5, 0..=jitter, 0_u64..3, 0_usize..25), 0..5)
            .prop_map(|rows| (0, rows)),
        1 => any::<bool>().prop_map(|_| (1, Vec::new())),
        1 => (0_usize..4, 0_usize..5).prop_map(|(q, p)| (2, vec![(q, p, 0, 0, 0)])),
        1 => (0_usize..4, 0_usize..5).prop_map(|(q, p)| (3, vec![(q, p, 0, 0, 0)])),
        1 => (0_usize..4, 0_usize..5).prop_map(|(q, p)| (4, vec![(q, p, 0, 0, 0)])),
    ];
    vec(one, 0..14).prop_map(|rows| {
        let worlds = QUESTIONS.map(|number| World::new(question(number), 8 + number as usize % 7));
        let step = |(n, (kind, rows)): (usize, (i32, Vec<Row>))| {
            let now = NOW + n as i64 * 7 * HOUR;
            let seen = |&(q, p, late, seed, offers): &Row| {
                worlds[q].seen(partner(p), now - late as i64 * HOUR, seed, offers)
            };
            match (kind, rows.first()) {
                (1, _) => Step::Expire(now),
                (2, Some(&(_, p, ..))) => Step::Invalidate(Invalidation::Partner(partner(p)), now),
                (3, Some(&(q, ..))) => {
                    let leg = &worlds[q].question.legs[0];
                    let (origin, destination) =
                        (leg.origin.airports[0], leg.destination.airports[0]);
                    Step::Invalidate(Invalidation::Route { origin, destination }, now)
                }
                (4, _) => Step::Invalidate(Invalidation::Carrier(CarrierCode::literal("FI")), now),
                _ => Step::Take(rows.iter().map(seen).collect()),
            }
        };
        rows.into_iter().enumerate().map(step).collect()
    })
}

proptest! {
    #[test]
    fn the_store_says_what_a_plain_model_says(steps in steps(30)) {
        let (store, mut model) = (store(), Model::default());
        for step in &steps {
            apply(&store, step);
            model.apply(step);
            model.compare(&store);
        }
    }

    #[test]
    fn a_snapshot_at_any_point_and_the_rest_of_the_log_make_the_same_store(
        steps in steps(30),
        cut in any::<usize>(),
    ) {
        let (whole, before) = (store(), store());
        let cut = cut % (steps.len() + 1);
        steps.iter().for_each(|step| apply(&whole, step));
        steps[..cut].iter().for_each(|step| apply(&before, step));
        let restored = restore(&whole, &snapshot(&before)).unwrap();
        prop_assert!(restored.same_as(&before));
        for step in &steps[cut..] {
            // takes go through the bytes of the log
            match step {
                Step::Take(seen) => {
                    let bytes = codec::encode(seen).unwrap();
                    restored.take_batch(Batch::from_bytes(&bytes).unwrap()).unwrap();
                }
                other => apply(&restored, other),
            }
        }
        prop_assert!(restored.same_as(&whole));
        prop_assert_eq!(restored.size().offers, whole.size().offers);
    }

    /// The log is replayed from before the snapshot, so some of it comes twice.
    #[test]
    fn replaying_too_much_changes_nothing(
        numbers in vec((0_u64..40, 0_usize..6), 1..60),
        cut in any::<usize>(),
        overlap in 0_usize..20,
    ) {
        let whole = small_store();
        let before = small_store();
        let takes: Vec<Vec<Seen>> = numbers
            .iter()
            .zip(0..)
            .map(|(&(number, who), n)| {
                // all in one shard's worth of memory, so that some must go
                let world = World::new(question(number * 7), 60);
                vec![world.seen(partner(who), NOW + n, n as u64, 120)]
            })
            .collect();
        let cut = cut % (takes.len() + 1);
        for seen in &takes {
            whole.take(seen).unwrap();
        }
        for seen in &takes[..cut] {
            before.take(seen).unwrap();
        }
        let restored = restore(&whole, &snapshot(&before)).unwrap();
        for seen in &takes[cut.saturating_sub(overlap)..] {
            restored.take(seen).unwrap();
        }
        prop_assert!(restored.same_as(&whole));
    }

    #[test]
    fn no_bytes_make_an_invalidation_panic(bytes in vec(any::<u8>(), 0..20)) {
        if let Ok((what, until_ms)) = Invalidation::from_bytes(&bytes) {
            prop_assert_eq!(what.to_bytes(until_ms), bytes);
        }
    }

    #[test]
    fn no_bytes_make_a_restore_panic(bytes in any::<Vec<u8>>()) {
        let mut snapshot = b"FWPRICE1".to_vec();
        snapshot.extend(bytes);
        prop_assert!(restore(&store(), &snapshot).is_err());
    }
}
