use domain::{CurrencyCode, Date};
use events::log::{FileLog, LogSettings};
use storage::cache::open;
use storage::disk::FaultDisk;

use super::forgotten::FORGOTTEN_MAX;
use super::*;
use crate::fixture::{World, question};
use crate::freshness::Freshness;
use crate::indicative::{EuroRates, Indicative, IndicativeSettings};
use crate::memory::Memory;
use crate::store::{StoreSettings, Wanted};

#[cfg(feature = "redis")]
mod redis;

/// A process: its own log, store and indexes, and the cache it shares.
struct Pod {
    memory: Memory,
    shared: Arc<SharedPrices>,
    disk: Arc<FaultDisk>,
}

impl Pod {
    async fn start(cache: &Arc<dyn Cache>) -> Self {
        Self::on(Arc::new(FaultDisk::from_seed(1)), cache).await
    }

    async fn on(disk: Arc<FaultDisk>, cache: &Arc<dyn Cache>) -> Self {
        let log = FileLog::open_inline(Arc::clone(&disk) as _, "log", LogSettings::default());
        let store = Arc::new(PriceStore::new(StoreSettings::default(), Freshness::default()));
        let rates = ["GBP", "EUR", "USD"].map(|code| (code.parse::<CurrencyCode>().unwrap(), 0.01));
        let rates = Arc::new(EuroRates::new(rates));
        let indicative = Arc::new(Indicative::new(IndicativeSettings::default(), rates));
        let shared = Arc::new(SharedPrices::new(Arc::clone(cache)));
        let memory = Memory::open(Arc::new(log.unwrap()), 1, store, indicative, None).await;
        let memory = memory.unwrap().sharing(Arc::clone(&shared));
        memory.replay().await.unwrap();
        Self { memory, shared, disk }
    }

    /// The same process after a restart.
    async fn restart(self, cache: &Arc<dyn Cache>) -> Self {
        let Self { memory, shared: _, disk } = self;
        drop(memory);
        Self::on(disk, cache).await
    }

    /// What a search does: partners whose fresh answer is known afterwards.
    async fn search(&self, seen: &[Seen]) -> usize {
        let wishes = wishes(seen);
        let worth = self.memory.worth_looking_for(&mut wishes.into_iter(), runtime::unix_ms());
        if !worth.is_empty() {
            self.memory.look_for(worth).await;
        }
        self.known(seen)
    }

    fn known(&self, seen: &[Seen]) -> usize {
        let key = seen[0].question.key();
        self.memory.store().recall(key, runtime::unix_ms(), Wanted::Fresh).len()
    }
}

fn wishes(seen: &[Seen]) -> Vec<Wish> {
    seen.iter().map(|one| (one.question.key(), one.partner)).collect()
}

fn memory_cache() -> Arc<dyn Cache> {
    open("memory://").unwrap()
}

/// Answers of three partners to a question whose journey begins in so many days.
fn seen(number: u64, days: i32, age_ms: i64) -> Vec<Seen> {
    let mut asked = question(number);
    let today = (runtime::unix_ms() / 86_400_000) as i32;
    for (leg, more) in asked.legs.iter_mut().zip([0, 7]) {
        leg.date = Date::from_days(today + days + more);
    }
    let world = World::new(asked, 12);
    let at_ms = runtime::unix_ms() - age_ms;
    let partners = ["p0", "p1", "p2"].map(PartnerId::literal);
    partners.iter().map(|&partner| world.seen(partner, at_ms, number, 20)).collect()
}

fn soon() -> Deadline {
    Deadline::after(runtime::now(), WRITE_MAX)
}

async fn value_of(cache: &Arc<dyn Cache>, wish: &Wish) -> Option<Bytes> {
    cache.get_many(&[key_of(wish)], soon()).await.unwrap().remove(0)
}

async fn put(cache: &Arc<dyn Cache>, wish: &Wish, value: Vec<u8>) {
    let lifetime = Duration::from_secs(60);
    let entry = CacheEntry { key: key_of(wish), value: value.into(), lifetime };
    cache.set_many(&[entry], soon()).await.unwrap();
}

#[tokio::test]
async fn what_one_process_asked_another_knows_whole_and_does_not_log() {
    let cache = memory_cache();
    let (one, other) = (Pod::start(&cache).await, Pod::start(&cache).await);
    let seen = seen(1, 60, 5_000);
    one.memory.remember(seen.clone()).await.unwrap();
    assert_eq!(one.shared.counts().given, 3);
    assert_eq!((other.known(&seen), other.search(&seen).await), (0, 3));
    assert!(other.memory.store().same_as(one.memory.store()));
    let entries = |pod: &Pod| pod.memory.indicative().size().entries;
    assert_eq!(entries(&other), entries(&one));
    let worth = other.memory.worth_looking_for(&mut wishes(&seen).into_iter(), runtime::unix_ms());
    assert_eq!(worth, [], "it is not read again");
    // Gone with the process, and found again.
    let other = other.restart(&cache).await;
    assert_eq!(other.known(&seen), 0);
    assert_eq!(other.search(&seen).await, 3);
    assert_eq!(other.shared.counts(), SharedCounts { found: 3, ..SharedCounts::default() });
}

#[tokio::test]
async fn only_what_is_not_known_here_is_read() {
    let cache = memory_cache();
    let (one, other) = (Pod::start(&cache).await, Pod::start(&cache).await);
    let seen = seen(2, 60, 0);
    one.memory.remember(seen[..1].to_vec()).await.unwrap();
    other.memory.remember(seen[1..2].to_vec()).await.unwrap();
    let worth = other.memory.worth_looking_for(&mut wishes(&seen).into_iter(), runtime::unix_ms());
    assert_eq!(worth, [wishes(&seen)[0], wishes(&seen)[2]]);
    assert_eq!(other.search(&seen).await, 2);
    assert_eq!((other.shared.counts().found, other.shared.counts().missing), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_shared_answer_ends_when_it_is_stale_counted_from_when_it_was_seen() {
    let cache = memory_cache();
    let one = Pod::start(&cache).await;
    let hour_ms = 3_600_000;
    // Four hours in the last week; one has passed already.
    let seen = seen(3, 3, hour_ms);
    one.memory.remember(seen.clone()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(3 * 3_600 - 10)).await;
    assert!(value_of(&cache, &wishes(&seen)[0]).await.is_some());
    let other = Pod::start(&cache).await;
    assert_eq!(other.search(&seen).await, 3);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(value_of(&cache, &wishes(&seen)[0]).await, None);
    assert_eq!((other.known(&seen), Pod::start(&cache).await.search(&seen).await), (0, 0));
    // What is stale when it is remembered is not given away.
    let stale = self::seen(4, 3, 5 * hour_ms);
    one.memory.remember(stale).await.unwrap();
    assert_eq!(one.shared.counts().given, 3);
}

#[tokio::test]
async fn an_older_answer_does_not_replace_a_newer_one() {
    let cache = memory_cache();
    let one = Pod::start(&cache).await;
    let (newer, older) = (seen(5, 60, 1_000), seen(5, 60, 60_000));
    one.memory.remember(newer.clone()).await.unwrap();
    let before = value_of(&cache, &wishes(&newer)[0]).await;
    one.memory.remember(older).await.unwrap();
    assert_eq!(value_of(&cache, &wishes(&newer)[0]).await, before);
}

#[tokio::test]
async fn values_that_are_damaged_or_anothers_are_ignored_and_counted() {
    let cache = memory_cache();
    let one = Pod::start(&cache).await;
    let seen = seen(6, 60, 0);
    one.memory.remember(seen.clone()).await.unwrap();
    let wishes = wishes(&seen);
    let good = value_of(&cache, &wishes[0]).await.unwrap().to_vec();
    let future = Seen { at_ms: runtime::unix_ms() + 3_600_000, ..seen[0].clone() };
    let bad = [
        Vec::new(),
        vec![VERSION],
        b"not ours".to_vec(),
        good[..good.len() - 1].to_vec(),
        [&[VERSION + 1], &good[1..]].concat(),
        value_of(&cache, &wishes[1]).await.unwrap().to_vec(),
        to_value(wishes[0].0, &future).unwrap().to_vec(),
    ];
    let flipped = (0..good.len()).step_by(7).map(|at| {
        let mut bytes = good.clone();
        bytes[at] ^= 1 << (at % 8);
        bytes
    });
    for (number, value) in bad.into_iter().chain(flipped).enumerate() {
        put(&cache, &wishes[0], value).await;
        let other = Pod::start(&cache).await;
        assert_eq!(other.search(&seen).await, 2, "value {number}");
        assert_eq!(other.shared.counts().damaged, 1, "value {number}");
    }
    put(&cache, &wishes[0], good).await;
    assert_eq!(Pod::start(&cache).await.search(&seen).await, 3);
}

#[tokio::test]
async fn what_was_forgotten_is_not_taken_back_even_after_a_restart() {
    let cache = memory_cache();
    let (one, other) = (Pod::start(&cache).await, Pod::start(&cache).await);
    let seen = seen(7, 60, 1_000);
    one.memory.remember(seen.clone()).await.unwrap();
    other.memory.forget(Invalidation::Partner(seen[0].partner)).await.unwrap();
    assert_eq!(other.search(&seen).await, 2);
    let other = other.restart(&cache).await;
    assert_eq!(other.search(&seen).await, 2);
    let leg = &seen[0].question.legs[0];
    let (origin, destination) = (leg.origin.airports[0], leg.destination.airports[0]);
    other.memory.forget(Invalidation::Route { origin, destination }).await.unwrap();
    assert_eq!((other.known(&seen), other.search(&seen).await), (0, 0));
    // What is seen later is welcome.
    tokio::time::sleep(Duration::from_millis(5)).await;
    one.memory.remember(self::seen(7, 60, 0)).await.unwrap();
    assert_eq!(other.search(&seen).await, 3);
}

#[tokio::test]
async fn a_process_that_shares_answers_does_not_take_what_another_has_forgotten() {
    let cache = memory_cache();
    let (one, other, third) =
        (Pod::start(&cache).await, Pod::start(&cache).await, Pod::start(&cache).await);
    let seen = seen(7, 60, 1_000);
    one.memory.remember(seen.clone()).await.unwrap();
    // Two at once: neither note replaces the other.
    let (forget_one, forget_other) = (
        one.memory.forget(Invalidation::Partner(seen[0].partner)),
        other.memory.forget(Invalidation::Partner(seen[1].partner)),
    );
    let (one_gone, other_gone) = tokio::join!(forget_one, forget_other);
    assert_eq!((one_gone, other_gone), (Ok(1), Ok(0)));
    assert_eq!(third.search(&seen).await, 1);
    // A damaged note counts for nothing.
    let wrong = CacheEntry {
        key: FORGOTTEN_KEY.to_owned(),
        value: Bytes::from_static(b"something else"),
        lifetime: Duration::from_secs(60),
    };
    cache.set_many(&[wrong], Deadline::after(runtime::now(), WRITE_MAX)).await.unwrap();
    assert_eq!(Pod::start(&cache).await.search(&seen).await, 3);
}

#[test]
fn beyond_the_limit_of_things_forgotten_nothing_of_their_time_is_taken() {
    let mut forgotten = Forgotten::default();
    let at = |at_ms| Seen { at_ms, ..seen(8, 60, 0).remove(0) };
    for number in 0..=FORGOTTEN_MAX as u64 {
        let letter = |number: u64| char::from(b'A' + (number % 26) as u8);
        let code = format!("X{}{}", letter(number / 26), letter(number)).parse().unwrap();
        let what = Invalidation::Route { origin: code, destination: code };
        assert!(!forgotten.concerns(&at(1_000)));
        forgotten.add(what, 1_000 + number as i64);
        // Forgotten once more, the later moment counts, and it takes no room.
        forgotten.add(what, 0);
    }
    assert_eq!(forgotten.all.len(), FORGOTTEN_MAX);
    assert!(forgotten.concerns(&at(1_000)));
    assert!(!forgotten.concerns(&at(1_001)));
}

#[test]
fn keys_name_project_version_question_and_partner() {
    let wish = (QuestionKey(0xAB), PartnerId::literal("acme"));
    assert_eq!(key_of(&wish), format!("fareway:prices:1:{{{}ab}}:acme", "0".repeat(30)));
}
